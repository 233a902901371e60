// SPDX-License-Identifier: GPL-3.0-or-later
/* The loop over the table of probes: see probe.h. */
#include <errno.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/file.h"
#include "probe/maildir.h"
#include "probe/probe.h"

enum {
	WORKERS = 12,	     /* most of them wait most of the time */
	MAIL_MS = 90 * 1000, /* for mail, from when the filter answers */
	HOPELESS_MS = 3000,  /* for mail when the filter is down */
	CHAIN_LIMIT = 256 * 1024,
	CLEANUP_SHARE = 10, /* the last tenth of the time is for cleaning up */
};

struct job {
	struct probe_result *result;
	bool second;
	bool taken;
	bool done;
};

struct schedule {
	struct probe_run *run;
	struct job *jobs;
	size_t count;
	pthread_cond_t changed; /* with run->lock */
};

static const char *const outcome_names[PROBE_OUTCOMES] = {
    [PROBE_PENDING] = "pending",
    [PROBE_PASSED] = "passed",
    [PROBE_FAILED] = "failed",
    [PROBE_SKIPPED] = "skipped",
};

const char *probe_outcome_name(enum probe_outcome outcome)
{
	return outcome_names[outcome];
}

static struct probe_result *find_result(struct probe_run *run, const char *name)
{
	for (size_t i = 0; i < run->count; i++)
		if (strcmp(run->results[i].probe->name, name) == 0)
			return &run->results[i];
	return NULL;
}

/* Does `probe` stand in the chain that `only` needs? */
static bool is_needed(const struct probe *table, size_t count, const char *only,
		      const struct probe *probe)
{
	while (only) {
		const struct probe *found = NULL;

		for (size_t i = 0; i < count && !found; i++)
			if (strcmp(table[i].name, only) == 0)
				found = &table[i];
		if (found == probe)
			return true;
		only = found ? found->after : NULL;
	}
	return false;
}

static int compose_messages(struct probe_run *run, struct error *error)
{
	static const enum message_kind kinds[MAILS] = {
	    [MAIL_VIRUS] = MESSAGE_VIRUS,	[MAIL_SPAM] = MESSAGE_SPAM,
	    [MAIL_IN] = MESSAGE_PLAIN,		[MAIL_SUBMISSION] = MESSAGE_PLAIN,
	    [MAIL_SUBMISSIONS] = MESSAGE_PLAIN,
	};

	for (enum mail mail = 0; mail < MAILS; mail++)
		if (message_compose(kinds[mail], PROBE_ADDRESS, &run->messages[mail]) < 0)
			return error_set(error, ENOMEM, "out of memory");
	return 0;
}

bool probe_has(const struct probe_run *run, const char *path)
{
	const json_t *published = run->settings->published;

	return !published_get(published, "here") || published_true(published, path);
}

/* What a client has to believe beside the machine's own authority: a given certificate, or
 * those that an ACME authority issued; owned, NULL: nothing. */
static char *foreign_chain(const struct probe_settings *settings)
{
	const char *given = published_text(settings->published, "tls.certificate");
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	char *chain = NULL;

	if (given)
		return strdup(given);
	if (published_text(settings->published, "tls.acme.directory") &&
	    file_read(settings->chain_file, CHAIN_LIMIT, &chain, NULL, &none) == 0)
		return chain;
	return NULL;
}

