// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/accounts_schema.h"

#include "directory/accounts.h"
#include "directory/accounts_mailbox.h"
#include "directory/accounts_recipient.h"
#include "directory/accounts_rule.h"

/* target has where an alias leads, and a person's forward; target.next is where the mail goes on
 * here: the target without its label.  An address with
 * a + of its own has a row in `plus`, as mail for a+b+label@ is a+b@'s, and no label of a@'s.
 *
 * filter is what the filter does for a person, or for "@domain", where it is another thing than for
 * everybody: NULL is as for everybody, and numbers are texts, as they were written.  Of what the
 * settings, a directory and a command say of one address only the first counts.
 *
 * Daemons ask views: tables may change, and they need not know.  Whoever changes any of it gives it
 * another version. */
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS domain (name TEXT NOT NULL PRIMARY KEY,"
    " people INTEGER NOT NULL, alias_of TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS catch_all (domain TEXT NOT NULL PRIMARY KEY,"
    " target TEXT NOT NULL, origin TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS account (address TEXT NOT NULL PRIMARY KEY,"
    " origin TEXT NOT NULL, name TEXT NOT NULL, quota_mib INTEGER NOT NULL,"
    " quota_messages INTEGER NOT NULL, enabled INTEGER NOT NULL, created INTEGER NOT NULL,"
    " forward_keep INTEGER NOT NULL, language TEXT NOT NULL)"
    " WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS alias (address TEXT NOT NULL PRIMARY KEY,"
    " origin TEXT NOT NULL) WITHOUT ROWID;"
    /* Who alone may write to an alias: "domain", "members", an address, or "@domain". */
    "CREATE TABLE IF NOT EXISTS writer (address TEXT NOT NULL, writer TEXT NOT NULL,"
    " PRIMARY KEY (address, writer)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS target (address TEXT NOT NULL, position INTEGER NOT NULL,"
    " target TEXT NOT NULL, next TEXT NOT NULL, person INTEGER NOT NULL,"
    " PRIMARY KEY (address, position)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS target_next ON target (next);"
    "CREATE TABLE IF NOT EXISTS plus (address TEXT NOT NULL PRIMARY KEY, local TEXT NOT NULL,"
    " domain TEXT NOT NULL, person INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS sender (address TEXT NOT NULL, login TEXT NOT NULL,"
    " mode TEXT NOT NULL, origin TEXT NOT NULL,"
    " PRIMARY KEY (address, login, mode, origin)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS sender_login ON sender (login);"
    /* Accounts that nobody logs in to, and who shares them; mode is what `send` comes to. */
    "CREATE TABLE IF NOT EXISTS shared (address TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS member (address TEXT NOT NULL, login TEXT NOT NULL,"
    " role TEXT NOT NULL, send TEXT NOT NULL, mode TEXT NOT NULL,"
    " PRIMARY KEY (address, login)) WITHOUT ROWID;"
    "CREATE INDEX IF NOT EXISTS member_login ON member (login, address);"
    "CREATE TABLE IF NOT EXISTS double (address TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS loop (address TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS gone (address TEXT NOT NULL PRIMARY KEY,"
    " since INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS memory (key TEXT NOT NULL PRIMARY KEY,"
    " value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS filter (address TEXT NOT NULL, origin TEXT NOT NULL, mark TEXT,"
    " hold TEXT, spam INTEGER, banned INTEGER, PRIMARY KEY (address, origin)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS filter_sender (address TEXT NOT NULL, origin TEXT NOT NULL,"
    " sender TEXT NOT NULL, allowed INTEGER NOT NULL, PRIMARY KEY (address, origin, sender))"
    " WITHOUT ROWID;" ACCOUNTS_MAILBOX ACCOUNTS_RULE ACCOUNTS_RECIPIENT
    /* What Postfix asks for (overlays/usr/share/postcask/postfix). */
    "DROP VIEW IF EXISTS postfix_mailbox;"
    "CREATE VIEW postfix_mailbox AS SELECT address FROM account;"
    "DROP VIEW IF EXISTS postfix_quota;"
    "CREATE VIEW postfix_quota AS SELECT address FROM account"
    " WHERE quota_mib > 0 OR quota_messages > 0;"
    "DROP VIEW IF EXISTS postfix_alias;"
    "CREATE VIEW postfix_alias AS SELECT address, position, target, next FROM target"
    " WHERE NOT person;"
    "DROP VIEW IF EXISTS postfix_forward;"
    "CREATE VIEW postfix_forward AS SELECT address, position, target FROM target WHERE person;"
    "DROP VIEW IF EXISTS postfix_kept;"
    "CREATE VIEW postfix_kept AS SELECT address FROM account WHERE forward_keep"
    " AND EXISTS (SELECT 1 FROM target WHERE target.address = account.address);"
    /* Where mail for an address goes that somebody has as it is: himself too. */
    "DROP VIEW IF EXISTS postfix_route;"
    "CREATE VIEW postfix_route AS SELECT address, position, target FROM target"
    " UNION ALL SELECT address, -1, address FROM account WHERE forward_keep"
    " OR NOT EXISTS (SELECT 1 FROM target WHERE target.address = account.address);"
    "DROP VIEW IF EXISTS postfix_plus;"
    "CREATE VIEW postfix_plus AS SELECT address, local, domain, person FROM plus;"
    "DROP VIEW IF EXISTS postfix_closed;"
    "CREATE VIEW postfix_closed AS SELECT address FROM writer;"
    "DROP VIEW IF EXISTS policy_writer;"
    "CREATE VIEW policy_writer AS SELECT address, writer FROM writer;"
    /* Another name of a domain; and who gets what nobody else in one does, while he is there. */
    "DROP VIEW IF EXISTS postfix_domain;"
    "CREATE VIEW postfix_domain AS SELECT name, alias_of FROM domain WHERE alias_of <> '';"
    "DROP VIEW IF EXISTS postfix_catch_all;"
    "CREATE VIEW postfix_catch_all AS SELECT domain, target FROM catch_all"
    " WHERE EXISTS (SELECT 1 FROM domain WHERE name = catch_all.domain AND people"
    "  AND alias_of = '')"
    " AND (EXISTS (SELECT 1 FROM account WHERE address = target)"
    "  OR EXISTS (SELECT 1 FROM alias WHERE address = target)"
    "  OR NOT EXISTS (SELECT 1 FROM domain WHERE name = substr(target, instr(target, '@') + 1)));"
    "DROP VIEW IF EXISTS postfix_sender;"
    /* Domains in which who is unknown may be somebody, for all that is known now (mirror.c). */
    "DROP VIEW IF EXISTS postfix_stale;"
    "CREATE VIEW postfix_stale AS SELECT name AS domain FROM domain WHERE people AND NOT EXISTS"
    " (SELECT 1 FROM memory WHERE key = 'mirror-fresh' AND value = 'yes');"
    "CREATE VIEW postfix_sender AS SELECT address, login, mode FROM sender;"
    "DROP VIEW IF EXISTS postfix_member;"
    "CREATE VIEW postfix_member AS SELECT address, login, mode FROM member WHERE mode <> 'no';"
    /* Dovecot, of deliveries and sessions. */
    "DROP VIEW IF EXISTS dovecot_user;"
    "CREATE VIEW dovecot_user AS SELECT address,"
    " CASE WHEN quota_mib > 0 THEN quota_mib || 'M' END AS quota_storage_size,"
    " CASE WHEN quota_messages > 0 THEN quota_messages END AS quota_message_count,"
    /* His domain, and ROLE:ADDRESS of each shared mailbox: no domain has a colon. */
    " substr(address, instr(address, '@') + 1) || coalesce((SELECT ' ' ||"
    " group_concat(part, ' ') FROM (SELECT role || ':' || member.address AS part FROM member"
    " JOIN shared ON shared.address = member.address WHERE login = account.address"
    " ORDER BY member.address)), '') AS acl_groups,"
    " mail_driver, mail_path, tempfail FROM account LEFT JOIN dovecot_mailbox USING (address);"
    /* amavis and the quarantine. */
    "DROP VIEW IF EXISTS resident;"
    /* ALL, as nobody is both: without it each look-up would read everybody. */
    "CREATE VIEW resident AS SELECT address FROM account UNION ALL SELECT address FROM alias;"
    "DROP VIEW IF EXISTS amavis_filter;"
    "CREATE VIEW amavis_filter AS SELECT address, origin, mark, hold, spam, banned FROM filter"
    " WHERE origin = (SELECT origin FROM filter AS other WHERE other.address = filter.address"
    " ORDER BY origin = '" ORIGIN_COMMAND "', origin <> '" ORIGIN_SETTINGS "' LIMIT 1);"
    "DROP VIEW IF EXISTS amavis_filter_sender;"
    "CREATE VIEW amavis_filter_sender AS SELECT address, sender, allowed"
    " FROM amavis_filter JOIN filter_sender USING (address, origin);";

static const char own[] =
    "PRAGMA temp_store = MEMORY;"
    "CREATE TEMP TABLE edge (address TEXT NOT NULL, next TEXT NOT NULL);"
    "CREATE INDEX temp.edge_address ON edge (address);"
    "CREATE TEMP TABLE seen (address TEXT NOT NULL PRIMARY KEY) WITHOUT ROWID;";

/* The part right and left of the @, and a target without its label. */
#define LOCAL_OF(text)	"substr(" text ", 1, instr(" text ", '@') - 1)"
#define DOMAIN_OF(text) "substr(" text ", instr(" text ", '@') + 1)"
#define T		"target.target"
#define IS_BELOW	"substr(" T ", 1, length(plus.local) + 1) = plus.local || '+'"
#define OF_PLUS		"plus.domain = " DOMAIN_OF(T) " AND (plus.local = " LOCAL_OF(T) " OR " IS_BELOW ")"
#define LONGEST                                                                                    \
	"SELECT plus.address FROM plus WHERE " OF_PLUS " ORDER BY length(plus.local) DESC LIMIT 1"
#define WITHOUT_LABEL "substr(" T ", 1, instr(" T ", '+') - 1) || substr(" T ", instr(" T ", '@'))"
#define BARE	      "coalesce((" LONGEST "), " WITHOUT_LABEL ")"

#define IS_SHARED "EXISTS (SELECT 1 FROM shared WHERE shared.address = account.address)"
#define ACCOUNT                                                                                    \
	"SELECT address, origin, name, quota_mib, quota_messages, enabled, created,"               \
	" forward_keep, language, " IS_SHARED                                                      \
	", coalesce((SELECT format FROM mailbox WHERE mailbox.address = account.address),"         \
	" 'maildir')"
#define FILTER	      "SELECT address, origin, mark, hold, spam, banned FROM "
#define FILTER_SENDER "SELECT address, sender, allowed FROM "

static const char *const texts[ACCOUNTS_STATEMENTS] = {
    [ACCOUNT_HAS] = "SELECT 1 FROM account WHERE address = ? AND NOT " IS_SHARED,
    [ACCOUNT_FIND] = ACCOUNT " FROM account WHERE address = ?",
    [ACCOUNT_PUT] =
	("INSERT INTO account VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE"
	 " SET origin = ?2, name = ?3, quota_mib = ?4, quota_messages = ?5,"
	 " enabled = ?6, forward_keep = ?8, language = ?9"
	 " WHERE (origin, name, quota_mib, quota_messages, enabled, forward_keep,"
	 " language) <> (?2, ?3, ?4, ?5, ?6, ?8, ?9)"),
    [ACCOUNT_LIST] = (ACCOUNT " FROM account WHERE NOT " IS_SHARED " AND (?1 IS NULL OR " DOMAIN_OF(
	"address") " = ?1) ORDER BY address"),
    [ACCOUNT_DROP] = "DELETE FROM account WHERE address = ?",
    [ACCOUNT_COUNT] = "SELECT count(*) FROM account WHERE NOT " IS_SHARED,
    [ACCOUNT_UNSEEN] = ("SELECT address FROM account WHERE origin = '" ORIGIN_SETTINGS
			"' AND address NOT IN (SELECT address FROM temp.seen)"),
    /* Of one origin, who are a command's from then on. */
    [ACCOUNT_ADOPT] = "UPDATE account SET origin = '" ORIGIN_COMMAND "' WHERE origin = ?",
    [ALIAS_ADOPT] = "UPDATE alias SET origin = '" ORIGIN_COMMAND "' WHERE origin = ?",
    [FILTER_LET_GO] = ("DELETE FROM filter WHERE origin = '" ORIGIN_COMMAND
		       "' AND address IN (SELECT address FROM filter WHERE origin = ?)"),
    [FILTER_ADOPT] = "UPDATE filter SET origin = '" ORIGIN_COMMAND "' WHERE origin = ?",
    [FILTER_SENDER_LET_GO] =
	("DELETE FROM filter_sender WHERE origin = '" ORIGIN_COMMAND
	 "' AND address IN (SELECT address FROM filter_sender WHERE origin = ?)"),
    [FILTER_SENDER_ADOPT] =
	"UPDATE filter_sender SET origin = '" ORIGIN_COMMAND "' WHERE origin = ?",
    [MAILBOX_NEW] = MAILBOX_NEW_TEXT,
    [MAILBOX_GONE] = "INSERT OR IGNORE INTO mailbox VALUES (?, 'maildir', 0)",
    [MAILBOX_PUT] = "INSERT OR IGNORE INTO mailbox VALUES (?, ?, 0)",
    [MAILBOX_PAUSE] = ("INSERT INTO mailbox VALUES (?1, 'maildir', ?2) ON CONFLICT DO UPDATE"
		       " SET paused = ?2"),
    [MAILBOX_SWITCH] = ("UPDATE mailbox SET format = ?2, paused = 0"
			" WHERE address = ?1 AND paused = ?3 AND paused > ?4"),
    [DOMAIN_HAS] = "SELECT 1 FROM domain WHERE name = ?1 AND people >= ?2",
    [DOMAIN_ADD] = "INSERT OR IGNORE INTO domain VALUES (?, ?, '')",
    [DOMAIN_FORGET] = "DELETE FROM domain",
    [DOMAIN_LIST] = ("SELECT name, people, alias_of, (SELECT count(*) FROM account "
		     "WHERE " DOMAIN_OF("address") " = name), (SELECT count(*) FROM alias "
						   "WHERE " DOMAIN_OF(
						       "address") " = name),"
								  " (SELECT target FROM catch_all "
								  "WHERE domain = name),"
								  " (SELECT origin FROM catch_all "
								  "WHERE domain = name)"
								  " FROM domain WHERE ?1 IS NULL "
								  "OR name = ?1 ORDER BY name"),
    [DOMAIN_OTHER] = "SELECT alias_of FROM postfix_domain WHERE name = ?",
    [DOMAIN_SET_OTHER] = "UPDATE domain SET alias_of = ?2 WHERE name = ?1",
    [DOMAIN_INHABITED] = ("SELECT address FROM resident WHERE " DOMAIN_OF(
	"address") " IN (SELECT name FROM postfix_domain) LIMIT 1"),
    [CATCH_ALL_HAS] = "SELECT 1 FROM catch_all WHERE domain = ?",
    [CATCH_ALL_ADD] = "INSERT INTO catch_all VALUES (?, ?, ?)",
    [CATCH_ALL_DROP] = "DELETE FROM catch_all WHERE domain = ?",
    [CATCH_ALL_FORGET] = "DELETE FROM catch_all WHERE origin = '" ORIGIN_SETTINGS "'",
    [ALIAS_FIND] = "SELECT address, origin FROM alias WHERE address = ?",
    [ALIAS_LIST] = ("SELECT address, origin FROM alias WHERE ?1 IS NULL OR " DOMAIN_OF(
	"address") " = ?1 ORDER BY address"),
    [ALIAS_PUT] = "INSERT OR REPLACE INTO alias VALUES (?, ?)",
    [ALIAS_DROP] = "DELETE FROM alias WHERE address = ?",
    [ALIAS_COUNT] = "SELECT count(*) FROM alias",
    [ALIAS_FORGET] = "DELETE FROM alias WHERE origin = '" ORIGIN_SETTINGS "'",
    [ALIAS_LEADING] = "SELECT DISTINCT address FROM target WHERE next = ? ORDER BY address",
    [ALIAS_OPENS] = ("SELECT DISTINCT next FROM target WHERE address = ?1"
		     " AND next IN (SELECT address FROM writer)"
		     " AND ?1 NOT IN (SELECT address FROM writer) ORDER BY next"),
    [WRITER_LIST] = "SELECT writer FROM writer WHERE address = ? ORDER BY writer",
    [WRITER_ADD] = "INSERT OR IGNORE INTO writer VALUES (?, ?)",
    [WRITER_DROP] = "DELETE FROM writer WHERE address = ?",
    [WRITER_FORGET] = ("DELETE FROM writer WHERE address NOT IN"
		       " (SELECT address FROM alias WHERE origin <> '" ORIGIN_SETTINGS "')"),
    [TARGET_LIST] = "SELECT target FROM target WHERE address = ? ORDER BY position",
    [TARGET_ADD] = ("INSERT INTO target (address, target, next, position, person)"
		    " VALUES (?1, ?2, ?2, ?3, ?4)"),
    [TARGET_DROP] = "DELETE FROM target WHERE address = ?",
    [TARGET_DROP_OF] = "DELETE FROM target WHERE address = ? AND person = ?",
    [TARGET_FORGET] =
	("DELETE FROM target WHERE address NOT IN"
	 " (SELECT address FROM alias WHERE origin <> '" ORIGIN_SETTINGS "'"
	 " UNION ALL SELECT address FROM account WHERE origin <> '" ORIGIN_SETTINGS "')"),
    [TARGET_NEXT] = ("UPDATE target SET next = " BARE " WHERE target LIKE '_%+%@%'"
		     " AND next <> " BARE),
    [PLUS_ADD] = ("INSERT OR REPLACE INTO plus SELECT ?1, " LOCAL_OF("?1") ", " DOMAIN_OF(
	"?1") ", ?2 WHERE ?1 LIKE '%+%@%'"),
    [PLUS_DROP] = "DELETE FROM plus WHERE address = ? AND person = ?",
    [PLUS_FORGET] = "DELETE FROM plus",
    [PLUS_AGAIN] = ("INSERT INTO plus SELECT address, " LOCAL_OF("address") ", " DOMAIN_OF(
	"address") ", person FROM (SELECT address, 1 AS person FROM account"
		   " UNION ALL SELECT address, 0 FROM alias) WHERE address LIKE '%+%@%'"),
    [SENDER_ADD] = "INSERT OR IGNORE INTO sender (login, address, mode, origin)"
		   " VALUES (?, ?, ?, ?)",
    [SENDER_FORGET] = "DELETE FROM sender WHERE origin = '" ORIGIN_SETTINGS "'",
    [SENDER_DROP] = ("DELETE FROM sender WHERE login = ? AND mode = ?"
		     " AND origin = '" ORIGIN_COMMAND "'"),
    [SENDER_GONE] =
	("DELETE FROM sender WHERE origin = '" ORIGIN_COMMAND "' AND (login = ?1 OR address = ?1)"),
    [SENDER_LIST] = ("SELECT DISTINCT address FROM sender WHERE login = ? AND mode = ?"
		     " ORDER BY address"),
    [SENDER_ALL] = "SELECT DISTINCT login, mode, address FROM sender ORDER BY login, address",
    [SHARED_LIST] = ("SELECT address FROM shared WHERE ?1 IS NULL OR " DOMAIN_OF(
	"address") " = ?1 ORDER BY address"),
    [SHARED_PUT] = "INSERT OR IGNORE INTO shared VALUES (?)",
    [SHARED_DROP] = "DELETE FROM shared WHERE address = ?",
    [SHARED_FORGET] = ("DELETE FROM shared WHERE address IN"
		       " (SELECT address FROM account WHERE origin = '" ORIGIN_SETTINGS "')"),
    [SHARED_COUNT] = "SELECT count(*) FROM shared",
    [MEMBER_LIST] = "SELECT login, role, send FROM member WHERE address = ? ORDER BY login",
    [MEMBER_OF] = "SELECT address, role, send FROM member WHERE login = ? ORDER BY address",
    [MEMBER_PUT] = "INSERT OR REPLACE INTO member VALUES (?, ?, ?, ?, ?)",
    [MEMBER_DROP] = "DELETE FROM member WHERE address = ? AND login = ?",
    [MEMBER_FORGET] = "DELETE FROM member WHERE address NOT IN (SELECT address FROM shared)",
    /* Who is a member by the settings is so again when he comes back. */
    [MEMBER_GONE] = ("DELETE FROM member WHERE address = ?1 OR login = ?1 AND address IN"
		     " (SELECT address FROM account WHERE origin = '" ORIGIN_COMMAND "')"),
    [MEMBER_SIZE] = ("SELECT coalesce(sum(length(role) + length(address) + 2), 0) FROM member"
		     " WHERE login = ?"),
    [DOUBLE_ADD] = "INSERT OR IGNORE INTO double VALUES (?)",
    [DOUBLE_LIST] = "SELECT address FROM double ORDER BY address",
    [DOUBLE_FORGET] = "DELETE FROM double",
    [LOOP_FORGET] = "DELETE FROM loop",
    [LOOP_LIST] = "SELECT address FROM loop ORDER BY address",
    [SEEN_ADD] = "INSERT OR IGNORE INTO temp.seen VALUES (?)",
    [SEEN_FORGET] = "DELETE FROM temp.seen",
    [GONE_ADD] = "INSERT OR REPLACE INTO gone VALUES (?, ?)",
    [GONE_DROP] = "DELETE FROM gone WHERE address = ?",
    [GONE_LIST] = "SELECT address, since FROM gone ORDER BY address",
    [RESIDENT_HAS] = "SELECT 1 FROM resident WHERE address = ?",
    [RESIDENT_LIST] = "SELECT address FROM resident",
    [FILTER_PUT] = "INSERT INTO filter VALUES (?, ?, ?, ?, ?, ?)",
    [FILTER_DROP] = "DELETE FROM filter WHERE address = ? AND origin = ?",
    [FILTER_DROP_ALL] = "DELETE FROM filter WHERE address = ?",
    [FILTER_FORGET] = "DELETE FROM filter WHERE origin = ?",
    [FILTER_FIND] = FILTER "filter WHERE address = ? AND origin = ?",
    [FILTER_ORIGIN] = "SELECT origin FROM amavis_filter WHERE address = ?",
    [FILTER_LIST] = FILTER "amavis_filter",
    [FILTER_SENDER_ADD] = "INSERT OR REPLACE INTO filter_sender VALUES (?, ?, ?, ?)",
    [FILTER_SENDER_DROP] = "DELETE FROM filter_sender WHERE address = ? AND origin = ?",
    [FILTER_SENDER_DROP_ALL] = "DELETE FROM filter_sender WHERE address = ?",
    [FILTER_SENDER_FORGET] = "DELETE FROM filter_sender WHERE origin = ?",
    [FILTER_SENDER_FIND] = FILTER_SENDER "filter_sender WHERE address = ? AND origin = ?",
    [FILTER_SENDER_LIST] = FILTER_SENDER "amavis_filter_sender",
    [RECIPIENT_COUNT] = "SELECT count(*) FROM recipient",
    [RECIPIENT_UNSEEN] = ("SELECT count(*) FROM recipient WHERE address NOT IN"
			  " (SELECT address FROM temp.seen)"),
    [RECIPIENT_DROP] = "DELETE FROM recipient WHERE address NOT IN (SELECT address FROM temp.seen)",
    [RECIPIENT_TAKE] = "INSERT OR IGNORE INTO recipient SELECT address FROM temp.seen",
    [RECIPIENT_FORGET] = "DELETE FROM recipient",
    [RULE_PUT] = ("INSERT INTO rule VALUES (?1, ?2) ON CONFLICT DO UPDATE SET script = ?2"
		  " WHERE script <> ?2"),
    [RULE_DROP] = "DELETE FROM rule WHERE address = ?",
    [RULE_SETTLE] = RULE_SETTLE_TEXT,
    [MEMORY_PUT] = "INSERT OR REPLACE INTO memory VALUES (?, ?)",
    [MEMORY_GET] = "SELECT value FROM memory WHERE key = ?",
    [EDGE_FORGET] = "DELETE FROM temp.edge",
    [EDGE_FIND] = ("INSERT INTO temp.edge SELECT DISTINCT address, next FROM target"
		   " WHERE next IN (SELECT address FROM target)"),
    [EDGE_END] = "DELETE FROM temp.edge WHERE next NOT IN (SELECT address FROM temp.edge)",
    [LOOP_TAKE] = "INSERT OR IGNORE INTO loop SELECT address FROM temp.edge",
    [LOOP_OF] = ("WITH RECURSIVE way (address) AS (SELECT next FROM target WHERE address = ?1"
		 " UNION SELECT next FROM way JOIN target USING (address))"
		 " SELECT 1 FROM way WHERE address = ?1"),
};

const struct cabinet_kind accounts_kind = {1, schema, own, texts, ACCOUNTS_STATEMENTS};
