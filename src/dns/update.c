// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/update.h"

#include <errno.h>
#include <string.h>

#include <ldns/ldns.h>
#include <openssl/evp.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "dns/place.h"
#include "dns/zone.h"
#include "net/stream.h"

enum {
	FUDGE = 300, /* seconds that two clocks may differ, RFC 8945 §10 */
	STRING_MAX = 255,
	TEXT_MAX = 16384, /* of a record's value */
	ROUNDS_MAX = 8,
	/* RFC 8945 §3 */
	TSIG_BADSIG = 16,
	TSIG_BADKEY = 17,
	TSIG_BADTIME = 18,
	TSIG_ERROR_FIELD = 5,
};

/* A TXT record of strings of at most 255 octets. */
static ldns_rr *text_record(const char *value)
{
	ldns_rr *record = ldns_rr_new();
	size_t left = strlen(value);

	if (!record)
		return NULL;
	ldns_rr_set_type(record, LDNS_RR_TYPE_TXT);
	do {
		size_t size = left < STRING_MAX ? left : STRING_MAX;
		unsigned char piece[1 + STRING_MAX];

		piece[0] = (unsigned char)size;
		memcpy(piece + 1, value, size);
		if (!ldns_rr_push_rdf(record,
				      ldns_rdf_new_frm_data(LDNS_RDF_TYPE_STR, size + 1, piece))) {
			ldns_rr_free(record);
			return NULL;
		}
		value += size;
		left -= size;
	} while (left > 0);
	return record;
}

static ldns_rr *value_record(const struct dns_change *change)
{
	_cleanup_(buffer_free) struct buffer line = BUFFER_INIT;
	ldns_rr *record = NULL;

	if (strlen(change->value) > TEXT_MAX || strpbrk(change->value, "\n\r"))
		return NULL;
	if (strcmp(change->type, "TXT") == 0 && change->value[0] != '"')
		return text_record(change->value);
	buffer_addf(&line, ". 0 IN %s %s", change->type, change->value);
	if (ldns_rr_new_frm_str(&record, buffer_text(&line), 0, NULL, NULL) != LDNS_STATUS_OK)
		return NULL;
	return record;
}

/* RFC 2136 §2.4 and §2.5: what is meant stands in class and TTL. */
static ldns_rr *make_record(const struct dns_change *change)
{
	ldns_rdf *name = ldns_dname_new_frm_str(change->name);
	ldns_rr *record = NULL;
	ldns_rr_type type = ldns_get_rr_type_by_name(change->type);

	if (name && type != 0)
		record = change->kind == DNS_CHANGE_NONE ? ldns_rr_new() : value_record(change);
	if (!record) {
		ldns_rdf_deep_free(name);
		return NULL;
	}
	ldns_rdf_deep_free(ldns_rr_owner(record));
	ldns_rr_set_owner(record, name);
	ldns_rr_set_type(record, type);
	ldns_rr_set_ttl(record, change->kind == DNS_CHANGE_ADD ? (uint32_t)change->ttl : 0);
	ldns_rr_set_class(record,
			  change->kind == DNS_CHANGE_REMOVE || change->kind == DNS_CHANGE_NONE
			      ? LDNS_RR_CLASS_NONE
			      : LDNS_RR_CLASS_IN);
	return record;
}

static int fill_sections(const struct dns_change *changes, size_t count, ldns_rr_list *needs,
			 ldns_rr_list *updates, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		const struct dns_change *change = &changes[i];
		bool need = change->kind == DNS_CHANGE_SAME || change->kind == DNS_CHANGE_NONE;
		ldns_rr *record = make_record(change);

		if (!record)
			return error_set(error, EINVAL, "%s %s %.100s is no record", change->name,
					 change->type, change->value ? change->value : "");
		if (!ldns_rr_list_push_rr(need ? needs : updates, record)) {
			ldns_rr_free(record);
			return error_errno(error, ENOMEM, "cannot write the update");
		}
	}
	return 0;
}

static int make_packet(const char *zone, const struct dns_change *changes, size_t count,
		       ldns_pkt **ret, struct error *error)
{
	ldns_rr_list *needs = ldns_rr_list_new(), *updates = ldns_rr_list_new();
	ldns_rdf *apex = ldns_dname_new_frm_str(zone);
	ldns_pkt *packet = NULL;
	int result = -ENOMEM;

	if (!needs || !updates || !apex)
		error_errno(error, ENOMEM, "cannot write the update");
	else
		result = fill_sections(changes, count, needs, updates, error);
	if (result == 0) /* takes `apex` over, and copies the lists */
		packet = ldns_update_pkt_new(apex, LDNS_RR_CLASS_IN, needs, updates, NULL);
	else
		ldns_rdf_deep_free(apex);
	ldns_rr_list_deep_free(needs);
	ldns_rr_list_deep_free(updates);
	if (result == 0 && !packet)
		return error_errno(error, ENOMEM, "cannot write the update");
	if (packet) {
		ldns_pkt_set_random_id(packet);
		*ret = packet;
	}
	return result;
}

