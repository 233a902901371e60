// SPDX-License-Identifier: GPL-3.0-or-later
/* What is asked of postcask-directory, at a unix socket that only root may use: one JSON object a
 * connection, up to the end of a line, and one as the answer, up to the end.
 *
 *	{"do": "user-add", "who", "address", "hash", "name", "quota_mib", "quota_messages",
 *	 "forward": ["alice@example.net", ...], "forward_keep", "language", "format",
 *	 "filter"}
 *	{"do": "user-set", "who", "address", and what of these, "enabled", and the lists
 *	 "may_send_as" and "may_send_for" is to change}
 *	{"do": "user-remove", "who", "address"}			says which aliases lead to him
 *	{"do": "user-list", "domain", "hashes": true}		without a domain: all
 *	{"do": "user-show", "address"}
 *	{"do": "user-import", "who", "file", "users": [as for user-add, ...], "dry": true}
 *	{"do": "alias-add", "alias-set", "who", "address", "to": ["alice@example.org", ...],
 *	 "writers": ["members", ...]}				with alias-set: what is to change
 *	{"do": "filter-set", "who", "address", and what of "mark", "hold", "spam", "banned" is to
 *	 change, null for as everybody's; "allow", "block", "remove": senders; "default": true}
 *	{"do": "filter-show", "address"}			an address, or "@example.org"
 *	{"do": "alias-remove", "who", "address"}
 *	{"do": "alias-list", "domain"}, {"do": "alias-show", "address"}
 *	{"do": "alias-import", "who", "file", "aliases": [as for alias-add, ...], "dry": true}
 *	{"do": "domain-list"}, {"do": "domain-show", "domain"}
 *	{"do": "domain-set", "who", "domain", "catch_all"}	"" is none
 *	{"do": "shared-add", "who", "address", "name", "quota_mib", "quota_messages",
 *	 "members": [{"who", "role", "send"}, ...]}
 *	{"do": "shared-set", "who", "address", and what of the name and quotas is to change}
 *	{"do": "shared-remove", "who", "address"}, {"do": "shared-list", "domain"},
 *	{"do": "shared-show", "address"}
 *	{"do": "member-put", "who", "address", "member": {"who", "role", "send"}, "there": true}
 *	{"do": "member-remove", "who", "address", "member": {"who"}}
 *	{"do": "takeover", "who", "people": [as for user-add, with "enabled" and "unknown": true
 *	 where the hash is none of his], "aliases": [as for alias-add], "dry": true}
 *	{"do": "app-add", "who", "address", "label", "hash", "protocols": ["imap", ...], "expires"}
 *	{"do": "app-list", "address"}				without an address: everybody's
 *	{"do": "app-revoke", "who", "address", "label"}
 *	{"do": "factor-add", "who", "address"}			says its key, "secret", once
 *	{"do": "factor-confirm", "who", "address", "code", "without_app": true}	says "codes"
 *	{"do": "factor-codes", "who", "address"}		new ones, likewise
 *	{"do": "factor-check", "who", "address", "code"}	a code of the device, or of those
 *	{"do": "factor-show", "address"}, {"do": "factor-remove", "who", "address"}
 *	{"do": "mailbox-pause", "who", "address", "seconds": 120}	0 ends it; says "until"
 *	{"do": "mailbox-switch", "who", "address", "format": "mdbox", "until"}	while it is paused
 *	{"do": "main", "who", "address", "on": true}		does the main password let him in?
 *	{"do": "audit", "address", "most": 100}			the newest first
 *	{"do": "residents"}					every address that is here
 *	{"do": "apply"}						what the settings say now
 *	{"do": "mirror-accept", "who"}				what was refused of it may come
 *	{"do": "accounts-move", "who", "to": "server"}		see mirror_move.h
 *	{"do": "ping"}
 *
 *	{"users": [{"address", "origin", "name", "quota_mib", "quota_messages", "enabled",
 *	 "created", "forward", "forward_keep", "language", "format",
 *	 "factor": true, "filter": {"origin", accounts_filter.h}}, ...],
 *	 "gone": [{"address", "since"}, ...]}
 *	{"aliases": [{"address", "origin", "to", "who", "opens"}, ...]}
 *	{"domains": [{"name", "people", "alias_of", "users", "aliases", "catch_all",
 *	 "catch_all_origin"}, ...]}, {"domain": {...}}
 *	{"filter": {...}}					of everybody's, nothing
 *	{"user": {..., "aliases": ["info@example.org", ...], "may_send_as", "may_send_for",
 *	 "shared": [{"address", "role", "send"}, ...]}}, {"alias": {...}}
 *	{"people": ["alice@example.org", ...], "aliases": [...]	put in
 *	 "same": 12, "left": [{"what", "why"}], "domains": {"example.net": 3}}	of takeover
 *	{"residents": ["alice@example.org", ...]}
 *	{"shared": [{as of a user, "members": [...]}, ...]}, {"shared": {..., "aliases"}}
 *	{"apps": [{"address", "label", "protocols", "created", "expires", "main", "used", "used_by",
 *	 "used_from"}, ...],
 *	 "main_off": ["bob@example.org", ...]}
 *	{"factor": {"made", "confirmed", "wrong", "until", "codes": 10}}	or null
 *	{"factor": true, "good": true, "recovery": false, "wait": 0}	of factor-check: has he
 *	 one in force, was it right, and in how many seconds is the next looked at?
 *	{"changes": [{"time", "who", "verb", "address", "detail"}, ...]}
 *	{"pong": true}, {}					done, and on the disk
 *	{"error": "..."}					a sentence; nothing was changed
 *
 * Times are seconds since 1970; no end is null or 0.  A password is not among all this: who makes
 * one sends its hash.  Keys and codes of a second factor are, when they are made. */
