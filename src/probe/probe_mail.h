// SPDX-License-Identifier: GPL-3.0-or-later
/* Probes with real mail: sent in the first half, looked for in the second. */
#ifndef POSTCASK_PROBE_MAIL_H
#define POSTCASK_PROBE_MAIL_H

#include "probe/probe.h"

/* First halves: probe->mail is sent by 25 as a stranger's, or by probe->port
 * after a login. */
probe_function probe_mail_receive;
probe_function probe_mail_submit;

/* Second halves: probe->mail arrives in INBOX, in Spam, in the quarantine (and is
 * removed from there). */
probe_function probe_mail_inbox;
probe_function probe_mail_spam;
probe_function probe_mail_quarantine;

/* MAIL_IN as probe->port gives it out is what was sent, to the byte. */
probe_function probe_mail_fetch_imap;
probe_function probe_mail_fetch_pop3;

/* The same of what is a file here; skipped where there are mailboxes. */
probe_function probe_mail_unchanged;

/* At the end: the virus is in no mailbox; mailbox and quarantine are left empty. */
probe_function probe_mail_virus_held;
probe_function probe_mail_clean;

#endif
