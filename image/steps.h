// SPDX-License-Identifier: GPL-3.0-or-later
/* The steps of a build (see step.h), each in the file of its name; `context` is the
 * struct build. */
#ifndef POSTCASK_IMAGE_STEPS_H
#define POSTCASK_IMAGE_STEPS_H

#include "base/error.h"

int packages_step(void *context, int log, struct error *error);
int sysroot_step(void *context, int log, struct error *error);
int programs_step(void *context, int log, struct error *error);
int tree_step(void *context, int log, struct error *error);
int disk_step(void *context, int log, struct error *error);
int assemble_step(void *context, int log, struct error *error);
int qcow2_step(void *context, int log, struct error *error);
int raw_step(void *context, int log, struct error *error);

#endif
