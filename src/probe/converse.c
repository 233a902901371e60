// SPDX-License-Identifier: GPL-3.0-or-later
/* The conversations that probes share: see probe.h. */
#include <string.h>

#include "base/clock.h"
#include "probe/probe.h"

enum {
	PROBE_MS = 90 * 1000,	   /* one half of a probe, on the slowest machine */
	OUTPUT_LIMIT = 256 * 1024, /* bytes of a conversation; our largest message has 2 KiB */
};

static const char *source_address(const struct probe_run *run, enum port port,
				  enum conversation conversation)
{
	if (strncmp(run->settings->host, "127.", 4) != 0)
		return NULL;
	return conversation == CONVERSATION_GUESSER ? run->guessers[port] : "127.0.0.2";
}

struct session_params probe_session_params(const struct probe_run *run, enum port port,
					   enum session_security security,
					   enum conversation conversation)
{
	const struct probe_settings *settings = run->settings;
	int64_t deadline_ms = clock_now_ms() + PROBE_MS;

	return (struct session_params){
	    .protocol = port_protocols[port],
	    .stream =
		{
		    .address = settings->host,
		    .port = settings->number[port],
		    .source = source_address(run, port, conversation),
		    .deadline_ms = deadline_ms < run->deadline_ms ? deadline_ms : run->deadline_ms,
		    .total_limit = OUTPUT_LIMIT,
		},
	    .implicit_tls = port_table[port].implicit_tls,
	    .security = security,
	    .tls = run->tls,
	};
}

enum failure_class probe_take_failure(struct probe_result *result, struct stream *stream)
{
	failure_move(&result->failure, &stream->failure);
	return result->failure.class;
}

/* Keeps what the first server showed, for the report. */
static void keep_certificate(struct probe_run *run, struct tls_facts *facts)
{
	pthread_mutex_lock(&run->lock);
	if (!run->certificate.fingerprint) {
		run->certificate = *facts;
		*facts = (struct tls_facts){0};
	}
	pthread_mutex_unlock(&run->lock);
	tls_facts_free(facts);
}

/* Opens the conversation, or takes it from the clear into TLS. */
static enum failure_class advance(struct probe_run *run, const struct probe *probe,
				  enum session_security security, struct session *session)
{
	struct session_params params =
	    probe_session_params(run, probe->port, security, probe->conversation);
	struct tls_facts facts = {0};
	enum failure_class failure;

	params.facts = &facts;
	if (session->stream.fd >= 0)
		failure = session_start_tls(session, &params);
	else
		failure = session_open(session, &params);
	keep_certificate(run, &facts);
	return failure;
}

enum failure_class probe_converse(struct probe_run *run, const struct probe *probe,
				  enum stage stage, struct session **ret_session,
				  struct probe_result *result)
{
	struct session *session = &run->sessions[probe->port][probe->conversation];
	enum stage reached = session->stream.tls ? STAGE_TLS : STAGE_CLEAR;
	enum failure_class failure = FAILURE_NONE;
	int64_t deadline_ms = clock_now_ms() + PROBE_MS;

	if (stage > STAGE_CLEAR && !run->tls)
		return failure_set(&result->failure, run->tls_failure.class, "%s",
				   failure_text(&run->tls_failure));
	if (session->state == SESSION_AUTHENTICATED)
		reached = STAGE_LOGIN;
	if (session->stream.fd >= 0 && reached > stage)
		session_free(session);
	if (session->stream.fd < 0 || (stage > STAGE_CLEAR && reached == STAGE_CLEAR))
		failure = advance(run, probe, stage > STAGE_CLEAR ? SECURITY_TLS : SECURITY_CLEAR,
				  session);
	session->stream.deadline_ms =
	    deadline_ms < run->deadline_ms ? deadline_ms : run->deadline_ms;
	if (!failure && stage == STAGE_LOGIN && session->state != SESSION_AUTHENTICATED)
		failure = session_authenticate(session, probe->mechanism, PROBE_ADDRESS,
					       run->settings->password);
	*ret_session = session;
	return failure ? probe_take_failure(result, &session->stream) : FAILURE_NONE;
}
