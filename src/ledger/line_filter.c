// SPDX-License-Identifier: GPL-3.0-or-later
/* The lines of amavis (as our $log_templ writes them), of Dovecot's LMTP, and of the
 * person at the quarantine. */
#include "ledger/line_private.h"
#include "queue/queue_id.h"

/* ", NAME: value" at the front; the values of these are amavis's own or Postfix's. */
static bool take_field(struct slice *text, struct slice name, struct slice *ret_value)
{
	struct slice rest = *text, value;

	if (!slice_skip(&rest, SLICE(", ")) || !slice_skip(&rest, name))
		return false;
	value = line_take_word(&rest, "-_.+/");
	if (value.size == 0 || value.size >= LINE_NAME_LIMIT)
		return false;
	*ret_value = value;
	*text = rest;
	return true;
}

/* ", auth: dkim=... spf=... dmarc=...": names of domains, in which there is no comma. */
static void skip_judgement(struct slice *text)
{
	struct slice rest = *text, said;

	if (slice_skip(&rest, SLICE(", auth: ")) && slice_until(&rest, SLICE(", "), &said))
		*text = (struct slice){rest.at - 2, rest.size + 2};
}

static void take_addresses(struct slice text, struct line *line)
{
	struct slice before;

	if (slice_skip(&text, SLICE(", "))) {
		line_take_address(&text, &line->from);
		if (slice_skip(&text, SLICE(" -> ")))
			line_take_address(&text, &line->to);
	}
	if (slice_until(&text, SLICE(", reason: "), &before))
		line->reason = text;
}

/* "(ID) Passed CLEAN {WHAT}, Queue-ID: A, mail_id: M, quarantine: Q, Hits: S, size: N,
 * queued_as: B, took: T ms, auth: A, <from> -> <to>, Message-ID: <...>, reason: ..." */
void line_parse_amavis(struct slice identifier _unused_, struct slice text, struct line *line)
{
	struct slice done, took = {0};

	if (!slice_skip(&text, SLICE("(")) || !slice_until(&text, SLICE(") "), &line->filter_id) ||
	    line->filter_id.size >= LINE_NAME_LIMIT)
		return;
	line->blocked = slice_starts(text, SLICE("Blocked "));
	if (!slice_skip(&text, SLICE("Blocked ")) && !slice_skip(&text, SLICE("Passed ")))
		return;
	line->verdict = line_take_word(&text, "-");
	if (!slice_skip(&text, SLICE(" {")) || !slice_until(&text, SLICE("}"), &done))
		return;
	line->kind = LINE_SCANNED;
	line->returned = line->blocked && slice_starts(done, SLICE("Bounced"));
	take_field(&text, SLICE("Queue-ID: "), &line->id);
	take_field(&text, SLICE("mail_id: "), &line->mail_id);
	take_field(&text, SLICE("quarantine: "), &line->quarantine);
	take_field(&text, SLICE("Hits: "), &line->score);
	if (slice_skip(&text, SLICE(", size: ")))
		slice_number(&text, &line->size);
	take_field(&text, SLICE("queued_as: "), &line->other_id);
	take_field(&text, SLICE("took: "), &took);
	slice_number(&took, &line->milliseconds);
	slice_skip(&text, SLICE(" ms"));
	skip_judgement(&text);
	take_addresses(text, line);
	if (!queue_is_id(line->id))
		line->id = (struct slice){0};
	if (!queue_is_id(line->other_id))
		line->other_id = (struct slice){0};
}

/* "lmtp(USER)<PID><SESSION>: sieve: msgid=...: [fileinto action: ]stored mail into mailbox
 * 'NAME'"; the user is one of ours. */
void line_parse_dovecot(struct slice identifier _unused_, struct slice text, struct line *line)
{
	static const char stored[] = "stored mail into mailbox '";
	struct slice pid, before;

	if (!slice_skip(&text, SLICE("lmtp(")) || !slice_until(&text, SLICE(")<"), &line->to) ||
	    !slice_until(&text, SLICE("><"), &pid) ||
	    !slice_until(&text, SLICE(">: sieve: "), &line->session) ||
	    line->session.size >= LINE_NAME_LIMIT)
		return;
	while (slice_until(&text, SLICE(stored), &before))
		line->kind = LINE_STORED; /* the last one: before it is the Message-ID */
	if (slice_ends(text, SLICE("'")))
		text.size--;
	line->text = text;
}

/* "release id=ID queue=QUEUEID ...", "copy id=ID queue=QUEUEID ...", "delete id=ID ...", "expire
 * id=ID ..." */
void line_parse_quarantine(struct slice identifier _unused_, struct slice text, struct line *line)
{
	enum line_kind kind = LINE_DESTROYED;
	struct slice word;

	line->text = text;
	if (slice_skip(&text, SLICE("release ")))
		kind = LINE_RELEASED;
	else if (slice_skip(&text, SLICE("copy ")))
		kind = LINE_COPIED;
	else if (!slice_skip(&text, SLICE("delete ")) && !slice_skip(&text, SLICE("expire ")))
		return;
	if (!slice_skip(&text, SLICE("id=")))
		return;
	word = line_take_word(&text, "-_.+");
	if (word.size == 0 || word.size >= LINE_NAME_LIMIT)
		return;
	line->quarantine = word;
	line->kind = kind;
	if (slice_skip(&text, SLICE(" queue="))) {
		word = line_take_word(&text, "");
		if (queue_is_id(word))
			line->other_id = word;
	}
}

/* "settled ID by ..." */
void line_parse_account(struct slice identifier _unused_, struct slice text, struct line *line)
{
	if (!slice_skip(&text, SLICE("settled ")))
		return;
	line->id = line_take_word(&text, "-_.+");
	if (line->id.size && line->id.size < LINE_NAME_LIMIT)
		line->kind = LINE_SETTLED;
}
