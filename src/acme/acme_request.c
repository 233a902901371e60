// SPDX-License-Identifier: GPL-3.0-or-later
/* The request of an order: acme_plan_request of acme/acme_plan.h. */
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "acme/acme_plan.h"
#include "base/buffer.h"
#include "certificate/certificate_pem.h"

static bool add_names(X509_REQ *request, const json_t *names)
{
	STACK_OF(X509_EXTENSION) *extensions = sk_X509_EXTENSION_new_null();
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	X509_EXTENSION *extension;
	const json_t *name;
	size_t i;
	bool good;

	json_array_foreach(names, i, name)
	    buffer_addf(&text, "%sDNS:%s", i ? "," : "", json_string_value(name));
	extension = text.failed
			? NULL
			: X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, buffer_text(&text));
	good = extensions && extension && sk_X509_EXTENSION_push(extensions, extension) > 0;
	if (!good)
		X509_EXTENSION_free(extension);
	good = good && X509_REQ_add_extensions(request, extensions) == 1;
	sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
	return good;
}

int acme_plan_request(const struct acme_order *order, char **ret, struct error *error)
{
	X509_REQ *request = X509_REQ_new();
	_cleanup_(cleanup_bio) BIO *text = BIO_new(BIO_s_mem());
	bool good = request && text && X509_REQ_set_version(request, X509_REQ_VERSION_1) == 1 &&
		    X509_REQ_set_pubkey(request, order->key) == 1 &&
		    add_names(request, order->names) &&
		    X509_REQ_sign(request, order->key, EVP_sha256()) > 0 &&
		    PEM_write_bio_X509_REQ(text, request) == 1;
	char *bytes;
	long size = good ? BIO_get_mem_data(text, &bytes) : 0;

	X509_REQ_free(request);
	*ret = good ? strndup(bytes, (size_t)size) : NULL;
	ERR_clear_error();
	return *ret ? 0 : error_set(error, EIO, "cannot make the request for %s", order->id);
}
