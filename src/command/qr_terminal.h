// SPDX-License-Identifier: GPL-3.0-or-later
/* A QR code for a terminal. */
#ifndef POSTCASK_COMMAND_QR_TERMINAL_H
#define POSTCASK_COMMAND_QR_TERMINAL_H

#include <stdio.h>

#include "base/error.h"

/* Two rows of modules in a line of characters, dark on light whatever the terminal's colours are.
 * -EINVAL when the text is too long for a code. */
_must_check_ int qr_terminal_print(FILE *stream, const char *text, struct error *error);

#endif
