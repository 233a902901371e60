// SPDX-License-Identifier: GPL-3.0-or-later
/* The roles, and what doveadm is asked and says; a fake one stands in its place
 * (docs/decisions/fake-programs.md). */
#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_file.h"
#include "base/login.h"
#include "sharing/share.h"

#define ALICE "alice@example.org"

/* What the fake one says and ends with, and what it was asked: of all children. */
static struct fake {
	const char *says;
	int ends;
	int times;
	char asked[1024];
} * fake;

int fake_execvp(const char *file, char *const argv[]) __asm__("execvp");
int fake_execvp(const char *file, char *const argv[])
{
	size_t size = 0;

	assert_string_equal(file, "doveadm");
	fake->times++;
	size += (size_t)snprintf(fake->asked, sizeof(fake->asked), "%s",
				 getenv("USER") && !getenv("HOME") ? getenv("USER") : "");
	for (argv++; *argv; argv++)
		size +=
		    (size_t)snprintf(fake->asked + size, sizeof(fake->asked) - size, "|%s", *argv);
	dprintf(STDOUT_FILENO, "%s", fake->says);
	_exit(fake->ends);
}

/* This host has no such folder: whoever runs the test is its owner. */
int fake_stat(const char *path, struct stat *status) __asm__("stat");
int fake_stat(const char *path, struct stat *status)
{
	if (strcmp(path, "/var/vmail") != 0)
		return fstatat(AT_FDCWD, path, status, 0);
	*status = (struct stat){.st_uid = geteuid(), .st_gid = getegid()};
	return 0;
}

static void say(const char *says, int ends)
{
	*fake = (struct fake){says, ends, 0, ""};
}

/* ---- Roles ---- */

static void each_role_has_the_one_before(void **state _unused_)
{
	const char *before = "";

	for (const struct share_role *role = share_roles; role->name; role++) {
		assert_ptr_equal(share_role_find(role->name), role);
		assert_ptr_equal(share_role_of(role->rights), role);
		assert_true(strncmp(role->letters, before, strlen(before)) == 0);
		for (const char *c = role->kept_letters; *c; c++)
			assert_non_null(strchr(role->letters, *c));
		before = role->letters;
	}
	assert_null(share_role_find(""));
	assert_null(share_role_find("owner"));
}

static void rights_are_a_role_in_any_order(void **state _unused_)
{
	assert_string_equal(share_role_of("write-seen  lookup read")->name, "read");
	assert_string_equal(share_role_of("post insert write-seen read lookup")->name, "post");
	assert_null(share_role_of("lookup read"));
	assert_null(share_role_of("lookup read write-seen admin"));
	assert_null(share_role_of(""));
}

/* ---- What doveadm says ---- */

#define SAID                                                                                       \
	"doveadm(alice@example.org): Warning: [x\n"                                                \
	"[{\"id\":\"user=bob@example.org\",\"global\":\"\",\"rights\":\"lookup read "              \
	"write-seen\"},{\"id\":\"group=x\",\"global\":\"\",\"rights\":\"lookup\"},"                \
	"{\"id\":\"authenticated\",\"global\":\"global\",\"rights\":\"lookup\"}]\n"

static void who_shares_is_read(void **state _unused_)
{
	_cleanup_json_ json_t *list = json_array();

	say(SAID, 0);
	assert_int_equal(share_read(ALICE, "-Team", list, NULL), 0);
	assert_string_equal(fake->asked, ALICE "|-f|json|acl|get|-u|" ALICE "|--|-Team");
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_text(json_array_get(list, 0), "who"), "bob@example.org");
	assert_string_equal(json_text(json_array_get(list, 0), "role"), "read");
	assert_string_equal(json_text(json_array_get(list, 0), "folder"), "-Team");
	assert_string_equal(json_text(json_array_get(list, 1), "who"), "group=x");
	assert_string_equal(json_text(json_array_get(list, 1), "role"), "");
}

static void what_is_no_list_is_an_error(void **state _unused_)
{
	static const char *const texts[] = {"", "x", "[", "{}", "[{]", "[\"\xff\"]", "doveadm: [1"};
	_cleanup_json_ json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(share_parse(texts[i], ALICE, "x", list, NULL), -EBADMSG);
	assert_int_equal(share_parse("[1, {}, null]", ALICE, "x", list, NULL), 0);
	say("Fatal: \033[2J", 75);
	assert_int_equal(share_read(ALICE, "x", list, NULL), -EIO);
	say("", 68);
	assert_int_equal(share_read(ALICE, "x", list, NULL), -ENOENT);
}

static void assert_folders(const char *folder, bool below, const char *expected)
{
	_cleanup_json_ json_t *found = NULL;
	char names[256] = "";
	const json_t *name;
	size_t i;

	assert_int_equal(share_folders(ALICE, folder, below, &found, NULL), 0);
	json_array_foreach(found, i, name) strcat(strcat(names, json_string_value(name)), " ");
	assert_string_equal(names, expected);
}

