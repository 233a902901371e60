// SPDX-License-Identifier: GPL-3.0-or-later
/* Secrets of those who are gone. */
#include "base/json_file.h"
#include "directory/secrets.h"
#include "directory/secrets_schema.h"

int secrets_forget_strangers(struct secrets *secrets, struct accounts *accounts,
			     struct error *error)
{
	_cleanup_json_ json_t *owners = json_array();
	const json_t *one;
	size_t i;
	int result = cabinet_begin(&secrets->cabinet, error);

	if (result < 0)
		return result;
	result = cabinet_list(&secrets->cabinet, PASSWORDS, cabinet_first, owners, error);
	json_array_foreach(owners, i, one)
	{
		bool here = false;

		if (result == 0)
			result = accounts_has(accounts, json_string_value(one), &here, error);
		if (result == 0 && !here)
			result = secrets_drop(secrets, json_string_value(one), error);
	}
	return cabinet_end(&secrets->cabinet, result, error);
}

int secrets_forget(struct secrets *secrets, const char *address, struct error *error)
{
	static const enum secrets_statement forget[] = {APP_FORGET, MAIN_FORGET, FACTOR_FORGET,
							RECOVERY_FORGET, GONE_FOUND};
	int result = secrets_drop(secrets, address, error);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(forget); i++)
		result = cabinet_run_with(&secrets->cabinet, forget[i], error, address, NULL);
	return result;
}

static int mark(struct secrets *secrets, struct accounts *accounts, int64_t now,
		struct error *error)
{
	_cleanup_json_ json_t *owners = json_array();
	const json_t *one;
	size_t i;
	int result = cabinet_list(&secrets->cabinet, OWNERS, cabinet_first, owners, error);

	json_array_foreach(owners, i, one)
	{
		const char *address = json_string_value(one);
		bool here = false;

		if (result == 0)
			result = accounts_has(accounts, address, &here, error);
		if (result == 0 && !here)
			cabinet_bind_number(&secrets->cabinet, GONE_ADD, 2, now);
		if (result == 0)
			result = cabinet_run_with(&secrets->cabinet, here ? GONE_FOUND : GONE_ADD,
						  error, address, NULL);
	}
	return result;
}

int secrets_forget_gone(struct secrets *secrets, struct accounts *accounts, int64_t now,
			struct error *error)
{
	_cleanup_json_ json_t *gone = json_array();
	const json_t *one;
	size_t i;
	int result = cabinet_begin(&secrets->cabinet, error);

	if (result < 0)
		return result;
	result = mark(secrets, accounts, now, error);
	cabinet_bind_number(&secrets->cabinet, GONE_SINCE, 1, now - SECRETS_GONE_S);
	if (result == 0)
		result = cabinet_list(&secrets->cabinet, GONE_SINCE, cabinet_first, gone, error);
	json_array_foreach(gone, i, one)
	{
		if (result == 0)
			result = secrets_forget(secrets, json_string_value(one), error);
	}
	return cabinet_end(&secrets->cabinet, result, error);
}
