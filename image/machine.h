// SPDX-License-Identifier: GPL-3.0-or-later
/* What this host can virtualise with. */
#ifndef POSTCASK_IMAGE_MACHINE_H
#define POSTCASK_IMAGE_MACHINE_H

#include <stdbool.h>

/* Whether KVM truly works: the processor's own virtualisation is there and
 * /dev/kvm opens.  A /dev/kvm without it (nested, paravirtual) makes a machine
 * and then hangs it for ever. */
bool machine_has_kvm(void);

#endif
