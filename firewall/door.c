// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/door.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <linux/netlink.h>
#include <linux/sock_diag.h>

#include "base/cleanup.h"
#include "firewall/netlink.h"

#define TCP_STATE_ESTABLISHED 1 /* the kernel's TCP_ESTABLISHED */
#define REQUEST_BYTES	      256

int door_open(struct door *door, struct error *error)
{
	door->clients = calloc(DOOR_CLIENTS, sizeof(*door->clients));
	return door->clients ? 0 : error_set(error, ENOMEM, "out of memory");
}

void door_close(struct door *door)
{
	free(door->clients);
	*door = (struct door){0};
}

struct door_client door_judge(const struct inet_diag_msg *message, const struct tcp_info *info,
			      uint64_t teaser_bytes)
{
	/* in ticks of some milliseconds, so that a question and its answer may be one */
	bool ours_was_last = info->tcpi_last_data_sent < info->tcpi_last_data_recv;
	bool at_once = info->tcpi_last_data_sent == info->tcpi_last_data_recv;
	struct door_client client = {.id = message->id, .family = message->idiag_family};

	client.served = info->tcpi_bytes_sent > 0 && info->tcpi_bytes_sent != teaser_bytes;
	if (client.served && (ours_was_last || at_once))
		client.silent_ms = info->tcpi_last_data_sent;
	client.greeting = info->tcpi_bytes_received <= DOOR_GREETING_BYTES;
	return client;
}

static bool is_this_machine(const struct inet_diag_msg *message)
{
	static const uint8_t LOOPBACK[16] = {[15] = 1};
	const __be32 *from = message->id.idiag_dst;

	if (message->idiag_family == AF_INET)
		return ntohl(from[0]) >> 24 == 127;
	return memcmp(from, LOOPBACK, sizeof(LOOPBACK)) == 0;
}

static int read_client(const struct nlmsghdr *header, void *context)
{
	const struct inet_diag_msg *message = mnl_nlmsg_get_payload(header);
	struct tcp_info info = {0};
	struct door *door = context;
	const struct nlattr *part;

	if (mnl_nlmsg_get_payload_len(header) < sizeof(*message)) {
		errno = EBADMSG;
		return MNL_CB_ERROR;
	}
	if (is_this_machine(message) || door->count == DOOR_CLIENTS)
		return MNL_CB_OK;
	mnl_attr_for_each(part, header, sizeof(*message))
	{
		size_t size = mnl_attr_get_payload_len(part);

		if (mnl_attr_get_type(part) != INET_DIAG_INFO)
			continue;
		/* an older kernel's account is shorter, a newer one's longer */
		memcpy(&info, mnl_attr_get_payload(part),
		       size < sizeof(info) ? size : sizeof(info));
		door->clients[door->count++] = door_judge(message, &info, door->teaser_bytes);
	}
	return MNL_CB_OK;
}

static struct nlmsghdr *request_begin(void *bytes, uint16_t type, uint16_t flags, uint8_t family,
				      struct inet_diag_req_v2 **ret_request)
{
	struct nlmsghdr *header = mnl_nlmsg_put_header(bytes);

	header->nlmsg_type = type;
	header->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	header->nlmsg_seq = 1;
	*ret_request = mnl_nlmsg_put_extra_header(header, sizeof(**ret_request));
	(*ret_request)->sdiag_family = family;
	(*ret_request)->sdiag_protocol = IPPROTO_TCP;
	(*ret_request)->idiag_states = 1u << TCP_STATE_ESTABLISHED;
	return header;
}

int door_read(struct door *door, struct error *error)
{
	static const uint8_t FAMILIES[] = {AF_INET, AF_INET6};
	int result = 0;

	door->count = 0;
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(FAMILIES); i++) {
		_Alignas(struct nlmsghdr) char bytes[REQUEST_BYTES] = {0};
		struct inet_diag_req_v2 *request;
		struct nlmsghdr *header =
		    request_begin(bytes, SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, FAMILIES[i], &request);

		request->id.idiag_sport = htons(DOOR_PORT);
		request->idiag_ext = 1u << (INET_DIAG_INFO - 1);
		result = netlink_dump(NETLINK_SOCK_DIAG, header, read_client, door, error);
	}
	return result < 0 ? error_wrap(error, "who is connected") : 0;
}

size_t door_served(const struct door *door)
{
	size_t served = 0;

	for (size_t i = 0; i < door->count; i++)
		served += door->clients[i].served;
	return served;
}

static int by_silence(const void *left, const void *right)
{
	uint32_t one = ((const struct door_client *)left)->silent_ms;
	uint32_t other = ((const struct door_client *)right)->silent_ms;

	return (one < other) - (one > other);
}

size_t door_choose(struct door *door, size_t servers)
{
	size_t most = servers - servers / 4, served = door_served(door), chosen = 0;
	uint32_t greeting_ms = served < servers ? DOOR_GREETING_MS : DOOR_HURRY_MS;

	qsort(door->clients, door->count, sizeof(*door->clients), by_silence);
	for (size_t i = 0; i < door->count && served > most; i++) {
		struct door_client client = door->clients[i];

		if (client.silent_ms < (client.greeting ? greeting_ms : DOOR_SILENCE_MS))
			continue;
		door->clients[i] = door->clients[chosen];
		door->clients[chosen++] = client;
		served--;
	}
	return chosen;
}

int door_end(const struct door_client *client, struct error *error)
{
	_Alignas(struct nlmsghdr) char bytes[REQUEST_BYTES] = {0};
	_cleanup_(netlink_close) struct mnl_socket *netlink = NULL;
	struct inet_diag_req_v2 *request;
	struct nlmsghdr *header =
	    request_begin(bytes, SOCK_DESTROY, NLM_F_ACK, client->family, &request);
	int result = netlink_open(NETLINK_SOCK_DIAG, &netlink, error);

	request->id = client->id;
	return result < 0 ? result : netlink_request(netlink, header, "ending it", error);
}
