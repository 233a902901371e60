// SPDX-License-Identifier: GPL-3.0-or-later
/* A directory server's people: what its entries come to, in the trees of three kinds, and what
 * postcask-directory makes of that. */
#include "directory_made.h"

#include <errno.h>
#include <time.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "directory/accounts_filter.h"
#include "directory/mirror.h"
#include "mirror/picture.h"
#include "mirror/range.h"

/* ---- Trees ---- */

static struct tree tree_of(const char *text)
{
	struct error error = ERROR_INIT;
	struct tree tree = {.text = strdup(text)};

	assert_int_equal(tree_parse(tree.text, &tree, &error), 0);
	return tree;
}

static void assert_refused(const char *text, const char *sentence)
{
	_cleanup_free_ char *copy = strdup(text);
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct tree tree = {0};

	assert_int_equal(tree_parse(copy, &tree, &error), -EINVAL);
	assert_non_null(strstr(error_text(&error), sentence));
}

static void a_tree_is_its_kind_and_what_the_settings_say(void **state _unused_)
{
	_cleanup_(tree_free) struct tree tree =
	    tree_of("# x\nkind active-directory\nserver ldaps://a\nserver ldaps://b\nbase dc=x\n"
		    "name cn\nquota mib\ninterval 60\n");
	_cleanup_free_ char *room = NULL;
	char *asked[TREE_ATTRIBUTES + 1];

	assert_string_equal(tree.servers[1], "ldaps://b");
	assert_true(tree.proxies && tree.lock_bit == 2 && tree.interval_s == 60);
	tree_attributes(&tree, &room, asked);
	assert_string_equal(asked[0], "mail");
	assert_string_equal(asked[1], "proxyAddresses");
	assert_string_equal(asked[2], "cn");
	assert_string_equal(asked[3], "mib");
	assert_string_equal(asked[5], "userAccountControl");
	assert_string_equal(asked[6], "amavisSpamTag2Level");
	assert_string_equal(asked[11], "amavisBlacklistSender");
	assert_null(asked[12]);
	assert_refused("kind windows\n", "no kind of tree");
	assert_refused("base dc=x\n", "the kind comes first");
	assert_refused("kind openldap\nserver http://x\n", "ldaps:// or ldap://");
	assert_refused("kind openldap\nserver ldap://x\n", "no base");
	assert_refused("kind openldap\ninterval 0\n", "line 2: an interval");
	assert_refused("kind openldap\nbase\n", "it says nothing");
	assert_refused("kind openldap\nrm x\n", "no word");
}

/* The picture of entries, which are JSON lists of people and of groups. */
static json_t *picture_of(const char *kind, const char *people, const char *groups)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_(picture_free) struct picture picture = {0};
	_cleanup_json_ json_t *person_list = json_loads(people, 0, NULL);
	_cleanup_json_ json_t *group_list = json_loads(groups, 0, NULL);
	struct error error = ERROR_INIT;
	json_t *found = NULL, *one;
	size_t i;

	assert_true(asprintf(&text, "kind %s\nquota quota\n", kind) > 0);
	_cleanup_(tree_free) struct tree tree = tree_of(text);
	assert_true(person_list && group_list);
	assert_int_equal(picture_begin(&picture, &tree, &error), 0);
	json_array_foreach(person_list, i, one)
	    assert_int_equal(picture_add(&picture, one, false, &error), 0);
	json_array_foreach(group_list, i, one)
	    assert_int_equal(picture_add(&picture, one, true, &error), 0);
	assert_int_equal(picture_finish(&picture, &found, &error), 0);
	return found;
}

static void assert_picture(const char *kind, const char *people, const char *groups,
			   const char *expected)
{
	_cleanup_json_ json_t *found = picture_of(kind, people, groups);
	_cleanup_json_ json_t *wanted = json_loads(expected, 0, NULL);
	_cleanup_free_ char *text = json_dumps(found, JSON_COMPACT | JSON_SORT_KEYS);

	assert_non_null(wanted);
	if (!json_equal(found, wanted))
		fail_msg("%s", text);
}

#define NONE "\"doubles\":[],\"left_out\":0}"

