// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/known.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/json_file.h"

enum {
	STATE_LIMIT = 1024 * 1024,
	SAVE_SECONDS = 3600, /* the time of the last answer is written that often */
};

void known_recall(struct known *known)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *kept = NULL;
	int result = json_file_read(known->state, STATE_LIMIT, 0, &kept, &error);

	if (result == 0)
		(void)keyring_read(&known->ring, kept, known->issuer->url);
	else if (result != -ENOENT)
		error_print(&error);
}

void known_free(struct known *known)
{
	keyring_free(&known->ring);
	free(TAKE_POINTER(known->why));
}

static void save(struct known *known, int64_t now)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *kept = keyring_write(&known->ring, known->issuer->url);

	if (json_file_replace(known->state, kept, JSON_FILE_REPORT, 0600, &error) < 0)
		error_print(&error);
	known->saved = now;
}

static void tell(const struct known *known)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *said = json_array();
	_cleanup_json_ json_t *report =
	    json_pack("{s:s, s:i, s:i, s:I, s:b}", "issuer", known->issuer->url, "keys",
		      (int)known->ring.count, "passed_over", (int)known->passed_over, "fetched",
		      (json_int_t)known->ring.fetched, "given", known->issuer->given != NULL);

	if (known->why) {
		json_add_sentence(said, "%s", known->why); /* whatever bytes it has */
		json_object_set(report, "why", json_array_get(said, 0));
		json_object_set_new(report, "since", json_integer(known->since));
	}
	if (json_file_replace(known->report, report, JSON_FILE_REPORT, 0644, &error) < 0)
		error_print(&error);
}

void known_fail(struct known *known, const struct error *error, int64_t now)
{
	if (!known->why)
		known->since = now;
	if (!known->why || strcmp(known->why, error_text(error)) != 0)
		error_print(error);
	free(known->why);
	known->why = strdup(error_text(error));
	tell(known);
}

void known_take(struct known *known, struct jwks *jwks, int64_t now, int64_t grace)
{
	unsigned change;

	known->passed_over = jwks->passed_over;
	change = keyring_take(&known->ring, jwks, now, grace);
	if (known->why)
		fprintf(stderr, "the issuer answers again\n");
	free(TAKE_POINTER(known->why));
	if (change)
		fprintf(stderr, "keys changed: there are %zu\n", known->ring.count);
	if (change || now - known->saved >= SAVE_SECONDS || now < known->saved)
		save(known, now);
	tell(known);
}
