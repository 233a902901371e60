// SPDX-License-Identifier: GPL-3.0-or-later
#include "base/typed.h"

#include "base/crypto.h"

int typed_make(char *ret, size_t letters, struct error *error)
{
	unsigned char byte = 0;
	size_t at = 0;

	for (size_t i = 0; i < letters; i++) {
		int result = crypto_random(&byte, 1, error);

		if (result < 0)
			return result;
		if (i > 0 && i % TYPED_GROUP == 0)
			ret[at++] = '-';
		ret[at++] = TYPED_LETTERS[byte % (sizeof(TYPED_LETTERS) - 1)];
	}
	ret[at] = '\0';
	return 0;
}
