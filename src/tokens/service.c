// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokens/service.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/clock.h"
#include "base/listen.h"
#include "tokens/asker.h"
#include "tokens/known.h"
#include "tokens/visitor.h"

enum {
	ALIVE_MS = 10 * 1000, /* systemd hears as often that it does not hang */
	WAITING = 64,
	VISITORS = 64, /* Dovecot asks by ten connections at most */
};

enum { POLLED_SIGNAL, POLLED_LISTENER, POLLED_VISITORS };

struct service {
	const struct tokens_paths *paths;
	struct issuer issuer;
	struct known known;
	struct asker asker;
	struct visitor *visitors[VISITORS];
	size_t count;
	int signals, listener;
	int64_t now_ms, asked_ms, ask_ms, alive_ms; /* the issuer: last, and next */
};

static int64_t hurried(const struct service *service, long long seconds)
{
	return seconds * 1000 / (service->paths->hurry ? service->paths->hurry : 1);
}

/* ---- The issuer ---- */

static void ask_again_in(struct service *service, long long seconds)
{
	if (service->known.ring.count == 0)
		seconds = TOKENS_SOON;
	service->ask_ms = service->now_ms + hurried(service, seconds);
}

static void fail(struct service *service, const struct error *error)
{
	known_fail(&service->known, error, time(NULL));
	ask_again_in(service, TOKENS_OFTEN);
}

static void take(struct service *service, struct jwks *jwks, long long seconds)
{
	known_take(&service->known, jwks, time(NULL), hurried(service, KEYRING_GRACE) / 1000);
	ask_again_in(service, seconds < TOKENS_OFTEN	? TOKENS_KEPT
			      : seconds > TOKENS_SELDOM ? TOKENS_SELDOM
							: seconds);
}

static void ask(struct service *service)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	service->asked_ms = service->now_ms;
	service->ask_ms = INT64_MAX; /* until there is an answer */
	if (asker_begin(&service->asker, &error) < 0)
		fail(service, &error);
}

/* Keys of the settings do not change while it runs. */
static void take_given(struct service *service)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(jwks_free) struct jwks jwks = {0};
	const struct issuer *issuer = &service->issuer;

	if (jwks_parse(issuer->given, issuer->given_size, &jwks, &error) < 0)
		known_fail(&service->known, &error, time(NULL));
	else
		known_take(&service->known, &jwks, time(NULL), 0);
	service->ask_ms = INT64_MAX;
}

static void let_go_on(struct service *service)
{
	for (size_t i = 0; i < service->count; i++)
		if (service->visitors[i]->waits) {
			service->visitors[i]->waits = false;
			service->visitors[i]->due_ms = service->now_ms + VISITOR_REQUEST_MS;
		}
}

static void hear_issuer(struct service *service)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(jwks_free) struct jwks jwks = {0};
	long long seconds = 0;
	int result = 0;

	if (!asker_work(&service->asker, &result, &jwks, &seconds, &error))
		return;
	if (result < 0)
		fail(service, &error);
	else
		take(service, &jwks, seconds);
	let_go_on(service);
}

/* Strangers can name any key: the issuer is not asked for it more often than that. */
static bool may_ask(const struct service *service)
{
	return !service->issuer.given &&
	       (service->asker.step != ASKER_IDLE ||
		service->now_ms - service->asked_ms >= hurried(service, TOKENS_SOON));
}

/* ---- Dovecot ---- */

static enum jwt_outcome judge(void *context, struct slice token, bool may_wait,
			      char ret_address[JWT_ADDRESS + 1])
{
	struct service *service = context;
	const char *why;
	enum jwt_outcome outcome =
	    jwt_judge(token, &service->issuer, &service->known.ring, time(NULL), ret_address, &why);

	if (outcome == JWT_UNKNOWN && may_wait && may_ask(service)) {
		if (service->asker.step == ASKER_IDLE)
			ask(service);
		return JWT_UNKNOWN;
	}
	if (outcome != JWT_GOOD)
		fprintf(stderr, "a token is refused: %s\n", why);
	return outcome == JWT_GOOD ? JWT_GOOD : JWT_BAD;
}

static void take_visitors(struct service *service)
{
	int fd;

	while ((fd = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct visitor *visitor =
		    service->count < VISITORS ? visitor_new(fd, service->now_ms) : NULL;

		if (visitor)
			service->visitors[service->count++] = visitor;
		else
			close(fd);
	}
}

static void work_for_visitors(struct service *service, const struct curl_waitfd *polled,
			      size_t rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < service->count; i++) {
		struct visitor *visitor = service->visitors[i];

		if (visitor_work(visitor, i < rows && polled[i].revents, judge, service,
				 service->now_ms))
			service->visitors[kept++] = visitor;
		else
			visitor_free(visitor);
	}
	service->count = kept;
}

