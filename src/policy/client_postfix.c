// SPDX-License-Identifier: GPL-3.0-or-later
/* Postfix's questions.  The line of main.cf that asks says by policy_context what it asks for:
 * words with a + between them. */
#include <string.h>

#include "base/slice.h"
#include "policy/client_private.h"

/* What a recipient of a stranger is judged by; without any word it is SPF, as in the lines of
 * versions that had nothing else. */
struct wishes {
	bool guess;    /* nobody here has that recipient, or nobody knows yet */
	bool no_guess; /* somebody has, or may have, what was a guess before */
	bool spf;      /* who sends no mail is refused */
	enum grey_mode grey;
};

static struct wishes read_wishes(const char *context)
{
	struct slice rest = slice_of(context), word;
	struct wishes wishes = {.spf = !context[0]};

	while (rest.size) {
		if (!slice_until(&rest, SLICE("+"), &word)) {
			word = rest;
			rest = (struct slice){0};
		}
		if (slice_equal(word, SLICE("guess")))
			wishes.guess = true;
		else if (slice_equal(word, SLICE("no-guess")))
			wishes.no_guess = true;
		else if (slice_equal(word, SLICE("spf")))
			wishes.spf = true;
		else if (slice_equal(word, SLICE("suspicious")))
			wishes.grey = GREY_SUSPICIOUS;
		else if (slice_equal(word, SLICE("all")))
			wishes.grey = GREY_ALL;
	}
	return wishes;
}

static bool no_opinion(struct client *client, const struct client_sources *sources)
{
	oracle_forget(sources->oracle, client->ticket);
	client->ticket = 0;
	return client_answer(client, sources, "action=DUNNO\n\n");
}

static bool refuse(struct client *client, const struct client_sources *sources)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "action=550 5.7.23 %s says that it sends no mail (its SPF record)\n\n",
		    client->postfix->domain);
	return !text.failed && client_answer(client, sources, buffer_text(&text));
}

/* One that guesses: one address is put off, or, with 421, all that the client wants. */
static bool put_off_guess(struct client *client, const struct client_sources *sources,
			  unsigned seconds, bool all)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text,
		    "action=%s 4.7.1 too many recipients that are not here; try again in "
		    "%u seconds\n\n",
		    all ? "421" : "450", seconds);
	return !text.failed && client_answer(client, sources, buffer_text(&text));
}

static bool put_off(struct client *client, const struct client_sources *sources, unsigned seconds)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(
	    &text, "action=451 4.7.1 not known here yet; try again in %u seconds (greylisting)\n\n",
	    seconds);
	return !text.failed && client_answer(client, sources, buffer_text(&text));
}

/* What policyd-spf says; NOT_YET while it may still say it. */
static enum oracle_answer ask_oracle(struct client *client, const struct client_sources *sources)
{
	enum oracle_answer said = oracle_recall(sources->oracle, client->postfix, sources->now_ms);
	bool busy = false;

	if (said)
		return said;
	if (sources->now_ms >= client->due_ms) {
		oracle_forget(sources->oracle, client->ticket);
		client->ticket = 0;
		return ORACLE_NONE;
	}
	if (!client->ticket)
		client->ticket =
		    oracle_ask(sources->oracle, client->postfix, sources->now_ms, &busy);
	if (!client->ticket)
		return busy ? ORACLE_NOT_YET : ORACLE_NONE;
	said = oracle_take(sources->oracle, client->ticket);
	if (said == ORACLE_NOT_YET)
		return said;
	client->ticket = 0; /* taken */
	oracle_remember(sources->oracle, client->postfix, said, sources->now_ms);
	return said;
}

static bool judge_grey(struct client *client, const struct client_sources *sources,
		       enum grey_mode mode, enum oracle_answer said)
{
	struct grey_answer answer;

	grey_judge(sources->grey, client->postfix, mode, said, sources->now_s, &answer);
	if (answer.ask) {
		said = ask_oracle(client, sources);
		if (said == ORACLE_NOT_YET)
			return true;
		grey_judge(sources->grey, client->postfix, mode, said, sources->now_s, &answer);
	}
	if (answer.why == GREY_PUT_OFF) {
		oracle_forget(sources->oracle, client->ticket);
		client->ticket = 0;
		return put_off(client, sources, answer.seconds);
	}
	return no_opinion(client, sources);
}

/* Policyd-spf is asked about those whose record says that they send nothing, and about those who
 * would be put off. */
static bool judge_recipient(struct client *client, const struct client_sources *sources,
			    const struct wishes *wishes)
{
	enum oracle_answer said = ORACLE_NOT_YET;
	enum dmarc_look look = DMARC_LOOK_NOTHING;

	if (wishes->spf && client->postfix->domain[0])
		look = answers_sends_none(sources->answers, client->postfix->domain);
	if (look == DMARC_LOOK_WAIT && sources->now_ms < client->due_ms)
		return true;
	if (look == DMARC_LOOK_FOUND) {
		said = ask_oracle(client, sources);
		if (said == ORACLE_NOT_YET)
			return true;
		if (said == ORACLE_FAIL)
			return refuse(client, sources);
	}
	if (wishes->grey == GREY_OFF)
		return no_opinion(client, sources);
	return judge_grey(client, sources, wishes->grey, said);
}

bool client_judge_writer(struct client *client, const struct client_sources *sources, bool believed)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	switch (writers_judge(sources->writers, client->postfix, believed, &error)) {
	case WRITERS_MAY:
		return client_answer(client, sources, "action=DUNNO\n\n");
	case WRITERS_MAY_NOT:
		return client_answer(
		    client, sources,
		    "action=550 5.7.1 not everybody may write to this address; who "
		    "may does so with his login\n\n");
	case WRITERS_NOT_KNOWN:
		break;
	}
	error_print(&error);
	return client_answer(client, sources,
			     "action=451 4.3.0 who may write to this address cannot be found out "
			     "now\n\n");
}

bool client_judge_postfix(struct client *client, const struct client_sources *sources)
{
	struct wishes wishes = read_wishes(client->postfix->context);
	unsigned seconds;

	if (!client->postfix->stranger)
		return no_opinion(client, sources);
	if (wishes.guess) {
		seconds = guesses_add(sources->guesses, client->postfix->client, sources->now_ms);
		if (seconds)
			return put_off_guess(client, sources, seconds,
					     guesses_shut(sources->guesses, client->postfix->client,
							  sources->now_ms) > 0);
		return no_opinion(client, sources);
	}
	if (wishes.no_guess) {
		guesses_take_back(sources->guesses, client->postfix->client, sources->now_ms);
		return no_opinion(client, sources);
	}
	seconds = guesses_shut(sources->guesses, client->postfix->client, sources->now_ms);
	if (seconds)
		return put_off_guess(client, sources, seconds, true);
	return judge_recipient(client, sources, &wishes);
}
