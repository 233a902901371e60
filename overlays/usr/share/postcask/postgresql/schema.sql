-- SPDX-License-Identifier: GPL-3.0-or-later
-- People and aliases that several machines share: what postcask-mirror(8) reads.  To be run once, by
-- the owner of the database; it may be run again.
--
--	createdb postcask
--	psql -1 -v ON_ERROR_STOP=1 -d postcask -f schema.sql
--	psql -d postcask -c "CREATE ROLE postcask_mirror LOGIN IN ROLE mail_read" -c "\password postcask_mirror"
--
-- mail_read sees two views, which is what a machine needs, and hashes are among it.  mail_write may
-- change people and aliases.  Each change is told at once to the machines that listen.

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mail_read') THEN
        CREATE ROLE mail_read NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'mail_write') THEN
        CREATE ROLE mail_write NOLOGIN;
    END IF;
END
$$;

CREATE SCHEMA IF NOT EXISTS mail;

-- A mailbox.  The address is in small letters, its domain as A-labels.  hash is as in
-- users[].password_hash of the settings; without one no password is right.  Who is not enabled gets
-- mail and may not log in.  0 is no limit.  rules is a Sieve script, see postcask-rules(8).
-- filter is as users[].filter of the settings: {"mark": 4.5, "allow": ["@example.com"]}.
CREATE TABLE IF NOT EXISTS mail.account (
    address text PRIMARY KEY CHECK (address = lower(address) AND address LIKE '_%@_%'
        AND length(address) <= 320),
    name text NOT NULL DEFAULT '' CHECK (octet_length(name) <= 200),
    hash text CHECK (octet_length(hash) <= 1024),
    enabled boolean NOT NULL DEFAULT true,
    quota_mib integer NOT NULL DEFAULT 0 CHECK (quota_mib BETWEEN 0 AND 16777216),
    quota_messages integer NOT NULL DEFAULT 0 CHECK (quota_messages BETWEEN 0 AND 1000000000),
    language text NOT NULL DEFAULT '' CHECK (octet_length(language) <= 35),
    forward_keep boolean NOT NULL DEFAULT true,
    rules text NOT NULL DEFAULT '' CHECK (octet_length(rules) <= 32768),
    filter json NOT NULL DEFAULT '{}' CHECK (octet_length(filter::text) <= 65536)
);

-- Where somebody's mail goes on to, one row for each address.
CREATE TABLE IF NOT EXISTS mail.forward (
    address text NOT NULL REFERENCES mail.account ON DELETE CASCADE ON UPDATE CASCADE,
    target text NOT NULL CHECK (length(target) <= 320),
    PRIMARY KEY (address, target)
);

-- An address without a mailbox, one row for each address that it leads to.
CREATE TABLE IF NOT EXISTS mail.alias (
    address text NOT NULL CHECK (address = lower(address) AND address LIKE '_%@_%'
        AND length(address) <= 320),
    target text NOT NULL CHECK (length(target) <= 320),
    PRIMARY KEY (address, target)
);

CREATE OR REPLACE VIEW mail.mirror_person AS
    SELECT account.address, json_build_object('address', account.address, 'name', name,
        'hash', hash, 'enabled', enabled, 'quota_mib', quota_mib,
        'quota_messages', quota_messages, 'language', language, 'forward_keep', forward_keep,
        'rules', rules, 'filter', filter, 'forward', (SELECT coalesce(json_agg(target ORDER BY target), '[]')
            FROM mail.forward WHERE forward.address = account.address)) AS person
    FROM mail.account;

CREATE OR REPLACE VIEW mail.mirror_alias AS
    SELECT address, json_build_object('address', address,
        'to', json_agg(target ORDER BY target)) AS alias
    FROM mail.alias GROUP BY address;

-- Once a transaction, when it is whole: equal news of one are one.
CREATE OR REPLACE FUNCTION mail.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NOTIFY postcask;
    RETURN NULL;
END
$$;

DO $$
DECLARE
    changed text;
BEGIN
    FOREACH changed IN ARRAY ARRAY['account', 'forward', 'alias'] LOOP
        EXECUTE format('DROP TRIGGER IF EXISTS tell ON mail.%I', changed);
        EXECUTE format('CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON mail.%I'
            ' FOR EACH STATEMENT EXECUTE FUNCTION mail.tell()', changed);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA mail TO mail_read, mail_write;
GRANT SELECT ON mail.mirror_person, mail.mirror_alias TO mail_read, mail_write;
GRANT SELECT, INSERT, UPDATE, DELETE ON mail.account, mail.forward, mail.alias TO mail_write;
