// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror/search.h"

#include <ctype.h>
#include <errno.h>
#include <ldap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_file.h"
#include "mirror/range.h"

enum { VALUE_SIZE = 100 }; /* what one takes beside its own bytes */

struct session {
	const struct tree *tree;
	LDAP *ldap;
	int64_t deadline_ms;
	char **attributes;
	EVP_MD_CTX *digest;			 /* of the entry that is being read */
	unsigned char sum[DIGEST_TEXT_SIZE - 1]; /* of all, in whatever order they come */
	size_t size;				 /* of all that was kept */
};

static void session_end(struct session *session)
{
	if (session->ldap)
		ldap_unbind_ext_s(session->ldap, NULL, NULL);
}

/* What the library says, and what the server or TLS says more exactly. */
static int failed(struct session *session, const char *doing, int code, struct error *error)
{
	char *more = NULL;

	if (session->ldap)
		ldap_get_option(session->ldap, LDAP_OPT_DIAGNOSTIC_MESSAGE, &more);
	/* A stranger's words, for a log and a report. */
	for (char *c = more; c && *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 127)
			*c = '?';
	error_set(error, EIO, "%s: %s%s%.200s", doing, ldap_err2string(code),
		  more && more[0] ? "; " : "", more ? more : "");
	ldap_memfree(more);
	return -EIO;
}

static int say_late(struct error *error)
{
	return error_set(error, ETIME, "it takes more than %d seconds", SEARCH_ALL_S);
}

/* ---- Connecting ---- */

static int set_options(struct session *session, struct error *error)
{
	const struct timeval connect = {SEARCH_CONNECT_S, 0}, wait = {SEARCH_WAIT_S, 0};
	const int version = LDAP_VERSION3, demand = LDAP_OPT_X_TLS_DEMAND, client = 0;
	const int least = LDAP_OPT_X_TLS_PROTOCOL_TLS1_2;
	const char *ca = session->tree->ca;
	const struct {
		int option;
		const void *value;
	} options[] = {
	    {LDAP_OPT_PROTOCOL_VERSION, &version},
	    {LDAP_OPT_NETWORK_TIMEOUT, &connect},
	    {LDAP_OPT_TIMEOUT, &wait},
	    /* Another server that it names is none of the settings'. */
	    {LDAP_OPT_REFERRALS, LDAP_OPT_OFF},
	    {LDAP_OPT_X_TLS_REQUIRE_CERT, &demand},
	    {LDAP_OPT_X_TLS_CACERTFILE, ca},
	    {LDAP_OPT_X_TLS_PROTOCOL_MIN, &least},
	    {LDAP_OPT_X_TLS_NEWCTX, &client},
	};

	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		int code = ldap_set_option(session->ldap, options[i].option, options[i].value);

		if (code != LDAP_OPT_SUCCESS)
			return error_set(error, EIO, "cannot set the connection up%s%s",
					 ca ? ", with the authorities of " : "", ca ? ca : "");
	}
	return 0;
}

static int begin(struct session *session, const char *server, struct error *error)
{
	const struct tree *tree = session->tree;
	struct berval password = {strlen(tree->password), (char *)tree->password};
	int code = ldap_initialize(&session->ldap, server), result;

	if (code != LDAP_SUCCESS)
		return failed(session, "no such server", code, error);
	result = set_options(session, error);
	if (result < 0)
		return result;
	if (strncmp(server, "ldaps:", 6) != 0) {
		code = ldap_start_tls_s(session->ldap, NULL, NULL);
		if (code != LDAP_SUCCESS)
			return failed(session, "no TLS", code, error);
	}
	code = ldap_sasl_bind_s(session->ldap, tree->bind_dn, LDAP_SASL_SIMPLE, &password, NULL,
				NULL, NULL);
	return code == LDAP_SUCCESS ? 0 : failed(session, "no login", code, error);
}

/* ---- Entries ---- */

/* Adds what an attribute holds to what is known of it; what is too much is nothing. */
static void add_values(struct session *session, LDAPMessage *message, char *attribute,
		       const char *name, json_t *entry)
{
	struct berval **values = ldap_get_values_len(session->ldap, message, attribute);
	json_t *list = json_object_get(entry, name);
	bool rules = strcasecmp(name, session->tree->rules) == 0;
	size_t known = json_array_size(list), count = 0,
	       most = rules ? PICTURE_RULES : PICTURE_VALUE;

	if (!list)
		json_object_set_new(entry, name, list = json_array());
	while (values && values[count])
		count++;
	if (known + count > PICTURE_VALUES) {
		json_object_set_new(entry, PICTURE_TOO_MANY, json_true());
		json_array_clear(list);
		count = 0;
	}
	digest_add(session->digest, name, strlen(name) + 1);
	for (size_t i = 0; i < count; i++) {
		const char *text = values[i]->bv_val;
		size_t size = values[i]->bv_len;

		digest_add(session->digest, &size, sizeof(size));
		digest_add(session->digest, text, size);
		session->size += size + VALUE_SIZE;
		/* NULL, which is not appended, for what is no UTF-8. */
		if (size <= most && !memchr(text, '\0', size))
			json_array_append_new(list, json_stringn(text, size));
	}
	ldap_value_free_len(values);
}