static void each_kind_has_its_words(void **state _unused_)
{
	assert_picture("openldap",
		       "[{\"dn\":\"uid=a,dc=x\",\"mail\":[\"A@Example.org\",\"b@example.org\"],"
		       "\"mailalternateaddress\":[\"c@example.org\"],\"cn\":[\"Ä\"],"
		       "\"quota\":[\"20\"]}]",
		       "[{\"dn\":\"cn=g,dc=x\",\"mail\":[\"g@example.org\"],"
		       "\"member\":[\"UID=a, DC=x\",\"uid=none,dc=x\"]}]",
		       "{\"people\":[{\"address\":\"a@example.org\",\"dn\":\"uid=a,dc=x\","
		       "\"name\":\"Ä\",\"quota_mib\":20,\"enabled\":true}],\"aliases\":["
		       "{\"address\":\"b@example.org\",\"to\":[\"a@example.org\"]},"
		       "{\"address\":\"c@example.org\",\"to\":[\"a@example.org\"]},"
		       "{\"address\":\"g@example.org\",\"to\":[\"a@example.org\"]}]," NONE);
	assert_picture(
	    "freeipa",
	    "[{\"dn\":\"uid=a,dc=x\",\"mail\":[\"a@x.y\"],\"nsaccountlock\":[\"true\"]}]", "[]",
	    "{\"people\":[{\"address\":\"a@x.y\",\"dn\":\"uid=a,dc=x\",\"name\":\"\","
	    "\"quota_mib\":0,\"enabled\":false}],\"aliases\":[]," NONE);
	assert_picture(
	    "active-directory",
	    "[{\"dn\":\"CN=A\\\\, B,DC=x\",\"mail\":[\"a@x.y\"],\"displayname\":[\"A\"],"
	    "\"proxyaddresses\":[\"smtp:b@x.y\",\"SMTP:c@x.y\",\"x500:/o=x\",\"sip:a@x.y\"],"
	    "\"useraccountcontrol\":[\"514\"]}]",
	    "[{\"dn\":\"CN=g,DC=x\",\"proxyaddresses\":[\"SMTP:g@x.y\",\"smtp:h@x.y\"],"
	    "\"member\":[\"CN=A\\\\2C B,DC=x\"]}]",
	    "{\"people\":[{\"address\":\"c@x.y\",\"dn\":\"CN=A\\\\, B,DC=x\",\"name\":\"A\","
	    "\"quota_mib\":0,\"enabled\":false}],\"aliases\":["
	    "{\"address\":\"a@x.y\",\"to\":[\"c@x.y\"]},"
	    "{\"address\":\"b@x.y\",\"to\":[\"c@x.y\"]},"
	    "{\"address\":\"g@x.y\",\"to\":[\"c@x.y\"]},"
	    "{\"address\":\"h@x.y\",\"to\":[\"g@x.y\"]}]," NONE);
}

static void the_first_by_name_has_an_address(void **state _unused_)
{
	assert_picture(
	    "openldap",
	    "[{\"dn\":\"uid=b,dc=x\",\"mail\":[\"a@x.y\",\"m@x.y\"]},"
	    "{\"dn\":\"uid=a,dc=x\",\"mail\":[\"a@x.y\",\"c@x.y\"]},"
	    "{\"dn\":\"uid=c,dc=x\",\"mail\":[\"c@x.y\"]}]",
	    "[{\"dn\":\"cn=g,dc=x\",\"mail\":[\"c@x.y\"],\"member\":[\"uid=a,dc=x\"]}]",
	    "{\"people\":[{\"address\":\"a@x.y\",\"dn\":\"uid=a,dc=x\",\"name\":\"\","
	    "\"quota_mib\":0,\"enabled\":true},{\"address\":\"c@x.y\",\"dn\":\"uid=c,dc=x\","
	    "\"name\":\"\",\"quota_mib\":0,\"enabled\":true}],\"aliases\":[],"
	    "\"doubles\":[\"a@x.y (uid=b,dc=x)\",\"c@x.y (uid=a,dc=x)\","
	    "\"c@x.y (cn=g,dc=x)\"],\"left_out\":3}");
}

static void what_is_no_address_is_left_out(void **state _unused_)
{
	assert_picture("openldap",
		       "[{\"dn\":\"no name\",\"mail\":[\"a@x.y\"]},"
		       "{\"dn\":\"uid=b,dc=x\",\"mail\":[\"a b@x.y\",\"@x.y\",\"b@\",\"b\",\"\"]},"
		       "{\"dn\":\"uid=c,dc=x\",\"mail\":[\"c@x.y\"],\"cn\":[\"a\\u001b[m\"],"
		       "\"quota\":[\"-1\"]},{\"dn\":\"uid=d,dc=x\"}]",
		       "[{\"dn\":\"cn=g,dc=x\",\"mail\":[\"g@x.y\",\"h@x.y\"],\"member\":[\"?\"]}]",
		       "{\"people\":[{\"address\":\"c@x.y\",\"dn\":\"uid=c,dc=x\",\"name\":\"\","
		       "\"quota_mib\":0,\"enabled\":true}],\"aliases\":[],\"doubles\":[],"
		       "\"left_out\":7}");
}

