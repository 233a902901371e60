// SPDX-License-Identifier: GPL-3.0-or-later
#include "directory/directory.h"

#include <stdlib.h>

void directory_close(struct directory *directory)
{
	accounts_close(&directory->accounts);
	secrets_close(&directory->secrets);
	free(directory->fault);
	free(directory->mirror_told);
	free(directory->shared_before);
	free(directory->rules_before);
	json_decref(directory->mirror);
	directory->fault = directory->mirror_told = directory->shared_before = NULL;
	directory->rules_before = NULL;
	directory->mirror = NULL;
}
