// SPDX-License-Identifier: GPL-3.0-or-later
/* The builder's NoCloud seeds and what it understands of a machine's console. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "image/console.h"
#include "image/overlay.h"
#include "image/seed.h"

static void user_data_is_known_by_its_beginning(void **state)
{
	struct error error = ERROR_INIT;

	(void)state;
	assert_int_equal(seed_check_user_data("#cloud-config\nfqdn: x\n", "f", &error), 0);
	assert_int_equal(seed_check_user_data("#!/bin/sh\n", "f", &error), 0);
	assert_int_equal(seed_check_user_data("content-type: multipart/mixed\n", "f", &error), 0);
	assert_true(seed_check_user_data("mail:\n", "f", &error) < 0);
	assert_non_null(strstr(error_text(&error), "f:1:1:"));
	assert_true(seed_check_user_data("", "f", &error) < 0);
	error_clear(&error);
}

/* The meta-data of some user-data; owned by the caller. */
static char *meta_data_of(const char *user_data, size_t size)
{
	struct error error = ERROR_INIT;
	char *text = NULL;

	assert_int_equal(seed_make_meta_data(user_data, size, NULL, &text, &error), 0);
	assert_int_equal(strncmp(text, "instance-id: postcask-", 22), 0);
	return text;
}

static void assert_same_instance(const char *one, const char *other, bool same)
{
	char *first = meta_data_of(one, strlen(one)), *second = meta_data_of(other, strlen(other));

	assert_int_equal(strcmp(first, second) == 0, same);
	free(first);
	free(second);
}

static void instance_follows_the_servers_name(void **state)
{
	static const char capitals[] = "#cloud-config\nfqdn: Mail.Example.org\n";
	char *named = meta_data_of(capitals, strlen(capitals));

	(void)state;
	assert_string_equal(named, "instance-id: postcask-mail.example.org\n");
	free(named);
	assert_same_instance("#cloud-config\nfqdn: a.example.org\n",
			     "#cloud-config\nfqdn: a.example.org\nmail: {domains: [x.org]}\n",
			     true);
	/* also of a file that `check` refuses */
	assert_same_instance("#cloud-config\nhostname: a.example.org\nmail: {dmains: 1}\n",
			     "#cloud-config\nhostname: a.example.org\n", true);
	assert_same_instance("#cloud-config\nfqdn: a.example.org\n",
			     "#cloud-config\nfqdn: b.example.org\n", false);
	/* a name that is no instance-id still tells servers apart */
	assert_same_instance("#cloud-config\nfqdn: ä.example.org\n",
			     "#cloud-config\nfqdn: ö.example.org\n", false);
	assert_same_instance("#cloud-config\nfqdn: ä.example.org\n",
			     "#cloud-config\nfqdn: ä.example.org\nmail: {}\n", true);
}

static void instance_follows_the_content_where_no_name_is(void **state)
{
	/* both are gzip's beginning and damaged: the bytes after a NUL count too */
	static const char one[] = "\x1f\x8b\0a", other[] = "\x1f\x8b\0b";
	struct error error = ERROR_INIT;
	char *first = meta_data_of(one, sizeof(one)), *second = meta_data_of(other, sizeof(other));
	char *given = NULL;

	(void)state;
	assert_string_not_equal(first, second);
	assert_same_instance("#!/bin/sh\n", "#!/bin/sh\n", true);
	assert_same_instance("#!/bin/sh\n", "#!/bin/sh\ntrue\n", false);
	assert_int_equal(seed_make_meta_data("a", 1, "box-1", &given, &error), 0);
	assert_string_equal(given, "instance-id: box-1\n");
	free(first);
	free(second);
	free(given);
}

static void instance_ids_are_plain(void **state)
{
	static const char *const bad[] = {"",
					  "a b",
					  "a\nlocal-hostname: x",
					  "a: b",
					  "ä",
					  "12345678901234567890123456789012345678901234567890"
					  "123456789012345"};
	char *text = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct error error = ERROR_INIT;

		assert_int_equal(seed_make_meta_data("a", 1, bad[i], &text, &error), -EINVAL);
		error_clear(&error);
	}
	assert_null(text);
}

static void state_is_read_from_whole_words(void **state)
{
	(void)state;
	assert_int_equal(console_state_of_line("POSTCASK state=ready seconds=1.0"), CONSOLE_READY);
	assert_int_equal(console_state_of_line("POSTCASK state=degraded"), CONSOLE_DEGRADED);
	assert_int_equal(console_state_of_line("POSTCASK state=failed x"), CONSOLE_FAILED);
	assert_int_equal(console_state_of_line("POSTCASK state=readyish"), CONSOLE_WAITING);
	assert_int_equal(console_state_of_line("echo POSTCASK state=ready"), CONSOLE_WAITING);
	assert_int_equal(console_state_of_line(""), CONSOLE_WAITING);
}

static void line_collect(void *context, const char *line)
{
	buffer_addf(context, "%s|", line);
}

