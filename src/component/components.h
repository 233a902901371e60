// SPDX-License-Identifier: GPL-3.0-or-later
/* The components: each daemon of the stack as postcask knows it, one file a daemon.
 *
 * Whoever does something with "the daemons" loops over this table and takes from the
 * rows what it needs; nobody else lists them.  A row is data and knows no folder but
 * base: an escape is named by its text, a writer of log lines by a number, and what
 * to do with them is the business of generation and ledger.  tests/unit/test_components.c
 * compares the table with the overlays, and says what is missing. */
#ifndef POSTCASK_COMPONENTS_H
#define POSTCASK_COMPONENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Places in a row; each list ends with an empty one. */
enum {
	COMPONENT_FILES = 16,
	COMPONENT_ARGUMENTS = 8,
	COMPONENT_UNITS = 5,
	COMPONENT_PORTS = 6,
	COMPONENT_WATCHES = 3,
	COMPONENT_WAITS = 6,
	COMPONENT_LOGS = 4,
	COMPONENT_KEYS = 3,
	COMPONENT_ACCOUNTS = 4,
};

struct component_file {
	const char *path;   /* below the root and below a generation, no leading slash */
	const char *escape; /* the syntax's own escape (generation/escape.h) */
	mode_t mode;
	const char *group; /* NULL: root.  The owner is always root. */
	const char *extra; /* the key of mail.extra whose lines it ends with; NULL: none */
	bool mark;	   /* COMPONENT_MARK: no template, the row's `wanted` fills it */
};

/* What `systemctl start` is told to start all that the settings want: systemd passes over what an
 * active target wants, but for the targets that are named. */
#define COMPONENT_TARGETS "multi-user.target", "postcask-mail.target", "timers.target"

/* The file by which systemd knows whether a component is wanted: not empty when it is.
 * Each of its units has ConditionFileNotEmpty= on it. */
#define COMPONENT_MARKS "etc/postcask/wanted"
#define COMPONENT_MARK(name)                                                                       \
	{                                                                                          \
		COMPONENT_MARKS "/" name, "plain", 0644, NULL, NULL, true                          \
	}

/* What it listens on besides the public ports, on the loopback; a template reads it as
 * {{component.NAME.PORT}}. */
struct component_port {
	const char *name;
	uint16_t number; /* of component/inner.h where others know it too */
};

/* How it is asked whether it hangs (src/watch). */
struct component_watch {
	const char *address;  /* numeric, or the path of a unix socket; NULL: the list ends */
	uint16_t port;	      /* 53: a name is asked for; otherwise a stream */
	const char *question; /* NULL: the server speaks first */
	const char *answer;   /* how it begins */
	const char *program;  /* NULL: asked; or the one of its programs that owes an answer to
			       * whoever is connected to `address` */
	unsigned patience;    /* how often it may be silent and idle; 0: as often as others */
};

/* What its absence looks like to a message in the queue. */
struct component_wait {
	const char *parts[2]; /* what the reason has in it, both where two are given; */
	uint16_t port;	      /* or this inner port, to which nobody could connect */
	const char *what;     /* "for the filter (amavis)"; NULL: the list ends */
	bool others;	      /* nothing of this machine has to be mended for it */
};

/* Who wrote a line of the log; how it is read, ledger/line.h says. */
enum line_writer {
	WRITER_NONE,
	WRITER_POSTFIX,	   /* under the account postfix */
	WRITER_POSTSUPER,  /* root at the queue by hand; it takes that account too */
	WRITER_AMAVIS,	   /* under the account amavis */
	WRITER_DOVECOT,	   /* its log process is root's */
	WRITER_QUARANTINE, /* postcask quarantine, root's */
	WRITER_ACCOUNT,	   /* postcask trace --settle, root's */
	WRITERS
};

struct component_log {
	const char *identifier; /* LOG_SERVICES: any of "DAEMON/SERVICE" */
	const char *account;
	enum line_writer writer; /* WRITER_NONE: the list ends */
	bool folders;		 /* only tells in which folder a message was put */
};

