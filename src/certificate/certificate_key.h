// SPDX-License-Identifier: GPL-3.0-or-later
/* The certificates as a kind of keys; its state is what became of the authority: "made",
 * "kept", "renewed", "widened", "replaced", or "given" when the settings give a certificate. */
#ifndef POSTCASK_CERTIFICATE_KEY_H
#define POSTCASK_CERTIFICATE_KEY_H

#include "key/key.h"

extern const struct key_kind certificate_key;

#endif
