// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/output.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"
#include "image/command.h"
#include "image/digest.h"
#include "image/step.h"
#include "image/steps.h"

enum { CONVERT_S = 900, QUERY_S = 60 };

/* All that can stand beside each other under one --output. */
static const char *const suffixes[] = {".qcow2", ".qcow2.sha256", ".raw", ".raw.sha256",
				       ".manifest.json"};

static char *partial_path(const struct build *build, const char *suffix)
{
	char *path = NULL;

	return asprintf(&path, "%s%s.partial", build->output, suffix) < 0 ? NULL : path;
}

int output_check(const struct build *build, struct error *error)
{
	_cleanup_free_ char *partial = partial_path(build, ".raw");

	if (!partial)
		return error_errno(error, ENOMEM, "output");
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *path = build_output_path(build, suffixes[i]);
		struct stat status;

		if (path && lstat(path, &status) == 0 && !S_ISREG(status.st_mode))
			return error_set(error, EEXIST, "%s is not a file; name another --output",
					 path);
	}
	_cleanup_close_ int fd = open(partial, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return error_errno(error, errno, "cannot write to %s.*", build->output);
	return 0;
}

void output_discard(const struct build *build)
{
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		_cleanup_free_ char *path = partial_path(build, suffixes[i]);

		if (path)
			unlink(path);
	}
}

/* OUTPUT.suffix.sha256.partial, as sha256sum(1) reads it. */
static int checksum_write(const struct build *build, const char *suffix, struct error *error)
{
	_cleanup_free_ char *image = partial_path(build, suffix);
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *path = NULL;
	const char *name = strrchr(build->output, '/');
	char hex[DIGEST_HEX_SIZE];

	if (!image || asprintf(&path, "%s%s.sha256.partial", build->output, suffix) < 0)
		return error_errno(error, ENOMEM, "checksum");
	int result = digest_file(image, hex, error);
	if (result < 0)
		return result;
	buffer_addf(&text, "%s  %s%s\n", hex, name ? name + 1 : build->output, suffix);
	return file_replace(path, buffer_text(&text), text.size, 0644, -1, -1, error);
}

/* zstd is faster on both ends; qemu-img before 5.1 does not know it. */
static const char *compression_option(void)
{
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;

	if (command_output(QUERY_S, COMMAND("qemu-img", "create", "-f", "qcow2", "-o", "help"),
			   &output, NULL) == 0 &&
	    strstr(buffer_text(&output), "compression_type"))
		return "compression_type=zstd";
	return "compat=1.1";
}

int qcow2_step(void *context, int log, struct error *error)
{
	const struct build *build = context;
	_cleanup_free_ char *raw = partial_path(build, ".raw");
	_cleanup_free_ char *qcow2 = partial_path(build, ".qcow2");
	int result;

	if (!build->want_qcow2)
		return STEP_SKIPPED;
	if (!raw || !qcow2)
		return error_errno(error, ENOMEM, "qcow2");
	result = command_run(log, CONVERT_S,
			     COMMAND("qemu-img", "convert", "-f", "raw", "-O", "qcow2", "-c", "-o",
				     compression_option(), "-m", "8", "-W", raw, qcow2),
			     error);
	return result < 0 ? result : checksum_write(build, ".qcow2", error);
}

int raw_step(void *context, int log, struct error *error)
{
	const struct build *build = context;

	(void)log;
	return build->want_raw ? checksum_write(build, ".raw", error) : STEP_SKIPPED;
}

static int packages_list(const char *tree, json_t *packages, struct error *error)
{
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	_cleanup_free_ char *option = NULL;
	char *rest, *row;
	int result;

	if (asprintf(&option, "--admindir=%s/var/lib/dpkg", tree) < 0)
		return error_errno(error, ENOMEM, "manifest");
	result = command_output(
	    QUERY_S,
	    COMMAND("dpkg-query", option, "-W", "-f", "${Package}\t${Version}\t${Architecture}\n"),
	    &output, error);
	rest = output.data;
	while (result == 0 && (row = strsep(&rest, "\n")) != NULL) {
		char *name = strsep(&row, "\t"), *version = strsep(&row, "\t");

		if (row &&
		    json_array_append_new(packages, json_pack("{ssssss}", "name", name, "version",
							      version, "architecture", row)) < 0)
			return error_errno(error, ENOMEM, "manifest");
	}
	return result;
}

static int image_describe(const struct build *build, const char *suffix, json_t *images,
			  struct error *error)
{
	_cleanup_free_ char *image = partial_path(build, suffix), *sum = NULL;
	_cleanup_free_ char *text = NULL;
	const char *name = strrchr(build->output, '/');
	char file[NAME_MAX + 1];
	struct stat status;

