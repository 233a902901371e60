// SPDX-License-Identifier: GPL-3.0-or-later
/* Domains with letters outside ASCII as people write them: in capitals, and with accents
 * as characters of their own (NFD, as macOS types them), or not.  There is one stored
 * form, the lower-case A-label; what follows is how the daemons come to it. */
#ifndef POSTCASK_LETTERS_H
#define POSTCASK_LETTERS_H

#include <jansson.h>

#include "base/cleanup.h"

/* So many domains are translated by a pattern each, which Dovecot compiles anew at every
 * look-up; those of more are looked up. */
#define LETTERS_PATTERNS 100

/* Adds to complete settings:
 *
 *	own_letters	{name, letters, pattern, written} of each domain, and of the
 *			hostname, that has A-labels: the name, its U-labels in lower case
 *			and NFC, the same as a regular expression, and one of all their
 *			forms (for pcre, without case)
 *	login_patterns	the first of them
 *	login_rows	whether there are more, which have a row (directory/secrets.h)
 *	spellings	{from, to, last}: replaced one after the other in a domain in lower
 *			case (of ASCII), each once, they leave its NFC; `last`: at the end
 *			of a word alone
 *	letter_bytes	characters that have all bytes of those letters in them
 *
 * 0 or -ENOMEM. */
_must_check_ int letters_derive(json_t *settings);

#endif
