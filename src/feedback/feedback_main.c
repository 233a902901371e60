// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-feedback: reads the reports that other servers send of this machine's mail: by LMTP on
 * its standard input and output, a process for each connection.  With --tell, what they say.  See
 * postcask-feedback(8). */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "base/process.h"
#include "dns/facts.h"
#include "feedback/letter.h"
#include "feedback/lmtp.h"
#include "feedback/telling.h"
#include "settings/published.h"

#define SETTINGS_FILE "/run/postcask/" PUBLISHED_NAME
#define STORE_FOLDER  "/var/lib/postcask/feedback"
#define STORE_FILE    STORE_FOLDER "/reports.sqlite"

enum {
	IDLE_MS = 60 * 1000, /* Postfix sends at once what it has */
	CHUNK = 64 * 1024,
};

static const char usage[] =
    "usage: postcask-feedback [--tell DAYS] [--json] [DOMAIN]\n"
    "Reads reports of other servers, by LMTP on standard input and output.\n"
    "  --tell DAYS  says what the reports of so many days say, of DOMAIN or of all\n"
    "  --json       that for programs\n";

/* ---- Read ---- */

struct reader {
	json_t *settings; /* as published */
	const char *host;
};

static bool is_ours(const struct reader *reader, const char *domain)
{
	return strcasecmp(domain, reader->host) == 0 ||
	       json_has_text(json_object_get(reader->settings, "domains"), domain);
}

static int keep_report(struct kept *kept, const struct report *report, int64_t now,
		       struct error *error)
{
	enum kept_taken taken = KEPT_NEW;
	int code = kept_add(kept, report, now, &taken, error);

	if (code == 0 && taken == KEPT_TOO_MANY)
		return kept_count(kept, "too many on one day", now, error);
	return code;
}

static int keep(const struct reader *reader, struct kept *kept, struct slice message,
		struct error *error)
{
	_cleanup_(report_clear) struct report report = REPORT_INIT;
	_cleanup_(error_clear) struct error why = ERROR_INIT;
	int64_t now = (int64_t)time(NULL);

	switch (letter_read(message, reader->host, &report, &why)) {
	case LETTER_UNPROVED:
		return kept_count(kept, "nobody proved to have sent them", now, error);
	case LETTER_UNREADABLE:
		error_print(&why);
		return kept_count(kept, "they could not be read", now, error);
	case LETTER_REPORT:
		if (is_ours(reader, report.domain))
			return keep_report(kept, &report, now, error);
		return kept_count(kept, "they are of domains that are not ours", now, error);
	case LETTER_OTHER:
		break;
	}
	return 0;
}

/* Only where there is no room for it, and the like, does it come again. */
static bool take(void *context, struct slice message)
{
	_cleanup_(kept_close) struct kept kept = KEPT_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int code = kept_open(&kept, STORE_FILE, &error);

	if (code == 0 && error.code)
		error_print(&error);
	if (code == 0)
		code = keep(context, &kept, message, &error);
	if (code < 0)
		error_print(&error);
	return code == 0;
}

static int serve(struct reader *reader, struct error *error)
{
	_cleanup_(lmtp_clear) struct lmtp lmtp = {0};
	static char bytes[CHUNK];

	lmtp_begin(&lmtp, take, reader);
	for (;;) {
		struct pollfd input = {STDIN_FILENO, POLLIN, 0};
		ssize_t size;

		if (file_write_all(STDOUT_FILENO, buffer_text(&lmtp.answer), lmtp.answer.size) < 0)
			return error_errno(error, errno, "cannot answer");
		buffer_reset(&lmtp.answer);
		if (lmtp.ended || poll(&input, 1, IDLE_MS) <= 0)
			return 0;
		size = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (size <= 0)
			return 0;
		lmtp_feed(&lmtp, bytes, (size_t)size);
	}
}

/* ---- Tell ---- */

static bool is_our_address(void *context, const char *address)
{
	unsigned char bytes[sizeof(struct in6_addr)];
	char plain[INET6_ADDRSTRLEN];
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;

	return inet_pton(family, address, bytes) == 1 &&
	       inet_ntop(family, bytes, plain, sizeof(plain)) && dns_facts_is_ours(context, plain);
}

static int tell(json_t *published, int days, const char *domain, bool json, struct error *error)
{
	_cleanup_(dns_facts_clear) struct dns_facts facts = DNS_FACTS_INIT;
	_cleanup_(kept_close) struct kept kept = KEPT_INIT;
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_json_ json_t *told = NULL;
	int code =
	    dns_facts_read(&facts, json_incref(published), DNS_KEYS_FILE, DNS_DKIM_FILE, error);

	if (code == 0)
		code = process_become_owner(STORE_FOLDER, error);
	if (code == 0)
		code = kept_open(&kept, STORE_FILE, error);
	if (code < 0)
		return code;
	if (error->code)
		error_print(error);
	told =
	    telling_json(&kept, days, (int64_t)time(NULL), domain, is_our_address, &facts, error);
	if (!told)
		return -EIO;
	if (json)
		return json_print(told, JSON_INDENT(1), error);
	telling_text(told, &text);
	return command_print_text(buffer_text(&text)) == COMMAND_GOOD ? 0 : -EIO;
}

/* ---- Begin ---- */

static int take_days(void *into, const char *text, struct error *error)
{
	int *days = into;
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value < 1 || value > KEPT_DAYS)
		return error_set(error, EINVAL, "%s is no number of days; write 1 to %d", text,
				 KEPT_DAYS);
	*days = (int)value;
	return 0;
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *published = NULL;
	bool json = false;
	int days = 0, code;
	const struct command_option options[] = {{"tell", .take = take_days, .into = &days},
						 {"json", .on = &json}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 1);

	if (status != COMMAND_GO_ON)
		return status;
	if (!days && argv[optind])
		return command_usage(usage);
	signal(SIGPIPE, SIG_IGN);
	code = json_file_read(SETTINGS_FILE, JSON_FILE_LIMIT, 0, &published, &error);
	if (code == 0 && days) {
		code = tell(published, days, argv[optind], json, &error);
	} else if (code == 0) {
		struct reader reader = {published, published_text(published, "hostname")};

		code = serve(&reader, &error);
	}
	if (code < 0) {
		error_print(&error);
		return COMMAND_FAILED;
	}
	return COMMAND_GOOD;
}
