// SPDX-License-Identifier: GPL-3.0-or-later
#include "dkim/verify.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

#include "base/json_file.h"
#include "base/slice.h"

enum { FIELDS_MAX = 200, TAGS_MAX = 30, SIGNATURE_MAX = 1024 };

struct field {
	struct slice name, whole; /* with its line break */
	bool used;
};

struct parsed {
	struct field fields[FIELDS_MAX];
	size_t count;
	struct slice body;
};

/* A tag's value without blanks; those of one signature. */
struct tags {
	struct {
		char name[16];
		char *value; /* owned */
	} list[TAGS_MAX];
	size_t count;
};

static void tags_clear(struct tags *tags)
{
	for (size_t i = 0; i < tags->count; i++)
		free(tags->list[i].value);
	tags->count = 0;
}

static const char *tag(const struct tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->count; i++)
		if (strcmp(tags->list[i].name, name) == 0)
			return tags->list[i].value;
	return "";
}

/* The header's fields, and the body. */
static bool parse(struct slice text, struct parsed *parsed)
{
	parsed->count = 0;
	while (text.size > 0 && !slice_skip(&text, SLICE("\r\n"))) {
		struct field *field = &parsed->fields[parsed->count];
		const char *end = text.at, *colon;

		do {
			end = memmem(end, text.size - (size_t)(end - text.at), "\r\n", 2);
			if (!end)
				return false;
			end += 2;
		} while (end < text.at + text.size && (*end == ' ' || *end == '\t'));
		field->whole = (struct slice){text.at, (size_t)(end - text.at)};
		colon = memchr(text.at, ':', field->whole.size);
		if (!colon || parsed->count + 1 == FIELDS_MAX)
			return false;
		field->name = (struct slice){text.at, (size_t)(colon - text.at)};
		while (field->name.size > 0 && strchr(" \t", field->name.at[field->name.size - 1]))
			field->name.size--;
		field->used = false;
		text.size -= field->whole.size;
		text.at = end;
		parsed->count++;
	}
	parsed->body = text;
	return true;
}

/* "NAME=VALUE; ..." */
static bool parse_tags(struct slice text, struct tags *tags)
{
	while (text.size > 0) {
		const char *end = memchr(text.at, ';', text.size), *equals;
		size_t size = end ? (size_t)(end - text.at) : text.size, kept = 0;
		char *value = malloc(size + 1);

		if (!value)
			return false;
		for (size_t i = 0; i < size; i++)
			if (!isspace((unsigned char)text.at[i]))
				value[kept++] = text.at[i];
		value[kept] = '\0';
		text.at += size + (end != NULL);
		text.size -= size + (end != NULL);
		equals = strchr(value, '=');
		if (kept == 0) {
			free(value);
			continue;
		}
		if (!equals || (size_t)(equals - value) >= sizeof(tags->list[0].name) ||
		    tags->count == TAGS_MAX) {
			free(value);
			return false;
		}
		memcpy(tags->list[tags->count].name, value, (size_t)(equals - value));
		tags->list[tags->count].name[equals - value] = '\0';
		memmove(value, equals + 1, strlen(equals + 1) + 1);
		tags->list[tags->count++].value = value;
	}
	return true;
}

/* RFC 6376 section 3.4.2. */
static void add_relaxed(struct buffer *data, const struct field *field, struct slice value)
{
	bool blank = false, begun = false;

	for (size_t i = 0; i < field->name.size; i++)
		buffer_add_char(data, (char)tolower((unsigned char)field->name.at[i]));
	buffer_add_char(data, ':');
	for (size_t i = 0; i < value.size; i++) {
		char c = value.at[i];

		if (c == '\r' || c == '\n' || c == ' ' || c == '\t') {
			blank = true;
			continue;
		}
		if (blank && begun)
			buffer_add_char(data, ' ');
		buffer_add_char(data, c);
		blank = false;
		begun = true;
	}
}

static struct slice value_of(const struct field *field)
{
	const char *colon = memchr(field->whole.at, ':', field->whole.size);

	return (struct slice){colon + 1, field->whole.size - (size_t)(colon + 1 - field->whole.at)};
}

/* The fields of h=, each name from the bottom up; what is not there is nothing. */
static void add_listed(struct buffer *data, struct parsed *parsed, const char *names)
{
	for (size_t i = 0; i < parsed->count; i++)
		parsed->fields[i].used = false;
	while (*names) {
		struct slice name = {names, strcspn(names, ":")};

		for (size_t i = parsed->count; i-- > 0;) {
			struct field *field = &parsed->fields[i];

			if (field->used || !slice_equal_case(field->name, name))
				continue;
			field->used = true;
			add_relaxed(data, field, value_of(field));
			buffer_add_text(data, "\r\n");
			break;
		}
		names += name.size + (names[name.size] == ':');
	}
}

/* The signature's own field, without what it signs with. */
static void add_own(struct buffer *data, const struct field *field)
{
	struct slice value = value_of(field);
	_cleanup_(buffer_free) struct buffer without = BUFFER_INIT;
	bool in_b = false, begin = true;

	for (size_t i = 0; i < value.size; i++) {
		char c = value.at[i];

		if (begin && c == 'b' && i + 1 < value.size && value.at[i + 1] == '=') {
			buffer_add_text(&without, "b=");
			in_b = true;
		}
		if (c == ';')
			in_b = false;
		if (!in_b)
			buffer_add_char(&without, c);
		begin = c == ';' || (begin && isspace((unsigned char)c));
	}
	add_relaxed(data, field, (struct slice){buffer_text(&without), without.size});
}

