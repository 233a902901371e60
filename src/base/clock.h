// SPDX-License-Identifier: GPL-3.0-or-later
/* Time that does not jump: milliseconds of CLOCK_BOOTTIME. */
#ifndef POSTCASK_CLOCK_H
#define POSTCASK_CLOCK_H

#include <stdint.h>

/* Milliseconds since the kernel's start. */
int64_t clock_now_ms(void);

/* Milliseconds left until `deadline_ms` (on the same clock), at least 0, and at
 * most INT_MAX: made for poll(2). */
int clock_left_ms(int64_t deadline_ms);

#endif
