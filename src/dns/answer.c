// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/answer.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

#include <ldns/ldns.h>

#include "base/buffer.h"

/* More aliases than a resolver follows. */
enum { ALIASES_MAX = 16 };

static void lower(char *text)
{
	for (; *text; text++)
		*text = (char)tolower((unsigned char)*text);
}

static char *name_text(const ldns_rdf *name)
{
	char *text = ldns_rdf2str(name);
	size_t size = text ? strlen(text) : 0;

	if (size > 1 && text[size - 1] == '.')
		text[size - 1] = '\0';
	if (text)
		lower(text);
	return text;
}

/* TXT: one string, whatever it was cut into (RFC 1035 §3.3.14). */
static char *strings_text(const ldns_rr *record)
{
	struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < ldns_rr_rd_count(record); i++) {
		const ldns_rdf *piece = ldns_rr_rdf(record, i);
		const unsigned char *data = ldns_rdf_data(piece);

		for (size_t at = 1; at < ldns_rdf_size(piece); at++)
			if (data[at] >= ' ' && data[at] < 0x7f)
				buffer_add_char(&text, (char)data[at]);
			else
				buffer_addf(&text, "\\%03u", data[at]);
	}
	buffer_add_text(&text, "");
	return buffer_take(&text);
}

/* The fields with one blank between; ldns writes hexadecimal and base64 in one piece. */
static char *fields_text(const ldns_rr *record)
{
	struct buffer text = BUFFER_INIT;

	for (size_t i = 0; i < ldns_rr_rd_count(record); i++) {
		char *field = ldns_rdf2str(ldns_rr_rdf(record, i));

		if (i > 0)
			buffer_add_char(&text, ' ');
		buffer_add_text(&text, field ? field : "");
		free(field);
	}
	buffer_add_text(&text, "");
	return buffer_take(&text);
}

static void record_clear(struct dns_record *record)
{
	free(record->name);
	free(record->type);
	free(record->value);
	free(record->exact);
}

static int read_record(const ldns_rr *from, struct dns_record *ret)
{
	ldns_rr_type type = ldns_rr_get_type(from);
	struct dns_record record = {
	    .name = name_text(ldns_rr_owner(from)),
	    .type = ldns_rr_type2str(type),
	    .value = type == LDNS_RR_TYPE_TXT ? strings_text(from) : fields_text(from),
	    .exact = fields_text(from),
	    .ttl = ldns_rr_ttl(from),
	};

	if (!record.name || !record.type || !record.value || !record.exact) {
		record_clear(&record);
		return -ENOMEM;
	}
	if (type != LDNS_RR_TYPE_TXT && type != LDNS_RR_TYPE_CAA && type != LDNS_RR_TYPE_RRSIG &&
	    type != LDNS_RR_TYPE_DNSKEY)
		lower(record.value);
	*ret = record;
	return 0;
}

static int compare_records(const void *a, const void *b)
{
	const struct dns_record *one = a, *other = b;
	int order = strcmp(one->name, other->name);

	if (order == 0)
		order = strcmp(one->type, other->type);
	return order != 0 ? order : strcmp(one->exact, other->exact);
}

static int read_sections(const ldns_pkt *packet, struct dns_answer *answer)
{
	const ldns_rr_list *list = ldns_pkt_answer(packet);
	size_t count = ldns_rr_list_rr_count(list);

	answer->records = calloc(count ? count : 1, sizeof(*answer->records));
	if (!answer->records)
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (read_record(ldns_rr_list_rr(list, i), &answer->records[i]) < 0)
			return -ENOMEM;
		answer->count++;
	}
	qsort(answer->records, answer->count, sizeof(*answer->records), compare_records);
	list = ldns_pkt_authority(packet);
	for (size_t i = 0; i < ldns_rr_list_rr_count(list) && !answer->zone; i++)
		if (ldns_rr_get_type(ldns_rr_list_rr(list, i)) == LDNS_RR_TYPE_SOA)
			answer->zone = name_text(ldns_rr_owner(ldns_rr_list_rr(list, i)));
	return 0;
}

int dns_answer_parse(const void *bytes, size_t size, struct dns_answer *ret)
{
	struct dns_answer answer = {0};
	ldns_pkt *packet = NULL;
	int result;

	if (size < LDNS_HEADER_SIZE || ldns_wire2pkt(&packet, bytes, size) != LDNS_STATUS_OK)
		return -EBADMSG;
	answer.code = ldns_pkt_get_rcode(packet);
	answer.authoritative = ldns_pkt_aa(packet);
	answer.truncated = ldns_pkt_tc(packet);
	result = read_sections(packet, &answer);
	ldns_pkt_free(packet);
	if (result < 0)
		dns_answer_clear(&answer);
	else
		*ret = answer;
	return result;
}

void dns_answer_silent(struct dns_answer *answer, const char *format, ...)
{
	va_list arguments;

	dns_answer_clear(answer);
	answer->code = DNS_SILENT;
	va_start(arguments, format);
	if (vasprintf(&answer->why, format, arguments) < 0)
		answer->why = NULL;
	va_end(arguments);
}

const struct dns_record *dns_answer_next(const struct dns_answer *answer, const char *type,
					 size_t *index)
{
	while (*index < answer->count) {
		const struct dns_record *record = &answer->records[(*index)++];

		if (strcmp(record->type, type) == 0)
			return record;
	}
	return NULL;
}

size_t dns_answer_count(const struct dns_answer *answer, const char *type)
{
	size_t count = 0;

	for (size_t i = 0; dns_answer_next(answer, type, &i);)
		count++;
	return count;
}

const char *dns_answer_alias(const struct dns_answer *answer, const char *name)
{
	bool moved = true;

	for (int aliases = 0; moved && aliases < ALIASES_MAX; aliases++) {
		const struct dns_record *record;

		moved = false;
		for (size_t i = 0; !moved && (record = dns_answer_next(answer, "CNAME", &i));)
			if (dns_name_equal(record->name, name)) {
				name = record->value;
				moved = true;
			}
	}
	return name;
}

bool dns_value_equal(const char *type, const char *a, const char *b)
{
	if (strcmp(type, "TXT") == 0 || strcmp(type, "CAA") == 0)
		return strcmp(a, b) == 0;
	for (;; a++, b++) {
		while (*a == ' ')
			a++;
		while (*b == ' ')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

int dns_name_size(const char *name)
{
	size_t size = strlen(name);

	return (int)(size > 1 && name[size - 1] == '.' ? size - 1 : size);
}

/* The root has none. */
static size_t name_size(const char *name)
{
	return strcmp(name, ".") == 0 ? 0 : (size_t)dns_name_size(name);
}

bool dns_name_equal(const char *a, const char *b)
{
	size_t size = name_size(a);

	return size == name_size(b) && strncasecmp(a, b, size) == 0;
}

bool dns_name_below(const char *name, const char *zone)
{
	size_t size = name_size(name), below = name_size(zone);

	if (below == 0)
		return true;
	return size >= below && strncasecmp(name + size - below, zone, below) == 0 &&
	       (size == below || name[size - below - 1] == '.');
}

void dns_answer_clear(struct dns_answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		record_clear(&answer->records[i]);
	free(answer->records);
	free(answer->why);
	free(answer->zone);
	*answer = (struct dns_answer){0};
}
