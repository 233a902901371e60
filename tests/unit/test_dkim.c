// SPDX-License-Identifier: GPL-3.0-or-later
/* DKIM keys: what is made, how it changes, what is published of it, and what is left of each when
 * the power goes in between.  openssl(1) is the second opinion of a key. */
#include "cuts.h"

#include <jansson.h>
#include <openssl/pem.h>

#include "base/json_file.h"
#include "base/process.h"
#include "dkim/make.h"
#include "dkim/rotate.h"

#define NOW 1795981887 /* 2026-11-29 */

static const char *cut_place(const char *path, char place[CUT_PATH])
{
	snprintf(place, CUT_PATH, "%s", path);
	return path;
}

static char domain_a[] = "example.org", domain_b[] = "example.net";
static char *domains[] = {domain_a, domain_b};
static char prefix[] = "pc", hostname[] = "mail.example.org";

static struct dkim_store store_at(char *folder, int64_t now)
{
	return (struct dkim_store){.folder = folder,
				   .prefix = prefix,
				   .hostname = hostname,
				   .domains = domains,
				   .count = ARRAY_SIZE(domains),
				   .group = (gid_t)-1,
				   .now = now};
}

static struct dkim_made fill(const struct dkim_store *store)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct dkim_made made = {0};

	if (dkim_store_fill(store, 60 * 1000, &made, &error) < 0)
		fail_msg("%s", error_text(&error));
	return made;
}

/* An RSA key takes a while: those of most tests are made once. */
static char *pattern;

static int make_pattern(void **state)
{
	struct dkim_store store;

	if (test_folder_make(state) < 0)
		return -1;
	pattern = file_join(*state, "pattern");
	store = store_at(pattern, NOW);
	fill(&store);
	return 0;
}

static void copy_tree(const char *from, const char *to)
{
	const char *command[] = {"cp", "-aT", from, to, NULL};
	struct process process = {.argv = command, .timeout_ms = 20000};

	assert_int_equal(process_run(&process, NULL, NULL), 0);
}

static int remove_pattern(void **state)
{
	free(pattern);
	return test_folder_remove(state);
}

static int made_folder(void **state)
{
	if (test_folder_make(state) < 0)
		return -1;
	copy_tree(pattern, *state);
	return 0;
}

#define made_test(function)                                                                        \
	cmocka_unit_test_setup_teardown(function, made_folder, test_folder_remove)

static void read_keys(const struct dkim_store *store, const char *domain, struct dkim_keys *ret)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *folder = dkim_store_folder(store, domain);

	if (dkim_keys_read(folder, ret, &error) < 0)
		fail_msg("%s", error_text(&error));
}

static size_t count_state(struct dkim_keys *keys, enum dkim_state state)
{
	size_t count = 0;

	for (size_t i = 0; i < keys->count; i++)
		count += keys->list[i].state == state;
	return count;
}

/* The private half is there, is one, and belongs to the public one. */
static void check_pair(const struct dkim_store *store, const char *domain,
		       const struct dkim_key *key)
{
	_cleanup_free_ char *folder = dkim_store_folder(store, domain),
			    *path = dkim_key_path(folder, key->selector);
	const char *command[] = {"openssl", "pkey", "-in", path, "-pubout", NULL};
	struct process process = {.argv = command, .timeout_ms = 20000};
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	const char *text;
	struct stat status;
	size_t size = 0;
	char flat[1024];

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0640);
	assert_int_equal(process_run(&process, &output, &error), 0);
	text = buffer_text(&output);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, "---", 3) == 0 || !*line)
			continue;
		assert_true(size + strcspn(line, "\n") < sizeof(flat));
		memcpy(flat + size, line, strcspn(line, "\n"));
		size += strcspn(line, "\n");
	}
	flat[size] = '\0';
	if (key->algorithm == DKIM_RSA)
		assert_string_equal(flat, key->public);
	else /* the last 32 of 44 bytes: RFC 8463 has no more */
		assert_string_equal(flat + 16, key->public);
}

static void test_first_boot(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	struct dkim_made made = fill(&store);

	assert_int_equal(made.missing, 0);
	assert_int_equal(made.waiting, 0);
	for (size_t i = 0; i < store.count; i++) {
		_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};

		read_keys(&store, domains[i], &keys);
		assert_int_equal(keys.count, 4);
		for (size_t j = 0; j < keys.count; j++)
			check_pair(&store, domains[i], &keys.list[j]);
		assert_string_equal(dkim_keys_find(&keys, DKIM_CURRENT, DKIM_RSA)->selector,
				    "pcr-202611");
		assert_string_equal(dkim_keys_find(&keys, DKIM_CURRENT, DKIM_ED25519)->selector,
				    "pce-202611");
		assert_string_equal(dkim_keys_find(&keys, DKIM_NEXT, DKIM_RSA)->selector,
				    "pcr-202611-2");
	}
	assert_int_equal(fill(&store).made, 0);
}

