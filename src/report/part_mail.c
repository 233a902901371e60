// SPDX-License-Identifier: GPL-3.0-or-later
#include "report/part_mail.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "component/components.h"
#include "queue/queue_view.h"
#include "report/part_leaving.h"
#include "state/report_state.h"

enum { ASK_MS = 10000, REASONS_SHOWN = 3, SAMPLE_SHOWN = 100 };

/* The service holds the lock as long as it runs. */
static bool is_running(const char *run)
{
	_cleanup_free_ char *path = file_join(run, "account/lock");
	_cleanup_close_ int fd =
	    path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK) : -1;

	if (fd < 0 && errno == EACCES)
		return true; /* not this caller's business */
	return fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
}

static const char *meanwhile(const char *unit)
{
	for (size_t i = 0; i < component_count; i++)
		if (components[i]->without && strcmp(components[i]->units[0], unit) == 0)
			return components[i]->without;
	return "what needs it waits in the queue";
}

/* One that is starting may have a lot to load. */
static void add_down(json_t *report, json_t *down, const char *unit, struct slice state)
{
	int name = (int)strcspn(unit, ".");
	bool starting = slice_equal(state, SLICE("activating"));

	if (slice_equal(state, SLICE("active")) || slice_equal(state, SLICE("reloading")))
		return;
	json_array_append_new(down,
			      json_sprintf("%.*s: %.*s", name, unit, (int)state.size, state.at));
	if (!starting)
		report_degrade(report, json_sprintf("degraded: %.*s is not running; %s", name, unit,
						    meanwhile(unit)));
}

static bool is_needed(const struct component *component)
{
	return component->vital && component_is_wanted(component, "");
}

/* The daemons that mail needs, as many as this machine wants, and that do not run. */
static json_t *find_down(json_t *report)
{
	_cleanup_free_ const char **command = component_command("is-active", is_needed);
	const struct process process = {.argv = command, .timeout_ms = ASK_MS};
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	json_t *down = json_array();
	struct slice text, state;

	if (!command || process_run(&process, &output, &none) < 0)
		return down;
	text = (struct slice){buffer_text(&output), output.size};
	for (size_t i = 2; command[i] && slice_until(&text, SLICE("\n"), &state); i++)
		add_down(report, down, command[i], state);
	return down;
}

static void add_alarm(json_t *report, const json_t *mail, const char *count_key,
		      const char *ids_key, const char *what)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const json_t *alarm, *ids = json_object_get(mail, ids_key);
	long long count = json_number(mail, count_key);
	size_t i;

	if (count == 0)
		return;
	buffer_addf(&text, "degraded: %lld %s (", count, what);
	json_array_foreach(ids, i, alarm) buffer_addf(
	    &text, "%s%.64s", i ? ", " : "", json_string_value(json_object_get(alarm, "id")));
	buffer_addf(&text, "%s)", (long long)json_array_size(ids) < count ? ", ..." : "");
	report_degrade(report, json_string(buffer_text(&text)));
}

/* It waits for somebody, who is told. */
static void add_held(json_t *report, size_t count)
{
	if (count == 0)
		return;
	report_degrade(
	    report, json_sprintf("degraded: %zu message%s on hold in the queue (! in `postqueue "
				 "-p`) until somebody lets %s go on (`postsuper -H ID`) or deletes "
				 "%s (`postsuper -d ID`); `postcask trace ID` tells why",
				 count, count == 1 ? " is" : "s are", count == 1 ? "it" : "them",
				 count == 1 ? "it" : "them"));
}

static void add_queue(json_t *report, const char *run, json_t *mail)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct queue_view view;

	if (queue_view_read(&view, &error) < 0) {
		json_object_set_new(mail, "queue_error", json_string(error_text(&error)));
		return;
	}
	leaving_part_add(report, run, mail, &view);
	json_object_set_new(mail, "queue", queue_view_json(&view));
	add_held(report, view.held);
}

