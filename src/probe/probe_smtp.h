// SPDX-License-Identifier: GPL-3.0-or-later
/* Probes of SMTP's manners: what is said, and who is refused. */
#ifndef POSTCASK_PROBE_SMTP_PROBES_H
#define POSTCASK_PROBE_SMTP_PROBES_H

#include "probe/probe.h"

/* 220 with our name and no version, EHLO with STARTTLS and 8BITMIME. */
probe_function probe_smtp_banner;

/* Without a login no mail for others is taken, whatever the address looks like. */
probe_function probe_smtp_relay;

/* Recipients whom we do not have are refused at RCPT. */
probe_function probe_smtp_unknown;

/* A login may not send in another's name. */
probe_function probe_smtp_sender;

#endif
