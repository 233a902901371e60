// SPDX-License-Identifier: GPL-3.0-or-later
/* A directory of accounts in a test's folder. */
#ifndef POSTCASK_TEST_DIRECTORY_MADE_H
#define POSTCASK_TEST_DIRECTORY_MADE_H

#include "test.h"

#include <unistd.h>

#include "directory/directory.h"

static inline void directory_write(const char *path, const char *text)
{
	struct error error = ERROR_INIT;

	assert_int_equal(file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, &error),
			 0);
}

/* `directory` may have paths beside these; its settings are those of the text. */
static inline void directory_begin(void **state, struct directory *directory, const char *settings)
{
	struct error error = ERROR_INIT;

	assert_int_equal(chdir(*state), 0);
	directory->settings = "settings";
	directory->report = "report.json";
	directory_write("settings", settings);
	assert_int_equal(accounts_open(&directory->accounts, "accounts.db", &error), 0);
	assert_int_equal(secrets_open(&directory->secrets, "secrets.db", &error), 0);
	assert_int_equal(directory_take_settings(directory, &error), 0);
	assert_null(directory->fault);
}

#endif
