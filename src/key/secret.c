// SPDX-License-Identifier: GPL-3.0-or-later
#include "key/secret.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/file.h"

enum { SECRET_BYTES = 32, SECRET_DIGITS = 2 * SECRET_BYTES, FILE_LIMIT = 4096 };

/* Some take any line for a secret, an empty file too: a power cut's zeros must not be one. */
static bool is_secret(const struct secret *secret, const char *text, size_t size)
{
	size_t before = strlen(secret->before);

	return size == before + SECRET_DIGITS + 1 && memcmp(text, secret->before, before) == 0 &&
	       strspn(text + before, "0123456789abcdef") == SECRET_DIGITS &&
	       text[before + SECRET_DIGITS] == '\n';
}

static int make(const struct secret *secret, const char *path, struct error *error)
{
	_cleanup_(buffer_wipe) struct buffer text = BUFFER_INIT;
	unsigned char bytes[SECRET_BYTES];

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return error_errno(error, errno, "cannot make a secret");
	buffer_add_text(&text, secret->before);
	for (size_t i = 0; i < SECRET_BYTES; i++)
		buffer_addf(&text, "%02x", bytes[i]);
	buffer_add_char(&text, '\n');
	explicit_bzero(bytes, sizeof(bytes));
	if (text.failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, text.data, text.size, 0600, 0, 0, error);
}

int secret_ensure(const struct secret *secret, const char *folder, struct key_result *ret,
		  struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, secret->name), *text = NULL;
	_cleanup_free_ char *note = NULL;
	size_t size = 0;
	int result;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	result = file_read(path, FILE_LIMIT, &text, &size, NULL);
	if (result == 0) {
		bool good = is_secret(secret, text, size);

		explicit_bzero(text, size);
		if (good) {
			*ret = (struct key_result){.state = "kept"};
			return 0;
		}
	}
	if (result == 0 || result == -EFBIG)
		note = strdup(secret->damaged);
	if (result < 0 && result != -ENOENT && result != -EFBIG)
		return error_set(error, result, "cannot read %s: %s", path, strerror(-result));
	result = file_make_folders(folder, 0711, error);
	if (result == 0)
		result = make(secret, path, error);
	if (result == 0)
		*ret = (struct key_result){true, "made", TAKE_POINTER(note)};
	return result;
}

/* What is wanted, until it is made sure of: no work that others could wait for. */
struct job {
	const struct secret *secret;
	bool wanted;
	char *folder; /* owned */
};

int secret_begin(const struct secret *secret, bool wanted, const char *folder, void **ret_job,
		 struct error *error)
{
	struct job *job = malloc(sizeof(*job));
	char *copy = strdup(folder);

	if (!job || !copy) {
		free(job);
		free(copy);
		return error_set(error, ENOMEM, "out of memory");
	}
	*job = (struct job){secret, wanted, copy};
	*ret_job = job;
	return 0;
}

int secret_finish(void *context, int timeout_ms _unused_, struct key_result *ret,
		  struct error *error)
{
	struct job *job = context;
	struct key_result made = {.state = "off"};
	int result = job->wanted ? secret_ensure(job->secret, job->folder, &made, error) : 0;

	free(job->folder);
	free(job);
	if (result == 0)
		*ret = made;
	return result;
}
