// SPDX-License-Identifier: GPL-3.0-or-later
/* A story as text and as JSON. */
#include <time.h>

#include "ledger/id_table.h"
#include "ledger/story.h"

enum { ADDRESS_LIMIT = 320, TEXT_LIMIT = 200 };

static void add_time(struct buffer *text, uint64_t time, bool json)
{
	time_t seconds = (time_t)(time / 1000000);
	struct tm parts;
	char clock[40] = "";

	if (localtime_r(&seconds, &parts) && json)
		strftime(clock, sizeof(clock), "%FT%T%z", &parts);
	else if (localtime_r(&seconds, &parts))
		strftime(clock, sizeof(clock), "%F %T", &parts);
	buffer_add_text(text, clock);
}

static const char *port_of(struct slice service)
{
	if (slice_equal(service, SLICE("released")))
		return "(the quarantine)";
	if (slice_equal(service, SLICE("submission")))
		return "on port 587";
	if (slice_equal(service, SLICE("submissions")))
		return "on port 465";
	return slice_equal(service, SLICE("smtpd")) ? "on port 25" : "";
}

static bool client_text(const struct line *line, const char *note, struct buffer *text)
{
	if (line->forwarded)
		return false; /* it comes back; the line of the queue tells more */
	buffer_add_text(text, line->from_filter ? "made by the filter" : "offered by ");
	if (line->from_filter)
		return true;
	slice_add(text, line->client, TEXT_LIMIT);
	buffer_addf(text, " %s, %s", port_of(line->service), note ? note : "without TLS");
	if (line->login.size) {
		buffer_add_text(text, ", logged in as ");
		slice_add(text, line->login, ADDRESS_LIMIT);
	}
	return true;
}

static bool scan_text(const struct line *line, struct buffer *text)
{
	buffer_addf(text, "scanned in %.2f s: ", (double)line->milliseconds / 1000);
	slice_add(text, line->verdict, LINE_NAME_LIMIT);
	if (line->reason.size) {
		buffer_add_text(text, " ");
		slice_add(text, line->reason, TEXT_LIMIT);
	}
	if (line->score.size && !slice_equal(line->score, SLICE("-"))) {
		buffer_add_text(text, ", score ");
		slice_add(text, line->score, LINE_NAME_LIMIT);
	}
	if (line->quarantine.size) {
		buffer_add_text(text, ", in the quarantine as ");
		slice_add(text, line->quarantine, LINE_NAME_LIMIT);
	} else if (line->returned) {
		buffer_add_text(text, ", sent back to its sender");
	} else if (line->blocked) {
		buffer_add_text(text, ", kept back without a copy");
	}
	return true;
}

static bool delivery_text(const struct line *line, const char *note, struct buffer *text)
{
	static const char *const words[] = {
	    [STATUS_OTHER] = "tried for ",     [STATUS_SENT] = "delivered to ",
	    [STATUS_BOUNCED] = "refused for ", [STATUS_DEFERRED] = "waits for ",
	    [STATUS_EXPIRED] = "expired for ", [STATUS_ASKED] = "asked for the address ",
	};

	if (line->to_filter && line->status == STATUS_SENT)
		return false; /* the filter's own line tells more, or the new sender's */
	buffer_add_text(text, line->discarded ? "discarded for " : words[line->status]);
	slice_add(text, line->to, ADDRESS_LIMIT);
	if (line->original_to.size) {
		buffer_add_text(text, " (for ");
		slice_add(text, line->original_to, ADDRESS_LIMIT);
		buffer_add_text(text, ")");
	}
	if (note) {
		buffer_add_text(text, ", folder ");
		slice_add(text, slice_of(note), TEXT_LIMIT);
		return true;
	}
	buffer_add_text(text, line->status == STATUS_SENT ? ", " : ": ");
	if (line->status == STATUS_SENT) {
		slice_add(text, line->relay, TEXT_LIMIT);
		buffer_add_text(text, " answered ");
	}
	slice_add(text, line->text, TEXT_LIMIT);
	return true;
}

