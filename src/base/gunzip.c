// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/gunzip.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/buffer.h"

#define WINDOW_GZIP_ONLY (15 + 16)

bool gunzip_is_packed(const char *bytes, size_t size)
{
	return size >= 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

/* One member; `stream` stands at its beginning. */
static int inflate_member(z_stream *stream, size_t limit, struct buffer *text)
{
	char chunk[64 << 10];
	int r = Z_OK;

	while (r != Z_STREAM_END) {
		stream->next_out = (unsigned char *)chunk;
		stream->avail_out = sizeof(chunk);
		r = inflate(stream, Z_NO_FLUSH);
		if (r == Z_MEM_ERROR)
			return -ENOMEM;
		if (r != Z_OK && r != Z_STREAM_END)
			return -EINVAL;
		buffer_add(text, chunk, sizeof(chunk) - stream->avail_out);
		if (text->size > limit)
			return -EFBIG;
	}
	return 0;
}

int gunzip(const char *bytes, size_t size, size_t limit, char **ret_text, size_t *ret_size)
{
	_cleanup_(buffer_wipe) struct buffer text = BUFFER_INIT;
	z_stream stream = {.next_in = (unsigned char *)bytes, .avail_in = (unsigned)size};
	int r;

	if (size > UINT32_MAX)
		return -EFBIG;
	if (inflateInit2(&stream, WINDOW_GZIP_ONLY) != Z_OK)
		return -ENOMEM;
	for (;;) {
		r = inflate_member(&stream, limit, &text);
		while (r == 0 && stream.avail_in && !*stream.next_in) {
			stream.next_in++;
			stream.avail_in--;
		}
		if (r < 0 || !stream.avail_in)
			break;
		if (inflateReset(&stream) != Z_OK) {
			r = -EINVAL;
			break;
		}
	}
	inflateEnd(&stream);
	if (r < 0)
		return r;
	*ret_size = text.size;
	if (!text.size)
		buffer_add(&text, "", 0);
	*ret_text = buffer_take(&text);
	return *ret_text ? 0 : -ENOMEM;
}
