// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/answers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "net/dns_message.h"
#include "policy/datagram.h"

enum {
	BUCKETS = 4096, /* a power of two */
	LEAST_MS = 10 * 1000,
	MOST_MS = 3600 * 1000, /* of a record */
	NOTHING_MS = 900 * 1000,
	REFUSED_MS = 1000, /* the resolver begins anew, and is there soon */
};

enum kind { KIND_RECORD, KIND_EXISTS, KIND_SPF };

/* A name of which something is known, or asked. */
struct answer {
	struct answer *next;	      /* of its bucket */
	struct answer *newer, *older; /* by use */
	enum kind kind;
	enum dmarc_look look;
	struct dmarc_record record;
	int64_t expires_ms;
	char name[]; /* as it is asked for */
};

struct question {
	struct answer *answer; /* NULL: free */
	uint16_t id;
	bool again;
	int64_t due_ms, end_ms;
};

struct answers {
	struct answers_owner owner;
	struct answer *buckets[BUCKETS];
	struct answer *newest, *oldest;
	struct question questions[ANSWERS_ASKED];
	struct answers_count count;
	uint32_t seed; /* nobody outside knows who shares a bucket */
	int64_t now_ms, try_ms;
	unsigned silent; /* questions in a row */
};

struct answers *answers_new(const struct answers_owner *owner, int64_t now_ms)
{
	struct answers *answers = calloc(1, sizeof(*answers));

	if (!answers)
		return NULL;
	answers->owner = *owner;
	answers->now_ms = now_ms;
	if (getrandom(&answers->seed, sizeof(answers->seed), 0) < 0)
		answers->seed = (uint32_t)now_ms;
	return answers;
}

void answers_free(struct answers **answers)
{
	if (!*answers)
		return;
	for (struct answer *answer = (*answers)->newest, *older; answer; answer = older) {
		older = answer->older;
		free(answer);
	}
	free(*answers);
	*answers = NULL;
}

struct answers_count answers_counted(const struct answers *answers)
{
	return answers->count;
}

/* ---- The memory ---- */

static struct answer **bucket_of(struct answers *answers, enum kind kind, const char *name)
{
	uint32_t hash = answers->seed ^ kind;

	for (; *name; name++) /* FNV-1a, from a start of our own */
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &answers->buckets[(hash ^ hash >> 16) & (BUCKETS - 1)];
}

static void leave_order(struct answers *answers, struct answer *answer)
{
	*(answer->newer ? &answer->newer->older : &answers->newest) = answer->older;
	*(answer->older ? &answer->older->newer : &answers->oldest) = answer->newer;
}

static void become_newest(struct answers *answers, struct answer *answer)
{
	answer->newer = NULL;
	answer->older = answers->newest;
	*(answers->newest ? &answers->newest->newer : &answers->oldest) = answer;
	answers->newest = answer;
}

static struct answer *find(struct answers *answers, enum kind kind, const char *name)
{
	struct answer *answer = *bucket_of(answers, kind, name);

	while (answer && (answer->kind != kind || strcmp(answer->name, name) != 0))
		answer = answer->next;
	if (answer) {
		leave_order(answers, answer);
		become_newest(answers, answer);
	}
	return answer;
}

static void forget(struct answers *answers, struct answer *answer)
{
	struct answer **link = bucket_of(answers, answer->kind, answer->name);

	while (*link != answer)
		link = &(*link)->next;
	*link = answer->next;
	leave_order(answers, answer);
	free(answer);
	answers->count.remembered--;
}

/* The one that nobody has needed for longest and that is not just being asked for. */
static void make_room(struct answers *answers)
{
	struct answer *answer = answers->oldest;

	while (answer && answer->look == DMARC_LOOK_WAIT)
		answer = answer->newer;
	if (answer)
		forget(answers, answer);
}

static struct answer *remember(struct answers *answers, enum kind kind, const char *name)
{
	size_t size = strlen(name) + 1;
	struct answer *answer, **bucket;

