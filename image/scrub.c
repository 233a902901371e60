// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/scrub.h"

#include <errno.h>
#include <ftw.h>
#include <glob.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

enum { KEY_FILE_LIMIT = 256 * 1024, TEXT_LIMIT = 1 << 20, FOLDERS_OPEN = 32 };

/* glob(7) patterns of what is removed, whole folders too. */
static const char *const patterns[] = {
    /* Keys and identities */
    "/etc/ssh/ssh_host_*",
    "/etc/ssl/private/*",
    "/etc/ssl/certs/ssl-cert-snakeoil.pem",
    "/etc/dovecot/private/*",
    "/etc/postsrsd.secret",
    "/etc/unbound/*.key",
    "/etc/unbound/*.pem",
    "/var/lib/dbus/machine-id",
    "/var/lib/systemd/random-seed",
    "/var/lib/systemd/credential.secret",
    "/var/lib/cloud/*",
    "/root/.*_history",
    "/root/.ssh",
    /* Backups of account files and of dpkg's state */
    "/etc/*-",
    "/var/lib/dpkg/*-old",
    "/var/cache/debconf/*-old",
    "/var/backups/*",
    /* Logs and caches */
    "/var/log/*.log",
    "/var/log/apt/*",
    "/var/log/faillog",
    "/var/log/lastlog",
    "/var/cache/apt/*",
    "/var/cache/ldconfig/*",
    "/var/lib/apt/lists/*",
    "/run/*",
    "/tmp/*",
    "/var/tmp/*",
    /* What mmdebstrap had written */
    "/etc/apt/sources.list",
    "/etc/apt/apt.conf.d/99mmdebstrap",
    "/etc/dpkg/dpkg.cfg.d/99mmdebstrap",
};

/* Links whose target was removed above: the snake-oil certificate's hash. */
static int dangling_links_remove(const char *tree, struct error *error)
{
	_cleanup_free_ char *pattern = NULL;
	glob_t found = {0};
	int result = 0;

	if (asprintf(&pattern, "%s/etc/ssl/certs/*", tree) < 0)
		return error_errno(error, ENOMEM, "scrub");
	if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
		for (size_t i = 0; result == 0 && i < found.gl_pathc; i++) {
			char target[256];
			ssize_t length = readlink(found.gl_pathv[i], target, sizeof(target) - 1);

			if (length > 0 &&
			    (target[length] = '\0', strstr(target, "ssl-cert-snakeoil")))
				result = file_remove_tree(found.gl_pathv[i], error);
		}
	globfree(&found);
	return result;
}

int scrub_tree(const char *tree, struct error *error)
{
	int result = 0;

	for (size_t p = 0; result == 0 && p < ARRAY_SIZE(patterns); p++) {
		_cleanup_free_ char *pattern = NULL;
		glob_t found = {0};

		if (asprintf(&pattern, "%s%s", tree, patterns[p]) < 0)
			return error_errno(error, ENOMEM, "scrub");
		if (glob(pattern, GLOB_NOSORT, NULL, &found) == 0)
			for (size_t i = 0; result == 0 && i < found.gl_pathc; i++)
				result = file_remove_tree(found.gl_pathv[i], error);
		globfree(&found);
	}
	if (result == 0)
		result = dangling_links_remove(tree, error);
	if (result < 0)
		return error_wrap(error, "scrub");
	/* Empty: systemd makes one at the first boot, and asks no question. */
	_cleanup_free_ char *machine_id = file_join(tree, "etc/machine-id");
	return file_replace(machine_id, "", 0, 0444, 0, 0, error);
}

/* nftw(3) has no context. */
static struct error *walk_error;
static size_t walk_root_length;

static int key_search(const char *path, const struct stat *status, int type, struct FTW *place)
{
	_cleanup_free_ char *text = NULL;
	size_t size;

	(void)place;
	if (type != FTW_F || status->st_size < 32 || status->st_size > KEY_FILE_LIMIT)
		return 0;
	int result = file_read(path, KEY_FILE_LIMIT, &text, &size, walk_error);
	if (result < 0)
		return result;
	if (memmem(text, size, "PRIVATE KEY-----", 16))
		return error_set(walk_error, EBADMSG, "%s holds a private key",
				 path + walk_root_length);
	return 0;
}

/* Every password field of shadow(5) is locked. */
static int passwords_verify(const char *tree, struct error *error)
{
	_cleanup_free_ char *path = file_join(tree, "etc/shadow");
	_cleanup_free_ char *text = NULL;
	int result = file_read(path, TEXT_LIMIT, &text, NULL, error);
	char *rest = text, *row;

	if (result < 0)
		return result;
	while ((row = strsep(&rest, "\n")) != NULL) {
		char *name = strsep(&row, ":");

		if (row && row[0] != '*' && row[0] != '!')
			return error_set(error, EBADMSG, "/etc/shadow: '%s' has a password", name);
	}
	return 0;
}

int scrub_verify(const char *tree, struct error *error)
{
	static const char *const folders[] = {"etc", "root", "var"};
	int result = passwords_verify(tree, error);

	walk_error = error;
	walk_root_length = strlen(tree);
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *folder = file_join(tree, folders[i]);

		result = nftw(folder, key_search, FOLDERS_OPEN, FTW_PHYS);
		if (result == -1 && error->code == 0)
			result = error_errno(error, errno, "%s", folder);
	}
	return result < 0 ? error_wrap(error, "the image would hold a secret") : 0;
}
