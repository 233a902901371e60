// SPDX-License-Identifier: GPL-3.0-or-later
/* Where the settings of a run come from, and whether they may count.
 *
 * A machine's settings are its user-data's until somebody gives it others with
 * `postcask apply`; those count until the user-data itself changes: the newest
 * word is the one that counts.  Settings of another cloud-init instance change
 * nothing unless `postcask adopt` has allowed it. */
#ifndef POSTCASK_SOURCE_H
#define POSTCASK_SOURCE_H

#include "base/digest.h"
#include "firstboot/outcome.h"
#include "generation/generation.h"
#include "settings/settings.h"

struct source {
	json_t *settings;	     /* owned */
	char *applied;		     /* owned: the user-data of `postcask apply`; NULL: none */
	size_t applied_size;	     /* bytes */
	char *instance;		     /* owned: cloud-init's instance-id; NULL: unknown */
	char over[DIGEST_TEXT_SIZE]; /* digest of the machine's own `mail`, fqdn and hostname */
	bool kept;		     /* there was nothing new: these are the ones in force */
	bool adopted;		     /* the instance is another than before, and may be */
};

#define SOURCE_INIT ((struct source){0})

/* Fills in `ret` from the machine (`file` is NULL) or from `file`, the argument of
 * `postcask apply`.  `sources` may be NULL (settings_load_machine).  The
 * diagnostics and notes go into `outcome`.  -EINVAL: refused, -ENOENT: there are
 * no settings, -EPERM: they belong to another instance. */
_must_check_ int source_load(const struct apply_paths *paths,
			     const struct settings_sources *sources, const char *file,
			     struct apply_outcome *outcome, struct source *ret,
			     struct error *error);

/* What a generation keeps of its source; valid as long as the source is. */
struct generation_origin source_origin(const struct source *source, const char *key);

void source_clear(struct source *source);

#endif
