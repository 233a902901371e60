// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/state.h"

#include <errno.h>

#include "base/file.h"

static bool take_number(struct slice *line, long long *ret)
{
	return slice_number(line, ret) && slice_skip(line, SLICE(" "));
}

static void take_line(struct judge *judge, struct slice line, int64_t now)
{
	struct judged known = {.points = 0};
	long long since, until, times, good;
	_cleanup_(buffer_free) struct buffer reason = BUFFER_INIT;
	struct slice address;

	if (!slice_until(&line, SLICE(" "), &address) || !network_take(address, &known.network) ||
	    !take_number(&line, &since) || !take_number(&line, &until) ||
	    !take_number(&line, &times) || !take_number(&line, &good))
		return;
	known.since = since;
	known.until = until;
	known.times = times < 100 ? (unsigned)times : 100;
	known.good_at = good;
	slice_add(&reason, line, sizeof(known.reason) - 1);
	slice_copy((struct slice){buffer_text(&reason), reason.size}, known.reason,
		   sizeof(known.reason));
	judge_remember(judge, &known, now);
}

void state_take(struct judge *judge, struct slice text, int64_t now)
{
	struct slice line;

	while (slice_until(&text, SLICE("\n"), &line))
		take_line(judge, line, now);
	judge->changed = false;
}

int state_read(struct judge *judge, const char *path, int64_t now, struct error *error)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	int result = file_read(path, STATE_LIMIT, &text, &size, error);

	if (result == -ENOENT) {
		if (error)
			error_clear(error);
		return 0;
	}
	if (result == 0)
		state_take(judge, (struct slice){text, size}, now);
	return result;
}

int state_write(const struct judge *judge, const char *path, int64_t now, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	for (const struct judged *judged = judge->oldest; judged; judged = judged->younger) {
		char address[NETWORK_TEXT];

		if (!judged_is_lasting(judged, now))
			continue;
		network_print(&judged->network, address);
		buffer_addf(&text, "%s %lld %lld %u %lld %s\n", address, (long long)judged->since,
			    (long long)judged->until, judged->times, (long long)judged->good_at,
			    judged->reason);
	}
	if (text.failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, buffer_text(&text), text.size, 0600, (uid_t)-1, (gid_t)-1, error);
}
