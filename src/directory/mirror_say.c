// SPDX-License-Identifier: GPL-3.0-or-later
/* What is said of the mirror, and to whom. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "directory/mirror.h"

enum { SAVED_S = 300 };

int mirror_remember_fresh(struct directory *directory, bool fresh, struct error *error)
{
	int result = directory->mirror_fresh == fresh
			 ? 0
			 : accounts_remember(&directory->accounts, MIRROR_FRESH_KEY,
					     fresh ? "yes" : "", error);

	if (result == 0)
		directory->mirror_fresh = fresh;
	return result;
}

/* The good time is for the disk now and then: who brings the same each half minute writes not. */
int mirror_say_good(struct directory *directory, int64_t now, bool changed, struct error *error)
{
	changed = changed || now - directory->mirror_saved >= SAVED_S;
	json_object_del(directory->mirror, "fault");
	json_object_set_new(directory->mirror, "good", json_integer(now));
	if (!changed && directory->mirror_fresh)
		return 0;
	if (json_file_replace(directory->mirror_state, directory->mirror, JSON_FILE_REPORT, 0600,
			      error) < 0)
		return error_wrap(error, "cannot keep what the mirror was");
	directory->mirror_saved = now;
	return mirror_remember_fresh(directory, true, error);
}

/* A handshake of StartTLS that failed leaves a process of Dovecot 2.4.1 with a connection that it
 * takes for a good one for ever; they begin anew (postcask-mirror-back.path). */
int mirror_say_back(struct directory *directory, struct error *error)
{
	if (!directory->mirror_lost || !directory->mirror_back)
		return 0;
	directory->mirror_lost = false;
	return file_replace(directory->mirror_back, "", 0, 0644, (uid_t)-1, (gid_t)-1, error);
}

void mirror_publish(const struct directory *directory, json_t *report)
{
	if (!directory->mirrored[0])
		return;
	json_object_set(report, "mirror", directory->mirror);
	json_object_set_new(report, "mirrored", json_string(directory->mirrored));
	json_object_set_new(report, "mirror_fresh", json_boolean(directory->mirror_fresh));
}

int mirror_tell(struct directory *directory, struct error *error)
{
	const char *fault = json_text(directory->mirror, "fault");
	_cleanup_free_ char *doubles =
	    json_dumps(json_object_get(directory->mirror, "doubles"), JSON_COMPACT);
	_cleanup_free_ char *text = NULL;

	if (!directory->mirror_news)
		return 0;
	if (asprintf(&text, "%s %d %d %s\n", directory->mirrored, directory->mirror_fresh,
		     strstr(fault, MIRROR_REFUSED) != NULL, doubles ? doubles : "") < 0)
		return error_set(error, ENOMEM, "out of memory");
	if (directory->mirror_told && strcmp(directory->mirror_told, text) == 0)
		return 0;
	free(directory->mirror_told);
	directory->mirror_told = TAKE_POINTER(text);
	return file_replace(directory->mirror_news, directory->mirror_told,
			    strlen(directory->mirror_told), 0644, (uid_t)-1, (gid_t)-1, error);
}
