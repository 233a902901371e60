// SPDX-License-Identifier: GPL-3.0-or-later
/* Probes of what has no public port: filter, resolver, clock, and the compilation
 * of sieve scripts.  clamd's socket is not for strangers: that it works is proved by
 * the test virus in quarantine. */
#ifndef POSTCASK_PROBE_LOCAL_H
#define POSTCASK_PROBE_LOCAL_H

#include "probe/probe.h"

/* amavis speaks SMTP where Postfix looks for it. */
probe_function probe_amavis_incoming;
probe_function probe_amavis_submitted;

/* Who judges authors answers; skipped where the settings want nobody judged. */
probe_function probe_policy;

/* A script is checked by the server. */
probe_function probe_sieve_script;

/* The resolver knows localhost (RFC 6761 §6.3). */
probe_function probe_resolver;

/* The resolver validates: it holds the root's trust anchor (unbound answers the
 * name trustanchor.unbound in class CH, and only its validator holds any). */
probe_function probe_resolver_dnssec;

/* The clock is not before this program was built; whether it is synchronized is
 * in the detail. */
probe_function probe_clock;

#endif
