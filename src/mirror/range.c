// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror/range.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define RANGE ";range="

bool range_parse(const char *attribute, size_t *ret_size, long *ret_next)
{
	const char *range = strcasestr(attribute, RANGE);
	char *end;
	long low, high;

	if (!range || range == attribute || !isdigit((unsigned char)range[sizeof(RANGE) - 1]))
		return false;
	low = strtol(range + sizeof(RANGE) - 1, &end, 10);
	if (low > RANGE_MOST || *end++ != '-')
		return false;
	if (strcmp(end, "*") == 0) {
		*ret_size = (size_t)(range - attribute);
		*ret_next = 0;
		return true;
	}
	if (!isdigit((unsigned char)*end))
		return false;
	high = strtol(end, &end, 10);
	if (*end || high < low || high > RANGE_MOST)
		return false;
	*ret_size = (size_t)(range - attribute);
	*ret_next = high + 1;
	return true;
}
