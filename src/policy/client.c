// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/client.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/client_private.h"
#include "policy/known.h"
#include "policy/limit_answer.h"

struct client *client_new(int fd, enum client_talk talk, bool trusted, int64_t now_ms)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	if (talk == CLIENT_FILTER)
		client->filter = calloc(1, sizeof(*client->filter));
	else
		client->postfix = calloc(1, sizeof(*client->postfix));
	if (!client->filter && !client->postfix) {
		free(client);
		return NULL;
	}
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
	free(client->filter);
	free(client->postfix);
	free(client);
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
		    is_known_list(client->filter, sources) ? "yes" : "no");
	return !text.failed && client_answer(client, sources, buffer_text(&text));
}

static bool judge(struct client *client, const struct client_sources *sources)
{
	struct dmarc_source source = source_of(sources);
	struct dmarc_verdict verdict;

	dmarc_evaluate(&client->filter->message, &source, &verdict);
	if (verdict.result == DMARC_WAIT && sources->now_ms < client->due_ms)
		return true;
	if (verdict.result == DMARC_WAIT)
		verdict = (struct dmarc_verdict){.result = DMARC_TEMPERROR};
	if (verdict.result == DMARC_PASS && client->trusted && client->filter->client[0])
		grey_learn(sources->store, client->filter->client, verdict.author, sources->now_s);
	return answer_verdict(client, sources, &verdict);
}

static void note_written(const struct filter_request *request, const struct client_sources *sources)
{
	for (size_t i = 0; i < request->told_count; i++)
		known_add(sources->store, request->told[i], sources->now_s);
	for (size_t i = 0; i < request->people_count; i++)
		grey_written(sources->store, request->people[i], sources->now_s);
}

/* What greylisting and guesses came to today, and how much is known. */
static bool answer_counts(struct client *client, const struct client_sources *sources)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const char *trouble = store_trouble(sources->store);

	for (size_t why = 0; why < GREY_WHYS; why++)
		buffer_addf(&text, "%s=%llu ", grey_why_name((enum grey_why)why),
			    (unsigned long long)sources->grey->counts[why]);
	buffer_addf(&text, "waiting=%zu networks=%zu senders=%zu guesses=%llu kept=%s\n",
		    store_count(sources->store, STORE_WAITING),
		    store_count(sources->store, STORE_NETWORK),
		    store_count(sources->store, STORE_PROVED),
		    (unsigned long long)sources->guesses->refused, trouble ? "no" : "yes");
	return !text.failed && client_answer(client, sources, buffer_text(&text));
}

static bool answer_root(struct client *client, const struct client_sources *sources)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (client->filter->word == REQUEST_LIMITS)
		limit_answer_list(sources->limits, sources->now_s, &text);
	else
		limit_answer_release(sources->limits, client->filter->login, sources->now_s, &text);
	return !text.failed && client_answer(client, sources, buffer_text(&text));
}

static bool do_filter_request(struct client *client, const struct client_sources *sources)
{
	const struct filter_request *request = client->filter;
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
		if (client->trusted)
			note_written(request, sources);
		return true;
	case REQUEST_COUNTS:
		return answer_counts(client, sources);
	case REQUEST_PING:
		return client_answer(client, sources, "pong\n");
	case REQUEST_LIMITS:
	case REQUEST_RELEASE:
		return client->root && answer_root(client, sources);
	case REQUEST_UNKNOWN:
		break;
	}
	return false;
}

/* At once, whatever the DNS does.  `logins`: of those alone. */
static bool limit(struct client *client, const struct client_sources *sources, bool logins)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	if (logins && !client->postfix->login[0])
		return client_answer(client, sources, "action=DUNNO\n\n");
	limit_answer_postfix(sources->limits, client->postfix, sources->now_s, &text);
	return !text.failed && client_answer(client, sources, buffer_text(&text));
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
		request_parse_filter(text, client->filter);
	else
		request_parse_postfix(text, client->postfix);
	buffer_consume(&client->input, client->input.size - rest.size);
	return true;
}

static bool do_questions(struct client *client, struct client_sources *sources)
{
	bool good = true;

	while (good && !client->waits && take_question(client)) {
		if (client->talk == CLIENT_FILTER) {
			good = do_filter_request(client, sources);
		} else if (strcmp(client->postfix->context, "limits") == 0) {
			good = limit(client, sources, false);
		} else if (strcmp(client->postfix->context, "logins") == 0) {
			good = limit(client, sources, true);
		} else if (strcmp(client->postfix->context, "writers") == 0) {
			good = client_judge_writer(client, sources, false);
		} else if (strcmp(client->postfix->context, "writers-network") == 0) {
			good = client_judge_writer(client, sources, true);
		} else {
			wait_for(client, sources, CLIENT_POSTFIX_MS);
			good = client_judge_postfix(client, sources);
		}
	}
	return good && client->input.size <= REQUEST_LIMIT;
}

bool client_go_on(struct client *client, struct client_sources *sources)
{
	bool good;

	if (!client->waits)
		return sources->now_ms < client->due_ms;
	good = client->talk == CLIENT_FILTER ? judge(client, sources)
					     : client_judge_postfix(client, sources);
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
