// SPDX-License-Identifier: GPL-3.0-or-later
#include "lists/service.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "base/listen.h"
#include "lists/recall.h"
#include "lists/visit.h"

enum {
	WAITING = 256,
	ALIVE_MS = 10 * 1000, /* systemd hears as often that it does not hang */
};

enum { POLLED_SIGNAL, POLLED_DNS, POLLED_LISTENER, POLLED_VISITS };

struct service {
	const struct lists_paths *paths;
	struct catalog catalog;
	struct sources sources;
	struct visit *visits[LISTS_VISITS];
	size_t count;
	int listener, signals;
	uid_t client_account;
	int64_t alive_ms;
};

/* ---- What is known ---- */

static void tell(const struct service *service)
{
	_cleanup_json_ json_t *known = recall_write(&service->sources);
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (json_file_replace(service->paths->state, known, JSON_FILE_REPORT, 0600, &error) < 0)
		error_print(&error);
	error_clear(&error);
	if (json_file_replace(service->paths->report, known, JSON_FILE_REPORT, 0644, &error) < 0)
		error_print(&error);
}

/* One line a list: a change is rare. */
static void log_lists(const struct service *service)
{
	for (size_t i = 0; i < service->sources.count; i++) {
		const struct tested *tested = &service->sources.tested[i];
		_cleanup_(buffer_free) struct buffer sentence = BUFFER_INIT;

		verdict_say(tested->life.verdict, tested->list, &sentence);
		if (tested->life.state == LIFE_CUT)
			fprintf(stderr, "not used: %s\n", buffer_text(&sentence));
		else if (tested->life.state == LIFE_USED)
			fprintf(stderr, "used: %s\n", tested->list->zone);
	}
}

static void recall(struct service *service)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *known = NULL;
	int result = json_file_read(service->paths->state, RECALL_LIMIT, 0, &known, &error);

	if (result == 0)
		recall_read(&service->sources, known);
	else if (result != -ENOENT)
		error_print(&error);
}

/* ---- Clients ---- */

static bool may_ask(const struct service *service, int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
	       (peer.uid == 0 || peer.uid == geteuid() || peer.uid == service->client_account);
}

/* Who finds no room is not listed: postscreen goes on without. */
static void take_visits(struct service *service)
{
	int fd;

	while ((fd = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct visit *visit = NULL;

		if (service->count < LISTS_VISITS && may_ask(service, fd))
			visit = visit_new(fd, &service->sources);
		if (visit)
			service->visits[service->count++] = visit;
		else
			close(fd);
	}
}

static void work_for_visits(struct service *service, const struct pollfd *polled, size_t rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < service->count; i++) {
		struct visit *visit = service->visits[i];

		if (i >= rows || polled[i].revents)
			visit_read(visit);
		if (visit->done || service->sources.now_ms >= visit->due_ms)
			visit_free(visit);
		else
			service->visits[kept++] = visit;
	}
	service->count = kept;
}

/* ---- The loop ---- */

static int64_t least(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t next_due(const struct service *service)
{
	int64_t due_ms = least(service->alive_ms, tested_due(&service->sources));

	for (size_t i = 0; i < service->count; i++)
		due_ms = least(due_ms, service->visits[i]->due_ms);
	return least(due_ms, asker_due(&service->sources.asker));
}

static size_t list_polled(const struct service *service, struct pollfd *polled)
{
	polled[POLLED_SIGNAL] = (struct pollfd){service->signals, POLLIN, 0};
	polled[POLLED_DNS] = (struct pollfd){service->sources.asker.fd, POLLIN, 0};
	polled[POLLED_LISTENER] = (struct pollfd){service->listener, POLLIN, 0};
	for (size_t i = 0; i < service->count; i++)
		polled[POLLED_VISITS + i] = (struct pollfd){service->visits[i]->fd, POLLIN, 0};
	return POLLED_VISITS + service->count;
}

static void tell_time(struct service *service)
{
	service->sources.now_ms = clock_now_ms();
	service->sources.now = time(NULL);
	if (service->sources.now_ms < service->alive_ms)
		return;
	service->alive_ms = service->sources.now_ms + ALIVE_MS;
	sd_notify(0, "WATCHDOG=1");
}

static void tell_changes(struct service *service)
{
	if (!service->sources.changed)
		return;
	service->sources.changed = false;
	log_lists(service);
	tell(service);
}

static int serve(struct service *service, struct error *error)
{
	struct pollfd polled[POLLED_VISITS + LISTS_VISITS];

	for (;;) {
		size_t rows;

		tell_time(service);
		asker_tick(&service->sources.asker, service->sources.now_ms);
		tested_tick(&service->sources);
		tell_changes(service);
		rows = list_polled(service, polled);
		if (poll(polled, rows, clock_left_ms(next_due(service))) < 0 && errno != EINTR)
			return error_errno(error, errno, "poll");
		if (polled[POLLED_SIGNAL].revents)
			return 0;
		tell_time(service);
		asker_receive(&service->sources.asker);
		if (polled[POLLED_LISTENER].revents)
			take_visits(service);
		work_for_visits(service, &polled[POLLED_VISITS], rows - POLLED_VISITS);
	}
}

/* ---- Begin and end ---- */

static int prepare(struct service *service, struct error *error)
{
	const struct lists_paths *paths = service->paths;
	const struct passwd *account = getpwnam(paths->client_account);
	int result = catalog_load(paths->lists, &service->catalog, error);

	service->client_account = account ? account->pw_uid : 0;
	if (result == 0)
		result = listen_end(&service->signals, error);
	if (result == 0)
		result = listen_resolver(paths->resolver, paths->resolver_port,
					 &service->sources.asker.fd, error);
	if (result == 0)
		result = listen_at(paths->socket, 0666, WAITING, &service->listener, error);
	if (result < 0)
		return result;
	tell_time(service);
	tested_begin(&service->sources, &service->catalog, paths->hurry);
	recall(service);
	service->sources.changed = true; /* people hear from the beginning what is known */
	return 0;
}

static void finish(struct service *service)
{
	for (size_t i = 0; i < service->count; i++)
		visit_free(service->visits[i]);
	if (service->listener >= 0)
		close(service->listener);
	if (service->sources.asker.fd >= 0)
		close(service->sources.asker.fd);
	if (service->signals >= 0)
		close(service->signals);
	explicit_bzero(&service->catalog, sizeof(service->catalog));
}

int lists_run(const struct lists_paths *paths, struct error *error)
{
	static struct service service;
	int result;

	service =
	    (struct service){.paths = paths, .listener = -1, .signals = -1, .sources.asker.fd = -1};
	result = prepare(&service, error);
	if (result == 0) {
		sd_notify(0, "READY=1");
		result = serve(&service, error);
	}
	finish(&service);
	return result;
}