static bool active_text(const struct line *line, struct buffer *text)
{
	buffer_add_text(text, "accepted: from <");
	slice_add(text, line->from, ADDRESS_LIMIT);
	buffer_addf(text, ">, %lld bytes, %lld recipient%s", line->size, line->recipients,
		    line->recipients == 1 ? "" : "s");
	return true;
}

/* Words, then a piece of the line. */
static bool words_text(const char *words, struct slice piece, struct buffer *text)
{
	buffer_add_text(text, words);
	slice_add(text, piece, TEXT_LIMIT);
	return true;
}

static bool line_text(const struct line *line, const char *note, struct buffer *text)
{
	struct slice nothing = {0};

	switch (line->kind) {
	case LINE_CLIENT:
		return client_text(line, note, text);
	case LINE_PICKUP:
		return words_text("given by sendmail(1), user id ", line->login, text);
	case LINE_ACTIVE:
		return active_text(line, text);
	case LINE_DELIVERY:
		return delivery_text(line, note, text);
	case LINE_SCANNED:
		return scan_text(line, text);
	case LINE_EXPIRED:
		return words_text("expired in the queue, goes back to the sender", nothing, text);
	case LINE_REMOVED:
		return words_text("done with", nothing, text);
	case LINE_DELETED:
		return words_text("deleted from the queue, by hand", nothing, text);
	case LINE_HELD:
		return words_text("put on hold: ", line->text, text);
	case LINE_FREED:
		return words_text("released from hold", nothing, text);
	case LINE_REQUEUED:
		return words_text("put into the queue anew, by hand", nothing, text);
	case LINE_DISCARDED:
		return words_text("accepted and discarded by the configuration: ", line->text,
				  text);
	case LINE_CORRUPT:
		return words_text("its queue file is broken and was set apart", nothing, text);
	case LINE_RELEASED:
	case LINE_COPIED:
	case LINE_DESTROYED:
		return words_text("quarantine: ", line->text, text);
	case LINE_SETTLED:
		return words_text("a person knows what became of it", nothing, text);
	case LINE_NOTICE:
		words_text("told in message ", line->other_id, text);
		return words_text(": notice of ", line->text, text);
	default:
		return false;
	}
}

bool story_event_text(const struct trace_event *event, struct buffer *text)
{
	struct line line;

	line_parse(event->writer, slice_of(event->identifier), slice_of(event->text), &line);
	return line_text(&line, event->note, text);
}

/* "active" comes again with each try: was it there before the line `index`, for this id or
 * (size 0) any? */
static bool was_active(const struct story *story, size_t index, struct slice id)
{
	for (size_t i = 0; i < index; i++) {
		const struct trace_event *event = &story->message->events[i];
		struct line line;

		line_parse(event->writer, slice_of(event->identifier), slice_of(event->text),
			   &line);
		if (line.kind == LINE_ACTIVE && (id.size == 0 || slice_equal(line.id, id)))
			return true;
	}
	return false;
}

/* Did this id come back with another sender? */
static bool came_around(const struct story *story, size_t index, struct slice id)
{
	for (size_t i = 0; i < index; i++) {
		const struct trace_event *event = &story->message->events[i];
		struct line line;

		line_parse(event->writer, slice_of(event->identifier), slice_of(event->text),
			   &line);
		if (line.kind == LINE_CLIENT && line.around && slice_equal(line.id, id))
			return true;
	}
	return false;
}

static void add_return(const struct story *story, size_t index, const struct line *line,
		       struct buffer *text)
{
	buffer_reset(text);
	if (came_around(story, index, line->id)) {
		buffer_add_text(text, "to be forwarded as from <");
		slice_add(text, line->from, ADDRESS_LIMIT);
		buffer_add_text(text, ">");
	} else {
		buffer_add_text(text, "back from the filter");
	}
	buffer_addf(text, ": %lld bytes, %lld recipient%s", line->size, line->recipients,
		    line->recipients == 1 ? "" : "s");
}

