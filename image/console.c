// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/console.h"

#include <string.h>

enum { LINE_LIMIT = 4096, CERTIFICATE_LIMIT = 16384 };

/* States of `escape`: none, after ESC, inside "ESC [ ..." */
enum { PLAIN, ESCAPE, SEQUENCE };

enum console_state console_state_of_line(const char *line)
{
	static const struct {
		const char *word;
		enum console_state state;
	} states[] = {
	    {"ready", CONSOLE_READY}, {"degraded", CONSOLE_DEGRADED}, {"failed", CONSOLE_FAILED}};
	static const char begin[] = "POSTCASK state=";

	if (strncmp(line, begin, strlen(begin)) != 0)
		return CONSOLE_WAITING;
	line += strlen(begin);
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		size_t length = strlen(states[i].word);

		if (strncmp(line, states[i].word, length) == 0 && strchr(" ", line[length]))
			return states[i].state;
	}
	return CONSOLE_WAITING;
}

static void certificate_take(struct console *console, const char *line)
{
	if (strcmp(line, "-----BEGIN CERTIFICATE-----") == 0)
		buffer_reset(&console->pending);
	else if (console->pending.size == 0)
		return;
	buffer_addf(&console->pending, "%s\n", line);
	if (strcmp(line, "-----END CERTIFICATE-----") == 0) {
		buffer_reset(&console->certificate);
		buffer_add(&console->certificate, console->pending.data, console->pending.size);
		buffer_reset(&console->pending);
	} else if (console->pending.size > CERTIFICATE_LIMIT) {
		buffer_reset(&console->pending);
	}
}

static void line_end(struct console *console)
{
	const char *line = buffer_text(&console->line);
	enum console_state state = console_state_of_line(line);

	certificate_take(console, line);
	if (console->show && line[0])
		console->show(console->context, line);
	if (state != CONSOLE_WAITING)
		console->state = state;
	buffer_reset(&console->line);
}

void console_feed(struct console *console, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];

		if (console->escape == ESCAPE) {
			console->escape = c == '[' ? SEQUENCE : PLAIN;
		} else if (console->escape == SEQUENCE) {
			if (c >= '@' && c <= '~')
				console->escape = PLAIN;
		} else if (c == '\033') {
			console->escape = ESCAPE;
		} else if (c == '\n' || console->line.size >= LINE_LIMIT) {
			line_end(console);
		} else if ((unsigned char)c >= ' ' && c != 0x7f) {
			buffer_add_char(&console->line, c);
		}
	}
}

void console_free(struct console *console)
{
	buffer_free(&console->line);
	buffer_free(&console->certificate);
	buffer_free(&console->pending);
}
