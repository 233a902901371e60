// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/crypto.h"

struct tls_client {
	SSL_CTX *context;
	char *hostname;
};

static void cleanup_context(SSL_CTX **context)
{
	SSL_CTX_free(*context);
}

static const char *library_error(void)
{
	unsigned long code = ERR_get_error();
	const char *text =
	    ERR_SYSTEM_ERROR(code) ? strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);

	ERR_clear_error();
	return text ? text : "unknown error";
}

/* Believes every certificate of a PEM text.  Returns how many there were. */
static int trust_chain(SSL_CTX *context, const char *chain)
{
	_cleanup_(cleanup_bio) BIO *bio = BIO_new_mem_buf(chain, -1);
	X509_STORE *store = SSL_CTX_get_cert_store(context);
	int count = 0;
	X509 *certificate;

	while (bio && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL))) {
		count += X509_STORE_add_cert(store, certificate);
		X509_free(certificate);
	}
	ERR_clear_error(); /* the last read always fails: no more certificates */
	X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
	return count;
}

enum failure_class tls_client_new(const struct tls_params *params, struct tls_client **ret_client,
				  struct failure *failure)
{
	_cleanup_(cleanup_context) SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct tls_client *client;

	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) != 1)
		return failure_set(failure, FAILURE_RESOURCE, "cannot set up TLS: %s",
				   library_error());
	if (params->rsa_only &&
	    SSL_CTX_set1_sigalgs_list(context, "rsa_pss_rsae_sha256:RSA+SHA256") != 1)
		return failure_set(failure, FAILURE_RESOURCE, "cannot ask for RSA: %s",
				   library_error());
	SSL_CTX_set_verify(context, params->anyone ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, NULL);
	if (params->ca_file && SSL_CTX_load_verify_file(context, params->ca_file) != 1)
		return failure_set(failure, FAILURE_CERTIFICATE, "cannot load %s: %s",
				   params->ca_file, library_error());
	if (params->chain && trust_chain(context, params->chain) == 0)
		return failure_set(failure, FAILURE_CERTIFICATE,
				   "no certificate in the chain given by the settings");
	client = calloc(1, sizeof(*client));
	if (client && !params->anyone)
		client->hostname = strdup(params->hostname);
	if (!client || (!client->hostname && !params->anyone)) {
		free(client);
		return failure_set(failure, FAILURE_RESOURCE, "out of memory");
	}
	client->context = TAKE_POINTER(context);
	*ret_client = client;
	return FAILURE_NONE;
}

void tls_client_free(struct tls_client *client)
{
	if (!client)
		return;
	SSL_CTX_free(client->context);
	free(client->hostname);
	free(client);
}

/* Hands the stream to a new TLS connection in `context`. */
static enum failure_class attach(struct stream *stream, SSL_CTX *context)
{
	if (stream_has_input(stream))
		return failure_set(&stream->failure, FAILURE_PROTOCOL,
				   "the server spoke between STARTTLS and the handshake");
	stream->tls = SSL_new(context);
	if (!stream->tls || SSL_set_fd(stream->tls, stream->fd) != 1)
		return failure_set(&stream->failure, FAILURE_RESOURCE, "cannot set up TLS: %s",
				   library_error());
	return FAILURE_NONE;
}

static enum failure_class handshake(struct stream *stream)
{
	for (;;) {
		enum failure_class failure;
		int result;

		ERR_clear_error();
		result = SSL_connect(stream->tls);
		if (result == 1)
			return FAILURE_NONE;
		failure = stream_tls_continue(stream, result);
		if (failure)
			return failure;
		if (stream->ended)
			return failure_set(&stream->failure, FAILURE_CLOSED,
					   "the server closed the connection");
	}
}

static void set_hex(char **ret_text, const unsigned char *bytes, unsigned size)
{
	char *text = malloc(2 * (size_t)size + 1);

	for (unsigned i = 0; text && i < size; i++)
		sprintf(text + 2 * (size_t)i, "%02x", bytes[i]);
	*ret_text = text;
}

static char *name_text(const X509_NAME *name)
{
	_cleanup_(cleanup_bio) BIO *bio = BIO_new(BIO_s_mem());
	char *bytes;
	long size;

	if (!bio || X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253) < 0)
		return NULL;
	size = BIO_get_mem_data(bio, &bytes);
	return strndup(size > 0 ? bytes : "", (size_t)size);
}

