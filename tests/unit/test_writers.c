// SPDX-License-Identifier: GPL-3.0-or-later
/* Who may write to an alias that is not for everybody, as postcask-policy judges by the file that
 * postcask-directory keeps. */
#include "directory_made.h"

#include <unistd.h>

#include "base/file.h"
#include "policy/writers.h"

static const char settings[] =
    "domain example.org\ndomain example.com\n"
    "user alice@example.org\nhash {CRYPT}$y$a\nuser bob@example.org\nhash {CRYPT}$y$a\n"
    "user carol@example.com\nhash {CRYPT}$y$a\nuser a+b@example.org\nhash {CRYPT}$y$a\n"
    "alias all@example.org\nto alice@example.org\nwho domain\n"
    "alias board@example.org\nto inner@example.org\nto far@elsewhere.example\nwho members\n"
    "alias inner@example.org\nto alice+x@example.org\n"
    "alias named@example.org\nto alice@example.org\nwho bob@example.org\nwho @example.com\n"
    "alias x+y@example.org\nto alice@example.org\nwho bob@example.org\n";

struct world {
	struct directory directory;
	struct writers writers;
};

/* In the test's folder. */
static struct world *opened(void **state)
{
	static struct world world;

	world = (struct world){0};
	directory_begin(state, &world.directory, settings);
	writers_init(&world.writers, "accounts.db");
	return &world;
}

static void closed(struct world *world)
{
	writers_close(&world->writers);
	directory_close(&world->directory);
}

static enum writers_look look(struct world *world, const char *recipient, const char *login,
			      const char *sender, bool believed)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct postfix_request request = {0};

	snprintf(request.recipient, sizeof(request.recipient), "%s", recipient);
	snprintf(request.login, sizeof(request.login), "%s", login);
	snprintf(request.sender, sizeof(request.sender), "%s", sender);
	return writers_judge(&world->writers, &request, believed, &error);
}

static void who_may_is_known(void **state)
{
	static const struct {
		const char *to, *login, *sender;
		bool believed;
		enum writers_look look;
	} cases[] = {
	    {"all@example.org", "bob@example.org", "bob@example.org", false, WRITERS_MAY},
	    {"ALL+label@example.org", "bob@example.org", "bob@example.org", false, WRITERS_MAY},
	    {"all@example.org", "carol@example.com", "carol@example.com", false, WRITERS_MAY_NOT},
	    {"all@example.org", "", "alice@example.org", false, WRITERS_MAY_NOT},
	    {"all@example.org", "", "", false, WRITERS_MAY},
	    {"all@example.org", "", "alice@example.org", true, WRITERS_MAY},
	    {"all@example.org", "", "x@elsewhere.example", true, WRITERS_MAY_NOT},
	    {"all@example.org", "", "no address", true, WRITERS_MAY_NOT},
	    {"board@example.org", "alice@example.org", "alice@example.org", false, WRITERS_MAY},
	    {"board@example.org", "", "Far@elsewhere.example", true, WRITERS_MAY},
	    {"board@example.org", "bob@example.org", "bob@example.org", false, WRITERS_MAY_NOT},
	    /* Who may send as the alias itself is one of those it leads to, or of `senders`. */
	    {"board@example.org", "bob@example.org", "board@example.org", false, WRITERS_MAY},
	    {"named@example.org", "bob@example.org", "bob+note@example.org", false, WRITERS_MAY},
	    {"named@example.org", "", "bob+a+b@example.org", true, WRITERS_MAY},
	    {"named@example.org", "carol@example.com", "carol@example.com", false, WRITERS_MAY},
	    {"named@example.org", "alice@example.org", "alice@example.org", false, WRITERS_MAY_NOT},
	    {"x+y+z@example.org", "bob@example.org", "bob@example.org", false, WRITERS_MAY},
	    {"x+z@example.org", "bob@example.org", "bob@example.org", false, WRITERS_MAY_NOT},
	    {"' OR '1'='1@example.org", "bob@example.org", "' OR 1=1 --@x", false, WRITERS_MAY_NOT},
	    {"%@example.org", "bob@example.org", "%@%", false, WRITERS_MAY_NOT},
	    {"", "bob@example.org", "bob@example.org", false, WRITERS_MAY_NOT},
	};
	struct world *world = opened(state);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (look(world, cases[i].to, cases[i].login, cases[i].sender, cases[i].believed) !=
		    cases[i].look)
			fail_msg("%zu: %s by %s", i, cases[i].to, cases[i].login);
	closed(world);
}

/* Another file in its place is asked from then on, and without one nobody knows. */
static void another_file_is_opened(void **state)
{
	struct world *world = opened(state);

	assert_int_equal(
	    look(world, "all@example.org", "bob@example.org", "bob@example.org", false),
	    WRITERS_MAY);
	assert_int_equal(rename("accounts.db", "other.db"), 0);
	assert_int_equal(
	    look(world, "all@example.org", "bob@example.org", "bob@example.org", false),
	    WRITERS_NOT_KNOWN);
	assert_int_equal(look(world, "all@example.org", "", "bob@example.org", false),
			 WRITERS_MAY_NOT);
	assert_int_equal(rename("other.db", "accounts.db"), 0);
	assert_int_equal(
	    look(world, "all@example.org", "bob@example.org", "bob@example.org", false),
	    WRITERS_MAY);
	closed(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(who_may_is_known),
	    folder_test(another_file_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