/* Its values, by its name in small letters; *next as range_parse has it, or 0. */
static void add_attribute(struct session *session, LDAPMessage *message, char *attribute,
			  json_t *entry, char **ret_part, long *ret_next)
{
	size_t size = strlen(attribute);
	long next = 0;
	bool part = range_parse(attribute, &size, &next);
	_cleanup_free_ char *name = strndup(attribute, size);

	for (char *c = name; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	if (name)
		add_values(session, message, attribute, name, entry);
	if (!part || !name)
		return;
	*ret_next = next;
	free(*ret_part);
	*ret_part = TAKE_POINTER(name);
}

/* All of an entry that came; the last list of which a part came is in *ret_part. */
static void add_attributes(struct session *session, LDAPMessage *message, json_t *entry,
			   char **ret_part, long *ret_next)
{
	BerElement *position = NULL;
	char *attribute = ldap_first_attribute(session->ldap, message, &position);

	*ret_next = 0;
	while (attribute) {
		add_attribute(session, message, attribute, entry, ret_part, ret_next);
		ldap_memfree(attribute);
		attribute = ldap_next_attribute(session->ldap, message, position);
	}
	ber_free(position, 0);
}

/* The next part of a list.  It goes on where the last one ended, or the list has no end. */
static int read_part(struct session *session, json_t *entry, char **part, long *next,
		     struct error *error)
{
	_cleanup_free_ char *asked = NULL;
	LDAPMessage *messages = NULL, *message = NULL;
	struct timeval wait = {SEARCH_WAIT_S, 0};
	long before = *next;
	int code;

	if (asprintf(&asked, "%s;range=%ld-*", *part, before) < 0)
		return error_set(error, ENOMEM, "out of memory");
	code = ldap_search_ext_s(session->ldap, json_text(entry, "dn"), LDAP_SCOPE_BASE,
				 "(objectClass=*)", (char *[]){asked, NULL}, 0, NULL, NULL, &wait,
				 0, &messages);
	if (code == LDAP_SUCCESS)
		message = ldap_first_entry(session->ldap, messages);
	*next = 0;
	if (message)
		add_attributes(session, message, entry, part, next);
	ldap_msgfree(messages);
	if (code != LDAP_SUCCESS)
		return failed(session, "no answer", code, error);
	return message && (*next == 0 || *next > before)
		   ? 0
		   : error_set(error, EIO, "%.200s has a list that does not go on",
			       json_text(entry, "dn"));
}

static int read_entry(struct session *session, LDAPMessage *message, bool group, json_t *entry,
		      struct error *error)
{
	char *dn = ldap_get_dn(session->ldap, message);
	_cleanup_free_ char *part = NULL;
	long next;
	int result = 0;

	json_object_set_new(entry, "dn", json_string(dn ? dn : ""));
	digest_add(session->digest, group ? "g" : "p", 1);
	digest_add(session->digest, dn ? dn : "", dn ? strlen(dn) + 1 : 1);
	ldap_memfree(dn);
	add_attributes(session, message, entry, &part, &next);
	while (result == 0 && next > 0 && !json_is_true(json_object_get(entry, PICTURE_TOO_MANY))) {
		result = read_part(session, entry, &part, &next, error);
		if (result == 0 && clock_now_ms() > session->deadline_ms)
			result = say_late(error);
	}
	return result;
}

/* Into the picture, if there is one. */
static int add_entry(struct session *session, LDAPMessage *message, bool group,
		     struct picture *picture, struct error *error)
{
	_cleanup_json_ json_t *entry = json_object();
	char text[DIGEST_TEXT_SIZE];
	int result;

	session->digest = digest_begin();
	if (!session->digest)
		return error_set(error, ENOMEM, "out of memory");
	result = read_entry(session, message, group, entry, error);
	digest_finish(TAKE_POINTER(session->digest), text);
	for (size_t i = 0; i < sizeof(session->sum); i++)
		session->sum[i] ^= (unsigned char)(text[i] % 16 + text[i] / 'a' * 9);
	if (result < 0 || !picture || !json_text(entry, "dn")[0])
		return result;
	return session->size > SEARCH_SIZE
		   ? error_set(error, E2BIG, "it holds more than %d MiB", SEARCH_SIZE / 1024 / 1024)
		   : picture_add(picture, entry, group, error);
}

static int add_entries(struct session *session, LDAPMessage *messages, bool groups,
		       struct picture *picture, struct error *error)
{
	int result = 0;

	for (LDAPMessage *message = ldap_first_entry(session->ldap, messages);
	     result == 0 && message; message = ldap_next_entry(session->ldap, message))
		result = add_entry(session, message, groups, picture, error);
	return result;
}

/* ---- Pages (RFC 2696) ---- */

/* What the end of a page says; *cookie is empty when it was the last. */
static int end_page(struct session *session, LDAPMessage *messages, struct berval *cookie)
{
	LDAPControl **controls = NULL, *page;
	ber_int_t estimate;
	int code = LDAP_SUCCESS;
	int parsed =
	    ldap_parse_result(session->ldap, messages, &code, NULL, NULL, NULL, &controls, 0);

	ber_memfree(TAKE_POINTER(cookie->bv_val));
	cookie->bv_len = 0;
	page = ldap_control_find(LDAP_CONTROL_PAGEDRESULTS, controls, NULL);
	if (parsed == LDAP_SUCCESS && code == LDAP_SUCCESS && page)
		parsed = ldap_parse_pageresponse_control(session->ldap, page, &estimate, cookie);
	ldap_controls_free(controls);
	return parsed != LDAP_SUCCESS ? parsed : code;
}

static int read_page(struct session *session, const char *filter, bool groups,
		     struct berval *cookie, struct picture *picture, struct error *error)
{
	LDAPControl *control = NULL;
	LDAPMessage *messages = NULL;
	struct timeval wait = {SEARCH_WAIT_S, 0};
	int result = 0,
	    code = ldap_create_page_control(session->ldap, SEARCH_PAGE, cookie, 0, &control);

	if (code == LDAP_SUCCESS)
		code =
		    ldap_search_ext_s(session->ldap, session->tree->base, LDAP_SCOPE_SUBTREE,
				      filter, session->attributes, 0,
				      (LDAPControl *[]){control, NULL}, NULL, &wait, 0, &messages);
	if (code == LDAP_SUCCESS)
		result = add_entries(session, messages, groups, picture, error);
	if (code == LDAP_SUCCESS && result == 0)
		code = end_page(session, messages, cookie);
	ldap_msgfree(messages);
	ldap_control_free(control);
	return code == LDAP_SUCCESS ? result : failed(session, "no answer", code, error);
}

static int read_all(struct session *session, const char *filter, bool groups,
		    struct picture *picture, struct error *error)
{
	struct berval cookie = {0};
	int result;

	do {
		result = read_page(session, filter, groups, &cookie, picture, error);
		if (result == 0 && clock_now_ms() > session->deadline_ms)
			result = say_late(error);
	} while (result == 0 && cookie.bv_len > 0);
	ber_memfree(cookie.bv_val);
	return result;
}

/* ---- A server ---- */

static void say_sum(const struct session *session, char ret[DIGEST_TEXT_SIZE])
{
	for (size_t i = 0; i < sizeof(session->sum); i++)
		ret[i] = "0123456789abcdef"[session->sum[i]];
	ret[DIGEST_TEXT_SIZE - 1] = '\0';
}

static int read_server(const struct tree *tree, const char *server, struct picture *picture,
		       char ret_digest[DIGEST_TEXT_SIZE], struct error *error)
{
	_cleanup_(session_end) struct session session = {
	    .tree = tree, .deadline_ms = clock_now_ms() + SEARCH_ALL_S * 1000};
	_cleanup_free_ char *room = NULL;
	char *attributes[TREE_ATTRIBUTES + 1];
	int result;

	tree_attributes(tree, &room, attributes);
	session.attributes = attributes;
	result = begin(&session, server, error);
	if (result == 0)
		result = read_all(&session, tree->people, false, picture, error);
	if (result == 0)
		result = read_all(&session, tree->groups, true, picture, error);
	if (result == 0)
		say_sum(&session, ret_digest);
	return result;
}

static int make_picture(const struct tree *tree, const char *server,
			char ret_digest[DIGEST_TEXT_SIZE], json_t **ret, struct error *error)
{
	_cleanup_(picture_free) struct picture picture = {0};
	int result = picture_begin(&picture, tree, error);

	if (result == 0)
		result = read_server(tree, server, &picture, ret_digest, error);
	return result < 0 ? result : picture_finish(&picture, ret, error);
}

int search_read(const struct tree *tree, char ret_digest[DIGEST_TEXT_SIZE], json_t **ret_picture,
		struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	for (size_t i = 0; tree->servers[i]; i++) {
		_cleanup_(error_clear) struct error why = ERROR_INIT;
		const char *server = tree->servers[i];
		int result = ret_picture ? make_picture(tree, server, ret_digest, ret_picture, &why)
					 : read_server(tree, server, NULL, ret_digest, &why);

		if (result == 0)
			return 0;
		buffer_addf(&said, "%s%s: %s", said.size ? "; " : "", server, error_text(&why));
	}
	return error_set(error, EIO, "%s", buffer_text(&said));
}
