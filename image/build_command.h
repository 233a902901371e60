// SPDX-License-Identifier: GPL-3.0-or-later
/* The command `postcask-image build`: makes the image. */
#ifndef POSTCASK_IMAGE_BUILD_COMMAND_H
#define POSTCASK_IMAGE_BUILD_COMMAND_H

int build_main(int argc, char **argv);

#endif
