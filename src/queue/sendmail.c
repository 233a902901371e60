// SPDX-License-Identifier: GPL-3.0-or-later
#include "queue/sendmail.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/process.h"

enum { SENDMAIL_MS = 60 * 1000 };

void sendmail_add_header(struct buffer *message, const char *hostname, int64_t now)
{
	time_t time = (time_t)now;
	uint64_t random[2] = {0};
	struct tm parts;
	char date[64];

	if (getrandom(random, sizeof(random), 0) < 0 || !gmtime_r(&time, &parts))
		memset(&parts, 0, sizeof(parts));
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &parts);
	buffer_addf(message,
		    "Date: %s\nMessage-ID: <%016" PRIx64 "%016" PRIx64 "@%s>\n"
		    "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
		    "Content-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\n\n",
		    date, random[0], random[1], hostname);
}

int sendmail_send(const char *to, const char *message, size_t size, struct error *error)
{
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const char *const argv[] = {"/usr/sbin/sendmail", "-i", "-f", "<>", "--", to, NULL};
	const struct process process = {
	    .argv = argv, .input = message, .input_size = size, .timeout_ms = SENDMAIL_MS};
	int status = process_run(&process, &output, error);

	if (status < 0)
		return error_wrap(error, "sendmail");
	if (status > 0)
		return error_set(error, EIO, "sendmail: exit status %d: %.300s", status,
				 buffer_text(&output));
	return 0;
}
