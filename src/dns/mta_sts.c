// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/mta_sts.h"

#include <string.h>

#include "base/buffer.h"
#include "base/digest.h"

enum {
	WEEK = 604800,
	YEAR = 31557600, /* the most that RFC 8461 §3.2 allows */
};

char *mta_sts_policy(const char *host, const char *mode)
{
	struct buffer text = BUFFER_INIT;

	buffer_addf(&text, "version: STSv1\nmode: %s\nmx: %s\nmax_age: %d\n", mode, host,
		    strcmp(mode, "enforce") == 0 ? YEAR : WEEK);
	return buffer_take(&text);
}

void mta_sts_id(const char *policy, char ret_id[MTA_STS_ID_SIZE])
{
	char whole[DIGEST_TEXT_SIZE];
	EVP_MD_CTX *digest = digest_begin();

	ret_id[0] = '\0';
	if (!digest)
		return;
	digest_add(digest, policy, strlen(policy));
	digest_finish(digest, whole);
	memcpy(ret_id, whole, MTA_STS_ID_SIZE - 1);
	ret_id[MTA_STS_ID_SIZE - 1] = '\0';
}
