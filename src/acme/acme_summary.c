// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_summary.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_public.h"

enum { PERSISTENT = 3 }; /* failures in a row: more than one bad hour */

static json_t *load(const char *keys, const char *name)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(keys, name);
	json_t *value = NULL;

	return json_file_read(path, JSON_FILE_LIMIT, 0, &value, &none) == 0 ? value : NULL;
}

static json_t *text_or_null(const json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	return json_is_string(value) && json_string_length(value) ? json_incref(value)
								  : json_null();
}

static json_t *certificate_json(const char *id, const json_t *order)
{
	long long begin = json_number(order, "begin"), end = json_number(order, "end");
	const char *domain = json_text(order, "domain");
	const char *what = domain[0]			 ? domain
			   : strcmp(id, "host-rsa") == 0 ? "the host, RSA"
							 : "the host, ECDSA";
	json_t *names = json_object_get(order, "names");

	return json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:o}", "for", what, "names",
			 json_is_array(names) ? json_incref(names) : json_array(), "end",
			 (json_int_t)end, "life", (json_int_t)(end - begin), "next",
			 (json_int_t)json_number(order, "next"), "failures",
			 (json_int_t)json_number(order, "failures"), "error",
			 text_or_null(order, "error"));
}

json_t *acme_summary(const char *keys, int64_t now _unused_)
{
	_cleanup_json_ json_t *public = load(keys, CERTIFICATE_PUBLIC);
	_cleanup_json_ json_t *state = load(keys, CERTIFICATE_ACME_STATE);
	bool wanted = json_is_string(json_object_get(public, "method"));
	const json_t *authority = json_object_get(state, "authority"), *order;
	json_t *summary, *list;
	const char *id;

	if (!public)
		return NULL;
	summary =
	    json_pack("{s:o, s:O, s:o, s:o, s:o, s:[]}", "authority",
		      wanted ? text_or_null(state, "directory") : json_null(), "public",
		      json_object_get(public, "public"), "account", text_or_null(public, "account"),
		      "method", text_or_null(public, "method"), "unreachable",
		      wanted && json_number(authority, "failures") > 0 ? json_deep_copy(authority)
								       : json_null(),
		      "certificates");
	list = json_object_get(summary, "certificates");
	json_object_foreach(json_object_get(state, "orders"), id, order)
	{
		bool empty = json_text(order, "domain")[0] && !json_object_get(order, "end") &&
			     !json_object_get(order, "error");

		if (wanted && !empty)
			json_array_append_new(list, certificate_json(id, order));
	}
	return summary;
}

static void add_names(const json_t *names, struct buffer *text)
{
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name)
	    buffer_addf(text, "%s%s", i ? ", " : ": ", json_string_value(name));
}

static void add_attempt(const json_t *attempt, int64_t now, struct buffer *text)
{
	const char *error = json_text(attempt, "error");
	char next[TIME_TEXT];

	if (!error[0])
		return;
	buffer_addf(text, "    %s\n", error);
	certificate_format_time(json_number(attempt, "next"), next);
	if (json_number(attempt, "next") > now)
		buffer_addf(text, "    next attempt %s (postcask cert renew: at once)\n", next);
}

void acme_summary_text(const json_t *summary, int64_t now, struct buffer *text)
{
	const char *authority = json_text(summary, "authority");
	const json_t *certificate;
	char end[TIME_TEXT];
	size_t i;

	if (!authority[0]) {
		buffer_add_text(text,
				json_is_true(json_object_get(summary, "public"))
				    ? "authority: none; the certificate is given in the settings\n"
				    : "authority: the machine's own (postcask cert ca)\n");
		return;
	}
	buffer_addf(text, "authority: %s, by %s\n", authority, json_text(summary, "method"));
	if (json_text(summary, "account")[0])
		buffer_addf(text, "account: %s\n", json_text(summary, "account"));
	add_attempt(json_object_get(summary, "unreachable"), now, text);
	json_array_foreach(json_object_get(summary, "certificates"), i, certificate)
	{
		buffer_addf(text, "%s", json_text(certificate, "for"));
		add_names(json_object_get(certificate, "names"), text);
		certificate_format_time(json_number(certificate, "end"), end);
		if (json_number(certificate, "end") > 0)
			buffer_addf(text, "; until %s (%lld days)\n", end,
				    (json_number(certificate, "end") - now) / 86400);
		else
			buffer_add_text(text, "; not there yet\n");
		add_attempt(certificate, now, text);
	}
}

/* How bad it is that this one was not renewed. */
static enum acme_alarm judge_one(const json_t *certificate, const json_t *unreachable, int64_t now)
{
	long long end = json_number(certificate, "end"), life = json_number(certificate, "life");
	long long failures = json_number(certificate, "failures");
	long long away = json_number(unreachable, "failures");

	if (failures == 0 && away == 0 && !json_text(certificate, "error")[0])
		return ACME_QUIET;
	if (end == 0)
		return ACME_NOTE; /* there was none: the machine's own serves */
	if (end - now < life / 10)
		return ACME_URGENT;
	return end - now < life / 3 && (failures >= PERSISTENT || away >= PERSISTENT)
		   ? ACME_DEGRADED
		   : ACME_NOTE;
}

static char *sentence_of(const json_t *certificate, const json_t *unreachable, int64_t now)
{
	const char *error = json_text(certificate, "error"), *what = json_text(certificate, "for");
	long long end = json_number(certificate, "end");
	char when[TIME_TEXT], *sentence;
	int size;

	if (!error[0])
		error = json_text(unreachable, "error");
	certificate_format_time(end, when);
	if (end == 0)
		size = asprintf(&sentence, "there is no public certificate for %s yet: %s", what,
				error);
	else if (end <= now)
		size = asprintf(&sentence,
				"the public certificate for %s ended on %s, and the machine's own "
				"serves: %s",
				what, when, error);
	else
		size = asprintf(&sentence,
				"the certificate for %s ends on %s and could not be renewed: %s",
				what, when, error);
	return size < 0 ? NULL : sentence;
}

enum acme_alarm acme_summary_judge(const json_t *summary, int64_t now, char **ret_sentence)
{
	const json_t *unreachable = json_object_get(summary, "unreachable");
	const json_t *certificate, *worst = NULL;
	enum acme_alarm alarm = ACME_QUIET;
	size_t i;

	*ret_sentence = NULL;
	if (!json_text(summary, "authority")[0])
		return ACME_QUIET;
	json_array_foreach(json_object_get(summary, "certificates"), i, certificate)
	{
		enum acme_alarm one = judge_one(certificate, unreachable, now);

		if (one > alarm) {
			alarm = one;
			worst = certificate;
		}
	}
	if (worst)
		*ret_sentence = sentence_of(worst, unreachable, now);
	return alarm;
}
