// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/secrets.h"

#include <errno.h>
#include <string.h>

#include "base/json_file.h"
#include "directory/secrets_schema.h"

int secrets_open(struct secrets *secrets, const char *path, struct error *error)
{
	return cabinet_open(&secrets->cabinet, path, &secrets_kind, error);
}

void secrets_close(struct secrets *secrets)
{
	cabinet_close(&secrets->cabinet);
}

/* ---- The record ---- */

int secrets_note(struct secrets *secrets, const struct change *change, const char *verb,
		 const char *address, const char *detail, struct error *error)
{
	struct cabinet *cabinet = &secrets->cabinet;
	int result;

	cabinet_bind_number(cabinet, NOTE, 5, change->now);
	result = cabinet_run_with(cabinet, NOTE, error, change->who, verb, address, detail, NULL);
	if (result < 0)
		return result;
	cabinet_bind_number(cabinet, NOTE_TRIM, 1, SECRETS_AUDIT);
	return cabinet_run(cabinet, NOTE_TRIM, error);
}

static json_t *make_note(sqlite3_stmt *row)
{
	return json_pack("{s:I, s:s, s:s, s:s, s:s}", "time",
			 (json_int_t)sqlite3_column_int64(row, 0), "who", cabinet_text(row, 1),
			 "verb", cabinet_text(row, 2), "address", cabinet_text(row, 3), "detail",
			 cabinet_text(row, 4));
}

int secrets_history(struct secrets *secrets, const char *address, int most, json_t *list,
		    struct error *error)
{
	cabinet_bind(&secrets->cabinet, NOTE_LIST, 1, address);
	cabinet_bind_number(&secrets->cabinet, NOTE_LIST, 2, most);
	return cabinet_list(&secrets->cabinet, NOTE_LIST, make_note, list, error);
}

/* ---- Main passwords ---- */

int secrets_put(struct secrets *secrets, const char *address, const char *hash, bool enabled,
		struct error *error)
{
	int result;

	cabinet_bind_number(&secrets->cabinet, PASSWORD_PUT, 3, enabled);
	result = cabinet_run_with(&secrets->cabinet, PASSWORD_PUT, error, address, hash, NULL);
	return result < 0 ? result : cabinet_changed(&secrets->cabinet);
}

int secrets_drop(struct secrets *secrets, const char *address, struct error *error)
{
	int result = cabinet_run_with(&secrets->cabinet, PASSWORD_DROP, error, address, NULL);

	return result < 0
		   ? result
		   : cabinet_run_with(&secrets->cabinet, ELSEWHERE_DROP, error, address, NULL);
}

int secrets_put_elsewhere(struct secrets *secrets, const char *address, const char *dn,
			  bool enabled, struct error *error)
{
	int result = secrets_put(secrets, address, SECRETS_ELSEWHERE, enabled, error);

	return result < 0
		   ? result
		   : cabinet_run_with(&secrets->cabinet, ELSEWHERE_PUT, error, address, dn, NULL);
}

int secrets_forget_elsewhere(struct secrets *secrets, struct error *error)
{
	return cabinet_run(&secrets->cabinet, ELSEWHERE_FORGET, error);
}

int secrets_hash(struct secrets *secrets, const char *address, char **ret_hash, struct error *error)
{
	_cleanup_json_ json_t *found = json_array();
	int result;

	cabinet_bind(&secrets->cabinet, PASSWORD_OF, 1, address);
	result = cabinet_list(&secrets->cabinet, PASSWORD_OF, cabinet_first, found, error);
	*ret_hash = NULL;
	if (result < 0 || json_array_size(found) == 0)
		return result;
	*ret_hash = strdup(json_string_value(json_array_get(found, 0)));
	return *ret_hash ? 0 : error_set(error, ENOMEM, "out of memory");
}

int secrets_forget_letters(struct secrets *secrets, struct error *error)
{
	return cabinet_run(&secrets->cabinet, LETTERS_FORGET, error);
}

int secrets_add_letters(struct secrets *secrets, const char *letters, const char *domain,
			struct error *error)
{
	return cabinet_run_with(&secrets->cabinet, LETTERS_ADD, error, letters, domain, NULL);
}

int secrets_set_main(struct secrets *secrets, const char *address, bool on,
		     const struct change *change, struct error *error)
{
	int result = cabinet_begin(&secrets->cabinet, error);

	if (result < 0)
		return result;
	cabinet_bind_number(&secrets->cabinet, MAIN_SET, 2, on);
	result = cabinet_run_with(&secrets->cabinet, MAIN_SET, error, address, NULL);
	if (result == 0)
		result = secrets_note(secrets, change, "main-password", address, on ? "on" : "off",
				      error);
	return cabinet_end(&secrets->cabinet, result, error);
}

int secrets_list_main_off(struct secrets *secrets, json_t *list, struct error *error)
{
	return cabinet_list(&secrets->cabinet, MAIN_OFF, cabinet_first, list, error);
}
