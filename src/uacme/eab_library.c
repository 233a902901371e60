// SPDX-License-Identifier: GPL-3.0-or-later
/* Loaded into uacme (LD_PRELOAD) for the one run that makes the account: its option -e wants the
 * key of an external account binding on the command line, where every process of the machine may
 * read it.  This puts it there from an inherited descriptor instead (POSTCASK_EAB=FD): argv is the
 * program's own, while /proc shows what was given to execve(2).  See docs/decisions/acme.md. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BINDING_MAX = 1024 };

/* glibc hands main's arguments to constructors too. */
__attribute__((constructor)) static void put_binding(int argc, char **argv)
{
	static char binding[BINDING_MAX];
	const char *number = getenv("POSTCASK_EAB");
	int fd = number ? atoi(number) : -1;
	ssize_t size = fd > 2 ? pread(fd, binding, sizeof(binding) - 1, 0) : -1;

	unsetenv("POSTCASK_EAB"); /* nothing of it for the hook */
	unsetenv("LD_PRELOAD");
	if (fd > 2)
		close(fd);
	for (int i = 1; size > 0 && i + 1 < argc; i++)
		if (strcmp(argv[i], "-e") == 0) {
			argv[i + 1] = binding;
			return;
		}
}
