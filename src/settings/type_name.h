// SPDX-License-Identifier: GPL-3.0-or-later
/* Types of names: domains, host names, mail addresses. */
#ifndef POSTCASK_TYPE_NAME_H
#define POSTCASK_TYPE_NAME_H

#include "base/error.h"
#include "settings/table.h"

int type_domain(const struct setting *setting, const char *text, size_t size, char **ret_value,
		struct error *error);
int type_hostname(const struct setting *setting, const char *text, size_t size, char **ret_value,
		  struct error *error);
int type_mailbox(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error);
int type_address(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error);
/* The same, and "@.domain", written so or as ".domain", for a domain and all below it. */
int type_senders(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error);

int type_addresses(const struct setting *setting, const char *text, size_t size, char **ret_value,
		   struct error *error);

/* The same, or one of the words anyone, domain and members. */
int type_writers(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error);
#endif
