// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/facts.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <idn2.h>

#include "base/crypto.h"
#include "base/file.h"
#include "base/json_file.h"
#include "certificate/authority.h"
#include "certificate/certificate.h"
#include "certificate/certificate_facts.h"
#include "component/ports.h"
#include "web/profile.h"
#include "web/qr.h"

/* What programs are told, the best first. */
struct service {
	enum port port;
	const char *type, *label, *apple;
};

static const struct service incoming[] = {
    {PORT_IMAPS, "imap", "IMAP", "EmailTypeIMAP"},
    {PORT_IMAP, "imap", "IMAP", "EmailTypeIMAP"},
    {PORT_POP3S, "pop3", "POP3", "EmailTypePOP"},
    {PORT_POP3, "pop3", "POP3", "EmailTypePOP"},
};

static const struct service outgoing[] = {
    {PORT_SUBMISSIONS, "smtp", "SMTP", ""},
    {PORT_SUBMISSION, "smtp", "SMTP", ""},
};

static json_t *describe(const struct service *service)
{
	const struct port_entry *entry = &port_table[service->port];
	bool tls = entry->implicit_tls;

	return json_pack("{s:s, s:s, s:s, s:i, s:s, s:s, s:s}", "type", service->type, "label",
			 service->label, "apple", service->apple, "port", (int)entry->number,
			 "socket", tls ? "SSL" : "STARTTLS", "encryption", tls ? "SSL" : "TLS",
			 "security", tls ? "SSL/TLS" : "STARTTLS");
}

/* Sets the list of those that are on, and the first of them. */
static int add_services(json_t *common, const json_t *settings, const char *list, const char *first,
			const struct service *services, size_t count)
{
	const json_t *wanted = json_object_get(settings, "services");
	json_t *on = json_array(), *best;

	for (size_t i = 0; i < count; i++)
		if (json_is_true(json_object_get(wanted, port_table[services[i].port].name)))
			json_array_append_new(on, describe(&services[i]));
	best = json_array_size(on) ? json_incref(json_array_get(on, 0)) : describe(&services[0]);
	return json_object_set_new(common, list, on) < 0 ||
		       json_object_set_new(common, first, best) < 0
		   ? -ENOMEM
		   : 0;
}

/* "AB CD ...", as devices show it. */
static int add_fingerprint(json_t *authority, X509 *certificate)
{
	char hash[FINGERPRINT_TEXT], text[sizeof(hash) / 2 * 3 + 1];
	size_t size = 0;

	if (!certificate_fingerprint(certificate, hash))
		return -ENOMEM;
	for (size_t i = 0; hash[i] && hash[i + 1]; i += 2)
		size += (size_t)sprintf(text + size, "%s%c%c", i ? " " : "",
					hash[i] & 0x40 ? hash[i] & ~0x20 : hash[i],
					hash[i + 1] & 0x40 ? hash[i + 1] & ~0x20 : hash[i + 1]);
	return json_object_set_new(authority, "fingerprint", json_string(text)) < 0 ? -ENOMEM : 0;
}

static json_t *describe_authority(X509 *certificate)
{
	unsigned char *bytes = NULL;
	int size = i2d_X509(certificate, &bytes);
	_cleanup_free_ char *text = size > 0 ? crypto_base64(bytes, (size_t)size) : NULL;
	json_t *authority = json_object();
	char name[128];

	OPENSSL_free(bytes);
	if (text && add_fingerprint(authority, certificate) == 0 &&
	    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
				      sizeof(name)) > 0 &&
	    json_object_set_new(authority, "name", json_string(name)) == 0 &&
	    json_object_set_new(authority, "base64", json_string(text)) == 0)
		return authority;
	json_decref(authority);
	return NULL;
}

static bool is_issuer(X509 *certificate, X509 *of)
{
	_cleanup_(cleanup_pkey) EVP_PKEY *key = X509_get_pubkey(certificate);

	return key && authority_issued(&(struct authority){key, certificate}, of);
}

/* Our own authority has to be trusted by hand while it is the one that signed what is served. */
static int add_authority(json_t *common, const char *keys, const struct key_chain *signer,
			 struct error *error)
{
	_cleanup_free_ char *path = file_join(keys, "ca.pem");
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	json_t *value = json_false();
	int result = path && file_exists(path) ? key_chain_read(path, &file, error) : 0;

