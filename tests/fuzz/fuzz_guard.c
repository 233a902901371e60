// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask-guard reads of strangers: Dovecot's requests, lines of the journal, its own file,
 * the kernel's routes.  The first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_file.h"
#include "guard/line.h"
#include "guard/login.h"
#include "guard/never.h"
#include "guard/state.h"
#include "guard/uses.h"
#include "net/http_serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW INT64_C(1795500000)

static void check_network(const struct network *network)
{
	char text[NETWORK_TEXT];
	struct network again;

	network_print(network, text);
	if (!network_take(slice_of(text), &again) || !network_equal(network, &again))
		abort();
}

static void check_try(const struct judge_try *try)
{
	if (!memchr(try->what, '\0', sizeof(try->what)) || strchr(try->what, '\n'))
		abort();
}

/* What is written of it is nobody's own words. */
static void check_use(const json_t *said, bool good)
{
	struct use use;

	if (!use_read(said, &use))
		return;
	if (!good || strlen(use.app) != USES_APP || strspn(use.app, "0123456789abcdef") != USES_APP)
		abort();
	check_network(&use.network);
}

static void check_login(const struct judge *judge, struct slice body)
{
	_cleanup_json_ json_t *said = login_parse(body);
	struct judge_try try;
	struct network network;
	enum login_outcome outcome = login_read(judge, said, &network, &try);

	if (outcome != LOGIN_NOTHING)
		check_network(&network);
	if (outcome == LOGIN_WRONG)
		check_try(&try);
	check_use(said, outcome == LOGIN_GOOD);
}

static void check_http(const struct judge *judge, struct slice text)
{
	struct http_request request;

	while (http_request_take(text, &request) == HTTP_WHOLE) {
		if (request.size == 0 || request.size > text.size ||
		    request.body.size > HTTP_BODY_LIMIT)
			abort();
		check_login(judge, request.body);
		text = (struct slice){text.at + request.size, text.size - request.size};
	}
}

static void check_line(const struct judge *judge, enum line_source source, struct slice text)
{
	struct judge_try try;
	struct network network;

	if (!line_read(judge, source, text, &network, &try))
		return;
	check_network(&network);
	check_try(&try);
}

static void check_state(struct judge *judge, struct slice text)
{
	state_take(judge, text, NOW);
	for (const struct judged *one = judge->oldest; one; one = one->younger) {
		check_network(&one->network);
		if (one->until > NOW + JUDGE_LONGEST_BY_HAND || strchr(one->reason, '\n'))
			abort();
	}
}

static void check_routes(struct slice text)
{
	struct network network;

	if (never_read_route(text, &network))
		check_network(&network);
	if (never_read_route6(text, &network))
		check_network(&network);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct judge judge;
	struct slice text;
	char *copy;

	if (size < 1 || judge_init(&judge, JUDGE_AFTER, NULL) < 0)
		return 0;
	copy = malloc(size > 1 ? size - 1 : 1); /* no NUL behind it */
	memcpy(copy, data + 1, size - 1);
	text = (struct slice){copy, size - 1};
	if (data[0] == 'h')
		check_http(&judge, text);
	else if (data[0] == 'l')
		check_login(&judge, text);
	else if (data[0] == 's')
		check_line(&judge, LINE_SSHD, text);
	else if (data[0] == 'p')
		check_line(&judge, LINE_POSTSCREEN, text);
	else if (data[0] == 'r')
		check_routes(text);
	else
		check_state(&judge, text);
	judge_clear(&judge);
	free(copy);
	return 0;
}
