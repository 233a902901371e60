// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_public.h"

#include <errno.h>
#include <string.h>

#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_next.h"
#include "certificate/certificate_pem.h"
#include "certificate/certificate_sni.h"

/* Once each. */
static void list_add(json_t *list, const char *text)
{
	if (!json_has_text(list, text))
		json_array_append_new(list, json_string(text));
}

static void add_key(json_t *list, const EVP_PKEY *key)
{
	char hash[KEY_HASH_TEXT];

	if (key && certificate_key_hash(key, hash))
		list_add(list, hash);
}

static void add_names(json_t *list, const X509 *leaf)
{
	_cleanup_json_ json_t *facts = certificate_facts(leaf, 0);
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(facts, "names"), i, name)
	    list_add(list, json_string_value(name));
}

/* The public halves of both server files, and their certificates as PEM. */
static int read_served(const char *folder, json_t *current, json_t *names, BIO *chain,
		       struct error *error)
{
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) {
		_cleanup_free_ char *path =
		    file_join(folder, certificate_file_name((enum certificate_kind)kind));
		_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
		_cleanup_(cleanup_bio) BIO *text = NULL;
		int result = path ? key_chain_read(path, &file, error)
				  : error_set(error, ENOMEM, "out of memory");
		char *bytes;
		long size;

		if (result < 0)
			return result;
		if (!file.chain)
			return error_set(error, EBADMSG, "%s: holds no certificate", path);
		add_key(current, file.key);
		add_names(names, sk_X509_value(file.chain, 0));
		text = key_chain_format(NULL, file.chain);
		size = text ? BIO_get_mem_data(text, &bytes) : 0;
		if (!text || BIO_write(chain, bytes, (int)size) != size)
			return error_set(error, ENOMEM, "out of memory");
	}
	return 0;
}

static int read_next(const char *folder, json_t *next, struct error *error)
{
	for (int kind = 0; kind < CERTIFICATE_KINDS; kind++) {
		_cleanup_(cleanup_pkey) EVP_PKEY *key = NULL;
		int result =
		    certificate_next_read(folder, (enum certificate_kind)kind, &key, error);

		if (result < 0)
			return result;
		add_key(next, key);
	}
	return 0;
}

/* What the authority said of itself, as long as it is still the one of the settings. */
static void add_authority(const struct certificate_request *request, json_t *public)
{
	_cleanup_free_ char *path = file_join(request->folder, CERTIFICATE_ACME_STATE);
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *state = NULL;
	json_t *account, *caa;

	if (!request->acme_directory ||
	    json_file_read(path, JSON_FILE_LIMIT, 0, &state, &none) < 0 ||
	    strcmp(json_text(state, "directory"), request->acme_directory) != 0)
		return;
	account = json_object_get(state, "account");
	caa = json_object_get(state, "caa");
	if (json_is_string(account))
		json_object_set(public, "account", account);
	if (json_is_array(caa))
		json_object_set(public, "caa", caa);
}

/* The job comes every half an hour, and mostly nothing is new. */
static int write_changed(const char *folder, const char *name, const char *text, size_t size,
			 struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, name), *before = NULL;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	size_t before_size;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (file_read(path, size, &before, &before_size, &none) == 0 && before_size == size &&
	    memcmp(before, text, size) == 0)
		return 0;
	return file_replace(path, text, size, 0644, (uid_t)-1, (gid_t)-1, error);
}

static int write_chain(const char *folder, BIO *chain, struct error *error)
{
	char *bytes;
	long size = BIO_get_mem_data(chain, &bytes);

	return write_changed(folder, CERTIFICATE_CHAIN, bytes, (size_t)size, error);
}

int certificate_publish(const struct certificate_request *request, bool trusted,
			struct error *error)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(cleanup_bio) BIO *chain = BIO_new(BIO_s_mem());
	bool given = request->given_certificate && request->given_certificate[0];
	_cleanup_json_ json_t *public =
	    json_pack("{s:b, s:{s:[], s:[]}, s:[], s:n, s:s?, s:[]}", "public", trusted, "tlsa",
		      "current", "next", "caa", "account", "method",
		      request->acme_directory && !given ? request->acme_method : NULL, "names");
	json_t *tlsa = json_object_get(public, "tlsa"), *names = json_object_get(public, "names");
	int result = chain && public ? 0 : error_set(error, ENOMEM, "out of memory");

	if (result == 0)
		result = read_served(request->folder, json_object_get(tlsa, "current"), names,
				     chain, error);
	if (result == 0 && !given)
		result = read_next(request->folder, json_object_get(tlsa, "next"), error);
	if (result == 0)
		result = write_chain(request->folder, chain, error);
	if (result < 0)
		return result;
	if (request->acme_directory)
		certificate_sni_names(request->folder, names);
	add_authority(request, public);
	text = json_dumps(public, JSON_INDENT(1));
	return text ? write_changed(request->folder, CERTIFICATE_PUBLIC, text, strlen(text), error)
		    : error_set(error, ENOMEM, "out of memory");
}

bool certificate_public_has_own_key(const char *folder, const EVP_PKEY *key)
{
	_cleanup_free_ char *path = file_join(folder, CERTIFICATE_PUBLIC);
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_json_ json_t *public = NULL;
	char hash[KEY_HASH_TEXT];

	return json_file_read(path, JSON_FILE_LIMIT, 0, &public, &none) == 0 &&
	       json_is_string(json_object_get(public, "method")) &&
	       certificate_key_hash(key, hash) &&
	       json_has_text(json_object_get(json_object_get(public, "tlsa"), "current"), hash);
}
