// SPDX-License-Identifier: GPL-3.0-or-later
#include "feedback/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>

#include "feedback/report.h"

enum {
	CHUNK = 64 * 1024,
	SMALL = 1024 * 1024, /* no ratio is looked at below this */
};

static void close_archive(struct archive **archive)
{
	if (*archive)
		archive_read_free(*archive);
}

static bool is_packed(struct slice bytes)
{
	return slice_starts(bytes, SLICE("\x1f\x8b")) || slice_starts(bytes, SLICE("PK\x03\x04"));
}

static int open_archive(struct archive *archive, struct slice packed)
{
	struct archive_entry *entry;

	if (slice_starts(packed, SLICE("PK")))
		archive_read_support_format_zip_streamable(archive);
	else
		archive_read_support_format_raw(archive);
	archive_read_support_filter_gzip(archive);
	if (archive_read_open_memory(archive, packed.at, packed.size) != ARCHIVE_OK)
		return -EBADMSG;
	return archive_read_next_header(archive, &entry) == ARCHIVE_OK ? 0 : -EBADMSG;
}

static int unpack_archive(struct slice packed, struct buffer *text, struct error *error)
{
	_cleanup_(close_archive) struct archive *archive = archive_read_new();
	char chunk[CHUNK];
	ssize_t size;

	if (!archive)
		return error_set(error, ENOMEM, "out of memory");
	if (open_archive(archive, packed) < 0)
		return error_set(error, EBADMSG, "the report's archive is damaged or locked");
	while ((size = archive_read_data(archive, chunk, sizeof(chunk))) > 0) {
		buffer_add(text, chunk, (size_t)size);
		if (text->size > REPORT_TEXT ||
		    (text->size > SMALL && text->size / UNPACK_RATIO > packed.size))
			return error_set(error, EBADMSG, "the report unpacks to too much");
	}
	if (size < 0)
		return error_set(error, EBADMSG, "the report's archive is damaged or locked");
	return text->failed ? error_set(error, ENOMEM, "out of memory") : 0;
}

int unpack(struct slice packed, struct buffer *text, struct error *error)
{
	if (packed.size > REPORT_PACKED)
		return error_set(error, EBADMSG, "the report is over %d KiB", REPORT_PACKED / 1024);
	if (is_packed(packed))
		return unpack_archive(packed, text, error);
	buffer_add(text, packed.at, packed.size);
	return text->failed ? error_set(error, ENOMEM, "out of memory") : 0;
}
