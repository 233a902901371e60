// SPDX-License-Identifier: GPL-3.0-or-later
/* Every probe there is.  The order is that of the work: mail is sent first, then
 * come the quick ones while it is scanned; within a conversation from the clear
 * to the login.  Which port a probe's failure keeps shut is its `port`. */
#include <string.h>

#include "probe/probe_access.h"
#include "probe/probe_local.h"
#include "probe/probe_mail.h"
#include "probe/probe_sign.h"
#include "probe/probe_smtp.h"
#include "probe/probe_web.h"

/* Rows that read as rows: */
/* clang-format off */

#define USER .conversation = CONVERSATION_USER
#define GUESSER .conversation = CONVERSATION_GUESSER

/* What every port has. */
#define TLS_AND_LOGIN(text, daemon, number, how)                                                   \
	{.name = text "-tls", .component = daemon, .port = number, USER,                           \
	 .first = probe_access_tls},                                                               \
	{.name = text "-login", .component = daemon, .port = number, USER,                         \
	 .first = probe_access_right, .mechanism = how}

#define NO_TLS(text, daemon, number, how)                                                          \
	{.name = text "-no-tls", .component = daemon, .port = number, GUESSER,                     \
	 .first = probe_access_clear, .mechanism = how}

#define RELAY(text, number)                                                                        \
	{.name = text "-relay", .component = "postfix", .port = number, GUESSER,                   \
	 .first = probe_smtp_relay}

#define WRONG_PASSWORD(text, daemon, number, how)                                                  \
	{.name = text "-wrong-password", .component = daemon, .port = number, GUESSER,             \
	 .first = probe_access_wrong, .mechanism = how},                                           \
	{.name = text "-old-tls", .component = daemon, .port = number,                             \
	 .first = probe_access_old_tls}

