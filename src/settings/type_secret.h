// SPDX-License-Identifier: GPL-3.0-or-later
/* Types that hold secrets: password hashes and PEM.  No message ever quotes the
 * value. */
#ifndef POSTCASK_TYPE_SECRET_H
#define POSTCASK_TYPE_SECRET_H

#include "base/error.h"
#include "settings/table.h"

int type_check_password_hash(const struct setting *setting, const char *text, size_t size,
			     char **ret_value, struct error *error);
int type_check_certificate(const struct setting *setting, const char *text, size_t size,
			   char **ret_value, struct error *error);
int type_check_private_key(const struct setting *setting, const char *text, size_t size,
			   char **ret_value, struct error *error);

#endif
