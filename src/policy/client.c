// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/known.h"

struct client *client_new(int fd, enum client_talk talk, bool trusted, int64_t now_ms)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->fd = fd;
	client->talk = talk;
	client->trusted = trusted;
	client->due_ms = now_ms + CLIENT_IDLE_MS;
	return client;
}

void client_free(struct client *client, struct client_sources *sources)
{
	oracle_forget(sources->oracle, client->ticket);
	close(client->fd);
	buffer_free(&client->input);
	free(client);
}

static bool answer(struct client *client, const struct client_sources *sources, const char *text)
{
	size_t size = strlen(text);

	client->waits = false;
	client->due_ms = sources->now_ms + CLIENT_IDLE_MS;
	return send(client->fd, text, size, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)size;
}

static void wait_for(struct client *client, const struct client_sources *sources, int64_t ms)
{
	client->waits = true;
	client->due_ms = sources->now_ms + ms;
}

static struct dmarc_source source_of(const struct client_sources *sources)
{
	return (struct dmarc_source){answers_record, answers_exists, sources->answers};
}

/* ---- The filter ---- */

/* Is it a list of a domain that is proved and that somebody here has written to?  Both are the
 * list's own name or stand above it, as example.org above <talk.lists.example.org>. */
static bool is_known_list(const struct filter_request *request,
			  const struct client_sources *sources)
{
	bool proved = false;
	size_t labels = name_labels(request->list);

	if (!request->list[0])
		return false;
	for (size_t i = 0; i < request->message.identifier_count; i++) {
		const struct dmarc_identifier *identifier = &request->message.identifiers[i];

		proved = proved || (!identifier->unknown && name_labels(identifier->domain) > 1 &&
				    name_is_within(request->list, identifier->domain));
	}
	for (; proved && labels > 1; labels--)
		if (known_has(sources->store, name_last(request->list, labels)))
			return true;
	return false;
}

static bool answer_verdict(struct client *client, const struct client_sources *sources,
			   const struct dmarc_verdict *verdict)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "result=%s published=%s applied=%s author=%s record=%s known=%s\n",
		    dmarc_result_name(verdict->result), dmarc_policy_name(verdict->published),
		    dmarc_policy_name(verdict->applied), verdict->author, verdict->record,
		    is_known_list(&client->filter, sources) ? "yes" : "no");
	return !text.failed && answer(client, sources, buffer_text(&text));
}

static bool judge(struct client *client, const struct client_sources *sources)
{
	struct dmarc_source source = source_of(sources);
	struct dmarc_verdict verdict;

	dmarc_evaluate(&client->filter.message, &source, &verdict);
	if (verdict.result == DMARC_WAIT && sources->now_ms < client->due_ms)
		return true;
	if (verdict.result == DMARC_WAIT)
		verdict = (struct dmarc_verdict){.result = DMARC_TEMPERROR};
	return answer_verdict(client, sources, &verdict);
}

static bool do_filter_request(struct client *client, const struct client_sources *sources)
{
	const struct filter_request *request = &client->filter;
	struct dmarc_source source = source_of(sources);

	switch (request->word) {
	case REQUEST_AHEAD:
		for (size_t i = 0; i < request->message.author_count; i++)
			dmarc_ask_ahead(request->message.authors[i], &source);
		return true;
	case REQUEST_JUDGE:
		wait_for(client, sources, CLIENT_FILTER_MS);
		return judge(client, sources);
	case REQUEST_WROTE:
		for (size_t i = 0; client->trusted && i < request->told_count; i++)
			known_add(sources->store, request->told[i], sources->now_s);
		return true;
	case REQUEST_PING:
		return answer(client, sources, "pong\n");
	case REQUEST_UNKNOWN:
		break;
	}
	return false;
}

/* ---- Postfix ---- */

static const char no_opinion[] = "action=DUNNO\n\n";

static bool refuse(struct client *client, const struct client_sources *sources)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "action=550 5.7.23 %s says that it sends no mail (its SPF record)\n\n",
		    client->postfix.domain);
	return !text.failed && answer(client, sources, buffer_text(&text));
}

/* policyd-spf is asked about the few whose record says that they send nothing. */
static bool ask_oracle(struct client *client, const struct client_sources *sources)
{
	enum oracle_answer said = ORACLE_NOT_YET;
	bool busy = false;

	if (!client->ticket)
		client->ticket =
		    oracle_ask(sources->oracle, &client->postfix, sources->now_ms, &busy);
	if (client->ticket)
		said = oracle_take(sources->oracle, client->ticket);
	else if (!busy)
		said = ORACLE_NONE;
	if (said == ORACLE_NOT_YET)
		return true;
	client->ticket = 0; /* taken */
	return said == ORACLE_FAIL ? refuse(client, sources) : answer(client, sources, no_opinion);
}

static bool judge_sender(struct client *client, const struct client_sources *sources)
{
	enum dmarc_look look = DMARC_LOOK_NOTHING;

	if (client->postfix.stranger && client->postfix.domain[0])
		look = answers_sends_none(sources->answers, client->postfix.domain);
	if (look == DMARC_LOOK_NOTHING || look == DMARC_LOOK_ERROR ||
	    sources->now_ms >= client->due_ms) {
		oracle_forget(sources->oracle, client->ticket);
		return answer(client, sources, no_opinion);
	}
	return look == DMARC_LOOK_WAIT || ask_oracle(client, sources);
}

/* ---- Both ---- */

/* Takes a whole question from the front.  False when there is none yet. */
static bool take_question(struct client *client)
{
	struct slice rest = {client->input.data, client->input.size}, text;
	bool filter = client->talk == CLIENT_FILTER;

	if (!client->input.size || !slice_until(&rest, filter ? SLICE("\n") : SLICE("\n\n"), &text))
		return false;
	if (filter)
		request_parse_filter(text, &client->filter);
	else
		request_parse_postfix(text, &client->postfix);
	buffer_consume(&client->input, client->input.size - rest.size);
	return true;
}

static bool do_questions(struct client *client, struct client_sources *sources)
{
	bool good = true;

	while (good && !client->waits && take_question(client)) {
		if (client->talk == CLIENT_FILTER) {
			good = do_filter_request(client, sources);
		} else {
			wait_for(client, sources, CLIENT_POSTFIX_MS);
			good = judge_sender(client, sources);
		}
	}
	return good && client->input.size <= REQUEST_LIMIT;
}

bool client_go_on(struct client *client, struct client_sources *sources)
{
	bool good;

	if (!client->waits)
		return sources->now_ms < client->due_ms;
	good =
	    client->talk == CLIENT_FILTER ? judge(client, sources) : judge_sender(client, sources);
	return good && do_questions(client, sources); /* what was asked meanwhile */
}

bool client_read(struct client *client, struct client_sources *sources)
{
	char bytes[REQUEST_LIMIT];
	ssize_t size = recv(client->fd, bytes, sizeof(bytes), MSG_DONTWAIT);

	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	if (size <= 0)
		return false;
	buffer_add(&client->input, bytes, (size_t)size);
	if (client->input.failed)
		return false;
	return do_questions(client, sources);
}
