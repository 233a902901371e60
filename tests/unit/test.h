// SPDX-License-Identifier: GPL-3.0-or-later
/* What every unit test includes; cmocka wants these in this order. */
#ifndef POSTCASK_TEST_H
#define POSTCASK_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/file.h"

/* Setup and teardown that give a test a folder of its own in *state. */
static inline int test_folder_make(void **state)
{
	char *folder = strdup("/tmp/postcask-test-XXXXXX");

	*state = folder ? mkdtemp(folder) : NULL;
	return *state ? 0 : -1;
}

static inline int test_folder_remove(void **state)
{
	struct error error = ERROR_INIT;
	int result = file_remove_tree(*state, &error);

	free(*state);
	return result;
}

#define folder_test(function)                                                                      \
	cmocka_unit_test_setup_teardown(function, test_folder_make, test_folder_remove)

#endif
