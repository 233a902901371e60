// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask-tls reads of strangers: MTA-STS records and policies, answers of the DNS, questions
 * on its socket.  The first byte says which. */
#include <stdint.h>
#include <string.h>

#include "net/dns_message.h"
#include "outward/event.h"
#include "outward/message.h"
#include "outward/netstring.h"
#include "outward/report.h"
#include "outward/sts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Postfix splits the answer at blanks and braces: whatever the policy was, nothing but its hosts
 * and numbers may be in it. */
static void check_policy(struct slice text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzSTSENFORCE0123456789-_.*:= {}";
	struct sts_policy policy = STS_POLICY_INIT;
	struct buffer answer = BUFFER_INIT;

	if (!sts_policy_parse(text, &policy))
		return;
	if (policy.mode > STS_ENFORCE || policy.max_age < 0 || policy.max_age > STS_AGE_MAX ||
	    (policy.mode != STS_NONE && !policy.hosts[0]))
		abort();
	if (policy.mode == STS_ENFORCE) {
		sts_policy_answer(&policy, "example.org", &answer);
		if (answer.size > 100000 || strspn(buffer_text(&answer), letters) != answer.size)
			abort();
	}
	buffer_free(&answer);
	sts_policy_clear(&policy);
}

static void check_record(struct slice text)
{
	char id[STS_ID_SIZE];

	if (sts_record_parse(text, id) && (!id[0] || strlen(id) >= sizeof(id)))
		abort();
}

static void check_question(struct slice input)
{
	struct slice payload;
	char domain[OUTWARD_NAME];

	while (netstring_take(&input, &payload) == NETSTRING_WHOLE)
		if (socketmap_domain(payload, domain) && !outward_is_name(domain))
			abort();
}

static void check_event(struct slice datagram)
{
	char to[REPORT_RECIPIENTS][REPORT_ADDRESS];
	struct event event = EVENT_INIT;

	if (!event_parse(datagram, &event))
		return;
	if (!outward_is_name(event.domain) || event.count == 0 || event.count > EVENT_POLICIES)
		abort();
	for (size_t i = report_recipients(event.record, to); i > 0; i--)
		if (strpbrk(to[i - 1], " \r\n<>,;\"") || to[i - 1][0] == '-')
			abort();
	event_clear(&event);
}

static void check_message(const uint8_t *data, size_t size)
{
	static struct message_answer answer;
	uint16_t id;

	if (!dns_message_id(data, size, &id))
		return;
	for (size_t i = 0; i < 3; i++)
		if (message_read(data, size, "example.org",
				 (int[]){ns_t_mx, ns_t_txt, MESSAGE_TLSA}[i], &answer) &&
		    answer.host_count > MESSAGE_HOSTS)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data + 1, size - 1};

	if (size == 0)
		return 0;
	switch (data[0] % 8) {
	case 0:
		check_policy(text);
		break;
	case 1:
		check_record(text);
		break;
	case 2:
		check_question(text);
		break;
	case 4:
		check_event(text);
		break;
	default:
		check_message(data + 1, size - 1);
	}
	return 0;
}
