// SPDX-License-Identifier: GPL-3.0-or-later
#include "volume/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "volume/below.h"
#include "volume/mount_list.h"
#include "volume/place.h"

enum {
	COMMAND_MS = 60 * 1000,
	SEALED_LIMIT = 64 * 1024,
	STATE_LIMIT = 1024 * 1024,
	ARGUMENTS = 16
};

struct work {
	const struct volume_paths *paths;
	struct mount_list wanted, mounted, sealed, now_sealed;
	json_t *notes;
};

static void work_clear(struct work *work)
{
	mount_list_free(&work->wanted);
	mount_list_free(&work->mounted);
	mount_list_free(&work->sealed);
	mount_list_free(&work->now_sealed);
	json_decref(work->notes);
}

static int run(const char *const *argv, struct buffer *output, struct error *error)
{
	struct process process = {.argv = argv, .timeout_ms = COMMAND_MS};
	int result = process_run(&process, output, error);
	const char *said = buffer_text(output);

	return result > 0
		   ? error_set(error, EIO, "%s: %.*s", argv[0], (int)strcspn(said, "\n"), said)
		   : result;
}

/* ---- what is mounted ---- */

/* A number that systemd says of a unit; a path is its mount's. */
static unsigned long long unit_time(const char *unit, const char *property)
{
	const char *const argv[] = {"systemctl", "show", "--value", "-p",
				    property,	 "--",	 unit,	    NULL};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;

	return run(argv, &output, &none) == 0 ? strtoull(buffer_text(&output), NULL, 10) : 0;
}

/* A process sees in its place what was mounted when it started: whoever started before the
 * volume came would go on below it. */
static void restart_older(const char *mount_point)
{
	unsigned long long since = unit_time(mount_point, "ActiveEnterTimestampMonotonic");

	for (const struct place *place = NULL; (place = place_next(mount_point, place));)
		for (const char *const *unit = place->units; *unit; unit++) {
			const char *const argv[] = {"systemctl", "--no-block", "try-restart", *unit,
						    NULL};
			_cleanup_(error_clear) struct error error = ERROR_INIT;
			_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
			unsigned long long start =
			    unit_time(*unit, "ExecMainStartTimestampMonotonic");

			if (start && start < since && run(argv, &output, &error) < 0)
				error_print(&error);
		}
}

/* Deeper than the folders that tmpfiles knows, a new volume's folder is its parent's kind. */
static int give_as_parent(int fd, struct error *error)
{
	struct stat own, parent;

	if (fstat(fd, &own) < 0 || fstatat(fd, "..", &parent, 0) < 0)
		return error_errno(error, errno, "cannot look at it");
	if (own.st_uid != 0 || own.st_gid != 0 || parent.st_uid == 0)
		return 0;
	if (fchown(fd, parent.st_uid, parent.st_gid) < 0 || fchmod(fd, parent.st_mode & 0777) < 0)
		return error_errno(error, errno, "cannot give it to its owner");
	return 0;
}

static bool is_deeper(const char *mount_point)
{
	for (size_t i = 0; i < place_count; i++)
		if (path_covers(mount_point, places[i].path))
			return false;
	return true;
}

/* The arguments of systemd-tmpfiles: all that it knows at and below the mount point, but for
 * volumes in it that are away (`work` NULL: those too, they are to be mounted there). */
static int tmpfiles_arguments(const struct work *work, const char *mount_point, char **ret)
{
	int result = asprintf(&ret[0], "--prefix=%s", mount_point);

	for (size_t i = 0, count = 1; work && result >= 0 && i < work->wanted.count; i++) {
		const char *path = work->wanted.paths[i];

		if (strcmp(path, mount_point) == 0 || !path_covers(mount_point, path) ||
		    mount_list_has(&work->mounted, path) || count == ARGUMENTS)
			continue;
		result = asprintf(&ret[count++], "--exclude-prefix=%s", path);
	}
	return result < 0 ? -ENOMEM : 0;
}

/* Owner, mode and what folders have to be in it, as at a boot. */
static int give(const struct work *work, const char *mount_point, struct error *error)
{
	char *arguments[ARGUMENTS] = {NULL};
	const char *argv[ARGUMENTS + 3] = {"systemd-tmpfiles", "--create"};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	_cleanup_close_ int fd = -1;
	int result = tmpfiles_arguments(work, mount_point, arguments);

	memcpy(&argv[2], arguments, sizeof(arguments));
	result = result < 0 ? error_set(error, result, "out of memory") : run(argv, &output, error);
	for (size_t i = 0; i < ARGUMENTS; i++)
		free(arguments[i]);
	if (result < 0 || !is_deeper(mount_point))
		return result;
	fd = above_open(mount_point);
	return fd < 0 ? error_errno(error, fd, "cannot open it") : give_as_parent(fd, error);
}