static json_t *published(const char *folder)
{
	_cleanup_free_ char *path = file_join(folder, DKIM_PUBLIC);
	struct stat status;
	json_t *list;

	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	list = json_load_file(path, 0, NULL);
	assert_true(json_is_array(list));
	return list;
}

static void test_what_is_published(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	_cleanup_json_ json_t *list = NULL;
	_cleanup_free_ char *path = file_join(*state, DKIM_SIGN_TABLE), *text = NULL;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	json_t *key;
	size_t i;

	fill(&store);
	list = published(*state);
	assert_int_equal(json_array_size(list), 8);
	json_array_foreach(list, i, key)
	{
		const char *record = json_text(key, "record");
		bool rsa = strcmp(json_text(key, "algorithm"), "rsa") == 0;

		const char *begin = rsa ? "v=DKIM1; k=rsa; p=MIIBIjAN" : "v=DKIM1; k=ed25519; p=";

		assert_int_equal(strncmp(record, begin, strlen(begin)), 0);
	}
	assert_int_equal(file_read(path, 4096, &text, NULL, &error), 0);
	assert_string_equal(text, "example.org example.org\nselftest.invalid example.org\n"
				  "mail.example.org example.org\nexample.net example.net\n");
}

/* A domain that the settings no longer have keeps its keys, and is not listed. */
static void test_a_domain_that_went_and_came_back(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	_cleanup_(dkim_keys_clear) struct dkim_keys before = {.count = 0}, after = {.count = 0};
	_cleanup_json_ json_t *list = NULL;

	fill(&store);
	read_keys(&store, domain_b, &before);
	store.count = 1;
	fill(&store);
	list = published(*state);
	assert_int_equal(json_array_size(list), 4);
	store.count = 2;
	assert_int_equal(fill(&store).made, 0);
	read_keys(&store, domain_b, &after);
	assert_string_equal(before.list[0].public, after.list[0].public);
}

static int answer;
static size_t asked;

static int fake_seen(const char *name, const char *record, struct error *error)
{
	asked++;
	assert_non_null(strstr(name, "._domainkey.example."));
	assert_int_equal(strncmp(record, "v=DKIM1; k=", 11), 0);
	return answer ? error_set(error, answer, "ns2 does not show it") : 0;
}

static struct dkim_rotation rotation(void)
{
	return (struct dkim_rotation){.uses = {true, true}, .seen = fake_seen};
}

static int rotate(const struct dkim_store *store, struct dkim_rotation how, struct error *error)
{
	return dkim_rotate(store, domain_a, &how, error);
}

