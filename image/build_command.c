// SPDX-License-Identifier: GPL-3.0-or-later
/* The command `postcask-image build`: from package lists, overlays and sources
 * to the disk image.  The work is a table of steps, done in a sandbox. */
#include "image/build_command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/options.h"
#include "image/build.h"
#include "image/layer.h"
#include "image/output.h"
#include "image/sandbox.h"
#include "image/space.h"
#include "image/step.h"
#include "image/steps.h"

#define AFTER(index) (1u << (index))

enum { PACKAGES, SYSROOT, PROGRAMS, TREE, DISK, ASSEMBLE, QCOW2, RAW };

/* The tree is the longest way: what is made beside it gives way to it. */
enum { BESIDE = 10 };

static const struct step steps[] = {
    [PACKAGES] = {"packages", 0, 0, packages_step},
    [SYSROOT] = {"sysroot", AFTER(PACKAGES), BESIDE, sysroot_step},
    [PROGRAMS] = {"programs", AFTER(SYSROOT), BESIDE, programs_step},
    [TREE] = {"tree", AFTER(PACKAGES), 0, tree_step},
    [DISK] = {"disk", AFTER(PACKAGES), BESIDE, disk_step},
    [ASSEMBLE] = {"assemble", AFTER(PROGRAMS) | AFTER(TREE) | AFTER(DISK), 0, assemble_step},
    [QCOW2] = {"qcow2", AFTER(ASSEMBLE), 0, qcow2_step},
    [RAW] = {"raw", AFTER(ASSEMBLE), 0, raw_step},
};

static const char usage[] =
    "usage: postcask-image build [OPTION...]\n"
    "\n"
    "  --output=FILE      build/postcask.qcow2; the other files get its name\n"
    "  --format=LIST      qcow2, raw or both: qcow2,raw (both)\n"
    "  --cache=FOLDER     build/cache: what later builds use again\n"
    "  --source=FOLDER    the repository (the current folder)\n"
    "  --mirror=URI       Debian's archive (the one this host's apt uses)\n"
    "  --signatures=DIR   ClamAV's official databases to put into the image\n"
    "  --layer=DIR        keep the tree as layers for overlayfs: DIR/roots lists them\n"
    "  --plain=LIST       Debian's packages of this list alone, nothing of ours: to compare\n"
    "  --refresh          fetch the package lists even if they are fresh\n"
    "  --quiet            print errors only\n"
    "  --json             print the manifest to standard output\n";

struct options {
	struct build build;
	bool quiet, json;
};

/* What an earlier build that was interrupted had not finished. */
static void leftovers_remove(const struct build *build)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	output_discard(build);
	if (build_folder_clean(build->cache, "", ".partial", NULL, &error) < 0 ||
	    layer_discard(build, &error) < 0)
		error_print(&error);
}

static int folders_prepare(const struct build *build, struct error *error)
{
	_cleanup_free_ char *scratch = build_cache_path(build, "scratch");
	_cleanup_free_ char *logs = build_cache_path(build, "log");
	_cleanup_free_ char *makefile = build_source_path(build, "Makefile");
	_cleanup_free_ char *packages = build_source_path(build, "image/packages");
	_cleanup_free_ char *parent = strdup(build->output);
	int result;

	if (!scratch || !logs || !makefile || !packages || !parent)
		return error_errno(error, ENOMEM, "build");
	if (!file_exists(makefile) || !file_exists(packages))
		return error_set(error, ENOENT,
				 "%s is not postcask's repository; run from there or name it with "
				 "--source",
				 build->source);
	*strrchr(parent, '/') = '\0';
	result = file_make_folders(parent, 0755, error);
	if (result == 0)
		result = file_make_folders(scratch, 0755, error);
	if (result == 0)
		result = file_make_folders(logs, 0755, error);
	return result;
}

