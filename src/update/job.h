// SPDX-License-Identifier: GPL-3.0-or-later
/* The daily job of postcask-update(8), step by step. */
#ifndef POSTCASK_UPDATE_JOB_H
#define POSTCASK_UPDATE_JOB_H

#include "base/error.h"
#include "update/state.h"

/* There from before anything is installed until all of it is proved: a job that was cut off is
 * finished at the next boot (postcask-update-resume.service). */
#define UPDATE_RUNNING UPDATE_FOLDER "/running"

/* Finishes what was begun, fetches the lists, installs, restarts what uses replaced files, has
 * the self-tests prove the machine and arms its restart.  What goes wrong on the way is said in
 * the state; an error is only what kept it from being written. */
_must_check_ int update_job(const struct update_config *config, struct error *error);

/* Finishes what was begun, and no more. */
_must_check_ int update_resume(const struct update_config *config, struct error *error);

/* At the time of `updates.reboot`: restarts the machine if that is still needed and wanted. */
_must_check_ int update_reboot(const struct update_config *config, struct error *error);

#endif