/* The part of `path` below the mount point; "" when it is not below it. */
static const char *inside(const char *mount_point, const char *path)
{
	if (!path_covers(mount_point, path))
		return "";
	path += strlen(mount_point);
	return *path == '/' ? path + 1 : path;
}

/* The mail that the mount hides; NULL: none. */
static const struct mail_place *hidden_mail(const char *mount_point, int below)
{
	for (size_t i = 0; i < mail_place_count; i++) {
		const struct mail_place *mail = &mail_places[i];

		if ((path_covers(mount_point, mail->path) ||
		     path_covers(mail->path, mount_point)) &&
		    below_has_mail(below, inside(mount_point, mail->path)))
			return mail;
	}
	return NULL;
}

/* Mailboxes that are empty because theirs lie below are not shown: a mail program would
 * forget what it has.  The volume stays root's until somebody has decided. */
static int hold(const char *mount_point, const struct mail_place *mail, bool *ret_held,
		struct error *error)
{
	_cleanup_close_ int fd = above_open(mount_point);

	*ret_held = false;
	if (fd < 0)
		return error_errno(error, fd, "cannot open it");
	if (!mail->shown || below_has_mail(fd, inside(mount_point, mail->path)))
		return 0;
	if (fchown(fd, 0, 0) < 0 || fchmod(fd, 0700) < 0)
		return error_errno(error, errno, "cannot keep it closed");
	*ret_held = true;
	return 0;
}

static void note_hidden(struct work *work, const char *mount_point, const struct mail_place *mail,
			bool held)
{
	_cleanup_free_ char *folder = path_folder(mount_point);
	const char *name = strrchr(mount_point, '/') + 1;

	json_add_sentence(
	    work->notes,
	    "degraded: %s lies in the folder that the volume at %s hides%s; copy it into the "
	    "volume, and remove it where it was: `mount --bind %s /mnt && cp -a /mnt/%s/. %s/ "
	    "&& rm -r /mnt/%s/*; umount /mnt`, and `systemctl start postcask-volumes`",
	    mail->what, mount_point,
	    held ? ", and the volume is empty: until somebody decides, mail waits and nobody is "
		   "shown an empty mailbox"
		 : "",
	    folder ? folder : "/", name, mount_point, name);
}

/* While mail lies there it can be taken out; otherwise nothing gets in.  What is above our
 * folders holds others' too, who need theirs until it is mounted. */
static int seal(struct work *work, const char *mount_point, int below, bool sealed,
		struct error *error)
{
	int result = place_contains(mount_point) ? below_seal(below, sealed, error) : 0;

	sealed = sealed && place_contains(mount_point);
	return result == 0 && sealed ? mount_list_add(&work->now_sealed, mount_point, error)
				     : result;
}

static int attend_mounted(struct work *work, const char *mount_point, struct error *error)
{
	_cleanup_close_ int below = below_open(mount_point, true);
	const struct mail_place *mail = below < 0 ? NULL : hidden_mail(mount_point, below);
	bool held = false;
	int result = 0;

	if (below >= 0 && mount_list_has(&work->wanted, mount_point))
		result = seal(work, mount_point, below, !mail, error);
	if (result == 0 && mail)
		result = hold(mount_point, mail, &held, error);
	if (mail)
		note_hidden(work, mount_point, mail, held);
	if (result == 0 && !held)
		result = give(work, mount_point, error);
	if (result == 0)
		restart_older(mount_point);
	return result;
}

/* ---- what is not ---- */

static int attend_missing(struct work *work, const char *mount_point, struct error *error)
{
	_cleanup_close_ int below = -1;
	int result = file_make_folders(mount_point, 0755, error);

	json_add_sentence(
	    work->notes,
	    "degraded: nothing is mounted at %s, where /etc/fstab wants a volume: %s, and "
	    "nothing is written in its place; attach the volume and run `mount %s`, or, if it "
	    "is gone for good, take its line out of /etc/fstab and boot again",
	    mount_point, place_next(mount_point, NULL)->without, mount_point);
	if (result < 0)
		return result;
	below = below_open(mount_point, false);
	if (below < 0)
		return error_errno(error, below, "cannot open it");
	return seal(work, mount_point, below, true, error);
}

/* A folder that is no mount point any more is used again. */
static int attend_former(struct work *work, const char *mount_point, struct error *error)
{
	bool mounted = mount_list_has(&work->mounted, mount_point);
	_cleanup_close_ int below = below_open(mount_point, mounted);
	int result = below < 0 ? 0 : below_seal(below, false, error);

	return result == 0 && below >= 0 && !mounted ? give(work, mount_point, error) : result;
}

/* ---- one run ---- */

