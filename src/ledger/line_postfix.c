// SPDX-License-Identifier: GPL-3.0-or-later
/* Postfix's lines: "ID: key=value, key=value", with addresses in < and >. */
#include "ledger/line_private.h"
#include "queue/queue_id.h"

/* The value up to ", " or the end. */
static struct slice take_value(struct slice *text)
{
	struct slice value;

	if (slice_until(text, SLICE(", "), &value))
		return value;
	value = *text;
	*text = (struct slice){text->at + text->size, 0};
	return value;
}

/* "client=NAME[ADDRESS], sasl_method=..., sasl_username=..., orig_queue_id=..., ..."; the
 * name is one of the DNS. */
static void parse_client(struct slice text, struct line *line)
{
	line->kind = LINE_CLIENT;
	line->client = take_value(&text);
	while (text.size) {
		struct slice value = take_value(&text);

		if (slice_skip(&value, SLICE("sasl_username="))) {
			line->login = value;
		} else if (line->from_filter && slice_skip(&value, SLICE("orig_queue_id="))) {
			line->forwarded = true;
			if (queue_is_id(value))
				line->origin_id = value;
		} else if (line->from_filter && slice_skip(&value, SLICE("orig_client="))) {
			line->forwarded = true;
		}
	}
}

/* "[Anonymous ]TLS connection established from CLIENT: PROTOCOL with cipher ..." */
static void parse_session(struct slice text, struct line *line)
{
	struct slice before;

	if (slice_starts(text, SLICE("connect from "))) {
		line->kind = LINE_CONNECT;
	} else if (slice_until(&text, SLICE("TLS connection established from "), &before) &&
		   before.size < 20 && slice_until(&text, SLICE("]: "), &line->client)) {
		line->text = line_take_word(&text, ".");
		line->kind = LINE_TLS;
	}
}

static void parse_smtpd(struct slice text, struct line *line)
{
	if (slice_skip(&text, SLICE("client="))) {
		parse_client(text, line);
	} else if (slice_starts(text, SLICE("hold: "))) {
		/* What follows is the client's. */
		line->kind = LINE_HELD;
		line->text = SLICE("as it was sent");
	}
}

static void parse_pickup(struct slice text, struct line *line)
{
	if (!slice_skip(&text, SLICE("uid=")))
		return;
	line->login = line_take_word(&text, "");
	if (!slice_skip(&text, SLICE(" from=")) || !line_take_address(&text, &line->from))
		return;
	line->kind = LINE_PICKUP;
	if (slice_skip(&text, SLICE(" orig_id=")) && queue_is_id(text))
		line->origin_id = text;
}

/* Everything after "message-id=" is the header's. */
static void parse_cleanup(struct slice text, struct line *line)
{
	if (slice_skip(&text, SLICE("message-id="))) {
		line->kind = LINE_MESSAGE_ID;
		slice_skip(&text, SLICE("<"));
		if (slice_ends(text, SLICE(">")))
			text.size--;
		line->message_id = text;
	} else if (slice_skip(&text, SLICE("hold: "))) {
		line->kind = LINE_HELD;
		line->text = text;
	} else if (slice_skip(&text, SLICE("discard: "))) {
		line->kind = LINE_DISCARDED;
		line->text = text;
	}
}

static void parse_qmgr(struct slice text, struct line *line)
{
	if (slice_starts(text, SLICE("removed"))) {
		line->kind = LINE_REMOVED;
		return;
	}
	if (!slice_skip(&text, SLICE("from=")) || !line_take_address(&text, &line->from))
		return;
	if (slice_starts(text, SLICE(", status=expired")) ||
	    slice_starts(text, SLICE(", status=force-expired"))) {
		line->kind = LINE_EXPIRED;
	} else if (slice_skip(&text, SLICE(", size=")) && slice_number(&text, &line->size) &&
		   slice_skip(&text, SLICE(", nrcpt=")) && slice_number(&text, &line->recipients)) {
		line->kind = LINE_ACTIVE;
	}
}

static enum line_status status_of(struct slice word)
{
	static const struct {
		struct slice word;
		enum line_status status;
	} words[] = {
	    {SLICE("sent"), STATUS_SENT},	  {SLICE("bounced"), STATUS_BOUNCED},
	    {SLICE("deferred"), STATUS_DEFERRED}, {SLICE("expired"), STATUS_EXPIRED},
	    {SLICE("deliverable"), STATUS_ASKED}, {SLICE("undeliverable"), STATUS_ASKED},
	};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (slice_equal(word, words[i].word))
			return words[i].status;
	return STATUS_OTHER;
}

