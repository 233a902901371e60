// SPDX-License-Identifier: GPL-3.0-or-later
#ifndef POSTCASK_COMMAND_RECOVER_H
#define POSTCASK_COMMAND_RECOVER_H

/* A verb of postcask user; root's.  argv[0] is the verb. */
int command_user_recover(int argc, char **argv);

#endif
