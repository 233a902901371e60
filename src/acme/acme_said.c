// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_said.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buffer.h"
#include "base/cleanup.h"
#include "base/utf8.h"

enum { WORDS_MAX = 400, URL_MAX = 2048, IDENTITIES_MAX = 10 };

static const char *const class_names[] = {"fine",  "unreachable", "nonce", "no account",
					  "limit", "refused",	  "failed"};

const char *acme_class_name(enum acme_class class)
{
	return class_names[class];
}

enum acme_class acme_class_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(class_names); i++)
		if (strcmp(name, class_names[i]) == 0)
			return (enum acme_class)i;
	return ACME_FAILED;
}

/* The kinds of problems (RFC 8555 section 6.7) and what a person can do about each; %s is the
 * names. */
static const struct {
	const char *type;
	enum acme_class class;
	const char *sentence;
} problems[] = {
    {"connection", ACME_REFUSED,
     "the authority cannot reach port 80 of %s; open it in the network before the machine (the "
     "machine opens its own while an order runs)"},
    {"dns", ACME_REFUSED,
     "the authority does not find %s in the DNS; publish its A or AAAA record"},
    {"unauthorized", ACME_REFUSED,
     "somebody else answered for %s; see where its A and AAAA records lead, and whether something "
     "before the machine answers on port 80"},
    {"incorrectResponse", ACME_REFUSED,
     "the proof for %s was not what the authority expected; see whether something before the "
     "machine answers on port 80"},
    {"tls", ACME_REFUSED, "the authority was led from port 80 of %s to https; do not redirect it"},
    {"caa", ACME_REFUSED,
     "a CAA record of %s forbids this authority; add it there (postcask dns shows the record)"},
    {"rejectedIdentifier", ACME_REFUSED, "the authority gives no certificate to %s"},
    {"unsupportedIdentifier", ACME_REFUSED, "the authority gives no certificate to %s"},
    {"badCSR", ACME_REFUSED, "the authority refuses the request for %s"},
    {"rateLimited", ACME_LIMIT,
     "the authority has given or refused too much to %s lately; it is asked again later"},
    {"externalAccountRequired", ACME_REFUSED,
     "the authority wants an account of its own before %s; write tls.acme.eab as it gives it"},
    {"userActionRequired", ACME_REFUSED,
     "the authority has new terms, before which it gives nothing to %s"},
    {"accountDoesNotExist", ACME_NO_ACCOUNT, "the authority does not know the account for %s"},
    {"badNonce", ACME_NONCE, "the authority refused its own nonces for %s; it is asked again"},
    {"serverInternal", ACME_FAILED, "the authority has a fault of its own with %s"},
};

#define PROBLEM "urn:ietf:params:acme:error:"

/* memmem(3) of a text; the last one of them. */
static const char *find_last(const char *text, size_t size, const char *word)
{
	size_t length = strlen(word);
	const char *found = NULL, *next = text;

	while ((next = memmem(next, size - (size_t)(next - text), word, length)))
		found = next++;
	return found;
}

static const char *find(const char *text, size_t size, const char *word)
{
	return memmem(text, size, word, strlen(word));
}

/* What stands between `word` and the first of `ends`, as printable text of at most `limit` bytes.
 */
static char *take(const char *text, size_t size, const char *at, const char *word, const char *ends,
		  size_t limit)
{
	const char *begin = at ? at + strlen(word) : NULL;
	size_t length = 0;
	char *taken;

	if (!begin)
		return NULL;
	while (begin + length < text + size && length < limit && begin[length] != '\0' &&
	       !strchr(ends, begin[length]))
		length++;
	taken = strndup(begin, length);
	ascii_make_printable(taken);
	return taken;
}

/* The account's address goes into a CAA record. */
static bool is_url(const char *text)
{
	return text && strncmp(text, "https://", 8) == 0 && text[strcspn(text, " \";,\\?")] == '\0';
}

static void read_account(const char *text, size_t size, struct acme_said *said)
{
	static const char *const words[] = {"account location: ", "account created at ",
					    "Account already exists at "};

	for (size_t i = 0; !said->account && i < ARRAY_SIZE(words); i++) {
		char *url =
		    take(text, size, find(text, size, words[i]), words[i], " \r\n", URL_MAX);

		if (is_url(url))
			said->account = url;
		else
			free(url);
	}
}

/* "caaIdentities": [ "a", "b" ], as json_dump of uacme prints it. */
static void read_identities(const char *text, size_t size, struct acme_said *said)
{
	static const char word[] = "\"caaIdentities\": [";
	_cleanup_free_ char *list = take(text, size, find(text, size, word), word, "]", URL_MAX);
	char *rest = list, *name;

	said->caa = json_array();
	for (int i = 0; rest && (name = strsep(&rest, "\"")); i++)
		if (i % 2 == 1 && name[0] &&
		    strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-") == strlen(name) &&
		    json_array_size(said->caa) < IDENTITIES_MAX)
			json_array_append_new(said->caa, json_string(name));
}