static void an_entry_says_what_the_filter_does_for_somebody(void **state _unused_)
{
	assert_picture(
	    "openldap",
	    "[{\"dn\":\"uid=a,dc=x\",\"mail\":[\"a@x.y\"],\"amavisspamtag2level\":[\"4.5\"],"
	    "\"amavisspamkilllevel\":[\"15\"],\"amavisbypassspamchecks\":[\"TRUE\"],"
	    "\"amavisbypassbannedchecks\":[\"FALSE\"],"
	    "\"amaviswhitelistsender\":[\"b@far.example\",\".far.example\",\"far.example\"],"
	    "\"amavisblacklistsender\":[\"@bad.example\"]}]",
	    "[]",
	    "{\"people\":[{\"address\":\"a@x.y\",\"dn\":\"uid=a,dc=x\",\"name\":\"\","
	    "\"quota_mib\":0,\"enabled\":true,\"filter\":{\"mark\":\"4.5\",\"hold\":\"15\","
	    "\"spam\":false,\"banned\":true,\"allow\":[\"b@far.example\",\"@.far.example\","
	    "\"@far.example\"],\"block\":[\"@bad.example\"]}}],\"aliases\":[],\"doubles\":[],"
	    "\"left_out\":0}");
}

/* Groups without anybody who is read, and of two entries with one address all the others. */
static void behind_a_gateway_every_address_is_one(void **state _unused_)
{
	_cleanup_(tree_free) struct tree tree = tree_of("kind active-directory\nbehind yes\n");
	_cleanup_free_ char *room = NULL;
	char *asked[TREE_ATTRIBUTES + 1];

	assert_non_null(strstr(tree.people, "(|(proxyAddresses=*)"));
	tree_attributes(&tree, &room, asked);
	assert_string_equal(asked[1], "proxyAddresses");
	assert_null(asked[2]);
	assert_refused("kind openldap\nbehind no\n", "behind a gateway");
	assert_picture(
	    "active-directory\nbehind yes",
	    "[{\"dn\":\"CN=a,DC=x\",\"mail\":[\"a@x.y\"],"
	    "\"proxyaddresses\":[\"SMTP:a@x.y\"]},"
	    "{\"dn\":\"CN=b,DC=x\",\"proxyaddresses\":[\"SMTP:A@x.y\",\"smtp:b@x.y\","
	    "\"x500:/o=x\"]}]",
	    "[{\"dn\":\"CN=empty,DC=x\",\"proxyaddresses\":[\"SMTP:g@x.y\",\"smtp:h@x.y\"]},"
	    "{\"dn\":\"CN=far,DC=x\",\"mail\":[\"far@x.y\"],\"member\":[\"CN=nobody,DC=x\"]}]",
	    "{\"people\":[{\"address\":\"a@x.y\"},{\"address\":\"b@x.y\"},"
	    "{\"address\":\"g@x.y\"},{\"address\":\"h@x.y\"},"
	    "{\"address\":\"far@x.y\"}],\"aliases\":[]," NONE);
}

/* ---- What becomes of it ---- */

#define SETTINGS                                                                                   \
	"domain example.org\nhost mail.example.org\nmirror ldap\n"                                 \
	"user alice@example.org\nhash {CRYPT}$y$a\nalias sales@example.org\nto "                   \
	"alice@example.org\n"

static void open_directory(void **state, struct directory *directory)
{
	*directory = (struct directory){
	    .mirror_state = "mirror.json", .mirror_news = "news", .mirror_back = "back"};
	directory_begin(state, directory, SETTINGS);
}

/* `count` people u0, u1 and so on, and what else a picture has. */
static void bring(struct directory *directory, int first, int count, const char *more,
		  const char *begin)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *said = NULL;

	buffer_addf(&text, "{\"do\":\"mirror\",\"people\":[");
	for (int i = first; i < first + count; i++)
		buffer_addf(&text,
			    "%s{\"address\":\"u%d@example.org\",\"dn\":\"uid=u%d\",\"name\":\"\","
			    "\"quota_mib\":1,\"enabled\":true}",
			    i > first ? "," : "", i, i);
	buffer_addf(&text, "%s}", more);
	said = directory_answer_mirror(directory, (struct slice){buffer_text(&text), text.size});
	if (strncmp(said, begin, strlen(begin)) != 0)
		fail_msg("%s", said);
}

static bool is_here(struct directory *directory, const char *address)
{
	struct error error = ERROR_INIT;
	bool here = false;

	assert_int_equal(accounts_has(&directory->accounts, address, &here, &error), 0);
	return here;
}

static void ask(struct directory *directory, const char *question, const char *begin)
{
	_cleanup_free_ char *said = directory_answer(directory, slice_of(question));

	if (strncmp(said, begin, strlen(begin)) != 0)
		fail_msg("%s: %s", question, said);
}

