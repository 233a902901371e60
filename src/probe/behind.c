// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/behind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "net/dns.h"
#include "net/smtp.h"
#include "settings/published.h"
#include "settings/type_ip.h"

enum {
	ADDRESSES = 4,		/* that are tried; the rest of a long list is not */
	TALK_LIMIT = 64 * 1024, /* bytes of a conversation */
	NOBODY_BYTES = 8,
};

struct behind {
	const json_t *published;
	const struct behind_look *look;
	const char *host;
	unsigned port;
	int64_t deadline_ms;
	json_t *findings;
};

/* The addresses, one a line. */
static enum failure_class find_addresses(const struct behind *behind, struct buffer *addresses,
					 struct failure *failure)
{
	static const ns_type types[] = {ns_t_a, ns_t_aaaa};
	struct dns_question question = {.address = behind->look->resolver,
					.port = behind->look->resolver_port,
					.name = behind->host,
					.class = ns_c_in,
					.deadline_ms = behind->deadline_ms};
	enum failure_class class = FAILURE_NONE;

	if (type_is_ip(behind->host)) {
		buffer_addf(addresses, "%s\n", behind->host);
		return FAILURE_NONE;
	}
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		_cleanup_(buffer_free) struct buffer found = BUFFER_INIT;

		question.type = types[i];
		class = dns_ask(&question, &found, failure);
		if (!class)
			buffer_add_text(addresses, buffer_text(&found));
	}
	return addresses->size > 0 ? FAILURE_NONE : class;
}

static enum failure_class connect_first(const struct behind *behind, struct session *session,
					struct failure *failure)
{
	_cleanup_(buffer_free) struct buffer addresses = BUFFER_INIT;
	enum failure_class class = find_addresses(behind, &addresses, failure);
	char *rest = addresses.data, *address;

	for (int i = 0; i < ADDRESSES && (address = strsep(&rest, "\n")) && *address; i++) {
		const struct session_params params = {
		    .protocol = &smtp_protocol,
		    .stream = {.address = address,
			       .port = behind->port,
			       .deadline_ms = clock_now_ms() + behind->look->timeout_ms / ADDRESSES,
			       .total_limit = TALK_LIMIT},
		    .security = SECURITY_CLEAR,
		    .helo = published_text(behind->published, "hostname"),
		};

		session_free(session);
		class = session_open(session, &params);
		if (!class)
			return FAILURE_NONE;
		failure_move(failure, &session->stream.failure);
	}
	return class;
}

static void say_silent(const struct behind *behind, const struct failure *failure)
{
	json_add_sentence(behind->findings,
			  "the server behind, %s port %u, does not answer (%s): mail for it waits "
			  "here, and goes back after five days; see to it, or write another "
			  "gateway.host",
			  behind->host, behind->port, failure_text(failure));
}

/* By the certificate where it has to be good, else whatever it is.  False when there is no TLS. */
static bool encrypt(const struct behind *behind, struct session *session, bool verify,
		    struct failure *failure)
{
	struct tls_params trust = {
	    .hostname = behind->host, .ca_file = behind->look->ca_file, .anyone = !verify};
	struct session_params params = {.security = SECURITY_TLS,
					.stream.deadline_ms = behind->deadline_ms};
	struct tls_client *client = NULL;

	if (!verify)
		trust.ca_file = NULL;
	if (!tls_client_new(&trust, &client, failure)) {
		params.tls = client;
		if (session_start_tls(session, &params))
			failure_move(failure, &session->stream.failure);
	}
	tls_client_free(client);
	return !failure->class;
}

static void say_no_tls(const struct behind *behind, const char *wanted)
{
	json_add_sentence(behind->findings,
			  "the server behind, %s, offers no TLS, and gateway.tls is %s: mail "
			  "for it waits here; have it offer STARTTLS, or write `tls: may`",
			  behind->host, wanted);
}

