// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/resolver.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include <ldns/ldns.h>
#include <unbound.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/slice.h"

enum {
	ANCHORS_MAX = 64 * 1024,
	ANCHOR_MAX = 2048, /* of one key */
};

struct dns_resolver {
	struct ub_ctx *context;
};

/* libunbound's own defaults are those of a resolver on the internet. */
static const char *const OPTIONS[][2] = {
    /* The machine's resolver is on the loopback. */
    {"do-not-query-localhost:", "no"},
    /* Reverse names of private networks are asked for as any others. */
    {"unblock-lan-zones:", "yes"},
    {"insecure-lan-zones:", "yes"},
    /* Its default of 16 is for programs with few questions. */
    {"outgoing-range:", "128"},
    {"outgoing-num-tcp:", "32"},
    {"use-syslog:", "no"},
};

/* The first that can be read: unbound keeps its own up to date (RFC 5011). */
static const char *const ANCHORS[] = {"/var/lib/unbound/root.key", "/usr/share/dns/root.key"};

/* Lines of keys, as unbound's own state or Debian's file has them; the rest is its bookkeeping. */
static int add_anchors(struct ub_ctx *context, const char *text)
{
	struct slice rest = slice_of(text), line;
	char key[ANCHOR_MAX];
	int added = 0;

	while (slice_until(&rest, SLICE("\n"), &line)) {
		slice_copy(line, key, sizeof(key));
		/* RFC 5011: of a key that is only seen yet, or revoked, it says so. */
		if (strstr(key, ";;state=") && !strstr(key, ";;state=2"))
			continue;
		key[strcspn(key, ";")] = '\0';
		if ((strstr(key, " DS ") || strstr(key, "\tDS\t") || strstr(key, "DNSKEY")) &&
		    ub_ctx_add_ta(context, key) == 0)
			added++;
	}
	return added;
}

/* The first file that has any. */
static void trust_root(struct ub_ctx *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(ANCHORS); i++) {
		_cleanup_(error_clear) struct error none = ERROR_INIT;
		_cleanup_free_ char *text = NULL;

		if (file_read_foreign(ANCHORS[i], ANCHORS_MAX, &text, NULL, &none) == 0 &&
		    add_anchors(context, text) > 0)
			return;
	}
}

static int set_up(struct ub_ctx *context, struct error *error)
{
	int code;

	for (size_t i = 0; i < ARRAY_SIZE(OPTIONS); i++) {
		code = ub_ctx_set_option(context, OPTIONS[i][0], OPTIONS[i][1]);
		if (code != 0)
			return error_set(error, EINVAL, "libunbound refuses %s %s: %s",
					 OPTIONS[i][0], OPTIONS[i][1], ub_strerror(code));
	}
	ub_ctx_debuglevel(context, 0);
	if (ub_ctx_resolvconf(context, "/etc/resolv.conf") != 0)
		return error_set(error, ENOENT, "/etc/resolv.conf names no resolver to ask");
	trust_root(context);
	code = ub_ctx_async(context, 1);
	return code == 0
		   ? 0
		   : error_set(error, ENOMEM, "libunbound does not start: %s", ub_strerror(code));
}

int dns_resolver_open(struct dns_resolver **ret, struct error *error)
{
	_cleanup_(dns_resolver_close) struct dns_resolver *resolver = calloc(1, sizeof(*resolver));
	int result;

	if (resolver)
		resolver->context = ub_ctx_create();
	if (!resolver || !resolver->context)
		return error_errno(error, ENOMEM, "cannot ask the DNS");
	result = set_up(resolver->context, error);
	if (result == 0)
		*ret = TAKE_POINTER(resolver);
	return result;
}

/* What a callback writes into; it lives until the answer came or was cancelled. */
struct question {
	struct dns_lookup *lookup;
	size_t *open;
	bool pending;
	int id;
};

static void take_answer(struct dns_lookup *lookup, int code, const struct ub_result *result)
{
	struct dns_answer *answer = &lookup->answer, parsed;

	if (code != 0 || !result) {
		dns_answer_silent(answer, "%s", ub_strerror(code));
		return;
	}
	if (result->bogus) {
		dns_answer_silent(answer, "%s", result->why_bogus ? result->why_bogus : "bogus");
		answer->bogus = true;
		return;
	}
	if (result->rcode == LDNS_RCODE_SERVFAIL || !result->answer_packet) {
		dns_answer_silent(answer, "the resolver cannot find out (SERVFAIL)");
		return;
	}
	if (dns_answer_parse(result->answer_packet, (size_t)result->answer_len, &parsed) < 0) {
		dns_answer_silent(answer, "the answer is no DNS message");
		return;
	}
	dns_answer_clear(answer);
	*answer = parsed;
	answer->secure = result->secure;
}

static void answered(void *context, int code, struct ub_result *result)
{
	struct question *question = context;

	take_answer(question->lookup, code, result);
	ub_resolve_free(result);
	question->pending = false;
	(*question->open)--;
}

static void begin(struct dns_resolver *resolver, struct question *question)
{
	struct dns_lookup *lookup = question->lookup;
	ldns_rr_type type = ldns_get_rr_type_by_name(lookup->type);
	int code;

	question->pending = true;
	(*question->open)++;
	code = ub_resolve_async(resolver->context, lookup->name, (int)type, LDNS_RR_CLASS_IN,
				question, answered, &question->id);
	if (code != 0) {
		question->pending = false;
		(*question->open)--;
		dns_answer_silent(&lookup->answer, "%s is no name to ask for", lookup->name);
	}
}

void dns_resolver_ask(struct dns_resolver *resolver, struct dns_lookup *lookups, size_t count,
		      int timeout_ms)
{
	_cleanup_free_ struct question *questions = calloc(count ? count : 1, sizeof(*questions));
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	struct pollfd wait = {.fd = ub_fd(resolver->context), .events = POLLIN};
	size_t open = 0;

	for (size_t i = 0; i < count; i++) {
		dns_answer_silent(&lookups[i].answer, "the resolver does not answer");
		if (!questions)
			continue;
		questions[i] = (struct question){&lookups[i], &open, false, 0};
		begin(resolver, &questions[i]);
	}
	while (open > 0) {
		int left = clock_left_ms(deadline_ms);

		if (left == 0 || (poll(&wait, 1, left) < 0 && errno != EINTR) ||
		    ub_process(resolver->context) != 0)
			break;
	}
	for (size_t i = 0; questions && i < count; i++)
		if (questions[i].pending)
			ub_cancel(resolver->context, questions[i].id);
}

void dns_resolver_close(struct dns_resolver **resolver)
{
	if (!*resolver)
		return;
	if ((*resolver)->context)
		ub_ctx_delete((*resolver)->context);
	free(*resolver);
	*resolver = NULL;
}
