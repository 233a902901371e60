// SPDX-License-Identifier: GPL-3.0-or-later
/* What is missing of the keys of all domains is made, and what is old goes; see store.h. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "dkim/make.h"
#include "dkim/store.h"

enum { THREADS_MAX = 8 };

/* Work that threads share: each takes the next domain. */
struct work {
	const struct dkim_store *store;
	int64_t deadline_ms;
	bool next; /* of this pass */
	atomic_size_t taken, made, left;
	pthread_mutex_t lock; /* over `error` */
	struct error error;   /* the first */
};

static void work_fail(struct work *work, struct error *failure)
{
	pthread_mutex_lock(&work->lock);
	if (!work->error.code) {
		work->error = *failure;
		*failure = ERROR_INIT;
	}
	pthread_mutex_unlock(&work->lock);
	error_clear(failure);
}

static void work_do(struct work *work, size_t number)
{
	const struct dkim_store *store = work->store;
	_cleanup_free_ char *folder = dkim_store_folder(store, store->domains[number]);
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	struct dkim_place place = {folder, store->prefix, store->group, dkim_store_now(store)};
	struct error failure = ERROR_INIT;
	int result;

	if (folder && dkim_place_full(&place, work->next))
		return;
	if (number > 0 && clock_left_ms(work->deadline_ms) == 0) {
		work->left++;
		return;
	}
	result = folder ? dkim_place_fill(&place, work->next, &keys, &failure)
			: error_set(&failure, ENOMEM, "out of memory");
	if (result > 0)
		work->made++;
	else if (result < 0)
		work_fail(work, &failure);
}

static void *work_run(void *context)
{
	struct work *work = context;
	size_t number;

	while ((number = work->taken++) < work->store->count)
		work_do(work, number);
	return NULL;
}

/* One pass over all domains; who gets no thread does it alone. */
static int work_all(struct work *work, bool next, struct error *error)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	pthread_t threads[THREADS_MAX];
	int count = 0, result;

	work->next = next;
	work->taken = work->left = 0;
	while (count + 1 < processors && count + 1 < THREADS_MAX &&
	       (size_t)count + 1 < work->store->count &&
	       pthread_create(&threads[count], NULL, work_run, work) == 0)
		count++;
	work_run(work);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	result = work->error.code;
	if (result < 0)
		error_set(error, result, "%s", error_text(&work->error));
	error_clear(&work->error);
	return result;
}

/* Every domain's old keys. */
static int retire_all(const struct dkim_store *store, struct error *error)
{
	for (size_t i = 0; i < store->count; i++) {
		_cleanup_free_ char *folder = dkim_store_folder(store, store->domains[i]);
		_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
		int result = folder ? dkim_keys_read(folder, &keys, error)
				    : error_set(error, ENOMEM, "out of memory");

		if (result == 0)
			result = dkim_keys_retire(folder, dkim_store_now(store), &keys, error);
		if (result == -ENOENT) /* its turn has not come */
			error_clear(error);
		else if (result < 0)
			return result;
	}
	return 0;
}

int dkim_store_fill(const struct dkim_store *store, int milliseconds, struct dkim_made *ret,
		    struct error *error)
{
	struct work work = {.store = store,
			    .deadline_ms = clock_now_ms() + milliseconds,
			    .lock = PTHREAD_MUTEX_INITIALIZER};
	struct dkim_made made = {0};
	int result = work_all(&work, false, error);

	made.missing = work.left;
	if (result == 0)
		result = work_all(&work, true, error);
	made.waiting = work.left;
	made.made = work.made;
	if (result == 0)
		result = retire_all(store, error);
	if (result == 0)
		result = dkim_store_publish(store, error);
	if (result == 0)
		*ret = made;
	return result;
}

int dkim_keys_retire(const char *folder, int64_t now, struct dkim_keys *keys, struct error *error)
{
	const int64_t previous = (int64_t)DKIM_PREVIOUS_DAYS * DKIM_DAY,
		      revoked = (int64_t)DKIM_REVOKED_DAYS * DKIM_DAY;
	bool changed = false;

	for (size_t i = keys->count; i-- > 0;) {
		struct dkim_key *key = &keys->list[i];
		_cleanup_free_ char *path = NULL;

		if (key->state == DKIM_REVOKED && now - key->since >= revoked) {
			dkim_keys_remove(keys, key);
			changed = true;
		} else if (key->state == DKIM_PREVIOUS && now - key->since >= previous) {
			path = dkim_key_path(folder, key->selector);
			key->state = DKIM_REVOKED;
			key->since = now;
			free(TAKE_POINTER(key->public));
			changed = true;
			/* it signs no more, whatever becomes of the line that says so */
			if (path && unlink(path) < 0 && errno != ENOENT)
				return error_errno(error, errno, "%s", path);
		}
	}
	if (!changed)
		return 0;
	int result = dkim_keys_write(folder, keys, error);

	return result < 0 ? result : 1;
}
