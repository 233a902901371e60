// SPDX-License-Identifier: GPL-3.0-or-later
#include "takeover/dump.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "takeover/dump_inner.h"

static bool is_end(const struct token *token)
{
	return token->kind == TOKEN_END || token->kind == TOKEN_BROKEN || token_is_sign(token, ';');
}

/* From the token that was read last. */
static void skip_statement(struct dump *dump)
{
	while (!is_end(&dump->token))
		dump_next(dump);
}

/* ---- Columns ---- */

static struct columns *created_columns(const struct dump *dump, const struct table_wish *wish)
{
	return &dump->created[wish - dump->tables->wishes];
}

static int add_column(const struct dump *dump, const struct table_wish *wish,
		      struct columns *columns, const char *name, struct error *error)
{
	if (columns->count == TABLES_COLUMNS)
		return dump_fail(dump, error, "a table has too many columns");
	columns->marked = columns->marked || strcasecmp(name, wish->mark) == 0;
	columns->places[columns->count++] = table_wish_find(wish, name);
	return 0;
}

/* Words that begin no column of CREATE TABLE, but a key or a rule. */
static bool begins_rule(const struct token *token)
{
	static const char *const words[] = {"PRIMARY", "KEY",	  "UNIQUE", "CONSTRAINT",
					    "FOREIGN", "INDEX",	  "CHECK",  "FULLTEXT",
					    "SPATIAL", "EXCLUDE", "PERIOD", "LIKE"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (token_is(token, words[i]))
			return true;
	return false;
}

static bool is_named(const struct token *token)
{
	return token->kind == TOKEN_WORD || token->kind == TOKEN_NAME;
}

/* "(NAME TYPE ..., KEY ...)": with `types`, of CREATE TABLE, else names alone. */
static int read_columns(struct dump *dump, const struct table_wish *wish, bool types,
			struct columns *ret, struct error *error)
{
	const struct token *token = &dump->token;
	int result = 0;

	ret->count = 0;
	ret->marked = false;
	do {
		size_t depth = 0;

		dump_next(dump);
		if (is_named(token) && !(types && begins_rule(token)))
			result = add_column(dump, wish, ret, buffer_text(&token->text), error);
		while (!is_end(token) &&
		       (depth > 0 || !(token_is_sign(token, ',') || token_is_sign(token, ')')))) {
			depth += token_is_sign(token, '(');
			depth -= depth > 0 && token_is_sign(token, ')');
			dump_next(dump);
		}
	} while (result == 0 && token_is_sign(token, ','));
	if (result == 0 && !token_is_sign(token, ')'))
		result = dump_fail(dump, error,
				   "the columns of a table have no end; is all of it "
				   "there?");
	dump_next(dump);
	return result;
}

/* ---- Statements ---- */

/* The name of a table, without what it is in; the token behind it is read. */
static const struct table_wish *read_table(struct dump *dump)
{
	const struct table_wish *wish = NULL;

	while (is_named(&dump->token)) {
		wish = tables_find(dump->tables, (struct slice){buffer_text(&dump->token.text),
								dump->token.text.size});
		if (!token_is_sign(dump_next(dump), '.'))
			break;
		dump_next(dump);
	}
	return wish;
}

static bool skip_word(struct dump *dump, const char *word)
{
	bool is = token_is(&dump->token, word);

	if (is)
		dump_next(dump);
	return is;
}

/* Behind CREATE; another program's table of that name is none of those that are wanted. */
static int read_create(struct dump *dump, struct error *error)
{
	const struct table_wish *wish;
	int result;

	if (!skip_word(dump, "TABLE"))
		return 0;
	if (skip_word(dump, "IF") && skip_word(dump, "NOT"))
		skip_word(dump, "EXISTS");
	wish = read_table(dump);
	if (!wish || !token_is_sign(&dump->token, '('))
		return 0;
	result = read_columns(dump, wish, true, created_columns(dump, wish), error);
	return result < 0 || !created_columns(dump, wish)->marked
		   ? result
		   : tables_note(dump->tables, wish, error);
}

/* Behind INSERT or REPLACE. */
static int read_insert(struct dump *dump, struct error *error)
{
	const struct table_wish *wish;
	struct columns named, *columns;
	int result = 0;

	while (dump->token.kind == TOKEN_WORD && !token_is(&dump->token, "INTO"))
		dump_next(dump);
	if (!skip_word(dump, "INTO"))
		return 0;
	wish = read_table(dump);
	if (!wish)
		return 0;
	columns = created_columns(dump, wish);
	if (token_is_sign(&dump->token, '(')) {
		columns = &named;
		result = read_columns(dump, wish, false, columns, error);
	}
	if (result < 0 || (columns->count > 0 && !columns->marked))
		return result;
	if (columns->count == 0)
		return dump_fail(dump, error,
				 "the names of the columns are missing; make the dump with CREATE "
				 "TABLE");
	if (!skip_word(dump, "VALUES"))
		return dump_fail(dump, error, "there are no values behind INSERT");
	return dump_values(dump, wish, columns, error);
}

/* Behind COPY. */
static int read_copy(struct dump *dump, struct error *error)
{
	const struct table_wish *wish = read_table(dump);
	struct columns columns = {0};
	bool from = false;
	int result = 0;

	if (wish && token_is_sign(&dump->token, '('))
		result = read_columns(dump, wish, false, &columns, error);
	while (result == 0 && !is_end(&dump->token)) {
		from = from || token_is(&dump->token, "stdin");
		dump_next(dump);
	}
	if (result < 0 || !from)
		return result;
	if (!columns.marked)
		wish = NULL;
	if (wish && !json_object_get(dump->tables->all, wish->name))
		result = tables_note(dump->tables, wish, error);
	return result < 0 ? result : dump_copied(dump, wish, &columns, error);
}

/* Of MySQL: routines and triggers are between DELIMITER ;; and DELIMITER ; */
static enum token_kind skip_delimited(struct intake *intake)
{
	static const char end[] = "DELIMITER ;";
	size_t found;

	do {
		intake_skip_line(intake);
		found = 0;
		while (end[found] && intake_peek(intake) == end[found]) {
			intake_next(intake);
			found++;
		}
	} while (intake_peek(intake) != INTAKE_END && (end[found] || intake_peek(intake) == ';'));
	return end[found] ? TOKEN_END : TOKEN_SIGN;
}

/* Begins with its first token; its end, or that of what was understood of it, was read last. */
static int read_statement(struct dump *dump, struct error *error)
{
	if (dump->dialect == DIALECT_MYSQL && token_is(&dump->token, "DELIMITER")) {
		dump->token.sign = ';';
		dump->token.kind = skip_delimited(dump->intake);
		return 0;
	}
	if (token_is_sign(&dump->token, '\\')) { /* \restrict, for psql */
		intake_skip_line(dump->intake);
		dump->token.sign = ';';
		return 0;
	}
	if (skip_word(dump, "CREATE"))
		return read_create(dump, error);
	if (skip_word(dump, "INSERT") || skip_word(dump, "REPLACE"))
		return read_insert(dump, error);
	if (dump->dialect == DIALECT_POSTGRES && skip_word(dump, "COPY")) {
		int result = read_copy(dump, error);

		dump->token.kind = TOKEN_SIGN;
		dump->token.sign = ';';
		return result;
	}
	return 0;
}

/* ---- All of it ---- */

/* What people have by mistake; the names of others are at their beginning. */
static int refuse_other_files(const struct dump *dump, struct error *error)
{
	static const struct {
		struct slice start;
		const char *sentence;
	} others[] = {
	    {{"PGDMP", 5}, "it is pg_dump's own format; make a plain dump, without -F"},
	    {{"\x1f\x8b", 2}, "it is packed; unpack it with gunzip"},
	    {{"BZh", 3}, "it is packed; unpack it with bunzip2"},
	    {{"\x28\xb5\x2f\xfd", 4}, "it is packed; unpack it with unzstd"},
	    {{"\xfd"
	      "7zXZ",
	      5},
	     "it is packed; unpack it with unxz"},
	    {{"\xff\xfe", 2}, "it is UTF-16, as PowerShell writes it; make it UTF-8"},
	};
	struct slice beginning = intake_beginning(dump->intake);

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (slice_starts(beginning, others[i].start))
			return error_set(error, EINVAL, "%s: %s", dump->tables->path,
					 others[i].sentence);
	if (dump->dialect != DIALECT_UNKNOWN)
		return 0;
	return error_set(error, EINVAL,
			 "%s: it is no dump as mysqldump, mariadb-dump, phpMyAdmin, pg_dump or "
			 "sqlite3 write it",
			 dump->tables->path);
}

static int read_all(struct dump *dump, struct error *error)
{
	int result = 0;

	while (result == 0 && dump_next(dump)->kind != TOKEN_END) {
		result = read_statement(dump, error);
		if (result == 0)
			skip_statement(dump);
		if (result == 0 && dump->token.kind == TOKEN_BROKEN)
			result = dump_fail(dump, error,
					   "a quotation mark is open to the end; is "
					   "all of it there?");
		if (result == 0 && dump->token.kind == TOKEN_END)
			result = dump_fail(dump, error,
					   "the last statement has no end; is all of "
					   "it there?");
		if (result == 0 && dump->token.text.failed)
			result = error_set(error, ENOMEM, "out of memory");
	}
	if (result == 0 && dump->intake->failed)
		result = error_errno(error, dump->intake->failed, "%s", dump->tables->path);
	return result;
}

int dump_read(struct intake *intake, struct tables *tables, struct error *error)
{
	struct dump dump = {
	    .intake = intake, .tables = tables, .dialect = token_dialect(intake_beginning(intake))};
	size_t wishes = 1;
	int result;

	while (tables->wishes[wishes - 1].name)
		wishes++;
	dump.created = calloc(wishes, sizeof(*dump.created));
	if (!dump.created)
		return error_set(error, ENOMEM, "out of memory");
	result = refuse_other_files(&dump, error);
	if (result == 0)
		result = read_all(&dump, error);
	free(dump.created);
	buffer_wipe(&dump.token.text);
	return result < 0 ? result : tables_check(tables, error);
}