/* How many rows a query finds, as a reader of the file. */
static int rows(struct directory *directory, bool secrets, const char *query)
{
	sqlite3_stmt *statement;
	int count = 0;

	assert_int_equal(sqlite3_prepare_v2(secrets ? directory->secrets.cabinet.db
						    : directory->accounts.cabinet.db,
					    query, -1, &statement, NULL),
			 SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		count++;
	sqlite3_finalize(statement);
	return count;
}

#define ALL_ALIASES                                                                                \
	"],\"aliases\":[{\"address\":\"x@example.org\",\"to\":[\"u1@example.org\"]},"              \
	"{\"address\":\"sales@example.org\",\"to\":[\"u1@example.org\"]},"                         \
	"{\"address\":\"far@example.com\",\"to\":[\"u1@example.org\"]},"                           \
	"{\"address\":\"y@example.org\",\"to\":[\"nobody@example.org\",\"root@localhost\"]}]"

static void a_part_of_a_list_says_where_the_next_begins(void **state _unused_)
{
	static const struct {
		const char *attribute;
		bool part;
		size_t size;
		long next;
	} cases[] = {
	    {"member;range=0-1499", true, 6, 1500},
	    {"member;Range=1500-*", true, 6, 0},
	    {"uniqueMember;range=7-7", true, 12, 8},
	    {"member", false, 0, 0},
	    {"member;binary", false, 0, 0},
	    {";range=0-1", false, 0, 0},
	    {"member;range=", false, 0, 0},
	    {"member;range=-1-4", false, 0, 0},
	    {"member;range=+1-4", false, 0, 0},
	    {"member;range=5-4", false, 0, 0},
	    {"member;range=0- 4", false, 0, 0},
	    {"member;range=0-4x", false, 0, 0},
	    {"member;range=0-", false, 0, 0},
	    {"member;range=0", false, 0, 0},
	    {"member;range=*-*", false, 0, 0},
	    {"member;range=0-99999999999999999999", false, 0, 0},
	    {"member;range=99999999999999999999-*", false, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t size = 0;
		long next = 0;

		if (range_parse(cases[i].attribute, &size, &next) != cases[i].part ||
		    size != cases[i].size || next != cases[i].next)
			fail_msg("%s", cases[i].attribute);
	}
}

static void a_picture_is_put_in(void **state)
{
	struct directory directory;

	open_directory(state, &directory);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM postfix_stale"), 1);
	bring(&directory, 0, 10, ALL_ALIASES, "{}");
	assert_true(is_here(&directory, "u9@example.org"));
	assert_int_equal(json_number(directory.mirror, "aliases"), 1);
	assert_int_equal(json_number(directory.mirror, "left_out"), 3);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM postfix_stale"), 0);
	assert_int_equal(rows(&directory, true, "SELECT 1 FROM dovecot_elsewhere"), 10);
	assert_int_equal(rows(&directory, true, "SELECT 1 FROM dovecot_login"), 1);
	/* He has a device, and no command changes him. */
	ask(&directory,
	    "{\"do\":\"app-add\",\"who\":\"x\",\"address\":\"u1@example.org\",\"label\":\"p\","
	    "\"hash\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
	    "\"protocols\":[\"imap\"]}",
	    "{}");
	assert_int_equal(rows(&directory, true, "SELECT 1 FROM dovecot_app"), 1);
	ask(&directory, "{\"do\":\"user-remove\",\"who\":\"x\",\"address\":\"u1@example.org\"}",
	    "{\"error\":\"u1@example.org is of the directory server");
	directory_close(&directory);
}

static void nobody_takes_what_is_another_ones(void **state)
{
	struct directory directory;

	open_directory(state, &directory);
	bring(&directory, 0, 1,
	      ",{\"address\":\"alice@example.org\",\"dn\":\"uid=evil\",\"enabled\":true},"
	      "{\"address\":\"a'b;--@example.org\",\"dn\":\"uid=x\",\"enabled\":true},"
	      "{\"address\":\"c@example.org\",\"dn\":\"uid=\\u0007\",\"enabled\":true},"
	      "{\"address\":\"d@mail.example.org\",\"dn\":\"uid=d\",\"enabled\":true},"
	      "{\"address\":[],\"dn\":7},5],\"aliases\":{}",
	      "{}");
	assert_int_equal(
	    rows(&directory, true, "SELECT 1 FROM dovecot_elsewhere WHERE address LIKE 'alice%'"),
	    0);
	assert_int_equal(json_number(directory.mirror, "people"), 1);
	assert_int_equal(json_number(directory.mirror, "left_out"), 6);
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(directory.mirror, "doubles"), 0)),
	    "alice@example.org");
	directory_close(&directory);
}

static void half_a_tree_is_refused(void **state)
{
	struct directory directory;

	open_directory(state, &directory);
	bring(&directory, 0, 10, "]", "{}");
	bring(&directory, 0, 8, "]", "{}"); /* a fifth */
	assert_false(is_here(&directory, "u9@example.org"));
	bring(&directory, 0, 6, "]", "{\"error\":\"of 8 addresses 2 would be gone");
	bring(&directory, 0, 0, "]", "{\"error\":\"the directory shows nobody");
	bring(&directory, 20, 8, "]", "{\"error\":\"of 8 addresses 8 would be gone");
	bring(&directory, 0, 6, "]", "{\"error\":\"of 8 addresses 2 would be gone");
	assert_true(is_here(&directory, "u7@example.org"));
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM account"), 9);
	ask(&directory, "{\"do\":\"mirror-accept\",\"who\":\"x\"}", "{\"gone\":2}");
	bring(&directory, 0, 5, "]", "{\"error\":\"of 8 addresses 3 would be gone");
	bring(&directory, 0, 6, "]", "{}");
	bring(&directory, 0, 4, "]", "{\"error\":\"of 6 addresses 2 would be gone"); /* once */
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM account"), 7);
	directory_close(&directory);
}

