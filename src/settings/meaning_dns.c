// SPDX-License-Identifier: GPL-3.0-or-later
/* The name server that takes the machine's records. */
#include <string.h>

#include <openssl/evp.h>

#include "settings/rule.h"

enum {
	SECRET_MAX = 1024, /* the row's maximum */
	SECRET_BYTES_MIN = 16,
};

#define KEY_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* How many bytes the base64 is of; -1 when it is none. */
static int secret_bytes(const char *text)
{
	unsigned char bytes[SECRET_MAX];
	size_t size = strlen(text), padding = size - strcspn(text, "=");
	int decoded = -1;

	if (size > 0 && size <= SECRET_MAX && size % 4 == 0 && padding <= 2)
		decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size);
	explicit_bzero(bytes, sizeof(bytes));
	return decoded < 0 ? -1 : decoded - (int)padding;
}

static int check_update(struct check *check)
{
	const struct node *node = node_get(node_get(check->meaning->mail, "dns"), "update");
	const json_t *update = json_object_get(json_object_get(check->settings, "dns"), "update");
	const char *server = rule_text(update, "server"), *key = rule_text(update, "key");
	const char *secret = rule_text(update, "secret");
	bool any = (server && server[0]) || (key && key[0]) || (secret && secret[0]);

	if (!node || !server || !key || !secret || !any)
		return 0;
	if (key[strspn(key, KEY_LETTERS)])
		diagnostics_error(check->diagnostics, rule_mark(node, "key"),
				  "%s is no name of a key; write letters, digits, dots, - and _",
				  key);
	if (secret[0] && secret_bytes(secret) < 0)
		diagnostics_error(check->diagnostics, rule_mark(node, "secret"),
				  "the secret is no base64; write it as the name server's "
				  "configuration has it, in one piece");
	else if (secret[0] && secret_bytes(secret) < SECRET_BYTES_MIN)
		diagnostics_error(check->diagnostics, rule_mark(node, "secret"),
				  "the secret is too short; make a new key, with `keymgr -t NAME "
				  "hmac-sha256` or `tsig-keygen`");
	if (!server[0] || !key[0] || !secret[0])
		diagnostics_error(check->diagnostics, rule_mark(node, "server"),
				  "dns.update needs all of server, key and secret; write the "
				  "missing one, or none of them");
	return 0;
}

const struct rule meaning_dns[] = {
    {"`dns.update` has all of `dns.update.server`, `dns.update.key` and `dns.update.secret`, or "
     "none; the secret is base64 of at least 128 bits.",
     check_update},
    {0},
};
