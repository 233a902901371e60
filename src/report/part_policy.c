// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/slice.h"
#include "net/stream.h"
#include "state/report_state.h"

#define NOTE "degraded: what is learnt of senders "

enum { ANSWER_MS = 2000, ANSWER_LIMIT = 2048 };

/* One line, whose end is no CR LF. */
static bool ask(const char *path, struct buffer *answer)
{
	struct stream_params params = {.address = path, .deadline_ms = clock_now_ms() + ANSWER_MS};
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	bool good = !stream_open(&stream, &params) && !stream_writef(&stream, "counts\n");

	while (good && answer->size < ANSWER_LIMIT && !strchr(buffer_text(answer), '\n'))
		good = !stream_read_bytes(&stream, 1, answer) && !answer->failed;
	return good;
}

/* "put-off=3 networks=17 kept=yes" */
static json_t *read_counts(const char *answer)
{
	struct slice rest = slice_of(answer), word, name;
	json_t *counts = json_object();

	while (slice_until(&rest, SLICE(" "), &word) || slice_until(&rest, SLICE("\n"), &word)) {
		char key[32];
		long long number;

		if (!slice_until(&word, SLICE("="), &name))
			continue;
		slice_copy(name, key, sizeof(key));
		for (char *at = key; *at; at++)
			*at = *at == '-' ? '_' : *at;
		if (slice_number(&word, &number))
			json_object_set_new(counts, key, json_integer(number));
		else
			json_object_set_new(counts, key,
					    json_boolean(slice_equal(word, SLICE("yes"))));
	}
	return counts;
}

void report_policy_add(json_t *report, const char *run)
{
	_cleanup_free_ char *path = file_join(run, "policy/filter");
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	json_t *counts;

	report_forget(report, NOTE);
	json_object_del(report, "policy");
	if (!path || !file_exists(path) || !ask(path, &answer))
		return;
	counts = read_counts(buffer_text(&answer));
	json_object_set_new(report, "policy", counts);
	if (json_is_false(json_object_get(counts, "kept")))
		report_degrade(report,
			       json_string(NOTE "is not written to "
						"/var/lib/postcask/policy/store; see why in "
						"`journalctl -u postcask-policy`"));
}

void report_policy_text(const json_t *report, struct buffer *text)
{
	const json_t *counts = json_object_get(report, "policy");
	long long off = json_number(counts, "put_off"), guesses = json_number(counts, "guesses");

	if (off)
		buffer_addf(text,
			    "Greylisting: put off %lld times today, came again %lld times; "
			    "%lld networks are known\n",
			    off, (long long)json_number(counts, "again"),
			    (long long)json_number(counts, "networks"));
	if (guesses)
		buffer_addf(text, "Guesses: %lld recipients that are not here were put off\n",
			    guesses);
}
