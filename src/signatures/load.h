// SPDX-License-Identifier: GPL-3.0-or-later
/* Has clamd load new signatures, so that mail waits for one load at most.
 *
 * While it loads clamd answers nobody, and before it begins it waits for every scan that runs,
 * during which it answers nobody either.  So the order to load is given when no scan runs, and
 * after a load as much time goes by as it took, in which the mail that waited is scanned.
 * Whoever asks meanwhile waits, and all who wait need one load together. */
#ifndef POSTCASK_SIGNATURES_LOAD_H
#define POSTCASK_SIGNATURES_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct signatures_load {
	const char *socket;    /* clamd's */
	const char *databases; /* the folder from which it loads */
	const char *folder;    /* where the loads are noted, and their lock lies */
	int idle_ms;	 /* how long a moment without a scan is waited for; then it loads anyway */
	int load_ms;	 /* how long one load may take, and the wait for those of others */
	bool if_changed; /* only when the databases are others than at the last load */
};

enum signatures_result {
	SIGNATURES_LOADED,
	SIGNATURES_BY_ANOTHER, /* who asked as well */
	SIGNATURES_UNCHANGED,
};

/* Returns when clamd has loaded what lay there when this was called.  -ETIME when it does not
 * answer within load_ms, -EPROTO when it answers something else. */
_must_check_ int signatures_load(const struct signatures_load *load,
				 enum signatures_result *ret_result, struct error *error);

/* Notes the databases as loaded: clamd is about to start. */
_must_check_ int signatures_start(const struct signatures_load *load, struct error *error);

/* True when clamd's answer to STATS names a scan that runs or waits. */
_must_check_ bool signatures_stats_busy(const char *stats);

/* The last load: two points on clock_now_ms's clock, and what was there when it began. */
struct signatures_note {
	int64_t began_ms, ended_ms;
	uint64_t print;
};

/* Another number whenever a database in the folder is another; freshclam's own state is none. */
_must_check_ uint64_t signatures_print(const char *folder);

/* How long one that is asked for now still waits after a load: as long as that took, from its
 * end.  0 when the note is none of this boot's. */
_must_check_ int64_t signatures_rest_ms(const struct signatures_note *last, int64_t now_ms);

#endif
