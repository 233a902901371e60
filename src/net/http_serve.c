// SPDX-License-Identifier: GPL-3.0-or-later
#include "net/http_serve.h"

struct head {
	long long length;
	bool has_length, wrong, closes;
};

/* Two lengths, or a body in chunks, are how a second request hides in a first. */
static void take_header(struct slice line, struct head *head)
{
	struct slice name;

	if (!slice_until(&line, SLICE(":"), &name) || name.size == 0) {
		head->wrong = true;
		return;
	}
	line = slice_trim(line);
	if (slice_equal_case(name, SLICE("Content-Length"))) {
		head->wrong |= head->has_length || !slice_number(&line, &head->length) ||
			       line.size > 0 || head->length > HTTP_BODY_LIMIT;
		head->has_length = true;
	} else if (slice_equal_case(name, SLICE("Transfer-Encoding"))) {
		head->wrong = true;
	} else if (slice_equal_case(name, SLICE("Connection"))) {
		head->closes |= slice_equal_case(line, SLICE("close"));
	}
}

static bool take_request_line(struct slice line, struct http_request *ret)
{
	return slice_until(&line, SLICE(" "), &ret->method) && ret->method.size > 0 &&
	       slice_until(&line, SLICE(" "), &ret->target) && ret->target.size > 0 &&
	       (slice_equal(line, SLICE("HTTP/1.1")) ||
		(slice_equal(line, SLICE("HTTP/1.0")) && (ret->closes = true)));
}

enum http_took http_request_take(struct slice text, struct http_request *ret)
{
	struct http_request request = {.closes = false};
	struct head head = {.length = 0};
	struct slice rest = text, lines, line;

	if (!slice_until(&rest, SLICE("\r\n\r\n"), &lines))
		return text.size > HTTP_HEAD_LIMIT ? HTTP_WRONG : HTTP_MORE;
	if (lines.size > HTTP_HEAD_LIMIT)
		return HTTP_WRONG;
	lines.size += 2; /* each line has its end */
	if (!slice_until(&lines, SLICE("\r\n"), &line) || !take_request_line(line, &request))
		return HTTP_WRONG;
	while (slice_until(&lines, SLICE("\r\n"), &line))
		take_header(line, &head);
	if (head.wrong)
		return HTTP_WRONG;
	if (rest.size < (size_t)head.length)
		return HTTP_MORE;
	request.closes |= head.closes;
	request.body = (struct slice){rest.at, (size_t)head.length};
	request.size = (size_t)(rest.at - text.at) + request.body.size;
	*ret = request;
	return HTTP_WHOLE;
}

void http_answer_add(struct buffer *output, unsigned status, const char *body, bool closes)
{
	static const struct {
		unsigned status;
		const char *words;
	} WORDS[] = {{200, "OK"}, {400, "Bad Request"}, {404, "Not Found"}};
	const char *words = "";

	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
		if (WORDS[i].status == status)
			words = WORDS[i].words;
	buffer_addf(output,
		    "HTTP/1.1 %u %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
		    "%s\r\n%s",
		    status, words, strlen(body), closes ? "Connection: close\r\n" : "", body);
}
