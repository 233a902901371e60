// SPDX-License-Identifier: GPL-3.0-or-later
/* Where Postfix sends mail: the short table for what is asked most has to say what the long one
 * says, of people and aliases drawn by lot. */
#include "test.h"

#include <sqlite3.h>

#include "base/buffer.h"
#include "directory_made.h"

#define TABLES "overlays/usr/share/postcask/postfix/"

enum { WORLDS = 20, PEOPLE = 12, ASKED = 120 };

static const char *const domains[] = {"example.org", "example.net", "other.example", "far.example"};
static const char *const locals[] = {"a", "b", "c", "a+x", "a+x+y", "b+", "c+c", "d", "e", "f"};
static char top[4096], *short_query, *long_query;
static unsigned lot;

/* The same worlds each time. */
static unsigned draw(unsigned most)
{
	lot = lot * 1103515245u + 12345u;
	return (lot >> 16) % most;
}

static bool maybe(unsigned in)
{
	return draw(in) == 0;
}

static const char *any_local(void)
{
	return locals[draw(ARRAY_SIZE(locals))];
}

/* ---- A world ---- */

static void add_address(struct buffer *text, const char *word, unsigned most)
{
	buffer_addf(text, "%s %s@%s\n", word, any_local(), domains[draw(most)]);
}

/* People and aliases each have an address once. */
static void make_world(struct buffer *text)
{
	bool taken[ARRAY_SIZE(locals)][2] = {{false}};

	buffer_addf(text, "domain example.org\ndomain example.net\nhost mail.example.org\n");
	if (!maybe(3))
		buffer_addf(text, "other other.example example.org\n");
	for (size_t at = 0; at < 2; at++)
		if (maybe(3))
			buffer_addf(text, "catch_all %s %s@%s\n", domains[at], any_local(),
				    domains[draw(2)]);
	for (int i = 0; i < PEOPLE; i++) {
		unsigned local = draw(ARRAY_SIZE(locals)), domain = draw(2);

		if (taken[local][domain])
			continue;
		taken[local][domain] = true;
		buffer_addf(text,
			    i < PEOPLE / 2 ? "user %s@%s\nhash {CRYPT}$y$a\n" : "alias %s@%s\n",
			    locals[local], domains[domain]);
		if (i < PEOPLE / 2) {
			for (unsigned count = draw(3); count > 0; count--)
				add_address(text, "forward", 4);
			if (maybe(2))
				buffer_addf(text, "forward_keep no\n");
			continue;
		}
		for (unsigned count = 1 + draw(3); count > 0; count--)
			add_address(text, "to", 4);
	}
}

/* ---- Asking as Postfix does ---- */

static char *query_of(const char *table)
{
	_cleanup_(buffer_free) struct buffer path = BUFFER_INIT;
	_cleanup_free_ char *text = NULL;
	const char *query;

	buffer_addf(&path, "%s/" TABLES "%s", top, table);
	assert_int_equal(file_read(buffer_text(&path), 1 << 16, &text, NULL, NULL), 0);
	query = strstr(text, "query = ");
	assert_non_null(query);
	return strdup(query + strlen("query = "));
}

/* %s, %u and %d as in sqlite_table(5); no address here has anything to be escaped. */
static void expand(const char *query, const char *local, const char *domain, struct buffer *ret)
{
	for (const char *c = query; *c; c++) {
		if (c[0] == '%' && c[1] == 's')
			buffer_addf(ret, "%s@%s", local, domain);
		else if (c[0] == '%' && (c[1] == 'u' || c[1] == 'd'))
			buffer_addf(ret, "%s", c[1] == 'u' ? local : domain);
		else
			buffer_addf(ret, "%c", *c);
		c += c[0] == '%' && strchr("sud", c[1]);
	}
}

