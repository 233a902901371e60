// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/records.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <string.h>

#include "base/buffer.h"
#include "base/json_file.h"

static char *text(const char *format, ...) _printf_(1, 2);
static char *text(const char *format, ...)
{
	va_list arguments;
	char *made = NULL;

	va_start(arguments, format);
	if (vasprintf(&made, format, arguments) < 0)
		made = NULL;
	va_end(arguments);
	return made;
}

void dns_rows_add(struct dns_rows *rows, enum dns_kind kind, enum dns_need need, const char *domain,
		  const char *remark, const char *type, char *name, char *value)
{
	if (rows->count == rows->capacity) {
		size_t capacity = rows->capacity ? rows->capacity * 2 : 32;
		struct dns_row *items = realloc(rows->items, capacity * sizeof(*items));

		if (items) {
			rows->items = items;
			rows->capacity = capacity;
		}
	}
	if (rows->count == rows->capacity || !name || !value) {
		rows->failed = true;
		free(name);
		free(value);
		return;
	}
	rows->items[rows->count++] =
	    (struct dns_row){kind, need, name, type, value, domain, remark};
}

static const char *address_type(const char *address)
{
	return strchr(address, ':') ? "AAAA" : "A";
}

static void make_addresses(const struct dns_facts *facts, const char *domain _unused_,
			   struct dns_rows *rows)
{
	for (size_t i = 0; i < facts->address_count; i++)
		dns_rows_add(rows, DNS_KIND_ADDRESS, DNS_REQUIRED, NULL, NULL,
			     address_type(facts->addresses[i]), strdup(facts->host),
			     strdup(facts->addresses[i]));
}

/* The address backwards below in-addr.arpa or ip6.arpa (RFC 1035 §3.5, RFC 3596 §2.5). */
static char *reverse_name(const char *address)
{
	unsigned char bytes[16];
	struct buffer name = BUFFER_INIT;

	if (inet_pton(AF_INET, address, bytes) == 1)
		return text("%u.%u.%u.%u.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
	if (inet_pton(AF_INET6, address, bytes) != 1)
		return NULL;
	for (size_t i = sizeof(bytes); i > 0; i--)
		buffer_addf(&name, "%x.%x.", bytes[i - 1] & 15u, bytes[i - 1] >> 4);
	buffer_add_text(&name, "ip6.arpa");
	return buffer_take(&name);
}

static void make_reverse(const struct dns_facts *facts, const char *domain _unused_,
			 struct dns_rows *rows)
{
	for (size_t i = 0; i < facts->address_count; i++)
		dns_rows_add(rows, DNS_KIND_PTR, DNS_REQUIRED, NULL,
			     "whoever gave you the address enters it", "PTR",
			     reverse_name(facts->addresses[i]), text("%s.", facts->host));
}

static bool is_domain(const struct dns_facts *facts, const char *name)
{
	return json_has_text(json_object_get(facts->settings, "domains"), name);
}

/* Bounces have no sender, so that the name in the greeting counts.  A host that is a mail domain as
 * well has one record, the domain's. */
static void make_helo(const struct dns_facts *facts, const char *domain _unused_,
		      struct dns_rows *rows)
{
	if (!is_domain(facts, facts->host))
		dns_rows_add(rows, DNS_KIND_HELO, DNS_RECOMMENDED, NULL, NULL, "TXT",
			     strdup(facts->host), strdup("v=spf1 a -all"));
}

static void add_keys(const struct dns_facts *facts, const char *which, enum dns_need need,
		     const char *remark, struct dns_rows *rows)
{
	const json_t *list = json_object_get(json_object_get(facts->keys, "tlsa"), which), *key;
	size_t i;

	json_array_foreach(list, i, key) if (json_is_string(key)) dns_rows_add(
	    rows, DNS_KIND_TLSA, need, NULL, remark, "TLSA", text("_25._tcp.%s", facts->host),
	    text("3 1 1 %s", json_string_value(key)));
}

static void make_tlsa(const struct dns_facts *facts, const char *domain _unused_,
		      struct dns_rows *rows)
{
	if (!dns_facts_has(facts, "filter"))
		return; /* no port 25 */
	add_keys(facts, "current", DNS_RECOMMENDED, NULL, rows);
	add_keys(facts, "next", DNS_RECOMMENDED, "the next key's, before it is used", rows);
}

/* At the host alone: the authority follows aliases to it, and a record at the domain itself would
 * forbid the owner's other certificates. */
static void make_caa(const struct dns_facts *facts, const char *domain _unused_,
		     struct dns_rows *rows)
{
	const char *account = json_text(facts->keys, "account");
	const char *method = json_text(facts->keys, "method");
	const json_t *authority;
	size_t i;

	json_array_foreach(json_object_get(facts->keys, "caa"), i, authority)
	{
		struct buffer value = BUFFER_INIT;

		if (!json_is_string(authority))
			continue;
		buffer_addf(&value, "0 issue \"%s", json_string_value(authority));
		if (account[0])
			buffer_addf(&value, "; accounturi=%s", account);
		if (method[0])
			buffer_addf(&value, "; validationmethods=%s", method);
		buffer_add_char(&value, '"');
		dns_rows_add(rows, DNS_KIND_CAA, DNS_OPTIONAL, NULL, NULL, "CAA",
			     strdup(facts->host), buffer_take(&value));
	}
}

static void make_host_reports(const struct dns_facts *facts, const char *domain _unused_,
			      struct dns_rows *rows)
{
	const char *first =
	    json_string_value(json_array_get(json_object_get(facts->settings, "domains"), 0));

	if (first && !is_domain(facts, facts->host) && dns_facts_has(facts, "filter"))
		dns_rows_add(rows, DNS_KIND_HOST_REPORTS, DNS_OPTIONAL, NULL, NULL, "TXT",
			     text("_smtp._tls.%s", facts->host),
			     text("v=TLSRPTv1; rua=mailto:postmaster@%s", first));
}

static bool is_other_name(const struct dns_facts *facts, const char *name)
{
	return name && strcmp(name, facts->host) != 0 && !is_domain(facts, name);
}

static void make_names(const struct dns_facts *facts, const char *domain _unused_,
		       struct dns_rows *rows)
{
	const json_t *names = json_object_get(json_object_get(facts->settings, "tls"), "names");
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name) for (size_t j = 0;
						is_other_name(facts, json_string_value(name)) &&
						j < facts->address_count;
						j++)
	    dns_rows_add(rows, DNS_KIND_NAME, DNS_RECOMMENDED, NULL, NULL,
			 address_type(facts->addresses[j]), strdup(json_string_value(name)),
			 strdup(facts->addresses[j]));
}

