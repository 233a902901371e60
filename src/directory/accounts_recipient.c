// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/accounts_recipient.h"

#include "directory/accounts_schema.h"

int accounts_begin_recipients(struct accounts *accounts, struct error *error)
{
	return cabinet_run(&accounts->cabinet, SEEN_FORGET, error);
}

int accounts_name_recipient(struct accounts *accounts, const char *address, struct error *error)
{
	return cabinet_run_with(&accounts->cabinet, SEEN_ADD, error, address, NULL);
}

int accounts_count_recipients(struct accounts *accounts, int64_t *ret_before, int64_t *ret_gone,
			      struct error *error)
{
	int result = cabinet_number(&accounts->cabinet, RECIPIENT_COUNT, ret_before, error);

	return result < 0 ? result
			  : cabinet_number(&accounts->cabinet, RECIPIENT_UNSEEN, ret_gone, error);
}

int accounts_put_recipients(struct accounts *accounts, struct error *error)
{
	int result = cabinet_run(&accounts->cabinet, RECIPIENT_DROP, error);

	return result < 0 ? result : cabinet_run(&accounts->cabinet, RECIPIENT_TAKE, error);
}

int accounts_forget_recipients(struct accounts *accounts, struct error *error)
{
	return cabinet_run(&accounts->cabinet, RECIPIENT_FORGET, error);
}
