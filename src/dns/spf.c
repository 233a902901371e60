// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/spf.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"

enum {
	DEPTH_MAX = 10,
	/* Beyond it nothing is asked any more: the record is refused anyway. */
	COUNTED_MAX = 100,
	MX_MAX = 10,
	NAME_MAX_ = 255,
};

struct evaluation {
	unsigned char address[16];
	int family;
	unsigned bits;
	spf_look look;
	void *context;
	struct spf_verdict *verdict;
	bool open;
	unsigned depth;
};

struct term {
	char qualifier;
	struct slice name;
	struct slice value; /* of a mechanism after ":", of a modifier after "="; may be empty */
	bool modifier;
	unsigned four, six; /* prefix lengths */
};

static enum spf_result evaluate(struct evaluation *evaluation, const char *domain,
				const char *text);

static void broken(struct spf_verdict *verdict, const char *format, ...) _printf_(2, 3);
static void broken(struct spf_verdict *verdict, const char *format, ...)
{
	va_list arguments;

	if (verdict->why[0])
		return; /* the first is the cause */
	va_start(arguments, format);
	vsnprintf(verdict->why, sizeof(verdict->why), format, arguments);
	va_end(arguments);
}

bool spf_is_record(const char *text)
{
	return strncasecmp(text, "v=spf1", 6) == 0 && (text[6] == ' ' || text[6] == '\0');
}

static const struct dns_answer *ask(struct evaluation *evaluation, const char *name,
				    const char *type)
{
	const struct dns_answer *answer = evaluation->look(evaluation->context, name, type);

	if (!answer)
		evaluation->open = true;
	else if (answer->code == DNS_SILENT)
		evaluation->verdict->result = SPF_UNKNOWN;
	return answer;
}

/* A look-up that counts.  NULL: not there yet, or too many. */
static const struct dns_answer *ask_counted(struct evaluation *evaluation, const char *name,
					    const char *type)
{
	const struct dns_answer *answer;

	if (evaluation->verdict->lookups >= COUNTED_MAX)
		return NULL;
	evaluation->verdict->lookups++;
	answer = ask(evaluation, name, type);
	if (answer && answer->code != DNS_SILENT && dns_answer_count(answer, type) == 0)
		evaluation->verdict->voids++;
	return answer;
}

static bool in_network(const struct evaluation *evaluation, const unsigned char *network,
		       unsigned prefix)
{
	unsigned whole = prefix / 8, rest = prefix % 8;

	if (prefix > evaluation->bits)
		return false;
	if (memcmp(evaluation->address, network, whole) != 0)
		return false;
	return rest == 0 || (evaluation->address[whole] ^ network[whole]) >> (8 - rest) == 0;
}

/* The addresses of a name, of the family of ours. */
static bool match_addresses(struct evaluation *evaluation, const char *name, bool counted,
			    const struct term *term)
{
	const char *type = evaluation->family == AF_INET ? "A" : "AAAA";
	unsigned prefix = evaluation->family == AF_INET ? term->four : term->six;
	const struct dns_answer *answer =
	    counted ? ask_counted(evaluation, name, type) : ask(evaluation, name, type);
	const struct dns_record *record;
	unsigned char network[16];

	for (size_t i = 0; answer && (record = dns_answer_next(answer, type, &i));)
		if (inet_pton(evaluation->family, record->value, network) == 1 &&
		    in_network(evaluation, network, prefix))
			return true;
	return false;
}

static bool match_mx(struct evaluation *evaluation, const char *name, const struct term *term)
{
	const struct dns_answer *answer = ask_counted(evaluation, name, "MX");
	const struct dns_record *record;
	unsigned count = 0;
	bool matched = false;

	for (size_t i = 0; answer && (record = dns_answer_next(answer, "MX", &i));) {
		const char *host = strchr(record->value, ' ');

		if (++count > MX_MAX) {
			broken(evaluation->verdict, "%s has more than %d MX records", name, MX_MAX);
			return false;
		}
		if (host && strcmp(host + 1, ".") != 0 &&
		    match_addresses(evaluation, host + 1, false, term))
			matched = true;
	}
	return matched;
}

