// SPDX-License-Identifier: GPL-3.0-or-later
/* The builder's package lists, accounts and cache keys. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/file.h"
#include "image/accounts.h"
#include "image/digest.h"
#include "image/package_list.h"

static void list_takes_names_and_comments(void **state)
{
	struct package_list list;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(package_list_parse("# mail\npostfix # the MTA\n\n\t7zip \nlibstdc++6", "f",
					    &list, &error),
			 0);
	assert_int_equal(list.count, 3);
	assert_string_equal(list.names[0], "postfix");
	assert_string_equal(list.names[1], "7zip");
	assert_string_equal(list.names[2], "libstdc++6");
	package_list_free(&list);
}

static void list_refuses(const char *text, const char *wanted)
{
	struct package_list list;
	struct error error = ERROR_INIT;

	assert_true(package_list_parse(text, "f", &list, &error) < 0);
	assert_non_null(strstr(error_text(&error), wanted));
	assert_int_equal(list.count, 0);
	error_clear(&error);
}

static void list_refuses_what_is_no_name(void **state)
{
	(void)state;
	list_refuses("postfix\npostfix dovecot\n", "f:2: 'postfix dovecot'");
	list_refuses("Postfix\n", "f:1:");
	list_refuses("-y\n", "f:1:");
	list_refuses("a\n", "f:1:");
	list_refuses("less\nnano\nless\n", "f:3: 'less' stands here twice");
}

static const char accounts_text[] = "# comment\n"
				    "u clamav 426 - /var/lib/clamav /bin/false\n"
				    "u sshd 404:65534 \"sshd user\" /run/sshd\n"
				    "g postdrop 422\n"
				    "u amavis 425 \"AMaViS system user\" /var/lib/amavis /bin/sh\n"
				    "m clamav amavis\n"
				    "m amavis postdrop\n"
				    "m clamav postdrop\n";

static void accounts_become_lines(void **state)
{
	struct accounts accounts;
	struct account_files files;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(accounts_parse(accounts_text, "f", &accounts, &error), 0);
	accounts_render(&accounts, &files);
	assert_string_equal(buffer_text(&files.passwd),
			    "clamav:x:426:426::/var/lib/clamav:/bin/false\n"
			    "sshd:x:404:65534:sshd user:/run/sshd:/usr/sbin/nologin\n"
			    "amavis:x:425:425:AMaViS system user:/var/lib/amavis:/bin/sh\n");
	assert_string_equal(buffer_text(&files.group), "clamav:x:426:\n"
						       "postdrop:x:422:amavis,clamav\n"
						       "amavis:x:425:clamav\n");
	assert_string_equal(buffer_text(&files.shadow), "clamav:!*:::::::\n"
							"sshd:!*:::::::\n"
							"amavis:!*:::::::\n");
	assert_string_equal(buffer_text(&files.gshadow), "clamav:!*::\n"
							 "postdrop:!*::amavis,clamav\n"
							 "amavis:!*::clamav\n");
	account_files_free(&files);
	accounts_free(&accounts);
}

static void accounts_refuse(const char *text, const char *wanted)
{
	struct accounts accounts;
	struct error error = ERROR_INIT;

	assert_true(accounts_parse(text, "f", &accounts, &error) < 0);
	assert_non_null(strstr(error_text(&error), wanted));
	error_clear(&error);
}

static void accounts_refuse_chance_and_conflict(void **state)
{
	(void)state;
	accounts_refuse("u amavis -\n", "f:1: '-' is no number");
	accounts_refuse("u amavis\n", "f:1: 'amavis' has no number");
	accounts_refuse("u amavis 1000\n", "f:1:");
	accounts_refuse("u amavis 99\n", "f:1:");
	accounts_refuse("u a 425\nu b 425\n", "f:2: number 425 belongs to 'a'");
	accounts_refuse("u a 425\ng a 426\n", "f:2: 'a' is declared twice");
	accounts_refuse("m a b\n", "f:1: 'a' or 'b' is not declared");
	accounts_refuse("g a 425\ng b 426\nm a b\n", "f:3:");
	accounts_refuse("r - 500-900\n", "f:1: 'r' is no kind");
	accounts_refuse("u a 425 \"x:y\"\n", "f:1: 'x:y' contains a colon");
	accounts_refuse("u a 425 \"open\n", "f:1:");
	accounts_refuse("u A 425\n", "f:1:");
}

static void accounts_check_says(const char *passwd, const char *group, const char *wanted)
{
	struct accounts accounts;
	struct error error = ERROR_INIT;

	assert_int_equal(accounts_parse("u amavis 425\ng postdrop 422\n", "f", &accounts, &error),
			 0);
	assert_int_equal(accounts_check(&accounts, passwd, group, &error), wanted ? -EBADMSG : 0);
	if (wanted)
		assert_non_null(strstr(error_text(&error), wanted));
	error_clear(&error);
	accounts_free(&accounts);
}

static void accounts_are_checked_after_the_installation(void **state)
{
	static const char passwd[] = "root:x:0:0::/root:/bin/bash\nnobody:x:65534:65534::/:/n\n"
				     "amavis:x:425:425::/:/n\n";
	static const char group[] = "root:x:0:\nusers:x:100:\namavis:x:425:\npostdrop:x:422:\n";

	(void)state;
	accounts_check_says(passwd, group, NULL);
	accounts_check_says("amavis:x:989:989::/:/n\n", group, "user 'amavis' has number 989");
	accounts_check_says("root:x:0:0::/:/n\n", group, "user 'amavis' has number -1");
	accounts_check_says(passwd, "amavis:x:425:\npostdrop:x:106:\n",
			    "group 'postdrop' has number 106");
	accounts_check_says("amavis:x:425:425::/:/n\nnewd:x:101:101::/:/n\n", group,
			    "a package made 'newd' with number 101 in /etc/passwd");
	accounts_check_says(passwd, "amavis:x:425:\npostdrop:x:422:\nnewg:x:997:\n",
			    "a package made 'newg'");
}

static void the_repository_s_accounts_are_good(void **state)
{
	struct accounts accounts;
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(
	    accounts_load("overlays/usr/lib/sysusers.d/postcask.conf", &accounts, &error), 0);
	assert_true(accounts.count > 20);
	accounts_free(&accounts);
}

static void key_of(const char *const *parts, size_t count, char hex[KEY_HEX_SIZE])
{
	struct cache_key key;

	cache_key_start(&key);
	for (size_t i = 0; i < count; i++)
		cache_key_add(&key, "part", parts[i]);
	assert_int_equal(cache_key_finish(&key, hex), 0);
}

static void keys_tell_parts_apart(void **state)
{
	static const char *const one[] = {"ab", "c"}, *const two[] = {"a", "bc"};
	char first[KEY_HEX_SIZE], second[KEY_HEX_SIZE], again[KEY_HEX_SIZE];

	(void)state;
	key_of(one, 2, first);
	key_of(two, 2, second);
	key_of(one, 2, again);
	assert_int_equal(strlen(first), KEY_HEX_SIZE - 1);
	assert_string_not_equal(first, second);
	assert_string_equal(first, again);
}

/* A sparse file: the digest is of the zeros, too. */
static void digest_counts_holes(void **state)
{
	/* head -c 3145728 /dev/zero | { cat; printf end; } | sha256sum */
	static const char expected[] =
	    "224aecff2c0af98c6504162c8e11aff292cdb6d7ded73f3878af8dcfaafb08ef";
	char path[] = "/tmp/test_image.XXXXXX", hex[DIGEST_HEX_SIZE];
	struct error error = ERROR_INIT;
	int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, 3 << 20), 0);
	assert_int_equal(pwrite(fd, "end", 3, 3 << 20), 3);
	assert_int_equal(digest_file(path, hex, &error), 0);
	assert_string_equal(hex, expected);
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(list_takes_names_and_comments),
	    cmocka_unit_test(list_refuses_what_is_no_name),
	    cmocka_unit_test(accounts_become_lines),
	    cmocka_unit_test(accounts_refuse_chance_and_conflict),
	    cmocka_unit_test(accounts_are_checked_after_the_installation),
	    cmocka_unit_test(the_repository_s_accounts_are_good),
	    cmocka_unit_test(keys_tell_parts_apart),
	    cmocka_unit_test(digest_counts_holes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
