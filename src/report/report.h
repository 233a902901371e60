/* The report of a run: report.json, the same as tables for people, and the line
 *
 *	POSTCASK state=ready seconds=12.3 passed=50 failed=0 version=0.1.0
 *
 * that stands last on every console.  States:
 *
 *	ready		every probe passed
 *	degraded	mail flows, but a probe failed, or a note begins with "degraded"
 *	failed		mail cannot come in, or go out, or be read: in one of the three
 *			directions no port that the settings want was proved
 *
 * What a person should mend is never a note under "ready": see report_judge_notes. */
#ifndef POSTCASK_PROBE_REPORT_H
#define POSTCASK_PROBE_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "probe/probe.h"

enum report_state { REPORT_READY, REPORT_DEGRADED, REPORT_FAILED, REPORT_STATES };

const char *report_state_name(enum report_state state);

/* The state that a report says; REPORT_FAILED when it says none. */
enum report_state report_state_of(const json_t *report);

/* Makes a report that is ready degraded when one of its notes begins with
 * "degraded". */
void report_judge_notes(json_t *report);

/* A finished run as JSON.  With `partial` (some probes only) no port is called
 * open.  Owned by the caller; NULL when out of memory. */
json_t *report_make(const struct probe_run *run, bool partial);

/* Reads a report or another small JSON object; NULL, and the error, when it is
 * none. */
json_t *report_load(const char *path, struct error *error);

/* The same from a folder that another account owns (file_read_foreign). */
json_t *report_load_foreign(const char *path, struct error *error);

/* Replaces the file at once, 0644. */
_must_check_ int report_save(const json_t *report, const char *path, struct error *error);

/* Exit status of a program that ends with this report: 0 ready, 1 failed,
 * 2 degraded. */
int report_exit_status(const json_t *report);

#endif