static int sealed_read(const char *path, struct mount_list *list, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;
	int result = file_read(path, SEALED_LIMIT, &text, NULL, error);

	if (result == -ENOENT) {
		error_clear(error);
		return 0;
	}
	for (char *line = result < 0 ? NULL : strtok_r(text, "\n", &rest); result == 0 && line;
	     line = strtok_r(NULL, "\n", &rest))
		if (line[0] == '/' && place_next(line, NULL))
			result = mount_list_add(list, line, error);
	return result;
}

static int sealed_save(const struct work *work, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (mount_list_equal(&work->sealed, &work->now_sealed))
		return 0;
	for (size_t i = 0; i < work->now_sealed.count; i++)
		buffer_addf(&text, "%s\n", work->now_sealed.paths[i]);
	if (text.failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(work->paths->sealed, buffer_text(&text), text.size, 0600, (uid_t)-1,
			    (gid_t)-1, error);
}

static json_t *list_json(const struct mount_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->paths[i]));
	return array;
}

static void change_find(const struct work *work, const char *path, const json_t *state,
			struct volume_change *change)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *before = NULL;
	const json_t *mounted;

	(void)!json_file_read(path, STATE_LIMIT, 0, &before, &none);
	mounted = json_object_get(before, "mounted");
	for (size_t i = 0; i < work->mounted.count; i++)
		change->came = change->came || !json_has_text(mounted, work->mounted.paths[i]);
	change->any = change->any || !json_equal(before, state);
}

static int state_save(const struct work *work, struct volume_change *change, struct error *error)
{
	_cleanup_free_ char *path = file_join(work->paths->run, VOLUMES_NAME);
	_cleanup_json_ json_t *state =
	    json_pack("{s:o,s:o,s:O}", "wanted", list_json(&work->wanted), "mounted",
		      list_json(&work->mounted), "notes", work->notes);

	change_find(work, path, state, change);
	return json_file_replace(path, state, JSON_INDENT(1), 0644, error);
}

/* What one of them meets is said, and keeps the others from nothing. */
static void attend_one(struct work *work, const char *path,
		       int (*attend)(struct work *work, const char *path, struct error *error))
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (attend(work, path, &error) < 0)
		json_add_sentence(work->notes, "degraded: the volume at %s: %s", path,
				  error_text(&error));
}

static void attend_all(struct work *work)
{
	for (size_t i = 0; i < work->mounted.count; i++)
		attend_one(work, work->mounted.paths[i], attend_mounted);
	for (size_t i = 0; i < work->wanted.count; i++)
		if (!mount_list_has(&work->mounted, work->wanted.paths[i]))
			attend_one(work, work->wanted.paths[i], attend_missing);
	for (size_t i = 0; i < work->sealed.count; i++)
		if (!mount_list_has(&work->wanted, work->sealed.paths[i]))
			attend_one(work, work->sealed.paths[i], attend_former);
}

/* A volume's folder may lie in another new volume, which had none when cloud-init mounted
 * all: they are made now, and so are the mounts.  At the boot alone: later, who unmounts
 * one means it. */
static int mount_nested(struct work *work, struct error *error)
{
	static const char *const argv[] = {"mount", "-a", NULL};
	_cleanup_free_ char *state = file_join(work->paths->run, VOLUMES_NAME);
	_cleanup_(mount_list_free) struct mount_list before = work->mounted;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	bool nested = false;

	work->mounted = MOUNT_LIST_INIT;
	for (size_t i = 0; i < work->wanted.count; i++) {
		const char *path = work->wanted.paths[i];

		for (size_t j = 0; j < before.count && !mount_list_has(&before, path); j++)
			nested = nested || path_covers(before.paths[j], path);
	}
	if (nested && state && !file_exists(state)) {
		for (size_t i = 0; i < before.count; i++)
			if (give(NULL, before.paths[i], &none) < 0)
				error_clear(&none);
		if (run(argv, &output, &none) < 0)
			error_print(&none);
	}
	return mount_list_read(work->paths->mounts, &work->mounted, error);
}

/* An automount point is mounted when somebody looks. */
static void look_at(const struct mount_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		_cleanup_close_ int fd = open(list->paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		(void)fd;
	}
}

int volumes_attend(const struct volume_paths *paths, struct volume_change *change,
		   struct error *error)
{
	_cleanup_(work_clear) struct work work = {.paths = paths, .notes = json_array()};
	int result = mount_list_read(paths->fstab, &work.wanted, error);

	look_at(&work.wanted);
	if (result == 0)
		result = mount_list_read(paths->mounts, &work.mounted, error);
	if (result == 0)
		result = mount_nested(&work, error);
	if (result == 0)
		result = sealed_read(paths->sealed, &work.sealed, error);
	if (result < 0)
		return result;
	attend_all(&work);
	result = sealed_save(&work, error);
	return result < 0 ? result : state_save(&work, change, error);
}
