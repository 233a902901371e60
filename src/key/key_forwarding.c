// SPDX-License-Identifier: GPL-3.0-or-later
#include "key/key_forwarding.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { SECRET_BYTES = 32, SECRET_DIGITS = 2 * SECRET_BYTES, FILE_LIMIT = 4096 };

/* postsrsd takes any line for a secret, an empty file too: a power cut's zeros must not be one. */
static bool is_secret(const char *text, size_t size)
{
	return size == SECRET_DIGITS + 1 && strspn(text, "0123456789abcdef") == SECRET_DIGITS &&
	       text[SECRET_DIGITS] == '\n';
}

static int make(const char *path, struct error *error)
{
	static const char digits[] = "0123456789abcdef";
	unsigned char bytes[SECRET_BYTES];
	char text[SECRET_DIGITS + 1];
	int result;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_errno(error, errno, "cannot make a secret");
	for (size_t i = 0; i < SECRET_BYTES; i++) {
		text[2 * i] = digits[bytes[i] >> 4];
		text[2 * i + 1] = digits[bytes[i] & 0xf];
	}
	text[SECRET_DIGITS] = '\n';
	result = file_replace(path, text, sizeof(text), 0600, 0, 0, error);
	explicit_bzero(bytes, sizeof(bytes));
	explicit_bzero(text, sizeof(text));
	return result;
}

static int ensure(const char *folder, struct key_result *ret, struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, FORWARDING_SECRET), *text = NULL;
	_cleanup_free_ char *note = NULL;
	size_t size = 0;
	int result;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	result = file_read(path, FILE_LIMIT, &text, &size, NULL);
	if (result == 0) {
		bool good = is_secret(text, size);

		explicit_bzero(text, size);
		if (good) {
			*ret = (struct key_result){.state = "kept"};
			return 0;
		}
	}
	if (result == 0 || result == -EFBIG)
		note = strdup("the secret of forwarded mail was damaged and is made anew: "
			      "bounces of what was forwarded before are refused");
	if (result < 0 && result != -ENOENT && result != -EFBIG)
		return error_set(error, result, "cannot read %s: %s", path, strerror(-result));
	result = file_make_folders(folder, 0711, error);
	if (result == 0)
		result = make(path, error);
	if (result == 0)
		*ret = (struct key_result){true, "made", TAKE_POINTER(note)};
	return result;
}

/* What is wanted, until it is made sure of: no work that others could wait for. */
struct job {
	bool wanted;
	char *folder; /* owned */
};

static int begin(const json_t *settings, const char *folder, void **ret_job, struct error *error)
{
	const json_t *srs = json_object_get(json_object_get(settings, "forwarding"), "srs");
	struct job *job = malloc(sizeof(*job));
	char *copy = strdup(folder);

	if (!job || !copy) {
		free(job);
		free(copy);
		return error_set(error, ENOMEM, "out of memory");
	}
	*job = (struct job){json_is_true(srs), copy};
	*ret_job = job;
	return 0;
}

static int finish(void *context, int timeout_ms _unused_, struct key_result *ret,
		  struct error *error)
{
	struct job *job = context;
	struct key_result made = {.state = "off"};
	int result = job->wanted ? ensure(job->folder, &made, error) : 0;

	free(job->folder);
	free(job);
	if (result == 0)
		*ret = made;
	return result;
}

const struct key_kind forwarding_key = {FORWARDING_KEY, begin, finish};
