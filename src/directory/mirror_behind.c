// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/mirror_behind.h"

#include <string.h>

#include "base/json_file.h"
#include "directory/accounts_recipient.h"
#include "directory/take.h"

static int name_one(struct directory *directory, const json_t *one, int64_t *named,
		    int64_t *left_out, struct error *error)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_free_ char *address = NULL;
	bool ours = false;

	if (take_address(one, &address, &none) < 0 ||
	    accounts_has_domain(&directory->accounts, strchr(address, '@') + 1, true, &ours,
				&none) < 0 ||
	    !ours) {
		++*left_out;
		return 0;
	}
	++*named;
	return accounts_name_recipient(&directory->accounts, address, error);
}

int mirror_behind_name(struct directory *directory, const json_t *question, int64_t *ret_named,
		       int64_t *ret_left_out, struct error *error)
{
	static const char *const lists[] = {"people", "aliases"};
	const json_t *one;
	size_t at;
	int result = accounts_begin_recipients(&directory->accounts, error);

	*ret_named = *ret_left_out = 0;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		json_array_foreach(json_object_get(question, lists[i]), at, one)
		{
			if (result == 0)
				result = name_one(directory, one, ret_named, ret_left_out, error);
		}
	return result;
}
