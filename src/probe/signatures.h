// SPDX-License-Identifier: GPL-3.0-or-later
/* What ClamAV knows: which databases lie in its folder, and of when. */
#ifndef POSTCASK_PROBE_SIGNATURES_H
#define POSTCASK_PROBE_SIGNATURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct signatures {
	bool official; /* main and daily are there */
	bool any;
	int64_t made; /* seconds since 1970: of daily, else of the newest there is */
};

/* The build time in the header of a .cvd or .cld file (512 bytes, fields between
 * colons: "ClamAV-VDB:date:version:count:level:md5:signature:builder:seconds").
 * 0 when it is none. */
int64_t signatures_parse_header(const char *bytes, size_t size);

/* Lists the folder; one that cannot be read has no signatures. */
void signatures_read(const char *folder, struct signatures *ret_signatures);

#endif
