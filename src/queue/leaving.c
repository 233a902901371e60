// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/leaving.h"

#include <string.h>

#include "base/json_file.h"
#include "base/slice.h"
#include "queue/queue_list.h"

/* The words of Postfix's smtp(8) come first where both fit; "" ends what is asked for. */
static const struct {
	const char *words[2];
	enum leaving_fault fault;
} known[] = {
    {{"SASL authentication failed; ", ""}, LEAVING_LOGIN},
    {{" refused to talk to me: ", ""}, LEAVING_REFUSED},
    {{" said: 53", ""}, LEAVING_LOGIN},
    {{" said: 5", "relay"}, LEAVING_LOGIN},
    {{" said: 5", "authenticat"}, LEAVING_LOGIN},
    {{" said: ", ""}, LEAVING_NONE}, /* of one message */
    {{"Server certificate not ", ""}, LEAVING_CERTIFICATE},
    {{"TLS is required, but ", ""}, LEAVING_CLEAR},
    {{"Cannot start TLS: ", ""}, LEAVING_CLEAR},
    {{"connect to ", ""}, LEAVING_SILENT},
    {{"lost connection with ", ""}, LEAVING_SILENT},
    {{"conversation with ", ""}, LEAVING_SILENT},
    {{"Host or domain name not found", ""}, LEAVING_SILENT},
};

enum leaving_fault leaving_fault_of(const char *reason)
{
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (strstr(reason, known[i].words[0]) && strcasestr(reason, known[i].words[1]))
			return known[i].fault;
	return LEAVING_NONE;
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
static struct leaving_place *find_place(struct leaving *leaving, const char *name, int64_t arrival)
{
	struct leaving_place *oldest = NULL;

	for (size_t i = 0; i < leaving->place_count; i++) {
		struct leaving_place *place = &leaving->places[i];

		if (strcmp(place->name, name) == 0)
			return place;
		if (!oldest || place->arrival < oldest->arrival)
			oldest = place;
	}
	if (leaving->place_count < LEAVING_PLACES)
		return &leaving->places[leaving->place_count++];
	return oldest->arrival < arrival ? oldest : NULL;
}

static void add_place(struct leaving *leaving, struct slice name, int64_t arrival)
{
	char text[LEAVING_NAME];
	struct leaving_place *place;

	if (arrival > leaving->now - LEAVING_PATIENCE_S)
		return;
	slice_copy(name, text, sizeof(text));
	place = find_place(leaving, text, arrival);
	if (!place || (strcmp(place->name, text) == 0 && place->arrival >= arrival))
		return;
	memcpy(place->name, text, sizeof(text));
	place->arrival = arrival;
}

void leaving_add(struct leaving *leaving, const json_t *message)
{
	bool counted[LEAVING_FAULTS] = {false};
	const json_t *recipient;
	size_t i;

	json_array_foreach(json_object_get(message, "recipients"), i, recipient)
	{
		const char *reason = json_text(recipient, "delay_reason");
		enum leaving_fault fault = leaving_fault_of(reason);
		struct slice name;

		/* a part of this machine is no server that mail leaves to */
		if (fault != LEAVING_LOGIN && strcmp(queue_kind_of(reason).what, QUEUE_OTHERS) != 0)
			continue;
		leaving->faults[fault] += fault != LEAVING_NONE && !counted[fault];
		counted[fault] = true;
		if (is_unreached(reason, &name))
			add_place(leaving, name, json_number(message, "arrival_time"));
	}
}

static size_t count_places(const struct leaving *leaving, int64_t left)
{
	size_t count = 0;

	for (size_t i = 0; i < leaving->place_count; i++)
		count += leaving->places[i].arrival > left;
	return count;
}

bool leaving_is_blocked(const struct leaving *leaving, int64_t left)
{
	return count_places(leaving, left) >= LEAVING_BLOCKED;
}

bool leaving_say_blocked(const struct leaving *leaving, int64_t left, struct buffer *text)
{
	if (!leaving_is_blocked(leaving, left))
		return false;
	buffer_addf(
	    text,
	    "for more than an hour no other server is reached by port 25 (%zu%s were tried): the "
	    "network is down, or the provider blocks that port; ask it to open port 25 "
	    "outward, or send through another server (role: smarthost)",
	    count_places(leaving, left), leaving->place_count == LEAVING_PLACES ? " or more" : "");
	return true;
}

/* What is told first is what a person can mend. */
bool leaving_say_smarthost(const struct leaving *leaving, const char *host, struct buffer *text)
{
	static const char *const sentences[LEAVING_FAULTS] = {
	    [LEAVING_LOGIN] = "does not take this machine's login; write the right smarthost.user "
			      "and smarthost.password",
	    [LEAVING_CERTIFICATE] =
		"does not prove by its certificate that it has the name it should; its owner "
		"has to renew that, or write the right smarthost.host, smarthost.tls_name or "
		"smarthost.ca",
	    [LEAVING_CLEAR] = "offers no TLS, and in the clear nothing is sent; write the right "
			      "smarthost.port, which is 587 or 465 with most",
	    [LEAVING_REFUSED] = "does not talk to this machine; ask its owner why",
	    [LEAVING_SILENT] = "does not answer; ask its owner, or write the right smarthost.host "
			       "and smarthost.port",
	};

	for (enum leaving_fault fault = LEAVING_NONE + 1; fault < LEAVING_FAULTS; fault++) {
		size_t count = leaving->faults[fault];

		if (count == 0)
			continue;
		buffer_addf(text, "the smarthost %s %s (%zu message%s for it)", host,
			    sentences[fault], count, count == 1 ? " waits" : "s wait");
		return true;
	}
	return false;
}