#ifndef POSTCASK_DIRECTORY_H
#define POSTCASK_DIRECTORY_H

#include <jansson.h>
#include <sys/stat.h>

#include "base/slice.h"
#include "directory/secrets.h"

#define DIRECTORY_SOCKET     "/run/postcask/directory/control"
#define DIRECTORY_MIRROR     "/run/postcask/directory/mirror"
#define DIRECTORY_STATE	     "/var/lib/postcask/directory/mirror.json"
#define DIRECTORY_NEWS	     "/run/postcask/directory/mirror-news"
#define DIRECTORY_BACK	     "/run/postcask/directory/mirror-back"
#define DIRECTORY_SECRETS    "/var/lib/postcask/directory/secrets.db"
#define DIRECTORY_ACCOUNTS   "/var/lib/postcask/accounts/accounts.db"
#define DIRECTORY_SETTINGS   "/etc/postcask/accounts"
#define DIRECTORY_REPORT     "/run/postcask/directory/report.json"
#define DIRECTORY_FACTOR_KEY "/var/lib/postcask/directory/factor.key"
#define DIRECTORY_USES	     "/run/postcask/guard/uses.json"
#define DIRECTORY_SHARED     "/run/postcask/directory/shared"
#define DIRECTORY_RULES	     "/run/postcask/directory/rules"
#define DIRECTORY_REPLACED   "/run/postcask/directory/replaced"

enum {
	DIRECTORY_QUESTION = 128 * 1024 * 1024, /* a table of 100,000 people */
	DIRECTORY_ANSWER = 128 * 1024 * 1024,	/* everybody */
	DIRECTORY_MS = 60 * 1000,
};

struct directory {
	struct secrets secrets;
	struct accounts accounts;
	const char *settings;	  /* the file of what the settings say */
	const char *report;	  /* written for `postcask status`: directory_publish */
	const char *mirror_state; /* the file of what is remembered of the directory server */
	const char *mirror_news;  /* written when the report is to be; NULL: never */
	const char *mirror_back;  /* written when it answers again; NULL: never */
	bool mirror_lost;	  /* it gave no answer */
	char *mirror_told;	  /* owned: what it says */
	json_t *mirror;		  /* owned: what is said of it (mirror.h) */
	int64_t mirror_saved;	  /* seconds since 1970: when that file was written */
	bool behind;	   /* they are recipients of the server behind a gateway, and nobody here */
	char mirrored[16]; /* whose people are mirrored: an origin of theirs; "": nobody's */
	bool mirror_fresh; /* its last good picture is not old */
	bool mirror_due;   /* it must come whole, though it has not changed */
	char *fault;	   /* owned: why the settings could not be applied; NULL: they are */
	const char *shared;  /* of shared mailboxes, a line each, for postcask-shared; NULL: none */
	char *shared_before; /* owned: what stands there */
	const char *rules;   /* another number when delivery rules have changed; NULL: none */
	char *rules_before;  /* owned: what stands there */
	const char *factor_key; /* the file of the key that seals those of second factors */
	const char *uses;	/* the file of when app passwords were used; NULL: none */
	struct stat uses_seen;	/* the last one that was read */
};

/* Closes both files and frees what it owns. */
void directory_close(struct directory *directory);

/* Answers a question; NULL only without memory. */
char *directory_answer(struct directory *directory, struct slice question);

/* The same for postcask-mirror, who has a socket of his own and brings pictures alone (mirror.h).
 */
char *directory_answer_mirror(struct directory *directory, struct slice question);

/* Writes the report anew, and the list of shared mailboxes when it has changed: {people, shared,
 * aliases, apps, doubles, loops, state, fault}. */
_must_check_ int directory_publish(struct directory *directory, struct error *error);

/* Applies the settings; what is wrong with them is kept and published, and all stays as it was. */
_must_check_ int directory_take_settings(struct directory *directory, struct error *error);

/* The same after a command removed somebody: who is also in the settings is theirs from then on. */
_must_check_ int directory_take_doubles(struct directory *directory, struct error *error);

/* Serves until it is told to end, at root's socket and the mirror's. */
_must_check_ int directory_serve(struct directory *directory, const char *socket,
				 const char *mirror, struct error *error);

/* Asks it, for a command. */
_must_check_ int directory_ask(const json_t *question, json_t **ret_answer, struct error *error);

#endif
