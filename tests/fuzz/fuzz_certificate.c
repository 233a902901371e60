// SPDX-License-Identifier: GPL-3.0-or-later
/* PEM as a person or an attacker writes it in the settings: whatever the bytes are,
 * they are refused with a sentence or accepted, and nothing is ever asked on the
 * terminal.  The input is a certificate, a line "%%", and a key. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "certificate/certificate.h"
#include "certificate/certificate_pem.h"

#define NOW INT64_C(1800000000)

static void check_given(const char *certificate, const char *key)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int result = certificate_check_pem(certificate, key, "mail.example.org", NOW, &error);

	if ((result < 0) != (error.code < 0) || (result < 0 && !error.text))
		abort();
}

/* What is read can be written, and what was written is read as the same. */
static void check_round_trip(const char *text, size_t size)
{
	_cleanup_(key_chain_clear) struct key_chain first = KEY_CHAIN_INIT, second = KEY_CHAIN_INIT;
	_cleanup_(cleanup_bio) BIO *written = NULL;
	char *bytes;
	long length;

	if (key_chain_parse(text, size, &first, NULL) < 0)
		return;
	written = key_chain_format(first.key, first.chain);
	if (!written)
		return;
	length = BIO_get_mem_data(written, &bytes);
	if (key_chain_parse(bytes, (size_t)length, &second, NULL) < 0 ||
	    !first.key != !second.key || !first.chain != !second.chain)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1), *key;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	check_round_trip(text, size);
	key = strstr(text, "%%\n");
	if (key) {
		*key = '\0';
		check_given(text, key + 3);
	} else {
		check_given(text, text);
	}
	free(text);
	return 0;
}
