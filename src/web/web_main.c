// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-web: makes what the web server shows and serves, of the settings in force and the
 * certificates; see postcask-web(8).  lighttpd.service runs it before it starts and at each
 * reload, postcask-web.path when the certificates are others, postcask-web.timer daily.
 *
 * Exit status: 0 good, 1 failed, 2 wrong usage. */
#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "generation/generation.h"
#include "web/policy.h"
#include "web/serve.h"
#include "web/site.h"

enum { LOCK_MS = 60 * 1000 };

struct places {
	const char *state; /* generations and keys */
	const char *web;   /* the site */
	const char *run;   /* copies of keys for the server */
	const char *report;
	const char *share; /* templates; NULL: where they are installed */
};

static const char usage[] =
    "usage: postcask-web [OPTION...]\n"
    "Makes what the web server shows and serves.\n"
    "  --state FOLDER     generations and keys (/var/lib/postcask)\n"
    "  --web FOLDER       the site (/var/lib/postcask/web)\n"
    "  --run FOLDER       copies of keys for the server (/run/postcask/web)\n"
    "  --report FILE      the machine's report (/run/postcask/report.json)\n"
    "  --templates FOLDER of the pages (/usr/share/postcask/web)\n";

static int make(const struct places *places, const json_t *settings, const char *keys,
		struct error *error)
{
	_cleanup_(web_facts_clear) struct web_facts facts = WEB_FACTS_INIT;
	_cleanup_free_ char *policy = NULL, *memory = file_join(places->web, "mta-sts.json");
	_cleanup_free_ char *share = places->share ? strdup(places->share) : site_share();
	bool made = false;
	int result = memory && share ? web_facts_load(settings, keys, time(NULL), &facts, error)
				     : error_set(error, ENOMEM, "out of memory");

	if (result == 0)
		result = policy_decide(settings, memory, places->report, facts.public, time(NULL),
				       &policy, error);
	if (result == 0)
		result = site_make(&facts, json_object_get(settings, "domains"), policy, share,
				   places->web, &made, error);
	if (result == 0 && made)
		printf("the pages of %zu domains were made\n",
		       json_array_size(json_object_get(settings, "domains")));
	return result == 0 ? serve_keys(settings, keys, places->run, error) : result;
}

static int run(const struct places *places, struct error *error)
{
	_cleanup_free_ char *keys = file_join(places->state, "keys");
	_cleanup_free_ char *lock = file_join(places->web, "lock");
	_cleanup_json_ json_t *settings = NULL;
	_cleanup_close_ int fd = -1;
	int result = keys && lock ? file_lock(lock, LOCK_MS, &fd, error)
				  : error_set(error, ENOMEM, "out of memory");

	if (result == 0)
		result = generation_settings(places->state, &settings, error);
	return result == 0 ? make(places, settings, keys, error) : result;
}

int main(int argc, char **argv)
{
	struct places places = {
	    .state = "/var/lib/postcask",
	    .web = "/var/lib/postcask/web",
	    .run = "/run/postcask/web",
	    .report = "/run/postcask/report.json",
	};
	const struct command_option options[] = {
	    {"state", .value = &places.state},	   {"web", .value = &places.web},
	    {"run", .value = &places.run},	   {"report", .value = &places.report},
	    {"templates", .value = &places.share},
	};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (run(&places, &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