static char *answer(struct directory *directory, const char *query, const char *local,
		    const char *domain)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT, found = BUFFER_INIT;
	sqlite3_stmt *statement;

	expand(query, local, domain, &text);
	assert_int_equal(sqlite3_prepare_v2(directory->accounts.cabinet.db, buffer_text(&text), -1,
					    &statement, NULL),
			 SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		buffer_addf(&found, "%s%s", found.size ? "," : "",
			    (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return strdup(buffer_text(&found));
}

/* One who is found with a mailbox and nothing else goes where he is: Postfix has no more to do for
 * himself than for nothing. */
static void compare(struct directory *directory, const char *local, const char *domain,
		    size_t *ret_found)
{
	_cleanup_free_ char *quick = answer(directory, short_query, local, domain);
	_cleanup_free_ char *whole = answer(directory, long_query, local, domain);
	_cleanup_(buffer_free) struct buffer himself = BUFFER_INIT;

	if (!quick[0])
		return;
	++*ret_found;
	buffer_addf(&himself, "%s@%s", local, domain);
	if (!whole[0] && strcmp(quick, buffer_text(&himself)) == 0)
		return;
	assert_string_equal(quick, whole);
}

static void the_short_table_says_what_the_long_one_says(void **state)
{
	size_t found = 0;

	for (lot = 1; lot <= WORLDS;) {
		unsigned world = lot;
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
		struct directory directory = {0};
		struct error error = ERROR_INIT;

		make_world(&text);
		directory_begin(state, &directory, buffer_text(&text));
		for (int i = 0; i < ASKED; i++) {
			_cleanup_(buffer_free) struct buffer local = BUFFER_INIT;

			buffer_addf(&local, "%s%s", any_local(), maybe(3) ? "+label" : "");
			compare(&directory, buffer_text(&local), domains[draw(3)], &found);
		}
		directory_close(&directory);
		assert_int_equal(unlink("accounts.db"), 0);
		assert_int_equal(unlink("secrets.db"), 0);
		error_clear(&error);
		lot = world + 1;
	}
	assert_true(found > WORLDS * ASKED / 10);
}

/* Somebody's address is never looked for where it takes long. */
static void who_is_here_is_in_the_short_table(void **state)
{
	struct directory directory = {0};

	directory_begin(
	    state, &directory,
	    "domain example.org\nuser a@example.org\nhash {CRYPT}$y$a\n"
	    "user b+x@example.org\nhash {CRYPT}$y$a\nforward c@far.example\n"
	    "forward_keep no\nalias c@example.org\nto a@example.org\nto z@far.example\n");
	static const struct {
		const char *local, *wanted;
	} cases[] = {{"a", "a@example.org"},
		     {"b+x", "c@far.example"},
		     {"c", "a@example.org,z@far.example"},
		     {"a+label", ""},
		     {"nobody", ""}};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *said =
		    answer(&directory, short_query, cases[i].local, "example.org");

		assert_string_equal(said, cases[i].wanted);
	}
	directory_close(&directory);
}

/* Of 100,000 people none is read but who is asked for.  (Of addresses with a + of their own, which
 * are few, all are.) */
static void no_table_is_read_from_end_to_end(void **state)
{
	static const char *const tables[] = {
	    "aliases.cf", "aliases_label.cf",  "closed.cf", "known.cf",	  "mailboxes.cf",
	    "plus.cf",	  "plus_transport.cf", "quota.cf",  "senders.cf", "stale.cf"};
	static const char *const large[] = {"SCAN account",	   "SCAN alias",  "SCAN target",
					    "SCAN writer",	   "SCAN sender", "SCAN member",
					    "MATERIALIZE resident"};
	struct directory directory = {0};

	directory_begin(state, &directory,
			"domain example.org\nuser a@example.org\nhash {CRYPT}$y$a\n");
	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		_cleanup_free_ char *query = query_of(tables[i]);
		_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
		sqlite3_stmt *plan;

		buffer_addf(&text, "EXPLAIN QUERY PLAN ");
		expand(query, "a+x", "example.org", &text);
		assert_int_equal(sqlite3_prepare_v2(directory.accounts.cabinet.db,
						    buffer_text(&text), -1, &plan, NULL),
				 SQLITE_OK);
		while (sqlite3_step(plan) == SQLITE_ROW)
			for (size_t at = 0; at < ARRAY_SIZE(large); at++)
				if (strstr((const char *)sqlite3_column_text(plan, 3), large[at]))
					fail_msg("%s: %s", tables[i], sqlite3_column_text(plan, 3));
		sqlite3_finalize(plan);
	}
	directory_close(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(the_short_table_says_what_the_long_one_says),
	    folder_test(who_is_here_is_in_the_short_table),
	    folder_test(no_table_is_read_from_end_to_end),
	};
	int failed;

	assert_non_null(getcwd(top, sizeof(top)));
	short_query = query_of("aliases.cf");
	long_query = query_of("aliases_label.cf");
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	free(short_query);
	free(long_query);
	return failed;
}
