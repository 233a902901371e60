// SPDX-License-Identifier: GPL-3.0-or-later
/* The components: each daemon of the stack as postcask sees it, its rendered
 * files, its own checker and what makes it take a new configuration. */
#ifndef POSTCASK_COMPONENTS_H
#define POSTCASK_COMPONENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct component_file {
	const char *path;   /* below the root and below a generation, no leading slash */
	const char *escape; /* the syntax's own escape (escape.h) */
	mode_t mode;
	const char *group; /* NULL: root.  The owner is always root. */
	const char *extra; /* the key of mail.extra whose lines it ends with; NULL: none */
};

enum { COMPONENT_FILES = 12, COMPONENT_ARGUMENTS = 8 };

struct component {
	const char *name;
	struct component_file files[COMPONENT_FILES]; /* ends with a NULL path */
	/* The daemon's own checker; the first "@" in an argument stands for the
	 * generation's folder.  No argument: there is none. */
	const char *checker[COMPONENT_ARGUMENTS];
	/* Checked only while this file of the generation is not empty; NULL: always. */
	const char *checked_if;
	/* Where the daemon itself checks while it waits for its first configuration;
	 * when nobody answers there the checker is run.  NULL: nowhere. */
	const char *socket;
	/* What makes a running daemon take the new files, by systemctl. */
	const char *reload_verb, *unit;
	/* It serves the server certificate. */
	bool serves_certificate;
	/* It is running before the settings are applied, so it is told at boot. */
	bool starts_early;
};

extern const struct component components[];
extern const size_t component_count;

#endif