#define NAME(name) "{\"mailbox\":\"" name "\"}"

static void own_folders_are_listed(void **state _unused_)
{
	_cleanup_json_ json_t *found = NULL;

	say("[" NAME("INBOX") "," NAME("Team") "," NAME("Team/a") "," NAME("Teams") "," NAME(
		"Shared/x/Team") "," NAME("Public") "," NAME("Shareds") "]",
	    0);
	assert_folders(NULL, false, "INBOX Team Team/a Teams Shareds ");
	assert_string_equal(fake->asked, ALICE "|-f|json|mailbox|list|-u|" ALICE);
	assert_folders("Team", false, "Team ");
	assert_folders("Team", true, "Team Team/a ");
	assert_folders("inbox", false, "INBOX ");
	assert_int_equal(share_folders(ALICE, "Public", true, &found, NULL), -ENOENT);
	assert_int_equal(share_folders(ALICE, "team", true, &found, NULL), -ENOENT);
	assert_null(found);
}

/* ---- What it is told ---- */

static void rights_are_given_and_taken(void **state _unused_)
{
	say("", 0);
	assert_int_equal(
	    share_give(ALICE, "a b", "o'neil@example.org", share_role_find("post"), NULL), 0);
	assert_string_equal(fake->asked, ALICE "|acl|set|-u|" ALICE "|--|a b|"
					       "user=o'neil@example.org|lookup|read|write-seen|"
					       "insert|post");
	assert_int_equal(share_take(ALICE, "a b", "-x", NULL), 0);
	assert_string_equal(fake->asked, ALICE "|acl|delete|-u|" ALICE "|--|a b|user=-x");
}

static void members_are_no_person(void **state _unused_)
{
	_cleanup_json_ json_t *list = json_array();

	assert_int_equal(share_parse("[{\"id\":\"group=edit:" ALICE "\",\"rights\":\"lookup\"},"
				     "{\"id\":\"group=edit:x" ALICE "\",\"rights\":\"lookup\"}]",
				     ALICE, "INBOX", list, NULL),
			 0);
	assert_int_equal(json_array_size(list), 1);
}

/* Its folders, and a line for each role; where folders are not shared, nothing. */
static void a_shared_mailbox_is_prepared(void **state _unused_)
{
	struct error error = ERROR_INIT;

	say("", 0);
	assert_int_equal(share_prepare("info@nowhere.example", &error), 0);
	assert_int_equal(fake->times, 5);
	assert_string_equal(fake->asked, "info@nowhere.example|acl|set|-u|info@nowhere.example|--|"
					 "INBOX|group=manage:info@nowhere.example|lookup");
	say("", 64);
	assert_int_equal(share_prepare("info@nowhere.example", &error), 0);
	assert_int_equal(fake->times, 2);
	say("no", 75);
	assert_int_equal(share_prepare("info@nowhere.example", &error), -EIO);
	error_clear(&error);
	assert_int_equal(share_prepare("../x@nowhere.example", &error), -EINVAL);
	error_clear(&error);
	assert_int_equal(share_prepare("nobody", &error), -EINVAL);
	error_clear(&error);
}

static void a_person_has_one_form(void **state _unused_)
{
	static const char *const no_addresses[] = {"", "alice", "*@example.org", "a b@example.org",
						   "a/b@example.org"};
	char *person = NULL;

	say("field\tvalue\nuser\tbob@example.org\nuid\tvmail\n", 0);
	assert_int_equal(login_find("BOB@example.org", &person, NULL), 0);
	assert_string_equal(person, "bob@example.org");
	free(person);
	say("field\tvalue\nuid\tvmail\n", 0); /* as it was asked */
	assert_int_equal(login_find("-x@example.org", &person, NULL), 0);
	assert_string_equal(person, "-x@example.org");
	free(person);
	say("", 67);
	assert_int_equal(login_find("nobody@example.org", &person, NULL), -ENOENT);
	for (size_t i = 0; i < ARRAY_SIZE(no_addresses); i++)
		assert_int_equal(login_find(no_addresses[i], &person, NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(each_role_has_the_one_before),
	    cmocka_unit_test(rights_are_a_role_in_any_order),
	    cmocka_unit_test(who_shares_is_read),
	    cmocka_unit_test(what_is_no_list_is_an_error),
	    cmocka_unit_test(own_folders_are_listed),
	    cmocka_unit_test(rights_are_given_and_taken),
	    cmocka_unit_test(members_are_no_person),
	    cmocka_unit_test(a_shared_mailbox_is_prepared),
	    cmocka_unit_test(a_person_has_one_form),
	};

	fake = mmap(NULL, sizeof(*fake), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fake == MAP_FAILED)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
