// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-dns: the daily look at what the DNS shows of this machine.  As an account that owns
 * nothing but its result; with --tell, as root, has the machine's report written anew when that
 * says something else now.  See postcask-dns(8). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "dns/print.h"
#include "state/report_news.h"

#define RUN_FOLDER    "/run/postcask/"
#define SETTINGS_FILE RUN_FOLDER "verify-settings.json"
#define RESULT_FILE   "/run/postcask/dns/report.json"

enum {
	CHECK_MS = 240 * 1000, /* less than the unit's own limit */
	FINDINGS_MAX = 100,    /* in the result; the counts are of all */
};

static const char usage[] =
    "usage: postcask-dns [--tell]\n"
    "Checks the DNS records of this machine, and writes what it finds for its report.\n"
    "  --tell  only: have the machine's report written anew if it says something else\n";

static int domains_of(const struct dns_facts *facts, const char ***ret, size_t *ret_count)
{
	const json_t *list = json_object_get(facts->settings, "domains"), *item;
	const char **domains = calloc(json_array_size(list) + 1, sizeof(*domains));
	size_t i;

	if (!domains)
		return -ENOMEM;
	*ret_count = 0;
	json_array_foreach(list, i, item) if (json_is_string(item)) domains[(*ret_count)++] =
	    json_string_value(item);
	*ret = domains;
	return 0;
}

static int check(struct error *error)
{
	_cleanup_(dns_facts_clear) struct dns_facts facts = DNS_FACTS_INIT;
	_cleanup_(dns_result_clear) struct dns_result result = DNS_RESULT_INIT;
	_cleanup_free_ const char **domains = NULL;
	_cleanup_json_ json_t *json = NULL;
	json_t *published = NULL;
	size_t count = 0;
	int code = json_file_read(SETTINGS_FILE, JSON_FILE_LIMIT, 0, &published, error);

	if (code == 0)
		code = dns_facts_read(&facts, published, DNS_KEYS_FILE, DNS_DKIM_FILE, error);
	if (code == 0 && domains_of(&facts, &domains, &count) < 0)
		code = error_errno(error, ENOMEM, "cannot check the DNS");
	if (code == 0)
		code = dns_check(&facts, true, domains, count, &dns_check_machine, CHECK_MS,
				 &result, error);
	if (code < 0)
		return code;
	json = dns_result_json(&result, FINDINGS_MAX);
	if (json_object_set_new(json, "time", json_integer((json_int_t)time(NULL))) < 0)
		return error_errno(error, ENOMEM, "cannot write what was found");
	return json_file_replace(RESULT_FILE, json, JSON_FILE_REPORT, 0644, error);
}

/* What the report does not say of it yet, but for when that was.  That there is no DNS is no news
 * of the records: `postcask status` says it, no console. */
static bool is_news(const json_t *report, const json_t *found)
{
	static const char *const keys[] = {"offline", "missing", "wrong", "harmful", "findings"};
	const json_t *reported = json_object_get(report, "dns");

	if (json_is_true(json_object_get(found, "offline")))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (!json_equal(json_object_get(reported, keys[i]),
				json_object_get(found, keys[i])))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	bool only_tell = false;
	const struct command_option options[] = {{"tell", .on = &only_tell}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	signal(SIGPIPE, SIG_IGN);
	if ((only_tell ? report_news(RESULT_FILE, is_news, &error) : check(&error)) < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	return COMMAND_GOOD;
}
