// SPDX-License-Identifier: GPL-3.0-or-later
#include "dkim/make.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/crypto.h"
#include "base/file.h"

/* A record of 2048 bits fits where any DNS is; of 4096 it does not (RFC 8301 asks for 1024 at
 * least, 2048 preferably). */
#define RSA_BITS       2048
#define ED25519_BYTES  32
#define SELECTOR_TRIES 1000

static const char letters[DKIM_ALGORITHMS] = {[DKIM_RSA] = 'r', [DKIM_ED25519] = 'e'};

/* What stands behind p=: of RSA the SubjectPublicKeyInfo (RFC 6376 section 3.6.1), of Ed25519
 * the 32 bytes alone (RFC 8463 section 4.2). */
static char *public_text(const EVP_PKEY *key, enum dkim_algorithm algorithm)
{
	unsigned char raw[ED25519_BYTES], *info = NULL;
	size_t raw_size = sizeof(raw);
	char *text = NULL;
	int size;

	if (algorithm == DKIM_ED25519)
		return EVP_PKEY_get_raw_public_key(key, raw, &raw_size) == 1
			   ? crypto_base64(raw, raw_size)
			   : NULL;
	size = i2d_PUBKEY(key, &info);
	if (size > 0)
		text = crypto_base64(info, (size_t)size);
	OPENSSL_free(info);
	return text;
}

static int write_private(const struct dkim_place *place, const char *selector, const EVP_PKEY *key,
			 struct error *error)
{
	_cleanup_free_ char *path = dkim_key_path(place->folder, selector);
	_cleanup_(cleanup_bio) BIO *text = BIO_new(BIO_s_secmem());
	char *bytes;
	long size;

	if (!text)
		text = BIO_new(BIO_s_mem());
	if (!path || !text ||
	    PEM_write_bio_PKCS8PrivateKey(text, key, NULL, NULL, 0, NULL, NULL) <= 0)
		return crypto_error(error, "cannot write a private key");
	size = BIO_get_mem_data(text, &bytes);
	return file_replace(path, bytes, (size_t)size, 0640, (uid_t)-1, place->group, error);
}

static bool is_taken(const struct dkim_place *place, const struct dkim_keys *keys,
		     const char *selector)
{
	_cleanup_free_ char *path = dkim_key_path(place->folder, selector);

	for (size_t i = 0; i < keys->count; i++)
		if (strcmp(keys->list[i].selector, selector) == 0)
			return true;
	return !path || file_exists(path);
}

/* "pcr-202611", "pcr-202611-2": a name that was revoked is never a good key's again. */
static int selector_find(const struct dkim_place *place, const struct dkim_keys *keys,
			 enum dkim_algorithm algorithm, char ret[DKIM_SELECTOR_SIZE],
			 struct error *error)
{
	time_t now = (time_t)place->now;
	char month[16] = "", base[DKIM_SELECTOR_SIZE - 8];
	struct tm date = {0};

	gmtime_r(&now, &date);
	strftime(month, sizeof(month), "%Y%m", &date);
	snprintf(base, sizeof(base), "%s%c-%s", place->prefix, letters[algorithm], month);
	snprintf(ret, DKIM_SELECTOR_SIZE, "%s", base);
	for (int number = 2; is_taken(place, keys, ret); number++) {
		if (number == SELECTOR_TRIES)
			return error_set(error, EEXIST, "all selectors %s-N are taken", base);
		snprintf(ret, DKIM_SELECTOR_SIZE, "%s-%d", base, number);
	}
	return 0;
}

int dkim_key_make(const struct dkim_place *place, enum dkim_state state,
		  enum dkim_algorithm algorithm, struct dkim_keys *keys, struct dkim_key **ret,
		  struct error *error)
{
	_cleanup_(cleanup_pkey) EVP_PKEY *pair = algorithm == DKIM_RSA
						     ? EVP_RSA_gen(RSA_BITS)
						     : EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	_cleanup_free_ char *public = pair ? public_text(pair, algorithm) : NULL;
	char selector[DKIM_SELECTOR_SIZE];
	int result;

	if (!public)
		return crypto_error(error, "cannot make a DKIM key");
	result = selector_find(place, keys, algorithm, selector, error);
	if (result == 0)
		result = write_private(place, selector, pair, error);
	if (result == 0)
		result = dkim_keys_add(keys, ret, error);
	if (result < 0)
		return result;
	**ret = (struct dkim_key){state, algorithm, "", place->now, TAKE_POINTER(public)};
	snprintf((*ret)->selector, sizeof((*ret)->selector), "%s", selector);
	return 0;
}

