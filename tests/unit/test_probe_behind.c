// SPDX-License-Identifier: GPL-3.0-or-later
#include "test.h"

#include <jansson.h>

#include "base/json_file.h"
#include "probe/behind.h"
#include "probe_server.h"

#define GREET	SAY("220 inside.example.org ESMTP\r\n"), EXPECT("EHLO mail.example.org\r\n")
#define PLAIN	GREET, SAY("250 inside.example.org\r\n")
#define OFFERED GREET, SAY("250-inside.example.org\r\n250 STARTTLS\r\n")
#define SECRET                                                                                     \
	OFFERED, EXPECT("STARTTLS\r\n"), SAY("220 go\r\n"), START_TLS,                             \
	    EXPECT("EHLO mail.example.org\r\n"), SAY("250 inside.example.org\r\n")
#define POSTMASTER(answer)                                                                         \
	EXPECT("MAIL FROM:<>\r\n"), SAY("250 ok\r\n"),                                             \
	    EXPECT("RCPT TO:<postmaster@example.org>\r\n"), SAY(answer)
#define NOBODY(answer)                                                                             \
	EXPECT("RSET\r\n"), SAY("250 ok\r\n"), EXPECT("MAIL FROM:<>\r\n"), SAY("250 ok\r\n"),      \
	    READ_LINE, SAY(answer)
#define BYE  EXPECT("QUIT\r\n"), SAY("221 bye\r\n"), SILENCE
#define GOOD POSTMASTER("250 ok\r\n"), NOBODY("550 5.1.1 nobody\r\n"), BYE, END

enum { TIMEOUT_MS = 3000 };

static json_t *published(unsigned port, const char *tls)
{
	json_t *made =
	    json_pack("{s:s, s:s, s:[s], s:{s:s, s:i, s:s}, s:{s:b, s:b}}", "hostname",
		      "mail.example.org", "postmaster", "postmaster@example.org", "domains",
		      "example.org", "gateway", "host", "127.0.0.1", "port", (int)port, "tls", tls,
		      "here", "asks", 1, "postmaster_elsewhere", 1);

	assert_non_null(made);
	return made;
}

static json_t *look_at(const json_t *settings, const char *ca_file)
{
	const struct behind_look look = {.resolver = "127.0.0.1",
					 .resolver_port = 1,
					 .ca_file = ca_file,
					 .timeout_ms = TIMEOUT_MS};
	json_t *found = NULL;

	assert_int_equal(behind_look_at(settings, &look, &found, NULL), 0);
	assert_non_null(found);
	return found;
}

/* The findings, one a line; the server must have been asked as `steps` say. */
static char *look(const struct step *steps, SSL_CTX *context, const char *tls, bool answers)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *settings = NULL, *found = NULL;
	struct server server;
	json_t *finding;
	size_t i;

	server_start(&server, steps, context);
	settings = published(server.port, tls);
	found = look_at(settings, NULL);
	server_finish(&server);
	assert_int_equal(json_is_true(json_object_get(found, "answers")), answers);
	json_array_foreach(json_object_get(found, "findings"), i, finding)
	    buffer_addf(&text, "%s\n", json_string_value(finding));
	return buffer_take(&text);
}

static void expect(const struct step *steps, SSL_CTX *context, const char *tls, const char *said)
{
	_cleanup_free_ char *text = look(steps, context, tls, true);

	if (!said)
		assert_string_equal(text ? text : "", "");
	else if (!text || !strstr(text, said))
		fail_msg("no '%s' in '%s'", said, text ? text : "");
}

static void a_good_server_is_not_mentioned(void **state _unused_)
{
	static const struct step steps[] = {PLAIN, GOOD};

	expect(steps, NULL, "may", NULL);
}

