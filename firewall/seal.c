// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/seal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <stdint.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>

#define INTERFACES_MAX 256
#define REQUEST_BYTES  256

static void seal_put_table(struct transaction *change, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = transaction_add(change, type, flags, "the sealing table");

	mnl_attr_put_strz(message, NFTA_TABLE_NAME, SEAL_TABLE);
}

/* Adding before deleting makes the deletion good whether there is a seal or not. */
void seal_remove(struct transaction *transaction)
{
	seal_put_table(transaction, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	seal_put_table(transaction, NFT_MSG_DELTABLE, 0);
}

static void seal_put_chain(struct transaction *change, const char *name, uint32_t hook)
{
	struct nlmsghdr *message =
	    transaction_add(change, NFT_MSG_NEWCHAIN, NLM_F_CREATE, "a sealing chain");
	struct nlattr *nest;

	mnl_attr_put_strz(message, NFTA_CHAIN_TABLE, SEAL_TABLE);
	mnl_attr_put_strz(message, NFTA_CHAIN_NAME, name);
	nest = mnl_attr_nest_start(message, NFTA_CHAIN_HOOK);
	mnl_attr_put_u32(message, NFTA_HOOK_HOOKNUM, htonl(hook));
	mnl_attr_put_u32(message, NFTA_HOOK_PRIORITY, htonl(NF_IP_PRI_FILTER));
	mnl_attr_nest_end(message, nest);
	mnl_attr_put_u32(message, NFTA_CHAIN_POLICY, htonl(NF_DROP));
	mnl_attr_put_strz(message, NFTA_CHAIN_TYPE, "filter");
}

static int seal_by_table(struct error *error)
{
	_cleanup_(transaction_clear) struct transaction change = TRANSACTION_INIT;
	_cleanup_(netlink_close) struct mnl_socket *netlink = NULL;
	int result = transaction_begin(&change, error);

	if (result == 0)
		result = netlink_open(NETLINK_NETFILTER, &netlink, error);
	if (result < 0)
		return result;
	seal_remove(&change);
	seal_put_table(&change, NFT_MSG_NEWTABLE, NLM_F_CREATE);
	seal_put_chain(&change, "input", NF_INET_LOCAL_IN);
	seal_put_chain(&change, "forward", NF_INET_FORWARD);
	return transaction_commit(&change, netlink, error);
}

struct interfaces {
	int index[INTERFACES_MAX];
	size_t count;
};

static int read_interface(const struct nlmsghdr *message, void *context)
{
	const struct ifinfomsg *link = mnl_nlmsg_get_payload(message);
	struct interfaces *interfaces = context;

	if ((link->ifi_flags & IFF_LOOPBACK) || !(link->ifi_flags & IFF_UP))
		return MNL_CB_OK;
	if (interfaces->count == INTERFACES_MAX) {
		errno = E2BIG;
		return MNL_CB_ERROR;
	}
	interfaces->index[interfaces->count++] = link->ifi_index;
	return MNL_CB_OK;
}

static struct nlmsghdr *link_request(void *bytes, uint16_t type, uint16_t flags, int index)
{
	struct nlmsghdr *request = mnl_nlmsg_put_header(bytes);
	struct ifinfomsg *link;

	request->nlmsg_type = type;
	request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	request->nlmsg_seq = (uint32_t)index + 1;
	link = mnl_nlmsg_put_extra_header(request, sizeof(*link));
	link->ifi_family = AF_UNSPEC;
	link->ifi_index = index;
	link->ifi_change = IFF_UP; /* and ifi_flags is 0: down */
	return request;
}

static int seal_by_links(struct error *error)
{
	_Alignas(struct nlmsghdr) char bytes[REQUEST_BYTES];
	_cleanup_(netlink_close) struct mnl_socket *netlink = NULL;
	struct interfaces interfaces = {.count = 0};
	int result, failed = 0;

	result = netlink_dump(NETLINK_ROUTE, link_request(bytes, RTM_GETLINK, NLM_F_DUMP, 0),
			      read_interface, &interfaces, error);
	if (result == 0)
		result = netlink_open(NETLINK_ROUTE, &netlink, error);
	if (result < 0)
		return error_wrap(error, "cannot list the network interfaces");
	for (size_t i = 0; i < interfaces.count; i++) {
		result = netlink_request(
		    netlink, link_request(bytes, RTM_NEWLINK, NLM_F_ACK, interfaces.index[i]),
		    "taking a network interface down", error);
		failed = result < 0 ? result : failed; /* the others still go down */
	}
	return failed;
}

int seal(const char **ret_how, struct error *error)
{
	int result = seal_by_table(error);

	*ret_how = "everything is dropped";
	if (result == 0)
		return 0;
	error_clear(error);
	*ret_how = "every network interface is down";
	return seal_by_links(error);
}
