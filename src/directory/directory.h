// SPDX-License-Identifier: GPL-3.0-or-later
/* What is asked of postcask-directory, at a unix socket that only root may use: one JSON object a
 * connection, up to the end of a line, and one as the answer, up to the end.
 *
 *	{"do": "app-add", "who", "address", "label", "hash", "protocols": ["imap", ...], "expires"}
 *	{"do": "app-list", "address"}				without an address: everybody's
 *	{"do": "app-revoke", "who", "address", "label"}
 *	{"do": "main", "who", "address", "on": true}		does the main password let him in?
 *	{"do": "audit", "address", "most": 100}			the newest first
 *	{"do": "ping"}
 *
 *	{"apps": [{"address", "label", "protocols", "created", "expires", "main"}, ...],
 *	 "main_off": ["bob@example.org", ...]}
 *	{"changes": [{"time", "who", "verb", "address", "detail"}, ...]}
 *	{"pong": true}, {}					done, and on the disk
 *	{"error": "..."}					a sentence; nothing was changed
 *
 * Times are seconds since 1970; no end is null or 0.  Addresses are as the settings have them, in
 * lower case.  A password is not among all this: who makes one sends its hash. */
#ifndef POSTCASK_DIRECTORY_H
#define POSTCASK_DIRECTORY_H

#include <jansson.h>

#include "base/slice.h"
#include "directory/secrets.h"

#define DIRECTORY_SOCKET   "/run/postcask/directory/control"
#define DIRECTORY_SECRETS  "/var/lib/postcask/directory/secrets.db"
#define DIRECTORY_PEOPLE   "/etc/postcask/people"
#define DIRECTORY_REPORT   "/run/postcask/directory/report.json"
#define DIRECTORY_MAIN_OFF "/var/lib/postcask/directory/main-off"

enum {
	DIRECTORY_QUESTION = 64 * 1024,
	DIRECTORY_ANSWER = 64 * 1024 * 1024, /* everybody's */
	DIRECTORY_MS = 10 * 1000,
};

struct directory {
	struct secrets secrets;
	const char *people;   /* the file of those who are there */
	const char *report;   /* written for `postcask status`: {apps, damaged} */
	const char *main_off; /* written for Dovecot: whom the main password does not let in */
};

/* Answers a question; NULL only without memory. */
char *directory_answer(struct directory *directory, struct slice question);

/* *ret: an object with each address of the settings as a key. */
_must_check_ int directory_people(const char *path, json_t **ret, struct error *error);

/* Writes `main_off` or `report` anew, of what the database says.  The first is a table of Dovecot's
 * own kind, which it can read when nobody else is there. */
_must_check_ int directory_publish_main_off(struct directory *directory, struct error *error);
_must_check_ int directory_publish_apps(struct directory *directory, struct error *error);

/* Serves until it is told to end. */
_must_check_ int directory_serve(struct directory *directory, const char *socket,
				 struct error *error);

/* Asks it, for a command. */
_must_check_ int directory_ask(const json_t *question, json_t **ret_answer, struct error *error);

#endif
