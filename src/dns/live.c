// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/live.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/digest.h"
#include "net/session.h"
#include "net/tls.h"

enum {
	POLICY_MAX = 64 * 1024, /* RFC 8461 §3.3 */
	HEADERS_MAX = 100,
};

/* What servers of some years ago understand. */
#define RSA_ONLY "rsa_pss_rsae_sha256:RSA+SHA256:RSA+SHA384:RSA+SHA512"

/* Nothing is verified: which key it is, is the question. */
static bool shake_hands(struct session *session, SSL *tls)
{
	for (;;) {
		int result = SSL_connect(tls);

		if (result == 1)
			return true;
		switch (SSL_get_error(tls, result)) {
		case SSL_ERROR_WANT_READ:
			result = (int)stream_poll(&session->stream, POLLIN);
			break;
		case SSL_ERROR_WANT_WRITE:
			result = (int)stream_poll(&session->stream, POLLOUT);
			break;
		default:
			return false;
		}
		if (result != FAILURE_NONE)
			return false;
	}
}

static void take_key(const SSL *tls, struct dns_live_keys *keys)
{
	X509 *certificate = SSL_get1_peer_certificate(tls);
	unsigned char *bytes = NULL;
	EVP_MD_CTX *digest;
	char text[65];
	int size;

	size = certificate ? i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &bytes) : 0;
	digest = size > 0 ? digest_begin() : NULL;
	if (digest) {
		digest_add(digest, bytes, (size_t)size);
		digest_finish(digest, text);
		if (keys->count == 0 || strcmp(keys->text[0], text) != 0)
			memcpy(keys->text[keys->count++], text, sizeof(text));
	}
	OPENSSL_free(bytes);
	X509_free(certificate);
}

static void ask_one(const char *address, const char *signatures, int64_t deadline_ms,
		    struct dns_live_keys *keys)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct session_params params = {
	    .protocol = &smtp_protocol,
	    .stream = {.address = address, .port = 25, .deadline_ms = deadline_ms},
	    .security = SECURITY_CLEAR,
	};
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *tls = NULL;

	if (context && (!signatures || SSL_CTX_set1_sigalgs_list(context, signatures) == 1))
		tls = SSL_new(context);
	if (session_open(&session, &params) != FAILURE_NONE ||
	    smtp_protocol.start_tls(&session) != FAILURE_NONE) {
		if (!keys->why)
			keys->why = strdup(failure_text(&session.stream.failure));
	} else if (tls && SSL_set_fd(tls, session.stream.fd) == 1 && shake_hands(&session, tls)) {
		take_key(tls, keys);
	} else if (!keys->why) {
		keys->why = strdup("there is no handshake");
	}
	SSL_free(tls);
	SSL_CTX_free(context);
}

void dns_live_keys_ask(const char *address, int timeout_ms, struct dns_live_keys *ret)
{
	int64_t deadline_ms = clock_now_ms() + timeout_ms;

	*ret = (struct dns_live_keys){0};
	ask_one(address, NULL, deadline_ms, ret);
	if (ret->count == 0)
		return;
	ask_one(address, RSA_ONLY, deadline_ms, ret); /* a given certificate may be of one kind */
	free(ret->why);
	ret->why = NULL;
}

static enum failure_class read_policy(struct stream *stream, const char *name,
				      struct buffer *policy)
{
	enum failure_class class;
	const char *line;
	size_t size, length = 0;
	int code = 0;

	class = stream_writef(stream,
			      "GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: %s\r\n"
			      "Connection: close\r\n\r\n",
			      name);
	if (class == FAILURE_NONE)
		class = stream_read_line(stream, &line, &size);
	if (class != FAILURE_NONE)
		return class;
	if (sscanf(line, "HTTP/1.%*1d %d", &code) != 1 || code != 200)
		return failure_set(&stream->failure, FAILURE_CONTENT, "the server answers %.80s",
				   line);
	for (int headers = 0; headers < HEADERS_MAX; headers++) {
		class = stream_read_line(stream, &line, &size);
		if (class != FAILURE_NONE)
			return class;
		if (size == 0)
			break;
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			length = strtoul(line + 15, NULL, 10);
	}
	if (length == 0 || length > POLICY_MAX)
		return failure_set(&stream->failure, FAILURE_CONTENT,
				   "the answer has no length, or one over 64 KiB");
	return stream_read_bytes(stream, length, policy);
}

char *dns_live_policy(const char *address, const char *name, const char *authorities,
		      int timeout_ms, char **ret_why)
{
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	_cleanup_(buffer_free) struct buffer policy = BUFFER_INIT;
	struct stream_params params = {
	    .address = address, .port = 443, .deadline_ms = clock_now_ms() + timeout_ms};
	struct tls_params trust = {.hostname = name, .ca_file = authorities};
	struct failure failure = FAILURE_INIT;
	struct tls_client *client = NULL;
	enum failure_class class = tls_client_new(&trust, &client, &failure);

	if (class != FAILURE_NONE) {
		*ret_why = strdup(failure_text(&failure));
		failure_clear(&failure);
		return NULL;
	}
	class = stream_open(&stream, &params);
	if (class == FAILURE_NONE)
		class = tls_start(&stream, client, NULL);
	if (class == FAILURE_NONE)
		class = read_policy(&stream, name, &policy);
	if (class != FAILURE_NONE)
		*ret_why = strdup(failure_text(&stream.failure));
	tls_client_free(client);
	return class == FAILURE_NONE ? buffer_take(&policy) : NULL;
}

void dns_live_keys_clear(struct dns_live_keys *keys)
{
	free(keys->why);
	*keys = (struct dns_live_keys){0};
}
