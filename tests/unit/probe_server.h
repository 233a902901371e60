// SPDX-License-Identifier: GPL-3.0-or-later
/* A server that plays a script, for tests of protocol clients: one thread, one
 * connection at a time on the loopback, each step says or expects something.  What a
 * client did wrong is told by server_finish. */
#ifndef POSTCASK_PROBE_SERVER_H
#define POSTCASK_PROBE_SERVER_H

#include <arpa/inet.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/session.h"

enum step_kind { STEP_END, STEP_SAY, STEP_EXPECT, STEP_READ, STEP_SILENCE, STEP_NEXT, STEP_TLS };

struct step {
	enum step_kind kind;
	const char *text;
	size_t size; /* 0: strlen(text) */
};

#define SAY(text)                                                                                  \
	{                                                                                          \
		STEP_SAY, text, 0                                                                  \
	}
#define SAY_BYTES(text)                                                                            \
	{                                                                                          \
		STEP_SAY, text, sizeof(text) - 1                                                   \
	}
#define EXPECT(text)                                                                               \
	{                                                                                          \
		STEP_EXPECT, text, 0                                                               \
	} /* exactly these bytes come next */
#define READ_LINE                                                                                  \
	{                                                                                          \
		STEP_READ, NULL, 0                                                                 \
	} /* any one line */
#define SILENCE                                                                                    \
	{                                                                                          \
		STEP_SILENCE, NULL, 0                                                              \
	} /* until the client hangs up */
#define NEXT_CONNECTION                                                                            \
	{                                                                                          \
		STEP_NEXT, NULL, 0                                                                 \
	} /* the client hangs up and comes again */
#define START_TLS                                                                                  \
	{                                                                                          \
		STEP_TLS, NULL, 0                                                                  \
	}
#define END                                                                                        \
	{                                                                                          \
		STEP_END, NULL, 0                                                                  \
	}

struct server {
	int listener;
	unsigned port;
	const struct step *steps;
	SSL_CTX *context; /* for START_TLS */
	SSL *tls;
	pthread_t thread;
	char *complaint; /* NULL: the client did as expected */
};

static inline ssize_t server_read(struct server *server, int fd, char *bytes, size_t size)
{
	return server->tls ? SSL_read(server->tls, bytes, (int)size) : read(fd, bytes, size);
}

static inline void server_say(struct server *server, int fd, const struct step *step)
{
	size_t size = step->size ? step->size : strlen(step->text);

	if (server->tls)
		SSL_write(server->tls, step->text, (int)size);
	else if (send(fd, step->text, size, MSG_NOSIGNAL) < 0)
		return;
}

static inline void server_expect(struct server *server, int fd, const char *text)
{
	size_t size = strlen(text), got = 0;
	char *bytes = calloc(1, size + 1);

	while (got < size) {
		ssize_t more = server_read(server, fd, bytes + got, size - got);

		if (more <= 0)
			break;
		got += (size_t)more;
	}
	if (strcmp(bytes, text) != 0 && !server->complaint &&
	    asprintf(&server->complaint, "expected '%s', got '%s'", text, bytes) < 0)
		abort();
	free(bytes);
}

static inline void server_read_line(struct server *server, int fd)
{
	char c = 0;

	while (c != '\n' && server_read(server, fd, &c, 1) == 1)
		;
}

static inline void server_start_tls(struct server *server, int fd)
{
	server->tls = SSL_new(server->context);
	SSL_set_fd(server->tls, fd);
	SSL_accept(server->tls); /* whether it works is the client's test */
}

/* -1 when nobody comes. */
static inline int server_accept(struct server *server)
{
	struct pollfd wait = {.fd = server->listener, .events = POLLIN};

	return poll(&wait, 1, 5000) == 1 ? accept(server->listener, NULL, NULL) : -1;
}

static inline void server_hang_up(struct server *server, int fd)
{
	char rest[256];

	if (server->tls)
		SSL_shutdown(server->tls);
	SSL_free(server->tls);
	server->tls = NULL;
	if (fd < 0)
		return;
	shutdown(fd, SHUT_WR); /* no reset: what was said must arrive */
	while (read(fd, rest, sizeof(rest)) > 0)
		;
	close(fd);
}

/* Returns the connection that the next step is for. */
static inline int server_step(struct server *server, int fd, const struct step *step)
{
	char rest[256];

	if (step->kind == STEP_SAY) {
		server_say(server, fd, step);
	} else if (step->kind == STEP_EXPECT) {
		server_expect(server, fd, step->text);
	} else if (step->kind == STEP_READ) {
		server_read_line(server, fd);
	} else if (step->kind == STEP_TLS) {
		server_start_tls(server, fd);
	} else if (step->kind == STEP_NEXT) {
		server_hang_up(server, fd);
		fd = server_accept(server);
	} else {
		while (server_read(server, fd, rest, sizeof(rest)) > 0)
			;
	}
	return fd;
}