static void test_a_change_waits_for_the_dns(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	_cleanup_(dkim_keys_clear) struct dkim_keys before = {.count = 0}, after = {.count = 0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	fill(&store);
	read_keys(&store, domain_a, &before);
	answer = -EAGAIN;
	assert_int_equal(rotate(&store, rotation(), &error), -EAGAIN);
	assert_non_null(strstr(error_text(&error), "ns2 does not show it"));
	assert_non_null(strstr(error_text(&error), "pcr-202611-2._domainkey.example.org"));
	read_keys(&store, domain_a, &after);
	assert_int_equal(after.count, before.count);
	for (size_t i = 0; i < after.count; i++)
		assert_int_equal(after.list[i].state, before.list[i].state);
}

static void test_a_change(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	_cleanup_(dkim_keys_clear) struct dkim_keys before = {.count = 0}, after = {.count = 0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	fill(&store);
	read_keys(&store, domain_a, &before);
	answer = 0;
	asked = 0;
	store.now = NOW + DKIM_DAY;
	assert_int_equal(rotate(&store, rotation(), &error), 0);
	assert_int_equal(asked, 2);
	read_keys(&store, domain_a, &after);
	for (int algorithm = 0; algorithm < DKIM_ALGORITHMS; algorithm++) {
		enum dkim_algorithm one = (enum dkim_algorithm)algorithm;

		assert_string_equal(dkim_keys_find(&after, DKIM_CURRENT, one)->public,
				    dkim_keys_find(&before, DKIM_NEXT, one)->public);
		assert_string_equal(dkim_keys_find(&after, DKIM_PREVIOUS, one)->public,
				    dkim_keys_find(&before, DKIM_CURRENT, one)->public);
		assert_int_equal(dkim_keys_find(&after, DKIM_PREVIOUS, one)->since, store.now);
		check_pair(&store, domain_a, dkim_keys_find(&after, DKIM_NEXT, one));
	}
}

/* What does not sign is left as it is, and nobody has to publish it. */
static void test_a_change_of_what_signs_alone(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	struct dkim_rotation how = rotation();
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	fill(&store);
	how.uses[DKIM_ED25519] = false;
	answer = 0;
	asked = 0;
	assert_int_equal(rotate(&store, how, &error), 0);
	assert_int_equal(asked, 1);
	read_keys(&store, domain_a, &keys);
	assert_string_equal(dkim_keys_find(&keys, DKIM_CURRENT, DKIM_ED25519)->selector,
			    "pce-202611");
	assert_null(dkim_keys_find(&keys, DKIM_PREVIOUS, DKIM_ED25519));
}

static void test_by_force_nobody_is_asked(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	struct dkim_rotation how = rotation();
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	fill(&store);
	how.force = true;
	answer = -EAGAIN;
	asked = 0;
	assert_int_equal(rotate(&store, how, &error), 0);
	assert_int_equal(asked, 0);
}

static void test_old_keys_are_taken_back(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0}, later = {.count = 0},
						    last = {.count = 0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *folder = dkim_store_folder(&store, domain_a), *path = NULL,
			    *record = NULL;

	fill(&store);
	answer = 0;
	assert_int_equal(rotate(&store, rotation(), &error), 0);
	store.now = NOW + 14 * DKIM_DAY - 1;
	fill(&store);
	read_keys(&store, domain_a, &keys);
	assert_int_equal(count_state(&keys, DKIM_PREVIOUS), 2);
	path = dkim_key_path(folder, dkim_keys_find(&keys, DKIM_PREVIOUS, DKIM_RSA)->selector);
	assert_true(file_exists(path));
	store.now++;
	fill(&store);
	read_keys(&store, domain_a, &later);
	assert_int_equal(count_state(&later, DKIM_PREVIOUS), 0);
	assert_int_equal(count_state(&later, DKIM_REVOKED), 2);
	assert_false(file_exists(path));
	record = dkim_key_record(dkim_keys_find(&later, DKIM_REVOKED, DKIM_RSA));
	assert_string_equal(record, "v=DKIM1; k=rsa; p=");
	store.now += (int64_t)365 * DKIM_DAY;
	fill(&store);
	read_keys(&store, domain_a, &last);
	assert_int_equal(last.count, 4);
}

static void test_due_after_half_a_year(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	struct dkim_rotation how = rotation();

	fill(&store);
	store.now = NOW + (int64_t)182 * DKIM_DAY - 1;
	assert_false(dkim_rotation_is_due(&store, domain_a, &how));
	store.now++;
	assert_true(dkim_rotation_is_due(&store, domain_a, &how));
}

/* The next key is published: it takes the place. */
static void test_a_lost_key(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	_cleanup_(dkim_keys_clear) struct dkim_keys before = {.count = 0}, after = {.count = 0};
	_cleanup_free_ char *folder = dkim_store_folder(&store, domain_a), *path = NULL;

	fill(&store);
	read_keys(&store, domain_a, &before);
	path = dkim_key_path(folder, dkim_keys_find(&before, DKIM_CURRENT, DKIM_RSA)->selector);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(fill(&store).made, 2); /* a pass each */
	read_keys(&store, domain_a, &after);
	assert_string_equal(dkim_keys_find(&after, DKIM_CURRENT, DKIM_RSA)->public,
			    dkim_keys_find(&before, DKIM_NEXT, DKIM_RSA)->public);
	check_pair(&store, domain_a, dkim_keys_find(&after, DKIM_NEXT, DKIM_RSA));
}

static void test_lines_that_are_none(void **state)
{
	static const char *const lines[] = {
	    "current rsa a 1 AAAA",	 "current rsa a 1\n",	     "current dsa a 1 AAAA\n",
	    "later rsa a 1 AAAA\n",	 "current rsa a 1 -\n",	     "revoked rsa a 1 AAAA\n",
	    "current rsa ../a 1 AAAA\n", "current rsa a x AAAA\n",   "current rsa a 1 AA\"A\n",
	    "current rsa  1 AAAA\n",	 "current rsa a 1 AAAA B\n", "current rsa a  AAAA\n",
	    "current rsa a 1 \n"};

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		struct dkim_keys keys = {.count = 0};
		_cleanup_(error_clear) struct error error = ERROR_INIT;

		if (dkim_keys_parse(lines[i], &keys, &error) != -EBADMSG)
			fail_msg("taken: %s", lines[i]);
	}
	(void)state;
}

static void test_a_damaged_file_is_put_aside(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	_cleanup_free_ char *folder = dkim_store_folder(&store, domain_a),
			    *path = file_join(folder, DKIM_KEYS_FILE),
			    *aside = file_join(folder, DKIM_KEYS_FILE ".damaged");
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	fill(&store);
	assert_int_equal(file_replace(path, "half", 4, 0600, (uid_t)-1, (gid_t)-1, &error), 0);
	fill(&store);
	assert_true(file_exists(aside));
	read_keys(&store, domain_a, &keys);
	assert_int_equal(count_state(&keys, DKIM_CURRENT), 2);
}

/* With no time the first domain is served all the same. */
static void test_without_time(void **state)
{
	struct dkim_store store = store_at(*state, NOW);
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct dkim_made made;

	assert_int_equal(dkim_store_fill(&store, 0, &made, &error), 0);
	assert_int_equal(made.missing, 1);
	assert_int_equal(made.waiting, 1);
	made = fill(&store);
	assert_int_equal(made.missing, 0);
}

/* Power cuts. */

struct cut_work {
	struct dkim_store store;
};

static void do_work(void *context)
{
	struct cut_work *work = context;
	struct error error = ERROR_INIT;
	struct dkim_rotation how = rotation();
	int result;

	how.uses[DKIM_RSA] = false; /* the same, but slower */
	result = rotate(&work->store, how, &error);
	if (result == 0)
		result = dkim_store_publish(&work->store, &error);
	_exit(result < 0 ? 3 : 0);
}

/* Old or new, whole: what signs has its file, and what was published is still known. */
static void check_after_cut(struct dkim_store *store, struct dkim_keys *before)
{
	_cleanup_(dkim_keys_clear) struct dkim_keys keys = {.count = 0};
	const struct dkim_key *current, *was_current, *was_next;

	read_keys(store, domain_a, &keys);
	current = dkim_keys_find(&keys, DKIM_CURRENT, DKIM_ED25519);
	was_current = dkim_keys_find(before, DKIM_CURRENT, DKIM_ED25519);
	was_next = dkim_keys_find(before, DKIM_NEXT, DKIM_ED25519);
	assert_true(strcmp(current->public, was_current->public) == 0 ||
		    strcmp(current->public, was_next->public) == 0);
	for (size_t i = 0; i < keys.count; i++)
		check_pair(store, domain_a, &keys.list[i]);
	assert_int_equal(count_state(&keys, DKIM_CURRENT), 2);
	assert_int_equal(count_state(&keys, DKIM_NEXT), 2);
}

static void test_power_cuts_while_changing(void **state)
{
	_cleanup_free_ char *kept = file_join(*state, "kept");
	struct dkim_store first = store_at(pattern, NOW);
	_cleanup_(dkim_keys_clear) struct dkim_keys before = {.count = 0};
	int cuts = 0;

	read_keys(&first, domain_a, &before);
	answer = 0;
	for (int kind = CUT_KILLED; kind <= CUT_NAMES; kind++)
		for (int count = 1;; count++) {
			_cleanup_free_ char *folder = NULL;
			struct cut_work work;
			_cleanup_(error_clear) struct error error = ERROR_INIT;
			bool cut_off;

			assert_true(asprintf(&folder, "%s/run", (char *)*state) > 0);
			assert_int_equal(file_remove_tree(folder, &error), 0);
			assert_int_equal(file_remove_tree(kept, &error), 0);
			assert_int_equal(file_make_folders(kept, 0700, &error), 0);
			copy_tree(pattern, folder);
			work.store = store_at(folder, NOW + DKIM_DAY);
			work.store.count = 1;
			cut_off = cut_run((enum cut_kind)kind, count, kept, do_work, &work);
			check_after_cut(&work.store, &before);
			fill(&work.store);
			check_after_cut(&work.store, &before);
			cuts += cut_off;
			if (!cut_off)
				break;
		}
	assert_true(cuts >= 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(test_first_boot),
	    made_test(test_what_is_published),
	    made_test(test_a_domain_that_went_and_came_back),
	    made_test(test_a_change_waits_for_the_dns),
	    made_test(test_a_change),
	    made_test(test_a_change_of_what_signs_alone),
	    made_test(test_by_force_nobody_is_asked),
	    made_test(test_old_keys_are_taken_back),
	    made_test(test_due_after_half_a_year),
	    made_test(test_a_lost_key),
	    folder_test(test_lines_that_are_none),
	    made_test(test_a_damaged_file_is_put_aside),
	    folder_test(test_without_time),
	    folder_test(test_power_cuts_while_changing),
	};

	return cmocka_run_group_tests_name("DKIM keys", tests, make_pattern, remove_pattern);
}