/* ---- The loop ---- */

static size_t list_polled(const struct service *service, struct curl_waitfd *polled)
{
	polled[POLLED_SIGNAL] = (struct curl_waitfd){service->signals, CURL_WAIT_POLLIN, 0};
	polled[POLLED_LISTENER] = (struct curl_waitfd){service->listener, CURL_WAIT_POLLIN, 0};
	for (size_t i = 0; i < service->count; i++) {
		const struct visitor *visitor = service->visitors[i];
		short events = visitor->waits		? 0
			       : visitor_sends(visitor) ? CURL_WAIT_POLLOUT
							: CURL_WAIT_POLLIN;

		polled[POLLED_VISITORS + i] = (struct curl_waitfd){visitor->fd, events, 0};
	}
	return POLLED_VISITORS + service->count;
}

static int64_t next_due(const struct service *service)
{
	int64_t due_ms = service->alive_ms < service->ask_ms ? service->alive_ms : service->ask_ms;

	for (size_t i = 0; i < service->count; i++)
		if (service->visitors[i]->due_ms < due_ms)
			due_ms = service->visitors[i]->due_ms;
	return due_ms;
}

static void tell_time(struct service *service)
{
	service->now_ms = clock_now_ms();
	if (service->now_ms < service->alive_ms)
		return;
	service->alive_ms = service->now_ms + ALIVE_MS;
	sd_notify(0, "WATCHDOG=1");
}

static void serve(struct service *service)
{
	struct curl_waitfd polled[POLLED_VISITORS + VISITORS];
	size_t rows;

	for (;;) {
		tell_time(service);
		if (service->now_ms >= service->ask_ms)
			ask(service);
		rows = list_polled(service, polled);
		fetch_wait(&service->asker.fetch, polled, (unsigned)rows,
			   clock_left_ms(next_due(service)));
		if (polled[POLLED_SIGNAL].revents)
			return;
		tell_time(service);
		hear_issuer(service);
		work_for_visitors(service, &polled[POLLED_VISITORS], rows - POLLED_VISITORS);
		if (polled[POLLED_LISTENER].revents)
			take_visitors(service);
	}
}

/* ---- Begin and end ---- */

static int prepare(struct service *service, struct error *error)
{
	int result = issuer_load(service->paths->settings, &service->issuer, error);

	if (result == 0)
		result = listen_end(&service->signals, error);
	if (result == 0)
		result = fetch_init(&service->asker.fetch, error);
	if (result == 0)
		result = listen_loopback(service->paths->port, WAITING, &service->listener, error);
	if (result < 0)
		return result;
	service->asker.issuer = service->known.issuer = &service->issuer;
	known_recall(&service->known);
	if (service->issuer.given)
		take_given(service);
	return 0;
}

static void finish(struct service *service)
{
	for (size_t i = 0; i < service->count; i++)
		visitor_free(service->visitors[i]);
	if (service->listener >= 0)
		close(service->listener);
	if (service->signals >= 0)
		close(service->signals);
	fetch_free(&service->asker.fetch);
	known_free(&service->known);
	issuer_free(&service->issuer);
}

int tokens_run(const struct tokens_paths *paths, struct error *error)
{
	static struct service service; /* larger than a stack should be */
	int result;

	service = (struct service){.paths = paths, .signals = -1, .listener = -1};
	service.known.state = paths->state;
	service.known.report = paths->report;
	result = prepare(&service, error);
	if (result == 0) {
		sd_notify(0, "READY=1");
		serve(&service);
	}
	finish(&service);
	return result;
}

int tokens_check(const char *settings, struct error *error)
{
	_cleanup_(issuer_free) struct issuer issuer = {0};
	_cleanup_(jwks_free) struct jwks jwks = {0};
	struct stat state;
	int result;

	if (stat(settings, &state) == 0 && state.st_size == 0)
		return 0; /* nobody logs in with tokens */
	result = issuer_load(settings, &issuer, error);
	if (result == 0 && issuer.given &&
	    jwks_parse(issuer.given, issuer.given_size, &jwks, error) < 0)
		return error_wrap(error, "authentication.oauth.keys");
	return result;
}
