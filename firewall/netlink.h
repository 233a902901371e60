// SPDX-License-Identifier: GPL-3.0-or-later
/* Talking to nf_tables over netlink: one batch of messages is one transaction,
 * which the kernel applies whole or not at all, and every answer is read before
 * a deadline.
 *
 *	_cleanup_(transaction_clear) struct transaction change = TRANSACTION_INIT;
 *	transaction_begin(&change, &error);
 *	header = transaction_add(&change, NFT_MSG_NEWTABLE, NLM_F_CREATE, "the table");
 *	nftnl_table_nlmsg_build_payload(header, table);
 *	...
 *	transaction_commit(&change, netlink, &error);
 *
 * What cannot be bounded here: sendmsg(2) itself, while the kernel loads its
 * modules.  The unit's TimeoutStartSec= bounds that. */
#ifndef POSTCASK_FIREWALL_NETLINK_H
#define POSTCASK_FIREWALL_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libmnl/libmnl.h>

#include "base/error.h"

#define NETLINK_TIMEOUT_MS   10000
#define TRANSACTION_MESSAGES 96
#define TRANSACTION_BYTES    65536

/* Opens a netlink socket of the protocol NETLINK_NETFILTER or NETLINK_ROUTE. */
_must_check_ int netlink_open(int protocol, struct mnl_socket **ret, struct error *error);
void netlink_close(struct mnl_socket **netlink); /* for _cleanup_(netlink_close) */

/* Sends a request for a dump, on a socket of its own so that nothing of a torn
 * dump is left over, and gives every message of the answer to `read` (which
 * returns MNL_CB_OK, or MNL_CB_ERROR with errno).  A dump that another change
 * tore fails with -EINTR: ask again. */
_must_check_ int netlink_dump(int protocol, const struct nlmsghdr *request, mnl_cb_t read,
			      void *context, struct error *error);

/* Sends one request with NLM_F_ACK and reads its acknowledgement. */
_must_check_ int netlink_request(struct mnl_socket *netlink, const struct nlmsghdr *request,
				 const char *what, struct error *error);

struct transaction {
	char *bytes; /* owned */
	struct mnl_nlmsg_batch *batch;
	uint32_t first; /* sequence number of the first message after the batch's begin */
	size_t count;
	struct nlmsghdr *last;
	const char *what[TRANSACTION_MESSAGES]; /* for the error of each message */
	bool full;				/* a message did not fit: commit refuses */
};

#define TRANSACTION_INIT ((struct transaction){0})

_must_check_ int transaction_begin(struct transaction *transaction, struct error *error);

/* The header of a new nf_tables message of the family inet, to be filled in with
 * a payload at once; never NULL (a transaction that is too long is refused by
 * transaction_commit).  `what` names it in errors and must outlive it. */
struct nlmsghdr *transaction_add(struct transaction *transaction, uint16_t type, uint16_t flags,
				 const char *what);

/* Ends the batch: its bytes are complete then. */
void transaction_end(struct transaction *transaction);

/* Ends the batch, sends it and reads every acknowledgement.  After an error the
 * kernel has changed nothing. */
_must_check_ int transaction_commit(struct transaction *transaction, struct mnl_socket *netlink,
				    struct error *error);

void transaction_clear(struct transaction *transaction); /* for _cleanup_ */

#endif
