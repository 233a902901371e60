// SPDX-License-Identifier: GPL-3.0-or-later
#include "import/message.h"

#include <errno.h>
#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

enum { FIELDS = 5 };

int messages_add(struct messages *messages, const struct message *message, struct error *error)
{
	if (messages->count == MESSAGES_MAX)
		return error_set(error, E2BIG, "more than %d messages in one folder",
				 (int)MESSAGES_MAX);
	if (messages->count == messages->capacity) {
		size_t capacity = messages->capacity ? messages->capacity * 2 : 64;
		struct message *list =
		    reallocarray(messages->list, capacity, sizeof(*messages->list));

		if (!list)
			return error_set(error, ENOMEM, "out of memory");
		messages->list = list;
		messages->capacity = capacity;
	}
	messages->list[messages->count++] = *message;
	return 0;
}

void messages_free(struct messages *messages)
{
	free(messages->list);
	*messages = MESSAGES_INIT;
}

uint64_t messages_bytes(const struct messages *messages, bool matched_only)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < messages->count; i++)
		if (!matched_only || messages->list[i].matched)
			bytes += messages->list[i].size;
	return bytes;
}

static int compare_kind(const struct message *one, const struct message *other)
{
	int order = memcmp(one->key, other->key, MESSAGE_KEY);

	return order ? order : (one->size > other->size) - (one->size < other->size);
}

static int compare(const void *a, const void *b)
{
	const struct message *one = a, *other = b;
	int order = compare_kind(one, other);

	return order ? order : (one->number > other->number) - (one->number < other->number);
}

static void prepare(struct messages *messages)
{
	for (size_t i = 0; i < messages->count; i++)
		messages->list[i].matched = false;
	if (messages->count)
		qsort(messages->list, messages->count, sizeof(*messages->list), compare);
}

size_t messages_match(struct messages *there, struct messages *here)
{
	size_t i = 0, j = 0, pairs = 0;

	prepare(there);
	prepare(here);
	while (i < there->count && j < here->count) {
		int order = compare_kind(&there->list[i], &here->list[j]);

		if (order == 0) {
			there->list[i].matched = here->list[j].matched = true;
			pairs++;
		}
		i += order <= 0;
		j += order >= 0;
	}
	return pairs;
}

struct message *messages_next_of_size(struct messages *messages, uint64_t size, size_t *at)
{
	for (; *at < messages->count; (*at)++)
		if (!messages->list[*at].matched && messages->list[*at].size == size)
			return &messages->list[(*at)++];
	return NULL;
}

/* ---- The key ---- */

/* The place of a field among those that count, FIELDS for any other. */
static size_t field_of(struct slice name)
{
	static const char *const names[FIELDS] = {"Message-ID", "Date", "From", "To", "Subject"};
	size_t i = 0;

	while (i < FIELDS && !slice_equal_case(name, slice_of(names[i])))
		i++;
	return i;
}

/* Servers fold as they like: blanks and line ends are one blank. */
static void add_value(EVP_MD_CTX *digest, struct slice value)
{
	bool blank = false, begun = false;

	for (size_t i = 0; i < value.size; i++) {
		char c = value.at[i];

		if (strchr(" \t\r\n", c)) { /* a NUL too, which servers change */
			blank = true;
			continue;
		}
		if (blank && begun)
			EVP_DigestUpdate(digest, " ", 1);
		blank = false;
		begun = true;
		EVP_DigestUpdate(digest, &c, 1);
	}
}

/* The next line with those that continue it; false at the end of the header. */
static bool next_field(struct slice *header, struct slice *ret)
{
	size_t size = 0;
	const char *end;

	if (header->size == 0 || *header->at == '\n' || *header->at == '\r')
		return false;
	do {
		end = memchr(header->at + size, '\n', header->size - size);
		size = end ? (size_t)(end - header->at) + 1 : header->size;
	} while (size < header->size && (header->at[size] == ' ' || header->at[size] == '\t'));
	*ret = (struct slice){header->at, size};
	header->at += size;
	header->size -= size;
	return true;
}

void message_key(struct slice header, int64_t date, unsigned char ret_key[MESSAGE_KEY])
{
	unsigned char whole[EVP_MAX_MD_SIZE] = {0};
	struct slice values[FIELDS] = {0};
	struct slice field, name;
	EVP_MD_CTX *digest;

	while (next_field(&header, &field)) {
		if (!slice_until(&field, SLICE(":"), &name))
			continue;
		size_t i = field_of(slice_trim(name));
		if (i < FIELDS && !values[i].at)
			values[i] = field;
	}
	digest = EVP_MD_CTX_new();
	if (digest && EVP_DigestInit_ex(digest, EVP_sha256(), NULL) == 1) {
		for (size_t i = 0; i < FIELDS; i++) {
			add_value(digest, values[i]);
			EVP_DigestUpdate(digest, "\n", 1);
		}
		if (!values[0].at)
			EVP_DigestUpdate(digest, &date, sizeof(date));
		EVP_DigestFinal_ex(digest, whole, NULL);
	}
	EVP_MD_CTX_free(digest);
	memcpy(ret_key, whole, MESSAGE_KEY);
}

/* ---- As it is kept here ---- */

uint64_t message_normal_size(struct slice message)
{
	uint64_t size = message.size;
	const char *at = message.at, *end = message.at + message.size, *line;

	for (; at < end && (line = memchr(at, '\n', (size_t)(end - at))); at = line + 1)
		size += line == message.at || line[-1] != '\r';
	return size;
}

bool message_normal(struct slice message, struct buffer *buffer, struct slice *ret_normal)
{
	bool nul = message.size && memchr(message.at, '\0', message.size);
	const char *at = message.at, *end = message.at + message.size, *line;

	*ret_normal = message;
	if (!nul && message_normal_size(message) == message.size)
		return false;
	buffer_reset(buffer);
	for (; at < end && (line = memchr(at, '\n', (size_t)(end - at))); at = line + 1) {
		bool bare = line == message.at || line[-1] != '\r';

		buffer_add(buffer, at, (size_t)(line - at));
		buffer_add_text(buffer, bare ? "\r\n" : "\n");
	}
	buffer_add(buffer, at, (size_t)(end - at));
	for (size_t i = 0; nul && i < buffer->size; i++)
		if (buffer->data[i] == '\0')
			buffer->data[i] = (char)0x80;
	*ret_normal = (struct slice){buffer_text(buffer), buffer->size};
	return nul;
}
