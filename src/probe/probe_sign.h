// SPDX-License-Identifier: GPL-3.0-or-later
/* What the self-test's own login sent: signed with the keys that the DNS is to have. */
#ifndef POSTCASK_PROBE_SIGN_H
#define POSTCASK_PROBE_SIGN_H

#include "probe/probe.h"

probe_function probe_sign_verify;

#endif
