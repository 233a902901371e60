// SPDX-License-Identifier: GPL-3.0-or-later
/* What the judges of records (check_*.c) work with.  A judge reads the book, says what is wrong,
 * and notes as a question what it has no answer to; it is called again when there are answers. */
#ifndef POSTCASK_DNS_JUDGE_H
#define POSTCASK_DNS_JUDGE_H

#include "dns/finding.h"
#include "dns/live.h"
#include "dns/zone.h"

struct judgement {
	const struct dns_facts *facts;
	struct dns_book *book;
	struct dns_findings *findings;
	const struct dns_live_keys *keys; /* of port 25 */
	/* The MTA-STS policy of a domain as this machine serves it; NULL and why it does not. */
	const char *(*policy)(void *context, const char *domain, const char **ret_why);
	void *context;

	const char *about;    /* the domain, or the host */
	struct dns_zone zone; /* of it */
	bool open;	      /* an answer is yet to come: this round's findings do not count */
	bool in_use;	      /* mail to the domain comes here */
	bool mx_wrong;	      /* something was said of its MX: what refers to it may be right */
};

/* The rows of one kind. */
struct judged {
	const struct dns_row *rows;
	size_t count;
};

/* The answers of those authoritative servers of a name that serve it. */
struct view {
	struct {
		const struct dns_server *server;
		const struct dns_answer *answer;
	} items[DNS_SERVERS_MAX];
	size_t count;
	const struct dns_answer *answer; /* the first; NULL when nobody serves it */
};

/* False while an answer is to come.  Says where the servers differ. */
bool judge_view(struct judgement *judgement, const char *name, const char *type, struct view *ret);

/* What is true now of any name: of ours, the first authoritative server's word, and the resolver's
 * of others.  NULL while it is to come.  For spf_look, whose context is the judgement. */
const struct dns_answer *judge_look(void *judgement, const char *name, const char *type);

/* Says what is wrong, about a row. */
void judge_say(struct judgement *judgement, const struct dns_row *row, enum dns_fault fault,
	       const char *format, ...) _printf_(4, 5);

/* That a record is not there, and what to write; or that it is at a name with the domain twice. */
void judge_say_missing(struct judgement *judgement, const struct dns_row *row);

/* "write \"VALUE\"", or where to find one that is too long for a sentence. */
const char *judge_advice(const struct dns_row *row, char *text, size_t size);
enum { ADVICE_SIZE = 256 };

/* The zone itself: whether it is there, is served, and its signatures are good.  False when it is
 * of no use to look further, or an answer is to come. */
bool judge_zone(struct judgement *judgement);

/* Whether the name leads to this machine: its addresses are among ours, all of them.  Unknown while
 * an answer is to come, or when nobody answers; `ret_found` is one that is not ours. */
enum leads { LEADS_UNKNOWN, LEADS_HERE, LEADS_ELSEWHERE, LEADS_NOWHERE };
enum leads judge_leads(struct judgement *judgement, const char *name, const char **ret_found);

typedef void (*judge)(struct judgement *judgement, const struct judged *judged);

/* In check_*.c: */
void judge_address(struct judgement *judgement, const struct judged *judged);
void judge_reverse(struct judgement *judgement, const struct judged *judged);
void judge_keys(struct judgement *judgement, const struct judged *judged);
void judge_authority(struct judgement *judgement, const struct judged *judged);
void judge_mx(struct judgement *judgement, const struct judged *judged);
void judge_spf(struct judgement *judgement, const struct judged *judged);
void judge_dkim(struct judgement *judgement, const struct judged *judged);
void judge_dmarc(struct judgement *judgement, const struct judged *judged);
void judge_sts(struct judgement *judgement, const struct judged *judged);
void judge_reports(struct judgement *judgement, const struct judged *judged);
void judge_service(struct judgement *judgement, const struct judged *judged);
void judge_name(struct judgement *judgement, const struct judged *judged);
void judge_no_mail(struct judgement *judgement, const struct judged *judged);

/* Records of a domain for which the machine has no row: what should not be there. */
void judge_domain_more(struct judgement *judgement, const char *domain);

#endif
