// SPDX-License-Identifier: GPL-3.0-or-later
/* What a document that a stranger made may cost, whoever reads it. */
#ifndef POSTCASK_TEXT_LIMITS_H
#define POSTCASK_TEXT_LIMITS_H

enum {
	TEXT_DOCUMENT = 16 * 1024 * 1024, /* bytes of it; Dovecot indexes no larger message */
	TEXT_WORDS = 2 * 1024 * 1024,	  /* bytes of its text; what comes then is left out */
	TEXT_UNPACKED = 48 * 1024 * 1024, /* bytes of what is packed in it */
	TEXT_RATIO = 200,		  /* times as long as it came */
	TEXT_ENTRIES = 2000,		  /* files in it */
	TEXT_DEPTH = 200,		  /* of elements, or groups, inside each other */
	TEXT_SECONDS = 10,		  /* to read it */
	TEXT_IDLE_SECONDS = 10,		  /* for Dovecot to go on */
};

#endif