/* libldns would lose memory over one that it cannot read. */
static bool is_base64(const char *secret)
{
	unsigned char bytes[TEXT_MAX];
	size_t size = strlen(secret);
	bool is = size > 0 && size < TEXT_MAX && size % 4 == 0 &&
		  EVP_DecodeBlock(bytes, (const unsigned char *)secret, (int)size) > 0;

	explicit_bzero(bytes, sizeof(bytes));
	return is;
}

static int sign(ldns_pkt *packet, const struct dns_update *update, struct error *error)
{
	_cleanup_free_ char *algorithm = NULL;

	if (asprintf(&algorithm, "%s.", update->algorithm) < 0)
		algorithm = NULL;
	if (!algorithm)
		return error_errno(error, ENOMEM, "cannot sign the update");
	if (!is_base64(update->secret) ||
	    ldns_pkt_tsig_sign(packet, update->key, update->secret, FUDGE, algorithm, NULL) !=
		LDNS_STATUS_OK)
		return error_set(error, EINVAL,
				 "the key %s cannot sign; write its secret as base64, and "
				 "hmac-sha256 or hmac-sha512 as its algorithm",
				 update->key);
	return 0;
}

/* One message there and one back, over TCP (RFC 1035 §4.2.2). */
static int exchange(const char *address, const uint8_t *query, size_t size, int64_t deadline_ms,
		    struct buffer *answer, struct error *error)
{
	struct stream_params params = {.address = address, .port = 53, .deadline_ms = deadline_ms};
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	unsigned char length[2] = {(unsigned char)(size >> 8), (unsigned char)size};
	enum failure_class class = stream_open(&stream, &params);
	int result = 0;

	if (class == FAILURE_NONE)
		class = stream_write(&stream, length, sizeof(length));
	if (class == FAILURE_NONE)
		class = stream_write(&stream, query, size);
	if (class == FAILURE_NONE)
		class = stream_read_bytes(&stream, 2, answer);
	if (class == FAILURE_NONE) {
		size = (size_t)(unsigned char)answer->data[0] << 8 |
		       (size_t)(unsigned char)answer->data[1];
		buffer_reset(answer);
		class = stream_read_bytes(&stream, size, answer);
	}
	if (class != FAILURE_NONE)
		result = error_set(error, class == FAILURE_TIMEOUT ? ETIME : EHOSTUNREACH,
				   "the name server %s does not take updates: %s", address,
				   failure_text(&stream.failure));
	return result;
}

/* What the signature part of an unsigned refusal says, 0 without one. */
static unsigned tsig_error(const ldns_pkt *packet)
{
	const ldns_rr *tsig = ldns_pkt_tsig(packet);

	return tsig && ldns_rr_rd_count(tsig) > TSIG_ERROR_FIELD
		   ? ldns_rdf2native_int16(ldns_rr_rdf(tsig, TSIG_ERROR_FIELD))
		   : 0;
}

static int key_refused(const struct dns_update *update, unsigned code, struct error *error)
{
	if (code == TSIG_BADTIME)
		return error_set(error, EACCES,
				 "the name server %s has another time; set the clock",
				 update->server);
	if (code == TSIG_BADSIG)
		return error_set(error, EACCES,
				 "the name server %s has another secret for the key %s; write into "
				 "dns.update.secret the one that it has",
				 update->server, update->key);
	return error_set(error, EACCES,
			 "the name server %s does not know the key %s with %s; write into "
			 "dns.update.key and dns.update.algorithm what it calls them",
			 update->server, update->key, update->algorithm);
}

static int judge(const struct dns_update *update, const char *zone, ldns_pkt *packet,
		 struct error *error)
{
	unsigned refused = tsig_error(packet);
	ldns_pkt_rcode code = ldns_pkt_get_rcode(packet);