/* RFC 3339: "2026-12-03T10:20:30Z", with parts of a second or without. */
static int64_t read_time(const char *text)
{
	struct tm parts = {0};

	return text && strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) ? timegm(&parts) : 0;
}

static void read_window(const char *text, size_t size, struct acme_said *said)
{
	static const char start[] = "certificate renewal window: start=", end[] = " end=";
	const char *at = find(text, size, start);
	_cleanup_free_ char *first = take(text, size, at, start, " \n", 64), *second = NULL;
	int64_t from = read_time(first), to;

	if (!at)
		return;
	at = find(at, size - (size_t)(at - text), end);
	second = take(text, size, at, end, " \r\n", 64);
	to = read_time(second);
	if (from > 0 && to >= from) {
		said->window[0] = from;
		said->window[1] = to;
	}
}

static void set_error(struct acme_said *said, enum acme_class class, char *sentence)
{
	said->class = class;
	said->error = sentence;
	ascii_make_printable(said->error);
}

/* The authority's problem, the last one it had. */
static bool read_problem(const char *text, size_t size, const char *names, struct acme_said *said)
{
	static const char detail[] = "\"detail\": \"";
	const char *at = find_last(text, size, PROBLEM);
	_cleanup_free_ char *type = take(text, size, at, PROBLEM, "\"\r\n", 64);
	_cleanup_free_ char *words =
	    take(text, size, find_last(text, size, detail), detail, "\"\n", WORDS_MAX);
	_cleanup_(buffer_free) struct buffer sentence = BUFFER_INIT;
	enum acme_class class = ACME_REFUSED;
	const char *known = NULL;

	if (!at)
		return false;
	for (size_t i = 0; type && !known && i < ARRAY_SIZE(problems); i++)
		if (strcmp(type, problems[i].type) == 0) {
			class = problems[i].class;
			known = problems[i].sentence;
		}
	if (known) {
		const char *place = strstr(known, "%s");

		buffer_add(&sentence, known, (size_t)(place - known));
		buffer_addf(&sentence, "%s%s", names, place + 2);
	} else {
		buffer_addf(&sentence, "the authority refuses %s", names);
	}
	if (words && words[0])
		buffer_addf(&sentence, " (it says: %s)", words);
	set_error(said, class, buffer_take(&sentence));
	return true;
}

/* What libcurl, or uacme, said of a conversation that did not come about. */
static bool read_unreachable(const char *text, size_t size, struct acme_said *said)
{
	static const char directory[] = "failed to fetch directory at ", failed[] = " failed: ";
	const char *at = find_last(text, size, failed);
	bool no_directory = find(text, size, directory);
	_cleanup_free_ char *why = take(text, size, at, failed, "\r\n", WORDS_MAX);
	char *sentence = NULL;

	if (!at && !no_directory)
		return false;
	if (asprintf(&sentence, "the authority cannot be reached: %s",
		     why ? why : "it has no directory at that address") < 0)
		sentence = NULL;
	set_error(said, ACME_UNREACHABLE, sentence);
	return true;
}

/* The last line that is not uacme's own progress. */
static char *last_words(const char *text, size_t size)
{
	static const char prefix[] = "uacme: ";

	return take(text, size, find_last(text, size, prefix), prefix, "\r\n", WORDS_MAX);
}

void acme_said_read(const char *text, size_t size, int exit_status, const char *names,
		    struct acme_said *ret)
{
	struct acme_said said = ACME_SAID_INIT;
	char *sentence = NULL;

	read_account(text, size, &said);
	read_identities(text, size, &said);
	read_window(text, size, &said);
	if (exit_status > 1 && !read_problem(text, size, names, &said) &&
	    !read_unreachable(text, size, &said)) {
		if (find(text, size, "requires external credentials")) {
			sentence = strdup("the authority wants an account of its own; write "
					  "tls.acme.eab as it gives it");
			set_error(&said, ACME_REFUSED, sentence);
		} else if (find(text, size, "no account associated with")) {
			set_error(&said, ACME_NO_ACCOUNT,
				  strdup("the authority does not know the account"));
		} else {
			_cleanup_free_ char *words = last_words(text, size);

			if (asprintf(&sentence, "the order for %s failed: %s", names,
				     words ? words : "uacme said nothing") < 0)
				sentence = NULL;
			set_error(&said, ACME_FAILED, sentence);
		}
	}
	*ret = said;
}

void acme_said_clear(struct acme_said *said)
{
	free(said->error);
	free(said->account);
	json_decref(said->caa);
	*said = ACME_SAID_INIT;
}
