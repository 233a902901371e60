// SPDX-License-Identifier: GPL-3.0-or-later
#include "ledger/trace.h"

#include <errno.h>
#include <stdlib.h>

#include "ledger/graph.h"

enum {
	SESSIONS = 256, /* processes and deliveries under way, of which a note is kept */
};

/* What another line said a moment ago: by smtpd's process, or by Dovecot's session. */
struct notes {
	struct note {
		pid_t pid;
		char session[LINE_NAME_LIMIT];
		char text[256];
		uint32_t message; /* of a delivery whose folder is not known yet, or ID_NONE */
		size_t event;
	} of[SESSIONS];
	size_t next;
};

struct search {
	struct journal *journal;
	struct trace *trace;
	struct slice key; /* size 0: everything */
	uint64_t since;
	struct graph graph;
	struct notes notes;
};

static bool key_is(const struct search *search, struct slice text)
{
	return text.size && slice_equal(text, search->key);
}

static bool address_is(const struct search *search, struct slice text)
{
	return text.size && slice_equal_case(text, search->key);
}

/* Is this a line of a message asked for?  By time: of one that came since then; cleanup's
 * line is there once for each. */
static bool line_is_wanted(const struct search *search, const struct line *line)
{
	if (search->key.size == 0)
		return line->kind == LINE_MESSAGE_ID || line->kind == LINE_CLIENT ||
		       line->kind == LINE_PICKUP;
	return key_is(search, line->id) || key_is(search, line->other_id) ||
	       key_is(search, line->message_id) || key_is(search, line->quarantine) ||
	       key_is(search, line->mail_id) || key_is(search, line->filter_id) ||
	       address_is(search, line->from) || address_is(search, line->to) ||
	       address_is(search, line->original_to) || address_is(search, line->login);
}

static int find_ids(struct search *search, struct error *error)
{
	struct journal_line text;
	struct line line;
	uint32_t node;
	int result = journal_seek_time(search->journal, search->since, error);

	while (result == 0 && (result = journal_next(search->journal, &text, error)) > 0) {
		line_parse(text.writer, text.identifier, text.text, &line);
		result = graph_add(&search->graph, &line, text.time, &node);
		if (result == -ENOSPC)
			return error_set(error, ENOSPC,
					 "there are too many messages in the journal; add --since");
		if (result < 0)
			return error_set(error, -result, "out of memory");
		if (node != ID_NONE && line_is_wanted(search, &line))
			search->graph.nodes[graph_root(&search->graph, node)].wanted = true;
	}
	return result;
}

static struct note *find_note(struct notes *notes, pid_t pid, struct slice session)
{
	for (size_t i = 0; (session.size || pid > 0) && i < SESSIONS; i++)
		if (session.size ? slice_equal(slice_of(notes->of[i].session), session)
				 : notes->of[i].pid == pid)
			return &notes->of[i];
	return NULL;
}

static struct note *keep_note(struct notes *notes, pid_t pid, struct slice session,
			      struct slice text)
{
	struct note *note = find_note(notes, pid, session);

	if (!note)
		note = &notes->of[notes->next++ % SESSIONS];
	note->pid = pid;
	note->message = ID_NONE;
	slice_copy(session, note->session, sizeof(note->session));
	slice_copy(text, note->text, sizeof(note->text));
	return note;
}

/* "<alice@example.org> SESSION Saved" */
static struct slice answer_session(struct slice text)
{
	struct slice before;

	if (!slice_until(&text, SLICE("> "), &before) ||
	    !slice_until(&text, SLICE(" Saved"), &before))
		return (struct slice){0};
	return before;
}

/* Lines that belong to a message only by another one. */
static const char *note_of(struct notes *notes, pid_t pid, const struct line *line)
{
	const struct note *note = NULL;
	struct slice session;

	switch (line->kind) {
	case LINE_CONNECT:
		keep_note(notes, pid, (struct slice){0}, (struct slice){0});
		break;
	case LINE_TLS:
		keep_note(notes, pid, (struct slice){0}, line->text);
		break;
	case LINE_CLIENT:
		note = find_note(notes, pid, (struct slice){0});
		break;
	case LINE_DELIVERY:
		session = answer_session(line->text);
		note = session.size ? find_note(notes, -1, session) : NULL;
		break;
	default:
		break;
	}
	return note && note->text[0] ? note->text : NULL;
}

/* Dovecot's line may come before Postfix's or after it. */
static int tell_folder(struct search *search, const struct line *line)
{
	struct note *note = find_note(&search->notes, -1, line->session);
	struct trace_event *event;

	if (!note || note->message == ID_NONE) {
		keep_note(&search->notes, -1, line->session, line->text);
		return 0;
	}
	event = &search->trace->messages[note->message].events[note->event];
	free(event->note);
	event->note = strndup(line->text.at, line->text.size);
	return event->note ? 0 : -ENOMEM;
}