void report_mail_add(json_t *report, const char *run, bool expected)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *path = file_join(run, "account/account.json");
	json_t *mail = NULL;

	(void)!json_file_read(path, JSON_FILE_LIMIT, JSON_FILE_FOREIGN, &mail, &none);
	if (!mail && !expected)
		return;
	if (!is_running(run))
		report_degrade(report, json_string("degraded: nobody keeps the account of messages "
						   "(systemctl status postcask-account)"));
	if (!mail)
		mail = json_object();
	add_alarm(report, mail, "missing", "missing_ids",
		  "messages unaccounted for: `postcask trace ID` tells what is known");
	add_alarm(report, mail, "quarantine_gone", "quarantine_gone_ids",
		  "files of the quarantine are gone, and nobody deleted them by postcask");
	/* without settings in force there is no mail server to ask */
	if (json_number(json_object_get(report, "firstboot"), "generation") > 0) {
		add_queue(report, run, mail);
		json_object_set_new(mail, "down", find_down(report));
	}
	json_object_set_new(report, "mail", mail);
}

static void add_balance(const json_t *mail, struct buffer *text)
{
	static const struct {
		const char *key, *word;
		bool always;
	} ends[] = {
	    {"delivered", "delivered", true},	  {"waiting", "waiting", true},
	    {"quarantined", "quarantined", true}, {"bounced", "bounced", true},
	    {"deleted", "deleted", false},	  {"unseen", "ended unseen", false},
	    {"unclear", "unclear", false},	  {"settled", "settled by a person", false},
	    {"missing", "MISSING", false},
	};
	bool first = true;

	buffer_addf(text, "mail: %lld accepted =", json_number(mail, "accepted"));
	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		long long count = json_number(mail, ends[i].key);

		if (count == 0 && !ends[i].always)
			continue;
		buffer_addf(text, "%s %lld %s", first ? "" : " +", count, ends[i].word);
		first = false;
	}
	buffer_add_char(text, '\n');
}

static void add_age(long long oldest, struct buffer *text)
{
	long long age = (long long)time(NULL) - oldest;

	if (oldest == 0 || age < 0)
		return;
	if (age < 120)
		buffer_addf(text, ", the oldest for %lld s", age);
	else if (age < 120 * 60)
		buffer_addf(text, ", the oldest for %lld min", age / 60);
	else
		buffer_addf(text, ", the oldest for %lld h", age / 3600);
}

static void add_waiting(const json_t *queue, struct buffer *text)
{
	const json_t *reason;
	size_t i;

	if (json_number(queue, "waiting") + json_number(queue, "on_hold") == 0)
		return;
	buffer_addf(text, "queue: %s%lld wait",
		    json_is_true(json_object_get(queue, "partial")) ? "at least " : "",
		    json_number(queue, "waiting"));
	add_age(json_number(queue, "oldest"), text);
	buffer_addf(text, "; %lld on hold\n", json_number(queue, "on_hold"));
	json_array_foreach(json_object_get(queue, "reasons"), i, reason)
	{
		const char *sample = json_text(reason, "sample");

		if (i == REASONS_SHOWN) {
			buffer_add_text(text, "  and for other reasons: postqueue -p\n");
			break;
		}
		buffer_addf(text, "  %lld %s%s", json_number(reason, "count"),
			    json_text(reason, "for"), sample[0] ? ": " : "");
		slice_add(text, slice_of(sample), SAMPLE_SHOWN);
		buffer_add_char(text, '\n');
	}
}

void report_mail_text(const json_t *report, struct buffer *text)
{
	const json_t *mail = json_object_get(report, "mail");
	const char *problem = json_string_value(json_object_get(mail, "queue_error"));
	const json_t *down;
	size_t i;

	if (!json_is_object(mail))
		return;
	if (json_object_get(mail, "accepted"))
		add_balance(mail, text);
	add_waiting(json_object_get(mail, "queue"), text);
	if (problem)
		buffer_addf(text, "%s\n", problem);
	json_array_foreach(json_object_get(mail, "down"), i, down)
	    buffer_addf(text, "not active: %s\n", json_string_value(down));
}
