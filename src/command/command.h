// SPDX-License-Identifier: GPL-3.0-or-later
/* The commands of postcask(8): one function and one file a noun or verb.  Each
 * takes its own argument list (argv[0] is its name), understands --help, prints
 * results on standard output and errors on standard error, and returns the exit
 * status: 0 good, 1 failed, 2 degraded or bad usage (base/options.h). */
#ifndef POSTCASK_COMMAND_H
#define POSTCASK_COMMAND_H

#include "base/options.h"

int command_adopt(int argc, char **argv);
int command_accounts(int argc, char **argv);
int command_directory(int argc, char **argv);
int command_alias(int argc, char **argv);
int command_domain(int argc, char **argv);
int command_apply(int argc, char **argv);
int command_audit(int argc, char **argv);
int command_ban(int argc, char **argv);
int command_cert(int argc, char **argv);
int command_dkim(int argc, char **argv);
int command_reports(int argc, char **argv);
int command_check(int argc, char **argv);
int command_diff(int argc, char **argv);
int command_dns(int argc, char **argv);
int command_lists(int argc, char **argv);
int command_explain(int argc, char **argv);
int command_help(int argc, char **argv);
int command_import(int argc, char **argv);
int command_limits(int argc, char **argv);
int command_quarantine(int argc, char **argv);
int command_render(int argc, char **argv);
int command_schema(int argc, char **argv);
int command_mailbox(int argc, char **argv);
int command_share(int argc, char **argv);
int command_shared(int argc, char **argv);
int command_status(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_user(int argc, char **argv);
int command_vacation(int argc, char **argv);
int command_verify(int argc, char **argv);

/* Whether root runs it; if not, the sentence goes to standard error. */
bool command_is_root(const char *sentence);

#endif
