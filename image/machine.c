// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/machine.h"

#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/file.h"

/* One of the words of the first "flags" line of /proc/cpuinfo. */
static bool processor_has(const char *cpuinfo, const char *flag)
{
	const char *flags = strstr(cpuinfo, "\nflags");
	size_t length = strlen(flag);

	if (!flags)
		return false;
	const char *end = flags + 1 + strcspn(flags + 1, "\n");
	for (const char *at = flags; (at = strstr(at, flag)) != NULL && at < end; at += length)
		if (at[-1] == ' ' && strchr(" \n", at[length]))
			return true;
	return false;
}

bool machine_has_kvm(void)
{
	_cleanup_free_ char *cpuinfo = NULL;
	_cleanup_close_ int fd = -1;

	if (file_read("/proc/cpuinfo", 4 << 20, &cpuinfo, NULL, NULL) < 0 ||
	    (!processor_has(cpuinfo, "vmx") && !processor_has(cpuinfo, "svm")))
		return false;
	fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	return fd >= 0;
}
