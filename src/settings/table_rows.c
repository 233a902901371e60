// SPDX-License-Identifier: GPL-3.0-or-later
/* The rows of the settings table: see settings/table.h.  The first sentence of a
 * documentation stands alone in short listings. */
#include "settings/table.h"

#include "base/cleanup.h"

#define LIST	 SETTING_LIST
#define REQUIRED SETTING_REQUIRED
#define SECRET	 SETTING_SECRET
#define LATER	 SETTING_LATER

/* clang-format off */
const struct setting settings_table[] = {
/* ---- identity ---- */
{"domains", TYPE_DOMAIN, LIST | REQUIRED, .items = 10000, .example = "[example.org]",
 .documentation = "The mail domains of this server. Mail to them is accepted for the users and "
	"aliases below and for nobody else. A name with letters outside ASCII is stored as its "
	"A-label (xn--...); people log in and send with it as it is written, in any case, and as "
	"xn-- alike."},
{"hostname", TYPE_HOSTNAME, 0, .example = "mail.example.org",
 .documentation = "The full name by which this server greets others. The default is the fqdn "
	"(or a hostname with dots) of the cloud-config. Its address record and the reverse record "
	"of the address should agree with it. It may be equal to a domain."},
{"postmaster", TYPE_ADDRESS, 0, .example = "alice@example.org",
 .documentation = "Who receives what is sent to postmaster@, abuse@ and root@. The default is the "
	"first user. An address of one of the domains must be a user or an alias."},
{"role", TYPE_CHOICE, 0, .choices = "internet smarthost* gateway* send-only*",
 .fallback = "internet", .example = "internet",
 .documentation = "How the server stands to the internet. internet: receives and sends by "
	"itself; smarthost: sends through another server; gateway: filters for a server behind it; "
	"send-only: accepts no mail from outside."},

/* ---- users and aliases ---- */
{"users", TYPE_RECORDS, REQUIRED, .items = 100000,
 .documentation = "The mailboxes. Each user logs in with the whole address."},
{"users[].address", TYPE_MAILBOX, REQUIRED, .example = "alice@example.org",
 .documentation = "Address and login name of the user, in one of the domains. Letters, digits "
	"and ._-+='&~ before the @; case does not matter. Mail to alice+anything@ reaches alice@, "
	"unless that is an address of its own."},
{"users[].password_hash", TYPE_PASSWORD_HASH, REQUIRED | SECRET,
 .example = "\"$y$j9T$abcdefghijklmnopqrstu.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/\"",
 .documentation = "The hashed password, as made by mkpasswd. Accepted are yescrypt ($y$), "
	"SHA-512 ($6$), bcrypt ($2b$, $2y$) and argon2id; weaker kinds and plain passwords are "
	"refused."},
{"users[].name", TYPE_TEXT, 0, .minimum = 0, .maximum = 200, .fallback = "",
 .example = "\"Alice Example\"",
 .documentation = "The user's full name."},
{"users[].quota_mib", TYPE_INTEGER, 0, .minimum = 0, .maximum = 16777216, .fallback = "0",
 .example = "2048",
 .documentation = "The most that the mailbox may hold, in MiB; 0 is no limit. Mail for a full "
	"mailbox is not taken for now: the sender's server tries again."},
{"aliases", TYPE_RECORDS, 0, .items = 100000,
 .documentation = "Addresses without a mailbox, whose mail goes to other addresses. postmaster@ "
	"and abuse@ of each domain, and those and root@ of the hostname, are made for the postmaster "
	"where they are not written here."},
{"aliases[].address", TYPE_MAILBOX, REQUIRED, .example = "info@example.org",
 .documentation = "The alias, in one of the domains or in the hostname; not the address of a user. "
	"Whoever it leads to, alone or among others, may also send as it."},
{"aliases[].to", TYPE_ADDRESS, LIST | REQUIRED, .items = 1000, .example = "[alice@example.org]",
 .documentation = "Where its mail goes: users, other aliases or addresses elsewhere."},

/* ---- services ---- */
{"services", TYPE_GROUP, 0,
 .documentation = "What the server offers. A port that is off is closed in the firewall too."},
{"services.smtp", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Port 25: mail from other servers."},
{"services.smtp_auth", TYPE_BOOLEAN, 0, .fallback = "false", .example = "true",
 .documentation = "Whether users may log in on port 25 too, after STARTTLS, for devices that know "
	"no other port. What a login sends there is treated like mail on port 587. Mail from other "
	"servers over TLS then needs Dovecot to be running."},
{"services.submission", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Port 587: mail from the users' programs, with STARTTLS."},
{"services.submissions", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Port 465: mail from the users' programs, with TLS."},
{"services.imap", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Port 143: IMAP with STARTTLS, which is required before login."},
{"services.imaps", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Port 993: IMAP with TLS."},
{"services.pop3", TYPE_BOOLEAN, 0, .fallback = "true", .example = "false",
 .documentation = "Port 110: POP3 with STARTTLS, which is required before login."},
{"services.pop3s", TYPE_BOOLEAN, 0, .fallback = "true", .example = "false",
 .documentation = "Port 995: POP3 with TLS."},
{"services.managesieve", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Port 4190: the users' filter rules, with STARTTLS."},
{"services.webmail", TYPE_BOOLEAN, LATER, .fallback = "false", .example = "false",
 .documentation = "Port 443: webmail."},
{"services.lists", TYPE_BOOLEAN, LATER, .fallback = "false", .example = "false",
 .documentation = "Mailing lists."},

/* ---- TLS ---- */
{"tls", TYPE_GROUP, 0,
 .documentation = "Certificates. Without any of these keys the machine makes its own authority "
	"and certificate."},
{"tls.certificate", TYPE_CERTIFICATE, 0, .maximum = 65536, .fallback = "",
 .documentation = "A certificate for the hostname in PEM, leaf first, then its chain. Written as a "
	"block (|), together with tls.key."},
{"tls.key", TYPE_PRIVATE_KEY, SECRET, .maximum = 65536, .fallback = "",
 .documentation = "The private key of tls.certificate in PEM, not encrypted. RSA of at least 2048 "
	"bits, ECDSA or Ed25519."},
{"tls.names", TYPE_HOSTNAME, LIST, .items = 99, .fallback = "[]", .example = "[imap.example.org]",
 .documentation = "More names in the machine's own certificate, beside the hostname, for clients "
	"that are set up with them. New names mean new certificates of the same authority; for one "
	"outside the hostname and the domains clients must import the authority again. A given "
	"tls.certificate has its names in it already, so both together are refused."},
{"tls.minimum", TYPE_CHOICE, LATER, .choices = "TLSv1.2 TLSv1.3", .fallback = "TLSv1.2",
 .example = "TLSv1.2", .documentation = "The oldest version of TLS that clients may use."},
{"tls.acme", TYPE_GROUP, LATER, .documentation = "A certificate from an ACME authority."},
{"tls.acme.directory", TYPE_URL, LATER | REQUIRED, .maximum = 2048,
 .example = "https://acme.example.net/directory", .documentation = "The authority's directory."},
{"tls.acme.contact", TYPE_ADDRESS, LATER, .example = "alice@example.org",
 .documentation = "Who is told when a certificate is near its end; by default the postmaster."},
{"tls.acme.challenge", TYPE_CHOICE, LATER, .choices = "http-01 dns-01", .fallback = "http-01",
 .example = "http-01", .documentation = "How the authority proves the names."},

/* ---- filtering ---- */
{"filter", TYPE_GROUP, 0, .documentation = "What is done with mail that comes in."},
{"filter.workers", TYPE_INTEGER, 0, .minimum = 1, .maximum = 64, .fallback = "2", .example = "2",
 .documentation = "Messages that are scanned at once. One for each processor is a good number, and "
	"no less than two. Each takes about 50 MiB of memory."},
{"filter.spam", TYPE_GROUP, 0, .documentation = "Spam, judged by SpamAssassin's score."},
{"filter.spam.tag_level", TYPE_DECIMAL, 0, .minimum = -1000, .maximum = 1000, .fallback = "-999",
 .example = "-999",
 .documentation = "From this score on a message carries X-Spam headers; -999 means every message."},
{"filter.spam.spam_level", TYPE_DECIMAL, 0, .minimum = -100, .maximum = 1000, .fallback = "6.31",
 .example = "6.31",
 .documentation = "From this score on a message is spam and goes to the Spam folder. It is never "
	"refused or deleted for its score."},
{"filter.spam.learning", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Whether moving a message into or out of the Spam folder teaches the filter for "
		  "that user; it counts when he has moved 200 each way."},
{"filter.spam.pyzor", TYPE_BOOLEAN, 0, .fallback = "false", .example = "false",
 .documentation = "Ask the Pyzor network about digests of messages. Strangers learn the digests; an "
	"answer is waited for 3 seconds, and counts in the score."},
{"filter.spam.razor", TYPE_BOOLEAN, 0, .fallback = "false", .example = "false",
 .documentation = "Ask the Razor network about digests of messages. Strangers learn the digests; an "
	"answer is waited for 5 seconds, and counts in the score."},
{"filter.virus", TYPE_GROUP, 0, .documentation = "Mail in which ClamAV finds something."},
{"filter.virus.notify", TYPE_CHOICE, 0, .choices = "nobody postmaster recipient both",
 .fallback = "postmaster", .example = "postmaster",
 .documentation = "Who is told, in the digest of reports.digest, what went to quarantine. "
	"recipient: each user here gets a list of what was for them; its sender is never told. Of "
	"what was kept for another reason, quarantine.notify says it."},
{"filter.banned", TYPE_GROUP, 0, .documentation = "Attachments that are not wanted."},
{"filter.banned.policy", TYPE_CHOICE, 0, .choices = "deliver mark quarantine", .fallback = "mark",
 .example = "mark",
 .documentation = "What is done with a message that has such an attachment. deliver: nothing; mark: "
	"it is delivered with a header X-Amavis-Alert, which filter rules can file by; quarantine: it "
	"is kept for the postmaster and not delivered. It is never deleted, and no stranger gets a "
	"bounce."},
{"filter.banned.extensions", TYPE_FILE_EXTENSION, LIST, .items = 500,
 .fallback = "[\"exe\", \"com\", \"scr\", \"pif\", \"bat\", \"cmd\", \"cpl\", \"dll\", \"msi\", "
	"\"hta\", \"js\", \"jse\", \"vbs\", \"vbe\", \"wsf\", \"wsh\", \"ps1\", \"lnk\", \"chm\", "
	"\"jar\", \"reg\"]",
 .example = "[exe, scr, js]",
 .documentation = "Endings of file names, in attachments and in the archives among them. With exe, "
	"Windows programs are found under any other name too."},
{"filter.encrypted", TYPE_CHOICE, 0, .choices = "deliver mark quarantine", .fallback = "mark",
 .example = "mark",
 .documentation = "What is done with a message that has an encrypted archive or PGP text, which no "
	"scanner can look into: deliver, mark and quarantine as for banned attachments."},
{"filter.broken", TYPE_CHOICE, 0, .choices = "deliver mark quarantine", .fallback = "mark",
 .example = "mark",
 .documentation = "What is done with a message whose structure is broken, so that two programs could "
	"read it differently, or that has a damaged archive: deliver, mark and quarantine as for banned "
	"attachments."},
{"filter.greylisting", TYPE_BOOLEAN, LATER, .fallback = "false", .example = "false",
 .documentation = "Ask unknown senders to come again after a few minutes."},
{"filter.blocklists", TYPE_DOMAIN, LATER | LIST, .items = 20, .fallback = "[]",
 .example = "[zen.example.net]", .documentation = "DNS lists of senders that are refused."},

/* ---- limits ---- */
{"limits", TYPE_GROUP, 0, .documentation = "Sizes and rates."},
{"limits.message_size_mib", TYPE_INTEGER, 0, .minimum = 1, .maximum = 200, .fallback = "25",
 .example = "25",
 .documentation = "The largest message accepted, in MiB, as it is on the wire (an attachment grows "
	"by a third). All scanners look at messages of this size whole."},
{"limits.recipients", TYPE_INTEGER, LATER, .minimum = 10, .maximum = 10000, .fallback = "1000",
 .example = "1000", .documentation = "Recipients of one message."},
{"limits.user_messages_per_hour", TYPE_INTEGER, LATER, .minimum = 0, .maximum = 1000000,
 .fallback = "0", .example = "200", .documentation = "What one user may send; 0 is no limit."},
{"limits.queue_days", TYPE_INTEGER, LATER, .minimum = 1, .maximum = 30, .fallback = "5",
 .example = "5", .documentation = "How long mail that cannot be delivered is tried."},

/* ---- who the users are ---- */
{"authentication", TYPE_GROUP, 0, .documentation = "Where users and passwords come from."},
{"authentication.backend", TYPE_CHOICE, 0, .choices = "users ldap* sql*", .fallback = "users",
 .example = "users", .documentation = "Where users and passwords are looked up. users: in the list `users` of this file."},
{"authentication.ldap", TYPE_GROUP, LATER, .documentation = "A directory server."},
{"authentication.ldap.uri", TYPE_TEXT, LATER | REQUIRED, .minimum = 8, .maximum = 2048,
 .example = "ldaps://ldap.example.org", .documentation = "ldap:// or ldaps:// URI of the server."},
{"authentication.ldap.base", TYPE_TEXT, LATER | REQUIRED, .minimum = 1, .maximum = 1024,
 .example = "\"ou=people,dc=example,dc=org\"", .documentation = "Where the search begins."},
{"authentication.ldap.bind_dn", TYPE_TEXT, LATER, .maximum = 1024, .fallback = "",
 .example = "\"cn=mail,dc=example,dc=org\"", .documentation = "Who searches."},
{"authentication.ldap.bind_password", TYPE_TEXT, LATER | SECRET, .maximum = 1024, .fallback = "",
 .documentation = "Its password."},
{"authentication.sql", TYPE_GROUP, LATER, .documentation = "A database."},
{"authentication.sql.driver", TYPE_CHOICE, LATER | REQUIRED, .choices = "sqlite pgsql",
 .example = "sqlite", .documentation = "Its kind."},
{"authentication.sql.connect", TYPE_TEXT, LATER | SECRET | REQUIRED, .maximum = 1024,
 .documentation = "How to reach it."},

/* ---- network ---- */
{"network", TYPE_GROUP, LATER, .documentation = "Who may do more than a stranger."},
{"network.trusted", TYPE_NETWORK, LATER | LIST, .items = 100, .fallback = "[]",
 .example = "[192.0.2.0/24]",
 .documentation = "Networks that may send without a login. One wider than /8 (IPv4) or /16 (IPv6) "
	"would make an open relay and is refused, but for fc00::/7 and fe80::/10, of which no "
	"stranger can be a part."},
{"network.ssh_from", TYPE_NETWORK, LATER | LIST, .items = 100, .fallback = "[]",
 .example = "[192.0.2.0/24]", .documentation = "Networks that reach ssh; empty: all."},
{"smarthost", TYPE_GROUP, LATER, .documentation = "The server that sends for this one."},
{"smarthost.host", TYPE_HOST, LATER | REQUIRED, .example = "smtp.example.net",
 .documentation = "Its name or address; never this machine's own."},
{"smarthost.port", TYPE_INTEGER, LATER, .minimum = 1, .maximum = 65535, .fallback = "587",
 .example = "587", .documentation = "Its port; 465 means TLS from the start."},
{"smarthost.user", TYPE_TEXT, LATER, .maximum = 255, .fallback = "", .example = "mail",
 .documentation = "The login name there."},
{"smarthost.password", TYPE_TEXT, LATER | SECRET, .maximum = 255, .fallback = "",
 .documentation = "The password there."},
{"gateway", TYPE_GROUP, LATER, .documentation = "The server behind this one."},
{"gateway.host", TYPE_HOST, LATER | REQUIRED, .example = "inside.example.org",
 .documentation = "Its name or address; never this machine's own."},
{"gateway.port", TYPE_INTEGER, LATER, .minimum = 1, .maximum = 65535, .fallback = "25",
 .example = "25", .documentation = "Its port."},
{"dkim", TYPE_GROUP, LATER, .documentation = "Signing of outgoing mail."},
{"dkim.selector", TYPE_NAME, LATER, .minimum = 1, .maximum = 63, .fallback = "postcask",
 .example = "postcask", .documentation = "Name of the key in the DNS."},
{"resolver", TYPE_GROUP, 0,
 .documentation = "Name service. The machine has a validating resolver of its own."},
{"resolver.forward", TYPE_IP, LIST, .items = 16, .fallback = "[]", .example = "[192.0.2.53]",
 .documentation = "Resolvers that are asked instead of the DNS itself. Block lists answer a "
	"resolver shared with many others badly or not at all, so leave it empty where possible."},
{"time", TYPE_GROUP, 0, .documentation = "The clock."},
{"time.servers", TYPE_HOST, LIST, .items = 16, .fallback = "[]", .example = "[ntp.example.org]",
 .documentation = "Time servers; empty: those of the Debian pool."},

/* ---- signatures, updates, backup, reports ---- */
{"signatures", TYPE_GROUP, 0, .documentation = "ClamAV's signatures."},
{"signatures.updates", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Fetch official signatures and keep them up to date."},
{"signatures.mirror", TYPE_URL, 0, .maximum = 2048, .fallback = "",
 .example = "https://clamav.example.org",
 .documentation = "Where they are fetched; empty: the official mirror."},
{"quarantine", TYPE_GROUP, 0, .documentation = "Mail that must not be delivered."},
{"quarantine.retention_days", TYPE_INTEGER, 0, .minimum = 0, .maximum = 3650, .fallback = "0",
 .example = "90", .documentation = "How many days it is kept before it is deleted; 0: until somebody deletes it. "
	"A clock that jumps forward does not shorten them."},
{"quarantine.notify", TYPE_CHOICE, 0, .choices = "nobody postmaster recipient both",
 .fallback = "both", .example = "both",
 .documentation = "Who is told, in the digest of reports.digest, what was kept though no virus was "
	"found in it: what is beyond the limits of the filter, and what other settings quarantine. "
	"recipient and both: each user here gets a list of what was for them; its sender is never "
	"told. Of viruses, filter.virus.notify says it."},
{"updates", TYPE_GROUP, 0, .documentation = "Updates of the system."},
{"updates.automatic", TYPE_BOOLEAN, 0, .fallback = "true", .example = "true",
 .documentation = "Install Debian's security fixes once a day. The self-tests prove what they "
	"changed; what cannot be installed is named in the report, and after seven days the machine "
	"is degraded. When it is off, nothing is fetched and nothing is said."},
{"updates.reboot", TYPE_TIME, 0, .fallback = "", .example = "\"03:30\"",
 .documentation = "When the machine restarts by itself if a fix waits for that, as one of the "
	"kernel does. The default is never: the report says that it waits."},
{"updates.hour", TYPE_INTEGER, LATER, .minimum = 0, .maximum = 23, .fallback = "3", .example = "3",
 .documentation = "The hour (local time) in which that happens."},
{"backup", TYPE_GROUP, LATER, .documentation = "Copies of mail and keys elsewhere."},
{"backup.repository", TYPE_TEXT, LATER | REQUIRED, .minimum = 1, .maximum = 2048,
 .example = "\"sftp:backup@backup.example.org:/mail\"", .documentation = "restic's repository."},
{"backup.password", TYPE_TEXT, LATER | SECRET | REQUIRED, .minimum = 16, .maximum = 1024,
 .documentation = "The password of the repository, without which nothing can be restored."},
{"backup.hour", TYPE_INTEGER, LATER, .minimum = 0, .maximum = 23, .fallback = "1", .example = "1",
 .documentation = "The hour (local time) in which a copy is made."},
{"reports", TYPE_GROUP, 0, .documentation = "What the machine tells by mail."},
{"reports.to", TYPE_ADDRESS, 0, .example = "alice@example.org",
 .documentation = "Who receives them; by default the postmaster. An address of one of the domains must "
	"be a user or an alias."},
{"reports.digest", TYPE_CHOICE, 0, .choices = "never daily weekly", .fallback = "daily",
 .example = "daily", .documentation = "How often the digest of what went to quarantine is sent, and only when there is "
	"something new, or mail on hold in the queue."},
{"extra", TYPE_GROUP, 0,
 .documentation = "What the other keys do not offer: lines of your own for a daemon's configuration. "
	"They are put as they are at the end of its file, so that they can override what stands "
	"there, and are proved with it by the daemon's own checker; what that refuses changes "
	"nothing on the machine and is said with the key. The files can be read by every account "
	"of the machine, so write no password there. postcask does not know what the lines mean: "
	"they can undo what it promises, and they are yours to adapt when a new version comes."},
{"extra.postfix", TYPE_LINES, 0, .maximum = 65536, .fallback = "",
 .example = "\"smtpd_client_connection_rate_limit = 30\"",
 .documentation = "Lines for Postfix's main.cf: `parameter = value`, see postconf(5). A parameter "
	"that Postfix does not have is refused."},
{"extra.postfix_services", TYPE_LINES, 0, .maximum = 65536, .fallback = "",
 .example = "\"127.0.0.1:2525 inet n - y - - smtpd\"",
 .documentation = "Lines for Postfix's master.cf: services of your own, see master(5). "
	"The ports of mail are postcask's; what listens on another one is behind the firewall."},
{"extra.dovecot", TYPE_LINES, 0, .maximum = 65536, .fallback = "",
 .example = "\"mail_max_userip_connections = 50\"",
 .documentation = "Lines for dovecot.conf, in the language of Dovecot 2.4: settings and whole "
	"blocks."},
{"extra.amavis", TYPE_LINES, 0, .maximum = 65536, .fallback = "",
 .example = "\"$max_requests = 100;\"",
 .documentation = "Perl for amavisd.conf, see amavisd.conf-sample. It runs with `use strict`."},
{"extra.spamassassin", TYPE_LINES, 0, .maximum = 65536, .fallback = "",
 .example = "\"score NO_RELAYS 0\"",
 .documentation = "Rules, scores and options for SpamAssassin, read after its local.cf, see "
	"Mail::SpamAssassin::Conf(3)."},
{"extra.clamd", TYPE_LINES, 0, .maximum = 65536, .fallback = "",
 .example = "\"MaxRecursion 25\"",
 .documentation = "Options for clamd.conf, see clamd.conf(5). They stand at the beginning of the "
	"file, because ClamAV takes the first of two values."},
{"extra.freshclam", TYPE_LINES, 0, .maximum = 65536, .fallback = "",
 .example = "\"HTTPProxyServer proxy.example.org\"",
 .documentation = "Options for freshclam.conf, such as a proxy, see freshclam.conf(5). They stand "
	"at the beginning of the file, as those of clamd."},
{"extra.unbound", TYPE_LINES, 0, .maximum = 65536, .fallback = "",
 .example = "\"verbosity: 2\"",
 .documentation = "Lines for unbound.conf, see unbound.conf(5): options of the clause `server:`, or "
	"clauses of your own."},
};
/* clang-format on */

const size_t settings_table_count = ARRAY_SIZE(settings_table);
