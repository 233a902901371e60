// SPDX-License-Identifier: GPL-3.0-or-later
/* The parts of postcask-settings(5) that are not made from the table. */
#ifndef POSTCASK_MANUAL_TEXT_H
#define POSTCASK_MANUAL_TEXT_H

extern const char manual_head[];     /* to the keys: name, description, writing YAML */
extern const char manual_tail[];     /* after the types and limits */
extern const char manual_see_also[]; /* the last section */

#endif
