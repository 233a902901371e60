// SPDX-License-Identifier: GPL-3.0-or-later
#include "outward/service.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "base/listen.h"
#include "outward/client.h"
#include "outward/tally.h"

enum {
	TELL_MS = 10 * 1000,
	TICK_MS = 10 * 1000,
	BACKLOG = 400,
	EVENTS = 16, /* taken at once before anybody else has a turn */
};

enum { POLLED_SIGNAL, POLLED_DNS, POLLED_POLICY, POLLED_EVENTS, POLLED_FETCHES };
enum { POLLED_CLIENTS = POLLED_FETCHES + FETCHES };

struct service {
	struct lookups lookups;
	struct fetches fetches;
	struct sts_store *store;
	struct domains *domains;
	struct outward_client *clients[OUTWARD_CLIENTS];
	size_t count;
	int listener, signals;
	int events; /* what Postfix tells of sessions; -1: nobody wants it */
	const char *tally_path;
	struct tally *tally; /* NULL: nothing was told yet, or it is not to be opened */
	const char *state;
	struct domains_count told; /* that is in it */
	int64_t tell_ms;	   /* not before it is written again */
	int64_t now_ms;
};

/* ---- Clients ---- */

static void take_clients(struct service *service)
{
	int fd;

	while (service->count < OUTWARD_CLIENTS &&
	       (fd = accept4(service->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct outward_client *client = outward_client_new(fd, service->now_ms);

		if (client)
			service->clients[service->count++] = client;
		else
			close(fd);
	}
}

/* `polled` has a row for each client that was there before the wait.  A look at each that waits
 * costs microseconds, and time has passed for all. */
static void work_for_clients(struct service *service, const struct pollfd *polled, size_t rows)
{
	size_t kept = 0;

	for (size_t i = 0; i < service->count; i++) {
		struct outward_client *client = service->clients[i];
		bool good = i >= rows || !polled[i].revents || outward_client_read(client);

		if (good && outward_client_go_on(client, service->domains, service->now_ms))
			service->clients[kept++] = client;
		else
			outward_client_free(client);
	}
	service->count = kept;
}

/* ---- Sessions ---- */

/* With the first of them. */
static void open_tally(struct service *service)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (!service->tally_path)
		return;
	if (tally_open(service->tally_path, &service->tally, &error) < 0)
		error_print(&error);
	service->tally_path = NULL;
}

static void take_events(struct service *service)
{
	static char bytes[EVENT_DATAGRAM];
	ssize_t size;

	for (int i = 0; i < EVENTS; i++) {
		struct event event = EVENT_INIT;

		size = recv(service->events, bytes, sizeof(bytes), MSG_DONTWAIT);
		if (size <= 0)
			return;
		open_tally(service);
		if (service->tally && event_parse((struct slice){bytes, (size_t)size}, &event))
			tally_add(service->tally, &event, (int64_t)time(NULL) / TALLY_DAY);
		event_clear(&event);
	}
}

/* ---- For the report ---- */

static void write_state(const struct service *service)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const struct domains_count *count = &service->told;
	_cleanup_json_ json_t *state =
	    json_pack("{s:I, s:I, s:I, s:I}", "domains", (json_int_t)count->remembered, "dane",
		      (json_int_t)count->dane, "sts", (json_int_t)count->sts, "testing",
		      (json_int_t)count->testing);

	if (json_file_replace(service->state, state, JSON_COMPACT, 0644, &error) < 0)
		error_print(&error);
}

/* Of no worth after a power cut, but written as everything is; rarely. */
static void tell_state(struct service *service)
{
	struct domains_count count;

	if (!service->state || service->now_ms < service->tell_ms)
		return;
	service->tell_ms = service->now_ms + TELL_MS;
	count = domains_counted(service->domains);
	if (memcmp(&count, &service->told, sizeof(count)) == 0)
		return;
	service->told = count;
	write_state(service);
}

/* ---- The loop ---- */

static int64_t next_due(const struct service *service)
{
	int64_t due_ms = service->now_ms + TICK_MS, other_ms;

	other_ms = lookups_due(&service->lookups);
	due_ms = other_ms < due_ms ? other_ms : due_ms;
	other_ms = fetches_due(&service->fetches);
	due_ms = other_ms < due_ms ? other_ms : due_ms;
	for (size_t i = 0; i < service->count; i++)
		if (service->clients[i]->due_ms < due_ms)
			due_ms = service->clients[i]->due_ms;
	return due_ms;
}

