// SPDX-License-Identifier: GPL-3.0-or-later
/* Escaping: the only way by which a value reaches a configuration file.  One
 * function per syntax, each for one place in it (say, inside a Perl
 * single-quoted string).  What a syntax cannot represent is refused, whatever
 * the value was checked for before.  Control characters, line separators and
 * invalid UTF-8 are refused before a syntax is asked, so that none can forget it;
 * only `pem`, `lines` and `sieve` may have line feeds. */
#ifndef POSTCASK_ESCAPE_H
#define POSTCASK_ESCAPE_H

#include <stddef.h>

#include "base/buffer.h"

/* One syntax; what it does with a text is reached by escape_write alone. */
struct escape;

/*	plain      [A-Za-z0-9._@+:/=-]*, nothing else
 *	postfix    a main.cf or master.cf parameter value (postconf(5)): `$` doubled; no
 *	           blanks at the ends, no `{` or `}` and no comma: lists are loops
 *	table      key or value of texthash/cidr/inline tables: one word
 *	dovecot    inside double quotes of dovecot.conf (2.4): `\` `"` escaped, `%{`
 *	           written `%%{`
 *	line       all of a line behind a word, blanks at its ends too (directory/apply.c)
 *	perl       inside single quotes of Perl
 *	unbound    inside double quotes of unbound.conf: no `"`, `\` or `#`
 *	clamd      the one-word argument of a clamd.conf or freshclam.conf option
 *	ini        the value of a systemd-style file: `%` doubled; no `\` or quotes
 *	lighttpd   inside double quotes of lighttpd.conf: no `"`, `\`, `$` or `%`
 *	xml        text of XML and HTML, also inside quotes: `& < > " '` as entities
 *	pem        letters, digits, `+/=- ` and line feeds
 *	lines      an administrator's own lines (mail.extra), as they are: line feeds and
 *	           tabs too; does not begin with a blank, which would continue the line
 *	           before it
 *	sieve      inside double quotes of Sieve (RFC 5228, 2.4.2): `\` `"` escaped; line feeds and
 *	           tabs too.  Not for a script that requires "variables" or "encoded-character"
 *	pattern    a regular expression that postcask made of letters: nothing of what
 *	           quotes or ends one in Postfix's tables and in dovecot.conf
 * NULL when there is none of that name (`size` bytes). */
const struct escape *escape_find(const char *name, size_t size);

/* Appends the escaped text.  Returns NULL, or why the text cannot stand here (a
 * static sentence); nothing is appended then. */
_must_check_ const char *escape_write(const struct escape *escape, struct buffer *output,
				      const char *text, size_t size);

const char *escape_name(const struct escape *escape);

/* All of them in turn, for tests: begins and ends with NULL. */
const struct escape *escape_next(const struct escape *previous);

#endif
