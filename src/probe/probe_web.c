// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe_web.h"

#include <string.h>

#include "net/http.h"

/* Asks `host` for `path`, which must be there as `type` with `text` in it. */
static enum failure_class expect(struct probe_run *run, const struct probe *probe, const char *host,
				 const char *path, const char *type, const char *text,
				 struct probe_result *result)
{
	_cleanup_(http_answer_clear) struct http_answer answer = HTTP_ANSWER_INIT;
	struct session *session;

	if (probe_converse(run, probe, STAGE_TLS, &session, result))
		return result->failure.class;
	if (http_get(session, host, path, &answer))
		return probe_take_failure(result, &session->stream);
	if (answer.status != 200)
		return failure_set(&result->failure, FAILURE_CONTENT,
				   "https://%s%s is answered by %u", host, path, answer.status);
	if (!answer.type || strncmp(answer.type, type, strlen(type)) != 0)
		return failure_set(&result->failure, FAILURE_CONTENT, "https://%s%s is no %s", host,
				   path, type);
	if (!strstr(buffer_text(&answer.body), text))
		return failure_set(&result->failure, FAILURE_CONTENT,
				   "https://%s%s does not name this server", host, path);
	if (answer.tells_server)
		return failure_set(&result->failure, FAILURE_POLICY,
				   "the answer tells which server gives it");
	return FAILURE_NONE;
}

enum failure_class probe_web_autoconfig(struct probe_run *run, const struct probe *probe,
					struct probe_result *result)
{
	const char *domain = published_text(run->settings->published, "domains[]");
	_cleanup_free_ char *host = NULL, *text = NULL;

	if (!domain || asprintf(&host, "autoconfig.%s", domain) < 0 ||
	    asprintf(&text, "<hostname>%s</hostname>", run->settings->hostname) < 0)
		return failure_set(&result->failure, FAILURE_RESOURCE, "out of memory");
	return expect(run, probe, host, "/mail/config-v1.1.xml", "text/xml", text, result);
}

enum failure_class probe_web_help(struct probe_run *run, const struct probe *probe,
				  struct probe_result *result)
{
	const char *hostname = run->settings->hostname;

	return expect(run, probe, hostname, "/", "text/html", hostname, result);
}
