/* Types of names and addresses: domains, mail addresses, hosts, networks, URLs. */
#ifndef POSTCASK_TYPE_NETWORK_H
#define POSTCASK_TYPE_NETWORK_H

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
int type_ip(const struct setting *setting, const char *text, size_t size, char **ret_value,
	    struct error *error);
int type_network(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error);
int type_host(const struct setting *setting, const char *text, size_t size, char **ret_value,
	      struct error *error);
int type_url(const struct setting *setting, const char *text, size_t size, char **ret_value,
	     struct error *error);

#endif
