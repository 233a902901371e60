// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask-policy reads of strangers: DMARC records, answers of the DNS, what the filter and
 * Postfix pass on.  The first byte says which. */
#include <stdint.h>
#include <string.h>

#include "net/dns_message.h"
#include "policy/datagram.h"
#include "policy/grey.h"
#include "policy/guesses.h"
#include "policy/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_record(void *context, struct slice text)
{
	struct dmarc_record record;
	size_t *records = context;

	if (!dmarc_record_parse(text, &record))
		return;
	++*records;
	if (record.domain > DMARC_REJECT || record.subdomains > DMARC_REJECT ||
	    record.missing > DMARC_REJECT || record.suffix > DMARC_SUFFIX_NO)
		abort();
}

static void check_name(const char *name)
{
	char again[NAME_SIZE];

	if (!name_take(slice_of(name), again) || strcmp(name, again) != 0)
		abort();
	if (strpbrk(name, " =\n;") || name_labels(name) > 127)
		abort();
}

/* Nothing is known of any name, and no more is asked for than there may be. */
static enum dmarc_look count_record(void *context, const char *name, struct dmarc_record *ret)
{
	size_t *count = context;

	check_name(name);
	*ret = (struct dmarc_record){.domain = DMARC_REJECT};
	return ++*count % 3 ? DMARC_LOOK_NOTHING : DMARC_LOOK_FOUND;
}

static enum dmarc_look is_there(void *context, const char *name)
{
	(void)context;
	check_name(name);
	return DMARC_LOOK_FOUND;
}

static void check_filter(struct slice text)
{
	static struct filter_request request;
	struct dmarc_verdict verdict;
	size_t count = 0;
	struct dmarc_source source = {count_record, is_there, &count};

	request_parse_filter(text, &request);
	for (size_t i = 0; i < request.message.author_count; i++)
		check_name(request.message.authors[i]);
	for (size_t i = 0; i < request.told_count; i++)
		check_name(request.told[i]);
	dmarc_evaluate(&request.message, &source, &verdict);
	if (verdict.result == DMARC_WAIT ||
	    count > DMARC_WALK * DMARC_AUTHORS * (1 + DMARC_IDENTIFIERS))
		abort();
}

static void check_datagram(struct slice text)
{
	struct datagram_answer answer;
	size_t records = 0;
	uint16_t id;

	if (dns_message_id((const uint8_t *)text.at, text.size, &id) &&
	    datagram_read((const uint8_t *)text.at, text.size, "_dmarc.example.org", ns_t_txt,
			  check_record, &records, &answer) &&
	    answer.code < 0)
		abort();
}

/* What a stranger says of himself, with every answer that policyd-spf has. */
static void check_postfix(struct slice text)
{
	static struct grey grey;
	static struct guesses guesses;
	struct postfix_request request;
	struct grey_answer answer;

	if (!grey.store) {
		grey.store = store_open(NULL, 1, NULL);
		guesses_init(&guesses);
	}
	request_parse_postfix(text, &request);
	if (request.domain[0])
		check_name(request.domain);
	if (request.recipient_count < 0 || request.size < 0)
		abort();
	for (enum oracle_answer said = ORACLE_NOT_YET; said <= ORACLE_NONE; said++) {
		grey_judge(&grey, &request, GREY_SUSPICIOUS, said, 1 + (int64_t)text.size, &answer);
		if (answer.why >= GREY_WHYS && !answer.ask)
			abort();
		if (!answer.ask && answer.why == GREY_PUT_OFF &&
		    (answer.seconds < 1 || answer.seconds > GREY_WAIT_S))
			abort();
	}
	if (guesses_add(&guesses, request.client, 1000) > 60)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text;
	size_t records = 0;
	char *copy;

	if (size < 1)
		return 0;
	copy = malloc(size > 1 ? size - 1 : 1); /* no NUL behind it */
	memcpy(copy, data + 1, size - 1);
	text = (struct slice){copy, size - 1};
	if (data[0] == 'r')
		check_record(&records, text);
	else if (data[0] == 'f')
		check_filter(text);
	else if (data[0] == 'd')
		check_datagram(text);
	else
		check_postfix(text);
	free(copy);
	return 0;
}