static void console_takes_bytes_in_any_portions(void **state)
{
	static const char said[] = "\033[0;32mOK\033[0m\r\n\r\nPOSTCASK state=degraded a=1\r\n"
				   "-----BEGIN CERTIFICATE-----\r\nAAAA\r\n"
				   "-----BEGIN CERTIFICATE-----\r\nMIIB\r\n"
				   "-----END CERTIFICATE-----\r\nlogin: ";
	struct buffer lines = BUFFER_INIT;

	(void)state;
	for (size_t portion = 1; portion < sizeof(said); portion++) {
		struct console console = {.show = line_collect, .context = &lines};

		buffer_reset(&lines);
		for (size_t at = 0; at < strlen(said); at += portion)
			console_feed(&console, said + at,
				     strlen(said) - at < portion ? strlen(said) - at : portion);
		assert_int_equal(console.state, CONSOLE_DEGRADED);
		assert_string_equal(buffer_text(&console.certificate),
				    "-----BEGIN CERTIFICATE-----\nMIIB\n"
				    "-----END CERTIFICATE-----\n");
		assert_int_equal(strncmp(buffer_text(&lines), "OK|POSTCASK", 11), 0);
		console_free(&console);
	}
	buffer_free(&lines);
}

static void console_keeps_no_endless_line(void **state)
{
	struct console console = {0};

	(void)state;
	for (int i = 0; i < 100000; i++)
		console_feed(&console, "x", 1);
	assert_true(console.line.size <= 4096);
	console_free(&console);
}

/* Folders of this test: FROM is laid over TREE. */
static char from[] = "/tmp/test_overlay.from.XXXXXX", tree[] = "/tmp/test_overlay.tree.XXXXXX";

static void file_make(const char *folder, const char *name, mode_t mode)
{
	char *path = file_join(folder, name);

	assert_int_equal(file_replace(path, name, strlen(name), mode, -1, -1, NULL), 0);
	free(path);
}

static mode_t mode_of(const char *folder, const char *name)
{
	char *path = file_join(folder, name);
	struct stat status;

	assert_int_equal(lstat(path, &status), 0);
	free(path);
	return status.st_mode;
}

static void folder_make(const char *folder, const char *name, mode_t mode)
{
	char *path = file_join(folder, name);

	assert_int_equal(mkdir(path, mode), 0);
	assert_int_equal(chmod(path, mode), 0);
	free(path);
}

static int folders_make(void **state)
{
	(void)state;
	strcpy(from + strlen(from) - 6, "XXXXXX");
	strcpy(tree + strlen(tree) - 6, "XXXXXX");
	return mkdtemp(from) && mkdtemp(tree) ? 0 : -1;
}

static int folders_remove(void **state)
{
	(void)state;
	return file_remove_tree(from, NULL) < 0 || file_remove_tree(tree, NULL) < 0 ? -1 : 0;
}

static void overlay_sets_modes_and_keeps_folders(void **state)
{
	char *link = file_join(from, "etc/link");

	(void)state;
	folder_make(from, "etc", 0700);
	folder_make(from, "new", 0700);
	folder_make(tree, "etc", 0711);
	file_make(from, "etc/plain", 0600);
	file_make(from, "etc/program", 0700);
	file_make(from, "etc/plain~", 0600);
	file_make(from, "README.md", 0600);
	file_make(tree, "etc/plain", 0600);
	assert_int_equal(symlink("../elsewhere", link), 0);
	assert_int_equal(overlay_lay(from, tree, NULL), 0);
	assert_int_equal(mode_of(tree, "etc"), S_IFDIR | 0711);
	assert_int_equal(mode_of(tree, "new"), S_IFDIR | 0755);
	assert_int_equal(mode_of(tree, "etc/plain"), S_IFREG | 0644);
	assert_int_equal(mode_of(tree, "etc/program"), S_IFREG | 0755);
	assert_true(S_ISLNK(mode_of(tree, "etc/link")));
	char *left_out = file_join(tree, "etc/plain~"), *readme = file_join(tree, "README.md");
	assert_false(file_exists(left_out));
	assert_false(file_exists(readme));
	free(left_out);
	free(readme);
	free(link);
}

static void overlay_follows_no_link_of_the_tree(void **state)
{
	char *link = file_join(tree, "lib");
	struct error error = ERROR_INIT;

	(void)state;
	folder_make(from, "lib", 0755);
	file_make(from, "lib/x", 0644);
	assert_int_equal(symlink("/tmp", link), 0);
	assert_int_equal(overlay_lay(from, tree, &error), -ENOTDIR);
	assert_non_null(strstr(error_text(&error), "the tree has a link there"));
	error_clear(&error);
	free(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(user_data_is_known_by_its_beginning),
	    cmocka_unit_test(instance_follows_the_servers_name),
	    cmocka_unit_test(instance_follows_the_content_where_no_name_is),
	    cmocka_unit_test(instance_ids_are_plain),
	    cmocka_unit_test(state_is_read_from_whole_words),
	    cmocka_unit_test(console_takes_bytes_in_any_portions),
	    cmocka_unit_test(console_keeps_no_endless_line),
	    cmocka_unit_test_setup_teardown(overlay_sets_modes_and_keeps_folders, folders_make,
					    folders_remove),
	    cmocka_unit_test_setup_teardown(overlay_follows_no_link_of_the_tree, folders_make,
					    folders_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