	if (answers->count.remembered >= ANSWERS_LIMIT)
		make_room(answers);
	answer = calloc(1, sizeof(*answer) + size);
	if (!answer)
		return NULL;
	memcpy(answer->name, name, size);
	answer->kind = kind;
	bucket = bucket_of(answers, kind, name);
	answer->next = *bucket;
	*bucket = answer;
	become_newest(answers, answer);
	answers->count.remembered++;
	return answer;
}

/* ---- Questions ---- */

static ns_type type_of(enum kind kind)
{
	return kind == KIND_EXISTS ? ns_t_a : ns_t_txt;
}

static void send_question(struct answers *answers, const struct question *question)
{
	unsigned char bytes[DNS_MESSAGE_QUESTION];
	size_t size = dns_message_ask(question->answer->name, (int)type_of(question->answer->kind),
				      question->id, 0, DNS_MESSAGE_ROOM, bytes);

	if (size)
		answers->owner.send(answers->owner.context, bytes, size);
}

static struct question *find_question(struct answers *answers, uint16_t id)
{
	for (size_t i = 0; i < ANSWERS_ASKED; i++)
		if (answers->questions[i].answer && answers->questions[i].id == id)
			return &answers->questions[i];
	return NULL;
}

static struct question *free_question(struct answers *answers)
{
	for (size_t i = 0; i < ANSWERS_ASKED; i++)
		if (!answers->questions[i].answer)
			return &answers->questions[i];
	return NULL;
}

static bool is_silent(const struct answers *answers)
{
	return answers->silent >= ANSWERS_SILENT;
}

/* False when there may not be one more. */
static bool ask(struct answers *answers, struct answer *answer)
{
	struct question *question = free_question(answers);
	uint16_t id;

	if (!question || (is_silent(answers) && answers->now_ms < answers->try_ms)) {
		answers->count.not_asked++;
		return false;
	}
	do {
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			return false;
	} while (find_question(answers, id));
	if (is_silent(answers))
		answers->try_ms = answers->now_ms + ANSWERS_TRY_MS;
	answer->look = DMARC_LOOK_WAIT;
	*question = (struct question){.answer = answer,
				      .id = id,
				      .due_ms = answers->now_ms + ANSWERS_AGAIN_MS,
				      .end_ms = answers->now_ms + ANSWERS_END_MS};
	answers->count.asked++;
	answers->count.asked_now++;
	send_question(answers, question);
	return true;
}

static void settle(struct answers *answers, struct question *question, enum dmarc_look look,
		   int64_t for_ms)
{
	question->answer->look = look;
	question->answer->expires_ms = answers->now_ms + for_ms;
	question->answer = NULL;
	answers->count.asked_now--;
}

static enum dmarc_look look_up(struct answers *answers, enum kind kind, const char *name,
			       struct answer **ret)
{
	struct answer *answer = find(answers, kind, name);

	*ret = answer;
	if (answer && (answer->look == DMARC_LOOK_WAIT || answers->now_ms < answer->expires_ms))
		return answer->look;
	if (!answer)
		answer = *ret = remember(answers, kind, name);
	if (!answer)
		return DMARC_LOOK_ERROR;
	if (ask(answers, answer))
		return DMARC_LOOK_WAIT;
	answer->look = DMARC_LOOK_ERROR; /* not for long: it was not asked */
	return DMARC_LOOK_ERROR;
}

enum dmarc_look answers_record(void *context, const char *name, struct dmarc_record *ret)
{
	char full[sizeof("_dmarc.") + NAME_SIZE];
	enum dmarc_look look;
	struct answer *answer;

	/* Below the longest names there is no room for one, and so no record. */
	if (snprintf(full, sizeof(full), "_dmarc.%s", name) >= NAME_SIZE)
		return DMARC_LOOK_NOTHING;
	look = look_up(context, KIND_RECORD, full, &answer);
	if (look == DMARC_LOOK_FOUND)
		*ret = answer->record;
	return look;
}

enum dmarc_look answers_exists(void *context, const char *name)
{
	struct answer *answer;

	return look_up(context, KIND_EXISTS, name, &answer);
}

enum dmarc_look answers_sends_none(struct answers *answers, const char *name)
{
	struct answer *answer;

