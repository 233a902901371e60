// SPDX-License-Identifier: GPL-3.0-or-later
/* The verbs of `postcask user` about passwords beside the settings; argv[0] is the verb's name. */
#ifndef POSTCASK_COMMAND_APP_H
#define POSTCASK_COMMAND_APP_H

int command_user_app(int argc, char **argv);
int command_user_factor(int argc, char **argv); /* command_factor.c */
int command_user_main(int argc, char **argv);

#endif
