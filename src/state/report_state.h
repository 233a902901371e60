// SPDX-License-Identifier: GPL-3.0-or-later
/* The state that a report says, and how it gets worse:
 *
 *	ready		every probe passed
 *	degraded	mail flows, but a probe failed, or a note begins with "degraded"
 *	failed		mail cannot come in, or go out, or be read: in one of the three
 *			directions no port that the settings want was proved
 *
 * What a person should mend is never a note under "ready": see report_judge_notes. */
#ifndef POSTCASK_REPORT_STATE_H
#define POSTCASK_REPORT_STATE_H

#include <jansson.h>

enum report_state { REPORT_READY, REPORT_DEGRADED, REPORT_FAILED, REPORT_STATES };

const char *report_state_name(enum report_state state);

/* The state that a report says; REPORT_FAILED when it says none. */
enum report_state report_state_of(const json_t *report);

/* Exit status of a program that ends with this report: 0 ready, 1 failed,
 * 2 degraded. */
int report_exit_status(const json_t *report);

/* Makes the report's state that one if it was better. */
void report_worsen(json_t *report, enum report_state state);

/* Adds a sentence to the report's notes. */
void report_note(json_t *report, const char *text);

/* Takes out the notes that begin so: of a report that was saved, where what is known now takes
 * their place.  Its state stays. */
void report_forget(json_t *report, const char *begin);

/* Makes the report's state degraded if it was better; `note` is a string (taken). */
void report_degrade(json_t *report, json_t *note);

/* Makes the report's state failed, and says why in its notes. */
void report_fail(json_t *report, const char *note);

/* Makes a report that is ready degraded when one of its notes begins with
 * "degraded". */
void report_judge_notes(json_t *report);

#endif
