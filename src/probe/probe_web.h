// SPDX-License-Identifier: GPL-3.0-or-later
/* Probes of the web server: what mail programs and people ask it for. */
#ifndef POSTCASK_PROBE_WEB_H
#define POSTCASK_PROBE_WEB_H

#include "probe/probe.h"

/* Thunderbird's question for the first domain is answered with this server's name. */
probe_function probe_web_autoconfig;

/* The help page is there, and nothing tells strangers what serves it. */
probe_function probe_web_help;

#endif
