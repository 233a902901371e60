/* Escaping: the only way by which a value reaches a configuration file.  One
 * function per syntax, each for one place in it (say, inside a Perl
 * single-quoted string).  What a syntax cannot represent is refused, whatever
 * the value was checked for before; control characters and invalid UTF-8 are
 * refused by all of them, except line breaks by `pem`. */
#ifndef POSTCASK_ESCAPE_H
#define POSTCASK_ESCAPE_H

#include <stddef.h>

#include "base/buffer.h"

struct escape {
	const char *name;
	/* Appends the escaped text.  Returns NULL, or why the text cannot stand
	 * here (a static sentence). */
	const char *(*write)(struct buffer *output, const char *text, size_t size);
};

/*	plain      [A-Za-z0-9._@+:/=-]*, nothing else
 *	postfix    a main.cf or master.cf parameter value (postconf(5)): `$` doubled; no
 *	           blanks at the ends, no `{` or `}` and no comma: lists are loops
 *	table      key or value of texthash/cidr/inline tables: one word
 *	dovecot    inside double quotes of dovecot.conf (2.4): `\` `"` escaped, `%` doubled
 *	passwd     one field of a Dovecot passwd-file: no `:`, no blanks at the ends
 *	perl       inside single quotes of Perl
 *	unbound    inside double quotes of unbound.conf: no `"`, `\` or `#`
 *	clamd      the one-word argument of a clamd.conf or freshclam.conf option
 *	ini        the value of a systemd-style file: `%` doubled; no `\` or quotes
 *	pem        letters, digits, `+/=- ` and line feeds
 * NULL when there is none of that name (`size` bytes). */
const struct escape *escape_find(const char *name, size_t size);

/* All of them, for tests: ends with a NULL name. */
extern const struct escape escapes[];

#endif