static void tell_time(struct service *service)
{
	service->now_ms = clock_now_ms();
	lookups_tick(&service->lookups, service->now_ms);
	domains_tick(service->domains, service->now_ms, (int64_t)time(NULL));
}

static size_t list_polled(const struct service *service, struct pollfd *polled)
{
	bool room = service->count < OUTWARD_CLIENTS;

	polled[POLLED_SIGNAL] = (struct pollfd){service->signals, POLLIN, 0};
	polled[POLLED_DNS] = (struct pollfd){service->lookups.fd, POLLIN, 0};
	polled[POLLED_POLICY] = (struct pollfd){room ? service->listener : -1, POLLIN, 0};
	polled[POLLED_EVENTS] = (struct pollfd){service->events, POLLIN, 0};
	fetches_polled(&service->fetches, &polled[POLLED_FETCHES]);
	for (size_t i = 0; i < service->count; i++)
		polled[POLLED_CLIENTS + i] = (struct pollfd){service->clients[i]->fd, POLLIN, 0};
	return POLLED_CLIENTS + service->count;
}

static int serve(struct service *service, struct error *error)
{
	struct pollfd polled[POLLED_CLIENTS + OUTWARD_CLIENTS];

	tell_time(service);
	for (;;) {
		size_t rows = list_polled(service, polled);

		if (poll(polled, rows, clock_left_ms(next_due(service))) < 0 && errno != EINTR)
			return error_errno(error, errno, "poll");
		if (polled[POLLED_SIGNAL].revents)
			return 0;
		tell_time(service);
		if (polled[POLLED_DNS].revents)
			lookups_receive(&service->lookups);
		fetches_work(&service->fetches, &polled[POLLED_FETCHES], service->now_ms);
		if (polled[POLLED_POLICY].revents)
			take_clients(service);
		work_for_clients(service, &polled[POLLED_CLIENTS], rows - POLLED_CLIENTS);
		if (polled[POLLED_EVENTS].revents)
			take_events(service);
		tell_state(service);
	}
}

/* ---- Begin and end ---- */

/* systemd's, or one of its own for who starts it by hand. */
static int take_sockets(struct service *service, const struct outward_paths *paths,
			struct error *error)
{
	int count = sd_listen_fds(1);

	for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++)
		if (sd_is_socket(fd, AF_UNIX, SOCK_STREAM, 1) > 0)
			service->listener = fd;
		else if (sd_is_socket(fd, AF_UNIX, SOCK_DGRAM, 0) > 0)
			service->events = fd;
	if (service->listener < 0)
		return listen_at(paths->socket, 0600, BACKLOG, &service->listener, error);
	/* systemd's wait, by default. */
	if (fcntl(service->listener, F_SETFL, O_NONBLOCK) < 0)
		return error_errno(error, errno, "cannot listen");
	return 0;
}

static int prepare(struct service *service, const struct outward_paths *paths, struct error *error)
{
	_cleanup_(error_clear) struct error damaged = ERROR_INIT;
	struct domains_parts parts = {.lookups = &service->lookups, .fetches = &service->fetches};
	int result = listen_end(&service->signals, error);

	signal(SIGCHLD, SIG_IGN); /* the children are nobody's business */
	service->tally_path = paths->tally;
	service->state = paths->state;
	fetches_init(&service->fetches, paths->fetch, paths->authorities);
	service->store = sts_store_open(paths->store, &damaged);
	if (damaged.code)
		error_print(&damaged);
	parts.store = service->store;
	service->domains = service->store ? domains_new(&parts) : NULL;
	if (result == 0 && !service->domains)
		result = error_set(error, ENOMEM, "out of memory");
	if (result == 0)
		result = listen_resolver(paths->resolver, paths->resolver_port,
					 &service->lookups.fd, error);
	return result == 0 ? take_sockets(service, paths, error) : result;
}

static void finish(struct service *service)
{
	for (size_t i = 0; i < service->count; i++)
		outward_client_free(service->clients[i]);
	fetches_close(&service->fetches);
	lookups_close(&service->lookups);
	domains_free(&service->domains);
	sts_store_close(&service->store);
	tally_close(&service->tally);
	if (service->events >= 0)
		close(service->events);
	if (service->listener >= 0)
		close(service->listener);
	if (service->signals >= 0)
		close(service->signals);
}

int outward_serve(const struct outward_paths *paths, struct error *error)
{
	static struct service service;
	int result;

	service = (struct service){.listener = -1, .signals = -1, .events = -1, .lookups.fd = -1};
	result = prepare(&service, paths, error);
	if (result == 0) {
		sd_notify(0, "READY=1");
		result = serve(&service, error);
	}
	finish(&service);
	return result;
}
