// SPDX-License-Identifier: GPL-3.0-or-later
/* Writing to the machine's consoles without ever waiting for one that is stuck. */
#ifndef POSTCASK_REPORT_CONSOLE_H
#define POSTCASK_REPORT_CONSOLE_H

#include <stddef.h>

/* Writes the text to every console that the kernel names in `list`
 * (/sys/class/tty/console/active: "tty0 ttyS0") below `folder` (/dev); to
 * folder/console when it names none that can be opened.  Each console has
 * `timeout_ms`.  Returns how many took the whole text. */
int console_write_all(const char *list, const char *folder, const char *text, size_t size,
		      int timeout_ms);

#endif
