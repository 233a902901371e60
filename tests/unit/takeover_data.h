// SPDX-License-Identifier: GPL-3.0-or-later
/* Other servers' data, made for these tests in the formats of the programs that write them. */
#ifndef POSTCASK_TEST_TAKEOVER_DATA_H
#define POSTCASK_TEST_TAKEOVER_DATA_H

#define GOOD                                                                                       \
	"$6$c4bbcb1fbec99d65$FbgBjkKmQlAt2E2vqcbMmgApBY7DlcEnJRiTOf3/"                             \
	"bSjEaTIQ3DKpypcVdH5jInyMjj48RG/bFL49E5v2DbRES/"
#define BCRYPT "$2y$10$KN//hNIGuMvW0Gcvrnoet.6vL0x6vJA.Gyr/2.IF/X3/1Z0JeKZsi"
#define MD5    "$1$370f7643$bXOW.w4J7DKaGwUcRtqi51"

/* mysqldump of a mailcow. */
#define MAILCOW                                                                                    \
	"/*M!999999\\- enable the sandbox mode */ \n"                                              \
	"-- MariaDB dump 10.19  Distrib 10.11.6-MariaDB, for debian-linux-gnu (x86_64)\n"          \
	"--\n-- Host: localhost    Database: mailcow\n"                                            \
	"/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;\n"                      \
	"DROP TABLE IF EXISTS `alias`;\n"                                                          \
	"/*!40101 SET @saved_cs_client     = @@character_set_client */;\n"                         \
	"CREATE TABLE `alias` (\n"                                                                 \
	"  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `address` varchar(255) NOT NULL,\n"            \
	"  `goto` text NOT NULL,\n  `domain` varchar(255) NOT NULL,\n"                             \
	"  `created` datetime NOT NULL DEFAULT current_timestamp(),\n"                             \
	"  `private_comment` text DEFAULT NULL,\n"                                                 \
	"  `sogo_visible` tinyint(1) NOT NULL DEFAULT 1,\n"                                        \
	"  `active` tinyint(1) NOT NULL DEFAULT 1,\n"                                              \
	"  PRIMARY KEY (`id`),\n  UNIQUE KEY `address` (`address`),\n"                             \
	"  KEY `domain` (`domain`)\n"                                                              \
	") ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4 ROW_FORMAT=DYNAMIC;\n"           \
	"LOCK TABLES `alias` WRITE;\n/*!40000 ALTER TABLE `alias` DISABLE KEYS */;\n"              \
	"INSERT INTO `alias` VALUES\n"                                                             \
	"(1,'ann@example.org','ann@example.org','example.org','2024-01-01 00:00:00',NULL,1,1),\n"  \
	"(2,'Team@Example.ORG','ann@example.org, Bea@far.example,ann@example.org','example.org',"  \
	"'2024-01-01 00:00:00','it\\'s \\\"ours\\\"; (yes), \\\\',1,1),\n"                         \
	"(3,'trap@example.org','null@localhost','example.org','2024-01-01 00:00:00',NULL,1,1),\n"  \
	"(4,'@example.org','ann@example.org','example.org','2024-01-01 00:00:00',NULL,1,1),\n"     \
	"(5,'off@example.org','ann@example.org','example.org','2024-01-01 00:00:00','',1,0);\n"    \
	"UNLOCK TABLES;\n"                                                                         \
	"CREATE TABLE `app_passwd` (\n  `id` int(11) NOT NULL,\n  `name` varchar(255) NOT NULL,\n" \
	"  `mailbox` varchar(255) NOT NULL,\n  `password` varchar(255) NOT NULL\n);\n"             \
	"INSERT INTO `app_passwd` VALUES (1,'telephone','ann@example.org','{BLF-CRYPT}x');\n"      \
	"CREATE TABLE `domain` (\n  `domain` varchar(255) NOT NULL,\n"                             \
	"  `description` varchar(255) DEFAULT NULL,\n"                                             \
	"  `active` tinyint(1) NOT NULL DEFAULT 1,\n  PRIMARY KEY (`domain`)\n) ENGINE=InnoDB;\n"  \
	"INSERT INTO `domain` VALUES ('example.org',NULL,1),('off.example','',0);\n"               \
	"CREATE TABLE `alias_domain` (\n  `alias_domain` varchar(255) NOT NULL,\n"                 \
	"  `target_domain` varchar(255) NOT NULL,\n  `active` tinyint(1) NOT NULL DEFAULT 1\n);\n" \
	"CREATE TABLE `mailbox` (\n  `username` varchar(255) NOT NULL,\n"                          \
	"  `password` varchar(255) NOT NULL,\n  `name` varchar(255) DEFAULT NULL,\n"               \
	"  `quota` bigint(20) NOT NULL DEFAULT 102400,\n  `local_part` varchar(255) NOT NULL,\n"   \
	"  `attributes` longtext CHARACTER SET utf8mb4 COLLATE utf8mb4_bin DEFAULT NULL CHECK "    \
	"(json_valid(`attributes`)),\n  `kind` varchar(100) NOT NULL DEFAULT '',\n"                \
	"  `authsource` enum('mailcow','keycloak','ldap') DEFAULT 'mailcow',\n"                    \
	"  `active` tinyint(1) NOT NULL DEFAULT 1,\n  PRIMARY KEY (`username`)\n);\n"              \
	"INSERT INTO `mailbox` VALUES ('ann@example.org','{BLF-CRYPT}" BCRYPT                      \
	"','Ann \\'A\\' Ünal',3221225472,'ann','{\\\"force_pw_update\\\":\\\"0\\\","              \
	"\\\"imap_access\\\":\\\"1\\\",\\\"pop3_access\\\":\\\"0\\\"}','','mailcow',1),"           \
	"('ben@example.org','{BLF-CRYPT}" BCRYPT "',NULL,-1,'ben','{}','','keycloak',2),"          \
	"('room@example.org','{BLF-CRYPT}" BCRYPT "','',0,'room','{}','location','mailcow',1),"    \
	"('x@off.example','x','',0,'x','{}','','mailcow',1);\n"                                    \
	"CREATE TABLE `sender_acl` (\n  `id` int(11) NOT NULL,\n"                                  \
	"  `logged_in_as` varchar(255) NOT NULL,\n  `send_as` varchar(255) NOT NULL,\n"            \
	"  `external` tinyint(1) NOT NULL DEFAULT 0\n);\n"                                         \
	"INSERT INTO `sender_acl` VALUES (1,'ann@example.org','boss@example.org',0);\n"            \
	"DELIMITER ;;\n/*!50003 CREATE*/ /*!50106 EVENT `clean` DO BEGIN\n"                        \
	"DELETE FROM x; END */ ;;\nBEGIN\nINSERT INTO mailbox VALUES ('evil@example.org');;\n"     \
	"DELIMITER ;\n-- Dump completed on 2024-01-01  0:00:00\n"