	if (result < 0)
		return result;
	if (file.chain && is_issuer(sk_X509_value(file.chain, 0), sk_X509_value(signer->chain, 0)))
		value = describe_authority(sk_X509_value(file.chain, 0));
	return json_object_set_new(common, "authority", value) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

/* The first of this month in a year, less a day: RFC 9116 advises less than a year. */
static int add_expiry(json_t *common, int64_t now)
{
	time_t seconds = (time_t)now;
	char text[sizeof("2026-11-30T00:00:00Z")];
	struct tm at;

	if (!gmtime_r(&seconds, &at))
		return -EINVAL;
	at = (struct tm){.tm_year = at.tm_year + 1, .tm_mon = at.tm_mon, .tm_mday = 0};
	timegm(&at);
	strftime(text, sizeof(text), "%Y-%m-%dT00:00:00Z", &at);
	return json_object_set_new(common, "expires", json_string(text)) < 0 ? -ENOMEM : 0;
}

static int load_common(const json_t *settings, int64_t now, json_t *common, struct error *error)
{
	json_t *hostname = json_object_get(settings, "hostname");
	json_t *services = json_object_get(settings, "services");

	if (json_object_set(common, "hostname", hostname) < 0 ||
	    json_object_set(common, "services", services) < 0 ||
	    json_object_set_new(common, "page",
				json_sprintf("https://%s/", json_string_value(hostname))) < 0 ||
	    add_services(common, settings, "incoming", "reads", incoming, ARRAY_SIZE(incoming)) <
		0 ||
	    add_services(common, settings, "outgoing", "sends", outgoing, ARRAY_SIZE(outgoing)) <
		0 ||
	    add_expiry(common, now) < 0)
		return error_set(error, ENOMEM, "out of memory");
	return 0;
}

/* Whoever makes the certificates says whether others believe them; no word is a no. */
static int load_public(const char *keys, bool *ret, struct error *error)
{
	_cleanup_free_ char *path = file_join(keys, "public.json");
	_cleanup_json_ json_t *public = NULL;
	int result = !path || file_exists(path)
			 ? json_file_read(path, JSON_FILE_LIMIT, 0, &public, error)
			 : 0;

	*ret = json_is_true(json_object_get(public, "public"));
	return result;
}

/* RSA, which the oldest devices verify too. */
static int load_signer(const char *keys, struct key_chain *ret, struct error *error)
{
	_cleanup_free_ char *path = file_join(keys, certificate_file_name(CERTIFICATE_RSA));
	int result =
	    path ? key_chain_read(path, ret, error) : error_set(error, ENOMEM, "out of memory");

	if (result == 0 && (!ret->key || !ret->chain))
		return error_set(error, EBADMSG, "%s: no key with a certificate", path);
	return result;
}

int web_facts_load(const json_t *settings, const char *keys, int64_t now, struct web_facts *ret,
		   struct error *error)
{
	_cleanup_(web_facts_clear) struct web_facts facts = {.common = json_object()};
	const json_t *here = json_object_get(settings, "here");
	int result = load_signer(keys, &facts.signer, error);

	if (result == 0)
		result = load_common(settings, now, facts.common, error);
	if (result == 0)
		result = add_authority(facts.common, keys, &facts.signer, error);
	if (result == 0)
		result = load_public(keys, &facts.public, error);
	if (result < 0)
		return result;
	facts.mailboxes = !here || json_is_true(json_object_get(here, "mailboxes"));
	facts.profiles = json_array_size(json_object_get(facts.common, "incoming")) &&
			 json_array_size(json_object_get(facts.common, "outgoing"));
	*ret = facts;
	facts = WEB_FACTS_INIT;
	return 0;
}

void web_facts_clear(struct web_facts *facts)
{
	json_decref(facts->common);
	key_chain_clear(&facts->signer);
	*facts = WEB_FACTS_INIT;
}

static int add_uuids(json_t *of, const char *domain, struct error *error)
{
	static const char *const names[] = {"profile", "account", "authority"};
	json_t *uuids = json_object();

	if (json_object_set_new(of, "uuids", uuids) < 0)
		return error_set(error, ENOMEM, "out of memory");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char uuid[PROFILE_UUID_SIZE];
		int result = profile_uuid(domain, names[i], uuid, error);

		if (result < 0)
			return result;
		json_object_set_new(uuids, names[i], json_string(uuid));
	}
	return 0;
}

/* A domain in its own letters. */
static json_t *show(const char *domain)
{
	char *text = NULL;
	json_t *shown;

	if (idn2_to_unicode_8z8z(domain, &text, 0) != IDN2_OK)
		return json_string(domain);
	shown = json_string(text);
	idn2_free(text);
	return shown;
}

/* One without a server to read from or to send by would be refused by the device. */
static json_t *profile_address(const struct web_facts *facts, const char *domain)
{
	return facts->profiles
		   ? json_sprintf("%s%s.mobileconfig", json_text(facts->common, "page"), domain)
		   : json_string("");
}

int web_facts_of(const struct web_facts *facts, const char *domain, json_t **ret,
		 struct error *error)
{
	_cleanup_json_ json_t *of = json_copy(facts->common);
	json_t *profile = profile_address(facts, domain), *qr = NULL;
	int result = 0;

	if (json_object_set_new(of, "domain", json_string(domain)) < 0 ||
	    json_object_set_new(of, "contact", json_sprintf("postmaster@%s", domain)) < 0 ||
	    json_object_set_new(of, "shown", show(domain)) < 0 ||
	    json_object_set_new(of, "profile", profile) < 0)
		return error_set(error, ENOMEM, "out of memory");
	result = add_uuids(of, domain, error);
	if (result == 0 && json_string_length(profile))
		result = qr_make(json_string_value(profile), &qr, error);
	if (result < 0)
		return result;
	json_object_set_new(of, "qr", qr ? qr : json_false());
	*ret = TAKE_POINTER(of);
	return 0;
}
