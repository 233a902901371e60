// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_take.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/x509v3.h>

#include "acme/acme_state.h"
#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_next.h"
#include "certificate/certificate_pem.h"
#include "certificate/certificate_public.h"
#include "certificate/certificate_renewal.h"
#include "certificate/certificate_sni.h"

#define FILE_LIMIT ((size_t)2 * CERTIFICATE_PEM_MAX)

/* One that is put in place. */
struct placed {
	const struct acme_order *order;
	char *before; /* owned; what the file held, NULL: there was none */
	size_t before_size;
	int64_t begin, end;
	bool stays;
};

struct taking {
	const struct acme_take *take;
	struct placed placed[ACME_ORDERS_MAX];
	size_t count;
};

static void taking_clear(struct taking *taking)
{
	for (size_t i = 0; i < taking->count; i++) {
		struct placed *placed = &taking->placed[i];

		if (placed->before)
			OPENSSL_cleanse(placed->before, placed->before_size);
		free(placed->before);
	}
}

/* Does it have the names that were asked for?  (The rest certificate_check_pem has seen.) */
static int check_names(const struct acme_order *order, X509 *leaf, struct error *error)
{
	const json_t *name;
	size_t i;

	json_array_foreach(order->names, i,
			   name) if (X509_check_host(leaf, json_string_value(name), 0,
						     X509_CHECK_FLAG_NEVER_CHECK_SUBJECT, NULL) !=
				     1) return error_set(error, EBADMSG,
							 "the authority left out the name %s",
							 json_string_value(name));
	return 0;
}

/* What the other account left, as a chain that belongs to our key. */
static int read_issued(const struct acme_take *take, const struct acme_order *order,
		       struct key_chain *ret, struct error *error)
{
	const char *first = json_string_value(json_array_get(order->names, 0));
	_cleanup_free_ char *path = NULL, *text = NULL;
	_cleanup_(cleanup_bio) BIO *key = key_chain_format(order->key, NULL);
	char *key_bytes = NULL, *key_text;
	long key_size = key ? BIO_get_mem_data(key, &key_bytes) : 0;
	size_t size;
	int result;

	if (!key || asprintf(&path, "%s/%s-cert.pem", take->folder, order->id) < 0) {
		path = NULL;
		return error_set(error, ENOMEM, "out of memory");
	}
	result = file_read_foreign(path, CERTIFICATE_PEM_MAX, &text, &size, error);
	if (result < 0)
		return result;
	key_text = strndup(key_bytes, (size_t)key_size);
	if (!key_text)
		return error_set(error, ENOMEM, "out of memory");
	result = certificate_check_pem(text, key_text, first, take->wish->now, error);
	OPENSSL_clear_free(key_text, (size_t)key_size);
	if (result == 0)
		result = key_chain_parse(text, size, ret, error);
	if (result == 0 && !ret->chain)
		result = error_set(error, EBADMSG, "%s: holds no certificate", path);
	if (result == 0)
		result = check_names(order, sk_X509_value(ret->chain, 0), error);
	return result < 0 ? error_wrap(error, "the certificate that the authority issued") : 0;
}

static int place(struct taking *taking, const struct acme_order *order, struct error *error)
{
	_cleanup_(key_chain_clear) struct key_chain issued = KEY_CHAIN_INIT;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	struct placed *placed = &taking->placed[taking->count];
	int result = read_issued(taking->take, order, &issued, error);

	if (result < 0)
		return result;
	*placed = (struct placed){
	    .order = order,
	    .begin = certificate_not_before(sk_X509_value(issued.chain, 0)),
	    .end = certificate_not_after(sk_X509_value(issued.chain, 0)),
	};
	(void)!file_read(order->path, FILE_LIMIT, &placed->before, &placed->before_size, &none);
	taking->count++;
	result = key_chain_write(order->path, 0600, order->key, issued.chain, error);
	if (result < 0)
		taking->count--;
	return result;
}

/* The one before comes back; a domain's first one goes. */
static int put_back(const struct placed *placed, struct error *error)
{
	const char *path = placed->order->path;

	if (placed->before)
		return file_replace(path, placed->before, placed->before_size, 0600, (uid_t)-1,
				    (gid_t)-1, error);
	return unlink(path) < 0 && errno != ENOENT
		   ? error_errno(error, errno, "%s: cannot remove", path)
		   : 0;
}

static void failed(const struct acme_take *take, const struct acme_order *order,
		   const char *sentence)
{
	acme_attempt_failed(order->state, take->wish->now, 0, order->end, sentence);
}

/* Puts every certificate that came into its place. */
static int place_all(struct taking *taking, struct error *error)
{
	const struct acme_take *take = taking->take;
	const json_t *orders = json_object_get(take->results, "orders");

	for (size_t i = 0; i < take->plan->count; i++) {
		const struct acme_order *order = &take->plan->orders[i];
		const json_t *result = json_object_get(orders, order->id);
		_cleanup_(error_clear) struct error why = ERROR_INIT;
		int code;

		if (!json_is_true(json_object_get(result, "issued")))
			continue;
		code = place(taking, order, &why);
		if (code == -ENOMEM)
			return error_set(error, ENOMEM, "out of memory");
		if (code < 0)
			failed(take, order, error_text(&why));
	}
	return 0;
}