/* Null records (RFC 7505, RFC 7208 §10.1.2). */
static void make_no_mail(const struct dns_facts *facts, const char *domain _unused_,
			 struct dns_rows *rows)
{
	const json_t *names = json_object_get(json_object_get(facts->settings, "tls"), "names");
	const json_t *name;
	size_t i;

	json_array_foreach(names, i, name) if (is_other_name(facts, json_string_value(name)))
	{
		dns_rows_add(rows, DNS_KIND_NO_MAIL, DNS_OPTIONAL, NULL, NULL, "MX",
			     strdup(json_string_value(name)), strdup("0 ."));
		dns_rows_add(rows, DNS_KIND_NO_MAIL, DNS_OPTIONAL, NULL, NULL, "TXT",
			     strdup(json_string_value(name)), strdup("v=spf1 -all"));
	}
}

static void make_mx(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	if (dns_facts_has(facts,
			  "filter")) /* else its mail goes elsewhere, and others know where */
		dns_rows_add(rows, DNS_KIND_MX, DNS_REQUIRED, domain, NULL, "MX", strdup(domain),
			     text("10 %s.", facts->host));
}

/* ~all at first: with -all, mail that others forward is lost before anybody has looked. */
static void make_spf(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	if (!dns_facts_has(facts, "filter")) { /* whose MX are others */
		dns_rows_add(rows, DNS_KIND_SPF, DNS_REQUIRED, domain,
			     "what the domain's other servers need stays in it", "TXT",
			     strdup(domain), text("v=spf1 a:%s mx ~all", facts->host));
		return;
	}
	dns_rows_add(rows, DNS_KIND_SPF, DNS_REQUIRED, domain,
		     dns_facts_smarthost(facts)
			 ? "mail leaves by the smarthost: add what its provider says, such as "
			   "include:spf.example.net"
			 : "-all instead of ~all when nobody else sends for the domain",
		     "TXT", strdup(domain), strdup("v=spf1 mx ~all"));
}

static const struct {
	const char *name;
	enum dns_need need;
	const char *remark;
} STATES[] = {
    {"current", DNS_REQUIRED, NULL},
    {"next", DNS_RECOMMENDED, "the next key's, before it signs"},
    {"previous", DNS_RECOMMENDED, "of mail that is still on its way"},
    {"revoked", DNS_OPTIONAL, "says that the key is no longer good"},
};

