// SPDX-License-Identifier: GPL-3.0-or-later
/* The ruleset of the machine, as nftnl objects: pure composition, nothing here
 * touches the kernel.  In nft(8)'s words:
 *
 *	table inet postcask {
 *		comment "postcask's rules, 4"
 *		set open_ports { type inet_service; }
 *		set icmp_types { type icmp_type; flags constant; elements = { ... } }
 *		set icmpv6_types { type icmpv6_type; flags constant; elements = { ... } }
 *		set filter_ports { type inet_service; flags constant; elements = { ... } }
 *		set forwarding_ports { type inet_service; flags constant; elements = { ... } }
 *		set metadata { type ipv4_addr; flags constant; elements = { ... } }
 *		set metadata6 { type ipv6_addr; flags constant; elements = { ... } }
 *		set rate { type ipv4_addr; size 65536; flags dynamic,timeout; timeout 150s; }
 *		set rate6 { type ipv6_addr; size 65536; flags dynamic,timeout; timeout 150s; }
 *		set smtp_rate { type ipv4_addr; size 65536; flags dynamic,timeout; timeout 150s; }
 *		set smtp_rate6 { type ipv6_addr; size 65536; flags dynamic,timeout; timeout 150s; }
 *		set smtp_count { type ipv4_addr; size 65536; flags dynamic; }
 *		set smtp_count6 { type ipv6_addr; size 65536; flags dynamic; }
 *		chain input {
 *			type filter hook input priority filter; policy drop;
 *			iif "lo" accept
 *			ct state established,related accept
 *			ct state invalid counter drop
 *			meta l4proto icmp icmp type @icmp_types accept
 *			meta l4proto ipv6-icmp icmpv6 type @icmpv6_types accept
 *			meta nfproto ipv4 udp sport 67 udp dport 68 accept
 *			ip6 daddr fe80::/10 udp dport 546 accept
 *			tcp dport 22 update @rate
 *				{ ip saddr limit rate over 20/second burst 3000 packets } counter
 *drop tcp dport 22 update @rate6 { ip6 saddr & ffff:ffff:ffff:ffff:: limit rate over 40/second
 *burst 6000 packets } counter drop tcp dport 22 accept tcp dport 25 update @smtp_rate { ip saddr
 *limit rate over 2/second burst 300 packets } counter drop tcp dport 25 update @smtp_rate6 { ip6
 *saddr & ffff:ffff:ffff:ffff:: limit rate over 4/second burst 600 packets } counter drop tcp dport
 *25 add @smtp_count { ip saddr ct count over 20 } counter drop tcp dport 25 add @smtp_count6 { ip6
 *saddr & ffff:ffff:ffff:ffff:: ct count over 40 } counter drop tcp dport @open_ports update @rate {
 *the same } counter drop tcp dport @open_ports update @rate6 { the same } counter drop tcp dport
 *@open_ports accept counter drop
 *		}
 *		chain forward {
 *			type filter hook forward priority filter; policy drop;
 *			counter drop
 *		}
 *		chain output {
 *			type filter hook output priority filter; policy accept;
 *			ct state established,related accept
 *			meta skuid 0 accept
 *			oif "lo" tcp dport @filter_ports meta skuid 421 accept
 *			oif "lo" tcp dport @filter_ports meta skuid 451 accept
 *			oif "lo" tcp dport 10025 meta skuid 425 accept
 *			oif "lo" tcp dport 10028 meta skuid 450 accept
 *			oif "lo" tcp dport @forwarding_ports meta skuid 421 accept
 *			oif "lo" tcp dport 10040 meta skuid 423 accept
 *			oif "lo" tcp dport @filter_ports reject with tcp reset
 *			oif "lo" tcp dport 10025 reject with tcp reset
 *			oif "lo" tcp dport 10028 reject with tcp reset
 *			oif "lo" tcp dport @forwarding_ports reject with tcp reset
 *			oif "lo" tcp dport 10040 reject with tcp reset
 *			tcp dport 53 accept
 *			ip daddr @metadata meta l4proto tcp reject with tcp reset
 *			ip6 daddr @metadata6 meta l4proto tcp reject with tcp reset
 *		}
 *	}
 *
 * Choices:
 * - ICMPv6 is what RFC 4890 §4.4.1 and §4.4.2 list for a host; redirects (§4.4.4,
 *   left to policy) are dropped, for a server has one router.  ICMP is the same in
 *   the older protocol's types.
 * - DHCP answers are let in by their ports: those to a broadcast or multicast
 *   question belong to no connection.
 * - What is refused is dropped without an answer: a mail server that calls while
 *   the machine is still proving itself repeats its SYN and gets through as soon as
 *   the port opens, instead of being told that nobody is there.
 * - The last rules drop, although the policy does so too: when a transaction
 *   replaces a base chain, the kernel applies the new chain's drop policy only
 *   after it has removed the old chain (nft_chain_commit_drop_policy).  For some
 *   microseconds the policy is accept; the rules are in force by then.  A test
 *   that hammers a closed port found two connections in a thousand replacements.
 * - Dropped packets are counted, not logged.  On the Internet a log of them is
 *   unbounded noise; a counter is bounded by nature and `postcask-firewall list`
 *   shows it.
 * - Closing a port ends no connection that is already established.
 * - Nobody has all of port 25: an address has 20 connections and two new ones a second, after 300
 *   at once; a network of 64 bits, which may be a provider's whole pool, twice as many.  What is
 *   over is dropped like the rest, so that a server that has much to say is slower and is refused
 *   nothing.  Where a set is full, of addresses that may be forged, nobody in excess of it is
 *   counted: an honest client must not pay for them.
 * - A connection that says nothing is some lines of the log, on any port.  So nobody has more than
 *   20 new ones a second, after 3,000 at once: an office of hundreds is one address.
 *docs/decisions/door.md has the figures.
 * - The inner ports ask for no password, take what a message is not scanned for, and make
 *   addresses to which this machine sends on: they answer the account that has business there.
 *   Only the first packet is judged, for the last ones of a connection belong to no socket any
 *   more, and so to nobody.
 * - A cloud serves the user-data, with every password hash and key in it, to whoever asks
 *   from inside: by HTTP, to root alone.  At the same addresses some clouds have their name
 *   servers (Azure, GCE), time servers and DHCP (GCE, Azure), which stay free: all of that
 *   is UDP, or TCP to port 53. */
