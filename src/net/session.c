// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/session.h"

#include <string.h>

#include "base/clock.h"
#include "base/crypto.h"

enum {
	QUIT_MS = 2000, /* nobody waits longer for a goodbye */
};

static const char *const state_names[SESSION_STATES] = {
    [SESSION_CONNECTING] = "connect",	 [SESSION_GREETING] = "greeting",
    [SESSION_STARTING_TLS] = "STARTTLS", [SESSION_HANDSHAKING] = "handshake",
    [SESSION_READY] = "authentication",	 [SESSION_AUTHENTICATED] = "session",
};

static enum failure_class fail_state(struct session *session)
{
	if (session->state == SESSION_CONNECTING)
		return session->stream.failure.class; /* it says so itself */
	return failure_wrap(&session->stream.failure, "%s", state_names[session->state]);
}

static enum failure_class handshake(struct session *session, const struct session_params *params)
{
	session->state = SESSION_HANDSHAKING;
	if (params->security == SECURITY_OLD_TLS)
		return tls_start_old(&session->stream);
	if (!params->tls)
		return failure_set(&session->stream.failure, FAILURE_CERTIFICATE,
				   "no authority to believe");
	return tls_start(&session->stream, params->tls, params->facts);
}

static enum failure_class greet(struct session *session)
{
	session->state = SESSION_GREETING;
	return session->protocol->greet(session);
}

static enum failure_class open_implicit(struct session *session,
					const struct session_params *params)
{
	enum failure_class failure = handshake(session, params);

	if (failure || params->security == SECURITY_OLD_TLS)
		return failure;
	return greet(session);
}

static enum failure_class start_tls(struct session *session, const struct session_params *params)
{
	enum failure_class failure;

	session->state = SESSION_STARTING_TLS;
	if (!(session->capabilities & CAPABILITY_STARTTLS))
		return failure_set(&session->stream.failure, FAILURE_PROTOCOL,
				   "the server does not offer it");
	failure = session->protocol->start_tls(session);
	if (failure)
		return failure;
	failure = handshake(session, params);
	if (failure || params->security == SECURITY_OLD_TLS)
		return failure;
	session->capabilities = 0;
	session->state = SESSION_GREETING;
	return session->protocol->encrypted(session);
}

enum failure_class session_start_tls(struct session *session, const struct session_params *params)
{
	session->stream.deadline_ms = params->stream.deadline_ms;
	if (start_tls(session, params))
		return fail_state(session);
	session->state = SESSION_READY;
	return FAILURE_NONE;
}

static enum failure_class open_clear(struct session *session, const struct session_params *params)
{
	enum failure_class failure = greet(session);

	if (failure || params->security == SECURITY_CLEAR)
		return failure;
	return start_tls(session, params);
}

enum failure_class session_open(struct session *session, const struct session_params *params)
{
	enum failure_class failure;

	*session = SESSION_INIT;
	session->protocol = params->protocol;
	session->helo = params->helo;
	failure = stream_open(&session->stream, &params->stream);
	if (!failure)
		failure = params->implicit_tls ? open_implicit(session, params)
					       : open_clear(session, params);
	if (failure)
		return fail_state(session);
	session->state = SESSION_READY;
	return FAILURE_NONE;
}

enum failure_class session_authenticate(struct session *session, enum mechanism mechanism,
					const char *user, const char *password)
{
	enum failure_class failure =
	    session->protocol->authenticate(session, mechanism, user, password);

	if (failure)
		return fail_state(session);
	session->state = SESSION_AUTHENTICATED;
	return FAILURE_NONE;
}

char *session_plain_response(const char *user, const char *password)
{
	_cleanup_(buffer_wipe) struct buffer response = BUFFER_INIT;

	buffer_add_char(&response, '\0');
	buffer_add_text(&response, user);
	buffer_add_char(&response, '\0');
	buffer_add_text(&response, password);
	return response.failed ? NULL : crypto_base64(response.data, response.size);
}

void session_close(struct session *session)
{
	if (session->stream.fd >= 0 && session->state >= SESSION_READY && !session->stream.ended) {
		_cleanup_(failure_clear) struct failure kept = FAILURE_INIT;
		int64_t end = clock_now_ms() + QUIT_MS;

		failure_move(&kept, &session->stream.failure);
		if (session->stream.deadline_ms > end)
			session->stream.deadline_ms = end;
		session->protocol->quit(session);
		failure_move(&session->stream.failure, &kept);
	}
	stream_close(&session->stream);
}

void session_free(struct session *session)
{
	session_close(session);
	stream_free(&session->stream);
	free(session->greeting);
	session->greeting = NULL;
}
