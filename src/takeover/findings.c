// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/findings.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/json_file.h"
#include "base/slice.h"
#include "settings/type_name.h"
#include "settings/type_secret.h"
#include "takeover/tables.h"

enum { NAME = 200, MIB = 1024 * 1024, QUOTA = 16777216, TARGETS = 1000 };

int findings_begin(struct findings *findings, struct error *error)
{
	*findings = (struct findings){json_array(), json_array(),  json_array(),
				      json_array(), json_object(), json_object()};
	return findings->people && findings->aliases && findings->weak && findings->left &&
		       findings->persons && findings->names
		   ? 0
		   : error_set(error, ENOMEM, "out of memory");
}

void findings_free(struct findings *findings)
{
	json_decref(findings->people);
	json_decref(findings->aliases);
	json_decref(findings->weak);
	json_decref(findings->left);
	json_decref(findings->persons);
	json_decref(findings->names);
	*findings = (struct findings){0};
}

json_t *findings_take(struct findings *findings)
{
	json_t *all = json_pack("{s:O, s:O, s:O, s:O}", "people", findings->people, "aliases",
				findings->aliases, "weak", findings->weak, "left", findings->left);

	findings_free(findings);
	return all;
}

/* ---- What is left out ---- */

static void leave(struct findings *findings, const char *what, const char *where, const char *why)
{
	_cleanup_(buffer_free) struct buffer shown = BUFFER_INIT, reason = BUFFER_INIT;

	slice_add(&shown, slice_of(what ? what : "?"), TABLES_VALUE);
	slice_add(&reason, slice_of(why), TABLES_VALUE);
	json_array_append_new(findings->left,
			      json_pack("{s:s, s:s, s:s}", "what", buffer_text(&shown), "why",
					buffer_text(&reason), "where", where));
}

void findings_cannot(struct findings *findings, enum cannot why, const char *what,
		     const char *where)
{
	static const char *const sentences[] = {
	    [CANNOT_CATCH_ALL] = "a catch-all address",
	    [CANNOT_FORWARD] = "mail of a mailbox that went on to other addresses too, or instead",
	    [CANNOT_ALIAS_DOMAIN] = "a domain all of whose addresses are another domain's",
	    [CANNOT_SENDER] = "a right to send as somebody else",
	    [CANNOT_VACATION] = "an answer for somebody who is away: postcask vacation",
	    [CANNOT_APP_PASSWORD] = "an app password; new ones are made by postcask user app",
	    [CANNOT_PATTERN] = "a pattern in the place of an address",
	    [CANNOT_PROGRAM] = "a program or a file as a target",
	    [CANNOT_INACTIVE_ALIAS] = "an alias that is switched off there",
	    [CANNOT_INACTIVE_DOMAIN] = "its domain is switched off there",
	    [CANNOT_RESOURCE] = "a room or a thing to be booked, and no person",
	    [CANNOT_DISCARD] = "its mail was thrown away or learnt from there",
	    [CANNOT_UNREADABLE] = "it is no UTF-8, or not written as a value",
	    [CANNOT_RULE] = "a rule of that server, which has no place here",
	    [CANNOT_SECOND_FACTOR] = "a second factor, which has to be set up anew",
	};

	leave(findings, what, where, sentences[why]);
}

void findings_cannot_of(struct findings *findings, enum cannot why, const char *address,
			const char *detail, const char *where)
{
	_cleanup_(buffer_free) struct buffer what = BUFFER_INIT;

	buffer_addf(&what, "%s: %s", address ? address : "?", detail ? detail : "?");
	findings_cannot(findings, why, buffer_text(&what), where);
}

/* ---- People ---- */

/* Without the name of its scheme, where the hash itself says what it is. */
static const char *bare_hash(const char *password)
{
	static const char *const schemes[] = {"{CRYPT}", "{SHA512-CRYPT}", "{BLF-CRYPT}",
					      "{ARGON2ID}"};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++)
		if (strncasecmp(password, schemes[i], strlen(schemes[i])) == 0)
			return password + strlen(schemes[i]);
	return password;
}

/* As the settings have it; NULL, and a sentence in *why. */
static char *take_hash(const struct person *person, struct error *why)
{
	char *hash = NULL;
	const char *text = bare_hash(person->password ? person->password : "");

	if (person->locked) {
		error_set(why, EINVAL, "%s", person->locked);
		return NULL;
	}
	if (text[0] == '{')
		error_set(why, EINVAL, "the scheme %.*s is none that is taken over",
			  (int)strcspn(text, "}") + 1, text);
	else if (type_check_password_hash(table_find("users[].password_hash"), text, strlen(text),
					  &hash, why) < 0 &&
		 why->text && strstr(why->text, "; "))
		*strstr(why->text, "; ") = '\0'; /* what follows is advice to who wrote it */
	return hash;
}

/* A name of at most NAME bytes in one line, whole characters. */
static char *take_name(const char *name)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, "");
	slice_add(&text, slice_trim(slice_of(name ? name : "")), NAME);
	return buffer_take(&text);
}

static long long whole_mib(long long bytes)
{
	long long mib = bytes <= 0 ? 0 : bytes / MIB + (bytes % MIB != 0);

	return mib > QUOTA ? 0 : mib; /* more than any disk is no limit */
}

