// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/intake.h"

#include <errno.h>
#include <unistd.h>

void intake_open(struct intake *intake, int fd)
{
	intake->fd = fd;
	intake->at = intake->end = intake->block;
	intake->line = 1;
	intake->left = INTAKE_LIMIT;
	intake->failed = 0;
	intake_fill(intake);
}

struct slice intake_beginning(const struct intake *intake)
{
	return (struct slice){intake->at, (size_t)(intake->end - intake->at)};
}

bool intake_fill(struct intake *intake)
{
	ssize_t size;

	if (intake->failed)
		return false;
	size = read(intake->fd, intake->block, sizeof(intake->block));
	intake->left -= size > 0 ? size : 0;
	if (size < 0)
		intake->failed = -errno;
	else if (intake->left < 0)
		intake->failed = -EFBIG;
	if (size <= 0 || intake->failed)
		return false;
	intake->at = intake->block;
	intake->end = intake->block + size;
	return true;
}

void intake_skip_line(struct intake *intake)
{
	int c;

	do
		c = intake_next(intake);
	while (c != '\n' && c != INTAKE_END);
}
