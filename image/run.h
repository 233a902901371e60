// SPDX-License-Identifier: GPL-3.0-or-later
/* The command `postcask-image run`: boots the image in QEMU. */
#ifndef POSTCASK_IMAGE_RUN_H
#define POSTCASK_IMAGE_RUN_H

int run_main(int argc, char **argv);

#endif
