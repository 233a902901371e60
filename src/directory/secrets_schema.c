// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/secrets_schema.h"

#include "directory/secrets.h"

/* Who has app passwords alone: his main one was switched off, or he has a second factor. */
#define APPS_ALONE                                                                                 \
	"EXISTS (SELECT 1 FROM login WHERE login.address = password.address AND NOT main)"         \
	" OR EXISTS (SELECT 1 FROM factor WHERE factor.address = password.address"                 \
	" AND confirmed IS NOT NULL)"

/* What Dovecot asks for are views: tables may change, and it need not know.  Whoever changes any of
 * it gives it another version. */
static const char schema[] =
    "CREATE TABLE IF NOT EXISTS password (address TEXT NOT NULL PRIMARY KEY, hash TEXT NOT NULL,"
    " enabled INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS elsewhere (address TEXT NOT NULL PRIMARY KEY,"
    " dn TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS letters (letters TEXT NOT NULL PRIMARY KEY,"
    " domain TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS app (address TEXT NOT NULL, label TEXT NOT NULL,"
    " hash TEXT NOT NULL UNIQUE, protocols TEXT NOT NULL, created INTEGER NOT NULL,"
    " expires INTEGER, PRIMARY KEY (address, label)) WITHOUT ROWID;"
    /* The last use of each, by its hash; beside `app`, which is on machines as it was made. */
    "CREATE TABLE IF NOT EXISTS used (hash TEXT NOT NULL PRIMARY KEY, time INTEGER NOT NULL,"
    " protocol TEXT NOT NULL, network TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TRIGGER IF NOT EXISTS app_gone AFTER DELETE ON app BEGIN"
    " DELETE FROM used WHERE hash = old.hash; END;"
    "CREATE TABLE IF NOT EXISTS login (address TEXT NOT NULL PRIMARY KEY,"
    " main INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS factor (address TEXT NOT NULL PRIMARY KEY, secret TEXT NOT NULL,"
    " made INTEGER NOT NULL, confirmed INTEGER, step INTEGER NOT NULL DEFAULT 0,"
    " wrong INTEGER NOT NULL DEFAULT 0, until INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS recovery (address TEXT NOT NULL, hash TEXT NOT NULL,"
    " PRIMARY KEY (address, hash)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS gone (address TEXT NOT NULL PRIMARY KEY,"
    " since INTEGER NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS audit (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " time INTEGER NOT NULL, who TEXT NOT NULL, verb TEXT NOT NULL, address TEXT NOT NULL,"
    " detail TEXT NOT NULL);"
    "CREATE INDEX IF NOT EXISTS audit_address ON audit (address);"
    "DROP VIEW IF EXISTS dovecot_app;"
    "CREATE VIEW dovecot_app AS SELECT app.address, app.hash, protocols,"
    " substr(app.hash, 1, 16) AS app FROM app"
    " JOIN password ON password.address = app.address AND enabled"
    " WHERE expires IS NULL OR expires > CAST(strftime('%s', 'now') AS INTEGER);"
    "DROP VIEW IF EXISTS dovecot_known;"
    "CREATE VIEW dovecot_known AS SELECT address FROM password WHERE enabled;"
    "DROP VIEW IF EXISTS dovecot_refused;"
    "CREATE VIEW dovecot_refused AS SELECT address FROM password"
    " WHERE enabled AND (" APPS_ALONE ");"
    "DROP VIEW IF EXISTS dovecot_login;"
    "CREATE VIEW dovecot_login AS SELECT address, hash AS password FROM password"
    " WHERE enabled AND hash <> '" SECRETS_ELSEWHERE "' AND NOT (" APPS_ALONE ");"
    "DROP VIEW IF EXISTS dovecot_elsewhere;"
    "CREATE VIEW dovecot_elsewhere AS SELECT address, dn FROM elsewhere"
    " JOIN password USING (address) WHERE enabled AND hash = '" SECRETS_ELSEWHERE "'"
    " AND NOT (" APPS_ALONE ");";

