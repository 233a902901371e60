// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "directory/directory.h"

/* Dovecot looks up \' as it is in its other tables (dovecot.conf). */
static void add_line(struct buffer *text, const char *address)
{
	for (; *address; address++)
		if (*address == '\'')
			buffer_addf(text, "’");
		else
			buffer_add(text, address, 1);
	buffer_add(text, ":\n", 2);
}

int directory_publish_main_off(struct directory *directory, struct error *error)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *off = json_array();
	const json_t *one;
	size_t i;
	int result = secrets_list_main_off(&directory->secrets, off, error);

	if (result < 0)
		return result;
	json_array_foreach(off, i, one) add_line(&text, json_string_value(one));
	if (text.failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(directory->main_off, buffer_text(&text), text.size, 0640, (uid_t)-1,
			    (gid_t)-1, error);
}

int directory_publish_apps(struct directory *directory, struct error *error)
{
	_cleanup_json_ json_t *report = NULL;
	int64_t apps;
	int result = secrets_count(&directory->secrets, &apps, error);

	if (result < 0)
		return result;
	report = json_pack("{s:I, s:b}", "apps", (json_int_t)apps, "damaged",
			   directory->secrets.damaged);
	return json_file_replace(directory->report, report, JSON_FILE_REPORT, 0644, error);
}