static void what_it_does_wrong_is_said(void **state _unused_)
{
	static const struct step all[] = {PLAIN, POSTMASTER("250 ok\r\n"), NOBODY("250 ok\r\n"),
					  BYE, END};
	static const struct step none[] = {PLAIN, POSTMASTER("550-5.1.1 no\r\n550 5.1.1 such\r\n"),
					   NOBODY("550 no\r\n"), BYE, END};
	static const struct step later[] = {PLAIN, POSTMASTER("450 4.3.0 not now\r\n"),
					    NOBODY("450 4.3.0 not now\r\n"), BYE, END};

	expect(all, NULL, "may", "takes mail for whatever recipient");
	expect(none, NULL, "may", "does not take mail for postmaster@example.org (550");
	expect(later, NULL, "may", NULL);
}

static void tls_is_as_mail_travels(void **state _unused_)
{
	static const struct step plain[] = {PLAIN, BYE, END};
	static const struct step secret[] = {SECRET, GOOD};
	static const struct step fails[] = {OFFERED, EXPECT("STARTTLS\r\n"), SAY("454 not now\r\n"),
					    SILENCE, END};
	struct identity other = identity_make("other.example", 10, NULL);
	SSL_CTX *context = identity_context(&other);

	expect(plain, NULL, "encrypt", "offers no TLS, and gateway.tls is encrypt");
	expect(plain, NULL, "verify", "offers no TLS, and gateway.tls is verify");
	/* Whatever certificate it has. */
	expect(secret, context, "may", NULL);
	expect(secret, context, "encrypt", NULL);
	expect(fails, NULL, "encrypt", "there is no TLS with the server behind");
	expect(fails, NULL, "may", NULL);
	SSL_CTX_free(context);
	identity_free(&other);
}

static void a_certificate_is_verified_where_it_has_to_be(void **state _unused_)
{
	static const struct step steps[] = {OFFERED, EXPECT("STARTTLS\r\n"), SAY("220 go\r\n"),
					    START_TLS, END};
	struct identity other = identity_make("other.example", 10, NULL);
	SSL_CTX *context = identity_context(&other);

	expect(steps, context, "verify", "the certificate of the server behind");
	SSL_CTX_free(context);
	identity_free(&other);
}

static void one_that_is_down_or_no_server_is_said(void **state _unused_)
{
	static const struct step strange[] = {SAY("SSH-2.0-OpenSSH\r\n"), END};
	static const struct step busy[] = {SAY("421 4.3.2 too busy\r\n"), END};
	_cleanup_json_ json_t *settings = NULL, *found = NULL;
	_cleanup_free_ char *said = look(strange, NULL, "may", false);
	_cleanup_free_ char *later = look(busy, NULL, "may", false);
	struct server server;

	assert_non_null(strstr(said, "does not answer"));
	assert_non_null(strstr(later, "does not answer"));
	server_start(&server, (const struct step[]){END}, NULL);
	shutdown(server.listener, SHUT_RDWR); /* it refuses from now on */
	server_finish(&server);
	settings = published(server.port, "may");
	found = look_at(settings, NULL);
	assert_true(json_is_false(json_object_get(found, "answers")));
	assert_int_equal(json_array_size(json_object_get(found, "findings")), 1);
}

/* Names are asked for, of a resolver that does not answer here; settings of another role. */
static void without_a_host_nothing_is_asked(void **state _unused_)
{
	_cleanup_json_ json_t *settings = published(25, "may"), *none = json_object(),
			      *found = NULL, *nothing = NULL;

	json_object_set_new(json_object_get(settings, "gateway"), "host",
			    json_string("inside.example.org"));
	found = look_at(settings, NULL);
	assert_true(json_is_false(json_object_get(found, "answers")));
	nothing = look_at(none, NULL);
	assert_true(json_is_false(json_object_get(nothing, "answers")));
	assert_int_equal(json_array_size(json_object_get(nothing, "findings")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_good_server_is_not_mentioned),
	    cmocka_unit_test(what_it_does_wrong_is_said),
	    cmocka_unit_test(tls_is_as_mail_travels),
	    cmocka_unit_test(a_certificate_is_verified_where_it_has_to_be),
	    cmocka_unit_test(one_that_is_down_or_no_server_is_said),
	    cmocka_unit_test(without_a_host_nothing_is_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