static void add_person(struct findings *findings, const struct person *person, const char *address)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *name = take_name(person->name);
	_cleanup_free_ char *hash = take_hash(person, &why);
	json_t *one = json_pack("{s:s, s:s, s:I, s:b, s:s}", "address", address, "name",
				name ? name : "", "quota_mib", (json_int_t)whole_mib(person->quota),
				"enabled", person->enabled, "where", person->where);

	if (hash)
		json_object_set_new(one, "hash", json_string(hash));
	else
		json_array_append_new(findings->weak, json_pack("{s:s, s:s}", "what", address,
								"why", error_text(&why)));
	json_array_append_new(findings->people, one);
	if (hash)
		explicit_bzero(hash, strlen(hash));
}

int findings_person(struct findings *findings, const struct person *person, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *address = NULL;
	const char *before;

	if (!person->address) {
		findings_cannot(findings, CANNOT_UNREADABLE, NULL, person->where);
		return 0;
	}
	if (type_mailbox(NULL, person->address, strlen(person->address), &address, &why) < 0) {
		leave(findings, person->address, person->where, error_text(&why));
		return 0;
	}
	before = json_text(findings->persons, address);
	if (before[0])
		return error_set(error, EEXIST, "%s: %s is there twice, as in %s", person->where,
				 address, before);
	json_object_set_new(findings->persons, address, json_string(person->where));
	add_person(findings, person, address);
	return 0;
}

/* ---- Aliases ---- */

/* Vacation of PostfixAdmin: alice#example.org@autoreply.example.net, for alice@example.org. */
static bool is_vacation(const char *address, const char *target)
{
	size_t local = strcspn(address, "@");

	return strncasecmp(address, target, local) == 0 && target[local] == '#' &&
	       address[local] == '@' &&
	       strncasecmp(address + local + 1, target + local + 1, strlen(address + local + 1)) ==
		   0;
}

static bool is_program(const char *target)
{
	return target[0] == '|' || target[0] == '/' || target[0] == ':' || target[0] == '"';
}

/* Of mailcow: what it does with the mail itself. */
static bool is_discard(const char *target)
{
	return strcasecmp(target, "null@localhost") == 0 ||
	       strcasecmp(target, "spam@localhost") == 0 ||
	       strcasecmp(target, "ham@localhost") == 0;
}

/* What of a target cannot be had here; -1: nothing. */
static int refuse_target(const char *address, const char *target)
{
	if (is_discard(target))
		return CANNOT_DISCARD;
	if (is_vacation(address, target))
		return CANNOT_VACATION;
	if (is_program(target))
		return CANNOT_PROGRAM;
	return target[0] == '@' ? CANNOT_ALIAS_DOMAIN : -1;
}

static void add_target(struct findings *findings, const char *address, const char *target,
		       const char *where, json_t *to)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *taken = NULL, *own = NULL, *what = NULL;
	int refused = refuse_target(address, target);

	if (asprintf(&what, "%s -> %s", address, target) < 0)
		what = NULL;
	if (refused >= 0) {
		findings_cannot(findings, (enum cannot)refused, what, where);
		return;
	}
	if (type_address(NULL, target, strlen(target), &taken, &why) < 0) {
		leave(findings, what, where, error_text(&why));
		return;
	}
	if (type_mailbox(NULL, target, strlen(target), &own, NULL) == 0 &&
	    strcmp(own, address) == 0)
		return; /* itself: its mailbox */
	if (json_array_size(to) == TARGETS)
		leave(findings, what, where, "an alias leads to 1000 addresses at most");
	else if (!json_has_text(to, taken))
		json_array_append_new(to, json_string(taken));
}

static json_t *take_targets(struct findings *findings, const char *address, const char *targets,
			    const char *where)
{
	json_t *to = json_array();
	const char *at = targets;

	while (*(at += strspn(at, ", \t\r\n"))) {
		size_t size = strcspn(at, ", \t\r\n");
		_cleanup_free_ char *target = strndup(at, size);

		if (target)
			add_target(findings, address, target, where, to);
		at += size;
	}
	return to;
}

/* A forward, or copies of a mailbox's mail. */
static void leave_forward(struct findings *findings, const char *address, const json_t *to,
			  const char *where)
{
	_cleanup_(buffer_free) struct buffer what = BUFFER_INIT;
	const json_t *one;
	size_t i;

	buffer_addf(&what, "%s ->", address);
	json_array_foreach(to, i, one) buffer_addf(&what, " %s", json_string_value(one));
	findings_cannot(findings, CANNOT_FORWARD, buffer_text(&what), where);
}

int findings_alias(struct findings *findings, const char *address, const char *targets,
		   const char *where, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	_cleanup_free_ char *taken = NULL;
	_cleanup_json_ json_t *to = NULL;

	if (!address || !targets) {
		findings_cannot(findings, CANNOT_UNREADABLE, address, where);
		return 0;
	}
	if (address[0] == '@') {
		const char *target = targets + strspn(targets, ", ");

		findings_cannot(findings, *target == '@' ? CANNOT_ALIAS_DOMAIN : CANNOT_CATCH_ALL,
				address, where);
		return 0;
	}
	if (type_mailbox(NULL, address, strlen(address), &taken, &why) < 0) {
		leave(findings, address, where, error_text(&why));
		return 0;
	}
	to = take_targets(findings, taken, targets, where);
	if (json_array_size(to) == 0)
		return 0; /* itself alone, or what is said */
	if (json_object_get(findings->persons, taken)) {
		leave_forward(findings, taken, to, where);
		return 0;
	}
	if (json_object_get(findings->names, taken)) {
		leave(findings, taken, where, "an alias that is there twice; the first is taken");
		return 0;
	}
	json_object_set_new(findings->names, taken, json_string(where));
	return json_array_append_new(
		   findings->aliases,
		   json_pack("{s:s, s:O, s:s}", "address", taken, "to", to, "where", where)) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}
