// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/direct.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <ldns/ldns.h>

#include "base/clock.h"

enum {
	FLIGHTS = 128,	 /* questions on their way at once */
	SILENT_MAX = 6,	 /* waits without one answer, until a server counts as down */
	DATAGRAM = 1232, /* what passes everywhere unfragmented (DNS flag day 2020) */
	MESSAGE_MAX = 65535,
	TCP_MS = 1500,
};

static const int WAITS_MS[] = {300, 500, 700};

/* What is known of a server: `silent` waits since its last answer. */
struct server {
	const char *address;
	unsigned silent;
};

struct flight {
	struct dns_direct *question; /* NULL: free */
	struct server *server;
	int fd;
	bool tcp;
	size_t waits; /* of WAITS_MS begun */
	int64_t until_ms;
	unsigned char query[2 + 512]; /* after its length, as TCP wants it */
	size_t query_size;
	size_t sent;	     /* over TCP */
	unsigned char *read; /* likewise; owned */
	size_t read_size;
};

struct batch {
	struct dns_direct *questions;
	size_t count, next;
	struct server *servers;
	size_t server_count;
	struct flight flights[FLIGHTS];
	size_t open;
	int64_t deadline_ms;
	unsigned char *bytes; /* MESSAGE_MAX */
};

static struct server *server_of(struct batch *batch, const char *address)
{
	for (size_t i = 0; i < batch->server_count; i++)
		if (strcmp(batch->servers[i].address, address) == 0)
			return &batch->servers[i];
	batch->servers[batch->server_count] = (struct server){address, 0};
	return &batch->servers[batch->server_count++];
}

static void finish(struct batch *batch, struct flight *flight)
{
	if (flight->fd >= 0)
		close(flight->fd);
	free(flight->read);
	*flight = (struct flight){.fd = -1};
	batch->open--;
}

static void give_up(struct batch *batch, struct flight *flight, int code)
{
	dns_answer_silent(&flight->question->answer, "%s",
			  code == ETIME ? "it does not answer" : strerror(code));
	finish(batch, flight);
}

/* The query's bytes; its id is of no use for guessing. */
static int make_query(const struct dns_direct *question, struct flight *flight)
{
	ldns_rr_type type = ldns_get_rr_type_by_name(question->type);
	ldns_rdf *name = ldns_dname_new_frm_str(question->name);
	ldns_pkt *packet;
	uint8_t *wire = NULL;
	uint16_t id;
	size_t size = 0;

	packet = name ? ldns_pkt_query_new(name, type, LDNS_RR_CLASS_IN, 0) : NULL;
	if (!packet) {
		ldns_rdf_deep_free(name);
		return -EINVAL;
	}
	if (getrandom(&id, sizeof(id), 0) != sizeof(id))
		id = 0;
	ldns_pkt_set_id(packet, id);
	ldns_pkt_set_edns_udp_size(packet, DATAGRAM);
	ldns_pkt_set_edns_do(packet, true);
	if (ldns_pkt2wire(&wire, packet, &size) == LDNS_STATUS_OK &&
	    size + 2 <= sizeof(flight->query)) {
		flight->query[0] = (unsigned char)(size >> 8);
		flight->query[1] = (unsigned char)size;
		memcpy(flight->query + 2, wire, size);
		flight->query_size = size;
	}
	free(wire);
	ldns_pkt_free(packet);
	return flight->query_size ? 0 : -EINVAL;
}

static int open_socket(const char *address, int kind)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = kind};
	struct addrinfo *found;
	int fd, code = 0;

	if (getaddrinfo(address, "53", &hints, &found) != 0)
		return -EINVAL;
	fd = socket(found->ai_family, kind | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || (connect(fd, found->ai_addr, found->ai_addrlen) < 0 && errno != EINPROGRESS))
		code = errno;
	freeaddrinfo(found);
	if (code != 0 && fd >= 0)
		close(fd);
	return code != 0 ? -code : fd;
}

