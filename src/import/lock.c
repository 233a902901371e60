// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/lock.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"

#define LOCK_FOLDER "/run/postcask"

enum { LOCK_DIGITS = 16 };

int import_lock(const char *home, const char *user, int *ret, struct error *error)
{
	char digits[DIGEST_TEXT_SIZE], path[128];
	EVP_MD_CTX *digest = digest_begin();

	if (!digest)
		return error_set(error, ENOMEM, "out of memory");
	digest_add(digest, home, strlen(home));
	digest_finish(digest, digits);
	snprintf(path, sizeof(path), LOCK_FOLDER "/import-%.*s.lock", LOCK_DIGITS, digits);
	if (file_lock(path, 0, ret, error) < 0)
		return error_set(error, EBUSY,
				 "an import or a conversion for %s is under way already", user);
	return 0;
}
