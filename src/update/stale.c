// SPDX-License-Identifier: GPL-3.0-or-later
#include "update/stale.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"

enum { MAPS_LIMIT = 16 << 20, CGROUP_LIMIT = 64 << 10 };

/* The bus would lose all its clients, and whoever is logged in on a console his session. */
static const char *const not_restarted[] = {"dbus.service", "*getty@*.service", NULL};
/* The job must not end itself; its next run has the new files anyway. */
static const char *const not_asked[] = {"postcask-update.service", "cloud-*.service", NULL};

static bool matches(const char *const *patterns, const char *name)
{
	for (; *patterns; patterns++)
		if (fnmatch(*patterns, name, 0) == 0)
			return true;
	return false;
}

/* "FROM-TO r-xp OFFSET DEVICE INODE   /usr/lib/... (deleted)" */
static bool line_is_stale(const char *line, size_t size)
{
	static const char gone[] = " (deleted)";
	const char *permissions = memchr(line, ' ', size);
	const char *path = memchr(line, '/', size);

	return permissions && path && size > strlen(gone) && permissions[3] == 'x' &&
	       strncmp(path, "/usr/", strlen("/usr/")) == 0 &&
	       memcmp(line + size - strlen(gone), gone, strlen(gone)) == 0;
}

bool stale_maps(const char *maps)
{
	while (*maps) {
		size_t size = strcspn(maps, "\n");

		if (line_is_stale(maps, size))
			return true;
		maps += size + (maps[size] == '\n');
	}
	return false;
}

char *stale_unit(const char *cgroup)
{
	static const char end[] = ".service";
	const char *path = strstr(cgroup, "0::/system.slice/");
	const char *name, *last;
	size_t size;

	if (!path || (path > cgroup && path[-1] != '\n'))
		return NULL;
	/* The first service on the way: what is below is its own, as are its sub-groups. */
	for (name = path + strlen("0::/"); name; name = *last == '/' ? last + 1 : NULL) {
		size = strcspn(name, "/\n");
		last = name + size;
		if (size > strlen(end) && memcmp(last - strlen(end), end, strlen(end)) == 0)
			return strndup(name, size);
	}
	return NULL;
}

static void add_once(json_t *names, const char *name)
{
	if (!json_has_text(names, name))
		json_array_append_new(names, json_string(name));
}

void stale_free(struct stale *stale)
{
	json_decref(stale->restart);
	json_decref(stale->kept);
	*stale = (struct stale){0};
}

/* A process that has ended meanwhile uses nothing. */
static void process_look(const char *proc, const char *pid, struct stale *stale)
{
	_cleanup_free_ char *maps_path = NULL, *cgroup_path = NULL, *maps = NULL, *cgroup = NULL;
	_cleanup_free_ char *unit = NULL;

	if (asprintf(&maps_path, "%s/%s/maps", proc, pid) < 0 ||
	    asprintf(&cgroup_path, "%s/%s/cgroup", proc, pid) < 0 ||
	    file_read(maps_path, MAPS_LIMIT, &maps, NULL, NULL) < 0 || !stale_maps(maps))
		return;
	if (strcmp(pid, "1") == 0)
		stale->manager = true;
	if (file_read(cgroup_path, CGROUP_LIMIT, &cgroup, NULL, NULL) < 0 ||
	    !(unit = stale_unit(cgroup)) || matches(not_asked, unit))
		return;
	add_once(matches(not_restarted, unit) ? stale->kept : stale->restart, unit);
}

int stale_find(const char *proc, struct stale *ret_stale, struct error *error)
{
	_cleanup_closedir_ DIR *folder = opendir(proc);
	struct stale stale = {.restart = json_array(), .kept = json_array()};
	const struct dirent *entry;

	if (!folder || !stale.restart || !stale.kept) {
		stale_free(&stale);
		return error_errno(error, folder ? ENOMEM : errno, "%s", proc);
	}
	while ((entry = readdir(folder)))
		if (isdigit((unsigned char)entry->d_name[0]))
			process_look(proc, entry->d_name, &stale);
	*ret_stale = stale;
	return 0;
}