static void many_at_once_are_one_line_of_the_record(void **state)
{
	struct directory directory;

	open_directory(state, &directory);
	bring(&directory, 0, 1200, "]", "{}");
	assert_int_equal(rows(&directory, true, "SELECT 1 FROM audit WHERE verb = 'mirror-add'"),
			 1000);
	assert_int_equal(rows(&directory, true,
			      "SELECT 1 FROM audit WHERE verb = 'mirror' AND detail = '200 more'"),
			 1);
	bring(&directory, 0, 1190, "]", "{}");
	assert_int_equal(rows(&directory, true, "SELECT 1 FROM audit WHERE verb = 'mirror-remove'"),
			 10);
	directory_close(&directory);
}

static void a_mirror_becomes_old(void **state)
{
	struct directory directory;
	struct error error = ERROR_INIT;
	int64_t now = (int64_t)time(NULL);

	open_directory(state, &directory);
	bring(&directory, 0, 2, "],\"fault\":\"down\"", "{}");
	assert_string_equal(json_text(directory.mirror, "fault"), "down");
	bring(&directory, 0, 2, "]", "{}");
	assert_true(file_exists("back"));
	bring(&directory, 0, 0, "],\"same\":true", "{}");
	assert_int_equal(mirror_look(&directory, now + MIRROR_FRESH_S - 60, &error), 0);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM postfix_stale"), 0);
	assert_int_equal(mirror_look(&directory, now + MIRROR_FRESH_S + 60, &error), 0);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM postfix_stale"), 1);
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	bring(&directory, 0, 0, "],\"same\":true", "{\"again\":true}");
	bring(&directory, 0, 2, "]", "{}");
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM postfix_stale"), 0);
	/* Without a directory server they go. */
	directory_write("settings",
			"domain example.org\nuser alice@example.org\nhash {CRYPT}$y$a\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_false(is_here(&directory, "u1@example.org"));
	assert_true(is_here(&directory, "alice@example.org"));
	bring(&directory, 0, 2, "]", "{\"error\":\"the settings have no directory server");
	directory_close(&directory);
}

/* ---- Of a database ---- */

#define OF_DATABASE                                                                                \
	"domain example.org\nhost mail.example.org\nmirror postgresql\n"                           \
	"user alice@example.org\nhash {CRYPT}$y$a\n"
#define GOOD_HASH                                                                                  \
	"$6$hBkPHuDRNp5qVGtf$"                                                                     \
	"hBbhmVWvtpBQXfXz3PqQ1LrQ0gqpYO2v3sHPvHDVYzzjRcWlWBmYCpOFUM9zV6M9cCBmB6QT"                 \
	"aYrBMwLTu2T8Z/"
#define CARL(more)                                                                                 \
	"{\"do\":\"mirror\",\"people\":[{\"address\":\"carl@example.org\",\"name\":\"Carl\","      \
	"\"quota_mib\":5,\"enabled\":true" more "}],\"aliases\":["
#define FAR	  "{\"address\":\"far@example.org\",\"to\":[\"x@far.example\",\"carl@example.org\"]}]}"
#define HIS(what) "SELECT 1 FROM account WHERE address = 'carl@example.org' AND " what

static void tell(struct directory *directory, const char *picture, json_int_t left_out)
{
	_cleanup_free_ char *said = directory_answer_mirror(directory, slice_of(picture));

	assert_string_equal(said, "{}");
	assert_int_equal(json_number(directory->mirror, "left_out"), left_out);
}

static void assert_hash(struct directory *directory, const char *hash)
{
	_cleanup_free_ char *there = NULL;
	struct error error = ERROR_INIT;

	assert_int_equal(secrets_hash(&directory->secrets, "carl@example.org", &there, &error), 0);
	assert_string_equal(there, hash);
}

static void people_of_a_database_bring_their_hash(void **state)
{
	struct directory directory = {.mirror_state = "mirror.json"};

	directory_begin(state, &directory, OF_DATABASE);
	tell(
	    &directory,
	    CARL(",\"hash\":\"" GOOD_HASH
		 "\",\"forward\":[\"x@far.example\",\"alice@example.org\"],"
		 "\"forward_keep\":false,\"language\":\"de\",\"quota_messages\":7") "{\"address\":"
										    "\"far@example."
										    "org\","
										    "\"to\":[\"x@"
										    "far.example\","
										    "\"carl@"
										    "example.org\"]"
										    "}]}",
	    0);
	assert_hash(&directory, "{CRYPT}" GOOD_HASH);
	assert_int_equal(rows(&directory, false,
			      HIS("origin = 'postgresql' AND quota_messages = 7 AND language = 'de'"
				  " AND NOT forward_keep")),
			 1);
	assert_int_equal(
	    rows(&directory, false, "SELECT 1 FROM target WHERE address = 'carl@example.org'"), 2);
	assert_int_equal(
	    rows(&directory, false, "SELECT 1 FROM target WHERE address = 'far@example.org'"), 2);
	assert_int_equal(rows(&directory, true, "SELECT 1 FROM dovecot_elsewhere"), 0);
	ask(&directory, "{\"do\":\"user-remove\",\"who\":\"x\",\"address\":\"carl@example.org\"}",
	    "{\"error\":\"carl@example.org is of the database");
	/* Who has no hash, or one that nobody knows, is let in by none. */
	tell(&directory, CARL(",\"hash\":null") FAR, 0);
	assert_hash(&directory, SECRETS_ELSEWHERE);
	tell(&directory, CARL(",\"hash\":\"" GOOD_HASH "\"") FAR, 0);
	assert_hash(&directory, "{CRYPT}" GOOD_HASH);
	tell(&directory, CARL(",\"hash\":\"secret\"") FAR, 1);
	assert_hash(&directory, SECRETS_ELSEWHERE);
	directory_close(&directory);
}

static void a_value_that_is_no_good_costs_nobody_his_mailbox(void **state)
{
	struct directory directory = {.mirror_state = "mirror.json"};

	directory_begin(state, &directory, OF_DATABASE);
	tell(&directory,
	     CARL(",\"forward\":[\"x@far.example\",\"a b\"],\"forward_keep\":false,"
		  "\"language\":\"deutsch, bitte\",\"quota_messages\":-1") "{\"address\":\"x@"
									   "example.org\",\"to\":["
									   "\"nothing\"]},"
									   "{\"address\":\"alice@"
									   "example.org\",\"to\":["
									   "\"x@far.example\"]}]}",
	     5);
	assert_int_equal(rows(&directory, false, HIS("forward_keep AND language = ''")), 1);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM target"), 0);
	assert_string_equal(
	    json_string_value(json_array_get(json_object_get(directory.mirror, "doubles"), 0)),
	    "alice@example.org");
	directory_close(&directory);
}

static void assert_filter(struct directory *directory, const char *wanted)
{
	_cleanup_json_ json_t *found = NULL, *expected = json_loads(wanted, JSON_DECODE_ANY, NULL);
	struct error error = ERROR_INIT;

	assert_int_equal(
	    accounts_find_filter(&directory->accounts, "carl@example.org", &found, &error), 0);
	if (!json_equal(found ? found : json_null(), expected))
		fail_msg("%s", json_dumps(found, JSON_SORT_KEYS | JSON_ENCODE_ANY));
}

static void what_the_filter_does_for_somebody_comes_along(void **state)
{
	struct directory directory = {.mirror_state = "mirror.json"};

	directory_begin(state, &directory, OF_DATABASE);
	tell(&directory,
	     CARL(",\"filter\":{\"mark\":4.5,\"hold\":\"15\",\"spam\":false,"
		  "\"allow\":[\"@Far.example\",\"@far.example\",\"b@bad.example\"],"
		  "\"block\":[\"b@bad.example\"]}") FAR,
	     1);
	assert_filter(&directory, "{\"mark\":\"4.5\",\"hold\":\"15\",\"spam\":false,"
				  "\"allow\":[\"@far.example\"],\"block\":[\"b@bad.example\"],"
				  "\"origin\":\"postgresql\"}");
	/* One that is no good takes none of the others with it. */
	tell(&directory,
	     CARL(",\"filter\":{\"mark\":\"much\",\"hold\":-1,\"spam\":\"no\",\"banned\":false,"
		  "\"allow\":[\"a b\",7,\"c@far.example\"],\"block\":null,\"more\":1}") FAR,
	     5);
	assert_filter(&directory,
		      "{\"banned\":false,\"allow\":[\"c@far.example\"],\"origin\":\"postgresql\"}");
	tell(&directory, CARL(",\"filter\":{}") FAR, 0);
	assert_filter(&directory, "null");
	directory_close(&directory);
}

#define HERE_TOO                                                                                   \
	"{\"do\":\"user-add\",\"who\":\"x\",\"address\":\"carl@example.org\",\"name\":\"Carl\","   \
	"\"quota_mib\":5,\"hash\":\"" GOOD_HASH "\"}"
#define ALIAS_TOO                                                                                  \
	"{\"do\":\"alias-add\",\"who\":\"x\",\"address\":\"far@example.org\","                     \
	"\"to\":[\"carl@example.org\",\"x@far.example\"]}"
#define MOVE(to) "{\"do\":\"accounts-move\",\"who\":\"x\",\"to\":\"" to "\"}"

static void assert_differs(struct directory *directory, json_int_t moved, const char *differs)
{
	const json_t *list = json_object_get(directory->mirror, "differs");

	assert_int_equal(json_number(directory->mirror, "moved"), moved);
	assert_int_equal(json_array_size(list), differs ? 1 : 0);
	if (differs)
		assert_string_equal(json_string_value(json_array_get(list, 0)), differs);
}

static void what_is_the_same_changes_hands(void **state)
{
	struct directory directory = {.mirror_state = "mirror.json"};

	directory_begin(state, &directory, OF_DATABASE);
	ask(&directory, HERE_TOO, "{}");
	ask(&directory, ALIAS_TOO, "{}");
	/* Without being asked to, nothing does. */
	tell(&directory, CARL(",\"hash\":\"" GOOD_HASH "\"") FAR, 2);
	assert_int_equal(rows(&directory, false, HIS("origin = 'command'")), 1);
	ask(&directory, MOVE("server"), "{}");
	tell(&directory, CARL(",\"hash\":\"" GOOD_HASH "\",\"language\":\"de\"") FAR, 1);
	assert_differs(&directory, 1, "carl@example.org: the language");
	assert_int_equal(rows(&directory, false, HIS("origin = 'command'")), 1);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM alias WHERE origin = 'postgresql'"),
			 1);
	ask(&directory, MOVE("server"), "{}");
	tell(&directory, CARL("") FAR, 1);
	assert_differs(&directory, 0, "carl@example.org: the password");
	ask(&directory, MOVE("server"), "{}");
	tell(&directory, CARL(",\"hash\":\"" GOOD_HASH "\"") FAR, 0);
	assert_differs(&directory, 1, NULL);
	assert_int_equal(rows(&directory, false, HIS("origin = 'postgresql'")), 1);
	assert_hash(&directory, "{CRYPT}" GOOD_HASH);
	directory_close(&directory);
}

