// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/generation.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/buffer.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/share.h"
#include "component/components.h"
#include "generation/context.h"
#include "generation/template.h"

enum {
	TEMPLATE_LIMIT = 256 * 1024,
	MANIFEST_LIMIT = 1024 * 1024,
	SETTINGS_LIMIT = 64 * 1024 * 1024,
	OLDER_S = 3,
	SAVED_FORM = JSON_SORT_KEYS | JSON_INDENT(1),
};

static const char SOURCE_TEMPLATES[] = "/../../overlays/usr/share/postcask/templates";

char *generation_templates(void)
{
	const char *given = getenv("POSTCASK_TEMPLATES");
	char program[4096], *path = NULL;
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);

	if (given)
		return strdup(given);
	if (size > 0) {
		program[size] = '\0';
		*strrchr(program, '/') = '\0';
		if (asprintf(&path, "%s%s", program, SOURCE_TEMPLATES) < 0)
			return NULL;
		if (file_exists(path))
			return path;
		free(path);
	}
	return share_path("templates");
}

/* A file of a component. */
struct place {
	const struct component *component;
	const struct component_file *file;
};

static int template_read(const char *templates, const struct place *place, char **ret_text,
			 size_t *ret_size, struct error *error)
{
	const struct component_file *file = place->file;
	_cleanup_free_ char *path = file_join(templates, file->path);

	if (path && !file->mark)
		return file_read(path, TEMPLATE_LIMIT, ret_text, ret_size, error);
	*ret_text = path ? context_mark_template(place->component) : NULL;
	if (!*ret_text)
		return error_set(error, ENOMEM, "%s: out of memory", file->path);
	*ret_size = strlen(*ret_text);
	return 0;
}

/* Calls visit for every rendered file of every component, in table order. */
static int files_visit(int (*visit)(const struct place *place, void *context, struct error *error),
		       void *context, struct error *error)
{
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = components[i]->files; file->path; file++) {
			int result = visit(&(struct place){components[i], file}, context, error);

			if (result < 0)
				return result;
		}
	return 0;
}

struct key_work {
	const char *templates;
	EVP_MD_CTX *digest;
};

static int key_add_template(const struct place *place, void *context, struct error *error)
{
	struct key_work *work = context;
	_cleanup_free_ char *text = NULL;
	size_t size;
	int result = template_read(work->templates, place, &text, &size, error);

	if (result < 0)
		return result;
	digest_add(work->digest, place->file->path, strlen(place->file->path) + 1);
	digest_add(work->digest, text, size);
	return 0;
}

int generation_key(const json_t *settings, const char *templates, char ret_key[GENERATION_KEY_SIZE],
		   struct error *error)
{
	_cleanup_free_ char *text = json_dumps(settings, JSON_SORT_KEYS | JSON_COMPACT);
	struct key_work work = {templates, digest_begin()};
	int result;

	if (!text || !work.digest) {
		EVP_MD_CTX_free(work.digest);
		return error_set(error, ENOMEM, "out of memory");
	}
	digest_add(work.digest, POSTCASK_VERSION, sizeof(POSTCASK_VERSION));
	digest_add(work.digest, text, strlen(text));
	result = files_visit(key_add_template, &work, error);
	digest_finish(work.digest, ret_key);
	explicit_bzero(text, strlen(text));
	return result;
}

struct render_work {
	const json_t *context;
	const char *templates, *folder;
	bool machine;
};

/* Postfix takes a file that was written within the last second for one that is still
 * being written, and reads it again until it is older. */
static int make_older(int fd)
{
	struct timespec times[2];

	clock_gettime(CLOCK_REALTIME, &times[0]);
	times[0].tv_sec -= OLDER_S;
	times[1] = times[0];
	return futimens(fd, times);
}

/* Writes a new file: no rename is needed, nobody knows the folder yet. */
static int file_write(const char *path, const struct buffer *text,
		      const struct component_file *file, bool machine, struct error *error)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int result = fd < 0 ? -errno : file_write_all(fd, buffer_text(text), text->size);

	if (result < 0)
		return error_errno(error, result, "%s: cannot write", path);
	if (machine && file->group) {
		const struct group *group = getgrnam(file->group);

		if (!group || fchown(fd, 0, group->gr_gid) < 0)
			return error_errno(error, group ? errno : ENOENT, "%s: group %s", path,
					   file->group);
	}
	if (fchmod(fd, file->mode) < 0)
		return error_errno(error, errno, "%s: cannot set the mode", path);
	if (machine && make_older(fd) < 0)
		return error_errno(error, errno, "%s: cannot set the time", path);
	return 0;
}

