// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/type_folder.h"

#include <errno.h>
#include <string.h>

#include "settings/type_name.h"
#include "settings/type_refuse.h"

/* Bytes; as long a name as has room on the disk beside those of folders in it. */
enum { FOLDER_MAX = 60 };

static bool may_stand(unsigned char c)
{
	return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || (c && strchr(" -_.,+&'()@", c));
}

int type_folder(const struct setting *setting _unused_, const char *text, size_t size,
		char **ret_value, struct error *error)
{
	if (size == 0)
		return error_set(error, -EINVAL, "an empty name; write one such as Announcements");
	if (size > FOLDER_MAX)
		return type_refuse(error, text, size, "is too long; write at most 60 characters");
	if (type_refuse_control(text, size, error) < 0)
		return -EINVAL;
	for (size_t i = 0; i < size; i++)
		if (!may_stand((unsigned char)text[i]))
			return type_refuse(error, text, size,
					   "is no folder's name; write letters, digits, blanks "
					   "and -_.,+&'()@");
	if (text[0] == ' ' || text[size - 1] == ' ')
		return type_refuse(error, text, size,
				   "begins or ends with a blank; write it without");
	*ret_value = strndup(text, size);
	return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
}

int type_readers(const struct setting *setting, const char *text, size_t size, char **ret_value,
		 struct error *error)
{
	if (size == strlen("everyone") && memcmp(text, "everyone", size) == 0) {
		*ret_value = strdup("everyone");
		return *ret_value ? 0 : error_set(error, -ENOMEM, "out of memory");
	}
	return type_addresses(setting, text, size, ret_value, error);
}
