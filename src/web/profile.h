// SPDX-License-Identifier: GPL-3.0-or-later
/* Profiles for Apple's devices: signed, so that they are shown as the server's own and nobody
 * changes them on their way through a mailbox or a stick. */
#ifndef POSTCASK_WEB_PROFILE_H
#define POSTCASK_WEB_PROFILE_H

#include "base/buffer.h"
#include "certificate/certificate_pem.h"

/* Appends the text as CMS signed data (RFC 5652) in DER, with the text and the certificates
 * within.  Signed with the server's own key: a device shows the name that it has for it. */
_must_check_ int profile_sign(const struct key_chain *signer, const struct buffer *text,
			      struct buffer *ret, struct error *error);

/* A UUID (RFC 9562, version 8) that the same two texts always give, so that a profile takes
 * the place of the one before.  `ret` has room for 37 bytes. */
_must_check_ int profile_uuid(const char *name, const char *what, char *ret, struct error *error);

enum { PROFILE_UUID_SIZE = 37 };

#endif
