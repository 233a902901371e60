// SPDX-License-Identifier: GPL-3.0-or-later
#include "dkim/job.h"

#include <errno.h>

#include "base/json_file.h"
#include "dkim/rotate.h"
#include "dkim/signers.h"
#include "generation/generation.h"

enum {
	LOCK_MS = 120 * 1000,
	/* So long the lock is held: `postcask apply` waits for it. */
	STEP_MS = 10 * 1000,
	/* 10,000 domains take a slow machine three hours. */
	STEPS_MAX = 2000,
};

/* One step with the lock. */
static int fill(const struct dkim_store *store, struct dkim_made *made, struct error *error)
{
	_cleanup_close_ int lock = -1;
	int result = dkim_store_lock(store, LOCK_MS, &lock, error);

	return result < 0 ? result : dkim_store_fill(store, STEP_MS, made, error);
}

static int fill_all(const struct dkim_store *store, bool *changed, FILE *stream,
		    struct error *error)
{
	struct dkim_made made = {.waiting = 1};
	size_t count = 0;

	for (int step = 0; made.waiting > 0 && step < STEPS_MAX; step++) {
		int result = fill(store, &made, error);

		if (result < 0)
			return result;
		count += made.made;
	}
	if (count > 0)
		fprintf(stream, "made keys %zu times, for %zu domains\n", count, store->count);
	*changed = count > 0;
	return 0;
}

static bool may_change_the_dns(const json_t *settings)
{
	const json_t *update = json_object_get(json_object_get(settings, "dns"), "update");

	return json_string_length(json_object_get(update, "server")) > 0;
}

/* Those whose time has come.  One that cannot go over does not keep the others. */
static int rotate_due(const struct dkim_store *store, const json_t *settings, bool *changed,
		      FILE *stream, struct error *error)
{
	struct dkim_rotation rotation = dkim_rotation_from_settings(settings);
	_cleanup_close_ int lock = -1;
	int result = dkim_store_lock(store, LOCK_MS, &lock, error);

	for (size_t i = 0; result == 0 && i < store->count; i++) {
		struct error failure = ERROR_INIT;

		if (!dkim_rotation_is_due(store, store->domains[i], &rotation))
			continue;
		if (dkim_rotate(store, store->domains[i], &rotation, &failure) < 0) {
			fprintf(stream, "%s: %s\n", store->domains[i], error_text(&failure));
		} else {
			fprintf(stream, "%s signs with new keys\n", store->domains[i]);
			*changed = true;
		}
		error_clear(&failure);
	}
	return result < 0 || !*changed ? result : dkim_store_publish(store, error);
}

int dkim_job_run(const char *state, const char *keys, FILE *stream, struct error *error)
{
	_cleanup_(dkim_store_clear) struct dkim_store store = {.count = 0};
	_cleanup_json_ json_t *settings = NULL;
	bool made = false, changed = false;
	int result = generation_settings(state, &settings, error);

	if (result == 0)
		result = dkim_store_from_settings(settings, keys, &store, error);
	if (result == 0)
		result = fill_all(&store, &made, stream, error);
	if (result == 0 && may_change_the_dns(settings))
		result = rotate_due(&store, settings, &changed, stream, error);
	if (result == 0 && (made || changed))
		result = dkim_signers_reload(error);
	return result;
}