static void all_of_a_server_become_the_machines(void **state)
{
	struct directory directory = {.mirror_state = "mirror.json"};
	struct error error = ERROR_INIT;

	directory_begin(state, &directory, OF_DATABASE);
	ask(&directory, MOVE("server"), "{}");
	tell(&directory,
	     CARL(",\"hash\":\"" GOOD_HASH "\",\"filter\":{\"mark\":3},\"rules\":\"keep;\"") FAR,
	     0);
	ask(&directory, MOVE("machine"), "{\"people\":1,\"without\":0}");
	/* The database has them too, until the settings let go of it. */
	tell(&directory, CARL("") FAR, 2);
	directory_write("settings",
			"domain example.org\nuser alice@example.org\nhash {CRYPT}$y$a\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_int_equal(rows(&directory, false, HIS("origin = 'command'")), 1);
	assert_hash(&directory, "{CRYPT}" GOOD_HASH);
	assert_filter(&directory, "{\"mark\":\"3\",\"origin\":\"command\"}");
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM rule"), 0);
	ask(&directory, MOVE("machine"), "{\"error\":\"the settings have no");
	directory_close(&directory);
}

static void another_kind_of_server_has_other_people(void **state)
{
	struct directory directory = {.mirror_state = "mirror.json"};
	struct error error = ERROR_INIT;

	directory_begin(state, &directory, OF_DATABASE);
	tell(&directory, CARL("") "]}", 0);
	assert_true(is_here(&directory, "carl@example.org"));
	directory_write("settings", SETTINGS);
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_false(is_here(&directory, "carl@example.org"));
	bring(&directory, 0, 2, "]", "{}");
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM account WHERE origin = 'ldap'"), 2);
	directory_write("settings", "domain example.org\nmirror sqlite\n");
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_non_null(strstr(directory.fault, "sqlite is nothing that can be mirrored"));
	directory_close(&directory);
}

/* ---- Of the server behind a gateway ---- */

#define OF_GATEWAY "domain example.org\nhost mail.example.org\nmirror ldap behind\n"

static void people_behind_a_gateway_are_addresses_alone(void **state)
{
	struct directory directory = {.mirror_state = "mirror.json"};
	struct error error = ERROR_INIT;

	directory_begin(state, &directory, OF_GATEWAY);
	bring(&directory, 0, 6, ALL_ALIASES, "{}");
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM postfix_recipient"), 9);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM account"), 0);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM alias"), 0);
	assert_int_equal(rows(&directory, true, "SELECT 1 FROM password"), 0);
	assert_int_equal(json_number(directory.mirror, "people"), 9);
	assert_int_equal(json_number(directory.mirror, "left_out"), 1); /* far@example.com */
	bring(&directory, 0, 5, "]", "{\"error\":\"of 9 addresses 4 would be gone");
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM postfix_recipient"), 9);
	bring(&directory, 0, 0, ALL_ALIASES, "{\"error\":\"of 9 addresses 6 would be gone");
	bring(&directory, 0, 0, "]", "{\"error\":\"the directory shows nobody");
	bring(&directory, 1, 6, ALL_ALIASES, "{}");
	assert_int_equal(rows(&directory, false,
			      "SELECT 1 FROM postfix_recipient WHERE address = 'u0@example.org'"),
			 0);
	assert_int_equal(rows(&directory, false,
			      "SELECT 1 FROM postfix_recipient WHERE address = 'u6@example.org'"),
			 1);
	/* With another role the same server has other people. */
	directory_write("settings", SETTINGS);
	assert_int_equal(directory_take_settings(&directory, &error), 0);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM postfix_recipient"), 0);
	bring(&directory, 0, 2, "]", "{}");
	assert_true(is_here(&directory, "u1@example.org"));
	directory_close(&directory);
}