	if (refused != 0)
		return key_refused(update, refused, error);
	switch (code) {
	case LDNS_RCODE_NOERROR:
		return 0;
	case LDNS_RCODE_REFUSED:
		return error_set(
		    error, EACCES,
		    "the name server %s does not let the key %s change %s; allow it there",
		    update->server, update->key, zone);
	case LDNS_RCODE_NOTAUTH:
	case LDNS_RCODE_NOTZONE:
		return error_set(error, ENOENT,
				 "the name server %s does not serve the zone %s; write into "
				 "dns.update.server the one that does",
				 update->server, zone);
	case LDNS_RCODE_NXRRSET:
	case LDNS_RCODE_YXRRSET:
	case LDNS_RCODE_NXDOMAIN:
	case LDNS_RCODE_YXDOMAIN:
		return error_set(error, ESTALE,
				 "the zone %s has changed since it was read; nothing was written, "
				 "look at it again",
				 zone);
	default:
		return error_set(error, EPROTO,
				 "the name server %s refuses the update of %s with the code %d",
				 update->server, zone, (int)code);
	}
}

static int read_answer(const struct dns_update *update, const char *zone, const ldns_pkt *sent,
		       const struct buffer *bytes, struct error *error)
{
	ldns_pkt *packet = NULL;
	const ldns_rr *tsig = ldns_pkt_tsig(sent);
	ldns_rdf *mac = tsig ? ldns_rr_rdf(tsig, 3) : NULL;
	int result;

	if (ldns_wire2pkt(&packet, (const uint8_t *)bytes->data, bytes->size) != LDNS_STATUS_OK ||
	    ldns_pkt_id(packet) != ldns_pkt_id(sent)) {
		ldns_pkt_free(packet);
		return error_set(error, EPROTO, "the name server %s gives no answer to an update",
				 update->server);
	}
	result = judge(update, zone, packet, error);
	if (result == 0 && (!ldns_pkt_tsig(packet) ||
			    !ldns_pkt_tsig_verify(packet, (const uint8_t *)bytes->data, bytes->size,
						  update->key, update->secret, mac)))
		result = error_set(error, EACCES,
				   "the answer of the name server %s is not signed by the key %s; "
				   "whether it changed %s is not known",
				   update->server, update->key, zone);
	ldns_pkt_free(packet);
	return result;
}

static int send_update(const struct dns_update *update, const char *address, const char *zone,
		       ldns_pkt *packet, int64_t deadline_ms, struct error *error)
{
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	_cleanup_free_ uint8_t *wire = NULL;
	size_t size = 0;
	int result = sign(packet, update, error);

	if (result < 0)
		return result;
	if (ldns_pkt2wire(&wire, packet, &size) != LDNS_STATUS_OK || size > UINT16_MAX)
		return error_set(error, EMSGSIZE, "the update of %s is too large for one message",
				 zone);
	result = exchange(address, wire, size, deadline_ms, &answer, error);
	return result < 0 ? result : read_answer(update, zone, packet, &answer, error);
}

/* As the server itself has it, or as the resolver knows it.  Points into the book. */
static int find_zone(struct dns_book *book, const char *address, const char *name,
		     int64_t deadline_ms, const char **ret, struct error *error)
{
	struct dns_zone zone;
	bool none = false;

	for (int round = 0; round < ROUNDS_MAX; round++) {
		*ret = dns_place_zone(book, address, name, &none);
		if (*ret)
			return 0;
		if (none && dns_zone_find(book, name, &zone)) {
			if (!zone.apex)
				break;
			*ret = zone.apex;
			return 0;
		}
		if (!dns_book_ask(book, clock_left_ms(deadline_ms)))
			break;
	}
	return error_set(
	    error, ENOENT,
	    "the name server %s does not serve %s; write into dns.update.server the one "
	    "that does",
	    address, name);
}

int dns_update_zone(const struct dns_update *update, const char *zone,
		    const struct dns_change *changes, size_t count, int timeout_ms,
		    struct error *error)
{
	_cleanup_(dns_resolver_close) struct dns_resolver *resolver = NULL;
	_cleanup_(dns_book_free) struct dns_book *book = NULL;
	_cleanup_free_ char *address = NULL;
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	ldns_pkt *packet = NULL;
	int result = dns_resolver_open(&resolver, error);

	if (result < 0 || count == 0)
		return result;
	book = dns_book_new(resolver);
	if (!book)
		return error_errno(error, ENOMEM, "cannot send the update");
	result = dns_place_address(book, update->server, deadline_ms, &address, error);
	if (result == 0 && !zone)
		result = find_zone(book, address, changes[0].name, deadline_ms, &zone, error);
	if (result == 0)
		result = make_packet(zone, changes, count, &packet, error);
	if (result == 0)
		result = send_update(update, address, zone, packet, deadline_ms, error);
	ldns_pkt_free(packet);
	return result;
}

int dns_update_change(const struct dns_update *update, const struct dns_change *changes,
		      size_t count, int timeout_ms, struct error *error)
{
	return dns_update_zone(update, NULL, changes, count, timeout_ms, error);
}
