// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/outward.h"

#include <string.h>

#include "base/json_file.h"
#include "base/slice.h"
#include "queue/queue_list.h"

/* The words of Postfix's smtp(8) come first where both fit; "" ends what is asked for. */
static const struct {
	const char *words[2];
	enum outward_fault fault;
} known[] = {
    {{"SASL authentication failed; ", ""}, OUTWARD_LOGIN},
    {{" refused to talk to me: ", ""}, OUTWARD_REFUSED},
    {{" said: 53", ""}, OUTWARD_LOGIN},
    {{" said: 5", "relay"}, OUTWARD_LOGIN},
    {{" said: 5", "authenticat"}, OUTWARD_LOGIN},
    {{" said: ", ""}, OUTWARD_NONE}, /* of one message */
    {{"Server certificate not ", ""}, OUTWARD_CERTIFICATE},
    {{"TLS is required, but ", ""}, OUTWARD_CLEAR},
    {{"Cannot start TLS: ", ""}, OUTWARD_CLEAR},
    {{"connect to ", ""}, OUTWARD_SILENT},
    {{"lost connection with ", ""}, OUTWARD_SILENT},
    {{"conversation with ", ""}, OUTWARD_SILENT},
    {{"Host or domain name not found", ""}, OUTWARD_SILENT},
};

enum outward_fault outward_fault_of(const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(reason, known[i].words[0]) && strcasestr(reason, known[i].words[1]))
			return known[i].fault;
	return OUTWARD_NONE;
}

/* "[delivery temporarily suspended: ]connect to NAME[ADDRESS]:25: Connection timed out" */
static bool is_unreached(const char *reason, struct slice *ret_name)
{
	static const struct slice ends[] = {SLICE("Connection timed out"),
					    SLICE("Network is unreachable"),
					    SLICE("No route to host")};
	struct slice text = slice_of(reason), address;

	slice_skip(&text, SLICE("delivery temporarily suspended: "));
	if (!slice_skip(&text, SLICE("connect to ")) || !slice_until(&text, SLICE("["), ret_name) ||
	    !slice_until(&text, SLICE("]:25: "), &address))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++)
		if (slice_equal(text, ends[i]))
			return true;
	return false;
}

/* The place of a name, or the one that is not worth its room any more; NULL when all are. */
static struct outward_place *find_place(struct outward *outward, const char *name, int64_t arrival)
{
	struct outward_place *oldest = NULL;

	for (size_t i = 0; i < outward->place_count; i++) {
		struct outward_place *place = &outward->places[i];

		if (strcmp(place->name, name) == 0)
			return place;
		if (!oldest || place->arrival < oldest->arrival)
			oldest = place;
	}
	if (outward->place_count < OUTWARD_PLACES)
		return &outward->places[outward->place_count++];
	return oldest->arrival < arrival ? oldest : NULL;
}

static void add_place(struct outward *outward, struct slice name, int64_t arrival)
{
	char text[OUTWARD_NAME];
	struct outward_place *place;

	if (arrival > outward->now - OUTWARD_PATIENCE_S)
		return;
	slice_copy(name, text, sizeof(text));
	place = find_place(outward, text, arrival);
	if (!place || (strcmp(place->name, text) == 0 && place->arrival >= arrival))
		return;
	memcpy(place->name, text, sizeof(text));
	place->arrival = arrival;
}

void outward_add(struct outward *outward, const json_t *message)
{
	bool counted[OUTWARD_FAULTS] = {false};
	const json_t *recipient;
	size_t i;

	json_array_foreach(json_object_get(message, "recipients"), i, recipient)
	{
		const char *reason = json_text(recipient, "delay_reason");
		enum outward_fault fault = outward_fault_of(reason);
		struct slice name;

		/* a part of this machine is no server that mail leaves to */
		if (fault != OUTWARD_LOGIN && strcmp(queue_kind_of(reason).what, QUEUE_OTHERS) != 0)
			continue;
		outward->faults[fault] += fault != OUTWARD_NONE && !counted[fault];
		counted[fault] = true;
		if (is_unreached(reason, &name))
			add_place(outward, name, json_number(message, "arrival_time"));
	}
}

static size_t count_places(const struct outward *outward, int64_t left)
{
	size_t count = 0;

	for (size_t i = 0; i < outward->place_count; i++)
		count += outward->places[i].arrival > left;
	return count;
}

bool outward_is_blocked(const struct outward *outward, int64_t left)
{
	return count_places(outward, left) >= OUTWARD_BLOCKED;
}

bool outward_say_blocked(const struct outward *outward, int64_t left, struct buffer *text)
{
	if (!outward_is_blocked(outward, left))
		return false;
	buffer_addf(
	    text,
	    "for more than an hour no other server is reached by port 25 (%zu%s were tried): the "
	    "network is down, or the provider blocks that port; ask it to open port 25 "
	    "outward, or send through another server (role: smarthost)",
	    count_places(outward, left), outward->place_count == OUTWARD_PLACES ? " or more" : "");
	return true;
}

/* What is told first is what a person can mend. */
bool outward_say_smarthost(const struct outward *outward, const char *host, struct buffer *text)
{
	static const char *const sentences[OUTWARD_FAULTS] = {
	    [OUTWARD_LOGIN] = "does not take this machine's login; write the right smarthost.user "
			      "and smarthost.password",
	    [OUTWARD_CERTIFICATE] =
		"does not prove by its certificate that it has the name it should; its owner "
		"has to renew that, or write the right smarthost.host, smarthost.tls_name or "
		"smarthost.ca",
	    [OUTWARD_CLEAR] = "offers no TLS, and in the clear nothing is sent; write the right "
			      "smarthost.port, which is 587 or 465 with most",
	    [OUTWARD_REFUSED] = "does not talk to this machine; ask its owner why",
	    [OUTWARD_SILENT] = "does not answer; ask its owner, or write the right smarthost.host "
			       "and smarthost.port",
	};

	for (enum outward_fault fault = OUTWARD_NONE + 1; fault < OUTWARD_FAULTS; fault++) {
		size_t count = outward->faults[fault];

		if (count == 0)
			continue;
		buffer_addf(text, "the smarthost %s %s (%zu message%s for it)", host,
			    sentences[fault], count, count == 1 ? " waits" : "s wait");
		return true;
	}
	return false;
}
