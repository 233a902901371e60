// SPDX-License-Identifier: GPL-3.0-or-later
/* Probes that every port has, whatever its protocol. */
#ifndef POSTCASK_PROBE_ACCESS_H
#define POSTCASK_PROBE_ACCESS_H

#include "probe/probe.h"

/* TLS 1.2 or newer, certificate (chain, name, time), and what the protocol must
 * offer inside it. */
probe_function probe_access_tls;

/* A client that knows only RSA is served as well, unless the settings gave the one
 * certificate that there is. */
probe_function probe_access_rsa;

/* TLS 1.0 and 1.1 are refused. */
probe_function probe_access_old_tls;

/* Without TLS no login is offered, and the right password is refused. */
probe_function probe_access_clear;

/* A wrong password is refused. */
probe_function probe_access_wrong;

/* The right password is accepted, by probe->mechanism. */
probe_function probe_access_right;

#endif
