// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/buffer.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* Makes room for `more` bytes and the final NUL. */
static bool buffer_reserve(struct buffer *buffer, size_t more)
{
	size_t capacity = buffer->capacity ? buffer->capacity : 64;
	char *data;

	if (buffer->failed || more > SIZE_MAX / 4 - buffer->size) {
		buffer->failed = true;
		return false;
	}
	if (buffer->size + more < buffer->capacity)
		return true;
	while (capacity <= buffer->size + more)
		capacity *= 2;
	data = realloc(buffer->data, capacity);
	if (!data) {
		buffer->failed = true;
		return false;
	}
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

void buffer_add(struct buffer *buffer, const void *bytes, size_t size)
{
	if (!buffer_reserve(buffer, size))
		return;
	if (size)
		memcpy(buffer->data + buffer->size, bytes, size);
	buffer->size += size;
	buffer->data[buffer->size] = '\0';
}

void buffer_add_text(struct buffer *buffer, const char *text)
{
	buffer_add(buffer, text, strlen(text));
}

void buffer_add_char(struct buffer *buffer, char c)
{
	buffer_add(buffer, &c, 1);
}

void buffer_addf(struct buffer *buffer, const char *format, ...)
{
	va_list arguments;
	_cleanup_free_ char *text = NULL;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0) {
		text = NULL;
		buffer->failed = true;
		return;
	}
	buffer_add(buffer, text, (size_t)size);
}

const char *buffer_text(const struct buffer *buffer)
{
	return buffer->data ? buffer->data : "";
}

char *buffer_take(struct buffer *buffer)
{
	char *text;

	if (!buffer->data)
		buffer_add(buffer, "", 0);
	if (buffer->failed) {
		buffer_free(buffer);
		return NULL;
	}
	text = buffer->data;
	*buffer = BUFFER_INIT;
	return text;
}

void buffer_consume(struct buffer *buffer, size_t size)
{
	if (size > buffer->size)
		size = buffer->size;
	if (size == 0)
		return;
	memmove(buffer->data, buffer->data + size, buffer->size - size + 1);
	buffer->size -= size;
}

void buffer_reset(struct buffer *buffer)
{
	buffer->size = 0;
	if (buffer->data)
		buffer->data[0] = '\0';
}

void buffer_free(struct buffer *buffer)
{
	free(buffer->data);
	*buffer = BUFFER_INIT;
}

void buffer_wipe(struct buffer *buffer)
{
	if (buffer->data)
		explicit_bzero(buffer->data, buffer->capacity);
	buffer_free(buffer);
}
