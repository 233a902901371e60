// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/event.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"

/* tlsrpt.h of libtlsrpt 0.5, RFC 8460 §4.3. */
static const struct {
	int code;
	const char *name;
} results[] = {
    {201, "starttls-not-supported"},
    {202, "certificate-host-mismatch"},
    {203, "certificate-not-trusted"},
    {204, "certificate-expired"},
    {205, "validation-failure"},
    {301, "sts-policy-fetch-error"},
    {302, "sts-policy-invalid"},
    {303, "sts-webpki-invalid"},
    {304, "tlsa-invalid"},
    {305, "dnssec-invalid"},
    {306, "dane-required"},
};

static const struct {
	const char *theirs, *ours;
} details[] = {
    {"s", "sending-mta-ip"},	{"r", "receiving-ip"},		 {"n", "receiving-mx-hostname"},
    {"h", "receiving-mx-helo"}, {"a", "additional-information"}, {"f", "failure-reason-code"},
};

static const char *kind_of(long long number)
{
	return number == 1 ? "tlsa" : number == 2 ? "sts" : number == 9 ? "no-policy-found" : NULL;
}

/* At most so long, and nothing that moves a terminal's cursor. */
static json_t *harmless(struct slice text)
{
	_cleanup_(buffer_free) struct buffer buffer = BUFFER_INIT;

	slice_add(&buffer, text, EVENT_TEXT);
	return json_string(buffer_text(&buffer));
}

static bool copy_list(const json_t *from, const char *theirs, json_t *to, const char *ours)
{
	const json_t *list = json_object_get(from, theirs), *one;
	json_t *copy;
	size_t i;

	if (!json_is_array(list))
		return true;
	copy = json_array();
	json_array_foreach(list, i, one) if (i < EVENT_STRINGS && json_is_string(one))
	    json_array_append_new(copy, harmless(slice_of(json_string_value(one))));
	return json_object_set_new(to, ours, copy) == 0;
}

static json_t *read_policy(const json_t *from)
{
	const char *kind = kind_of(json_number(from, "policy-type"));
	const char *domain = json_text(from, "policy-domain");
	json_t *policy = kind ? json_pack("{s:s}", "policy-type", kind) : NULL;

	if (!policy)
		return NULL;
	if (domain[0])
		json_object_set_new(policy, "policy-domain", harmless(slice_of(domain)));
	if (!copy_list(from, "policy-string", policy, "policy-string") ||
	    !copy_list(from, "mx-host", policy, "mx-host")) {
		json_decref(policy);
		return NULL;
	}
	return policy;
}

/* Postfix has the whole answer to EHLO, of which a report has the name (RFC 8460 §4.3). */
static struct slice first_line(const char *text)
{
	struct slice slice = {text, strcspn(text, "\r\n")};

	if (!slice_skip(&slice, SLICE("250-")))
		slice_skip(&slice, SLICE("250 "));
	return slice;
}

static json_t *read_failure(const json_t *from)
{
	long long code = json_number(from, "c");
	const char *name = "validation-failure";
	json_t *failure;

	for (size_t i = 0; i < ARRAY_SIZE(results); i++)
		if (results[i].code == code)
			name = results[i].name;
	failure = json_pack("{s:s}", "result-type", name);
	for (size_t i = 0; failure && i < ARRAY_SIZE(details); i++) {
		const char *text = json_text(from, details[i].theirs);

		if (text[0])
			json_object_set_new(failure, details[i].ours, harmless(first_line(text)));
	}
	return failure;
}

static bool take_policy(const json_t *from, struct event *event)
{
	struct event_policy *policy = &event->policies[event->count];
	const json_t *failure;
	size_t i;

	policy->policy = read_policy(from);
	if (!policy->policy)
		return false;
	event->count++;
	policy->failed = json_number(from, "f") != 0;
	json_array_foreach(json_object_get(from, "failure-details"), i, failure)
	{
		json_t *read = i < EVENT_FAILURES ? read_failure(failure) : NULL;

		if (read)
			policy->failures[policy->failure_count++] = read;
	}
	return true;
}

static bool read_event(const json_t *datagram, struct event *event)
{
	const char *domain = json_text(datagram, "d"), *record = json_text(datagram, "pr");
	const json_t *policy;
	size_t i;

	/* Before 0.5.1 it does not say its version. */
	if (strcmp(json_text(datagram, "dpv"), "1") > 0 || strlen(domain) >= OUTWARD_NAME ||
	    strlen(record) > 2 * EVENT_TEXT)
		return false;
	for (i = 0; domain[i]; i++)
		event->domain[i] = (char)tolower((unsigned char)domain[i]);
	event->record = strdup(record);
	if (!event->record || !outward_is_name(event->domain))
		return false;
	json_array_foreach(json_object_get(datagram, "policies"), i,
			   policy) if (i >= EVENT_POLICIES ||
				       !take_policy(policy, event)) return false;
	return event->count > 0;
}

bool event_parse(struct slice datagram, struct event *ret)
{
	_cleanup_json_ json_t *read =
	    json_loadb(datagram.at, datagram.size, JSON_REJECT_DUPLICATES, NULL);
	struct event event = EVENT_INIT;

	if (!json_is_object(read) || !read_event(read, &event)) {
		event_clear(&event);
		return false;
	}
	*ret = event;
	return true;
}

void event_clear(struct event *event)
{
	for (size_t i = 0; i < event->count; i++) {
		json_decref(event->policies[i].policy);
		for (size_t j = 0; j < event->policies[i].failure_count; j++)
			json_decref(event->policies[i].failures[j]);
	}
	free(event->record);
	*event = EVENT_INIT;
}