/* ---- Delivery rules ---- */

static void bring_rules(struct directory *directory, const char *of_first, const char *begin)
{
	_cleanup_(buffer_free) struct buffer more = BUFFER_INIT;

	buffer_addf(
	    &more,
	    ",{\"address\":\"v@example.org\",\"dn\":\"uid=v\",\"name\":\"\",\"quota_mib\":0,"
	    "\"enabled\":true%s%s%s}],\"aliases\":[]",
	    of_first ? ",\"rules\":\"" : "", of_first ? of_first : "", of_first ? "\"" : "");
	bring(directory, 0, 5, buffer_text(&more), begin);
}

static char *told(void)
{
	char *text = NULL;

	return file_read("rules", 100, &text, NULL, NULL) < 0 ? strdup("") : text;
}

static void assert_told(char **before, bool changed)
{
	char *now = told();

	assert_int_equal(strcmp(*before, now) != 0, changed);
	free(*before);
	*before = now;
}

#define HIS_RULE "SELECT 1 FROM delivery_rule WHERE address = 'v@example.org' AND script = "

static void rules_are_put_in_and_told_when_they_change(void **state)
{
	_cleanup_free_ char *before = strdup("");
	struct directory directory;

	open_directory(state, &directory);
	directory.rules = "rules";
	bring_rules(&directory, NULL, "{}");
	assert_told(&before, false);
	bring_rules(&directory, "keep;", "{}");
	assert_told(&before, true);
	assert_int_equal(rows(&directory, false, HIS_RULE "'keep;'"), 1);
	assert_int_equal(rows(&directory, true, "SELECT 1 FROM audit WHERE verb = 'mirror-rules'"),
			 1);
	bring_rules(&directory, "keep;", "{}");
	assert_told(&before, false);
	bring_rules(&directory, "stop;", "{}");
	assert_told(&before, true);
	assert_int_equal(rows(&directory, false, HIS_RULE "'stop;'"), 1);
	bring_rules(&directory, NULL, "{}");
	assert_told(&before, true);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM rule"), 0);
	directory_close(&directory);
}

