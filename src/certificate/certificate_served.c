// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_served.h"

#include <errno.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_pem.h"
#include "net/ports.h"
#include "net/session.h"

#define LOOPBACK "127.0.0.1"

const char *served_state_name(enum served_state state)
{
	static const char *const NAMES[] = {"current", "stale", "unreachable"};

	return NAMES[state];
}

void served_clear(struct served *served)
{
	for (size_t i = 0; i < served->count; i++)
		free(served->ports[i].detail);
	*served = SERVED_INIT;
}

/* The certificates that may be shown, and all of their chains as PEM, which the client trusts:
 * what is asked is whether they are served, not by whom they are signed. */
struct expected {
	char fingerprints[CERTIFICATE_KINDS][FINGERPRINT_TEXT];
	size_t count;
	struct buffer chain;
};

#define EXPECTED_INIT ((struct expected){.chain = BUFFER_INIT})

static void expected_clear(struct expected *expected)
{
	buffer_free(&expected->chain);
}

static int expected_add(struct expected *expected, const char *path, struct error *error)
{
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	_cleanup_(cleanup_bio) BIO *text = NULL;
	int result =
	    path ? key_chain_read(path, &file, error) : error_set(error, ENOMEM, "out of memory");
	char *bytes;
	long size;

	if (result < 0)
		return result;
	if (!file.chain || !certificate_fingerprint(sk_X509_value(file.chain, 0),
						    expected->fingerprints[expected->count]))
		return error_set(error, EBADMSG, "%s: holds no certificate", path);
	expected->count++;
	text = key_chain_format(NULL, file.chain);
	size = text ? BIO_get_mem_data(text, &bytes) : 0;
	if (text)
		buffer_add(&expected->chain, bytes, (size_t)size);
	return text && !expected->chain.failed ? 0 : error_set(error, ENOMEM, "out of memory");
}

static bool expected_has(const struct expected *expected, const char *text)
{
	for (size_t i = 0; i < expected->count; i++) {
		if (strcmp(expected->fingerprints[i], text) == 0)
			return true;
	}
	return false;
}

static void cleanup_tls_client(struct tls_client **client)
{
	if (*client)
		tls_client_free(*client);
}

static int client_make(const struct expected *expected, const char *name, struct tls_client **ret,
		       struct error *error)
{
	struct tls_params params = {.hostname = name, .chain = buffer_text(&expected->chain)};
	struct failure failure = FAILURE_INIT;
	int result = 0;

	if (tls_client_new(&params, ret, &failure))
		result = error_set(error, EIO, "%s", failure_text(&failure));
	failure_clear(&failure);
	return result;
}

/* The handshake is what counts: a server that fails after it has still shown its
 * certificate. */
static void ask(enum port port, const struct tls_client *client, const struct expected *files,
		int timeout_ms, struct served_port *ret)
{
	const struct port_entry *entry = &port_table[port];
	_cleanup_(session_free) struct session session = SESSION_INIT;
	struct tls_facts facts = {0};
	struct session_params params = {
	    .protocol = port_protocols[port],
	    .stream = {.address = LOOPBACK,
		       .port = entry->number,
		       .deadline_ms = clock_now_ms() + timeout_ms},
	    .implicit_tls = entry->implicit_tls,
	    .security = SECURITY_TLS,
	    .tls = client,
	    .facts = &facts,
	};
	enum failure_class failure = session_open(&session, &params);

	*ret = (struct served_port){.name = entry->name, .state = SERVED_CURRENT};
	if (facts.fingerprint && !expected_has(files, facts.fingerprint)) {
		ret->state = SERVED_STALE;
		ret->detail = strdup("serves another certificate than the file holds");
	} else if (failure == FAILURE_CERTIFICATE) {
		ret->state = SERVED_STALE;
		ret->detail = strdup(failure_text(&session.stream.failure));
	} else if (!facts.fingerprint) {
		ret->state = SERVED_UNREACHABLE;
		ret->detail = strdup(failure_text(&session.stream.failure));
	}
	tls_facts_free(&facts);
}

static int ask_all(const struct expected *files, const char *name, const json_t *settings,
		   int timeout_ms, struct served *ret, struct error *error)
{
	const json_t *services = json_object_get(settings, "services");
	_cleanup_(cleanup_tls_client) struct tls_client *client = NULL;
	int result = client_make(files, name, &client, error);

	if (result < 0)
		return result;
	*ret = SERVED_INIT;
	for (enum port i = 0; i < PORTS; i++) {
		struct served_port *port = &ret->ports[ret->count];

		if (!json_is_true(json_object_get(services, port_table[i].name)))
			continue;
		ask(i, client, files, timeout_ms, port);
		ret->count++;
		ret->current += port->state == SERVED_CURRENT;
	}
	return 0;
}

int certificate_check_served(const struct certificate_request *request, const json_t *settings,
			     int timeout_ms, struct served *ret, struct error *error)
{
	_cleanup_(expected_clear) struct expected files = EXPECTED_INIT;
	int result = 0;

	for (int kind = 0; result == 0 && kind < CERTIFICATE_KINDS; kind++) {
		_cleanup_free_ char *path =
		    file_join(request->folder, certificate_file_name((enum certificate_kind)kind));

		result = expected_add(&files, path, error);
	}
	return result < 0 ? result
			  : ask_all(&files, request->names[0], settings, timeout_ms, ret, error);
}

int certificate_check_domain(const char *path, const char *name, const json_t *settings,
			     int timeout_ms, struct served *ret, struct error *error)
{
	_cleanup_(expected_clear) struct expected files = EXPECTED_INIT;
	int result = expected_add(&files, path, error);

	return result < 0 ? result : ask_all(&files, name, settings, timeout_ms, ret, error);
}
