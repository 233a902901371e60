// SPDX-License-Identifier: GPL-3.0-or-later
/* The one table of settings: every key of the `mail:` mapping, of this version
 * and of those to come.  Parser, checker, JSON schema, manual page, example and
 * `postcask explain` are loops over it; a key exists in one place.
 *
 * Rows are in the order of the manual, each group before its keys.  A path is
 * written below `mail`: "limits.message_size_mib"; "users[].address" is a key of
 * each item of the list `users`. */
#ifndef POSTCASK_TABLE_H
#define POSTCASK_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_type {
	TYPE_GROUP,   /* a mapping with fixed keys: the rows below it */
	TYPE_RECORDS, /* a list of such mappings */
	TYPE_BOOLEAN,
	TYPE_INTEGER, /* minimum..maximum */
	TYPE_DECIMAL, /* minimum..maximum, at most three decimals; kept as text */
	TYPE_CHOICE,  /* one of `choices` */
	TYPE_TEXT,    /* one line, minimum..maximum characters */
	TYPE_LINES,   /* several lines, at most `maximum` bytes */
	TYPE_NAME,    /* letters, digits, - and _ */
	TYPE_TIME,    /* a time of day, HH:MM */
	TYPE_FILE_EXTENSION,
	TYPE_DOMAIN,
	TYPE_HOSTNAME,
	TYPE_MAILBOX,	/* LOCAL@DOMAIN of this server */
	TYPE_ADDRESS,	/* a mail address anywhere */
	TYPE_ADDRESSES, /* one, or all of a domain: stored as "@domain" */
	TYPE_PASSWORD_HASH,
	TYPE_CERTIFICATE, /* PEM, leaf first */
	TYPE_PRIVATE_KEY, /* PEM, not encrypted */
	TYPE_IP,	  /* IPv4 or IPv6 address */
	TYPE_NETWORK,	  /* address/prefix */
	TYPE_HOST,	  /* host name or IP address */
	TYPE_URL,	  /* http:// or https:// */
	TYPE_PATH,	  /* absolute path */
	TYPE_BLOCKLIST,	  /* a DNS list of senders: settings/blocklist.h */
	TYPE_FOLDER,	  /* the name of a public folder */
	TYPE_SENDERS,	  /* TYPE_ADDRESSES, or a domain and all below it: "@.domain" */
	TYPE_READERS,	  /* TYPE_ADDRESSES, or "everyone" */
	TYPE_WRITERS,	  /* TYPE_ADDRESSES, or "anyone", "domain" or "members" */
	TYPE_LANGUAGE,	  /* de, en-GB */
	TYPE_COUNT,
};

enum setting_flag {
	SETTING_LIST = 1 << 0,	   /* a list of the type, at most `items` */
	SETTING_REQUIRED = 1 << 1, /* has no default and must be there */
	SETTING_SECRET = 1 << 2,   /* never shown */
	SETTING_LATER = 1 << 3,	   /* not available in this version */
	SETTING_PEOPLE = 1 << 4,   /* says who there is: not published */
	SETTING_EXPECTED = 1 << 5, /* a rule says when it must be there; the example has it */
};

struct setting {
	const char *path;
	enum setting_type type;
	unsigned flags;
	int64_t minimum, maximum;
	size_t items;	      /* SETTING_LIST, TYPE_RECORDS: the most there can be */
	const char *choices;  /* TYPE_CHOICE: "a b c"; one that ends in * comes later */
	const char *fallback; /* the default in YAML, of a list in JSON; NULL: see documentation */
	const char *example;  /* as written in YAML, for the manual and the example */
	const char *documentation; /* sentences, the first of which stands alone */
};

extern const struct setting settings_table[];
extern const size_t settings_table_count;

/* The row of a path, or NULL. */
const struct setting *table_find(const char *path);

/* Rows directly below `parent` (NULL: below `mail`), in order: call with
 * previous = NULL first; NULL at the end. */
const struct setting *table_next_child(const struct setting *parent,
				       const struct setting *previous);

/* The child by its own name, or NULL. */
const struct setting *table_child(const struct setting *parent, const char *name);

/* The last part of the path: "address" of "users[].address". */
const char *setting_name(const struct setting *setting);

/* The name in the table nearest to a misspelt one among the children of
 * `parent`, or NULL when none is near. */
const struct setting *table_nearest(const struct setting *parent, const char *name);

/* A key of that very name anywhere else, or NULL: for one written at the wrong
 * place. */
const struct setting *table_elsewhere(const char *name);

/* The edits (insert, delete, replace, swap neighbours) between two words, letters
 * compared without case; `limit` + 1 when there are more than `limit`. */
unsigned table_distance(const char *a, const char *b, unsigned limit);

/* Calls for each word of `choices`: *position is 0 first; false at the end. */
bool setting_next_choice(const struct setting *setting, size_t *position, const char **ret_word,
			 size_t *ret_size, bool *ret_later);

#endif
