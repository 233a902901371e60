// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/derive.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "settings/letters.h"
#include "settings/person_filter.h"
#include "settings/type_blocklist.h"
#include "settings/types.h"
#include "settings/web.h"

#define MIB		(1024 * 1024)
#define UNPACK_MULTIPLE 32   /* of a message: what its archives may unpack to */
#define SCAN_MULTIPLE	80   /* that, counted twice by clamd, with what it decodes by itself */
#define READ_MULTIPLE	4    /* what clamd also reads in other ways */
#define UNPACK_LEAST	100  /* MiB, however small messages must be */
#define SCAN_LEAST	300  /* likewise */
#define READ_LEAST	100  /* likewise */
#define UNPACK_MOST	2047 /* MiB: clamd reads no larger file */
#define SCAN_MOST	16384
#define IMPLICIT_TLS	465 /* RFC 8314 */

static int derive_user(json_t *user)
{
	const char *hash = json_string_value(json_object_get(user, "password_hash"));

	return json_object_set_new(user, "password_prefix",
				   json_string(type_password_prefix(hash))) < 0
		   ? -ENOMEM
		   : 0;
}

static bool set_size(json_t *limits, const char *name, json_int_t mib, json_int_t least,
		     json_int_t most)
{
	json_int_t size = mib < least ? least : mib > most ? most : mib;

	return json_object_set_new(limits, name, json_integer(size)) == 0;
}

static int derive_limits(json_t *limits)
{
	json_int_t size = json_integer_value(json_object_get(limits, "message_size_mib"));
	json_int_t unpack = size * UNPACK_MULTIPLE, scan = size * SCAN_MULTIPLE;

	if (json_object_set_new(limits, "message_size_bytes", json_integer(size * MIB)) < 0 ||
	    !set_size(limits, "unpack_size_mib", unpack, UNPACK_LEAST, UNPACK_MOST) ||
	    !set_size(limits, "scan_size_mib", scan, SCAN_LEAST, SCAN_MOST) ||
	    !set_size(limits, "read_size_mib", size * READ_MULTIPLE, READ_LEAST, UNPACK_MOST))
		return -ENOMEM;
	return 0;
}

static int derive_hostname(json_t *settings)
{
	bool is_domain =
	    json_has_text(json_object_get(settings, "domains"), json_text(settings, "hostname"));

	return json_object_set_new(settings, "hostname_is_domain", json_boolean(is_domain)) < 0
		   ? -ENOMEM
		   : 0;
}

static bool is_text(const json_t *object, const char *key, const char *text)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value && strcmp(value, text) == 0;
}

static bool is_limited(const json_t *limits)
{
	static const char *const keys[] = {"user_messages_per_hour", "user_recipients_per_hour",
					   "user_recipients_per_day", "client_messages_per_hour",
					   "recipient_messages_per_hour"};
	bool limited = json_is_true(json_object_get(limits, "hold"));

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		limited = limited || json_integer_value(json_object_get(limits, keys[i])) > 0;
	return limited;
}

/* Whether an alias is not for everybody, of which postcask-policy is asked. */
static bool is_closed(const json_t *settings)
{
	const json_t *alias;
	size_t i;

	json_array_foreach(json_object_get(settings, "aliases"), i, alias)
	{
		if (json_array_size(json_object_get(alias, "who")) > 0)
			return true;
	}
	return false;
}

/* Whether postcask-policy has anything to do, and whether that is to count what is sent.  On port
 * 25 it counts who guesses addresses. */
static int derive_policy(json_t *settings)
{
	json_t *filter = json_object_get(settings, "filter");
	json_t *limits = json_object_get(settings, "limits");
	const json_t *services = json_object_get(settings, "services");
	bool counted = is_limited(limits);
	bool asked =
	    counted || is_closed(settings) || json_is_true(json_object_get(services, "smtp")) ||
	    !is_text(filter, "dmarc", "ignore") || !is_text(filter, "own_domains", "ignore");

	if (json_object_set_new(limits, "counted", json_boolean(counted)) < 0)
		return -ENOMEM;
	return json_object_set_new(filter, "asked", json_boolean(asked)) < 0 ? -ENOMEM : 0;
}

/* What its port means, and the name on its certificate. */
static int derive_smarthost(json_t *smarthost)
{
	json_t *name = json_object_get(smarthost, "tls_name");

	if (!json_string_length(name))
		name = json_object_get(smarthost, "host");
	return json_object_set(smarthost, "verified", name) < 0 ||
		       json_object_set_new(
			   smarthost, "implicit_tls",
			   json_boolean(json_number(smarthost, "port") == IMPLICIT_TLS)) < 0
		   ? -ENOMEM
		   : 0;
}

