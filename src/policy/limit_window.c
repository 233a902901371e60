// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/limit_window.h"

#include <string.h>

/* Empties what time has passed by, and says which step is the newest. */
static uint32_t advance(const struct limit_window *window, int64_t now)
{
	uint32_t step = (uint32_t)(now / window->seconds), *newest = window->numbers;
	uint32_t *counts = window->numbers + 1;

	if (step >= *newest + window->steps || step + window->steps <= *newest) {
		memset(counts, 0, window->steps * sizeof(*counts));
		*newest = step;
	}
	for (; *newest < step; counts[*newest % window->steps] = 0)
		++*newest;
	return *newest;
}

uint64_t limit_window_sum(const struct limit_window *window, int64_t now)
{
	uint64_t sum = 0;

	advance(window, now);
	for (unsigned i = 0; i < window->steps; i++)
		sum += window->numbers[1 + i];
	return sum;
}

static void add_at(const struct limit_window *window, uint32_t step, uint32_t count)
{
	uint32_t *place = window->numbers + 1 + step % window->steps;

	*place = *place > UINT32_MAX - count ? UINT32_MAX : *place + count;
}

void limit_window_add(const struct limit_window *window, uint32_t count, int64_t now)
{
	add_at(window, advance(window, now), count);
}

void limit_window_restore(const struct limit_window *window, uint32_t count, int64_t then,
			  int64_t now)
{
	uint32_t newest = advance(window, now), step = (uint32_t)(then / window->seconds);

	if (step <= newest && step + window->steps > newest)
		add_at(window, step, count);
}

int64_t limit_window_open(const struct limit_window *window, uint32_t count, uint32_t most,
			  int64_t now)
{
	uint32_t newest = advance(window, now);
	uint64_t sum = limit_window_sum(window, now) + count;

	if (sum <= most || count > most)
		return 0;
	for (uint32_t step = newest - window->steps + 1;; step++) {
		sum -= window->numbers[1 + step % window->steps];
		if (sum <= most || step == newest)
			return ((int64_t)step + window->steps) * window->seconds;
	}
}
