// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/batch.h"

#include <errno.h>

static struct slice part(const struct batch *batch, size_t i)
{
	size_t begin = batch->waiting[i].at;
	size_t end = i + 1 < batch->count ? batch->waiting[i + 1].at : batch->parts.size;

	return (struct slice){batch->parts.data + begin, end - begin};
}

static void mark(struct batch *batch, size_t i)
{
	struct message *message = batch->waiting[i].message;

	message->matched = message->seen = true;
	batch->copied++;
}

static int fail(int result, struct error *why, struct error *error)
{
	return error_set(error, -result,
			 result == -EDQUOT
			     ? "the mailbox here is full: raise the user's quota and repeat the "
			       "import (%s)"
			     : "the mailbox here cannot be written: %s",
			 error_text(why));
}

/* Those that are taken are here, whatever becomes of the others. */
static int write_each(struct batch *batch, struct error *error)
{
	for (size_t i = 0; i < batch->count; i++) {
		_cleanup_(error_clear) struct error why = ERROR_INIT;
		int result = local_append(batch->mailbox, batch->folder, part(batch, i), &why);

		if (result == 0)
			mark(batch, i);
		else if (result == -EBADMSG)
			batch->refused(batch->context, batch->waiting[i].message, error_text(&why));
		else
			return fail(result, &why, error);
	}
	return 0;
}

int batch_flush(struct batch *batch, struct error *error)
{
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	struct slice all = {buffer_text(&batch->parts), batch->parts.size};
	int result;

	if (batch->parts.failed)
		return error_set(error, ENOMEM, "out of memory");
	if (batch->count == 0)
		return 0;
	result = local_append(batch->mailbox, batch->folder, all, &why);
	for (size_t i = 0; result == 0 && i < batch->count; i++)
		mark(batch, i);
	if (result == -EBADMSG || result == -EDQUOT)
		result = write_each(batch, error);
	else if (result < 0)
		result = fail(result, &why, error);
	batch->count = 0;
	buffer_reset(&batch->parts);
	return result;
}

int batch_add(struct batch *batch, struct message *message, const char *flags, int64_t date,
	      struct slice bytes, struct error *error)
{
	char text[DATE_TEXT];
	int result = 0;

	if (batch->count == BATCH_MESSAGES || batch->parts.size + bytes.size > BATCH_BYTES)
		result = batch_flush(batch, error);
	if (result < 0)
		return result;
	date_format(date, text);
	batch->waiting[batch->count++] = (struct waiting){message, batch->parts.size};
	imap_append_add(&batch->parts, flags, text, bytes.at, bytes.size);
	return 0;
}

void batch_free(struct batch *batch)
{
	buffer_free(&batch->parts);
}