static int render_file(const struct place *place, void *context, struct error *error)
{
	const struct component_file *file = place->file;
	const struct render_work *work = context;
	_cleanup_free_ char *text = NULL, *path = file_join(work->folder, file->path);
	_cleanup_(buffer_wipe) struct buffer output = BUFFER_INIT;
	char *slash;
	size_t size;
	int result = template_read(work->templates, place, &text, &size, error);

	if (result < 0)
		return result;
	if (!path)
		return error_set(error, ENOMEM, "%s: out of memory", file->path);
	slash = strrchr(path, '/');
	*slash = '\0';
	result = file_make_folders(path, 0755, error);
	*slash = '/';
	if (result < 0)
		return result;
	result = template_render(file->path, text, size, work->context,
				 escape_find(file->escape, strlen(file->escape)), &output, error);
	return result < 0 ? result : file_write(path, &output, file, work->machine, error);
}

int generation_render(const json_t *settings, const char *templates, const char *folder,
		      bool machine, struct error *error)
{
	json_t *context = context_make(settings);
	struct render_work work = {context, templates, folder, machine};
	int result = file_make_folders(folder, 0755, error);

	if (result == 0 && !context)
		result = error_set(error, ENOMEM, "out of memory");
	if (result == 0)
		result = files_visit(render_file, &work, error);
	json_decref(context);
	return result;
}

struct manifest_work {
	const char *folder;
	json_t *files;
};

/* Adds the digest of one rendered file and syncs it. */
static int manifest_add(const struct place *place, void *context, struct error *error)
{
	const struct component_file *file = place->file;
	struct manifest_work *work = context;
	_cleanup_free_ char *path = file_join(work->folder, file->path), *text = NULL;
	_cleanup_close_ int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char hash[DIGEST_TEXT_SIZE];
	EVP_MD_CTX *digest;
	size_t size;

	if (fd < 0 || fsync(fd) < 0)
		return error_errno(error, errno, "%s: cannot sync", file->path);
	int result = file_read(path, SIZE_MAX / 4, &text, &size, error);
	if (result < 0)
		return result;
	digest = digest_begin();
	if (!digest)
		return error_set(error, ENOMEM, "out of memory");
	digest_add(digest, text, size);
	digest_finish(digest, hash);
	return json_object_set_new(work->files, file->path, json_string(hash)) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

static int manifest_save(const char *folder, const struct generation_origin *origin,
			 struct error *error)
{
	struct manifest_work work = {folder, json_object()};
	_cleanup_json_ json_t *manifest =
	    json_pack("{s:s,s:s,s:s*,s:s*,s:o}", "key", origin->key, "version", POSTCASK_VERSION,
		      "instance", origin->instance, "over", origin->over, "files", work.files);
	_cleanup_free_ char *path = file_join(folder, "manifest.json");
	int result = manifest ? files_visit(manifest_add, &work, error) : 0;

	return result < 0 ? result : json_file_replace(path, manifest, SAVED_FORM, 0644, error);
}

static int settings_save(const char *folder, const json_t *settings, struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, "settings.json");

	return json_file_replace(path, settings, SAVED_FORM, 0600, error);
}

/* Keeps what `postcask apply` was given, to be applied again by a later image. */
static int applied_save(const char *folder, const struct generation_origin *origin,
			struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, "user-data");

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, origin->applied, origin->applied_size, 0600, (uid_t)-1, (gid_t)-1,
			    error);
}

/* The highest number below generations/, 0 when there is none. */
static unsigned long generation_newest(const char *generations)
{
	_cleanup_closedir_ DIR *folder = opendir(generations);
	unsigned long newest = 0;
	struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		char *end;
		unsigned long number = strtoul(entry->d_name, &end, 10);

		if (*end == '\0' && end != entry->d_name && number > newest)
			newest = number;
	}
	return newest;
}

static int generation_fill(const char *folder, const json_t *settings, const char *templates,
			   const struct generation_origin *origin, struct error *error)
{
	int result = file_remove_tree(folder, error);

	if (result == 0)
		result = generation_render(settings, templates, folder, true, error);
	if (result == 0)
		result = settings_save(folder, settings, error);
	if (result == 0 && origin->applied)
		result = applied_save(folder, origin, error);
	if (result == 0)
		result = manifest_save(folder, origin, error);
	return result;
}

