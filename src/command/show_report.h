// SPDX-License-Identifier: GPL-3.0-or-later
/* Printing the machine's report: what `status` and `verify` have in common. */
#ifndef POSTCASK_SHOW_REPORT_H
#define POSTCASK_SHOW_REPORT_H

#define SHOW_REPORT_FILE "/run/postcask/report.json"

/* Prints the report as tables, or as JSON.  Returns the exit status that its
 * state means, COMMAND_FAILED when there is none. */
int show_report(const char *path, int json);

#endif