/* Base64 of our own making: whole groups.  Its size, 0 when it is none. */
static size_t decode(const char *text, unsigned char *bytes, size_t room)
{
	size_t size = strlen(text);
	int decoded;

	if (size == 0 || size % 4 || size / 4 * 3 > room)
		return 0;
	decoded = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size);
	if (decoded < 0)
		return 0;
	return (size_t)decoded - (text[size - 1] == '=') - (text[size - 2] == '=');
}

static bool body_fits(const struct parsed *parsed, const char *bh)
{
	struct slice body = parsed->body;
	unsigned char digest[SHA256_DIGEST_LENGTH], given[SIGNATURE_MAX];

	while (slice_ends(body, SLICE("\r\n\r\n")) || slice_equal(body, SLICE("\r\n")))
		body.size -= 2;
	if (body.size == 0) /* an empty body is one line break */
		body = SLICE("\r\n");
	SHA256((const unsigned char *)body.at, body.size, digest);
	return decode(bh, given, sizeof(given)) == sizeof(digest) &&
	       memcmp(given, digest, sizeof(digest)) == 0;
}

static EVP_PKEY *public_key(const char *record, enum dkim_algorithm algorithm)
{
	unsigned char bytes[SIGNATURE_MAX];
	const unsigned char *at = bytes;
	const char *p = strstr(record, "p=");
	size_t size = p ? decode(p + 2, bytes, sizeof(bytes)) : 0;

	if (size == 0)
		return NULL;
	return algorithm == DKIM_RSA
		   ? d2i_PUBKEY(NULL, &at, (long)size)
		   : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, bytes, size);
}

static bool signature_fits(const struct buffer *data, const char *b, EVP_PKEY *key,
			   enum dkim_algorithm algorithm)
{
	unsigned char digest[SHA256_DIGEST_LENGTH], given[SIGNATURE_MAX];
	size_t size = decode(b, given, sizeof(given));
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool fits = false;

	if (!context || size == 0) {
		fits = false;
	} else if (algorithm == DKIM_RSA) {
		fits = EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
		       EVP_DigestVerify(context, given, size,
					(const unsigned char *)buffer_text(data), data->size) == 1;
	} else { /* RFC 8463: it signs the digest */
		SHA256((const unsigned char *)buffer_text(data), data->size, digest);
		fits = EVP_DigestVerifyInit(context, NULL, NULL, NULL, key) == 1 &&
		       EVP_DigestVerify(context, given, size, digest, sizeof(digest)) == 1;
	}
	EVP_MD_CTX_free(context);
	ERR_clear_error();
	return fits;
}

/* The record of the current key of that name, or NULL. */
static const char *record_of(const json_t *published, const char *domain, const char *selector)
{
	const json_t *key;
	size_t i;

	json_array_foreach(published, i, key)
	{
		if (strcmp(json_text(key, "domain"), domain) == 0 &&
		    strcmp(json_text(key, "selector"), selector) == 0 &&
		    strcmp(json_text(key, "state"), "current") == 0)
			return json_text(key, "record");
	}
	return NULL;
}

/* Why the signature is none; NULL when it is good. */
static const char *check(struct parsed *parsed, const struct field *field, const struct tags *tags,
			 const json_t *published, enum dkim_algorithm algorithm)
{
	const char *record = record_of(published, tag(tags, "d"), tag(tags, "s"));
	_cleanup_(buffer_free) struct buffer data = BUFFER_INIT;
	EVP_PKEY *key;
	bool fits;

	if (!record)
		return "it is not by a current key";
	if (strcmp(tag(tags, "c"), "relaxed/simple") != 0)
		return "it is not relaxed/simple";
	if (!body_fits(parsed, tag(tags, "bh")))
		return "the text was changed after it";
	add_listed(&data, parsed, tag(tags, "h"));
	add_own(&data, field);
	key = public_key(record, algorithm);
	fits = key && !data.failed && signature_fits(&data, tag(tags, "b"), key, algorithm);
	EVP_PKEY_free(key);
	return fits ? NULL : "the header was changed after it, or the key is another";
}

int dkim_verify(const char *message, size_t size, const json_t *published, unsigned algorithms,
		struct error *error)
{
	static const char *const names[DKIM_ALGORITHMS] = {
	    [DKIM_RSA] = "rsa-sha256", [DKIM_ED25519] = "ed25519-sha256"};
	_cleanup_free_ struct parsed *parsed = malloc(sizeof(*parsed));
	const char *why = "there is none";
	unsigned good = 0;

	if (!parsed)
		return error_set(error, ENOMEM, "out of memory");
	if (!parse((struct slice){message, size}, parsed))
		return error_set(error, EBADMSG, "its header cannot be read");
	for (size_t i = 0; i < parsed->count; i++) {
		_cleanup_(tags_clear) struct tags tags = {.count = 0};

		if (!slice_equal_case(parsed->fields[i].name, SLICE("DKIM-Signature")) ||
		    !parse_tags(value_of(&parsed->fields[i]), &tags))
			continue;
		for (int algorithm = 0; algorithm < DKIM_ALGORITHMS; algorithm++) {
			const char *wrong;

			if (strcmp(tag(&tags, "a"), names[algorithm]) != 0)
				continue;
			wrong = check(parsed, &parsed->fields[i], &tags, published,
				      (enum dkim_algorithm)algorithm);
			good |= wrong ? 0u : 1u << algorithm;
			why = wrong ? wrong : why;
		}
	}
	if ((good & algorithms) == algorithms)
		return 0;
	return error_set(error, EBADMSG, "it has no valid signature by %s: %s",
			 algorithms & ~good & 1u << DKIM_RSA ? "RSA" : "Ed25519", why);
}
