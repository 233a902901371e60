// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror/source.h"

#include "mirror/search.h"

int source_read(struct source *source, char ret_digest[DIGEST_TEXT_SIZE], json_t **ret_picture,
		struct error *error)
{
	return source->tree->database
		   ? database_read(&source->database, source->tree, ret_digest, ret_picture, error)
		   : search_read(source->tree, ret_digest, ret_picture, error);
}

int source_fd(const struct source *source)
{
	return database_fd(source->database);
}

bool source_has_news(struct source *source)
{
	return database_news(&source->database);
}

void source_end(struct source *source)
{
	database_end(&source->database);
}
