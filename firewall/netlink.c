// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/netlink.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <libnftnl/common.h>

#include "base/clock.h"

/* Larger than any datagram of a dump (the kernel's limit is 32 KiB). */
#define RECEIVE_BYTES 65536
#define MESSAGE_BYTES 8192 /* no message of ours is longer */

int netlink_open(int protocol, struct mnl_socket **ret, struct error *error)
{
	struct mnl_socket *netlink = mnl_socket_open2(protocol, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int on = 1;

	if (!netlink)
		return error_errno(error, errno, "cannot open a netlink socket");
	if (mnl_socket_bind(netlink, 0, MNL_SOCKET_AUTOPID) < 0) {
		int code = errno;

		mnl_socket_close(netlink);
		return error_errno(error, code, "cannot bind a netlink socket");
	}
	/* Acknowledgements without a copy of the request: all fit the buffer. */
	(void)mnl_socket_setsockopt(netlink, NETLINK_CAP_ACK, &on, sizeof(on));
	*ret = netlink;
	return 0;
}

void netlink_close(struct mnl_socket **netlink)
{
	if (*netlink)
		mnl_socket_close(*netlink);
}

/* Waits for a datagram until the deadline and reads it. */
static ssize_t netlink_receive(struct mnl_socket *netlink, void *bytes, int64_t deadline)
{
	for (;;) {
		struct pollfd wait = {.fd = mnl_socket_get_fd(netlink), .events = POLLIN};
		ssize_t size;

		size = mnl_socket_recvfrom(netlink, bytes, RECEIVE_BYTES);
		if (size >= 0)
			return size;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
		int ready = poll(&wait, 1, clock_left_ms(deadline));
		if (ready < 0 && errno != EINTR)
			return -errno;
		if (ready == 0)
			return -ETIME;
	}
}

static int netlink_send(struct mnl_socket *netlink, const void *bytes, size_t size,
			struct error *error)
{
	ssize_t sent;

	do
		sent = mnl_socket_sendto(netlink, bytes, size);
	while (sent < 0 && errno == EINTR);
	return sent < 0 ? error_errno(error, errno, "cannot ask the kernel") : 0;
}

int netlink_dump(int protocol, const struct nlmsghdr *request, mnl_cb_t read, void *context,
		 struct error *error)
{
	int64_t deadline = clock_now_ms() + NETLINK_TIMEOUT_MS;
	_cleanup_(netlink_close) struct mnl_socket *netlink = NULL;
	_cleanup_free_ char *bytes = malloc(RECEIVE_BYTES);
	int result;

	if (!bytes)
		return error_set(error, ENOMEM, "out of memory");
	result = netlink_open(protocol, &netlink, error);
	if (result < 0)
		return result;
	result = netlink_send(netlink, request, request->nlmsg_len, error);
	if (result < 0)
		return result;
	do {
		ssize_t size = netlink_receive(netlink, bytes, deadline);

		if (size < 0)
			return error_errno(error, (int)size, "no answer from the kernel");
		result = mnl_cb_run(bytes, (size_t)size, request->nlmsg_seq,
				    mnl_socket_get_portid(netlink), read, context);
		if (result < 0)
			return error_errno(error, errno, "refused by the kernel");
	} while (result > MNL_CB_STOP);
	return 0;
}

int netlink_request(struct mnl_socket *netlink, const struct nlmsghdr *request, const char *what,
		    struct error *error)
{
	int64_t deadline = clock_now_ms() + NETLINK_TIMEOUT_MS;
	_cleanup_free_ char *bytes = malloc(RECEIVE_BYTES);
	ssize_t size;
	int result;

	if (!bytes)
		return error_set(error, ENOMEM, "out of memory");
	result = netlink_send(netlink, request, request->nlmsg_len, error);
	if (result < 0)
		return result;
	size = netlink_receive(netlink, bytes, deadline);
	if (size < 0)
		return error_errno(error, (int)size, "%s: no answer from the kernel", what);
	if (mnl_cb_run(bytes, (size_t)size, request->nlmsg_seq, mnl_socket_get_portid(netlink),
		       NULL, NULL) < 0)
		return error_errno(error, errno, "%s: refused by the kernel", what);
	return 0;
}

int transaction_begin(struct transaction *transaction, struct error *error)
{
	*transaction = TRANSACTION_INIT;
	/* mnl's batch may write one message past its limit before it notices. */
	transaction->bytes = calloc(1, TRANSACTION_BYTES + MESSAGE_BYTES);
	if (transaction->bytes)
		transaction->batch = mnl_nlmsg_batch_start(transaction->bytes, TRANSACTION_BYTES);
	if (!transaction->batch)
		return error_set(error, ENOMEM, "out of memory");
	transaction->first = (uint32_t)time(NULL) + 1;
	nftnl_batch_begin(mnl_nlmsg_batch_current(transaction->batch), transaction->first - 1);
	mnl_nlmsg_batch_next(transaction->batch);
	return 0;
}

/* Moves past the message that was filled in last. */
static void transaction_next(struct transaction *transaction)
{
	if (!transaction->last)
		return;
	if (!mnl_nlmsg_batch_next(transaction->batch))
		transaction->full = true;
	transaction->last = NULL;
}

struct nlmsghdr *transaction_add(struct transaction *transaction, uint16_t type, uint16_t flags,
				 const char *what)
{
	transaction_next(transaction);
	if (transaction->count == TRANSACTION_MESSAGES)
		transaction->full = true;
	if (transaction->full) /* the room for one message is always there */
		transaction->last = nftnl_nlmsg_build_hdr(transaction->bytes + TRANSACTION_BYTES,
							  type, NFPROTO_INET, 0, 0);
	else
		transaction->last =
		    nftnl_nlmsg_build_hdr(mnl_nlmsg_batch_current(transaction->batch), type,
					  NFPROTO_INET, (uint16_t)(flags | NLM_F_ACK),
					  transaction->first + (uint32_t)transaction->count);
	if (!transaction->full)
		transaction->what[transaction->count++] = what;
	return transaction->last;
}

void transaction_end(struct transaction *transaction)
{
	transaction_next(transaction);
	nftnl_batch_end(mnl_nlmsg_batch_current(transaction->batch),
			transaction->first + (uint32_t)transaction->count);
	if (!mnl_nlmsg_batch_next(transaction->batch))
		transaction->full = true;
}

struct acknowledgements {
	const struct transaction *transaction;
	bool seen[TRANSACTION_MESSAGES];
	size_t count;
	int code;	  /* of the first message refused, 0 when none was */
	const char *what; /* that message */
};

/* Notes one answer of the kernel; anything that is none is skipped. */
static void acknowledgements_note(struct acknowledgements *acks, const struct nlmsghdr *answer)
{
	uint32_t index = answer->nlmsg_seq - acks->transaction->first;
	const struct nlmsgerr *status = mnl_nlmsg_get_payload(answer);

	if (answer->nlmsg_type != NLMSG_ERROR || mnl_nlmsg_get_payload_len(answer) < sizeof(int))
		return;
	if (status->error < 0 && acks->code == 0) {
		acks->code = status->error;
		acks->what = index < acks->transaction->count ? acks->transaction->what[index]
							      : "the transaction";
	}
	if (index < acks->transaction->count && !acks->seen[index]) {
		acks->seen[index] = true;
		acks->count++;
	}
}

static int acknowledgements_read(struct acknowledgements *acks, struct mnl_socket *netlink,
				 struct error *error)
{
	int64_t deadline = clock_now_ms() + NETLINK_TIMEOUT_MS;
	_cleanup_free_ char *bytes = malloc(RECEIVE_BYTES);

	if (!bytes)
		return error_set(error, ENOMEM, "out of memory");
	while (acks->count < acks->transaction->count && acks->code == 0) {
		ssize_t received = netlink_receive(netlink, bytes, deadline);
		int size = (int)received;
		const struct nlmsghdr *answer = (const void *)bytes;

		if (received < 0)
			return error_errno(error, size,
					   "the kernel answered only %zu of %zu messages",
					   acks->count, acks->transaction->count);
		for (; mnl_nlmsg_ok(answer, size); answer = mnl_nlmsg_next(answer, &size))
			acknowledgements_note(acks, answer);
	}
	if (acks->code < 0)
		return error_errno(error, acks->code, "%s: refused by the kernel", acks->what);
	return 0;
}

int transaction_commit(struct transaction *transaction, struct mnl_socket *netlink,
		       struct error *error)
{
	struct acknowledgements acks = {.transaction = transaction};
	int result;

	transaction_end(transaction);
	if (transaction->full)
		return error_set(error, E2BIG, "the transaction does not fit its buffer");
	result = netlink_send(netlink, mnl_nlmsg_batch_head(transaction->batch),
			      mnl_nlmsg_batch_size(transaction->batch), error);
	if (result < 0)
		return result;
	return acknowledgements_read(&acks, netlink, error);
}

void transaction_clear(struct transaction *transaction)
{
	if (transaction->batch)
		mnl_nlmsg_batch_stop(transaction->batch);
	free(transaction->bytes);
	*transaction = TRANSACTION_INIT;
}
