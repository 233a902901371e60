// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask user takeover, as command_user's table calls it. */
#ifndef POSTCASK_COMMAND_TAKEOVER_H
#define POSTCASK_COMMAND_TAKEOVER_H

int command_takeover(int argc, char **argv);

#endif