/* The next of its waits: what was lost is sent again. */
static void send_datagram(struct batch *batch, struct flight *flight)
{
	if (flight->waits == ARRAY_SIZE(WAITS_MS) || flight->server->silent >= SILENT_MAX) {
		give_up(batch, flight, ETIME);
		return;
	}
	flight->until_ms = clock_now_ms() + WAITS_MS[flight->waits++];
	if (send(flight->fd, flight->query + 2, flight->query_size, MSG_NOSIGNAL) < 0 &&
	    errno != EAGAIN && errno != ECONNREFUSED)
		give_up(batch, flight, errno);
}

static void begin(struct batch *batch, struct flight *flight, struct dns_direct *question)
{
	*flight = (struct flight){
	    .question = question, .server = server_of(batch, question->server), .fd = -1};
	batch->open++;
	dns_answer_silent(&question->answer, "it does not answer");
	if (flight->server->silent >= SILENT_MAX) {
		finish(batch, flight);
		return;
	}
	if (make_query(question, flight) < 0) {
		dns_answer_silent(&question->answer, "%s is no name to ask for", question->name);
		finish(batch, flight);
		return;
	}
	flight->fd = open_socket(question->server, SOCK_DGRAM);
	if (flight->fd < 0)
		give_up(batch, flight, -flight->fd);
	else
		send_datagram(batch, flight);
}

static void go_over_to_tcp(struct batch *batch, struct flight *flight)
{
	close(flight->fd);
	flight->tcp = true;
	flight->until_ms = clock_now_ms() + TCP_MS;
	flight->fd = open_socket(flight->question->server, SOCK_STREAM);
	flight->read = malloc(2 + MESSAGE_MAX);
	if (flight->fd < 0 || !flight->read)
		give_up(batch, flight, flight->fd < 0 ? -flight->fd : ENOMEM);
}

/* The answer is to this question: its id and its own words (RFC 5452 §9.1). */
static bool is_ours(const struct flight *flight, const unsigned char *bytes, size_t size)
{
	const unsigned char *query = flight->query + 2;
	size_t question = LDNS_HEADER_SIZE;

	if (size < LDNS_HEADER_SIZE || memcmp(bytes, query, 2) != 0 || !(bytes[2] & 0x80))
		return false;
	while (question < flight->query_size && query[question])
		question += (size_t)query[question] + 1;
	question += 1 + 4; /* the root, type and class */
	if (size < question)
		return size == LDNS_HEADER_SIZE; /* refused without repeating it */
	for (size_t i = LDNS_HEADER_SIZE; i < question; i++)
		if ((bytes[i] | 0x20) != (query[i] | 0x20))
			return false;
	return true;
}

static void take(struct batch *batch, struct flight *flight, const unsigned char *bytes,
		 size_t size)
{
	struct dns_answer answer;

	flight->server->silent = 0;
	if (dns_answer_parse(bytes, size, &answer) < 0) {
		/* A header alone, as some refuse with, is none for libldns. */
		dns_answer_silent(&flight->question->answer, "it answers with a broken message");
		finish(batch, flight);
		return;
	}
	if (answer.truncated && !flight->tcp) {
		dns_answer_clear(&answer);
		go_over_to_tcp(batch, flight);
		return;
	}
	dns_answer_clear(&flight->question->answer);
	flight->question->answer = answer;
	finish(batch, flight);
}

static void read_datagram(struct batch *batch, struct flight *flight)
{
	ssize_t size = recv(flight->fd, batch->bytes, MESSAGE_MAX, 0);

	if (size < 0 && errno == ECONNREFUSED) {
		flight->server->silent++;
		send_datagram(batch, flight); /* it may be starting: as a lost one, but at once */
	} else if (size < 0 && errno != EAGAIN && errno != EINTR) {
		give_up(batch, flight, errno);
	} else if (size > 0 && is_ours(flight, batch->bytes, (size_t)size)) {
		take(batch, flight, batch->bytes, (size_t)size);
	}
}

