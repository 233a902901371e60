// SPDX-License-Identifier: GPL-3.0-or-later
/* The text of a document that is a zip archive of XML: Office Open XML (ECMA-376) and OpenDocument
 * (ISO 26300), by libarchive and expat. */
#ifndef POSTCASK_TEXT_OFFICE_H
#define POSTCASK_TEXT_OFFICE_H

#include "base/buffer.h"
#include "base/slice.h"

/* Adds the words of `document`, as far as it can be read within the limits (text/limits.h). */
void office_read(struct slice document, struct buffer *words);

/* The same of the XML of one of its files; numbers that stand for texts elsewhere are left out. */
void office_read_xml(struct slice xml, struct buffer *words);

#endif
