// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"
#include "vacation/vacation.h"

enum { PROVE_MS = 30 * 1000 };

/* ---- Names ---- */

static bool is_name(const char *text)
{
	return text[0] != '\0' && text[0] != '.' && !strchr(text, '/') && strlen(text) < 250;
}

static char *folder_of(const char *folder, const struct vacation_owner *owner, struct error *error)
{
	char *path = NULL;

	if (!is_name(owner->domain) || !is_name(owner->name))
		error_set(error, EINVAL, "%.100s@%.100s has no place in the file system",
			  owner->name, owner->domain);
	else if (!(path = file_join(folder, owner->domain)))
		error_set(error, ENOMEM, "out of memory");
	return path;
}

/* ".NEW" before a name is no script of anybody: no login begins with a dot. */
static char *path_of(const char *folder, const struct vacation_owner *owner, const char *before,
		     const char *ending, struct error *error)
{
	_cleanup_(buffer_free) struct buffer name = BUFFER_INIT;
	_cleanup_free_ char *domain = folder_of(folder, owner, error);
	char *path;

	if (!domain)
		return NULL;
	buffer_addf(&name, "%s/%s%s%s", domain, before, owner->name, ending);
	path = buffer_take(&name);
	if (!path)
		error_set(error, ENOMEM, "out of memory");
	return path;
}

/* ---- Save ---- */

/* Both of the group that the whole folder is of. */
static int make_folder(const char *folder, const struct vacation_owner *owner, gid_t *ret_group,
		       struct error *error)
{
	_cleanup_free_ char *domain = folder_of(folder, owner, error);
	struct stat about;

	if (!domain)
		return -EINVAL;
	if (stat(folder, &about) < 0)
		return error_errno(error, errno, "%s", folder);
	if (mkdir(domain, 0750) < 0 && errno != EEXIST)
		return error_errno(error, errno, "%s", domain);
	if (chown(domain, (uid_t)-1, about.st_gid) < 0 || chmod(domain, 0750) < 0)
		return error_errno(error, errno, "%s", domain);
	*ret_group = about.st_gid;
	return file_sync_folder(folder, error);
}

/* What it compiles to is thrown away: Dovecot makes a binary of its own version at the next
 * delivery, and a new one when the script is younger than that, or of the same second. */
static int prove(const char *script, const char *binary, struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	const char *const argv[] = {"sievec", script, binary, NULL};
	const struct process process = {.argv = argv, .timeout_ms = PROVE_MS};
	int status = process_run(&process, &said, error);

	unlink(binary);
	if (status > 0)
		return error_set(error, EBADMSG, "Dovecot does not understand the script: %.500s",
				 buffer_text(&said));
	return status;
}

static int put(const char *script, const char *place, struct error *error)
{
	_cleanup_free_ char *folder = path_folder(place);

	if (!folder)
		return error_set(error, ENOMEM, "out of memory");
	if (rename(script, place) < 0)
		return error_errno(error, errno, "%s", place);
	return file_sync_folder(folder, error);
}

int vacation_save(const char *folder, const struct vacation_owner *owner, const json_t *asked,
		  struct error *error)
{
	_cleanup_(buffer_free) struct buffer script = BUFFER_INIT;
	_cleanup_free_ char *place = path_of(folder, owner, "", ".sieve", error);
	_cleanup_free_ char *made = path_of(folder, owner, ".", ".sieve", NULL);
	_cleanup_free_ char *binary = path_of(folder, owner, ".", ".svbin", NULL);
	gid_t group = 0;
	int result;

	if (!place || !made || !binary)
		return -EINVAL;
	result = vacation_script(asked, &script, error);
	if (result == 0)
		result = make_folder(folder, owner, &group, error);
	if (result == 0)
		result =
		    file_replace(made, script.data, script.size, 0640, (uid_t)-1, group, error);
	if (result == 0)
		result = prove(made, binary, error);
	if (result == 0)
		result = put(made, place, error);
	if (result < 0)
		unlink(made);
	return result;
}

/* ---- Load, remove ---- */

int vacation_load(const char *folder, const struct vacation_owner *owner, json_t **ret,
		  struct error *error)
{
	_cleanup_free_ char *place = path_of(folder, owner, "", ".sieve", error), *text = NULL;
	int result;

	if (!place)
		return -EINVAL;
	result = file_read(place, VACATION_SCRIPT, &text, NULL, error);
	if (result == 0 && vacation_asked(text, ret, error) < 0)
		result = error_wrap(error, "%s", place);
	return result;
}

int vacation_remove(const char *folder, const struct vacation_owner *owner, struct error *error)
{
	_cleanup_free_ char *place = path_of(folder, owner, "", ".sieve", error);
	_cleanup_free_ char *domain = folder_of(folder, owner, NULL);

	if (!place || !domain)
		return -EINVAL;
	if (unlink(place) < 0)
		return errno == ENOENT ? -ENOENT : error_errno(error, errno, "%s", place);
	return file_sync_folder(domain, error);
}

int vacation_split(char *login, struct vacation_owner *ret, struct error *error)
{
	char *at = strrchr(login, '@');

	if (!at || at == login || !at[1])
		return error_set(error, EINVAL, "'%.100s' is no login", login);
	*at = '\0';
	*ret = (struct vacation_owner){.domain = at + 1, .name = login};
	return 0;
}