static void rules_go_with_whose_they_are(void **state)
{
	_cleanup_(buffer_free) struct buffer large = BUFFER_INIT;
	_cleanup_free_ char *before = strdup("");
	struct directory directory;

	open_directory(state, &directory);
	directory.rules = "rules";
	bring_rules(&directory, "keep;", "{}");
	assert_told(&before, true);
	bring(&directory, 0, 5, "],\"aliases\":[]", "{}");
	assert_told(&before, true);
	assert_int_equal(rows(&directory, false, "SELECT 1 FROM rule"), 0);
	for (int i = 0; i < 32 * 1024 + 1; i++)
		buffer_addf(&large, "#");
	bring_rules(&directory, buffer_text(&large), "{}");
	assert_told(&before, false);
	assert_int_equal(json_number(directory.mirror, "left_out"), 1);
	directory_close(&directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(a_tree_is_its_kind_and_what_the_settings_say),
	    cmocka_unit_test(each_kind_has_its_words),
	    cmocka_unit_test(the_first_by_name_has_an_address),
	    cmocka_unit_test(what_is_no_address_is_left_out),
	    cmocka_unit_test(an_entry_says_what_the_filter_does_for_somebody),
	    cmocka_unit_test(behind_a_gateway_every_address_is_one),
	    cmocka_unit_test(a_part_of_a_list_says_where_the_next_begins),
	    folder_test(a_picture_is_put_in),
	    folder_test(nobody_takes_what_is_another_ones),
	    folder_test(half_a_tree_is_refused),
	    folder_test(many_at_once_are_one_line_of_the_record),
	    folder_test(a_mirror_becomes_old),
	    folder_test(people_of_a_database_bring_their_hash),
	    folder_test(a_value_that_is_no_good_costs_nobody_his_mailbox),
	    folder_test(what_the_filter_does_for_somebody_comes_along),
	    folder_test(what_is_the_same_changes_hands),
	    folder_test(all_of_a_server_become_the_machines),
	    folder_test(another_kind_of_server_has_other_people),
	    folder_test(people_behind_a_gateway_are_addresses_alone),
	    folder_test(rules_are_put_in_and_told_when_they_change),
	    folder_test(rules_go_with_whose_they_are),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