#define LOG_SERVICES "/"

struct component {
	const char *name;
	struct component_file files[COMPONENT_FILES];
	/* The daemon's own checker; the first "@" in an argument stands for the
	 * generation's folder.  No argument: there is none. */
	const char *checker[COMPONENT_ARGUMENTS];
	/* Checked only while this file of the generation is not empty; NULL: always. */
	const char *checked_if;
	/* Where the daemon itself checks while it waits for its first configuration;
	 * when nobody answers there the checker is run.  NULL: nowhere. */
	const char *socket;
	/* What makes a running daemon take the new files, by systemctl: of the first unit.
	 * The others are started and stopped with it; what a timer starts is none of them.
	 * No verb: it takes none. */
	const char *reload_verb, *units[COMPONENT_UNITS];
	/* The settings want it while what stands at this path is true there, or has the word
	 * that follows (`dkim.signer == "opendkim"`), as templates take it
	 * (generation/template.h).  It has a mark then.  NULL: always. */
	const char *wanted;
	/* It is running before the settings are applied, so it is told at boot. */
	bool starts_early;
	/* Idle SMTP servers of before would go on with the old files after a reload: they
	 * are waited for (generation/smtpd_wait.h). */
	bool idle_servers;
	/* It counts in times of the wall clock: it begins anew when that was set back. */
	bool wall_clock;
	/* Mail needs it: when it is down the machine is degraded.  When it is back the queue
	 * goes on, if its `waits` are this machine's (its unit wants postcask-flush.service). */
	bool vital;
	/* What is so meanwhile; NULL: what needs it waits in the queue. */
	const char *without;

	uint32_t ports; /* the public ones: PORT_BIT() of component/ports.h */
	struct component_port inner[COMPONENT_PORTS];
	const char *keys[COMPONENT_KEYS];	  /* kinds of keys that it serves (src/key) */
	const char *accounts[COMPONENT_ACCOUNTS]; /* that its processes run under */
	const char *password_group; /* who reads its files of password hashes; NULL: it has none */

	const struct component *needs; /* NULL, or one for which it waits, with its clients */
	struct component_watch watches[COMPONENT_WATCHES];
	struct component_wait waits[COMPONENT_WAITS];
	struct component_log logs[COMPONENT_LOGS];
};

/* Whoever is needed stands before who needs it. */
extern const struct component *const components[];
extern const size_t component_count;

/* A set of components, by their numbers in the table.  Whoever defines a table proves that
 * its rows have room: COMPONENT_ROWS_FIT(rows). */
enum { COMPONENT_SET_SIZE = 256 };

struct component_set {
	uint64_t bits[COMPONENT_SET_SIZE / 64];
};

#define COMPONENT_SET_ALL ((struct component_set){{[0 ... COMPONENT_SET_SIZE / 64 - 1] = ~0ull}})
#define COMPONENT_ROWS_FIT(rows)                                                                   \
	_Static_assert(sizeof(rows) / sizeof((rows)[0]) <= COMPONENT_SET_SIZE,                     \
		       "a set of components has room for all of them")

void component_set_add(struct component_set *set, size_t number);
bool component_set_has(const struct component_set *set, size_t number);

/* NULL when there is none of that name. */
const struct component *component_find(const char *name);

/* The number of a component's inner port, 0 when it has none of that name. */
unsigned component_inner_port(const struct component *component, const char *name);

/* Does it serve keys of that kind? */
bool component_has_key(const struct component *component, const char *kind);

/* The group that reads password hashes; NULL when no component has any. */
const char *component_password_group(void);

/* "systemctl VERB UNIT..." with the first units of the components that `fits` names, for
 * process_run; owned by the caller, NULL when out of memory. */
const char **component_command(const char *verb, bool (*fits)(const struct component *component));

/* Does the generation in `folder` ("" is the running machine's) want it? */
bool component_is_wanted(const struct component *component, const char *folder);

#endif