/* "queued as ID" ends the answer of the filter, which repeats that of our port 10025. */
static void find_successor(struct line *line)
{
	struct slice rest = line->text, before;

	while (slice_until(&rest, SLICE("queued as "), &before))
		line->other_id = rest;
	if (!queue_is_id(line->other_id))
		line->other_id = (struct slice){0};
}

/* "to=<A>, orig_to=<A>, relay=..., delay=..., delays=..., dsn=..., status=WORD (text)" */
static void parse_delivery(struct slice text, struct line *line)
{
	if (!slice_skip(&text, SLICE("to=")) || !line_take_address(&text, &line->to))
		return;
	if (slice_skip(&text, SLICE(", orig_to=")) && !line_take_address(&text, &line->original_to))
		return;
	slice_skip(&text, SLICE(", "));
	while (text.size && !slice_skip(&text, SLICE("status="))) {
		struct slice value = take_value(&text);

		if (slice_skip(&value, SLICE("relay=")))
			line->relay = value;
		else if (slice_skip(&value, SLICE("dsn=")))
			line->dsn = value;
	}
	if (text.size == 0)
		return;
	line->kind = LINE_DELIVERY;
	line->status = status_of(line_take_word(&text, ""));
	if (slice_skip(&text, SLICE(" (")) && slice_ends(text, SLICE(")")))
		text.size--;
	line->text = text;
	if (line->to_filter && line->status == STATUS_SENT)
		find_successor(line);
}

/* "sender non-delivery notification: ID" */
static void parse_bounce(struct slice text, struct line *line)
{
	struct slice what;

	if (slice_until(&text, SLICE(" notification: "), &what) && queue_is_id(text)) {
		line->kind = LINE_NOTICE;
		line->text = what;
		line->other_id = text;
	}
}

/* "warning: saving corrupt file "ID" from queue "active" to queue "corrupt"" */
static bool parse_corrupt(struct slice text, struct line *line)
{
	return slice_skip(&text, SLICE("warning: saving corrupt file \"")) &&
	       slice_until(&text, SLICE("\""), &line->id) && queue_is_id(line->id);
}

void line_parse_postfix(struct slice identifier, struct slice text, struct line *line)
{
	static const struct {
		struct slice program;
		void (*parse)(struct slice text, struct line *line);
	} programs[] = {
	    {SLICE("smtpd"), parse_smtpd},     {SLICE("pickup"), parse_pickup},
	    {SLICE("cleanup"), parse_cleanup}, {SLICE("qmgr"), parse_qmgr},
	    {SLICE("bounce"), parse_bounce},
	};
	struct slice program = identifier, service, before;

	slice_until(&program, SLICE("/"), &before);
	service = program;
	while (slice_until(&program, SLICE("/"), &before))
		service = before;
	line->service = service;
	if (parse_corrupt(text, line)) {
		line->kind = LINE_CORRUPT;
		return;
	}
	if (!line_take_id(&text, &line->id)) {
		if (slice_equal(program, SLICE("smtpd")))
			parse_session(text, line);
		return;
	}
	line->around = slice_equal(service, SLICE("srs"));
	line->from_filter = line->around || slice_equal(service, SLICE("filtered")) ||
			    slice_equal(service, SLICE("signed")); /* by way of OpenDKIM */
	line->to_filter = line->around || slice_equal(service, SLICE("amavis")) ||
			  slice_equal(service, SLICE("signer")); /* where there is no filter */
	line->discarded = slice_equal(program, SLICE("discard"));
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (slice_equal(program, programs[i].program)) {
			programs[i].parse(text, line);
			if (line->kind != LINE_NONE)
				return;
		}
	parse_delivery(text, line);
}

void line_parse_postsuper(struct slice identifier _unused_, struct slice text, struct line *line)
{
	static const struct {
		struct slice text;
		enum line_kind kind;
	} kinds[] = {
	    {SLICE("removed"), LINE_DELETED},
	    {SLICE("placed on hold"), LINE_HELD},
	    {SLICE("released from hold"), LINE_FREED},
	    {SLICE("requeued"), LINE_REQUEUED},
	};

	if (!line_take_id(&text, &line->id))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (slice_equal(text, kinds[i].text)) {
			line->kind = kinds[i].kind;
			line->text = SLICE("by hand");
		}
}
