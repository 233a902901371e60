// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/qr_terminal.h"

#include <errno.h>
#include <qrencode.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

enum { QUIET = 2 }; /* modules that stay light around it: half of the standard's, which is enough */

static void free_code(QRcode **code)
{
	if (*code)
		QRcode_free(*code);
}

static bool is_dark(const QRcode *code, int x, int y)
{
	return x >= 0 && y >= 0 && x < code->width && y < code->width &&
	       code->data[(ptrdiff_t)y * code->width + x] & 1;
}

int qr_terminal_print(FILE *stream, const char *text, struct error *error)
{
	/* By whether the upper and the lower module are dark: a half is painted where it is. */
	static const char *const halves[2][2] = {{" ", "▄"}, {"▀", "█"}};
	_cleanup_(free_code) QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);

	if (!code)
		return error_errno(error, errno, "no QR code of that");
	for (int y = -QUIET; y < code->width + QUIET; y += 2) {
		fputs("\033[30;107m", stream); /* black on white */
		for (int x = -QUIET; x < code->width + QUIET; x++)
			fputs(halves[is_dark(code, x, y)][is_dark(code, x, y + 1)], stream);
		fputs("\033[0m\n", stream);
	}
	return 0;
}
