// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/app_uses.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/json_file.h"
#include "directory/secrets_schema.h"

enum { USES_LIMIT = 1024 * 1024, ROWS_MOST = 4096, APP_SIZE = 16, LATE_S = 600 };

/* "192.0.2.0/24" or "2001:db8:1::/48", and nothing that a terminal would obey. */
static bool is_network(const char *text)
{
	char address[INET6_ADDRSTRLEN];
	unsigned char bytes[16];
	size_t size = strcspn(text, "/");
	bool six = memchr(text, ':', size) != NULL;

	if (size >= sizeof(address) || strcmp(text + size, six ? "/48" : "/24") != 0)
		return false;
	memcpy(address, text, size);
	address[size] = '\0';
	return inet_pton(six ? AF_INET6 : AF_INET, address, bytes) == 1;
}

static bool is_protocol(const char *text)
{
	char word[16];

	snprintf(word, sizeof(word), " %.8s ", text);
	return text[0] && strlen(text) <= 8 && strstr(" " SECRETS_PROTOCOLS " ", word);
}

/* What makes no sense is passed over: it is not worth a word, nor another row's. */
static int put_use(struct cabinet *cabinet, const json_t *use, int64_t now, struct error *error)
{
	const char *app = json_text(use, "app"), *protocol = json_text(use, "protocol");
	const char *network = json_text(use, "network");
	long long time = json_number(use, "time");
	char end[APP_SIZE + 2];

	if (strlen(app) != APP_SIZE || strspn(app, "0123456789abcdef") != APP_SIZE ||
	    !is_protocol(protocol) || !is_network(network) || time > now || time < now - LATE_S)
		return 0;
	/* All that begin so: "g" is the first after "f". */
	snprintf(end, sizeof(end), "%sg", app);
	cabinet_bind_number(cabinet, APP_USED, 5, time);
	return cabinet_run_with(cabinet, APP_USED, error, protocol, network, app, end, NULL);
}

static int put_uses(struct directory *directory, const json_t *uses, int64_t now,
		    struct error *error)
{
	struct cabinet *cabinet = &directory->secrets.cabinet;
	bool changed = cabinet->changed;
	const json_t *use;
	size_t i;
	int result = cabinet_begin(cabinet, error);

	if (result < 0)
		return result;
	json_array_foreach(uses, i, use)
	{
		if (result == 0 && i < ROWS_MOST)
			result = put_use(cabinet, use, now, error);
	}
	result = cabinet_end(cabinet, result, error);
	/* Not worth another copy of the whole file each minute. */
	cabinet->changed = changed;
	return result;
}

int app_uses_look(struct directory *directory, int64_t now, struct error *error)
{
	_cleanup_json_ json_t *file = NULL;
	struct stat status;
	int result;

	if (!directory->uses || lstat(directory->uses, &status) < 0 ||
	    file_same(&status, &directory->uses_seen))
		return 0;
	directory->uses_seen = status;
	result = json_file_read(directory->uses, USES_LIMIT, JSON_FILE_FOREIGN, &file, error);
	if (result == -ENOENT) { /* the guard ended between the two */
		error_clear(error);
		return 0;
	}
	return result < 0 ? result : put_uses(directory, json_object_get(file, "uses"), now, error);
}