static inline void *server_play(void *context)
{
	struct server *server = context;
	const struct step *step = server->steps;
	int fd = server_accept(server);

	for (; fd >= 0 && step->kind != STEP_END; step++)
		fd = server_step(server, fd, step);
	if (step->kind != STEP_END && !server->complaint)
		server->complaint = strdup("the client did not come");
	server_hang_up(server, fd);
	return NULL;
}

/* Begins to play; `context` is for START_TLS. */
static inline void server_start(struct server *server, const struct step *steps, SSL_CTX *context)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);

	signal(SIGPIPE, SIG_IGN);
	*server = (struct server){.steps = steps, .context = context};
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(server->listener >= 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->listener, 1), 0);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, server_play, server), 0);
}

/* Waits for the end of the script; fails the test when the client did otherwise. */
static inline void server_finish(struct server *server)
{
	pthread_join(server->thread, NULL);
	close(server->listener);
	if (server->complaint)
		fail_msg("%s", server->complaint);
}

/* Parameters of a stream to this server. */
static inline struct stream_params server_stream(const struct server *server, int timeout_ms)
{
	return (struct stream_params){.address = "127.0.0.1",
				      .port = server->port,
				      .deadline_ms = clock_now_ms() + timeout_ms};
}

/* Parameters of a session that stays in the clear. */
static inline struct session_params server_session(const struct server *server,
						   const struct protocol *protocol)
{
	return (struct session_params){.protocol = protocol,
				       .stream = server_stream(server, 3000),
				       .security = SECURITY_CLEAR};
}

/* A certificate for `name`, valid from yesterday until `days` from now, signed by
 * `issuer` or, when that is NULL, by itself as an authority. */
struct identity {
	EVP_PKEY *key;
	X509 *certificate;
};

static inline void identity_extend(X509 *certificate, X509 *issuer, int id, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, id, value);
	assert_non_null(extension);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

static inline struct identity identity_make(const char *name, int days,
					    const struct identity *issuer)
{
	struct identity made = {.key = EVP_EC_gen("P-256"), .certificate = X509_new()};
	X509_NAME *subject = X509_get_subject_name(made.certificate);
	char alternative[128];
	static long serial;

	snprintf(alternative, sizeof(alternative), "DNS:%s", name);
	X509_set_version(made.certificate, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(made.certificate), ++serial);
	X509_gmtime_adj(X509_getm_notBefore(made.certificate), -2 * 24 * 3600L);
	X509_gmtime_adj(X509_getm_notAfter(made.certificate), days * 24 * 3600L);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1,
				   0);
	X509_set_issuer_name(made.certificate,
			     issuer ? X509_get_subject_name(issuer->certificate) : subject);
	X509_set_pubkey(made.certificate, made.key);
	identity_extend(made.certificate, issuer ? issuer->certificate : made.certificate,
			NID_basic_constraints, issuer ? "CA:FALSE" : "critical,CA:TRUE");
	if (issuer)
		identity_extend(made.certificate, issuer->certificate, NID_subject_alt_name,
				alternative);
	assert_true(X509_sign(made.certificate, issuer ? issuer->key : made.key, EVP_sha256()) > 0);
	return made;
}

static inline void identity_free(struct identity *identity)
{
	EVP_PKEY_free(identity->key);
	X509_free(identity->certificate);
}

/* A server's TLS with that certificate; owned by the caller. */
static inline SSL_CTX *identity_context(const struct identity *identity)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	assert_non_null(context);
	assert_int_equal(SSL_CTX_use_certificate(context, identity->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(context, identity->key), 1);
	SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
	return context;
}

/* The certificate as PEM text; owned by the caller. */
static inline char *identity_pem(const struct identity *identity)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *bytes, *text;
	long size;

	assert_int_equal(PEM_write_bio_X509(bio, identity->certificate), 1);
	size = BIO_get_mem_data(bio, &bytes);
	text = strndup(bytes, (size_t)size);
	BIO_free(bio);
	return text;
}

/* The same on a unix socket in a folder, as Postfix's own are; its path is the caller's. */
static _unused_ char *server_start_in(struct server *server, const char *folder,
				      const struct step *steps)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char *path = file_join(folder, "socket");

	signal(SIGPIPE, SIG_IGN);
	*server = (struct server){.steps = steps};
	assert_true(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	server->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(server->listener, 1), 0);
	assert_int_equal(pthread_create(&server->thread, NULL, server_play, server), 0);
	return path;
}

#endif
