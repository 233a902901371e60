// SPDX-License-Identifier: GPL-3.0-or-later
/* What strangers say to postcask-tokens: an issuer's configuration and keys, a token that somebody
 * shows, and a header of https.  The first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tokens_made.h"
#include "tokens/fetch.h"
#include "tokens/jwks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was taken is a key of a name that can be kept, and comes back from the disk as it was. */
static void check_keys(const char *bytes, size_t size)
{
	struct keyring ring = {0}, again = {0};
	struct jwks jwks;
	json_t *kept;

	if (jwks_parse(bytes, size, &jwks, NULL) == 0) {
		for (size_t i = 0; i < jwks.count; i++)
			if (!jwks_is_name(jwks.keys[i].name) || !jwks.keys[i].algorithms)
				abort();
		keyring_take(&ring, &jwks, 1700000000, 60);
		kept = keyring_write(&ring, "https://id.example.org");
		if (!keyring_read(&again, kept, "https://id.example.org") ||
		    again.count != ring.count)
			abort();
		json_decref(kept);
	}
	jwks_free(&jwks);
	keyring_free(&ring);
	keyring_free(&again);
}

/* Nobody without the keys makes a good one: those of the corpus are known. */
static void check_token(const char *bytes, size_t size)
{
	static const struct issuer issuer = {.url = "https://id.example.org",
					     .audience = "mail",
					     .claim = "email",
					     .clients = {"roundcube"},
					     .client_count = 1};
	static struct keyring ring;
	char address[JWT_ADDRESS + 1];
	struct jwks jwks;
	const char *why;

	if (ring.count == 0) {
		if (jwks_parse(TOKENS_MADE_KEYS, strlen(TOKENS_MADE_KEYS), &jwks, NULL) < 0)
			abort();
		keyring_take(&ring, &jwks, 1700000000, 60);
	}
	if (jwt_judge((struct slice){bytes, size}, &issuer, &ring, 1700000000, address, &why) ==
		JWT_GOOD &&
	    strcmp(address, "alice@example.org") != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char url[JWKS_URL + 1], *copy;

	if (size < 1)
		return 0;
	copy = malloc(size); /* the header has a NUL behind it, the others have not */
	memcpy(copy, data + 1, size - 1);
	copy[size - 1] = '\0';
	if (data[0] == 'k')
		check_keys(copy, size - 1);
	else if (data[0] == 'c')
		(void)!jwks_find(copy, size - 1, "https://id.example.org", url, NULL);
	else if (data[0] == 'h' && fetch_max_age(copy) < 0)
		abort();
	else
		check_token(copy, size - 1);
	free(copy);
	return 0;
}
