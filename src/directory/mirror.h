// SPDX-License-Identifier: GPL-3.0-or-later
/* People, aliases and groups of a directory server or a database, as postcask-mirror brings them:
 * all of a picture is put in at once, or nothing.
 *
 * They are of the origin `ldap` or `postgresql`, and nothing of another origin is touched: of two
 * that claim an address the one that was here first has it.  A picture without more than a fifth of
 * the addresses that were here is refused, until somebody accepts it: half an answer looks like a
 * whole one. When there was no good picture for MIRROR_FRESH_S, who is unknown is put off instead
 * of refused (the view postfix_stale). */
#ifndef POSTCASK_DIRECTORY_MIRROR_H
#define POSTCASK_DIRECTORY_MIRROR_H

#include "directory/directory.h"

/* In what is said of a picture that was refused. */
#define MIRROR_REFUSED "would be gone"

enum {
	MIRROR_FRESH_S = 60 * 60,
	MIRROR_SHOWN = 20,
	MIRROR_TARGETS = 5000, /* of a group: as many as postcask-mirror gives */
};

/* {"do": "mirror", "people": [{"address", "dn", "name", "quota_mib", "enabled", "rules"}, ...],
 *  "aliases": [{"address", "to"}, ...], "doubles", "left_out"}, or "same": true, or "fault" */
int answer_mirror(void *context, const json_t *question, json_t *answer, struct error *error);

/* What was refused may come. */
int answer_mirror_accept(void *context, const json_t *question, json_t *answer,
			 struct error *error);

/* What is remembered; anew after settings were applied. */
_must_check_ int mirror_load(struct directory *directory, struct error *error);

/* Whether a word of the settings says whose people are mirrored: an origin, and " behind" where
 * they are those of the server behind a gateway. */
bool mirror_is_origin(const char *text);

/* In a change that is begun: whose people the settings have mirrored, such a word or "".  People
 * and aliases of another go; their mail stays.  It counts from mirror_load on. */
_must_check_ int mirror_switch(struct directory *directory, const char *origin, int64_t now,
			       struct error *error);

/* ---- Parts of these ---- */

#define MIRROR_FRESH_KEY  "mirror-fresh" /* of what is remembered: accounts_remember */
#define MIRROR_ACCEPT_KEY "mirror-accept"

/* In a change that is begun; *ret_counts: {"people", "aliases", "left_out", "doubles"}. */
_must_check_ int mirror_put(struct directory *directory, const json_t *question, int64_t now,
			    json_t **ret_counts, struct error *error);
_must_check_ int mirror_forget(struct directory *directory, int64_t now, struct error *error);

_must_check_ int mirror_remember_fresh(struct directory *directory, bool fresh,
				       struct error *error);
_must_check_ int mirror_say_good(struct directory *directory, int64_t now, bool changed,
				 struct error *error);
_must_check_ int mirror_say_back(struct directory *directory, struct error *error);

/* ---- */

/* Sees whether the last good picture has become old. */
_must_check_ int mirror_look(struct directory *directory, int64_t now, struct error *error);

/* Adds what is said of it to the report, if there is one. */
void mirror_publish(const struct directory *directory, json_t *report);

/* Has the machine's report written anew (postcask-mirror-news.path) when what is to be done by
 * somebody has changed. */
_must_check_ int mirror_tell(struct directory *directory, struct error *error);

#endif
