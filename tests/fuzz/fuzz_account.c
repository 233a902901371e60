// SPDX-License-Identifier: GPL-3.0-or-later
/* Lines of the mail log, whoever wrote their text: the first byte chooses the program.
 * Every piece lies within the line; what is shown of it is text and nothing else. */
#include <stdint.h>
#include <stdlib.h>

#include "ledger/story.h"
#include "queue/queue_id.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
	enum line_writer writer;
	const char *identifier;
} writers[] = {
    {WRITER_POSTFIX, "postfix/smtpd"},
    {WRITER_POSTFIX, "postfix/filtered/smtpd"},
    {WRITER_POSTFIX, "postfix/cleanup"},
    {WRITER_POSTFIX, "postfix/qmgr"},
    {WRITER_POSTFIX, "postfix/amavis/smtp"},
    {WRITER_POSTFIX, "postfix/lmtp"},
    {WRITER_POSTFIX, "postfix/bounce"},
    {WRITER_POSTFIX, "postfix/pickup"},
    {WRITER_POSTSUPER, "postfix/postsuper"},
    {WRITER_AMAVIS, "amavis"},
    {WRITER_DOVECOT, "dovecot"},
    {WRITER_QUARANTINE, "postcask-quarantine"},
    {WRITER_ACCOUNT, "postcask-account"},
};

static void check_piece(struct slice piece, struct slice text)
{
	static const struct slice by_hand = SLICE("by hand");

	if (piece.size && !slice_equal(piece, by_hand) &&
	    (piece.at < text.at || piece.at + piece.size > text.at + text.size))
		abort();
}

static void check_line(size_t writer, struct slice text)
{
	struct slice identifier = slice_of(writers[writer].identifier);
	struct line line;

	line_parse(writers[writer].writer, identifier, text, &line);
	for (const struct slice *const *piece =
		 (const struct slice *const[]){
		     &line.id,		&line.other_id,	  &line.origin_id,  &line.client,
		     &line.login,	&line.message_id, &line.from,	    &line.to,
		     &line.original_to, &line.relay,	  &line.dsn,	    &line.text,
		     &line.filter_id,	&line.verdict,	  &line.quarantine, &line.mail_id,
		     &line.score,	&line.reason,	  &line.session,    NULL};
	     *piece; piece++)
		check_piece(**piece, text);
	if (line.kind == LINE_ACTIVE && !queue_is_id(line.id))
		abort();
}

/* The lines of one input are one message. */
static void tell(const uint8_t *data, size_t size)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	struct trace_event events[16] = {0};
	struct trace_message message = {.events = events};
	struct story story;
	const char *rest = (const char *)data, *end = rest + size;

	while (rest < end && message.count < ARRAY_SIZE(events)) {
		const char *stop = memchr(rest, '\n', (size_t)(end - rest));
		size_t writer = (unsigned char)*rest++ % ARRAY_SIZE(writers);
		struct trace_event *event = &events[message.count++];

		stop = stop && stop >= rest ? stop : end;
		check_line(writer, (struct slice){rest, (size_t)(stop - rest)});
		event->writer = writers[writer].writer;
		event->identifier = (char *)writers[writer].identifier;
		event->text = strndup(rest, (size_t)(stop - rest));
		rest = stop + (stop < end);
	}
	if (story_make(&message, NULL, &story, &error) < 0)
		abort();
	story_add_text(&story, &text);
	json_decref(story_json(&story));
	for (size_t i = 0; i < text.size; i++)
		if ((unsigned char)text.data[i] < ' ' && text.data[i] != '\n')
			abort();
	story_free(&story);
	for (size_t i = 0; i < message.count; i++)
		free(events[i].text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size && size <= 64 * 1024)
		tell(data, size);
	return 0;
}
