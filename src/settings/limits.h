// SPDX-License-Identifier: GPL-3.0-or-later
/* Limits of what is read; more is refused by name.  They are of the text after
 * decompression, and far above what 10,000 users need (2 MiB). */
#ifndef POSTCASK_SETTINGS_LIMITS_H
#define POSTCASK_SETTINGS_LIMITS_H

#define SETTINGS_SIZE_LIMIT   (16u << 20) /* bytes of user-data, also after gunzip */
#define SETTINGS_DEPTH_LIMIT  32	  /* mappings and lists inside each other */
#define SETTINGS_NODES_LIMIT  500000	  /* values inside `mail:` */
#define SETTINGS_SCALAR_LIMIT (1u << 20)  /* bytes of one value inside `mail:` */

#endif
