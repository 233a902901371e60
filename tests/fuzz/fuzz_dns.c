// SPDX-License-Identifier: GPL-3.0-or-later
/* What name servers of strangers may answer: whole messages; and the texts of SPF, DMARC and DKIM
 * records.  The first byte chooses. */
#include <stdint.h>
#include <string.h>

#include "dns/answer.h"
#include "dns/spf.h"
#include "dns/tags.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_message(const uint8_t *data, size_t size)
{
	struct dns_answer answer;

	if (dns_answer_parse(data, size, &answer) < 0)
		return;
	for (size_t i = 0; i < answer.count; i++) {
		const struct dns_record *record = &answer.records[i];

		for (const char *c = record->value; *c; c++)
			if (strcmp(record->type, "TXT") == 0 && (*c < ' ' || *c > '~'))
				abort();
		if (!dns_value_equal(record->type, record->value, record->value))
			abort();
		(void)dns_answer_alias(&answer, record->name);
	}
	dns_answer_clear(&answer);
}

/* Every name has the same record, so that what refers to others comes back to it. */
static const struct dns_answer *look(void *context, const char *name _unused_, const char *type)
{
	static struct dns_record records[3];
	static struct dns_answer answer = {.authoritative = true, .records = records};
	const char *const values[][2] = {
	    {"TXT", context}, {"A", "192.0.2.1"}, {"MX", "10 mail.example.org."}};

	answer.count = 0;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (strcmp(values[i][0], type) == 0)
			records[answer.count++] =
			    (struct dns_record){.name = (char *)"x",
						.type = (char *)type,
						.value = (char *)values[i][1]};
	return &answer;
}

static void read_text(const uint8_t *data, size_t size)
{
	static const char *const addresses[] = {"192.0.2.1", "2001:db8::1"};
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct slice list, value;
	struct spf_verdict verdict;
	struct dns_tag tag;

	if (!text)
		return;
	list = slice_of(text);
	while (dns_tag_next(&list, &tag) != DNS_TAG_END)
		if (tag.name.at < text || tag.value.at + tag.value.size > text + strlen(text))
			abort();
	(void)dns_tag_find(text, "rua", &value);
	(void)dns_tag_version(text, "DMARC1");
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		spf_evaluate("example.org", text, addresses[i], look, text, &verdict);
		if (verdict.result == SPF_OPEN || verdict.lookups > 4096 + size)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > 65536)
		return 0;
	if (data[0] == 'm')
		read_message(data + 1, size - 1);
	else
		read_text(data + 1, size - 1);
	return 0;
}