static void add_event(const struct story *story, size_t index, struct buffer *text)
{
	const struct trace_event *event = &story->message->events[index];
	_cleanup_(buffer_free) struct buffer sentence = BUFFER_INIT;
	struct line line;

	line_parse(event->writer, slice_of(event->identifier), slice_of(event->text), &line);
	if (line.kind == LINE_REMOVED ||
	    (line.kind == LINE_ACTIVE && was_active(story, index, line.id)) ||
	    !line_text(&line, event->note, &sentence))
		return;
	if (line.kind == LINE_ACTIVE && was_active(story, index, (struct slice){0}))
		add_return(story, index, &line, &sentence);
	buffer_add_text(text, "  ");
	add_time(text, event->time, false);
	buffer_add_text(text, "  ");
	slice_add(text, line.id.size ? line.id : line.filter_id, QUEUE_ID_LIMIT);
	buffer_addf(text, "%s%s\n", line.id.size || line.filter_id.size ? "  " : "",
		    buffer_text(&sentence));
}

void story_add_text(const struct story *story, struct buffer *text)
{
	buffer_addf(text, "%s: message <", story_state_name(story->state));
	slice_add(text, story->message_id, ADDRESS_LIMIT);
	buffer_add_text(text, "> from <");
	slice_add(text, story->from, ADDRESS_LIMIT);
	buffer_addf(text, ">, %lld bytes\n", story->size);
	for (size_t i = 0; i < story->message->count; i++)
		add_event(story, i, text);
	for (size_t i = 0; i < story->count; i++) {
		const struct story_recipient *recipient = &story->recipients[i];

		buffer_add_text(text, "  -> ");
		slice_add(text, recipient->address, ADDRESS_LIMIT);
		buffer_addf(text, ": %s", story_state_name(recipient->state));
		if (recipient->state == STORY_WAITING) {
			buffer_add_text(text, " since ");
			add_time(text, recipient->time, false);
		}
		buffer_addf(text, "%s%s\n", recipient->detail ? ": " : "",
			    recipient->detail ? recipient->detail : "");
	}
}

static json_t *json_piece(struct slice piece)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	slice_add(&text, piece, LINE_LIMIT);
	return json_string(buffer_text(&text));
}

static json_t *json_time(uint64_t time)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	add_time(&text, time, true);
	return json_string(buffer_text(&text));
}

static json_t *json_event(const struct trace_event *event)
{
	_cleanup_(buffer_free) struct buffer sentence = BUFFER_INIT;
	struct line line;

	line_parse(event->writer, slice_of(event->identifier), slice_of(event->text), &line);
	if (!line_text(&line, event->note, &sentence))
		return NULL;
	return json_pack("{s:o, s:o, s:s}", "time", json_time(event->time), "id",
			 json_piece(line.id), "text", buffer_text(&sentence));
}

static void add_id(json_t *ids, struct slice id)
{
	const json_t *known;
	size_t i;

	json_array_foreach(ids, i,
			   known) if (slice_equal(slice_of(json_string_value(known)), id)) return;
	if (id.size)
		json_array_append_new(ids, json_piece(id));
}

json_t *story_json(const struct story *story)
{
	json_t *events = json_array(), *recipients = json_array(), *ids = json_array();

	for (size_t i = 0; i < story->message->count; i++) {
		const struct trace_event *event = &story->message->events[i];
		json_t *object = json_event(event);
		struct line line;

		line_parse(event->writer, slice_of(event->identifier), slice_of(event->text),
			   &line);
		add_id(ids, line.id);
		if (object)
			json_array_append_new(events, object);
	}
	for (size_t i = 0; i < story->count; i++) {
		const struct story_recipient *recipient = &story->recipients[i];

		json_array_append_new(
		    recipients, json_pack("{s:o, s:o, s:s, s:o, s:s}", "address",
					  json_piece(recipient->address), "original",
					  recipient->original.size ? json_piece(recipient->original)
								   : json_null(),
					  "state", story_state_name(recipient->state), "since",
					  json_time(recipient->time), "detail",
					  recipient->detail ? recipient->detail : ""));
	}
	return json_pack(
	    "{s:s, s:o, s:o, s:I, s:o, s:o, s:o}", "state", story_state_name(story->state),
	    "message_id", json_piece(story->message_id), "from", json_piece(story->from), "size",
	    (json_int_t)story->size, "ids", ids, "recipients", recipients, "events", events);
}
