// SPDX-License-Identifier: GPL-3.0-or-later
/* The lines of a message's way, "program | text" each. */
#ifndef POSTCASK_TEST_ACCOUNT_LINES_H
#define POSTCASK_TEST_ACCOUNT_LINES_H

#define INCOMING(id)                                                                               \
	"postfix/smtpd | " id ": client=unknown[10.0.0.1]",                                        \
	    "postfix/cleanup | " id ": message-id=<m@x>",                                          \
	    "postfix/qmgr | " id ": from=<a@b>, size=1, nrcpt=1 (queue active)"
#define FILTERED(id, before)                                                                       \
	"postfix/filtered/smtpd | " id ": client=localhost[127.0.0.1], orig_queue_id=" before      \
	", orig_client=unknown[10.0.0.1]",                                                         \
	    "postfix/cleanup | " id ": message-id=<m@x>",                                          \
	    "postfix/qmgr | " id ": from=<a@b>, size=1, nrcpt=1 (queue active)"
#define PASSED(before, id)                                                                         \
	"amavis | (1-2) Passed CLEAN {R}, Queue-ID: " before ", mail_id: m1, Hits: 0, size: 1, "   \
	"queued_as: " id ", took: 1 ms, <a@b> -> <c@d>",                                           \
	    "postfix/amavis/smtp | " before ": to=<c@d>, relay=127.0.0.1[127.0.0.1]:10024, "       \
	    "dsn=2.0.0, status=sent (250 2.0.0 from MTA: 250 Ok: queued as " id ")",               \
	    "postfix/qmgr | " before ": removed"
#define DELIVERED(id)                                                                              \
	"postfix/lmtp | " id ": to=<c@d>, relay=x, dsn=2.0.0, status=sent (250 Saved)",            \
	    "postfix/qmgr | " id ": removed"

#endif
