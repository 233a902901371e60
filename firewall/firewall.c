// SPDX-License-Identifier: GPL-3.0-or-later
#include "firewall/firewall.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/file.h"
#include "base/json_file.h"
#include "firewall/netlink.h"
#include "firewall/ports.h"
#include "firewall/ruleset.h"
#include "firewall/seal.h"

static int state_write(const char *path, const char *state, uint32_t ports, struct error *error)
{
	_cleanup_free_ char *folder = path_folder(path);
	_cleanup_json_ json_t *json =
	    json_pack("{s:s, s:o}", "state", state, "open", ports_to_json(ports));
	int result = folder ? file_make_folders(folder, 0755, error)
			    : error_set(error, ENOMEM, "out of memory");

	if (result == 0)
		result =
		    json_file_replace(path, json, JSON_INDENT(1) | JSON_FILE_NEWLINE, 0644, error);
	return result < 0 ? error_wrap(error, "the rules are loaded, but not their state file") : 0;
}

/* Seals the machine after `error` and adds to it what was done. */
static int fail_sealed(const char *state_file, struct error *error)
{
	_cleanup_(error_clear) struct error second = ERROR_INIT;
	const char *how;

	if (seal(&how, &second) < 0)
		return error_wrap(error, "THE MACHINE MAY BE OPEN TO THE NETWORK: %s",
				  error_text(&second));
	(void)!state_write(state_file, "sealed", 0, &second);
	return error_wrap(error, "the firewall failed, so %s", how);
}

static int load(struct error *error)
{
	_cleanup_(transaction_clear) struct transaction change = TRANSACTION_INIT;
	_cleanup_(netlink_close) struct mnl_socket *netlink = NULL;
	_cleanup_(ruleset_clear) struct ruleset rules = RULESET_INIT;
	int result = ruleset_compose(0, &rules, error);

	if (result == 0)
		result = transaction_begin(&change, error);
	if (result == 0)
		result = netlink_open(NETLINK_NETFILTER, &netlink, error);
	if (result < 0)
		return result;
	seal_remove(&change);
	ruleset_put(&change, &rules);
	return transaction_commit(&change, netlink, error);
}

static int verify(uint32_t ports, struct error *error)
{
	struct readback readback;
	int result = readback_verify(&readback, error);

	if (result == 0 && readback.ports != ports)
		return error_set(error, EBADMSG, "other ports are open than were asked for");
	return result;
}

int firewall_close(const char *state_file, struct error *error)
{
	int result = load(error);

	if (result < 0)
		error_wrap(error, "cannot load the ruleset");
	else
		result = verify(0, error);
	if (result < 0)
		return fail_sealed(state_file, error);
	return state_write(state_file, "closed", 0, error);
}

int firewall_fail_closed(const char *state_file, struct error *error)
{
	_cleanup_(error_clear) struct error second = ERROR_INIT;

	if (firewall_close(state_file, &second) < 0)
		return error_wrap(error, "%s", error_text(&second));
	return error_wrap(error, "every mail port was closed, because");
}

/* One transaction: the elements `add` come, the elements `remove` go. */
static int change_elements(uint32_t add, uint32_t remove, struct error *error)
{
	_cleanup_(transaction_clear) struct transaction change = TRANSACTION_INIT;
	_cleanup_(netlink_close) struct mnl_socket *netlink = NULL;
	const struct {
		uint32_t ports;
		uint16_t type, flags;
		const char *what;
	} STEPS[] = {
	    {add, NFT_MSG_NEWSETELEM, NLM_F_CREATE, "opening the ports"},
	    {remove, NFT_MSG_DELSETELEM, 0, "closing the ports"},
	};
	int result = transaction_begin(&change, error);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(STEPS); i++) {
		struct nftnl_set *set;

		if (STEPS[i].ports == 0)
			continue;
		set = ruleset_port_elements(STEPS[i].ports);
		if (!set)
			return error_set(error, ENOMEM, "out of memory");
		nftnl_set_elems_nlmsg_build_payload(
		    transaction_add(&change, STEPS[i].type, STEPS[i].flags, STEPS[i].what), set);
		nftnl_set_free(set);
	}
	if (result == 0)
		result = netlink_open(NETLINK_NETFILTER, &netlink, error);
	return result == 0 ? transaction_commit(&change, netlink, error) : result;
}

/* Rules of a forerunner are no attack for being others: ours take their place, closed. */
static int read_rules(struct readback *ret, struct error *error)
{
	int result = readback_verify(ret, error);

	if (result != -ESTALE)
		return result;
	error_clear(error);
	result = load(error);
	return result < 0 ? result : readback_verify(ret, error);
}

int firewall_change_ports(enum firewall_change change, uint32_t ports, const char *state_file,
			  uint32_t *ret_ports, struct error *error)
{
	struct readback before;
	uint32_t wanted;
	int result;

	result = read_rules(&before, error);
	if (result < 0)
		return firewall_fail_closed(state_file, error);
	wanted = change == FIREWALL_ADD	     ? before.ports | ports
		 : change == FIREWALL_REMOVE ? before.ports & ~ports
					     : ports | (before.ports & PORTS_PROOF_BIT);
	if (wanted != before.ports) {
		uint32_t remove = before.ports & ~wanted;

		result = change_elements(wanted & ~before.ports, remove, error);
		if (result < 0 && remove == 0)
			return result;
		if (result == 0)
			result = verify(wanted, error);
		if (result < 0)
			return firewall_fail_closed(state_file, error);
	}
	*ret_ports = wanted;
	return state_write(state_file, wanted & ~PORTS_PROOF_BIT ? "open" : "closed", wanted,
			   error);
}

int firewall_read(struct readback *ret, struct error *error)
{
	return readback_verify(ret, error);
}
