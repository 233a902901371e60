// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/dns.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <resolv.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/clock.h"

enum {
	DATAGRAM = 4096,
	AGAIN_MS = 1000,
};

/* TXT: a row of strings, each after its length (RFC 1035 §3.3.14). */
static void add_text(const unsigned char *data, size_t size, struct buffer *answer)
{
	while (size > 0 && (size_t)data[0] + 1 <= size) {
		buffer_add(answer, data + 1, data[0]);
		size -= (size_t)data[0] + 1;
		data += (size_t)data[0] + 1;
	}
}

static void add_record(const ns_rr *record, struct buffer *answer)
{
	char text[INET6_ADDRSTRLEN];
	int family = ns_rr_type(*record) == ns_t_a ? AF_INET : AF_INET6;
	size_t wanted = family == AF_INET ? 4 : 16;

	if (ns_rr_type(*record) == ns_t_txt)
		add_text(ns_rr_rdata(*record), ns_rr_rdlen(*record), answer);
	else if (ns_rr_rdlen(*record) == wanted &&
		 inet_ntop(family, ns_rr_rdata(*record), text, sizeof(text)))
		buffer_add_text(answer, text);
	buffer_add_char(answer, '\n');
}

enum failure_class dns_parse(const unsigned char *bytes, size_t size, ns_type type,
			     struct buffer *answer, struct failure *failure)
{
	bool found = false;
	ns_msg message;
	ns_rr record;
	int code;

	if (ns_initparse(bytes, (int)size, &message) < 0)
		return failure_set(failure, FAILURE_PROTOCOL, "the answer is no DNS message");
	code = ns_msg_getflag(message, ns_f_rcode);
	if (code == ns_r_servfail || code == ns_r_refused)
		return failure_set(
		    failure, code == ns_r_refused ? FAILURE_POLICY : FAILURE_RESOURCE,
		    "the resolver answered %s", code == ns_r_refused ? "REFUSED" : "SERVFAIL");
	for (int i = 0; i < ns_msg_count(message, ns_s_an); i++) {
		if (ns_parserr(&message, ns_s_an, i, &record) < 0)
			return failure_set(failure, FAILURE_PROTOCOL,
					   "the answer has a broken record");
		if (ns_rr_type(record) == type) {
			add_record(&record, answer);
			found = true;
		}
	}
	if (answer->failed)
		return failure_set(failure, FAILURE_RESOURCE, "out of memory");
	if (!found)
		return failure_set(failure, FAILURE_CONTENT, "no such record (code %d)", code);
	return FAILURE_NONE;
}

static int open_socket(const struct dns_question *question)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
				 .ai_socktype = SOCK_DGRAM};
	struct addrinfo *found;
	char port[16];
	int fd;

	snprintf(port, sizeof(port), "%u", question->port);
	if (getaddrinfo(question->address, port, &hints, &found) != 0)
		return -1;
	fd = socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && connect(fd, found->ai_addr, found->ai_addrlen) < 0) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(found);
	return fd;
}

/* Waits for a datagram with our id until `until_ms`.  Returns its size, 0 when
 * none came, negative errno. */
static ssize_t receive(int fd, const unsigned char *query, unsigned char *bytes, int64_t until_ms)
{
	for (;;) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		int left = clock_left_ms(until_ms);
		ssize_t size;

		if (left == 0 || poll(&wait, 1, left) == 0)
			return 0;
		size = recv(fd, bytes, DATAGRAM, 0);
		if (size < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (size >= NS_HFIXEDSZ && memcmp(bytes, query, 2) == 0)
			return size;
	}
}

static int make_query(const struct dns_question *question, unsigned char *query)
{
	struct __res_state state = {0};
	int size = res_nmkquery(&state, ns_o_query, question->name, question->class, question->type,
				NULL, 0, NULL, query, NS_PACKETSZ);

	if (size < NS_HFIXEDSZ || getrandom(query, 2, 0) != 2)
		return -1;
	query[2] |= 1; /* RD: recursion desired, RFC 1035 §4.1.1 */
	return size;
}

enum failure_class dns_ask(const struct dns_question *question, struct buffer *answer,
			   struct failure *failure)
{
	unsigned char query[NS_PACKETSZ], bytes[DATAGRAM];
	_cleanup_close_ int fd = open_socket(question);
	int size = make_query(question, query);
	ssize_t got = 0;

	if (fd < 0 || size < 0)
		return failure_set(failure, FAILURE_UNREACHABLE, "cannot ask %s port %u for %s",
				   question->address, question->port, question->name);
	while (got == 0 && clock_left_ms(question->deadline_ms) > 0) {
		int64_t until_ms = clock_now_ms() + AGAIN_MS;

		if (until_ms > question->deadline_ms)
			until_ms = question->deadline_ms;
		if (send(fd, query, (size_t)size, MSG_NOSIGNAL) < 0 && errno != EAGAIN)
			got = -errno;
		else
			got = receive(fd, query, bytes, until_ms);
	}
	if (got == -ECONNREFUSED)
		return failure_set(failure, FAILURE_REFUSED, "nobody answers at %s port %u",
				   question->address, question->port);
	if (got < 0)
		return failure_set(failure, FAILURE_UNREACHABLE, "cannot ask %s: %s",
				   question->address, strerror((int)-got));
	if (got == 0)
		return failure_set(failure, FAILURE_TIMEOUT, "no answer before the deadline");
	return dns_parse(bytes, (size_t)got, question->type, answer, failure);
}
