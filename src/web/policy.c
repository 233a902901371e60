// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/policy.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "dns/mta_sts.h"
#include "state/report_state.h"

struct memory {
	int64_t since; /* of the week that counts; 0: it has not begun */
	bool enforce;
};

/* What cannot be read is begun anew: a week more of reports. */
static struct memory recall(const char *state)
{
	_cleanup_json_ json_t *value = NULL;

	if (json_file_read(state, JSON_FILE_LIMIT, 0, &value, NULL) < 0)
		return (struct memory){0};
	return (struct memory){json_number(value, "since"),
			       strcmp(json_text(value, "mode"), "enforce") == 0};
}

static int remember(const char *state, const struct memory *memory, struct error *error)
{
	_cleanup_json_ json_t *value =
	    json_pack("{s:s, s:I}", "mode", memory->enforce ? "enforce" : "testing", "since",
		      (json_int_t)memory->since);

	return json_file_replace(state, value, JSON_FILE_REPORT, 0644, error);
}

/* Did the machine's last report find something that is not as it should be? */
static bool is_unwell(const char *report)
{
	_cleanup_json_ json_t *value = NULL;

	return json_file_read(report, JSON_FILE_LIMIT, 0, &value, NULL) == 0 &&
	       report_state_of(value) != REPORT_READY;
}

static struct memory judge(const struct memory *before, const char *report, int64_t now)
{
	struct memory after = *before;

	if (after.enforce)
		return after;
	/* A clock that was set back begins anew too. */
	if (after.since <= 0 || after.since > now || is_unwell(report))
		after.since = now;
	after.enforce = now - after.since >= POLICY_TESTING_S;
	return after;
}

int policy_decide(const char *mode, const char *state, const char *report, bool public,
		  const char *hostname, int64_t now, char **ret_policy, struct error *error)
{
	_cleanup_(buffer_free) struct buffer policy = BUFFER_INIT;
	struct memory before = recall(state), after = {0};
	int result = 0;

	*ret_policy = NULL;
	if (!public || strcmp(mode, "none") == 0)
		return 0;
	after = judge(&before, report, now);
	if (strcmp(mode, "automatic") != 0)
		after.enforce = strcmp(mode, "enforce") == 0;
	if (after.since != before.since || after.enforce != before.enforce)
		result = remember(state, &after, error);
	if (result < 0)
		return result;
	mta_sts_policy(hostname, after.enforce, &policy);
	*ret_policy = buffer_take(&policy);
	return *ret_policy ? 0 : error_set(error, ENOMEM, "out of memory");
}
