// SPDX-License-Identifier: GPL-3.0-or-later
/* A language, such as de, en-GB or zh-Hant-TW (BCP 47, RFC 5646 section 2.1). */
#ifndef POSTCASK_TYPE_LANGUAGE_H
#define POSTCASK_TYPE_LANGUAGE_H

#include "base/error.h"
#include "settings/table.h"

/* In the letters that RFC 5646 section 2.1.1 recommends; "" is not known. */
_must_check_ int type_language(const struct setting *setting, const char *text, size_t size,
			       char **ret_value, struct error *error);

#endif
