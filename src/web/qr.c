// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/qr.h"

#include <errno.h>
#include <qrencode.h>

#include "base/buffer.h"

enum { QUIET = 4 }; /* modules that stay light around a code, by its standard */

static void free_code(QRcode **code)
{
	if (*code)
		QRcode_free(*code);
}

/* Each run of dark modules in a row is one rectangle. */
static void paint(const QRcode *code, struct buffer *path)
{
	for (int y = 0; y < code->width; y++) {
		const unsigned char *row = code->data + (ptrdiff_t)y * code->width;

		for (int x = 0, end; x < code->width; x = end) {
			for (end = x + 1; end < code->width && (row[end] & 1) == (row[x] & 1);)
				end++;
			if (row[x] & 1)
				buffer_addf(path, "M%d %dh%dv1h-%dz", x + QUIET, y + QUIET, end - x,
					    end - x);
		}
	}
}

int qr_make(const char *text, json_t **ret, struct error *error)
{
	_cleanup_(free_code) QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	_cleanup_(buffer_free) struct buffer path = BUFFER_INIT;

	if (!code)
		return error_errno(error, errno, "no QR code of %s", text);
	paint(code, &path);
	*ret = json_pack("{s:i, s:s}", "size", code->width + 2 * QUIET, "path", buffer_text(&path));
	return *ret && !path.failed ? 0 : error_set(error, ENOMEM, "out of memory");
}