static void collect_facts(SSL *tls, struct tls_facts *facts)
{
	X509 *certificate = SSL_get0_peer_certificate(tls);
	EVP_PKEY *key = X509_get0_pubkey(certificate);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned digest_size = 0;
	struct tm end = {0};

	tls_facts_free(facts);
	facts->version = strdup(SSL_get_version(tls));
	facts->cipher = strdup(SSL_get_cipher_name(tls));
	if (key && asprintf(&facts->key, "%s %d bit",
			    EVP_PKEY_is_a(key, "EC") ? "ECDSA" : EVP_PKEY_get0_type_name(key),
			    EVP_PKEY_get_bits(key)) < 0)
		facts->key = NULL;
	facts->subject = name_text(X509_get_subject_name(certificate));
	facts->issuer = name_text(X509_get_issuer_name(certificate));
	if (X509_digest(certificate, EVP_sha256(), digest, &digest_size) == 1)
		set_hex(&facts->fingerprint, digest, digest_size);
	if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) == 1)
		facts->not_after = timegm(&end);
}

enum failure_class tls_start(struct stream *stream, const struct tls_client *client,
			     struct tls_facts *ret_facts)
{
	enum failure_class failure = attach(stream, client->context);
	long verified;

	if (failure)
		return failure;
	if (client->hostname && (SSL_set_tlsext_host_name(stream->tls, client->hostname) != 1 ||
				 SSL_set1_host(stream->tls, client->hostname) != 1))
		return failure_set(&stream->failure, FAILURE_RESOURCE, "cannot set up TLS: %s",
				   library_error());
	failure = handshake(stream);
	verified = SSL_get_verify_result(stream->tls);
	if (failure == FAILURE_TLS && client->hostname && verified != X509_V_OK)
		return failure_set(&stream->failure, FAILURE_CERTIFICATE,
				   "the certificate is not good for %s: %s", client->hostname,
				   X509_verify_cert_error_string(verified));
	if (failure)
		return failure_wrap(&stream->failure, "TLS handshake");
	if (ret_facts)
		collect_facts(stream->tls, ret_facts);
	return FAILURE_NONE;
}

/* A handshake failed: was it the server that would not?  Anything else (our own
 * library without these versions, say) proves nothing. */
static bool refused_by_server(unsigned long code)
{
	switch (ERR_GET_REASON(code)) {
	case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
	case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
	case SSL_R_UNEXPECTED_EOF_WHILE_READING:
		return true;
	}
	return false;
}

static enum failure_class handshake_old(struct stream *stream)
{
	for (;;) {
		enum failure_class failure;
		int result;

		ERR_clear_error();
		result = SSL_connect(stream->tls);
		if (result == 1)
			return failure_set(&stream->failure, FAILURE_POLICY,
					   "the server agreed to %s", SSL_get_version(stream->tls));
		if (SSL_get_error(stream->tls, result) == SSL_ERROR_SSL &&
		    refused_by_server(ERR_peek_error())) {
			ERR_clear_error();
			return FAILURE_NONE;
		}
		failure = stream_tls_continue(stream, result);
		if (failure == FAILURE_CLOSED || (!failure && stream->ended))
			return FAILURE_NONE;
		if (failure)
			return failure_wrap(&stream->failure, "handshake with TLS 1.1");
	}
}

enum failure_class tls_start_old(struct stream *stream)
{
	_cleanup_(cleanup_context) SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	enum failure_class failure;

	if (!context || SSL_CTX_set_min_proto_version(context, TLS1_VERSION) != 1 ||
	    SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION) != 1 ||
	    SSL_CTX_set_cipher_list(context, "ALL:@SECLEVEL=0") != 1)
		return failure_set(&stream->failure, FAILURE_RESOURCE, "cannot set up TLS 1.1: %s",
				   library_error());
	SSL_CTX_set_verify(context, SSL_VERIFY_NONE, NULL);
	failure = attach(stream, context);
	return failure ? failure : handshake_old(stream);
}

char *tls_describe(const struct stream *stream)
{
	char *text;

	if (asprintf(&text, "%s, %s", SSL_get_version(stream->tls),
		     SSL_get_cipher_name(stream->tls)) < 0)
		return NULL;
	return text;
}

void tls_facts_free(struct tls_facts *facts)
{
	free(facts->version);
	free(facts->cipher);
	free(facts->key);
	free(facts->subject);
	free(facts->issuer);
	free(facts->fingerprint);
	*facts = (struct tls_facts){0};
}
