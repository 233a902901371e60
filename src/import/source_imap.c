// SPDX-License-Identifier: GPL-3.0-or-later
/* A person's mail on another server, over IMAP. */
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "base/clock.h"
#include "import/imap_scan.h"
#include "import/listing.h"
#include "import/source.h"

enum {
	BATCH = 64, /* messages asked for at once, */
	BATCH_BYTES = 2 * 1024 * 1024,
	LINE_LIMIT = 64 * 1024, /* of what is no literal */
};

struct source_imap {
	struct source source;
	struct session session;
	int answer_ms;
};

/* ---- Folders ---- */

static void take_subscription(struct session *session _unused_,
			      const struct imap_response *response, void *context)
{
	struct listing *listing = context;
	struct folder *folder;
	struct listed listed;

	if (!words_list(response, "LSUB", &listed))
		return;
	folder = folders_find(listing->folders, listed.name);
	free(listed.name);
	if (folder)
		folder->subscribed = true;
}

static void take_namespace(struct session *session _unused_, const struct imap_response *response,
			   void *context)
{
	struct folders *folders = context;
	char *own, *others;

	if (folders->own_prefix || !words_namespace(response, &own, &others))
		return;
	folders->own_prefix = own;
	folders->others_prefixes = others;
}

/* Some servers that know the uses of folders tell them only when asked, and some do not understand
 * the question. */
static enum failure_class list_all(struct source_imap *imap, struct listing *listing)
{
	struct session *session = &imap->session;
	enum failure_class failure;

	imap_allow(session, imap->answer_ms, 0);
	if (session->capabilities & CAPABILITY_SPECIAL_USE) {
		failure = imap_run(session, listing_take, listing,
				   "LIST \"\" \"*\" RETURN (SPECIAL-USE)");
		if (failure != FAILURE_CONTENT && failure != FAILURE_PROTOCOL)
			return failure;
	}
	return imap_run(session, listing_take, listing, "LIST \"\" \"*\"");
}

static int list(struct source *source, struct folders *ret, struct error *error)
{
	struct source_imap *imap = (struct source_imap *)source;
	struct session *session = &imap->session;
	struct listing listing = {.folders = ret, .verb = "LIST", .error = error};

	imap_allow(session, imap->answer_ms, 0);
	if (session->capabilities & CAPABILITY_NAMESPACE &&
	    imap_run(session, take_namespace, ret, "NAMESPACE"))
		return imap_error(session, error);
	if (list_all(imap, &listing) || listing.result < 0)
		return listing.result < 0 ? listing.result : imap_error(session, error);
	imap_allow(session, imap->answer_ms, 0);
	if (imap_run(session, take_subscription, &listing, "LSUB \"\" \"*\""))
		return imap_error(session, error);
	return 0;
}

static int open_folder(struct source *source, const struct folder *folder, struct messages *ret,
		       struct error *error)
{
	struct source_imap *imap = (struct source_imap *)source;

	return imap_scan(&imap->session, folder->there, imap->answer_ms, ret, error);
}

/* ---- Messages ---- */

struct handing {
	letter_take *take;
	void *context;
};

static int hand_over(void *context, struct message *message, const struct fetched *fetched)
{
	const struct handing *handing = context;
	const struct letter letter = {
	    .bytes = fetched->body, .flags = fetched->flags, .date = fetched->date};

	return handing->take(handing->context, message, &letter);
}

static int fetch(struct source *source, struct message **wanted, size_t count, letter_take *take,
		 void *context, struct error *error)
{
	struct source_imap *imap = (struct source_imap *)source;
	struct handing handing = {take, context};
	size_t done = 0;

	while (done < count) {
		uint64_t bytes = wanted[done]->size;
		size_t some = 1;
		int result;

		while (some < BATCH && done + some < count &&
		       bytes + wanted[done + some]->size <= BATCH_BYTES)
			bytes += wanted[done + some++]->size;
		result = imap_fetch_some(&imap->session, wanted + done, some, imap->answer_ms,
					 hand_over, &handing, error);
		/* A NO: some of them are gone, and are missed afterwards. */
		if (result < 0 && result != -ENOENT)
			return result;
		done += some;
	}
	return 0;
}

static void close_source(struct source *source)
{
	struct source_imap *imap = (struct source_imap *)source;

	imap_allow(&imap->session, imap->answer_ms, 0);
	session_free(&imap->session);
	free(imap);
}

static const struct source_kind imap_kind = {list, open_folder, fetch, close_source, NULL};

/* ---- Login ---- */

/* To the first of the host's addresses that answers. */
static enum failure_class connect_host(struct session *session,
				       const struct source_imap_params *params,
				       struct session_params *how)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG};
	enum failure_class failure = FAILURE_UNREACHABLE;
	struct addrinfo *found = NULL;
	int result = getaddrinfo(params->host, NULL, &hints, &found);

	if (result != 0)
		return failure_set(&session->stream.failure, FAILURE_UNREACHABLE,
				   "no address of it is known: %s", gai_strerror(result));
	for (const struct addrinfo *one = found; one; one = one->ai_next) {
		char address[NI_MAXHOST];

		if (getnameinfo(one->ai_addr, one->ai_addrlen, address, sizeof(address), NULL, 0,
				NI_NUMERICHOST) != 0)
			continue;
		session_free(session);
		how->stream.address = address;
		how->stream.deadline_ms = clock_now_ms() + params->answer_ms;
		failure = session_open(session, how);
		if (failure != FAILURE_REFUSED && failure != FAILURE_UNREACHABLE &&
		    failure != FAILURE_TIMEOUT)
			break;
	}
	freeaddrinfo(found);
	return failure;
}

static enum failure_class log_in(struct session *session, const struct source_imap_params *params)
{
	enum mechanism mechanism = MECHANISM_LOGIN;
	enum failure_class failure;

	if (params->xoauth2)
		mechanism = MECHANISM_XOAUTH2;
	else if (session->capabilities & CAPABILITY_AUTH_PLAIN)
		mechanism = MECHANISM_PLAIN;
	imap_allow(session, params->answer_ms, 0);
	failure = session_authenticate(session, mechanism, params->login, params->password);
	return failure ? failure : imap_run(session, NULL, NULL, "CAPABILITY");
}

int source_imap_open(const struct source_imap_params *params, struct source **ret,
		     struct error *error)
{
	struct session_params how = {
	    .protocol = &imap_protocol,
	    .stream = {.port = params->port, .line_limit = LINE_LIMIT},
	    .implicit_tls = params->implicit_tls,
	    .security = params->clear ? SECURITY_CLEAR : SECURITY_TLS,
	    .tls = params->tls,
	};
	struct source_imap *imap = calloc(1, sizeof(*imap));
	int result = 0;

	if (!imap)
		return error_set(error, ENOMEM, "out of memory");
	imap->source.kind = &imap_kind;
	imap->session = SESSION_INIT;
	imap->answer_ms = params->answer_ms;
	if (connect_host(&imap->session, params, &how))
		result = imap_error(&imap->session, error);
	else if (log_in(&imap->session, params))
		result = imap_error(&imap->session, error);
	if (result < 0) {
		session_free(&imap->session);
		free(imap);
		return error_wrap(error, "%s port %u", params->host, params->port);
	}
	imap->source.gmail = imap->session.capabilities & CAPABILITY_GMAIL;
	*ret = &imap->source;
	return 0;
}
