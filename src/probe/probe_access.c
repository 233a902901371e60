// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe_access.h"

#include <string.h>

/* The same everywhere: Dovecot punishes the guessing of several. */
static const char wrong_password[] = "this is not the password";

/* May nobody log in on this port? */
static bool is_for_servers(const struct probe_run *run, const struct probe *probe)
{
	return probe->port == PORT_SMTP &&
	       !published_true(run->settings->published, "services.smtp_auth");
}

static enum failure_class skip_login(struct probe_result *result)
{
	result->detail = strdup("no login is offered here");
	result->outcome = PROBE_SKIPPED;
	return FAILURE_NONE;
}

/* Is everything there that the Ubuntu guide's telnet test looks for, and its like
 * in the other protocols? */
static enum failure_class check_offers(const struct session *session, struct probe_result *result)
{
	static const struct {
		const struct protocol *protocol;
		enum capability capability;
		const char *name;
	} wanted[] = {
	    {&smtp_protocol, CAPABILITY_AUTH_PLAIN, "AUTH PLAIN"},
	    {&smtp_protocol, CAPABILITY_AUTH_LOGIN, "AUTH LOGIN"},
	    {&smtp_protocol, CAPABILITY_8BITMIME, "8BITMIME"},
	    {&smtp_protocol, CAPABILITY_SIZE, "SIZE"},
	    {&imap_protocol, CAPABILITY_AUTH_PLAIN, "AUTH=PLAIN"},
	    {&pop3_protocol, CAPABILITY_AUTH_LOGIN, "USER"},
	    {&managesieve_protocol, CAPABILITY_AUTH_PLAIN, "SASL PLAIN"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		if (wanted[i].protocol == session->protocol &&
		    !(session->capabilities & wanted[i].capability))
			return failure_set(&result->failure, FAILURE_PROTOCOL,
					   "%s is not offered inside TLS", wanted[i].name);
	return FAILURE_NONE;
}

static enum failure_class check_no_login(const struct session *session, struct probe_result *result)
{
	if (session->capabilities & (CAPABILITY_AUTH_PLAIN | CAPABILITY_AUTH_LOGIN))
		return failure_set(&result->failure, FAILURE_POLICY,
				   "a login is offered where none is wanted");
	return FAILURE_NONE;
}

enum failure_class probe_access_tls(struct probe_run *run, const struct probe *probe,
				    struct probe_result *result)
{
	struct session *session;
	enum failure_class failure = probe_converse(run, probe, STAGE_TLS, &session, result);

	if (!failure && is_for_servers(run, probe))
		failure = check_no_login(session, result);
	else if (!failure)
		failure = check_offers(session, result);
	if (!failure)
		result->detail = tls_describe(&session->stream);
	return failure;
}

enum failure_class probe_access_rsa(struct probe_run *run, const struct probe *probe,
				    struct probe_result *result)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	_cleanup_(tls_facts_free) struct tls_facts facts = {0};
	struct session_params params =
	    probe_session_params(run, probe->port, SECURITY_TLS, CONVERSATION_NONE);

	if (published_text(run->settings->published, "tls.certificate")) {
		result->detail = strdup("the settings gave the one certificate");
		result->outcome = PROBE_SKIPPED;
		return FAILURE_NONE;
	}
	params.tls = run->tls_rsa;
	params.facts = &facts;
	if (session_open(&session, &params))
		return probe_take_failure(result, &session.stream);
	result->detail = TAKE_POINTER(facts.key);
	return FAILURE_NONE;
}

enum failure_class probe_access_old_tls(struct probe_run *run, const struct probe *probe,
					struct probe_result *result)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct session_params params =
	    probe_session_params(run, probe->port, SECURITY_OLD_TLS, CONVERSATION_NONE);

	return session_open(&session, &params) ? probe_take_failure(result, &session.stream)
					       : FAILURE_NONE;
}

/* Logs in although it should not work: FAILURE_NONE when the server refused, and, if
 * it must have `judged` the password, because of that. */
static enum failure_class expect_refusal(struct session *session, const struct probe *probe,
					 const char *password, bool judged,
					 struct probe_result *result)
{
	enum failure_class failure =
	    session_authenticate(session, probe->mechanism, PROBE_ADDRESS, password);

	/* Postfix gives Dovecot ten seconds for a guess, and then it is to be tried again. */
	if (failure == FAILURE_RESOURCE && session->stream.fd >= 0) {
		failure_clear(&session->stream.failure);
		failure = session_authenticate(session, probe->mechanism, PROBE_ADDRESS, password);
	}
	if (failure == FAILURE_AUTHENTICATION || (failure == FAILURE_POLICY && !judged)) {
		result->detail = strdup(failure_text(&session->stream.failure));
		return FAILURE_NONE;
	}
	if (failure)
		return probe_take_failure(result, &session->stream);
	return failure_set(&result->failure, FAILURE_POLICY, "the server let us in");
}

enum failure_class probe_access_clear(struct probe_run *run, const struct probe *probe,
				      struct probe_result *result)
{
	enum failure_class failure;
	struct session *session;

	if (probe_converse(run, probe, STAGE_CLEAR, &session, result))
		return result->failure.class;
	if (!(session->capabilities & CAPABILITY_STARTTLS))
		return failure_set(&result->failure, FAILURE_PROTOCOL, "STARTTLS is not offered");
	if (session->capabilities & (CAPABILITY_AUTH_PLAIN | CAPABILITY_AUTH_LOGIN))
		return failure_set(&result->failure, FAILURE_POLICY,
				   "a login is offered without TLS");
	if (session->protocol == &imap_protocol &&
	    !(session->capabilities & CAPABILITY_LOGINDISABLED))
		return failure_set(&result->failure, FAILURE_POLICY,
				   "LOGINDISABLED is not among the capabilities");
	failure = expect_refusal(session, probe, run->settings->password, false, result);
	/* Pigeonhole 2.4 adds the refused response to the next one. */
	if (session->protocol == &managesieve_protocol)
		session_free(session);
	return failure;
}

enum failure_class probe_access_wrong(struct probe_run *run, const struct probe *probe,
				      struct probe_result *result)
{
	enum failure_class failure;
	struct session *session;

	if (is_for_servers(run, probe))
		return skip_login(result);
	failure = probe_converse(run, probe, STAGE_TLS, &session, result);
	return failure ? failure : expect_refusal(session, probe, wrong_password, true, result);
}

enum failure_class probe_access_right(struct probe_run *run, const struct probe *probe,
				      struct probe_result *result)
{
	struct session *session;

	return is_for_servers(run, probe)
		   ? skip_login(result)
		   : probe_converse(run, probe, STAGE_LOGIN, &session, result);
}
