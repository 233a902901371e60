// SPDX-License-Identifier: GPL-3.0-or-later
#include "firstboot/selftest.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/random.h>

#include "base/digest.h"
#include "base/file.h"
#include "component/components.h"

/* The password has 256 random bits, so its plain SHA-256 gives nothing away. */
enum { PASSWORD_BYTES = 32, PASSWORD_SIZE = 2 * PASSWORD_BYTES + 1 };

static int password_make(char ret_password[PASSWORD_SIZE], struct error *error)
{
	unsigned char bytes[PASSWORD_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_errno(error, errno, "no random bytes");
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(ret_password + 2 * i, 3, "%02x", bytes[i]);
	explicit_bzero(bytes, sizeof(bytes));
	return 0;
}

int selftest_prepare(const char *run, struct error *error)
{
	_cleanup_free_ char *passwd = file_join(run, "selftest.passwd"), *line = NULL;
	_cleanup_free_ char *secret = file_join(run, "selftest.secret");
	const char *name = component_password_group();
	const struct group *group = name ? getgrnam(name) : NULL;
	char password[PASSWORD_SIZE], hash[DIGEST_TEXT_SIZE];
	EVP_MD_CTX *digest = digest_begin();
	int result;

	if (!group) {
		EVP_MD_CTX_free(digest);
		return error_set(error, ENOENT, "there is no group %s",
				 name ? name : "for passwords");
	}
	if (!digest || !passwd || !secret)
		return error_set(error, ENOMEM, "out of memory");
	/* Dovecot may not notice a second password within a second. */
	if (file_exists(passwd) && file_exists(secret)) {
		EVP_MD_CTX_free(digest);
		return 0;
	}
	result = password_make(password, error);
	digest_add(digest, password, strlen(password));
	digest_finish(digest, hash);
	if (result == 0 &&
	    asprintf(&line, "%s:{SHA256.HEX}%s::::::allow_nets=127.0.0.0/8,::1 nodelay=y\n",
		     SELFTEST_ADDRESS, hash) < 0)
		result = error_set(error, ENOMEM, "out of memory");
	if (result == 0)
		result = file_replace(passwd, line, strlen(line), 0640, 0, group->gr_gid, error);
	if (result == 0)
		result = file_replace(secret, password, strlen(password), 0400, 0, 0, error);
	explicit_bzero(password, sizeof(password));
	return result;
}