/* The servers as Dovecot takes them, all alike (meaning_ldap.c). */
static int derive_ldap(json_t *ldap)
{
	_cleanup_(buffer_free) struct buffer servers = BUFFER_INIT;
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(ldap, "uri"), i, one)
	    buffer_addf(&servers, "%s%s", i > 0 ? " " : "", json_string_value(one));
	return servers.failed ||
		       json_object_set_new(ldap, "servers", json_string(buffer_text(&servers))) <
			   0 ||
		       json_object_set_new(
			   ldap, "implicit_tls",
			   json_boolean(strncmp(buffer_text(&servers), "ldaps:", 6) == 0)) < 0
		   ? -ENOMEM
		   : 0;
}

/* Whether people of another server are mirrored here, and maybe with delivery rules. */
static int derive_mirrored(json_t *authentication)
{
	const json_t *ldap = json_object_get(authentication, "ldap");
	bool on = !is_text(authentication, "backend", "users");
	bool rules = on && (!is_text(authentication, "backend", "ldap") ||
			    !is_text(ldap, "rules_attribute", ""));

	return json_object_set_new(authentication, "mirrored", json_boolean(on)) < 0 ||
		       json_object_set_new(authentication, "rules", json_boolean(rules)) < 0
		   ? -ENOMEM
		   : 0;
}

/* Who gets the machine's reports. */
static int derive_reports(json_t *settings)
{
	json_t *reports = json_object_get(settings, "reports");
	json_t *to = json_object_get(reports, "to");

	if (!json_is_string(to) || !json_string_length(to))
		to = json_object_get(settings, "postmaster");
	return json_object_set(reports, "receiver", to) < 0 ? -ENOMEM : 0;
}

/* What every TLS port offers, Postfix's and Dovecot's, in OpenSSL's words: with TLS 1.2
 * forward secrecy by elliptic curves and authenticated encryption, and no signature
 * over SHA-1 or SHA-224. */
static int derive_tls(json_t *tls)
{
	json_t *offered = json_pack(
	    "{s:s, s:s, s:s}", "ciphers", "ECDHE+AESGCM:ECDHE+CHACHA20", "groups",
	    "X25519MLKEM768:X25519:X448:P-256:P-384:P-521", "signatures",
	    "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384:ecdsa_secp521r1_sha512:ed25519:ed448:"
	    "rsa_pss_pss_sha256:rsa_pss_pss_sha384:rsa_pss_pss_sha512:"
	    "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:"
	    "rsa_pkcs1_sha256:rsa_pkcs1_sha384:rsa_pkcs1_sha512");

	return json_object_set_new(tls, "offered", offered) < 0 ||
		       json_object_set_new(tls, "public", json_boolean(web_is_public(tls))) < 0
		   ? -ENOMEM
		   : 0;
}

/* Where clients learn who gives them tokens (OpenID Connect Discovery 1.0 §4). */
static int derive_oauth(json_t *oauth)
{
	const char *issuer = json_text(oauth, "issuer");
	size_t size = strlen(issuer);

	if (size > 0 && issuer[size - 1] == '/')
		size--;
	return json_object_set_new(
		   oauth, "configuration",
		   json_sprintf("%.*s/.well-known/openid-configuration", (int)size, issuer)) < 0
		   ? -ENOMEM
		   : 0;
}

static bool is_alias(const json_t *settings, const char *address)
{
	const json_t *alias;
	size_t i;

	json_array_foreach(json_object_get(settings, "aliases"), i, alias)
	{
		if (strcmp(json_text(alias, "address"), address) == 0)
			return true;
	}
	return false;
}

/* Whether a server elsewhere has the postmaster's mailbox in one of the domains. */
static bool has_postmaster_elsewhere(const json_t *settings)
{
	const char *postmaster = json_text(settings, "postmaster"), *at = strchr(postmaster, '@');

	return at && json_has_text(json_object_get(settings, "domains"), at + 1) &&
	       !is_alias(settings, postmaster);
}

