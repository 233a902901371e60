// SPDX-License-Identifier: GPL-3.0-or-later
/* A QR code on a terminal, read back module by module. */
#include "test.h"

#include <qrencode.h>
#include <string.h>

#include "base/cleanup.h"
#include "command/qr_terminal.h"

enum { QUIET = 2 };

#define BEGIN "\033[30;107m"
#define END   "\033[0m\n"

static const char text[] =
    "otpauth://totp/mail.example.org:alice%40example.org?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    "&issuer=mail.example.org&algorithm=SHA1&digits=6&period=30";

static bool dark(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       code->data[y * code->width + x] & 1;
}

/* Takes a character from the front: bit 0 is its upper half, bit 1 its lower one. */
static int take_halves(const char **at)
{
	static const char *const characters[] = {" ", "▀", "▄", "█"};

	for (int i = 0; i < 4; i++) {
		size_t size = strlen(characters[i]);

		if (strncmp(*at, characters[i], size) != 0)
			continue;
		*at += size;
		return i;
	}
	fail_msg("no half: %.8s", *at);
	return 0;
}

static void it_is_the_code(void **state _unused_)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	_cleanup_free_ char *shown = NULL;
	size_t size;
	FILE *stream = open_memstream(&shown, &size);
	const char *at;

	assert_int_equal(qr_terminal_print(stream, text, NULL), 0);
	assert_int_equal(fclose(stream), 0);
	at = shown;
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		assert_int_equal(strncmp(at, BEGIN, strlen(BEGIN)), 0);
		at += strlen(BEGIN);
		for (int x = -QUIET; x < code->width + QUIET; x++)
			assert_int_equal(take_halves(&at), dark(code, x, y) | dark(code, x, y + 1)
										  << 1);
		assert_int_equal(strncmp(at, END, strlen(END)), 0);
		at += strlen(END);
	}
	assert_string_equal(at, "");
	QRcode_free(code);
}

static void what_is_too_long_is_refused(void **state _unused_)
{
	char large[4000];

	memset(large, 'a', sizeof(large));
	large[sizeof(large) - 1] = '\0';
	assert_true(qr_terminal_print(stdout, large, NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_the_code),
					   cmocka_unit_test(what_is_too_long_is_refused)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