static void make_dkim(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	const json_t *key;
	size_t i;

	json_array_foreach(facts->dkim, i, key)
	{
		const char *state = json_text(key, "state");
		bool rsa = strcmp(json_text(key, "algorithm"), "ed25519") != 0;

		if (strcmp(json_text(key, "domain"), domain) != 0)
			continue;
		for (size_t j = 0; j < ARRAY_SIZE(STATES); j++)
			if (strcmp(STATES[j].name, state) == 0)
				dns_rows_add(
				    rows, DNS_KIND_DKIM,
				    rsa || j > 0 ? STATES[j].need : DNS_RECOMMENDED, domain,
				    STATES[j].remark, "TXT",
				    text("%s._domainkey.%s", json_text(key, "selector"), domain),
				    strdup(json_text(key, "record")));
	}
}

static void make_dmarc(const struct dns_facts *facts _unused_, const char *domain,
		       struct dns_rows *rows)
{
	dns_rows_add(rows, DNS_KIND_DMARC, DNS_REQUIRED, domain,
		     "p=quarantine, then p=reject, when the reports show nothing strange", "TXT",
		     text("_dmarc.%s", domain),
		     text("v=DMARC1; p=none; rua=mailto:postmaster@%s", domain));
}

static void make_sts(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	if (facts->sts)
		dns_rows_add(rows, DNS_KIND_STS, DNS_RECOMMENDED, domain, NULL, "TXT",
			     text("_mta-sts.%s", domain), text("v=STSv1; id=%s", facts->sts_id));
}

static void make_sts_name(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	if (facts->sts)
		dns_rows_add(rows, DNS_KIND_STS_NAME, DNS_RECOMMENDED, domain, NULL, "CNAME",
			     text("mta-sts.%s", domain), text("%s.", facts->host));
}

static void make_reports(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	if (dns_facts_has(facts, "filter")) /* else others receive its mail */
		dns_rows_add(rows, DNS_KIND_REPORTS, DNS_RECOMMENDED, domain, NULL, "TXT",
			     text("_smtp._tls.%s", domain),
			     text("v=TLSRPTv1; rua=mailto:postmaster@%s", domain));
}

/* RFC 6186 and RFC 8314: the port that begins with TLS, else the one with STARTTLS; "0 0 0 ." says
 * that there is none. */
static const struct service {
	const char *label, *setting, *better;
	unsigned port;
} SERVICES[] = {
    {"_imaps", "imaps", NULL, 993},
    {"_imap", "imap", "imaps", 143},
    {"_submissions", "submissions", NULL, 465},
    {"_submission", "submission", "submissions", 587},
    {"_pop3s", "pop3s", NULL, 995},
    {"_pop3", "pop3", "pop3s", 110},
    {"_sieve", "managesieve", NULL, 4190},
};

static bool is_offered(const struct dns_facts *facts, const struct service *service)
{
	return dns_facts_offers(facts, service->setting) &&
	       !(service->better && dns_facts_offers(facts, service->better));
}

/* They tell mail programs where a person's mailbox is: another server's, if that has it. */
static void make_services(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	for (size_t i = 0; dns_facts_has(facts, "mailboxes") && i < ARRAY_SIZE(SERVICES); i++)
		if (is_offered(facts, &SERVICES[i]))
			dns_rows_add(rows, DNS_KIND_SERVICE, DNS_RECOMMENDED, domain, NULL, "SRV",
				     text("%s._tcp.%s", SERVICES[i].label, domain),
				     text("0 1 %u %s.", SERVICES[i].port, facts->host));
}

static void make_no_services(const struct dns_facts *facts, const char *domain,
			     struct dns_rows *rows)
{
	/* Another server may offer what this one does not. */
	for (size_t i = 0; dns_facts_has(facts, "mailboxes") && i < ARRAY_SIZE(SERVICES); i++)
		if (!is_offered(facts, &SERVICES[i]))
			dns_rows_add(rows, DNS_KIND_NO_SERVICE, DNS_OPTIONAL, domain, NULL, "SRV",
				     text("%s._tcp.%s", SERVICES[i].label, domain),
				     strdup("0 0 0 ."));
}

