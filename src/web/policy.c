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

/* The mode that the week has come to, by itself. */
static int decide(const char *state, const char *report, int64_t now, const char **ret_mode,
		  struct error *error)
{
	struct memory before = recall(state), after = judge(&before, report, now);

	*ret_mode = after.enforce ? "enforce" : "testing";
	return after.since != before.since || after.enforce != before.enforce
		   ? remember(state, &after, error)
		   : 0;
}

int policy_decide(const json_t *settings, const char *state, const char *report, bool public,
		  int64_t now, char **ret_policy, struct error *error)
{
	const char *mode = json_text(json_object_get(settings, "dns"), "mta_sts");
	int result = 0;

	*ret_policy = NULL;
	if (!public || strcmp(mode, "none") == 0)
		return 0;
	if (!mode[0] || strcmp(mode, "auto") == 0)
		result = decide(state, report, now, &mode, error);
	if (result < 0)
		return result;
	*ret_policy = mta_sts_policy(json_text(settings, "hostname"), mode);
	return *ret_policy ? 0 : error_set(error, ENOMEM, "out of memory");
}