/* sqlite3 .dump of a PostfixAdmin. */
#define SQLITE_DUMP                                                                                \
	"PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\n"                                           \
	"CREATE TABLE \"mailbox\" (\"username\" varchar(255) NOT NULL PRIMARY KEY, password "      \
	"varchar(255), name varchar(255), quota bigint, active int);\n"                            \
	"INSERT INTO mailbox VALUES('ann@example.org','" MD5 "','back\\slash ''q''',0,1);\n"       \
	"INSERT INTO mailbox VALUES('bea@example.org','{PLAIN-MD5}x',"                             \
	"replace('two\\nlines','\\n',char(10)),0,1);\n"                                            \
	"CREATE TABLE alias (address varchar(255), goto text, active int);\n"                      \
	"CREATE TABLE domain (domain varchar(255), active int);\nCOMMIT;\n"

/* pg_dump, plain. */
#define POSTGRES_DUMP                                                                              \
	"--\n-- PostgreSQL database dump\n--\n\n\\restrict abc'def\n"                              \
	"SET standard_conforming_strings = on;\n"                                                  \
	"CREATE FUNCTION public.f() RETURNS trigger\n    LANGUAGE plpgsql\n"                       \
	"    AS $_$ BEGIN; INSERT INTO mailbox VALUES ('evil@example.org'); $x $_ $$ $_$;\n"       \
	"CREATE TABLE public.alias (\n    address character varying(255) NOT NULL,\n"              \
	"    goto text NOT NULL,\n    active boolean DEFAULT true NOT NULL\n);\n"                  \
	"COPY public.alias (address, goto, active) FROM stdin;\n"                                  \
	"team@example.org\tann@example.org,far@far.example\tt\n"                                   \
	"\\N\t\\N\tt\n"                                                                            \
	"off@example.org\tann@example.org\tf\n\\.\n\n"                                             \
	"COPY public.log (\"timestamp\", data) FROM stdin;\n\\N\t'\n\\.\n"                         \
	"COPY public.domain (domain, active) FROM stdin;\nexample.org\tt\n\\.\n"                   \
	"COPY public.mailbox (username, password, name, quota, active) FROM stdin;\n"              \
	"ann@example.org\t{CRYPT}" GOOD "\t\\101nn\\\\ \\x41\t1\tt\n\\.\n"                         \
	"\\unrestrict abc\n"

#endif
