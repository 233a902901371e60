// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/service.h"

#include <errno.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>

#include "base/clock.h"
#include "base/listen.h"
#include "policy/client.h"
#include "policy/known.h"
#include "policy/limit_answer.h"

enum {
	WAITING = 128, /* at a socket */
	END_MS = 5000, /* for the disk */
};

enum { DATAGRAMS = 64 }; /* taken at once before anybody else has a turn */

enum { POLLED_SIGNAL, POLLED_DNS, POLLED_FILTER, POLLED_POSTFIX, POLLED_ORACLE };

enum { POLLED_CLIENTS = POLLED_ORACLE + ORACLE_CONNECTIONS };

struct service {
	struct client_sources sources;
	struct oracle oracle;
	struct grey grey;
	struct guesses guesses;
	struct limits limits;
	struct writers writers;
	struct client *clients[SERVICE_CLIENTS];
	size_t count;
	int dns, listeners[2]; /* by enum client_talk */
	int signals;
	uid_t filter_account;
};

static void send_datagram(void *context, const unsigned char *bytes, size_t size)
{
	const struct service *service = context;

	/* What does not get out is asked once more. */
	if (send(service->dns, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}

static void take_datagrams(struct service *service)
{
	static unsigned char bytes[ANSWERS_DATAGRAM];

	for (size_t i = 0; i < DATAGRAMS; i++) {
		ssize_t size = recv(service->dns, bytes, sizeof(bytes), MSG_DONTWAIT);

		if (size < 0 && errno == ECONNREFUSED)
			answers_refused(service->sources.answers);
		else if (size < 0)
			return;
		else
			answers_receive(service->sources.answers, bytes, (size_t)size);
	}
}

/* ---- Clients ---- */

/* Whoever it is, when the kernel does not say. */
static uid_t account_of(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 ? peer.uid : (uid_t)-1;
}

static bool is_trusted(const struct service *service, uid_t peer)
{
	return peer == 0 || peer == geteuid() || peer == service->filter_account;
}

static void take_clients(struct service *service, enum client_talk talk)
{
	int fd;

	while ((fd = accept4(service->listeners[talk], NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct client *client = NULL;
		uid_t peer = account_of(fd);

		if (service->count < SERVICE_CLIENTS)
			client = client_new(fd, talk, is_trusted(service, peer),
					    service->sources.now_ms);
		if (!client) {
			close(fd);
			continue;
		}
		client->root = peer == 0;
		service->clients[service->count++] = client;
	}
}

/* `polled` has a row for each client that was there before the wait.  A look at each that waits
 * costs microseconds, and time has passed for all. */
static void work_for_clients(struct service *service, const struct pollfd *polled, size_t rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < service->count; i++) {
		struct client *client = service->clients[i];
		bool good = true;

		if (i < rows && polled[i].revents)
			good = client_read(client, &service->sources);
		if (good && client_go_on(client, &service->sources))
			service->clients[kept++] = client;
		else
			client_free(client, &service->sources);
	}
	service->count = kept;
}

/* ---- The loop ---- */

static int64_t next_due(const struct service *service)
{
	int64_t due_ms = answers_due(service->sources.answers), oracle_ms, store_ms;

	oracle_ms = oracle_due(&service->oracle);
	due_ms = oracle_ms < due_ms ? oracle_ms : due_ms;
	store_ms = store_due(service->sources.store);
	due_ms = store_ms < due_ms ? store_ms : due_ms;
	for (size_t i = 0; i < service->count; i++)
		if (service->clients[i]->due_ms < due_ms)
			due_ms = service->clients[i]->due_ms;
	return due_ms;
}

static void tell_time(struct service *service)
{
	service->sources.now_ms = clock_now_ms();
	service->sources.now_s = (int64_t)time(NULL);
	answers_tick(service->sources.answers, service->sources.now_ms);
}

static void keep(struct service *service)
{
	_cleanup_(error_clear) struct error told = ERROR_INIT;

	store_tick(service->sources.store, service->sources.now_ms, service->sources.now_s, &told);
	if (told.code)
		error_print(&told);
}

static size_t list_polled(const struct service *service, struct pollfd *polled)
{
	polled[POLLED_SIGNAL] = (struct pollfd){service->signals, POLLIN, 0};
	polled[POLLED_DNS] = (struct pollfd){service->dns, POLLIN, 0};
	polled[POLLED_FILTER] = (struct pollfd){service->listeners[CLIENT_FILTER], POLLIN, 0};
	polled[POLLED_POSTFIX] = (struct pollfd){service->listeners[CLIENT_POSTFIX], POLLIN, 0};
	oracle_polled(&service->oracle, &polled[POLLED_ORACLE]);
	for (size_t i = 0; i < service->count; i++)
		polled[POLLED_CLIENTS + i] = (struct pollfd){service->clients[i]->fd, POLLIN, 0};
	return POLLED_CLIENTS + service->count;
}

static int serve(struct service *service, struct error *error)
{
	struct pollfd polled[POLLED_CLIENTS + SERVICE_CLIENTS];

	for (;;) {
		int64_t due_ms = next_due(service);
		size_t rows = list_polled(service, polled);

		if (poll(polled, rows, due_ms == INT64_MAX ? -1 : clock_left_ms(due_ms)) < 0 &&
		    errno != EINTR)
			return error_errno(error, errno, "poll");
		if (polled[POLLED_SIGNAL].revents)
			return 0;
		tell_time(service);
		if (polled[POLLED_DNS].revents)
			take_datagrams(service);
		oracle_work(&service->oracle, &polled[POLLED_ORACLE], service->sources.now_ms);
		for (size_t talk = 0; talk < ARRAY_SIZE(service->listeners); talk++)
			if (polled[POLLED_FILTER + talk].revents)
				take_clients(service, (enum client_talk)talk);
		work_for_clients(service, &polled[POLLED_CLIENTS], rows - POLLED_CLIENTS);
		keep(service);
	}
}

/* ---- Begin and end ---- */

/* What is wrong with the files is said, and the service goes on without them. */
static struct store *open_store(const struct service_paths *paths)
{
	_cleanup_(error_clear) struct error told = ERROR_INIT, older = ERROR_INIT;
	int64_t now_s = (int64_t)time(NULL);
	struct store *store = store_open(paths->store, now_s, &told);

	if (store && paths->known)
		known_take_over(store, paths->known, now_s, &older);
	if (told.code)
		error_print(&told);
	if (older.code)
		error_print(&older);
	return store;
}

static void prepare_limits(struct service *service, const struct service_paths *paths)
{
	_cleanup_(error_clear) struct error wrong = ERROR_INIT, damaged = ERROR_INIT;
	struct limits *limits = &service->limits;

	limits_init(limits);
	if (paths->limits && limit_config_load(paths->limits, limits, &wrong) < 0)
		error_print(&wrong);
	limit_holds_load(&limits->holds, paths->held, &damaged);
	if (damaged.code)
		error_print(&damaged);
	limits_load(limits, service->sources.store, (int64_t)time(NULL));
	if (limits->holds.count && paths->hold) /* a power cut may have come between */
		listen_wake(paths->hold);
	limits->holds.writer = limit_writer_start(paths->held, paths->hold);
}

static int prepare(struct service *service, const struct service_paths *paths, struct error *error)
{
	const struct passwd *account = getpwnam(paths->filter_account);
	struct answers_owner owner = {send_datagram, service};
	int result = listen_end(&service->signals, error);

	service->filter_account = account ? account->pw_uid : 0;
	service->sources = (struct client_sources){
	    .oracle = &service->oracle, .store = open_store(paths), .now_ms = clock_now_ms()};
	service->sources.grey = &service->grey;
	service->sources.guesses = &service->guesses;
	service->grey.store = service->sources.store;
	guesses_init(&service->guesses);
	service->sources.limits = &service->limits;
	writers_init(&service->writers, paths->accounts);
	service->sources.writers = &service->writers;
	if (service->sources.store)
		prepare_limits(service, paths);
	service->sources.answers = answers_new(&owner, service->sources.now_ms);
	oracle_init(&service->oracle, paths->oracle);
	if (result == 0 &&
	    (!service->sources.answers || !service->sources.store || !service->limits.holds.writer))
		result = error_set(error, ENOMEM, "out of memory");
	if (result == 0)
		result =
		    listen_resolver(paths->resolver, paths->resolver_port, &service->dns, error);
	if (result == 0)
		result = listen_at(paths->filter, 0666, WAITING, &service->listeners[CLIENT_FILTER],
				   error);
	if (result == 0)
		result = listen_at(paths->postfix, 0666, WAITING,
				   &service->listeners[CLIENT_POSTFIX], error);
	return result;
}

static void finish(struct service *service)
{
	for (size_t i = 0; i < service->count; i++)
		client_free(service->clients[i], &service->sources);
	oracle_close(&service->oracle);
	guesses_free(&service->guesses);
	limit_writer_stop(&service->limits.holds.writer, clock_now_ms() + END_MS);
	limits_free(&service->limits);
	writers_close(&service->writers);
	store_close(&service->sources.store);
	answers_free(&service->sources.answers);
	for (size_t i = 0; i < ARRAY_SIZE(service->listeners); i++)
		if (service->listeners[i] >= 0)
			close(service->listeners[i]);
	if (service->dns >= 0)
		close(service->dns);
	if (service->signals >= 0)
		close(service->signals);
}

int service_run(const struct service_paths *paths, struct error *error)
{
	static struct service service;
	int result;

	service = (struct service){.dns = -1, .listeners = {-1, -1}, .signals = -1};
	result = prepare(&service, paths, error);
	if (result == 0) {
		sd_notify(0, "READY=1");
		result = serve(&service, error);
	}
	finish(&service);
	return result;
}
