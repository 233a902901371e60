// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_roll.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "acme/acme_state.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_next.h"
#include "certificate/certificate_pem.h"
#include "component/inner.h"
#include "dns/ask.h"
#include "net/dns.h"

enum { ASK_MS = 10 * 1000, TLSA_TYPE = 52 };

#define TTL_LEAST INT64_C(60) /* a server's word for less is not worth a lost message */

/* The keys of both kinds: those in use, and the next ones. */
struct hashes {
	char current[CERTIFICATE_KINDS][KEY_HASH_TEXT], next[CERTIFICATE_KINDS][KEY_HASH_TEXT];
};

static int hashes_read(const char *folder, struct hashes *ret, struct error *error)
{
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) {
		_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
		_cleanup_(cleanup_pkey) EVP_PKEY *next = NULL;
		_cleanup_free_ char *path =
		    file_join(folder, certificate_file_name((enum certificate_kind)kind));
		int result = path ? key_chain_read(path, &file, error)
				  : error_set(error, ENOMEM, "out of memory");

		if (result == 0)
			result = certificate_next_read(folder, (enum certificate_kind)kind, &next,
						       error);
		if (result < 0)
			return result;
		if (!file.key || !next)
			return error_set(
			    error, EAGAIN,
			    "there is no next key yet; it is made by the job that looks "
			    "after the certificates (systemctl start "
			    "postcask-certificate), try again after it");
		if (!certificate_key_hash(file.key, ret->current[kind]) ||
		    !certificate_key_hash(next, ret->next[kind]))
			return error_set(error, ENOMEM, "out of memory");
	}
	return 0;
}

/* What the zone's servers show of one key. */
static int ask(const char *name, const char *hash, struct dns_seen *ret, struct error *error)
{
	char value[sizeof("3 1 1 ") + KEY_HASH_TEXT];

	snprintf(value, sizeof(value), "3 1 1 %s", hash);
	return dns_seen_everywhere(name, "TLSA", value, ASK_MS, ret, error);
}

/* Is there any such record, be it of another key? */
static bool has_any(const char *name)
{
	struct dns_question question = {.address = "127.0.0.1",
					.port = INNER_DNS,
					.name = name,
					.class = ns_c_in,
					.type = (ns_type)TLSA_TYPE,
					.deadline_ms = clock_now_ms() + ASK_MS};
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	struct failure failure = FAILURE_INIT;
	enum failure_class class = dns_ask(&question, &answer, &failure);

	failure_clear(&failure);
	return class != FAILURE_CONTENT;
}

static bool is_published(const char *name, const struct hashes *hashes, int *ret_result,
			 struct error *error)
{
	const char *all[] = {hashes->current[0], hashes->current[1], hashes->next[0],
			     hashes->next[1]};
	bool found = false;

	*ret_result = 0;
	for (size_t i = 0; *ret_result == 0 && i < ARRAY_SIZE(all); i++) {
		_cleanup_(dns_seen_clear) struct dns_seen seen = DNS_SEEN_INIT;

		*ret_result = ask(name, all[i], &seen, error);
		found = found || seen.showing > 0;
	}
	return found;
}

/* One next key: since when it is everywhere, and whether that is long enough. */
static int check_next(const char *name, const char *hash, json_t *state, int64_t now,
		      struct error *error)
{
	_cleanup_(dns_seen_clear) struct dns_seen seen = DNS_SEEN_INIT;
	json_t *all = acme_state_object(state, "next"), *one;
	char when[TIME_TEXT];
	int result = ask(name, hash, &seen, error);
	int64_t since, ttl;

	if (result < 0)
		return result;
	if (seen.showing < seen.servers) {
		json_object_del(all, hash);
		return error_set(error, EAGAIN,
				 "the next key is not in the DNS everywhere: %s; publish the TLSA "
				 "records of the next keys beside those in use (postcask dns), and "
				 "try again",
				 seen.missing ? seen.missing : "no server has it");
	}
	one = acme_state_object(all, hash);
	since = json_number(one, "since");
	ttl = seen.ttl > TTL_LEAST ? seen.ttl : TTL_LEAST;
	if (since == 0 || since > now)
		since = now;
	json_object_set_new(one, "since", json_integer(since));
	json_object_set_new(one, "ttl", json_integer(ttl));
	if (now >= since + 2 * ttl)
		return 0;
	certificate_format_time(since + 2 * ttl, when);
	return error_set(error, EAGAIN,
			 "the next keys are in the DNS, but caches may be without them until %s; "
			 "try again then",
			 when);
}

/* Of keys that came and went. */
static void forget_others(json_t *state, const struct hashes *hashes)
{
	json_t *all = acme_state_object(state, "next"), *one;
	const char *hash;
	void *next;

	json_object_foreach_safe(all, next, hash, one)
	{
		if (strcmp(hash, hashes->next[0]) != 0 && strcmp(hash, hashes->next[1]) != 0)
			json_object_del(all, hash);
	}
}

int acme_roll_check(const struct certificate_request *request, json_t *state, int64_t now,
		    struct error *error)
{
	_cleanup_free_ char *name = NULL;
	struct hashes hashes;
	int result = hashes_read(request->folder, &hashes, error), one;

	if (result < 0)
		return result;
	if (asprintf(&name, "_25._tcp.%s", request->names[0]) < 0) {
		name = NULL;
		return error_set(error, ENOMEM, "out of memory");
	}
	forget_others(state, &hashes);
	if (!is_published(name, &hashes, &result, error)) {
		if (result < 0)
			return error_wrap(error, "cannot tell whether there are TLSA records");
		return has_any(name) ? error_set(error, EAGAIN,
						 "%s has TLSA records, but of other keys than this "
						 "machine's; mend them first (postcask dns)",
						 name)
				     : 0;
	}
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) { /* of both, for what is remembered */
		one = check_next(name, hashes.next[kind], state, now, result == 0 ? error : NULL);
		result = result == 0 ? one : result;
	}
	return result;
}

int acme_roll_allowed(const struct certificate_request *request, struct error *error)
{
	_cleanup_(error_clear) struct error late = ERROR_INIT;
	_cleanup_json_ json_t *state = NULL;
	int result = acme_state_load(
	    request->folder, request->acme_directory ? request->acme_directory : "", &state, error);

	if (result < 0)
		return result;
	result = acme_roll_check(request, state, (int64_t)time(NULL), error);
	if (acme_state_save(request->folder, state, &late) < 0 && result == 0)
		return error_set(error, EIO, "%s", error_text(&late));
	return result;
}
