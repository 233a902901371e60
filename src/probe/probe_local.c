// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe_local.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "net/dns.h"
#include "net/managesieve.h"

enum {
	ANSWER_MS = 20 * 1000,
	DAY = 24 * 60 * 60,
};

static int64_t answer_deadline(const struct probe_run *run)
{
	int64_t deadline_ms = clock_now_ms() + ANSWER_MS;

	return deadline_ms < run->deadline_ms ? deadline_ms : run->deadline_ms;
}

/* amavis takes long to load on a slow machine, and does so while the other probes
 * run.  As long as its service is starting or running, its folder is there; the file
 * "listening" is in it from when it answers.  False when it is not on its way. */
static bool await_amavis(const struct probe_run *run)
{
	const char *folder = run->settings->amavis_folder;
	_cleanup_free_ char *mark = file_join(folder, "listening");
	_cleanup_close_ int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd wait = {.fd = fd, .events = POLLIN};
	char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

	if (!mark || fd < 0 ||
	    inotify_add_watch(fd, folder, IN_CREATE | IN_DELETE_SELF | IN_ONLYDIR) < 0)
		return false;
	while (!file_exists(mark) && file_exists(folder)) {
		int ready = poll(&wait, 1, clock_left_ms(run->mail_deadline_ms));

		if (ready == 0 || (ready < 0 && errno != EINTR))
			break;
		while (read(fd, events, sizeof(events)) > 0)
			;
	}
	return file_exists(mark);
}

static enum failure_class probe_amavis(struct probe_run *run, unsigned port,
				       struct probe_result *result)
{
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct session_params params =
	    probe_session_params(run, PORT_SMTP, SECURITY_CLEAR, CONVERSATION_NONE);

	params.stream.port = port;
	params.stream.source = NULL; /* amavis answers its own address alone */
	if (session_open(&session, &params)) {
		if (session.stream.failure.class != FAILURE_REFUSED || !await_amavis(run))
			return probe_take_failure(result, &session.stream);
		session_free(&session);
		params.stream.deadline_ms = answer_deadline(run);
		if (session_open(&session, &params))
			return probe_take_failure(result, &session.stream);
	}
	if (!(session.capabilities & CAPABILITY_8BITMIME))
		return failure_set(&result->failure, FAILURE_PROTOCOL, "EHLO without 8BITMIME");
	return FAILURE_NONE;
}

enum failure_class probe_amavis_incoming(struct probe_run *run, const struct probe *probe _unused_,
					 struct probe_result *result)
{
	return probe_amavis(run, run->settings->amavis_incoming, result);
}

enum failure_class probe_amavis_submitted(struct probe_run *run, const struct probe *probe _unused_,
					  struct probe_result *result)
{
	return probe_amavis(run, run->settings->amavis_submitted, result);
}

/* Whoever is connected may ask it whether it is there. */
enum failure_class probe_policy(struct probe_run *run, const struct probe *probe _unused_,
				struct probe_result *result)
{
	_cleanup_(stream_free) struct stream stream = STREAM_INIT;
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	struct stream_params params = {.address = run->settings->policy,
				       .deadline_ms = answer_deadline(run)};

	if (!published_true(run->settings->published, "filter.asked")) {
		result->outcome = PROBE_SKIPPED;
		return FAILURE_NONE;
	}
	if (stream_open(&stream, &params) || stream_writef(&stream, "ping\n") ||
	    stream_read_bytes(&stream, strlen("pong\n"), &answer))
		return probe_take_failure(result, &stream);
	if (strcmp(buffer_text(&answer), "pong\n") != 0)
		return failure_set(&result->failure, FAILURE_PROTOCOL, "its answer is not ours");
	return FAILURE_NONE;
}

enum failure_class probe_sieve_script(struct probe_run *run, const struct probe *probe,
				      struct probe_result *result)
{
	static const char script[] = "require \"fileinto\";\r\n"
				     "if header :contains \"subject\" \"x\" {\r\n"
				     "    fileinto \"Spam\";\r\n}\r\n";
	struct session *session;
	enum failure_class failure = probe_converse(run, probe, STAGE_LOGIN, &session, result);

	if (!failure && managesieve_check_script(session, script))
		failure = probe_take_failure(result, &session->stream);
	return failure;
}

static enum failure_class ask(struct probe_run *run, const char *name, ns_class class, ns_type type,
			      struct buffer *answer, struct probe_result *result)
{
	struct dns_question question = {
	    .address = run->settings->resolver,
	    .port = run->settings->resolver_port,
	    .name = name,
	    .class = class,
	    .type = type,
	    .deadline_ms = answer_deadline(run),
	};

	return dns_ask(&question, answer, &result->failure);
}

enum failure_class probe_resolver(struct probe_run *run, const struct probe *probe _unused_,
				  struct probe_result *result)
{
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	enum failure_class failure = ask(run, "localhost", ns_c_in, ns_t_a, &answer, result);

	if (!failure && strcmp(buffer_text(&answer), "127.0.0.1\n") != 0)
		failure = failure_set(&result->failure, FAILURE_CONTENT,
				      "localhost is said to be %s", buffer_text(&answer));
	return failure;
}

enum failure_class probe_resolver_dnssec(struct probe_run *run, const struct probe *probe _unused_,
					 struct probe_result *result)
{
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	enum failure_class failure =
	    ask(run, "trustanchor.unbound", ns_c_chaos, ns_t_txt, &answer, result);

	if (failure)
		return failure_wrap(&result->failure, "no trust anchor");
	/* ". 20326 38696": the name and the keys of each anchor. */
	if (strncmp(buffer_text(&answer), ". ", 2) != 0 && !strstr(buffer_text(&answer), "\n. "))
		return failure_set(&result->failure, FAILURE_CONTENT,
				   "the root is not among the trust anchors");
	answer.data[strcspn(answer.data, "\n")] = '\0';
	if (asprintf(&result->detail, "trust anchor %s", answer.data) < 0)
		result->detail = NULL;
	return FAILURE_NONE;
}

enum failure_class probe_clock(struct probe_run *run _unused_, const struct probe *probe _unused_,
			       struct probe_result *result)
{
	time_t now = time(NULL);
	struct stat program;

	/* A day of grace: the builder's clock may have another idea. */
	if (stat("/proc/self/exe", &program) == 0 && now < program.st_mtime - DAY)
		return failure_set(&result->failure, FAILURE_CONTENT,
				   "the clock is %lld days before this program was built",
				   (long long)(program.st_mtime - now) / DAY);
	/* systemd-timesyncd's flag; adjtimex(2) is not for units like ours. */
	result->detail =
	    strdup(file_exists("/run/systemd/timesync/synchronized") ? "synchronized"
								     : "not synchronized yet");
	return FAILURE_NONE;
}
