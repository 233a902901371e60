// SPDX-License-Identifier: GPL-3.0-or-later
#include "watch/watch.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/dns.h"
#include "net/stream.h"
#include "watch/program.h"

enum {
	DNS_PORT = 53,
	LIST_LIMIT = 8 * 1024 * 1024,
	SOCKET_WAITING = 2, /* in /proc/net/unix; the listening one is 1 */
	SOCKET_CONNECTED = 3,
};

static enum failure_class ask_name(const struct watched *watched, int64_t deadline_ms)
{
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	struct dns_question question = {
	    .address = watched->address,
	    .port = watched->port,
	    .name = watched->question,
	    .class = ns_c_in,
	    .type = ns_t_a,
	    .deadline_ms = deadline_ms,
	};

	return dns_ask(&question, &answer, &failure);
}

static enum failure_class ask_stream(const struct watched *watched, int64_t deadline_ms)
{
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	struct stream_params params = {
	    .address = watched->address, .port = watched->port, .deadline_ms = deadline_ms};
	enum failure_class failure = stream_open(&stream, &params);

	if (!failure && watched->question)
		failure = stream_write(&stream, watched->question, strlen(watched->question));
	if (!failure)
		failure = stream_read_bytes(&stream, strlen(watched->answer), &answer);
	return failure;
}

enum watch_result watch_ask(const struct watched *watched)
{
	int64_t deadline_ms = clock_now_ms() + WATCH_ANSWER_MS;
	enum failure_class failure = watched->port == DNS_PORT ? ask_name(watched, deadline_ms)
							       : ask_stream(watched, deadline_ms);

	switch (failure) {
	case FAILURE_TIMEOUT:
		return WATCH_NO_ANSWER;
	case FAILURE_REFUSED:
	case FAILURE_UNREACHABLE:
		return WATCH_ABSENT;
	default: /* right or wrong, somebody is there: what it says is the probes' business */
		return WATCH_ANSWERED;
	}
}

bool watch_count(struct watched *watched, enum watch_result result, uint64_t used_us)
{
	/* Another life of the unit may have used less than the one before. */
	bool worked = result == WATCH_WAITS_FOR_DISK || used_us < watched->used_us ||
		      used_us - watched->used_us > (watched->program ? 0 : WATCH_IDLE_US);

	watched->used_us = used_us;
	if (result < WATCH_NO_ANSWER || (watched->needs && watched->needs->silent > 0))
		watched->silent = 0;
	else if (worked)
		watched->silent = 1; /* it may be the last of what it did */
	else
		watched->silent++;
	if (watched->silent < (watched->patience ? watched->patience : WATCH_SILENT))
		return false;
	watched->silent = 0;
	return true;
}

bool watch_connected(const char *list, const char *address)
{
	_cleanup_free_ char *text = NULL;
	char *rest = NULL;

	if (file_read(list, LIST_LIMIT, &text, NULL, NULL) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		unsigned state;
		int path = 0;

		/* number, references, protocol, flags, type, state, inode, path */
		if (sscanf(line, "%*s %*s %*s %*s %*s %x %*s %n", &state, &path) == 1 && path > 0 &&
		    strcmp(line + path, address) == 0 &&
		    (state == SOCKET_WAITING || state == SOCKET_CONNECTED))
			return true;
	}
	return false;
}

bool watch_processor_time(const char *cgroups, const struct watched *watched, uint64_t *ret_us)
{
	_cleanup_free_ char *text = NULL;
	const char *line;

	if (watched->program)
		return program_signal(cgroups, watched->unit, watched->program, 0, ret_us) > 0;
	text = unit_file(cgroups, watched->unit, "cpu.stat");
	line = text ? strstr(text, "usage_usec ") : NULL;
	return line && sscanf(line, "usage_usec %" SCNu64, ret_us) == 1;
}

bool watch_clock_set_back(struct watch_clock *clock, int64_t wall_ms, int64_t running_ms)
{
	int64_t offset_ms = wall_ms - running_ms;
	bool back = clock->known && offset_ms <= clock->offset_ms - WATCH_STEP_MS;

	*clock = (struct watch_clock){.offset_ms = offset_ms, .known = true};
	return back;
}
