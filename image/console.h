// SPDX-License-Identifier: GPL-3.0-or-later
/* What the machine says on its serial console while it boots. */
#ifndef POSTCASK_IMAGE_CONSOLE_H
#define POSTCASK_IMAGE_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"

enum console_state { CONSOLE_WAITING, CONSOLE_READY, CONSOLE_DEGRADED, CONSOLE_FAILED };

struct console {
	struct buffer line;			       /* so far; without control characters */
	enum console_state state;		       /* of the last report line */
	struct buffer certificate;		       /* the last whole PEM certificate shown */
	struct buffer pending;			       /* one that has begun */
	int escape;				       /* inside a terminal's control sequence */
	void (*show)(void *context, const char *line); /* each whole line; may be NULL */
	void *context;
};

/* Takes the next bytes. */
void console_feed(struct console *console, const char *bytes, size_t size);

/* "POSTCASK state=ready ..." -> CONSOLE_READY; anything else: CONSOLE_WAITING. */
enum console_state console_state_of_line(const char *line);

void console_free(struct console *console);

#endif
