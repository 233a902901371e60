// SPDX-License-Identifier: GPL-3.0-or-later
/* The verbs of `postcask user` about passwords beside the settings; argv[0] is the verb's name. */
#ifndef POSTCASK_COMMAND_APP_H
#define POSTCASK_COMMAND_APP_H

int command_user_app(int argc, char **argv);
int command_user_main(int argc, char **argv);

/* What `postcask audit` prints too: the machine's time, or `none` for 0.  In `text`. */
enum { APP_TIME_TEXT = 32 };
const char *app_time(long long seconds, const char *none, char text[APP_TIME_TEXT]);

#endif
