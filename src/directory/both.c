// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/both.h"

#include <errno.h>

#include "directory/take.h"

typedef int both_finisher(struct directory *directory, int result, struct error *error);

int both_begin(struct directory *directory, struct error *error)
{
	int result = cabinet_begin(&directory->secrets.cabinet, error);

	if (result < 0)
		return result;
	result = cabinet_begin(&directory->accounts.cabinet, error);
	return result < 0 ? cabinet_end(&directory->secrets.cabinet, result, error) : 0;
}

int both_end(struct directory *directory, int result, struct error *error)
{
	result = cabinet_end(&directory->secrets.cabinet, result, error);
	return cabinet_end(&directory->accounts.cabinet, result, error);
}

static int finish(struct directory *directory, const json_t *question, int result,
		  both_finisher *end, struct error *error)
{
	if (result == 0)
		result = accounts_settle(&directory->accounts, error);
	if (result == 0 && json_is_true(json_object_get(question, "dry"))) {
		_cleanup_(error_clear) struct error none = ERROR_INIT;

		return both_end(directory, -ECANCELED, &none) == -ECANCELED ? 0 : -EIO;
	}
	result = end(directory, result, error);
	return result < 0 ? result : directory_publish(directory, error);
}

int both_finish(struct directory *directory, const json_t *question, int result,
		struct error *error)
{
	return finish(directory, question, result, both_end, error);
}

static int end_removal(struct directory *directory, int result, struct error *error)
{
	result = cabinet_end(&directory->accounts.cabinet, result, error);
	return cabinet_end(&directory->secrets.cabinet, result, error);
}

static int do_both(struct directory *directory, const json_t *question, both_work *work,
		   both_finisher *end, struct error *error)
{
	struct change change;
	int result = take_change(question, &change, error);

	if (result == 0)
		result = both_begin(directory, error);
	if (result < 0)
		return result;
	return finish(directory, question, work(directory, question, &change, error), end, error);
}

int both_change(struct directory *directory, const json_t *question, both_work *work,
		struct error *error)
{
	return do_both(directory, question, work, both_end, error);
}

int both_remove(struct directory *directory, const json_t *question, both_work *work,
		struct error *error)
{
	return do_both(directory, question, work, end_removal, error);
}
