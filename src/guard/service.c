// SPDX-License-Identifier: GPL-3.0-or-later
#include "guard/service.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>

#include "base/clock.h"
#include "base/listen.h"
#include "guard/follow.h"
#include "guard/peer.h"

enum { POLLED_SIGNAL, POLLED_JOURNAL, POLLED_LISTENERS };
enum { POLLED_PEERS = POLLED_LISTENERS + PEER_TALKS, POLLED = POLLED_PEERS + SERVICE_PEERS };

enum {
	WAITING = 64,
	LINES_AT_ONCE = 256, /* before anybody else has a turn */
};

struct service {
	struct guard *guard;
	struct follow follow;
	bool deaf; /* the journal cannot be read */
	int signals, listeners[PEER_TALKS];
	struct peer *peers[SERVICE_PEERS];
	size_t count;
};

/* ---- Clients ---- */

static void make_room(struct service *service)
{
	size_t first = 0;

	if (service->count < SERVICE_PEERS)
		return;
	for (size_t i = 1; i < service->count; i++)
		if (service->peers[i]->due_ms < service->peers[first]->due_ms)
			first = i;
	peer_free(service->peers[first]);
	service->peers[first] = service->peers[--service->count];
}

static void take_peers(struct service *service, enum peer_talk talk, int64_t now_ms)
{
	int fd;

	while ((fd = accept4(service->listeners[talk], NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		struct peer *peer = peer_new(fd, talk, now_ms);

		if (!peer) {
			close(fd);
			continue;
		}
		make_room(service);
		service->peers[service->count++] = peer;
	}
}

static void work_for_peers(struct service *service, const struct pollfd *polled, size_t rows,
			   int64_t now_ms)
{
	size_t kept = 0;

	for (size_t i = 0; i < service->count; i++) {
		struct peer *peer = service->peers[i];
		bool due = now_ms >= peer->due_ms;

		if ((i < rows && polled[i].revents) || due) {
			if (!peer_work(peer, service->guard, now_ms)) {
				peer_free(peer);
				continue;
			}
		}
		service->peers[kept++] = peer;
	}
	service->count = kept;
}

/* ---- The journal ---- */

static void take_lines(struct service *service)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct judge *judge = &service->guard->judge;
	enum line_source source;
	struct slice text;
	int result = 1;

	for (size_t i = 0; i < LINES_AT_ONCE && result > 0; i++) {
		struct network network;
		struct judge_try try;

		result = follow_next(&service->follow, &source, &text, &error);
		if (result > 0 && line_read(judge, source, text, &network, &try))
			guard_fail(service->guard, &network, &try);
	}
	if (result < 0 && !service->deaf)
		error_print(&error);
	service->deaf = result < 0;
}

static void hear_journal(struct service *service, const char *folder)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	/* Logins at the mail ports are judged without it. */
	if (follow_open(&service->follow, folder, &error) < 0)
		error_print(&error);
}

/* ---- The loop ---- */

static size_t list_polled(const struct service *service, struct pollfd *polled, int64_t *due_ms)
{
	short events = 0;
	int64_t journal_ms = INT64_MAX;
	int journal = -1;

	if (service->follow.journal)
		journal = follow_polled(&service->follow, &events, &journal_ms);
	*due_ms = journal_ms < *due_ms ? journal_ms : *due_ms;
	polled[POLLED_SIGNAL] = (struct pollfd){service->signals, POLLIN, 0};
	polled[POLLED_JOURNAL] = (struct pollfd){journal, events, 0};
	for (size_t i = 0; i < PEER_TALKS; i++)
		polled[POLLED_LISTENERS + i] = (struct pollfd){service->listeners[i], POLLIN, 0};
	for (size_t i = 0; i < service->count; i++) {
		const struct peer *peer = service->peers[i];

		polled[POLLED_PEERS + i] = (struct pollfd){peer->fd, peer_events(peer), 0};
		*due_ms = peer->due_ms < *due_ms ? peer->due_ms : *due_ms;
	}
	return POLLED_PEERS + service->count;
}

static int serve(struct service *service, struct error *error)
{
	struct pollfd polled[POLLED];

	for (;;) {
		int64_t due_ms = guard_work(service->guard), now_ms;
		size_t rows = list_polled(service, polled, &due_ms);

		if (poll(polled, rows, due_ms == INT64_MAX ? -1 : clock_left_ms(due_ms)) < 0 &&
		    errno != EINTR)
			return error_errno(error, errno, "poll");
		if (polled[POLLED_SIGNAL].revents)
			return 0;
		now_ms = clock_now_ms();
		work_for_peers(service, &polled[POLLED_PEERS], rows - POLLED_PEERS, now_ms);
		for (size_t talk = 0; talk < PEER_TALKS; talk++)
			if (polled[POLLED_LISTENERS + talk].revents)
				take_peers(service, (enum peer_talk)talk, now_ms);
		if (service->follow.journal)
			take_lines(service);
	}
}

/* ---- Begin and end ---- */

static int prepare(struct service *service, const struct service_paths *paths, struct error *error)
{
	int result = listen_end(&service->signals, error);

	if (result < 0)
		return result;
	hear_journal(service, paths->journal);
	result = listen_loopback(paths->port, WAITING, &service->listeners[PEER_HTTP], error);
	if (result == 0) /* its own account and root, which needs no right to connect */
		result = listen_at(paths->control, 0600, WAITING, &service->listeners[PEER_CONTROL],
				   error);
	return result;
}

/* A restart leaves bans as they are; the settings may have said that there shall be none. */
static bool is_unwanted(const char *mark)
{
	struct stat status;

	return mark && stat(mark, &status) == 0 && status.st_size == 0;
}

static void finish(struct service *service, const struct service_paths *paths)
{
	for (size_t i = 0; i < service->count; i++)
		peer_free(service->peers[i]);
	for (size_t i = 0; i < PEER_TALKS; i++)
		if (service->listeners[i] >= 0)
			close(service->listeners[i]);
	if (service->signals >= 0)
		close(service->signals);
	follow_close(&service->follow);
	guard_end(service->guard, is_unwanted(paths->wanted));
}

int guard_serve(struct guard *guard, const struct service_paths *paths, struct error *error)
{
	struct service service = {.guard = guard, .signals = -1, .listeners = {-1, -1}};
	int result = prepare(&service, paths, error);

	if (result == 0) {
		sd_notify(0, "READY=1");
		result = serve(&service, error);
	}
	finish(&service, paths);
	return result;
}
