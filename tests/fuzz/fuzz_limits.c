// SPDX-License-Identifier: GPL-3.0-or-later
/* What limits are counted by: Postfix's questions, with logins, recipients and addresses that
 * strangers choose; and what root reads of the queue and of the log for a login that is held.  The
 * first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/sent.h"
#include "policy/limit_answer.h"
#include "queue/queue_hold.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1795515240 };

/* Each answer is one action and an empty line, whatever was asked. */
static void check_questions(struct slice text)
{
	struct limits limits;
	struct slice question;
	int64_t now = NOW;

	limits_init(&limits);
	for (size_t i = 0; i < LIMITS; i++)
		limits.most[i] = 3;
	while (slice_until(&text, SLICE("\n\n"), &question)) {
		struct buffer answer = BUFFER_INIT;
		struct postfix_request request;

		request_parse_postfix(question, &request);
		limit_answer_postfix(&limits, &request, now, &answer);
		if (!slice_starts(slice_of(buffer_text(&answer)), SLICE("action=")) ||
		    strstr(buffer_text(&answer), "\n\n") + 2 != answer.data + answer.size)
			abort();
		buffer_free(&answer);
		now += question.size % 120;
	}
	struct buffer list = BUFFER_INIT;

	limit_answer_list(&limits, now, &list);
	buffer_free(&list);
	limits_free(&limits);
}

/* What is found is a queue id, whatever stood there. */
static void check_envelopes(struct slice text)
{
	struct buffer found = BUFFER_INIT;
	struct slice rest, id;

	queue_find_login_parse(text, "alice@example.org", &found);
	rest = (struct slice){buffer_text(&found), found.size};
	while (slice_until(&rest, SLICE("\n"), &id))
		if (!queue_is_id(id))
			abort();
	buffer_free(&found);
}

static void check_lines(struct slice text)
{
	struct sent sent = SENT_INIT;
	struct slice one, identifier;

	id_table_init(&sent.ids, 16);
	sent.login = strdup("alice@example.org");
	while (slice_until(&text, SLICE("\n"), &one)) {
		struct line line;

		if (!slice_until(&one, SLICE("|"), &identifier))
			continue;
		line_parse(WRITER_POSTFIX, identifier, one, &line);
		sent_take(&sent, &line);
	}
	sent_close(&sent);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice text = {(const char *)data + 1, size - 1};

	if (size == 0)
		return 0;
	if (data[0] == 'q')
		check_questions(text);
	else if (data[0] == 'e')
		check_envelopes(text);
	else
		check_lines(text);
	return 0;
}
