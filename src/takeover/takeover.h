// SPDX-License-Identifier: GPL-3.0-or-later
/* People and aliases of another mail server, read out of its database or files.
 *
 * They are a stranger's bytes, and have password hashes in them: root opens the files, a child
 * without any right reads them, and what it found comes back as JSON (takeover/findings.h). */
#ifndef POSTCASK_TAKEOVER_H
#define POSTCASK_TAKEOVER_H

#include "takeover/findings.h"

enum { TAKEOVER_FILES = 16 };

struct takeover_file {
	const char *path; /* for sentences */
	const char *name; /* without its folder: what it is to docker-mailserver */
	int fd;
};

struct takeover_kind {
	const char *name;  /* as the command has it */
	const char *wants; /* for a sentence: what its files are */
	/* Names of files in a folder of it, the first of which must be there; NULL: it is one
	 * file. */
	const char *const *names;
	int (*find)(const struct takeover_file *files, size_t count, struct findings *findings,
		    struct error *error);
};

/* NULL: there is none of this name. */
const struct takeover_kind *takeover_find_kind(const char *name);

/* What is at the paths, as findings_take has it: a new reference. */
_must_check_ int takeover_read(const struct takeover_kind *kind, const char *const *paths,
			       size_t count, json_t **ret, struct error *error);

/* ---- In the child ---- */

int takeover_find_postfixadmin(const struct takeover_file *files, size_t count,
			       struct findings *findings, struct error *error);
int takeover_find_mailcow(const struct takeover_file *files, size_t count,
			  struct findings *findings, struct error *error);
int takeover_find_mail_in_a_box(const struct takeover_file *files, size_t count,
				struct findings *findings, struct error *error);
int takeover_find_docker_mailserver(const struct takeover_file *files, size_t count,
				    struct findings *findings, struct error *error);

/* The tables of a dump or of a file of SQLite, to be freed; sorts out itself which it is. */
struct tables;
struct table_wish;
_must_check_ int takeover_tables(const struct takeover_file *file, const struct table_wish *wishes,
				 struct tables *ret, struct error *error);

/* A value of a row; NULL where it is none that can be read. */
const char *takeover_text(const json_t *row, const char *column);

/* "5G", "500M", "1024": bytes; false for what is none of these. */
bool takeover_size(const char *text, long long *ret);

#endif
