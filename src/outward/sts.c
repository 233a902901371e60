// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/sts.h"

#include <ctype.h>
#include <string.h>

#include "base/cleanup.h"
#include "outward/netstring.h"

static const char *const modes[] = {"none", "testing", "enforce"};

const char *sts_mode_name(enum sts_mode mode)
{
	return modes[mode];
}

static bool is_id(struct slice text)
{
	if (text.size == 0 || text.size >= STS_ID_SIZE)
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (!isascii((unsigned char)text.at[i]) || !isalnum((unsigned char)text.at[i]))
			return false;
	return true;
}

/* RFC 8461 §3.1: the version first, and anything may stand between it and the id. */
bool sts_record_parse(struct slice text, char ret_id[STS_ID_SIZE])
{
	struct slice field, name;

	if (!slice_skip(&text, SLICE("v=STSv1")))
		return false;
	text = slice_trim(text);
	if (!slice_skip(&text, SLICE(";")))
		return false;
	while (text.size > 0) {
		if (!slice_until(&text, SLICE(";"), &field)) {
			field = text;
			text.size = 0;
		}
		field = slice_trim(field);
		if (!slice_until(&field, SLICE("="), &name))
			continue;
		if (slice_equal(slice_trim(name), SLICE("id"))) {
			field = slice_trim(field);
			if (!is_id(field))
				return false;
			slice_copy(field, ret_id, STS_ID_SIZE);
			return true;
		}
	}
	return false;
}

/* What of the text was seen yet. */
struct reading {
	struct sts_policy policy;
	struct buffer hosts;
	size_t host_count;
	bool version, mode, max_age;
};

static bool take_host(struct reading *reading, struct slice value)
{
	char name[OUTWARD_NAME];
	const char *rest = name;

	if (value.size >= sizeof(name) || memchr(value.at, '\0', value.size))
		return false;
	for (size_t i = 0; i < value.size; i++)
		name[i] = (char)tolower((unsigned char)value.at[i]);
	name[value.size] = '\0';
	if (strncmp(rest, "*.", 2) == 0)
		rest += 2;
	if (!outward_is_name(rest) || ++reading->host_count > STS_HOSTS_MAX)
		return false;
	buffer_addf(&reading->hosts, "%s\n", name);
	return reading->hosts.size <= STS_TEXT_MAX;
}

static bool take_mode(struct reading *reading, struct slice value)
{
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (slice_equal(value, slice_of(modes[i]))) {
			reading->policy.mode = (enum sts_mode)i;
			return true;
		}
	return false;
}

static bool take_age(struct reading *reading, struct slice value)
{
	long long age;

	if (value.size > 10 || !slice_number(&value, &age) || value.size > 0)
		return false;
	reading->policy.max_age = age > STS_AGE_MAX ? STS_AGE_MAX : age;
	return true;
}

static bool first(bool *seen)
{
	bool is_first = !*seen;

	*seen = true;
	return is_first;
}

static bool take_line(struct reading *reading, struct slice line)
{
	struct slice name;

	if (slice_ends(line, SLICE("\r")))
		line.size--;
	if (slice_trim(line).size == 0)
		return true;
	if (!slice_until(&line, SLICE(":"), &name))
		return false;
	name = slice_trim(name);
	line = slice_trim(line);
	if (slice_equal(name, SLICE("version")))
		return !first(&reading->version) || slice_equal(line, SLICE("STSv1"));
	if (slice_equal(name, SLICE("mode")))
		return !first(&reading->mode) || take_mode(reading, line);
	if (slice_equal(name, SLICE("max_age")))
		return !first(&reading->max_age) || take_age(reading, line);
	return !slice_equal(name, SLICE("mx")) || take_host(reading, line);
}

static bool is_whole(const struct reading *reading)
{
	return reading->version && reading->mode && reading->max_age && !reading->hosts.failed &&
	       (reading->policy.mode == STS_NONE || reading->host_count > 0);
}

bool sts_policy_parse(struct slice text, struct sts_policy *ret)
{
	struct reading reading = {0};
	bool good = text.size <= STS_BODY_MAX;
	struct slice line;

	while (good && text.size > 0) {
		if (!slice_until(&text, SLICE("\n"), &line)) {
			line = text;
			text.size = 0;
		}
		good = take_line(&reading, line);
	}
	if (!good || !is_whole(&reading)) {
		buffer_free(&reading.hosts);
		return false;
	}
	reading.policy.hosts = reading.hosts.size > 0 ? buffer_take(&reading.hosts) : strdup("");
	if (!reading.policy.hosts)
		return false;
	*ret = reading.policy;
	return true;
}

static void add_hosts(const struct sts_policy *policy, const char *before, const char *after,
		      struct buffer *answer)
{
	struct slice hosts = slice_of(policy->hosts), host;

	while (slice_until(&hosts, SLICE("\n"), &host)) {
		buffer_add_text(answer, before);
		buffer_add(answer, host.at, host.size);
		buffer_add_text(answer, after);
	}
}

/* Postfix writes ".example.org" for what the policy calls "*.example.org". */
static void add_match(const struct sts_policy *policy, struct buffer *answer)
{
	struct slice hosts = slice_of(policy->hosts), host;
	const char *between = " match=";

	for (; slice_until(&hosts, SLICE("\n"), &host); between = ":") {
		slice_skip(&host, SLICE("*"));
		buffer_add_text(answer, between);
		buffer_add(answer, host.at, host.size);
	}
}

void sts_policy_answer(const struct sts_policy *policy, const char *domain, struct buffer *answer)
{
	buffer_add_text(answer, "secure");
	add_match(policy, answer);
	buffer_addf(answer, " servername=hostname policy_type=sts policy_domain=%s", domain);
	add_hosts(policy, " mx_host_pattern=", "", answer);
	buffer_addf(answer, " { policy_string = version: STSv1 } { policy_string = mode: %s }",
		    sts_mode_name(policy->mode));
	add_hosts(policy, " { policy_string = mx: ", " }", answer);
	buffer_addf(answer, " { policy_string = max_age: %lld }", (long long)policy->max_age);
}

void sts_policy_clear(struct sts_policy *policy)
{
	free(policy->hosts);
	*policy = STS_POLICY_INIT;
}