static void open_clients(struct probe_run *run)
{
	const struct probe_settings *settings = run->settings;
	_cleanup_free_ char *chain = foreign_chain(settings);
	struct tls_params params = {
	    .hostname = settings->hostname,
	    .ca_file = chain ? NULL : settings->ca_file,
	    .chain = chain,
	};
	enum port port = PORT_IMAP;
	struct session_params session;

	/* Without it every TLS probe fails with tls_failure. */
	(void)!tls_client_new(&params, &run->tls, &run->tls_failure);
	params.rsa_only = true;
	(void)!tls_client_new(&params, &run->tls_rsa, &run->tls_failure);
	if (!settings->enabled[PORT_IMAP] && settings->enabled[PORT_IMAPS])
		port = PORT_IMAPS; /* with neither, 143 still answers on the loopback */
	session = probe_session_params(run, port, SECURITY_TLS, CONVERSATION_NONE);
	session.stream.deadline_ms = run->deadline_ms;
	session.facts = NULL;
	mailbox_init(&run->mailbox, &session, PROBE_ADDRESS, settings->password);
	if (!probe_has(run, "here.mailboxes")) {
		run->mailbox.maildir = settings->maildir;
		maildir_prepare(settings->maildir);
	}
	/* Before the virus is sent; a failure shows when it is waited for. */
	run->quarantine_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (run->quarantine_fd >= 0 && inotify_add_watch(run->quarantine_fd, settings->quarantine,
							 IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
		close(run->quarantine_fd);
		run->quarantine_fd = -1;
	}
}

/* New ones in each run. */
static void choose_guessers(struct probe_run *run)
{
	unsigned char bytes[2] = {0};

	if (getrandom(bytes, sizeof(bytes), GRND_NONBLOCK) < 0)
		bytes[1] = (unsigned char)run->started_ms;
	for (enum port port = 0; port < PORTS; port++)
		snprintf(run->guessers[port], sizeof(run->guessers[port]), "127.%u.%u.%u",
			 64u + bytes[0] % 128u, bytes[1], 11u + port);
}

int probe_run_init(struct probe_run *run, const struct probe *table, size_t count, const char *only,
		   const struct probe_settings *settings, int timeout_ms, struct error *error)
{
	*run = (struct probe_run){
	    .settings = settings,
	    .started_ms = clock_now_ms(),
	    .mailbox = {.session = SESSION_INIT},
	    .quarantine_fd = -1,
	    .lock = PTHREAD_MUTEX_INITIALIZER,
	};
	choose_guessers(run);
	run->deadline_ms = run->started_ms + timeout_ms;
	run->mail_deadline_ms = run->deadline_ms - timeout_ms / CLEANUP_SHARE;
	run->results = calloc(count, sizeof(*run->results));
	if (!run->results)
		return error_set(error, ENOMEM, "out of memory");
	for (enum port port = 0; port < PORTS; port++)
		for (enum conversation i = 0; i < CONVERSATIONS; i++)
			run->sessions[port][i] = SESSION_INIT;
	for (size_t i = 0; i < count; i++)
		if (!only || is_needed(table, count, only, &table[i]))
			run->results[run->count++].probe = &table[i];
	if (run->count == 0)
		return error_set(error, EINVAL, "there is no probe named %s", only);
	open_clients(run);
	return compose_messages(run, error);
}

/* Is this the half that decides the probe's outcome? */
static bool is_final(const struct job *job)
{
	return job->second || !job->result->probe->second;
}

static const struct probe_result *needed_result(const struct schedule *schedule,
						const struct job *job)
{
	const char *after = job->result->probe->after;

	return after && is_final(job) ? find_result(schedule->run, after) : NULL;
}

/* A second half that follows a first one waits elsewhere. */
static bool uses_conversation(const struct job *job)
{
	const struct probe *probe = job->result->probe;

	return probe->conversation && (!job->second || !probe->first);
}

static bool share_conversation(const struct job *one, const struct job *other)
{
	return uses_conversation(one) && uses_conversation(other) &&
	       one->result->probe->port == other->result->probe->port &&
	       one->result->probe->conversation == other->result->probe->conversation;
}

/* The filter loads while everything else is proved, and on a slow machine for longer; until then
 * mail that a first half has sent is in the queue, and not late. */
static bool waits_for_filter(const struct schedule *schedule, const struct job *job)
{
	const struct probe_run *run = schedule->run;

	if (!job->second || !job->result->probe->first)
		return false;
	for (size_t i = 0; i < run->count; i++)
		if (run->results[i].probe->carries_mail && run->results[i].outcome == PROBE_PENDING)
			return true;
	return false;
}

static bool is_ready(const struct schedule *schedule, const struct job *job)
{
	const struct probe_result *needed = needed_result(schedule, job);

	if ((needed && needed->outcome == PROBE_PENDING) || waits_for_filter(schedule, job))
		return false;
	for (const struct job *other = schedule->jobs; other < job; other++) {
		if (job->result->probe->last && is_final(job) && !other->done)
			return false;
		if (other->result == job->result && !other->done)
			return false;
		if (share_conversation(other, job) && !other->done)
			return false;
	}
	return true;
}

static void skip(struct probe_result *result, const char *why, const char *what)
{
	free(result->detail);
	if (asprintf(&result->detail, "%s%s", why, what) < 0)
		result->detail = NULL;
	result->outcome = PROBE_SKIPPED;
}

/* Is this half not to be run at all? */
static bool is_skipped(const struct schedule *schedule, const struct job *job)
{
	const struct probe_result *needed = needed_result(schedule, job);
	struct probe_result *result = job->result;
	enum port port = result->probe->port;

	if (port != PORT_NONE && !schedule->run->settings->enabled[port])
		skip(result, "not enabled in the settings", "");
	else if (result->probe->wanted && !probe_has(schedule->run, result->probe->wanted))
		skip(result, "not wanted by the role", "");
	else if (needed && needed->outcome != PROBE_PASSED)
		skip(result, "needs what did not pass: ", needed->probe->name);
	return result->outcome == PROBE_SKIPPED;
}

/* Runs one half.  Called without the lock; only this thread touches the result
 * while its outcome is pending. */
static void run_half(struct schedule *schedule, struct job *job)
{
	struct probe_result *result = job->result;
	probe_function *function = job->second ? result->probe->second : result->probe->first;
	int64_t started_ms = clock_now_ms();

	enum failure_class failure = function(schedule->run, result->probe, result);

	if (failure == FAILURE_NONE)
		failure_clear(&result->failure); /* of attempts that were meant to fail */
	result->failure.class = failure;
	if (failure && uses_conversation(job))
		session_free(
		    &schedule->run->sessions[result->probe->port][result->probe->conversation]);
	result->milliseconds += clock_now_ms() - started_ms;
}

/* Called with the lock held, gives it up while the probe works. */
static void run_job(struct schedule *schedule, struct job *job)
{
	struct probe_result *result = job->result;

	job->taken = true;
	if (result->outcome == PROBE_PENDING && !is_skipped(schedule, job)) {
		pthread_mutex_unlock(&schedule->run->lock);
		run_half(schedule, job);
		pthread_mutex_lock(&schedule->run->lock);
		if (result->failure.class)
			result->outcome = PROBE_FAILED;
		else if (is_final(job) && result->outcome == PROBE_PENDING)
			result->outcome = PROBE_PASSED;
	}
	job->done = true;
	pthread_cond_broadcast(&schedule->changed);
}

static void *work(void *context)
{
	struct schedule *schedule = context;
	size_t taken;

	pthread_mutex_lock(&schedule->run->lock);
	do {
		struct job *ready = NULL;

		taken = 0;
		for (size_t i = 0; i < schedule->count && !ready; i++) {
			taken += schedule->jobs[i].taken;
			if (!schedule->jobs[i].taken && is_ready(schedule, &schedule->jobs[i]))
				ready = &schedule->jobs[i];
		}
		if (ready)
			run_job(schedule, ready);
		else if (taken < schedule->count)
			pthread_cond_wait(&schedule->changed, &schedule->run->lock);
	} while (taken < schedule->count);
	pthread_mutex_unlock(&schedule->run->lock);
	return NULL;
}

static void plan(struct schedule *schedule)
{
	struct probe_run *run = schedule->run;

	for (int second = 0; second < 2; second++)
		for (size_t i = 0; i < run->count; i++) {
			const struct probe *probe = run->results[i].probe;

			if (second ? probe->second != NULL : probe->first != NULL)
				schedule->jobs[schedule->count++] =
				    (struct job){.result = &run->results[i], .second = second};
		}
}

int probe_run_all(struct probe_run *run, struct error *error)
{
	struct schedule schedule = {.run = run, .changed = PTHREAD_COND_INITIALIZER};
	pthread_t workers[WORKERS];
	size_t started = 0;

	schedule.jobs = calloc(2 * run->count, sizeof(*schedule.jobs));
	if (!schedule.jobs)
		return error_set(error, ENOMEM, "out of memory");
	plan(&schedule);
	while (started < WORKERS && pthread_create(&workers[started], NULL, work, &schedule) == 0)
		started++;
	if (started == 0)
		work(&schedule);
	while (started > 0)
		pthread_join(workers[--started], NULL);
	pthread_cond_destroy(&schedule.changed);
	free(schedule.jobs);
	return 0;
}

bool probe_port_proved(const struct probe_run *run, enum port port)
{
	bool passed = false;

	for (size_t i = 0; i < run->count; i++) {
		const struct probe_result *result = &run->results[i];

		if (result->probe->port != port)
			continue;
		if (result->outcome == PROBE_FAILED || result->outcome == PROBE_PENDING)
			return false;
		passed = passed || result->outcome == PROBE_PASSED;
	}
	return passed;
}

void probe_run_free(struct probe_run *run)
{
	for (enum port port = 0; port < PORTS; port++)
		for (enum conversation i = 0; i < CONVERSATIONS; i++)
			session_free(&run->sessions[port][i]);
	mailbox_free(&run->mailbox);
	tls_client_free(run->tls);
	tls_client_free(run->tls_rsa);
	tls_facts_free(&run->certificate);
	failure_clear(&run->tls_failure);
	for (enum mail mail = 0; mail < MAILS; mail++)
		message_free(&run->messages[mail]);
	for (size_t i = 0; i < run->count; i++) {
		failure_clear(&run->results[i].failure);
		free(run->results[i].detail);
	}
	free(run->results);
	if (run->quarantine_fd >= 0)
		close(run->quarantine_fd);
	pthread_mutex_destroy(&run->lock);
}

int64_t probe_mail_deadline(struct probe_run *run)
{
	int64_t now_ms = clock_now_ms(), soon_ms = now_ms + HOPELESS_MS;
	int64_t deadline_ms = now_ms + MAIL_MS;

	if (run->mail_deadline_ms < deadline_ms)
		deadline_ms = run->mail_deadline_ms;

	pthread_mutex_lock(&run->lock);
	for (size_t i = 0; i < run->count; i++)
		if (run->results[i].probe->carries_mail &&
		    run->results[i].outcome == PROBE_FAILED && soon_ms < deadline_ms)
			deadline_ms = soon_ms;
	pthread_mutex_unlock(&run->lock);
	return deadline_ms;
}