	return look_up(answers, KIND_SPF, name, &answer);
}

/* ---- Answers ---- */

/* What the TXT records of an answer come to. */
struct found {
	enum kind kind;
	struct dmarc_record record;
	size_t records; /* of the kind */
	bool sends_none;
};

static bool is_spf(struct slice text)
{
	return slice_skip(&text, SLICE("v=spf1")) && (!text.size || text.at[0] == ' ');
}

static void take_text(void *context, struct slice text)
{
	struct found *found = context;
	struct dmarc_record record;

	if (found->kind == KIND_RECORD && dmarc_record_parse(text, &record)) {
		found->record = record;
		found->records++;
	} else if (found->kind == KIND_SPF && is_spf(text)) {
		while (slice_ends(text, SLICE(" ")))
			text.size--;
		found->sends_none = slice_equal_case(text, SLICE("v=spf1 -all"));
		found->records++;
	}
}

static enum dmarc_look judge(const struct datagram_answer *answer, const struct found *found)
{
	if (answer->truncated || (answer->code != ns_r_noerror && answer->code != ns_r_nxdomain))
		return DMARC_LOOK_ERROR;
	if (answer->code == ns_r_nxdomain)
		return DMARC_LOOK_NOTHING;
	if (found->kind == KIND_EXISTS)
		return DMARC_LOOK_FOUND;
	return found->records == 1 && (found->kind == KIND_RECORD || found->sends_none)
		   ? DMARC_LOOK_FOUND
		   : DMARC_LOOK_NOTHING; /* several are none (§4.10) */
}

static int64_t hold_ms(enum dmarc_look look, uint32_t ttl)
{
	int64_t most = look == DMARC_LOOK_FOUND ? MOST_MS : NOTHING_MS, ms = (int64_t)ttl * 1000;

	if (look == DMARC_LOOK_ERROR)
		return ANSWERS_ERROR_MS;
	return ms < LEAST_MS ? LEAST_MS : ms > most ? most : ms;
}

void answers_receive(struct answers *answers, const unsigned char *bytes, size_t size)
{
	struct datagram_answer answer;
	struct question *question;
	struct found found = {0};
	enum dmarc_look look;
	uint16_t id;

	if (!dns_message_id(bytes, size, &id))
		return;
	question = find_question(answers, id);
	if (!question)
		return;
	found.kind = question->answer->kind;
	if (!datagram_read(bytes, size, question->answer->name, type_of(found.kind), take_text,
			   &found, &answer))
		return;
	look = judge(&answer, &found);
	question->answer->record = found.record;
	answers->silent = 0;
	answers->count.answered++;
	settle(answers, question, look, hold_ms(look, answer.ttl));
}

void answers_refused(struct answers *answers)
{
	for (size_t i = 0; i < ANSWERS_ASKED; i++)
		if (answers->questions[i].answer)
			settle(answers, &answers->questions[i], DMARC_LOOK_ERROR, REFUSED_MS);
}

void answers_tick(struct answers *answers, int64_t now_ms)
{
	answers->now_ms = now_ms;
	for (size_t i = 0; i < ANSWERS_ASKED; i++) {
		struct question *question = &answers->questions[i];

		if (!question->answer || now_ms < question->due_ms)
			continue;
		if (now_ms >= question->end_ms) {
			if (!is_silent(answers) && ++answers->silent == ANSWERS_SILENT)
				answers->try_ms = now_ms + ANSWERS_TRY_MS;
			answers->count.unanswered++;
			settle(answers, question, DMARC_LOOK_ERROR, ANSWERS_ERROR_MS);
		} else if (!question->again) {
			question->again = true;
			question->due_ms = question->end_ms;
			send_question(answers, question);
		}
	}
}

int64_t answers_due(const struct answers *answers)
{
	int64_t due_ms = INT64_MAX;

	for (size_t i = 0; i < ANSWERS_ASKED; i++)
		if (answers->questions[i].answer && answers->questions[i].due_ms < due_ms)
			due_ms = answers->questions[i].due_ms;
	return due_ms;
}
