// SPDX-License-Identifier: GPL-3.0-or-later
/* One line of the mail daemons' log, taken apart.
 *
 * Much of such a line is a stranger's: addresses, Message-IDs, host names, what another
 * server answered.  Who wrote the line (program and account) comes from the journal's own
 * fields and cannot be forged; within the line, only what stands before a stranger's text,
 * or is quoted as the daemon quotes it, is believed.  A line that is not understood is no
 * event; nothing here fails.
 *
 * The formats are those of Postfix 3.10 (src/global/log_adhoc.c, src/qmgr, src/cleanup,
 * src/smtpd, src/pickup, src/bounce, src/postsuper), of amavis with the $log_templ of our
 * amavisd.conf, and of Dovecot 2.4's LMTP with Sieve. */
#ifndef POSTCASK_LEDGER_LINE_H
#define POSTCASK_LEDGER_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "component/components.h"
#include "queue/queue_id.h"

enum {
	LINE_LIMIT = 16 * 1024, /* of a longer line only the beginning is read */
	LINE_NAME_LIMIT = 64,	/* a quarantine name or an id of the filter, likewise */
};

enum line_kind {
	LINE_NONE,
	LINE_CONNECT,	 /* a client is there, before any message */
	LINE_TLS,	 /* that client encrypts: text is the protocol */
	LINE_CLIENT,	 /* a client gives a message: id, client, login, origin_id */
	LINE_PICKUP,	 /* sendmail(1) gave it: id, from, login (the uid), origin_id */
	LINE_MESSAGE_ID, /* id, message_id */
	LINE_ACTIVE,	 /* it is in the queue, accepted: id, from, size, recipients */
	LINE_DELIVERY,	 /* id, to, original_to, relay, dsn, status, text */
	LINE_EXPIRED,	 /* its time in the queue is over, it goes back: id, from */
	LINE_REMOVED,	 /* Postfix has done with it: id */
	LINE_DELETED,	 /* a person deleted it from the queue: id */
	LINE_HELD,	 /* id, text */
	LINE_FREED,	 /* from hold: id */
	LINE_REQUEUED,	 /* it gets a new id: id */
	LINE_DISCARDED,	 /* taken and thrown away by a rule of the configuration: id, text */
	LINE_NOTICE,	 /* id, other_id: the message that tells of it; text: what kind */
	LINE_CORRUPT,	 /* set apart, the queue file is broken: id */
	LINE_SCANNED,	 /* filter_id, id, other_id, quarantine, mail_id, score, ... */
	LINE_STORED,	 /* session, to, text: the folder */
	LINE_RELEASED,	 /* from the quarantine, by a person: quarantine, other_id */
	LINE_COPIED,	 /* from the quarantine, which keeps it: likewise */
	LINE_DESTROYED,	 /* deleted from the quarantine, by a person or by age: quarantine */
	LINE_SETTLED,	 /* a person knows what became of it: id */
};

enum line_status {
	STATUS_OTHER,
	STATUS_SENT,
	STATUS_BOUNCED,
	STATUS_DEFERRED,
	STATUS_EXPIRED,
	STATUS_ASKED, /* another server was asked for an address (verify(8)), and sent nothing */
};

struct line {
	enum line_kind kind;
	struct slice id;
	struct slice other_id;	/* the message it became in the filter, or a notice's */
	struct slice origin_id; /* the message that it was before */
	bool from_filter;	/* a client: our filter, or by way of it; or `around` */
	bool to_filter;		/* a delivery: to our filter, or `around` */
	bool around;		/* Postfix to itself, for another sender (SRS) */
	bool discarded;		/* a delivery: to nowhere, by discard(8) */
	bool forwarded;		/* a client: the filter gives a message on that it was given */
	struct slice service;	/* a client: "submission", "smtpd", ... */
	struct slice client, login;
	struct slice message_id; /* without < and > */
	struct slice from, to, original_to;
	struct slice relay, dsn, text;
	enum line_status status;
	long long size, recipients, milliseconds;
	/* the filter */
	struct slice filter_id; /* "00358-05": also in its answer to Postfix */
	struct slice verdict;	/* "CLEAN", "SPAM", "INFECTED", ... */
	bool blocked;
	bool returned; /* with it: its sender got a bounce of the filter's own */
	struct slice quarantine, mail_id, score, reason;
	struct slice session; /* Dovecot's, also in its answer to Postfix */
};

/* The numbers of the accounts under which components write (their `logs`). */
struct line_account {
	const char *name;
	uint32_t uid;
};
struct line_accounts {
	const struct line_account *rows;
	size_t count;
};

/* Which writer this is, by the journal's fields. */
enum line_writer line_writer(const struct line_accounts *accounts, struct slice identifier,
			     uint32_t uid);

/* Fills *ret_line with pieces of `identifier` and `text`. */
void line_parse(enum line_writer writer, struct slice identifier, struct slice text,
		struct line *ret_line);

/* What the quarantine's commands call a file: of "virus-ID" the ID. */
struct slice line_quarantine_id(struct slice name);

/* The filter's id in its answer to Postfix ("... id=00358-05 - INFECTED: ..."). */
struct slice line_answer_filter_id(struct slice text);

#endif