int generation_make(const char *state, const json_t *settings, const char *templates,
		    const struct generation_origin *origin, char **ret_name, struct error *error)
{
	_cleanup_free_ char *generations = file_join(state, "generations");
	_cleanup_free_ char *temporary = NULL, *final = NULL, *name = NULL;
	unsigned long number;
	int result;

	if (!generations)
		return error_set(error, ENOMEM, "out of memory");
	result = file_make_folders(generations, 0755, error);
	if (result < 0)
		return result;
	number = generation_newest(generations) + 1;
	if (asprintf(&name, "generations/%lu", number) < 0 ||
	    asprintf(&temporary, "%s/.new", generations) < 0 ||
	    asprintf(&final, "%s/%lu", generations, number) < 0)
		return error_set(error, ENOMEM, "out of memory");
	result = generation_fill(temporary, settings, templates, origin, error);
	if (result < 0) {
		struct error ignored = ERROR_INIT;
		if (file_remove_tree(temporary, &ignored) < 0)
			error_clear(&ignored);
		return error_wrap(error, "cannot make generation %lu", number);
	}
	if (rename(temporary, final) < 0)
		return error_errno(error, errno, "%s: cannot rename", final);
	result = file_sync_folder(generations, error);
	if (result == 0)
		*ret_name = TAKE_POINTER(name);
	return result;
}

int generation_commit(const char *state, const char *name, struct error *error)
{
	_cleanup_free_ char *link = file_join(state, "current");

	if (!link)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace_link(link, name, error);
}

int generation_manifest(const char *state, const char *name, json_t **ret_manifest,
			struct error *error)
{
	_cleanup_json_ json_t *manifest = NULL;
	_cleanup_free_ char *path = NULL;
	int result;

	if (asprintf(&path, "%s/%s/manifest.json", state, name) < 0)
		return error_set(error, ENOMEM, "out of memory");
	result = json_file_read(path, MANIFEST_LIMIT, 0, &manifest, error);
	if (result < 0 && result != -EBADMSG)
		return result;
	if (!json_is_string(json_object_get(manifest, "key")))
		return error_set(error, ENOENT, "%s: damaged", path);
	*ret_manifest = TAKE_POINTER(manifest);
	return 0;
}

int generation_settings(const char *state, json_t **ret_settings, struct error *error)
{
	_cleanup_free_ char *path = file_join(state, "current/settings.json");
	int result = json_file_read(path, SETTINGS_LIMIT, 0, ret_settings, error);

	return result == -ENOENT
		   ? error_set(error, ENOENT,
			       "no settings are in force yet: the first boot has not ended well")
		   : result;
}

int generation_current(const char *state, char **ret_name, json_t **ret_manifest,
		       struct error *error)
{
	_cleanup_free_ char *link = file_join(state, "current");
	char name[64];
	ssize_t size = link ? readlink(link, name, sizeof(name) - 1) : -1;

	if (size < 0)
		return error_errno(error, link ? errno : ENOMEM, "%s/current", state);
	name[size] = '\0';
	_cleanup_free_ char *copy = strdup(name);
	if (!copy)
		return error_set(error, ENOMEM, "out of memory");
	int result = generation_manifest(state, copy, ret_manifest, error);
	if (result == 0)
		*ret_name = TAKE_POINTER(copy);
	return result;
}

/* N of "generations/N"; 0 for anything else. */
static unsigned long generation_number(const char *name)
{
	unsigned long number = 0;

	return name && sscanf(name, "generations/%lu", &number) == 1 ? number : 0;
}

int generation_prune(const char *state, const char *previous, struct error *error)
{
	_cleanup_free_ char *generations = file_join(state, "generations");
	_cleanup_free_ char *link = file_join(state, "current");
	unsigned long newest = generation_newest(generations), number, in_force;
	char target[64] = "";
	_cleanup_closedir_ DIR *folder = opendir(generations);
	struct dirent *entry;
	int result = 0;

	in_force = readlink(link, target, sizeof(target) - 1) > 0 ? generation_number(target) : 0;
	while (folder && result == 0 && (entry = readdir(folder))) {
		_cleanup_free_ char *path = file_join(generations, entry->d_name);
		char *end;

		number = strtoul(entry->d_name, &end, 10);
		bool half = strcmp(entry->d_name, ".new") == 0;
		bool old = *end == '\0' && number != in_force &&
			   number != generation_number(previous) &&
			   number + GENERATIONS_KEPT <= newest;
		if (half || old)
			result = file_remove_tree(path, error);
	}
	return result;
}