static bool has_file(const struct dkim_place *place, const struct dkim_key *key)
{
	_cleanup_free_ char *path = dkim_key_path(place->folder, key->selector);
	struct stat status;

	return path && stat(path, &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

static bool is_there(const struct dkim_place *place, struct dkim_keys *keys, enum dkim_state state,
		     enum dkim_algorithm algorithm)
{
	const struct dkim_key *key = dkim_keys_find(keys, state, algorithm);

	return key && has_file(place, key);
}

/* What has lost its file signs no more; what it signed can still be verified. */
static void retire_lost(const struct dkim_place *place, struct dkim_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		struct dkim_key *key = &keys->list[i];

		if ((key->state != DKIM_CURRENT && key->state != DKIM_NEXT) || has_file(place, key))
			continue;
		key->state = DKIM_PREVIOUS;
		key->since = place->now;
	}
}

static int fill_one(const struct dkim_place *place, enum dkim_state state,
		    enum dkim_algorithm algorithm, struct dkim_keys *keys, struct error *error)
{
	struct dkim_key *key = NULL;

	if (dkim_keys_find(keys, state, algorithm))
		return 0;
	if (state == DKIM_CURRENT)
		key = dkim_keys_find(keys, DKIM_NEXT, algorithm);
	if (!key)
		return dkim_key_make(place, state, algorithm, keys, &key, error);
	key->state = DKIM_CURRENT;
	key->since = place->now;
	return 0;
}

/* An older run was cut off between a file and its line. */
static void remove_orphans(const struct dkim_place *place, const struct dkim_keys *keys)
{
	_cleanup_closedir_ DIR *folder = opendir(place->folder);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder))) {
		const char *end = strrchr(entry->d_name, '.');
		bool known = !end || strcmp(end, ".pem") != 0;

		for (size_t i = 0; !known && i < keys->count; i++)
			known = keys->list[i].state != DKIM_REVOKED &&
				strlen(keys->list[i].selector) == (size_t)(end - entry->d_name) &&
				strncmp(keys->list[i].selector, entry->d_name,
					(size_t)(end - entry->d_name)) == 0;
		if (!known && unlinkat(dirfd(folder), entry->d_name, 0) < 0)
			continue; /* the next run tries again */
	}
}

static int make_folder(const struct dkim_place *place, struct error *error)
{
	int result = file_make_folders(place->folder, 0750, error);

	if (result == 0 && place->group != (gid_t)-1 &&
	    (chown(place->folder, (uid_t)-1, place->group) < 0 || chmod(place->folder, 0750) < 0))
		return error_errno(error, errno, "%s", place->folder);
	return result;
}

/* Nobody reads what is damaged, and somebody may want to look at it. */
static int put_aside(const struct dkim_place *place, struct error *error)
{
	_cleanup_free_ char *path = file_join(place->folder, DKIM_KEYS_FILE),
			    *aside = file_join(place->folder, DKIM_KEYS_FILE ".damaged");

	if (!path || !aside)
		return error_set(error, ENOMEM, "out of memory");
	return rename(path, aside) < 0 ? error_errno(error, errno, "%s", path) : 0;
}

static int read_or_begin(const struct dkim_place *place, struct dkim_keys *keys,
			 struct error *error)
{
	struct error failure = ERROR_INIT;
	int result = dkim_keys_read(place->folder, keys, &failure);

	if (result == -EBADMSG || result == -ENOSPC)
		result = put_aside(place, error);
	else if (result == -ENOENT)
		result = 0;
	else if (result < 0)
		result = error_set(error, result, "%s", error_text(&failure));
	error_clear(&failure);
	return result;
}

bool dkim_place_full(const struct dkim_place *place, bool next)
{
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	struct error none = ERROR_INIT;
	bool full = dkim_keys_read(place->folder, &keys, &none) == 0;

	error_clear(&none);
	for (int algorithm = 0; full && algorithm < DKIM_ALGORITHMS; algorithm++)
		full = is_there(place, &keys, DKIM_CURRENT, (enum dkim_algorithm)algorithm) &&
		       (!next || is_there(place, &keys, DKIM_NEXT, (enum dkim_algorithm)algorithm));
	return full;
}

int dkim_place_fill(const struct dkim_place *place, bool next, struct dkim_keys *ret,
		    struct error *error)
{
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	bool full = dkim_place_full(place, next);
	int result = make_folder(place, error);

	if (result == 0)
		result = read_or_begin(place, &keys, error);
	if (result == 0 && !full)
		retire_lost(place, &keys);
	for (int algorithm = 0; !full && algorithm < DKIM_ALGORITHMS; algorithm++) {
		if (result == 0)
			result = fill_one(place, DKIM_CURRENT, (enum dkim_algorithm)algorithm,
					  &keys, error);
		if (result == 0 && next)
			result = fill_one(place, DKIM_NEXT, (enum dkim_algorithm)algorithm, &keys,
					  error);
	}
	if (result == 0 && !full)
		result = dkim_keys_write(place->folder, &keys, error);
	if (result < 0)
		return result;
	remove_orphans(place, &keys);
	*ret = keys;
	keys.count = 0;
	return !full;
}
