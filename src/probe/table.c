/* Every probe there is.  The order is that of the work: mail is sent first, then
 * come the quick ones while it is scanned.  Which ports a probe's failure keeps
 * shut is its `port`. */
#include <string.h>

#include "probe/probe_access.h"
#include "probe/probe_local.h"
#include "probe/probe_mail.h"
#include "probe/probe_smtp.h"

/* Rows that read as rows: */
/* clang-format off */

/* The probes that every port has, and the one more of those with STARTTLS. */
#define ACCESS(text, daemon, number, how)                                                          \
	{.name = text "-login", .component = daemon, .port = number,                               \
	 .first = probe_access_right, .mechanism = how},                                           \
	{.name = text "-tls", .component = daemon, .port = number, .first = probe_access_tls},     \
	{.name = text "-old-tls", .component = daemon, .port = number,                             \
	 .first = probe_access_old_tls},                                                           \
	{.name = text "-wrong-password", .component = daemon, .port = number,                      \
	 .first = probe_access_wrong, .mechanism = how}

#define ACCESS_STARTTLS(text, daemon, number, how)                                                 \
	ACCESS(text, daemon, number, how),                                                         \
	{.name = text "-no-tls", .component = daemon, .port = number,                              \
	 .first = probe_access_clear, .mechanism = how}

const struct probe probe_table[] = {
    /* Mail on its way. */
    {.name = "virus-quarantine", .component = "clamav", .port = PORT_SMTP,
     .first = probe_mail_receive, .second = probe_mail_quarantine, .mail = MAIL_VIRUS},
    {.name = "mail-in", .component = "postfix", .port = PORT_SMTP,
     .first = probe_mail_receive, .second = probe_mail_inbox, .mail = MAIL_IN},
    {.name = "spam-folder", .component = "amavis", .port = PORT_SMTP,
     .first = probe_mail_receive, .second = probe_mail_spam, .mail = MAIL_SPAM},
    {.name = "submission-mail", .component = "postfix", .port = PORT_SUBMISSION,
     .first = probe_mail_submit, .second = probe_mail_inbox, .mail = MAIL_SUBMISSION,
     .mechanism = MECHANISM_LOGIN},
    {.name = "submissions-mail", .component = "postfix", .port = PORT_SUBMISSIONS,
     .first = probe_mail_submit, .second = probe_mail_inbox, .mail = MAIL_SUBMISSIONS,
     .mechanism = MECHANISM_LOGIN},

    /* What the machine itself has. */
    {.name = "clock", .component = "timesync", .port = PORT_NONE, .first = probe_clock},
    {.name = "resolver", .component = "unbound", .port = PORT_NONE, .first = probe_resolver},
    {.name = "resolver-dnssec", .component = "unbound", .port = PORT_NONE,
     .first = probe_resolver_dnssec},
    {.name = "amavis-incoming", .component = "amavis", .port = PORT_NONE,
     .first = probe_amavis_incoming, .carries_mail = true},
    {.name = "amavis-submitted", .component = "amavis", .port = PORT_NONE,
     .first = probe_amavis_submitted},

    /* Who gets in, and how. */
    ACCESS_STARTTLS("smtp", "postfix", PORT_SMTP, MECHANISM_PLAIN),
    ACCESS_STARTTLS("submission", "postfix", PORT_SUBMISSION, MECHANISM_PLAIN),
    ACCESS("submissions", "postfix", PORT_SUBMISSIONS, MECHANISM_PLAIN),
    ACCESS_STARTTLS("imap", "dovecot", PORT_IMAP, MECHANISM_LOGIN),
    ACCESS("imaps", "dovecot", PORT_IMAPS, MECHANISM_PLAIN),
    ACCESS_STARTTLS("pop3", "dovecot", PORT_POP3, MECHANISM_LOGIN),
    ACCESS("pop3s", "dovecot", PORT_POP3S, MECHANISM_PLAIN),
    ACCESS_STARTTLS("managesieve", "dovecot", PORT_MANAGESIEVE, MECHANISM_PLAIN),

    {.name = "smtp-rsa", .component = "postfix", .port = PORT_SMTP, .first = probe_access_rsa},
    {.name = "imaps-rsa", .component = "dovecot", .port = PORT_IMAPS, .first = probe_access_rsa},

    /* What SMTP says, and whom it refuses. */
    {.name = "smtp-banner", .component = "postfix", .port = PORT_SMTP,
     .first = probe_smtp_banner},
    {.name = "smtp-relay", .component = "postfix", .port = PORT_SMTP, .first = probe_smtp_relay},
    {.name = "submission-relay", .component = "postfix", .port = PORT_SUBMISSION,
     .first = probe_smtp_relay},
    {.name = "submissions-relay", .component = "postfix", .port = PORT_SUBMISSIONS,
     .first = probe_smtp_relay},
    {.name = "smtp-unknown-recipient", .component = "postfix", .port = PORT_SMTP,
     .first = probe_smtp_unknown},
    {.name = "submission-sender", .component = "postfix", .port = PORT_SUBMISSION,
     .first = probe_smtp_sender},
    {.name = "submissions-sender", .component = "postfix", .port = PORT_SUBMISSIONS,
     .first = probe_smtp_sender},
    {.name = "managesieve-script", .component = "dovecot", .port = PORT_MANAGESIEVE,
     .first = probe_sieve_script},

    /* The message that came in goes out again. */
    {.name = "imap-mail", .component = "dovecot", .port = PORT_IMAP,
     .second = probe_mail_fetch_imap, .after = "mail-in", .mechanism = MECHANISM_PLAIN},
    {.name = "imaps-mail", .component = "dovecot", .port = PORT_IMAPS,
     .second = probe_mail_fetch_imap, .after = "mail-in", .mechanism = MECHANISM_LOGIN},
    {.name = "pop3-mail", .component = "dovecot", .port = PORT_POP3,
     .second = probe_mail_fetch_pop3, .after = "mail-in", .mechanism = MECHANISM_PLAIN},
    {.name = "pop3s-mail", .component = "dovecot", .port = PORT_POP3S,
     .second = probe_mail_fetch_pop3, .after = "mail-in", .mechanism = MECHANISM_LOGIN},

    /* When all mail has come. */
    {.name = "virus-held", .component = "amavis", .port = PORT_SMTP,
     .second = probe_mail_virus_held, .mail = MAIL_VIRUS, .last = true},
    {.name = "mailbox-clean", .component = "dovecot", .port = PORT_NONE,
     .second = probe_mail_clean, .last = true},
};

/* clang-format on */

const size_t probe_table_size = ARRAY_SIZE(probe_table);