	if (!image || asprintf(&sum, "%s%s.sha256.partial", build->output, suffix) < 0)
		return error_errno(error, ENOMEM, "manifest");
	int result = file_read(sum, 65536, &text, NULL, error);
	if (result < 0)
		return result;
	if (stat(image, &status) < 0)
		return error_errno(error, errno, "%s", image);
	snprintf(file, sizeof(file), "%s%s", name ? name + 1 : build->output, suffix);
	json_t *row = json_pack("{sssIss%}", "file", file, "bytes", (json_int_t)status.st_size,
				"sha256", text, (size_t)(DIGEST_HEX_SIZE - 1));
	return json_array_append_new(images, row) < 0 ? error_errno(error, ENOMEM, "manifest") : 0;
}

/* The versions of the tree's kernels: "6.12.1-cloud-amd64" for boot/vmlinuz-6.12.1-cloud-amd64. */
static json_t *kernels_list(const char *tree)
{
	_cleanup_free_ char *pattern = file_join(tree, "boot/vmlinuz-*");
	json_t *kernels = json_array();
	glob_t found = {0};

	if (pattern && glob(pattern, 0, NULL, &found) == 0)
		for (size_t i = 0; i < found.gl_pathc; i++)
			json_array_append_new(kernels, json_string(strrchr(found.gl_pathv[i], '/') +
								   strlen("/vmlinuz-")));
	globfree(&found);
	return kernels;
}

static int manifest_make(const struct build *build, double seconds, struct buffer *manifest,
			 struct error *error)
{
	_cleanup_free_ char *tree = NULL;
	_cleanup_json_ json_t *packages = json_array(), *images = json_array(), *whole = NULL;
	char built[32];
	time_t now = time(NULL);
	struct tm utc;
	int result = build_keyed_path(build, "tree", &tree, error);

	if (result == 0)
		result = packages_list(tree, packages, error);
	if (result == 0 && build->want_qcow2)
		result = image_describe(build, ".qcow2", images, error);
	if (result == 0 && build->want_raw)
		result = image_describe(build, ".raw", images, error);
	if (result < 0)
		return result;
	strftime(built, sizeof(built), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	whole = json_pack("{ss ss ss ss so ss sf sO sO}", "name", "postcask", "version",
			  POSTCASK_VERSION, "suite", BUILD_SUITE, "architecture",
			  BUILD_ARCHITECTURE, "kernels", kernels_list(tree), "built", built,
			  "seconds", seconds, "images", images, "packages", packages);
	_cleanup_free_ char *text = whole ? json_dumps(whole, JSON_INDENT(1)) : NULL;
	if (!text)
		return error_errno(error, ENOMEM, "manifest");
	buffer_addf(manifest, "%s\n", text);
	return 0;
}

/* Puts NAME.partial on the disk and gives it its name. */
static int partial_commit(const struct build *build, const char *suffix, struct error *error)
{
	_cleanup_free_ char *partial = partial_path(build, suffix);
	_cleanup_free_ char *path = build_output_path(build, suffix);

	if (!partial || !path)
		return error_errno(error, ENOMEM, "output");
	_cleanup_close_ int fd = open(partial, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0 || rename(partial, path) < 0)
		return error_errno(error, errno, "%s", path);
	return 0;
}

/* The image never stands beside another one's checksum. */
static int image_commit(const struct build *build, const char *suffix, struct error *error)
{
	_cleanup_free_ char *sum = NULL, *sum_suffix = NULL;
	int result;

	if (asprintf(&sum_suffix, "%s.sha256", suffix) < 0 ||
	    !(sum = build_output_path(build, sum_suffix)))
		return error_errno(error, ENOMEM, "output");
	if (unlink(sum) < 0 && errno != ENOENT)
		return error_errno(error, errno, "%s", sum);
	result = partial_commit(build, suffix, error);
	return result < 0 ? result : partial_commit(build, sum_suffix, error);
}

int output_finish(const struct build *build, double seconds, struct buffer *manifest,
		  struct error *error)
{
	_cleanup_free_ char *path = partial_path(build, ".manifest.json");
	int result = manifest_make(build, seconds, manifest, error);

	if (result == 0)
		result = file_replace(path, manifest->data, manifest->size, 0644, -1, -1, error);
	if (result == 0 && build->want_qcow2)
		result = image_commit(build, ".qcow2", error);
	if (result == 0 && build->want_raw)
		result = image_commit(build, ".raw", error);
	return result < 0 ? result : partial_commit(build, ".manifest.json", error);
}