static bool match_network(struct evaluation *evaluation, int family, const struct term *term)
{
	unsigned char network[16];
	char text[INET6_ADDRSTRLEN];

	slice_copy(term->value, text, sizeof(text));
	if (inet_pton(family, text, network) != 1) {
		broken(evaluation->verdict, "\"%.*s:%s\" has no address", (int)term->name.size,
		       term->name.at, text);
		return false;
	}
	return family == evaluation->family &&
	       in_network(evaluation, network, family == AF_INET ? term->four : term->six);
}

static const char *record_of(struct evaluation *evaluation, const char *name)
{
	const struct dns_answer *answer = ask_counted(evaluation, name, "TXT");
	const struct dns_record *record;
	const char *found = NULL;
	unsigned count = 0;

	if (!answer)
		return NULL;
	for (size_t i = 0; (record = dns_answer_next(answer, "TXT", &i));)
		if (spf_is_record(record->value)) {
			found = record->value;
			count++;
		}
	if (count > 1)
		broken(evaluation->verdict, "%s, which it refers to, has %u SPF records", name,
		       count);
	else if (!found && answer->code != DNS_SILENT)
		broken(evaluation->verdict, "%s, which it refers to, has no SPF record", name);
	return count == 1 ? found : NULL;
}

/* SPF_NONE when nothing can be said of it. */
static enum spf_result refer(struct evaluation *evaluation, const char *name)
{
	const char *text;
	enum spf_result result;

	if (evaluation->depth >= DEPTH_MAX) {
		broken(evaluation->verdict, "it refers to itself, or %d times on", DEPTH_MAX);
		return SPF_NONE;
	}
	text = record_of(evaluation, name);
	if (!text)
		return SPF_NONE;
	evaluation->depth++;
	result = evaluate(evaluation, name, text);
	evaluation->depth--;
	return result;
}

/* The name a mechanism is about; false when it has a macro, which is not known here. */
static bool name_of(const struct term *term, const char *domain, char ret[NAME_MAX_ + 1])
{
	if (term->value.size == 0)
		snprintf(ret, NAME_MAX_ + 1, "%s", domain);
	else
		slice_copy(term->value, ret, NAME_MAX_ + 1);
	return !strchr(ret, '%');
}

/* "/24", "/24//64", "//64" at the end of `value`, which it is taken from. */
static bool take_prefix(struct term *term)
{
	struct slice before, rest = term->value;
	long long number;

	term->four = 32;
	term->six = 128;
	if (!slice_until(&rest, SLICE("/"), &before))
		return true;
	term->value = before;
	if (!slice_starts(rest, SLICE("/"))) {
		if (!slice_number(&rest, &number) || number > 128)
			return false;
		term->four = (unsigned)number;
		if (slice_equal_case(term->name, SLICE("ip6")))
			term->six = (unsigned)number;
		if (rest.size == 0)
			return term->four <= 32 || slice_equal_case(term->name, SLICE("ip6"));
		if (!slice_skip(&rest, SLICE("/")))
			return false;
	}
	if (!slice_skip(&rest, SLICE("/")) || !slice_number(&rest, &number) || number > 128)
		return false;
	term->six = (unsigned)number;
	return rest.size == 0;
}

static bool read_term(struct slice text, struct term *ret)
{
	struct term term = {.qualifier = '+'};
	size_t name = 0;

	if (strchr("+-~?", *text.at)) {
		term.qualifier = *text.at;
		text.at++;
		text.size--;
	}
	while (name < text.size && !memchr(":/=", text.at[name], 3))
		name++;
	term.name = (struct slice){text.at, name};
	term.value = (struct slice){text.at + name, text.size - name};
	term.modifier = term.value.size > 0 && *term.value.at == '=';
	if (term.value.size > 0 && *term.value.at != '/') {
		term.value.at++;
		term.value.size--;
		if (term.value.size == 0)
			return false;
	}
	*ret = term;
	return name > 0 && (term.modifier || take_prefix(ret));
}

static bool is(const struct term *term, const char *name)
{
	return slice_equal_case(term->name, slice_of(name));
}