#ifndef POSTCASK_FIREWALL_RULESET_H
#define POSTCASK_FIREWALL_RULESET_H

#include <stddef.h>
#include <stdint.h>

#include <libnftnl/chain.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>

#include "base/error.h"
#include "firewall/netlink.h"

#define RULESET_TABLE "postcask"
/* The table's comment: the number is raised with every change of the rules, so that a program
 * that was updated on a running machine knows its forerunner's. */
#define RULESET_COMMENT	   "postcask's rules, 4"
#define RULESET_OPEN_PORTS "open_ports"
#define RULESET_SSH_PORT   22
#define RULESET_CHAINS	   3
#define RULESET_SETS	   13
#define RULESET_RULES	   40

struct ruleset {
	struct nftnl_table *table;
	struct nftnl_chain *chains[RULESET_CHAINS];
	struct nftnl_set *sets[RULESET_SETS]; /* with their elements; [0] is open_ports */
	struct nftnl_rule *rules[RULESET_RULES];
};

#define RULESET_INIT ((struct ruleset){0})

/* Composes the ruleset with these ports (firewall/ports.h) open.  Only memory
 * can fail.  Give it back with ruleset_clear. */
_must_check_ int ruleset_compose(uint32_t ports, struct ruleset *ret, struct error *error);

/* A set named open_ports of the table, holding just `ports`: what an element
 * message adds or removes.  Owned by the caller; NULL when out of memory. */
struct nftnl_set *ruleset_port_elements(uint32_t ports);

/* Adds the messages that replace the whole table by this ruleset: in one
 * transaction there is no moment without rules. */
void ruleset_put(struct transaction *transaction, struct ruleset *ruleset);

void ruleset_clear(struct ruleset *ruleset); /* for _cleanup_(ruleset_clear) */

#endif
