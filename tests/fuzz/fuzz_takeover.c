// SPDX-License-Identifier: GPL-3.0-or-later
/* Another server's dump of its database, its file of SQLite, and its files of lines.  The first
 * byte says which kind of server, and for docker-mailserver the second which file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/json_file.h"
#include "takeover/takeover.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whoever puts people in relies on it. */
static void check(const struct findings *findings)
{
	const json_t *one;
	size_t i;

	json_array_foreach(findings->people, i, one)
	{
		if (!strchr(json_text(one, "address"), '@') || json_number(one, "quota_mib") < 0 ||
		    strlen(json_text(one, "name")) > 200)
			abort();
	}
	json_array_foreach(findings->aliases, i, one)
	{
		if (!strchr(json_text(one, "address"), '@') ||
		    json_array_size(json_object_get(one, "to")) == 0)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const kinds[] = {"postfixadmin", "mailcow", "mail-in-a-box",
					    "docker-mailserver"};
	static int fd = -1;
	struct takeover_file file = {"f", "f", 0};
	struct findings findings;
	const struct takeover_kind *kind;

	if (size < 2)
		return 0;
	kind = takeover_find_kind(kinds[data[0] % 4]);
	if (kind->names)
		file.name = kind->names[data[1] % 8];
	if (fd < 0)
		fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (ftruncate(fd, 0) < 0 || pwrite(fd, data + 2, size - 2, 0) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0 || findings_begin(&findings, NULL) < 0)
		abort();
	file.fd = fd;
	if (kind->find(&file, 1, &findings, NULL) == 0)
		check(&findings);
	findings_free(&findings);
	return 0;
}