static void await_folder(struct search *search, const struct line *line,
			 const struct trace_message *message)
{
	struct slice session = answer_session(line->text);
	struct note *note;

	if (line->kind != LINE_DELIVERY || session.size == 0)
		return;
	note = keep_note(&search->notes, -1, session, (struct slice){0});
	note->message = (uint32_t)(message - search->trace->messages);
	note->event = message->count - 1;
}

static int get_message(struct search *search, uint32_t root, struct trace_message **ret_message)
{
	struct graph_node *node = &search->graph.nodes[root];
	struct trace *trace = search->trace;

	if (node->message == ID_NONE) {
		if (trace->count == trace->capacity) {
			size_t capacity = trace->capacity ? trace->capacity * 2 : 16;
			struct trace_message *messages =
			    reallocarray(trace->messages, capacity, sizeof(*messages));

			if (!messages)
				return -ENOMEM;
			trace->messages = messages;
			trace->capacity = capacity;
		}
		node->message = (uint32_t)trace->count;
		trace->messages[trace->count++] = (struct trace_message){0};
	}
	*ret_message = &trace->messages[node->message];
	return 0;
}

static int keep_event(struct trace_message *message, const struct journal_line *line,
		      const char *note)
{
	struct trace_event *event;

	if (message->count == message->capacity) {
		size_t capacity = message->capacity ? message->capacity * 2 : 16;
		struct trace_event *events =
		    reallocarray(message->events, capacity, sizeof(*events));

		if (!events)
			return -ENOMEM;
		message->events = events;
		message->capacity = capacity;
	}
	event = &message->events[message->count++];
	*event = (struct trace_event){
	    .time = line->time,
	    .writer = line->writer,
	    .identifier = strndup(line->identifier.at, line->identifier.size),
	    .text = strndup(line->text.at, line->text.size),
	    .note = note ? strdup(note) : NULL,
	};
	return event->identifier && event->text && (!note || event->note) ? 0 : -ENOMEM;
}

static int collect_line(struct search *search, const struct journal_line *text)
{
	struct trace_message *message;
	struct line line;
	const char *note;
	uint32_t node;
	int result;

	line_parse(text->writer, text->identifier, text->text, &line);
	if (line.kind == LINE_STORED)
		return tell_folder(search, &line);
	note = note_of(&search->notes, text->pid, &line);
	result = graph_add(&search->graph, &line, text->time, &node);
	if (result < 0 || node == ID_NONE)
		return result == -ENOSPC ? 0 : result; /* a line that came since */
	node = graph_root(&search->graph, node);
	if (!search->graph.nodes[node].wanted)
		return 0;
	search->trace->bytes += text->text.size + sizeof(struct trace_event);
	if (search->trace->bytes > TRACE_BYTES_LIMIT) {
		search->trace->shortened = true;
		return 0;
	}
	result = get_message(search, node, &message);
	if (result == 0)
		result = keep_event(message, text, note);
	if (result == 0 && !note)
		await_folder(search, &line, message);
	return result;
}

static int collect(struct search *search, struct error *error)
{
	struct journal_line text;
	int result = journal_seek_time(search->journal, search->since, error);

	while (result == 0 && (result = journal_next(search->journal, &text, error)) > 0) {
		result = collect_line(search, &text);
		if (result < 0)
			return error_set(error, -result, "out of memory");
	}
	return result;
}

int trace_find(struct journal *journal, const char *key, uint64_t since, struct trace *trace,
	       struct error *error)
{
	struct search *search = calloc(1, sizeof(*search));
	int result;

	if (!search)
		return error_set(error, ENOMEM, "out of memory");
	search->journal = journal;
	search->trace = trace;
	search->since = since;
	search->key = slice_of(key ? key : "");
	slice_skip(&search->key, SLICE("<"));
	if (slice_ends(search->key, SLICE(">")))
		search->key.size--;
	graph_init(&search->graph, TRACE_IDS_LIMIT);
	result = find_ids(search, error);
	if (result == 0)
		result = collect(search, error);
	graph_free(&search->graph);
	free(search);
	return result;
}

void trace_free(struct trace *trace)
{
	for (size_t i = 0; i < trace->count; i++) {
		struct trace_message *message = &trace->messages[i];

		for (size_t k = 0; k < message->count; k++) {
			free(message->events[k].identifier);
			free(message->events[k].text);
			free(message->events[k].note);
		}
		free(message->events);
	}
	free(trace->messages);
	*trace = TRACE_INIT;
}
