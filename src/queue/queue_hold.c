// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/queue_hold.h"

#include <errno.h>
#include <stdlib.h>

#include "base/process.h"
#include "queue/queue_id.h"

enum {
	ASK_MS = 60 * 1000,
	AT_ONCE = 100,			/* files that postcat is given */
	OUTPUT_LIMIT = 8 * 1024 * 1024, /* envelopes of as many */
};

int queue_hold(enum queue_hold_verb verb, const struct buffer *ids, struct error *error)
{
	const char *const command[] = {"/usr/sbin/postsuper", verb == QUEUE_HOLD ? "-h" : "-H", "-",
				       NULL};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const struct process process = {.argv = command,
					.timeout_ms = ASK_MS,
					.input = buffer_text(ids),
					.input_size = ids->size};
	int status = ids->size ? process_run(&process, &output, error) : 0;

	if (status > 0)
		return error_set(error, EIO, "postsuper %s: exit status %d: %.200s", command[1],
				 status, buffer_text(&output));
	return status;
}

/* "*** ENVELOPE RECORDS hold/4g1J... ***"; what is no id is none. */
static bool take_name(struct slice line, struct slice *ret_id)
{
	struct slice before;

	if (!slice_skip(&line, SLICE("*** ENVELOPE RECORDS ")) || !slice_ends(line, SLICE(" ***")))
		return false;
	line.size -= strlen(" ***");
	while (slice_until(&line, SLICE("/"), &before))
		;
	*ret_id = queue_is_id(line) ? line : (struct slice){0};
	return true;
}

void queue_find_login_parse(struct slice text, const char *login, struct buffer *found)
{
	struct slice line, id = {0};

	while (slice_until(&text, SLICE("\n"), &line)) {
		if (take_name(line, &id))
			continue;
		if (id.size && slice_skip(&line, SLICE("named_attribute: sasl_username=")) &&
		    slice_equal_case(line, slice_of(login))) {
			buffer_add(found, id.at, id.size);
			buffer_add_char(found, '\n');
			id = (struct slice){0};
		}
	}
}

static int ask(char *ids[AT_ONCE], size_t count, const char *login, struct buffer *found,
	       struct error *error)
{
	const char *command[AT_ONCE + 4] = {"/usr/sbin/postcat", "-e", "-q"};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const struct process process = {
	    .argv = command, .timeout_ms = ASK_MS, .output_limit = OUTPUT_LIMIT};
	int status;

	memcpy(command + 3, ids, count * sizeof(*ids));
	/* One that has gone meanwhile is an error of its, and none of ours. */
	status = process_run(&process, &output, error);
	if (status < 0)
		return status;
	queue_find_login_parse((struct slice){buffer_text(&output), output.size}, login, found);
	return 0;
}

int queue_find_login(const struct buffer *ids, const char *login, struct buffer *found,
		     struct error *error)
{
	_cleanup_free_ char *text = strdup(buffer_text(ids));
	char *names[AT_ONCE], *rest = text, *name;
	size_t count = 0;
	int result = text ? 0 : error_set(error, ENOMEM, "out of memory");

	while (result == 0 && (name = strsep(&rest, "\n"))) {
		if (*name)
			names[count++] = name;
		if (count == AT_ONCE) {
			result = ask(names, count, login, found, error);
			count = 0;
		}
	}
	return result == 0 && count ? ask(names, count, login, found, error) : result;
}