static bool any_host(const struct taking *taking)
{
	for (size_t i = 0; i < taking->count; i++)
		if (!taking->placed[i].order->domain && taking->placed[i].stays)
			return true;
	return false;
}

/* The port that shows another, or NULL; one at which nobody answers proves nothing. */
static const struct served_port *find_stale(const struct served *served)
{
	for (size_t i = 0; i < served->count; i++)
		if (served->ports[i].state == SERVED_STALE)
			return &served->ports[i];
	return NULL;
}

/* Asks the ports for one; takes it back when some show another. */
static int prove_domain(struct taking *taking, struct placed *placed, struct error *error)
{
	_cleanup_(served_clear) struct served served = SERVED_INIT;
	const struct acme_wish *wish = taking->take->wish;
	const char *name = json_string_value(json_array_get(placed->order->names, 0));
	const struct served_port *stale;
	_cleanup_free_ char *sentence = NULL;
	int result = renewal_wait_domain(placed->order->path, name, wish->settings, &served, error);

	stale = find_stale(&served);
	if (result < 0 || !stale)
		return result;
	if (asprintf(&sentence,
		     "%s did not show the new certificate of %s (%s); the one before is back",
		     stale->name, name, stale->detail ? stale->detail : "another") < 0)
		sentence = NULL;
	failed(taking->take, placed->order, sentence ? sentence : "");
	placed->stays = false;
	return put_back(placed, error);
}

static int prove_host(struct taking *taking, struct error *error)
{
	_cleanup_(served_clear) struct served served = SERVED_INIT;
	const struct acme_wish *wish = taking->take->wish;
	_cleanup_free_ char *sentence = NULL;
	const struct served_port *stale;
	int result = renewal_wait_served(wish->request, wish->settings, &served, error);

	stale = find_stale(&served);
	if (result < 0 || !stale)
		return result;
	if (asprintf(&sentence, "%s did not show the new certificate (%s); the one before is back",
		     stale->name, stale->detail ? stale->detail : "another") < 0)
		sentence = NULL;
	for (size_t i = 0; result == 0 && i < taking->count; i++) {
		struct placed *placed = &taking->placed[i];

		if (placed->order->domain)
			continue;
		failed(taking->take, placed->order, sentence ? sentence : "");
		placed->stays = false;
		result = put_back(placed, error);
	}
	return result;
}

static int prove(struct taking *taking, bool *ret_back, struct error *error)
{
	int result = any_host(taking) ? prove_host(taking, error) : 0;

	for (size_t i = 0; result == 0 && i < taking->count; i++)
		if (taking->placed[i].order->domain)
			result = prove_domain(taking, &taking->placed[i], error);
	for (size_t i = 0; i < taking->count; i++)
		*ret_back |= !taking->placed[i].stays;
	return result;
}

static void remember(const struct taking *taking, const struct placed *placed)
{
	const struct acme_order *order = placed->order;

	acme_attempt_succeeded(order->state, taking->take->wish->now);
	json_object_set(order->state, "names", order->names);
	json_object_set_new(order->state, "begin", json_integer(placed->begin));
	json_object_set_new(order->state, "end", json_integer(placed->end));
	json_object_set_new(order->state, "checked", json_integer(taking->take->wish->now));
	json_object_del(order->state, "window"); /* that was of the one before */
}

/* A domain's key is in its certificate's file now; a next key is the one in use. */
static int settle_keys(const struct taking *taking, const struct placed *placed,
		       struct error *error)
{
	const char *folder = taking->take->wish->request->folder;
	_cleanup_free_ char *path = NULL;

	if (!placed->order->domain)
		return certificate_next_drop(folder, placed->order->kind, placed->order->key,
					     error);
	if (asprintf(&path, "%s/" CERTIFICATE_DOMAINS "/%s.key", folder, placed->order->domain) <
	    0) {
		path = NULL;
		return error_set(error, ENOMEM, "out of memory");
	}
	unlink(path);
	return 0;
}

int acme_take_over(const struct acme_take *take, size_t *ret_taken, struct error *error)
{
	_cleanup_(taking_clear) struct taking taking = {.take = take};
	const char *folder = take->wish->request->folder;
	_cleanup_close_ int lock = -1;
	bool back = false;
	int result = certificate_lock(folder, &lock, error);

	*ret_taken = 0;
	if (result == 0)
		result = place_all(&taking, error);
	if (result < 0 || taking.count == 0)
		return result;
	for (size_t i = 0; i < taking.count; i++)
		taking.placed[i].stays = true;
	result = certificate_sni_write(folder, take->wish->now, error);
	if (result == 0)
		result = renewal_reload(error);
	if (result == 0)
		result = prove(&taking, &back, error);
	if (result == 0 && back) {
		result = certificate_sni_write(folder, take->wish->now, error);
		if (result == 0)
			result = renewal_reload(error);
	}
	for (size_t i = 0; result == 0 && i < taking.count; i++) {
		if (!taking.placed[i].stays)
			continue;
		remember(&taking, &taking.placed[i]);
		result = settle_keys(&taking, &taking.placed[i], error);
		++*ret_taken;
	}
	return result;
}