static const char *const texts[SECRETS_STATEMENTS] = {
    [APP_ADD] = "INSERT INTO app VALUES (?, ?, ?, ?, ?, ?)",
    [APP_COUNT] = "SELECT count(*) FROM app WHERE ?1 IS NULL OR address = ?1",
    [APP_LIST] = ("SELECT app.address, label, protocols, created, expires, ifnull(main, 1)"
		  " AND NOT EXISTS (SELECT 1 FROM factor WHERE factor.address = app.address AND"
		  " confirmed IS NOT NULL), time, protocol, network"
		  " FROM app LEFT JOIN login ON login.address = app.address"
		  " LEFT JOIN used ON used.hash = app.hash"
		  " WHERE ?1 IS NULL OR app.address = ?1 ORDER BY app.address, label"),
    [APP_REVOKE] = "DELETE FROM app WHERE address = ? AND label = ?",
    [APP_EXPIRED] = "DELETE FROM app WHERE address = ? AND expires <= ?",
    [APP_GOOD] = ("SELECT count(*) FROM app WHERE address = ?1"
		  " AND (expires IS NULL OR expires > ?2)"),
    [APP_USED] = ("INSERT INTO used SELECT hash, ?5, ?1, ?2 FROM app"
		  " WHERE hash >= ?3 AND hash < ?4 ON CONFLICT DO UPDATE SET time = ?5,"
		  " protocol = ?1, network = ?2 WHERE time / 60 < ?5 / 60"),
    [APP_FORGET] = "DELETE FROM app WHERE address = ?",
    [MAIN_SET] = "INSERT OR REPLACE INTO login VALUES (?, ?)",
    [MAIN_OFF] = ("SELECT address FROM login WHERE main = 0 UNION SELECT address FROM factor"
		  " WHERE confirmed IS NOT NULL ORDER BY address"),
    [MAIN_FORGET] = "DELETE FROM login WHERE address = ?",
    [FACTOR_OF] = ("SELECT secret, made, confirmed, step, wrong, until, (SELECT count(*) FROM"
		   " recovery WHERE recovery.address = factor.address) FROM factor"
		   " WHERE address = ?"),
    [FACTOR_PUT] = ("INSERT OR REPLACE INTO factor (address, secret, made) VALUES (?, ?, ?)"),
    [FACTOR_CONFIRM] = "UPDATE factor SET confirmed = ?2 WHERE address = ?1",
    [FACTOR_TRIED] = "UPDATE factor SET step = ?2, wrong = ?3, until = ?4 WHERE address = ?1",
    [FACTOR_FORGET] = "DELETE FROM factor WHERE address = ?",
    [FACTORS] = "SELECT address FROM factor WHERE confirmed IS NOT NULL ORDER BY address",
    [RECOVERY_ADD] = "INSERT INTO recovery VALUES (?, ?)",
    [RECOVERY_USE] = "DELETE FROM recovery WHERE address = ? AND hash = ?",
    [RECOVERY_FORGET] = "DELETE FROM recovery WHERE address = ?",
    [PASSWORD_PUT] = ("INSERT INTO password VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE"
		      " SET hash = ?2, enabled = ?3 WHERE hash <> ?2 OR enabled <> ?3"),
    [PASSWORD_DROP] = "DELETE FROM password WHERE address = ?",
    [PASSWORD_OF] = "SELECT hash FROM password WHERE address = ?",
    [ELSEWHERE_PUT] = ("INSERT INTO elsewhere VALUES (?1, ?2) ON CONFLICT DO UPDATE SET dn = ?2"
		       " WHERE dn <> ?2"),
    [ELSEWHERE_FORGET] = "DELETE FROM elsewhere",
    [ELSEWHERE_DROP] = "DELETE FROM elsewhere WHERE address = ?",
    [PASSWORDS] = "SELECT address FROM password",
    [LETTERS_FORGET] = "DELETE FROM letters",
    [LETTERS_ADD] = "INSERT OR REPLACE INTO letters VALUES (?, ?)",
    [NOTE] = "INSERT INTO audit (who, verb, address, detail, time) VALUES (?, ?, ?, ?, ?)",
    [NOTE_TRIM] = "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?",
    [NOTE_LIST] = ("SELECT time, who, verb, address, detail FROM audit"
		   " WHERE ?1 IS NULL OR address = ?1 ORDER BY id DESC LIMIT ?2"),
    [OWNERS] = ("SELECT address FROM app UNION SELECT address FROM login"
		" UNION SELECT address FROM factor"),
    [GONE_ADD] = "INSERT OR IGNORE INTO gone VALUES (?, ?)",
    [GONE_FOUND] = "DELETE FROM gone WHERE address = ?",
    [GONE_SINCE] = "SELECT address FROM gone WHERE since <= ?",
};

const struct cabinet_kind secrets_kind = {1, schema, "", texts, SECRETS_STATEMENTS};
