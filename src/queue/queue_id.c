// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/queue_id.h"

#include <ctype.h>

bool queue_is_id(struct slice text)
{
	if (text.size < 5 || text.size >= QUEUE_ID_LIMIT || slice_equal(text, SLICE("NOQUEUE")))
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (!isalnum((unsigned char)text.at[i]))
			return false;
	return true;
}