static void go_on_tcp(struct batch *batch, struct flight *flight)
{
	size_t whole = flight->query_size + 2;
	ssize_t size;

	if (flight->sent < whole) {
		size = send(flight->fd, flight->query + flight->sent, whole - flight->sent,
			    MSG_NOSIGNAL);
		if (size > 0)
			flight->sent += (size_t)size;
		else if (errno != EAGAIN && errno != EINTR)
			give_up(batch, flight, errno);
		return;
	}
	size = recv(flight->fd, flight->read + flight->read_size,
		    2 + MESSAGE_MAX - flight->read_size, 0);
	if (size <= 0) {
		if (size == 0 || (errno != EAGAIN && errno != EINTR))
			give_up(batch, flight, size == 0 ? ECONNRESET : errno);
		return;
	}
	flight->read_size += (size_t)size;
	whole = flight->read_size < 2
		    ? MESSAGE_MAX
		    : 2 + ((size_t)flight->read[0] << 8 | (size_t)flight->read[1]);
	if (flight->read_size < whole)
		return;
	if (is_ours(flight, flight->read + 2, whole - 2))
		take(batch, flight, flight->read + 2, whole - 2);
	else
		give_up(batch, flight, EBADMSG);
}

static void look_after(struct batch *batch, struct flight *flight, short events)
{
	if (events && flight->tcp)
		go_on_tcp(batch, flight);
	else if (events)
		read_datagram(batch, flight);
	else if (clock_left_ms(flight->until_ms) == 0) {
		flight->server->silent++;
		if (flight->tcp)
			give_up(batch, flight, ETIME);
		else
			send_datagram(batch, flight);
	}
}

static void wait_and_go_on(struct batch *batch)
{
	struct pollfd waits[FLIGHTS];
	int64_t until_ms = batch->deadline_ms;

	for (size_t i = 0; i < FLIGHTS; i++) {
		const struct flight *flight = &batch->flights[i];

		waits[i] = (struct pollfd){.fd = flight->fd, .events = POLLIN};
		if (flight->tcp && flight->sent < flight->query_size + 2)
			waits[i].events = POLLOUT;
		if (flight->question && flight->until_ms < until_ms)
			until_ms = flight->until_ms;
	}
	if (poll(waits, FLIGHTS, clock_left_ms(until_ms)) < 0)
		return;
	for (size_t i = 0; i < FLIGHTS; i++)
		if (batch->flights[i].question)
			look_after(batch, &batch->flights[i], waits[i].revents);
}

void dns_direct_ask(struct dns_direct *questions, size_t count, int timeout_ms)
{
	_cleanup_free_ struct batch *batch = calloc(1, sizeof(*batch));
	_cleanup_free_ struct server *servers = calloc(count ? count : 1, sizeof(*servers));
	_cleanup_free_ unsigned char *bytes = malloc(MESSAGE_MAX);

	for (size_t i = 0; i < count; i++)
		dns_answer_silent(&questions[i].answer, "there was no time left to ask it");
	if (!batch || !servers || !bytes)
		return;
	*batch = (struct batch){.questions = questions,
				.count = count,
				.servers = servers,
				.bytes = bytes,
				.deadline_ms = clock_now_ms() + timeout_ms};
	for (size_t i = 0; i < FLIGHTS; i++)
		batch->flights[i].fd = -1;
	while (clock_left_ms(batch->deadline_ms) > 0) {
		for (size_t i = 0; i < FLIGHTS && batch->next < count; i++)
			if (!batch->flights[i].question)
				begin(batch, &batch->flights[i], &questions[batch->next++]);
		if (batch->open > 0)
			wait_and_go_on(batch);
		else if (batch->next == count)
			break;
	}
	for (size_t i = 0; i < FLIGHTS; i++)
		if (batch->flights[i].question)
			give_up(batch, &batch->flights[i], ETIME);
}