/* In the sandbox: everything. */
static int work(void *context)
{
	struct options *options = context;
	struct build *build = &options->build;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer manifest = BUFFER_INIT;
	_cleanup_free_ char *scratch = build_cache_path(build, "scratch");
	_cleanup_free_ char *logs = build_cache_path(build, "log");
	const struct step_options step_options = {
	    .logs = logs, .context = build, .quiet = options->quiet};
	int64_t started = clock_now_ms();
	int result = 0;

	if (mount("tmpfs", scratch, "tmpfs", 0, "mode=0700") < 0)
		result = error_errno(&error, errno, "cannot mount %s", scratch);
	if (result == 0)
		result = steps_run(steps, ARRAY_SIZE(steps), &step_options, &error);
	if (result == 0)
		result = output_finish(build, (double)(clock_now_ms() - started) / 1000, &manifest,
				       &error);
	if (result == 0)
		result = layer_commit(build, &error);
	if (result == 0 && !build->plain)
		result = build_forget_old(build, &error);
	if (result < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	if (options->json)
		printf("%s", buffer_text(&manifest));
	else if (!options->quiet)
		fprintf(stderr, "%6.1f s  %s%s\n", (double)(clock_now_ms() - started) / 1000,
			build->output, build->want_qcow2 ? ".qcow2" : ".raw");
	fflush(stdout);
	return EXIT_SUCCESS;
}

static int take_formats(void *into, const char *text, struct error *error)
{
	struct build *build = into;
	_cleanup_free_ char *copy = strdup(text);
	char *rest = copy, *word;

	if (!copy)
		return error_errno(error, ENOMEM, "--format");
	build->want_qcow2 = build->want_raw = false;
	while ((word = strsep(&rest, ",")) != NULL) {
		if (strcmp(word, "qcow2") == 0)
			build->want_qcow2 = true;
		else if (strcmp(word, "raw") == 0)
			build->want_raw = true;
		else
			return error_set(error, EINVAL,
					 "--format: '%s' is unknown; write qcow2, raw or qcow2,raw",
					 word);
	}
	return 0;
}

/* An absolute path, also of what does not exist yet. */
static int take_path(void *into, const char *text, struct error *error)
{
	char **path = into;
	char here[PATH_MAX];
	char *whole;

	if (!getcwd(here, sizeof(here)))
		return error_errno(error, errno, "current folder");
	if (strcmp(text, ".") == 0)
		whole = strdup(here);
	else
		whole = text[0] == '/' ? strdup(text) : file_join(here, text);
	if (!whole)
		return error_errno(error, ENOMEM, "%s", text);
	free(*path);
	*path = whole;
	return 0;
}

static int options_default(struct build *build, struct error *error)
{
	int result = take_path(&build->source, ".", error);

	if (result == 0)
		result = take_path(&build->cache, "build/cache", error);
	if (result == 0)
		result = take_path(&build->output, "build/postcask", error);
	build->want_qcow2 = build->want_raw = true;
	return result;
}

/* What follows from the options; "FILE.qcow2" names all outputs "FILE". */
static int options_complete(struct build *build, struct error *error)
{
	size_t length = strlen(build->output);
	const char *suffix = strrchr(build->output, '.');

	if (suffix && (strcmp(suffix, ".qcow2") == 0 || strcmp(suffix, ".raw") == 0))
		build->output[suffix - build->output] = '\0';
	else if (build->output[length - 1] == '/')
		return error_set(error, EISDIR, "--output=%s is a folder; name a file",
				 build->output);
	build->sysroot = build_source_path(build, "build/sysroot");
	build->programs = build_source_path(build, "build/image-programs");
	return build->sysroot && build->programs ? 0 : error_errno(error, ENOMEM, "build");
}

static int take_text(void *into, const char *text, struct error *error)
{
	char **kept = into;

	free(*kept);
	*kept = strdup(text);
	return *kept ? 0 : error_set(error, ENOMEM, "out of memory");
}

static int options_read(struct options *options, int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct build *build = &options->build;
	const struct command_option known[] = {
	    {"output", .take = take_path, .into = &build->output},
	    {"format", .take = take_formats, .into = build},
	    {"cache", .take = take_path, .into = &build->cache},
	    {"source", .take = take_path, .into = &build->source},
	    {"mirror", .take = take_text, .into = &build->mirror},
	    {"signatures", .take = take_path, .into = &build->signatures},
	    {"layer", .take = take_path, .into = &build->layer},
	    {"plain", .take = take_path, .into = &build->plain},
	    {"refresh", .on = &build->refresh},
	    {"quiet", .on = &options->quiet},
	    {"json", .on = &options->json},
	};
	int status;

	if (options_default(build, &error) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	status = COMMAND_OPTIONS(argc, argv, known, usage, 0, 0);
	if (status != COMMAND_GO_ON || options_complete(build, &error) == 0)
		return status;
	error_print(&error);
	return COMMAND_USAGE;
}

static void options_free(struct options *options)
{
	struct build *build = &options->build;
	char **texts[] = {&build->source,     &build->cache,  &build->sysroot,
			  &build->programs,   &build->output, &build->mirror,
			  &build->signatures, &build->layer,  &build->plain};

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		free(*texts[i]);
}

/* One build at a time uses a cache; released when we end. */
static int cache_lock(const struct build *build, int *ret_fd, struct error *error)
{
	_cleanup_free_ char *path = build_cache_path(build, "lock");
	_cleanup_close_ int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;

	if (fd < 0)
		return error_errno(error, errno, "cannot write to %s", build->cache);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(error, EBUSY, "another build is using %s", build->cache);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int build_run(struct options *options, struct error *error)
{
	_cleanup_close_ int lock = -1;
	int result;

	if (geteuid() != 0)
		return error_set(error, EPERM, "building an image needs root; run it with sudo");
	result = folders_prepare(&options->build, error);
	if (result == 0)
		result = cache_lock(&options->build, &lock, error);
	if (result < 0)
		return result;
	leftovers_remove(&options->build);
	result = space_check(&options->build, error);
	if (result == 0)
		result = output_check(&options->build, error);
	if (result == 0)
		result = sandbox_run(work, options, error);
	leftovers_remove(&options->build);
	return result;
}

int build_main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(options_free) struct options options = {0};
	int result = options_read(&options, argc, argv);

	if (result != COMMAND_GO_ON)
		return result;
	result = build_run(&options, &error);
	if (result < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return result;
}