const struct probe probe_table[] = {
    /* Mail from the world. */
    {.name = "virus-quarantine", .component = "clamav", .port = PORT_SMTP, USER,
     .first = probe_mail_receive, .second = probe_mail_quarantine, .mail = MAIL_VIRUS},
    {.name = "mail-in", .component = "postfix", .port = PORT_SMTP, USER,
     .first = probe_mail_receive, .second = probe_mail_inbox, .mail = MAIL_IN},
    {.name = "spam-folder", .component = "amavis", .port = PORT_SMTP, USER,
     .first = probe_mail_receive, .second = probe_mail_spam, .mail = MAIL_SPAM},

    /* Mail from the users. */
    TLS_AND_LOGIN("submission", "postfix", PORT_SUBMISSION, MECHANISM_LOGIN),
    {.name = "submission-mail", .component = "postfix", .port = PORT_SUBMISSION, USER,
     .first = probe_mail_submit, .second = probe_mail_inbox, .mail = MAIL_SUBMISSION,
     .mechanism = MECHANISM_LOGIN},
    TLS_AND_LOGIN("submissions", "postfix", PORT_SUBMISSIONS, MECHANISM_PLAIN),
    {.name = "submissions-mail", .component = "postfix", .port = PORT_SUBMISSIONS, USER,
     .first = probe_mail_submit, .second = probe_mail_inbox, .mail = MAIL_SUBMISSIONS,
     .mechanism = MECHANISM_PLAIN},

    /* What the machine itself has. */
    {.name = "clock", .component = "timesync", .port = PORT_NONE, .first = probe_clock},
    {.name = "resolver", .component = "unbound", .port = PORT_NONE, .first = probe_resolver},
    {.name = "resolver-dnssec", .component = "unbound", .port = PORT_NONE,
     .first = probe_resolver_dnssec},
    {.name = "policy", .component = "policy", .port = PORT_NONE, .first = probe_policy},
    {.name = "amavis-incoming", .component = "amavis", .port = PORT_NONE,
     .first = probe_amavis_incoming, .carries_mail = true, .wanted = "here.filter"},
    {.name = "amavis-submitted", .component = "amavis", .port = PORT_NONE,
     .first = probe_amavis_submitted, .wanted = "here.filter"},

    /* Who gets in. */
    {.name = "smtp-banner", .component = "postfix", .port = PORT_SMTP, USER,
     .first = probe_smtp_banner},
    {.name = "smtp-unknown-recipient", .component = "postfix", .port = PORT_SMTP, USER,
     .first = probe_smtp_unknown},
    TLS_AND_LOGIN("smtp", "postfix", PORT_SMTP, MECHANISM_PLAIN),
    {.name = "submission-sender", .component = "postfix", .port = PORT_SUBMISSION, USER,
     .first = probe_smtp_sender, .mechanism = MECHANISM_PLAIN},
    {.name = "submissions-sender", .component = "postfix", .port = PORT_SUBMISSIONS, USER,
     .first = probe_smtp_sender, .mechanism = MECHANISM_PLAIN},
    TLS_AND_LOGIN("imap", "dovecot", PORT_IMAP, MECHANISM_LOGIN),
    TLS_AND_LOGIN("imaps", "dovecot", PORT_IMAPS, MECHANISM_PLAIN),
    TLS_AND_LOGIN("pop3", "dovecot", PORT_POP3, MECHANISM_LOGIN),
    TLS_AND_LOGIN("pop3s", "dovecot", PORT_POP3S, MECHANISM_PLAIN),
    TLS_AND_LOGIN("managesieve", "dovecot", PORT_MANAGESIEVE, MECHANISM_PLAIN),
    {.name = "managesieve-script", .component = "dovecot", .port = PORT_MANAGESIEVE, USER,
     .first = probe_sieve_script, .mechanism = MECHANISM_PLAIN},
    {.name = "web-tls", .component = "lighttpd", .port = PORT_HTTPS, USER,
     .first = probe_access_tls},
    {.name = "web-autoconfig", .component = "lighttpd", .port = PORT_HTTPS, USER,
     .first = probe_web_autoconfig, .wanted = "here.mailboxes"},
    {.name = "web-help", .component = "lighttpd", .port = PORT_HTTPS, USER,
     .first = probe_web_help},
    {.name = "web-old-tls", .component = "lighttpd", .port = PORT_HTTPS,
     .first = probe_access_old_tls},

    /* Who does not. */
    NO_TLS("smtp", "postfix", PORT_SMTP, MECHANISM_PLAIN),
    NO_TLS("submission", "postfix", PORT_SUBMISSION, MECHANISM_LOGIN),
    NO_TLS("imap", "dovecot", PORT_IMAP, MECHANISM_LOGIN),
    NO_TLS("pop3", "dovecot", PORT_POP3, MECHANISM_LOGIN),
    NO_TLS("managesieve", "dovecot", PORT_MANAGESIEVE, MECHANISM_PLAIN),
    RELAY("smtp", PORT_SMTP),
    RELAY("submission", PORT_SUBMISSION),
    RELAY("submissions", PORT_SUBMISSIONS),
    WRONG_PASSWORD("smtp", "postfix", PORT_SMTP, MECHANISM_PLAIN),
    WRONG_PASSWORD("submission", "postfix", PORT_SUBMISSION, MECHANISM_LOGIN),
    WRONG_PASSWORD("submissions", "postfix", PORT_SUBMISSIONS, MECHANISM_PLAIN),
    WRONG_PASSWORD("imap", "dovecot", PORT_IMAP, MECHANISM_LOGIN),
    WRONG_PASSWORD("imaps", "dovecot", PORT_IMAPS, MECHANISM_PLAIN),
    WRONG_PASSWORD("pop3", "dovecot", PORT_POP3, MECHANISM_LOGIN),
    WRONG_PASSWORD("pop3s", "dovecot", PORT_POP3S, MECHANISM_PLAIN),
    WRONG_PASSWORD("managesieve", "dovecot", PORT_MANAGESIEVE, MECHANISM_PLAIN),

    /* The other key. */
    {.name = "smtp-rsa", .component = "postfix", .port = PORT_SMTP, .first = probe_access_rsa},
    {.name = "imaps-rsa", .component = "dovecot", .port = PORT_IMAPS, .first = probe_access_rsa},

    /* The message that came in goes out again. */
    {.name = "imap-mail", .component = "dovecot", .port = PORT_IMAP, USER,
     .second = probe_mail_fetch_imap, .after = "mail-in", .mechanism = MECHANISM_LOGIN},
    {.name = "imaps-mail", .component = "dovecot", .port = PORT_IMAPS, USER,
     .second = probe_mail_fetch_imap, .after = "mail-in", .mechanism = MECHANISM_PLAIN},
    {.name = "pop3-mail", .component = "dovecot", .port = PORT_POP3, USER,
     .second = probe_mail_fetch_pop3, .after = "mail-in", .mechanism = MECHANISM_PLAIN},
    {.name = "pop3s-mail", .component = "dovecot", .port = PORT_POP3S, USER,
     .second = probe_mail_fetch_pop3, .after = "mail-in", .mechanism = MECHANISM_LOGIN},

    /* Where nobody fetches it, it is what was sent all the same. */
    {.name = "mail-unchanged", .component = "postfix", .port = PORT_NONE,
     .second = probe_mail_unchanged, .after = "mail-in"},

    /* What a login sent is signed.  No port stays shut for it: who receives mail cannot tell. */
    {.name = "submission-signed", .component = "amavis", .port = PORT_NONE,
     .second = probe_sign_verify, .after = "submission-mail", .mail = MAIL_SUBMISSION},
    {.name = "submissions-signed", .component = "amavis", .port = PORT_NONE,
     .second = probe_sign_verify, .after = "submissions-mail", .mail = MAIL_SUBMISSIONS},

    /* When all mail has come. */
    {.name = "virus-held", .component = "amavis", .port = PORT_SMTP,
     .second = probe_mail_virus_held, .mail = MAIL_VIRUS, .last = true},
    {.name = "mailbox-clean", .component = "dovecot", .port = PORT_NONE,
     .second = probe_mail_clean, .last = true},
};

/* clang-format on */

const size_t probe_table_size = ARRAY_SIZE(probe_table);