static void make_setup(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	static const char *const labels[] = {"autoconfig", "autodiscover"};

	for (size_t i = 0;
	     facts->web && dns_facts_has(facts, "mailboxes") && i < ARRAY_SIZE(labels); i++)
		dns_rows_add(rows, DNS_KIND_SETUP, DNS_RECOMMENDED, domain, NULL, "CNAME",
			     text("%s.%s", labels[i], domain), text("%s.", facts->host));
}

/* Rows that read as rows: */
/* clang-format off */
const struct dns_kind_entry dns_kind_table[DNS_KINDS] = {
    [DNS_KIND_ADDRESS] = {"address", DNS_SCOPE_HOST,
	"nobody finds this machine", false, make_addresses},
    [DNS_KIND_PTR] = {"reverse name", DNS_SCOPE_HOST,
	"large providers refuse mail from an address without its name", false, make_reverse},
    [DNS_KIND_HELO] = {"SPF of the host", DNS_SCOPE_HOST,
	"bounces of this machine pass no check", false, make_helo},
    [DNS_KIND_TLSA] = {"DANE", DNS_SCOPE_HOST,
	"other servers do not notice somebody between", true, make_tlsa},
    [DNS_KIND_CAA] = {"CAA", DNS_SCOPE_HOST,
	"any authority may issue a certificate for this machine to whoever deceives it", false, make_caa},
    [DNS_KIND_HOST_REPORTS] = {"TLS reports of the host", DNS_SCOPE_HOST,
	"nobody tells that connections to this machine fail", false, make_host_reports},
    [DNS_KIND_NAME] = {"other name", DNS_SCOPE_HOST,
	"mail programs set up with that name do not find this machine", false, make_names},
    [DNS_KIND_NO_MAIL] = {"no mail", DNS_SCOPE_HOST,
	"others can pretend to send from that name", false, make_no_mail},
    [DNS_KIND_MX] = {"MX", DNS_SCOPE_DOMAIN,
	"mail to the domain does not arrive", false, make_mx},
    [DNS_KIND_SPF] = {"SPF", DNS_SCOPE_DOMAIN,
	"mail from the domain is taken for forged", false, make_spf},
    [DNS_KIND_DKIM] = {"DKIM", DNS_SCOPE_DOMAIN,
	"signatures cannot be verified, and mail is taken for forged", true, make_dkim},
    [DNS_KIND_DMARC] = {"DMARC", DNS_SCOPE_DOMAIN,
	"large providers refuse mail, and nobody reports what others send in your name", false, make_dmarc},
    [DNS_KIND_STS] = {"MTA-STS", DNS_SCOPE_DOMAIN,
	"other servers do not notice somebody between", true, make_sts},
    [DNS_KIND_STS_NAME] = {"MTA-STS name", DNS_SCOPE_DOMAIN,
	"other servers do not find the policy", false, make_sts_name},
    [DNS_KIND_REPORTS] = {"TLS reports", DNS_SCOPE_DOMAIN,
	"nobody tells that mail to the domain cannot be encrypted", false, make_reports},
    [DNS_KIND_SERVICE] = {"service", DNS_SCOPE_DOMAIN,
	"mail programs ask people for the server and its port", false, make_services},
    [DNS_KIND_NO_SERVICE] = {"no service", DNS_SCOPE_DOMAIN,
	"mail programs look for what is not offered", false, make_no_services},
    [DNS_KIND_SETUP] = {"set-up", DNS_SCOPE_DOMAIN,
	"mail programs do not set themselves up", false, make_setup},
};
/* clang-format on */

static void make_all(const struct dns_facts *facts, enum dns_scope scope, const char *domain,
		     struct dns_rows *rows)
{
	for (size_t i = 0; i < DNS_KINDS; i++)
		if (dns_kind_table[i].scope == scope)
			dns_kind_table[i].make(facts, domain, rows);
}

void dns_rows_of_host(const struct dns_facts *facts, struct dns_rows *rows)
{
	make_all(facts, DNS_SCOPE_HOST, NULL, rows);
}

void dns_rows_of_domain(const struct dns_facts *facts, const char *domain, struct dns_rows *rows)
{
	make_all(facts, DNS_SCOPE_DOMAIN, domain, rows);
}

void dns_rows_clear(struct dns_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		free(rows->items[i].name);
		free(rows->items[i].value);
	}
	free(rows->items);
	*rows = DNS_ROWS_INIT;
}

const char *dns_need_name(enum dns_need need)
{
	static const char *const names[] = {"required", "recommended", "optional"};

	return names[need];
}
