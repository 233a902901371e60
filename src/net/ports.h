// SPDX-License-Identifier: GPL-3.0-or-later
/* What is spoken on the public ports of component/ports.h. */
#ifndef POSTCASK_NET_PORTS_H
#define POSTCASK_NET_PORTS_H

#include "component/ports.h"
#include "net/session.h"

extern const struct protocol *const port_protocols[PORTS];

#endif
