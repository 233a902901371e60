// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/request.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/cleanup.h"

static void take_author(struct slice value, struct dmarc_message *message)
{
	if (message->author_count < DMARC_AUTHORS &&
	    name_take(value, message->authors[message->author_count]))
		message->author_count++;
	else
		message->unreadable = true;
}

static void take_identifier(struct slice name, struct slice value, struct dmarc_message *message)
{
	struct dmarc_identifier *identifier = &message->identifiers[message->identifier_count];

	if (message->identifier_count >= DMARC_IDENTIFIERS || !name_take(value, identifier->domain))
		return;
	identifier->spf = slice_starts(name, SLICE("spf"));
	identifier->unknown = slice_ends(name, SLICE("?"));
	message->identifier_count++;
}

static void take_word(struct slice word, struct filter_request *request)
{
	struct slice name;

	if (!slice_until(&word, SLICE("="), &name))
		return;
	if (slice_equal(name, SLICE("from")))
		take_author(word, &request->message);
	else if (slice_equal(name, SLICE("dkim")) || slice_equal(name, SLICE("dkim?")) ||
		 slice_equal(name, SLICE("spf")) || slice_equal(name, SLICE("spf?")))
		take_identifier(name, word, &request->message);
	else if (slice_equal(name, SLICE("login")) && word.size < sizeof(request->login))
		slice_copy(word, request->login, sizeof(request->login));
	else if (slice_equal(name, SLICE("list"))) {
		if (!name_take(word, request->list))
			request->list[0] = '\0';
	} else if (slice_equal(name, SLICE("client")) && word.size < sizeof(request->client)) {
		slice_copy(word, request->client, sizeof(request->client));
	} else if (slice_equal(name, SLICE("person")) && request->people_count < REQUEST_TOLD &&
		   word.size < REQUEST_ADDRESS) {
		slice_copy(word, request->people[request->people_count++], REQUEST_ADDRESS);
	} else if (slice_equal(name, SLICE("to")) && request->told_count < REQUEST_TOLD &&
		   name_take(word, request->told[request->told_count]))
		request->told_count++;
}

static struct slice next_word(struct slice *line)
{
	struct slice word;

	if (!slice_until(line, SLICE(" "), &word)) {
		word = *line;
		*line = (struct slice){0};
	}
	return word;
}

void request_parse_filter(struct slice line, struct filter_request *ret)
{
	static const struct {
		const char *text;
		enum request_word word;
	} words[] = {{"ahead", REQUEST_AHEAD},	 {"judge", REQUEST_JUDGE},
		     {"wrote", REQUEST_WROTE},	 {"ping", REQUEST_PING},
		     {"limits", REQUEST_LIMITS}, {"release", REQUEST_RELEASE},
		     {"counts", REQUEST_COUNTS}};
	struct slice first = next_word(&line);

	ret->word = REQUEST_UNKNOWN;
	ret->message.author_count = ret->message.identifier_count = ret->told_count = 0;
	ret->message.unreadable = false;
	ret->list[0] = ret->client[0] = ret->login[0] = '\0';
	ret->people_count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (slice_equal(first, slice_of(words[i].text)))
			ret->word = words[i].word;
	while (line.size)
		take_word(next_word(&line), ret);
}

/* Names that Postfix may give to a part of this machine; a login is told by its name. */
static bool is_loopback(const char *address)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &v6) != 1 || IN6_IS_ADDR_LOOPBACK(&v6);
}

/* Where an attribute goes; false when it is of no interest. */
static bool place_of(struct slice name, struct postfix_request *request, char **ret_into,
		     size_t *ret_size)
{
#define PLACE(text, member)                                                                        \
	{                                                                                          \
		SLICE(text), request->member, sizeof(request->member)                              \
	}
	const struct {
		struct slice name;
		char *into;
		size_t size;
	} places[] = {
	    PLACE("sender", sender),	       PLACE("helo_name", helo),
	    PLACE("recipient", recipient),     PLACE("client_address", client),
	    PLACE("client_name", client_name), PLACE("reverse_client_name", reverse_name),
	    PLACE("sasl_username", login),     PLACE("protocol_state", state),
	    PLACE("instance", instance),       PLACE("queue_id", queue_id),
	    PLACE("policy_context", context),  PLACE("encryption_protocol", encryption),
	    PLACE("server_port", server_port), PLACE("server_address", server_address),
	};
#undef PLACE

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (slice_equal(name, places[i].name)) {
			*ret_into = places[i].into;
			*ret_size = places[i].size;
			return true;
		}
	return false;
}

static void take_number(struct slice value, long long *number)
{
	long long found;

	if (*number < 0 && slice_number(&value, &found) && !value.size)
		*number = found;
}

static void take_attribute(struct slice name, struct slice value, struct postfix_request *request,
			   bool *ret_login)
{
	size_t size;
	char *into;

	if (slice_equal(name, SLICE("recipient_count")))
		take_number(value, &request->recipient_count);
	else if (slice_equal(name, SLICE("size")))
		take_number(value, &request->size);
	else if (place_of(name, request, &into, &size) && !*into && value.size < size)
		slice_copy(value, into, size);
	/* Be its name ever so long. */
	if (slice_equal(name, SLICE("sasl_username")) && value.size)
		*ret_login = true;
}

void request_parse_postfix(struct slice text, struct postfix_request *ret)
{
	struct slice line, name, of_sender;
	const char *at;
	bool login = false;

	*ret = (struct postfix_request){.recipient_count = -1, .size = -1};
	while (text.size) {
		if (!slice_until(&text, SLICE("\n"), &line)) {
			line = text;
			text = (struct slice){0};
		}
		if (slice_until(&line, SLICE("="), &name))
			take_attribute(name, line, ret, &login);
	}
	if (ret->recipient_count < 0)
		ret->recipient_count = 0;
	if (ret->size < 0)
		ret->size = 0;
	/* What comes from an address of ours comes from here. */
	ret->stranger =
	    !login && !is_loopback(ret->client) && strcmp(ret->client, ret->server_address) != 0;
	/* Of the null sender the greeting counts: RFC 7208 §2.4. */
	at = strrchr(ret->sender, '@');
	of_sender = slice_of(at ? at + 1 : ret->helo);
	if (!name_take(of_sender, ret->domain))
		ret->domain[0] = '\0';
}