/* What there is on this machine: components, templates, probes and records go by it. */
static int derive_here(json_t *settings)
{
	bool gateway = is_text(settings, "role", "gateway");
	bool send_only = is_text(settings, "role", "send-only");
	bool mirrored = !is_text(json_object_get(settings, "authentication"), "backend", "users");
	const json_t *gateway_keys = json_object_get(settings, "gateway");
	json_t *here = json_pack(
	    "{s:b, s:b, s:b, s:b, s:b, s:b}", "mailboxes", !gateway && !send_only, "logins",
	    json_array_size(json_object_get(settings, "users")) > 0, "filter", !send_only, "asks",
	    gateway && !mirrored &&
		json_array_size(json_object_get(gateway_keys, "recipients")) == 0,
	    "behind", gateway && mirrored, "postmaster_elsewhere",
	    (gateway || send_only) && has_postmaster_elsewhere(settings));

	return json_object_set_new(settings, "here", here) < 0 ? -ENOMEM : 0;
}

static bool has_mailboxes(const json_t *settings)
{
	return json_is_true(json_object_get(json_object_get(settings, "here"), "mailboxes"));
}

/* Where there is no filter nobody is judged, nothing passes through, no reports of others come,
 * and OpenDKIM signs.  What logins send is counted all the same. */
static int derive_no_filter(json_t *settings)
{
	json_t *filter = json_object_get(settings, "filter");
	json_t *counted = json_object_get(json_object_get(settings, "limits"), "counted");

	return json_object_set_new(filter, "asked",
				   json_boolean(json_is_true(counted) || is_closed(settings))) <
			   0 ||
		       json_object_set_new(json_object_get(settings, "reports"), "read",
					   json_false()) < 0 ||
		       json_object_set_new(json_object_get(settings, "forwarding"), "srs",
					   json_false()) < 0 ||
		       json_object_set_new(json_object_get(settings, "signatures"), "updates",
					   json_false()) < 0 ||
		       json_object_set_new(json_object_get(settings, "dkim"), "signer",
					   json_string("opendkim")) < 0
		   ? -ENOMEM
		   : 0;
}

/* A row of Dovecot's languages. */
static json_t *language_row(const char *name, bool first)
{
	return json_pack("{s:s, s:b, s:b}", "name", name, "first", first, "english",
			 strcmp(name, "en") == 0);
}

/* Whether there is an index of words, whether documents are read for it, and in what languages. */
static int derive_search(json_t *search, bool mailboxes)
{
	const json_t *languages = json_object_get(search, "languages"), *language;
	bool indexed = mailboxes && !is_text(search, "index", "off");
	bool reading = indexed && json_is_true(json_object_get(search, "attachments"));
	json_t *rows = json_array();
	size_t i;

	json_array_foreach(languages, i, language)
	    json_array_append_new(rows, language_row(json_string_value(language), i == 0));
	if (json_array_size(rows) != json_array_size(languages)) {
		json_decref(rows);
		return -ENOMEM;
	}
	return json_object_set_new(search, "rows", rows) < 0 ||
		       json_object_set_new(search, "indexed", json_boolean(indexed)) < 0 ||
		       json_object_set_new(search, "reading", json_boolean(reading)) < 0
		   ? -ENOMEM
		   : 0;
}

int derive_values(json_t *settings)
{
	size_t i;
	json_t *user;

	json_array_foreach(json_object_get(settings, "users"), i,
			   user) if (derive_user(user) < 0) return -ENOMEM;
	if (person_filter_derive(settings) < 0)
		return -ENOMEM;
	if (derive_limits(json_object_get(settings, "limits")) < 0)
		return -ENOMEM;
	if (derive_policy(settings) < 0)
		return -ENOMEM;
	if (derive_smarthost(json_object_get(settings, "smarthost")) < 0)
		return -ENOMEM;
	if (derive_ldap(json_object_get(json_object_get(settings, "authentication"), "ldap")) < 0 ||
	    derive_mirrored(json_object_get(settings, "authentication")) < 0)
		return -ENOMEM;
	if (blocklist_derive(settings) < 0)
		return -ENOMEM;
	if (derive_reports(settings) < 0)
		return -ENOMEM;
	if (derive_here(settings) < 0)
		return -ENOMEM;
	if (is_text(settings, "role", "send-only") && derive_no_filter(settings) < 0)
		return -ENOMEM;
	if (derive_tls(json_object_get(settings, "tls")) < 0 ||
	    derive_search(json_object_get(settings, "search"), has_mailboxes(settings)) < 0)
		return -ENOMEM;
	if (derive_oauth(json_object_get(json_object_get(settings, "authentication"), "oauth")) < 0)
		return -ENOMEM;
	if (derive_hostname(settings) < 0)
		return -ENOMEM;
	return letters_derive(settings);
}