static void say_bad_tls(const struct behind *behind, bool verify, const struct failure *failure)
{
	if (verify)
		json_add_sentence(behind->findings,
				  "the certificate of the server behind, %s, is not good (%s), and "
				  "gateway.tls is verify: mail for it waits here; give it another "
				  "one, or write `tls: encrypt`",
				  behind->host, failure_text(failure));
	else
		json_add_sentence(
		    behind->findings,
		    "there is no TLS with the server behind, %s (%s), and gateway.tls "
		    "is encrypt: mail for it waits here; mend it there, or write "
		    "`tls: may`",
		    behind->host, failure_text(failure));
}

/* As mail travels: in TLS wherever that is offered.  False when it cannot, or this session goes no
 * further. */
static bool start_tls(const struct behind *behind, struct session *session)
{
	const char *wanted = published_text(behind->published, "gateway.tls");
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	bool may = !wanted || strcmp(wanted, "may") == 0;
	bool verify = !may && strcmp(wanted, "verify") == 0;

	if (!(session->capabilities & CAPABILITY_STARTTLS)) {
		if (!may)
			say_no_tls(behind, wanted);
		return may;
	}
	if (encrypt(behind, session, verify, &failure))
		return true;
	if (!may)
		say_bad_tls(behind, verify, &failure);
	return false;
}

/* The answer to one recipient; 0: none came. */
static int ask(struct session *session, const char *recipient, struct smtp_reply *reply)
{
	if (smtp_command(session, reply, "MAIL FROM:<>") || reply->code != 250)
		return reply->code;
	if (smtp_command(session, reply, "RCPT TO:<%s>", recipient))
		return 0;
	return reply->code;
}

static void ask_postmaster(const struct behind *behind, struct session *session)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	const char *postmaster = published_text(behind->published, "postmaster");
	int code;

	if (!postmaster || !published_true(behind->published, "here.postmaster_elsewhere"))
		return;
	code = ask(session, postmaster, &reply);
	if (code >= 500)
		json_add_sentence(
		    behind->findings,
		    "the server behind, %s, does not take mail for %s (%d %.120s): what "
		    "this machine has to report reaches nobody; make that address there, "
		    "or write another `postmaster`",
		    behind->host, postmaster, code, buffer_text(&reply.text));
}

/* Who exists, it says itself: then it must not say it of everybody. */
static void ask_nobody(const struct behind *behind, struct session *session)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	const char *domain = published_text(behind->published, "domains[]");
	unsigned char bytes[NOBODY_BYTES];
	_cleanup_free_ char *nobody = NULL;
	char local[2 * NOBODY_BYTES + 1];

	if (!domain || !published_true(behind->published, "here.asks") ||
	    getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return;
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(local + 2 * i, "%02x", bytes[i]);
	if (asprintf(&nobody, "%s@%s", local, domain) < 0) {
		nobody = NULL;
		return;
	}
	if (smtp_command(session, &reply, "RSET") || ask(session, nobody, &reply) / 100 != 2)
		return;
	json_add_sentence(behind->findings,
			  "the server behind, %s, takes mail for whatever recipient, so that it "
			  "sends bounces to forged senders; have it refuse unknown recipients at "
			  "RCPT, or write gateway.recipients",
			  behind->host);
}

static bool talk(const struct behind *behind)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;

	if (connect_first(behind, &session, &failure)) {
		say_silent(behind, &failure);
		return false;
	}
	session.stream.deadline_ms = behind->deadline_ms;
	if (start_tls(behind, &session)) {
		ask_postmaster(behind, &session);
		ask_nobody(behind, &session);
	}
	return true;
}

int behind_look_at(const json_t *published, const struct behind_look *look, json_t **ret_result,
		   struct error *error)
{
	const char *host = published_text(published, "gateway.host");
	struct behind behind = {
	    .published = published,
	    .look = look,
	    .host = host ? host : "",
	    .port = (unsigned)json_integer_value(published_get(published, "gateway.port")),
	    .deadline_ms = clock_now_ms() + look->timeout_ms,
	    .findings = json_array(),
	};
	bool answers = host && behind.findings && talk(&behind);

	*ret_result = json_pack("{s:s, s:i, s:b, s:o}", "host", behind.host, "port", behind.port,
				"answers", answers, "findings", behind.findings);
	return *ret_result ? 0 : error_set(error, ENOMEM, "out of memory");
}