/* Whether the mechanism matches. */
static bool match(struct evaluation *evaluation, const char *domain, const struct term *term)
{
	char name[NAME_MAX_ + 1];

	if (is(term, "all"))
		return true;
	if (is(term, "ip4") || is(term, "ip6"))
		return match_network(evaluation, is(term, "ip4") ? AF_INET : AF_INET6, term);
	if (!name_of(term, domain, name)) {
		evaluation->verdict->lookups++;
		evaluation->verdict->result = SPF_UNKNOWN;
		return false;
	}
	if (is(term, "a"))
		return match_addresses(evaluation, name, true, term);
	if (is(term, "mx"))
		return match_mx(evaluation, name, term);
	if (is(term, "include") && term->value.size > 0)
		return refer(evaluation, name) == SPF_PASS;
	if (is(term, "exists") && term->value.size > 0) {
		const struct dns_answer *answer = ask_counted(evaluation, name, "A");

		return answer && dns_answer_count(answer, "A") > 0;
	}
	if (is(term, "ptr")) {
		evaluation->verdict->ptr = true;
		evaluation->verdict->lookups++;
		return false;
	}
	broken(evaluation->verdict, "\"%.*s\" is nothing that SPF knows",
	       (int)(term->name.size < 60 ? term->name.size : 60), term->name.at);
	return false;
}

static enum spf_result result_of(char qualifier)
{
	switch (qualifier) {
	case '-':
		return SPF_FAIL;
	case '~':
		return SPF_SOFTFAIL;
	case '?':
		return SPF_NEUTRAL;
	default:
		return SPF_PASS;
	}
}

static void note_end(struct evaluation *evaluation, const struct term *term)
{
	if (evaluation->depth > 0)
		return;
	evaluation->verdict->open_end = false;
	evaluation->verdict->everybody = is(term, "all") && term->qualifier == '+';
}

/* All terms are gone through, for the cost; the first that matches decides. */
static enum spf_result evaluate(struct evaluation *evaluation, const char *domain, const char *text)
{
	struct slice rest = slice_of(text + strlen("v=spf1")), word;
	enum spf_result result = SPF_NONE;
	char redirect[NAME_MAX_ + 1] = "";

	while (rest.size > 0) {
		struct term term;

		if (!slice_until(&rest, SLICE(" "), &word)) {
			word = rest;
			rest.size = 0;
		}
		if (word.size == 0)
			continue;
		if (!read_term(word, &term)) {
			broken(evaluation->verdict, "\"%.*s\" is nothing that SPF knows",
			       (int)(word.size < 60 ? word.size : 60), word.at);
		} else if (term.modifier) {
			if (is(&term, "redirect") && name_of(&term, domain, redirect))
				note_end(evaluation, &term);
		} else {
			bool matched = match(evaluation, domain, &term);

			if (matched && result == SPF_NONE)
				result = result_of(term.qualifier);
			if (is(&term, "all")) { /* RFC 7208 §5.1: what follows is ignored */
				note_end(evaluation, &term);
				return result;
			}
		}
	}
	if (redirect[0])
		return result == SPF_NONE ? refer(evaluation, redirect) : result;
	return result == SPF_NONE ? SPF_NEUTRAL : result;
}

void spf_evaluate(const char *domain, const char *text, const char *address, spf_look look,
		  void *context, struct spf_verdict *ret)
{
	struct evaluation evaluation = {.look = look, .context = context, .verdict = ret};
	enum spf_result result;

	*ret = (struct spf_verdict){.result = SPF_NONE, .open_end = true};
	evaluation.family = strchr(address, ':') ? AF_INET6 : AF_INET;
	evaluation.bits = evaluation.family == AF_INET ? 32 : 128;
	if (inet_pton(evaluation.family, address, evaluation.address) != 1 || !spf_is_record(text))
		return;
	result = evaluate(&evaluation, domain, text);
	if (evaluation.open)
		ret->result = SPF_OPEN;
	else if (ret->why[0])
		ret->result = SPF_BROKEN;
	else if (ret->result != SPF_UNKNOWN || result == SPF_PASS)
		ret->result = result;
}
