// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/mta_sts.h"

#include <errno.h>
#include <string.h>

#include "base/digest.h"

void mta_sts_policy(const char *hostname, bool enforce, struct buffer *policy)
{
	buffer_addf(policy, "version: STSv1\r\nmode: %s\r\nmx: %s\r\nmax_age: %d\r\n",
		    enforce ? "enforce" : "testing", hostname, enforce ? 31557600 : 604800);
}

int mta_sts_id(const char *policy, char ret_id[MTA_STS_ID_SIZE], struct error *error)
{
	EVP_MD_CTX *digest = digest_begin();
	char hash[DIGEST_TEXT_SIZE];

	if (!digest)
		return error_set(error, ENOMEM, "out of memory");
	digest_add(digest, policy, strlen(policy));
	digest_finish(digest, hash);
	snprintf(ret_id, MTA_STS_ID_SIZE, "%.20s", hash);
	return 0;
}
