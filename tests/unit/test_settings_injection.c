// SPDX-License-Identifier: GPL-3.0-or-later
/* Values that look like configuration, for every key of the table: each is refused, or
 * stands in the rendered files as that value and nothing else.  What becomes of each is
 * decided in tests/golden/injection.expected, by the type of the keys; with
 * POSTCASK_GOLDEN=write it is written anew: read the difference before committing. */
#include "test.h"

#include <errno.h>

#include "base/buffer.h"
#include "component/components.h"
#include "generation/generation.h"
#include "settings/settings.h"
#include "settings/table.h"
#include "settings/types.h"
#include "tests/unit/readers.h"
#include "tests/unit/settings_put.h"

#define EXPECTED   "tests/golden/injection.expected"
#define TEMPLATES  "overlays/usr/share/postcask/templates"
#define HARMLESS   "zq7"
#define HASH	   "$y$j9T$abcdefghijklmnopqrstu.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/"
#define FILE_LIMIT (1u << 20)

struct attack {
	const char *name, *text;
	size_t size;
};

#define ATTACK(name, text)                                                                         \
	{                                                                                          \
		name, text, sizeof(text) - 1                                                       \
	}

/* What has a meaning in some syntax that a value may come to stand in. */
static const struct attack attacks[] = {
    ATTACK("harmless", HARMLESS),
    ATTACK("line feed", "\nmynetworks=0.0.0.0/0"),
    ATTACK("carriage return", "\rmynetworks=0.0.0.0/0"),
    ATTACK("both", "\r\nmynetworks=0.0.0.0/0"),
    ATTACK("vertical tab", "\vx"),
    ATTACK("form feed", "\fx"),
    ATTACK("next line U+0085", "\xc2\x85x"),
    ATTACK("line separator U+2028", "\xe2\x80\xa8x"),
    ATTACK("paragraph separator U+2029", "\xe2\x80\xa9x"),
    ATTACK("tab", "\tx"),
    ATTACK("NUL", "\0x"),
    ATTACK("escape sequence", "\033[2J"),
    ATTACK("backspace", "\b\b\b"),
    ATTACK("right-to-left mark", "\xe2\x80\xae"
				 "x"),
    ATTACK("zero-width blank", "\xe2\x80\x8bx"),
    ATTACK("byte order mark", "\xef\xbb\xbfx"),
    ATTACK("blank", " x"),
    ATTACK("continuation", " \\"),
    ATTACK("postfix $x", "$mynetworks"),
    ATTACK("postfix ${x}", "${mynetworks}"),
    ATTACK("postfix ${x?y}", "${mail_name?{permit}}"),
    ATTACK("postfix table", "pcre:/etc/passwd"),
    ATTACK("postfix braces", "{permit}"),
    ATTACK("postfix list", ", permit_mynetworks"),
    ATTACK("postfix restriction", " permit"),
    ATTACK("alias command", "|/bin/sh"),
    ATTACK("quoted alias command", "\"|/bin/sh\""),
    ATTACK("alias include", ":include:/etc/passwd"),
    ATTACK("alias file", "/var/mail/x"),
    ATTACK("comment", "#x"),
    ATTACK("dovecot %{user}", "%{user}"),
    ATTACK("dovecot %u", "%u"),
    ATTACK("dovecot %%{user}", "%%{user}"),
    ATTACK("dovecot block", "} passdb x { driver = static"),
    ATTACK("dovecot quote", "\" }"),
    ATTACK("dovecot file", "</etc/shadow"),
    ATTACK("dovecot include", "!include /etc/shadow"),
    ATTACK("dovecot environment", "$ENV:HOME"),
    ATTACK("perl scalar", "$x"),
    ATTACK("perl array", "@ARGV"),
    ATTACK("perl interpolation", "@{[system(1)]}"),
    ATTACK("perl quote", "'; system('id'); '"),
    ATTACK("perl backslash", "\\"),
    ATTACK("perl \\Q", "\\Qx\\E"),
    ATTACK("perl pod", "=cut"),
    ATTACK("LDAP filter", "*)(uid=*))(|(uid=*"),
    ATTACK("LDAP escape", "\\2a"),
    ATTACK("SQL", "' OR 1=1 --"),
    ATTACK("nft", "; add rule inet x y accept"),
    ATTACK("shell", "$(id)"),
    ATTACK("shell backquotes", "`id`"),
    ATTACK("shell list", ";id&"),
    ATTACK("shell redirection", ">/etc/passwd"),
    ATTACK("printf", "%n%s%n"),
    ATTACK("passwd fields", "::0:0::/:/bin/sh"),
    ATTACK("passwd extra field", " userdb_uid=0"),
    ATTACK("systemd specifier", "%h"),
    ATTACK("systemd section", "]\n[Service"),
    ATTACK("unbound quote", "\" local-zone: \"com."),
    ATTACK("unbound clause", " forward-zone:"),
    ATTACK("YAML tag", "!!python/object/apply:os.system"),
    ATTACK("YAML anchor", "*x"),
    ATTACK("YAML flow", "]}"),
    ATTACK("template", "{{users}}"),
    ATTACK("template directive", "#% end"),
    ATTACK("path", "../../etc/passwd"),
    ATTACK("HTML", "<script>"),
    ATTACK("route", "%other.example@"),
    ATTACK("bang path", "other!"),
    ATTACK("apostrophe", "'"),
    ATTACK("ampersand", "&a"),
    ATTACK("extension", "+a=b"),
    ATTACK("tilde", "~root"),
    ATTACK("end of a pattern", "\\E.*"),
    ATTACK("apostrophe of telephones", "\xe2\x80\x99"),
    ATTACK("option", "-oQ/tmp"),
    ATTACK("quoted word", "\"x\""),
};

/* What an attack stands between, in a value of a type.  A type of text that a key has needs
 * one here. */
static const struct shape {
	enum setting_type type;
	const char *before, *after;
} shapes[] = {
    {TYPE_TEXT, "A", "b"},
    {TYPE_TEXT, "", ""},
    {TYPE_LINES, "", ""},
    {TYPE_NAME, "a", "b"},
    {TYPE_NAME, "", ""},
    {TYPE_TIME, "03:30", ""},
    {TYPE_FILE_EXTENSION, "x", ""},
    {TYPE_FILE_EXTENSION, "", ""},
    {TYPE_DOMAIN, "a", ".example"},
    {TYPE_DOMAIN, "a.example", ""},
    {TYPE_HOSTNAME, "mail", ".example.org"},
    {TYPE_HOSTNAME, "mail.example.org", ""},
    {TYPE_MAILBOX, "", "a@example.org"},
    {TYPE_MAILBOX, "a", "@example.org"},
    {TYPE_MAILBOX, "a@example.org", ""},
    {TYPE_ADDRESS, "", "a@elsewhere.example"},
    {TYPE_ADDRESS, "a", "@elsewhere.example"},
    {TYPE_ADDRESS, "a@else", "where.example"},
    {TYPE_ADDRESS, "a@elsewhere.example", ""},
    {TYPE_ADDRESSES, "", "a@elsewhere.example"},
    {TYPE_ADDRESSES, "a@else", "where.example"},
    {TYPE_ADDRESSES, "@else", "where.example"},
    {TYPE_ADDRESSES, "elsewhere.example", ""},
    {TYPE_PASSWORD_HASH, "", HASH},
    {TYPE_PASSWORD_HASH, "$y$j9T$abcdefghijklmnopqrs",
     "u.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/"},
    {TYPE_PASSWORD_HASH, HASH, ""},
    {TYPE_CERTIFICATE, "-----BEGIN CERTIFICATE-----\nAAAA", "\n-----END CERTIFICATE-----\n"},
    {TYPE_PRIVATE_KEY, "-----BEGIN PRIVATE KEY-----\nAAAA", "\n-----END PRIVATE KEY-----\n"},
    {TYPE_IP, "192.0.2.5", ""},
    {TYPE_NETWORK, "192.0.2.0", "/24"},
    {TYPE_NETWORK, "192.0.2.0/24", ""},
    {TYPE_IP, "2001:db8::5", ""},
    {TYPE_NETWORK, "192.0.2.0/24", ""},
    {TYPE_NETWORK, "", "192.0.2.0/24"},
    {TYPE_NETWORK, "2001:db8:", ":/48"},
    {TYPE_HOST, "ntp", ".example.org"},
    {TYPE_HOST, "192.0.2.5", ""},
    {TYPE_URL, "https://m.example.org/a", ""},
    {TYPE_URL, "https://m", ".example.org/"},
    {TYPE_BLOCKLIST, "k@zen", ".example"},
    {TYPE_BLOCKLIST, "k", "@zen.example=127.0.0.2*3"},
    {TYPE_BLOCKLIST, "k@zen.example=127.0.0.2*3", ""},
    {TYPE_FOLDER, "A", "b"},
    {TYPE_FOLDER, "", ""},
    {TYPE_SENDERS, "@.else", "where.example"},
    {TYPE_SENDERS, "a@else", "where.example"},
    {TYPE_SENDERS, ".elsewhere.example", ""},
    {TYPE_SENDERS, "elsewhere.example", ""},
    {TYPE_READERS, "a", "@example.org"},
    {TYPE_READERS, "a@example.org", ""},
    {TYPE_READERS, "everyone", ""},
    {TYPE_WRITERS, "a", "@example.org"},
    {TYPE_WRITERS, "a@example.org", ""},
    {TYPE_WRITERS, "members", ""},
    {TYPE_LANGUAGE, "de", ""},
    {TYPE_LANGUAGE, "d", "e-AT"},
};

/* Types whose values are one of a few, or numbers: whatever else stands there is refused. */
static bool is_closed(enum setting_type type)
{
	return type == TYPE_BOOLEAN || type == TYPE_INTEGER || type == TYPE_DECIMAL ||
	       type == TYPE_CHOICE;
}

/* Keys of cloud-init's own that are settings too. */
static const struct setting outer_keys[] = {
    {.path = "fqdn", .type = TYPE_HOSTNAME},
    {.path = "hostname", .type = TYPE_HOSTNAME},
};

/* Where an attack goes. */
struct target {
	const struct setting *setting;
	bool outer; /* beside `mail` */
	struct shape shape;
	bool harmless[2]; /* what stands there instead is rendered: by itself, and behind a + */
};

static const char settings_around[] =
    "{\"mail\": {\"domains\": [\"example.org\"], \"users\": [{\"address\": "
    "\"alice@example.org\", \"password_hash\": \"" HASH "\"}]}}";

#define SMARTHOST(key)                                                                             \
	"{\"role\": \"smarthost\", \"smarthost\": {\"host\": \"smtp.example.net\", \"" key         \
	"\": \"x\"}}"

#define OAUTH                                                                                      \
	"{\"authentication\": {\"oauth\": {\"issuer\": \"https://id.example.org\", "               \
	"\"audience\": \"mail\"}}}"

/* What some keys need beside them. */
static const struct {
	const char *path, *mail;
} companions[] = {
    {"aliases[].address", "{\"aliases\": [{\"to\": [\"alice@example.org\"]}]}"},
    {"aliases[].to", "{\"aliases\": [{\"address\": \"info@example.org\"}]}"},
    {"aliases[].who",
     "{\"aliases\": [{\"address\": \"info@example.org\", \"to\": [\"alice@example.org\"]}]}"},
    {"catch_all[].domain", "{\"catch_all\": [{\"to\": \"alice@example.org\"}]}"},
    {"catch_all[].to", "{\"catch_all\": [{\"domain\": \"example.org\"}]}"},
    {"domain_aliases[].domain", "{\"domain_aliases\": [{\"of\": \"example.org\"}]}"},
    {"domain_aliases[].of", "{\"domains\": [\"example.org\", \"example.net\"], "
			    "\"domain_aliases\": [{\"domain\": \"example.net\"}]}"},
    {"authentication.oauth.issuer", "{\"authentication\": {\"oauth\": {\"audience\": \"mail\"}}}"},
    {"authentication.oauth.audience",
     "{\"authentication\": {\"oauth\": {\"issuer\": \"https://id.example.org\"}}}"},
    {"authentication.oauth.clients", OAUTH},
    {"authentication.oauth.scope", OAUTH},
    {"authentication.oauth.claim", OAUTH},
    {"authentication.oauth.keys_url", OAUTH},
    {"authentication.oauth.keys", OAUTH},
    {"authentication.oauth.ca", OAUTH},
    {"senders[].login", "{\"senders\": [{\"as\": [\"alice@example.org\"]}]}"},
    {"senders[].as", "{\"senders\": [{\"login\": \"alice@example.org\"}]}"},
    {"senders[].for", "{\"senders\": [{\"login\": \"alice@example.org\"}]}"},
    {"shared[].address", "{\"mailboxes\": {\"sharing\": true}, \"shared\": [{}]}"},
    {"shared[].name",
     "{\"mailboxes\": {\"sharing\": true}, \"shared\": [{\"address\": \"x@example.org\"}]}"},
    {"shared[].members[].who", "{\"mailboxes\": {\"sharing\": true}, \"shared\": "
			       "[{\"address\": \"x@example.org\"}]}"},
    {"smarthost.host", "{\"role\": \"smarthost\"}"},
    {"smarthost.user", SMARTHOST("password")},
    {"smarthost.password", SMARTHOST("user")},
    {"smarthost.tls_name", SMARTHOST("user\": \"a\", \"password")},
    {"smarthost.ca", SMARTHOST("user\": \"a\", \"password")},
    {"public[].name", "{\"public\": [{\"rights\": [{\"who\": \"everyone\", \"may\": \"edit\"}]}]}"},
    {"public[].rights[].who",
     "{\"public\": [{\"name\": \"x\", \"rights\": [{\"may\": \"manage\"}]}]}"},
    {"tls.certificate", "{\"tls\": {\"key\": \"x\"}}"},
    {"tls.key", "{\"tls\": {\"certificate\": \"x\"}}"},
};

/* One text that is JSON and YAML: every character that is not ASCII is written out. */
static char *settings_with(const struct target *target, const char *text, size_t size)
{
	_cleanup_(buffer_free) struct buffer value = BUFFER_INIT;
	json_t *root = json_loads(settings_around, 0, NULL), *mail = json_object_get(root, "mail");
	const struct setting *setting = target->setting;
	char *json;

	for (size_t i = 0; !target->outer && i < ARRAY_SIZE(companions); i++)
		if (!strcmp(setting->path, companions[i].path)) {
			json_t *more = json_loads(companions[i].mail, 0, NULL);

			json_object_update(mail, more);
			json_decref(more);
		}
	if (!target->outer)
		json_object_set_new(root, "fqdn", json_string("mail.example.org"));
	buffer_add_text(&value, target->shape.before);
	buffer_add(&value, text, size);
	buffer_add_text(&value, target->shape.after);
	settings_put(target->outer ? root : mail, setting->path, setting->flags & SETTING_LIST,
		     json_stringn(buffer_text(&value), value.size));
	json = json_dumps(root, JSON_ENSURE_ASCII);
	assert_non_null(json);
	json_decref(root);
	return json;
}

/* Loads the settings as user-data; what the first diagnostic says in *ret_said (owned),
 * without its place. */
static json_t *load(const struct target *target, const char *text, size_t size, char **ret_said)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_(buffer_free) struct buffer yaml = BUFFER_INIT;
	_cleanup_free_ char *json = settings_with(target, text, size);
	json_t *settings = NULL;

	buffer_addf(&yaml, "#cloud-config\n%s\n", json);
	if (settings_load_text("x", buffer_text(&yaml), yaml.size, &diagnostics, &settings) < 0) {
		assert_null(settings);
		assert_true(diagnostics.errors > 0);
		*ret_said = strdup(diagnostics.items[0].text);
		assert_non_null(*ret_said);
	}
	return settings;
}

/* The same as vendor-data, which only the machine sees, merged by cloud-init. */
static json_t *load_merged(const char *folder, const struct target *target,
			   const struct attack *attack)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_free_ char *combined = file_join(folder, "combined.json"),
			    *json = settings_with(target, attack->text, attack->size);
	struct settings_sources sources = {.combined = combined, .user_data = "/nonexistent"};
	FILE *file = fopen(combined, "w"); /* thousands of times: never waiting for the disk */
	json_t *settings = NULL;

	assert_non_null(file);
	assert_true(fputs(json, file) >= 0);
	assert_int_equal(fclose(file), 0);
	if (settings_load_machine(&sources, &diagnostics, &settings) < 0)
		assert_true(diagnostics.errors > 0);
	return settings;
}

static char *read_rendered(const char *folder, const struct component_file *file)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *path = file_join(folder, file->path);
	char *text = NULL;

	if (file_read(path, FILE_LIMIT, &text, NULL, &error) < 0)
		fail_msg("%s", error_text(&error));
	return text;
}

/* What follows a value in its line, up to the next one. */
static size_t rest_of_line(const char *text)
{
	size_t size = strcspn(text, "\n");
	const char *next = strstr(text, HARMLESS);

	return next && (size_t)(next - text) < size ? (size_t)(next - text) : size;
}

/* The file with the harmless word is the file with the attack, but that each such
 * word is one value that the file's own reader takes for the attack. */
static void compare_file(const struct component_file *file, enum setting_type type,
			 const char *harmless, const char *found, const struct attack *attack)
{
	/* An administrator's own lines stand as they are. */
	const char *syntax = type == TYPE_LINES ? "lines" : file->escape;

	while (*harmless) {
		const char *place = strstr(harmless, HARMLESS);
		size_t size = place ? (size_t)(place - harmless) : strlen(harmless), length;

		if (strncmp(harmless, found, size) != 0)
			fail_msg("%s, %s: changed outside the value", file->path, attack->name);
		harmless += size;
		found += size;
		if (!place)
			break;
		harmless += strlen(HARMLESS);
		for (length = attack->size; length <= 3 * attack->size; length++)
			if (!strncmp(found + length, harmless, rest_of_line(harmless)) &&
			    reader_gives(syntax, found, length, attack->text, attack->size))
				break;
		if (length > 3 * attack->size)
			fail_msg("%s, %s: not the value: %.60s", file->path, attack->name, found);
		found += length;
	}
	assert_string_equal(found, "");
}

static void render(const struct target *target, json_t *settings, const char *folder)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (generation_render(settings, TEMPLATES, folder, false, &error) < 0)
		fail_msg("%s: %s", target->setting->path, error_text(&error));
}

/* Once for all attacks on it. */
static void render_harmless(struct target *target, bool plus, const char *folder)
{
	const char *word = plus ? "+" HARMLESS : HARMLESS;
	_cleanup_free_ char *said = NULL;
	json_t *settings;

	if (target->harmless[plus])
		return;
	settings = load(target, word, strlen(word), &said);
	if (!settings)
		fail_msg("%s: %s", target->setting->path, said);
	render(target, settings, folder);
	json_decref(settings);
	target->harmless[plus] = true;
}

static void compare_rendered(const char *folder, struct target *target, json_t *settings,
			     const struct attack *attack)
{
	/* What a + in an address brings with it stands in both. */
	bool plus = attack->text[0] == '+';
	_cleanup_free_ char *one = file_join(folder, plus ? "plus" : "harmless"),
			    *two = file_join(folder, "attack");
	const struct attack rest = {attack->name, attack->text + plus, attack->size - plus};

	render_harmless(target, plus, one);
	render(target, settings, two);
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = components[i]->files; file->path; file++) {
			_cleanup_free_ char *a = read_rendered(one, file);
			_cleanup_free_ char *b = read_rendered(two, file);

			compare_file(file, target->setting->type, a, b, &rest);
		}
}

/* What becomes of an attack, "is the value" or why not; owned by the caller. */
static char *answer(const char *folder, struct target *target, const struct attack *attack)
{
	char *said = NULL;
	json_t *settings = load(target, attack->text, attack->size, &said);
	json_t *merged = load_merged(folder, target, attack);

	if (settings)
		compare_rendered(folder, target, settings, attack);
	if (!json_equal(settings, merged) && (settings || merged))
		fail_msg("%s, %s: judged otherwise as vendor-data", target->setting->path,
			 attack->name);
	json_decref(merged);
	json_decref(settings);
	return settings ? strdup("is the value") : said;
}

/* The answers of one shape: those of the first key that has its type, and below each other
 * key what is answered otherwise there. */
struct answers {
	char *first[ARRAY_SIZE(attacks)]; /* owned; NULL: there was no key yet */
	struct buffer text;
};

static void add_answers(struct answers *answers, const char *folder, struct target *target)
{
	buffer_addf(&answers->text, "    %s%s%s\n", target->setting->path,
		    target->setting->flags & SETTING_LIST ? "[]" : "",
		    target->outer ? " (beside mail)" : "");
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		char *found = answer(folder, target, &attacks[i]);

		if (!answers->first[i] || strcmp(answers->first[i], found) != 0)
			buffer_addf(&answers->text, "\t%s: %s\n", attacks[i].name, found);
		if (answers->first[i])
			free(found);
		else
			answers->first[i] = found;
	}
}

static void answer_shape(const struct shape *shape, const char *folder, struct buffer *text)
{
	struct answers answers = {.text = BUFFER_INIT};

	for (size_t i = 0; i < settings_table_count; i++)
		if (settings_table[i].type == shape->type &&
		    !(settings_table[i].flags & SETTING_LATER))
			add_answers(&answers, folder,
				    &(struct target){&settings_table[i], false, *shape, {false}});
	for (size_t i = 0; i < ARRAY_SIZE(outer_keys); i++)
		if (outer_keys[i].type == shape->type)
			add_answers(&answers, folder,
				    &(struct target){&outer_keys[i], true, *shape, {false}});
	buffer_addf(text, "%s: ", type_of(shape->type)->name);
	for (const char *c = shape->before; *c; c++)
		buffer_add_char(text, *c == '\n' ? ' ' : *c);
	buffer_add_text(text, "ATTACK");
	for (const char *c = shape->after; *c; c++)
		buffer_add_char(text, *c == '\n' ? ' ' : *c);
	buffer_addf(text, "\n%s", buffer_text(&answers.text));
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++)
		free(answers.first[i]);
	buffer_free(&answers.text);
}

static void every_attack_is_answered_as_decided(void **state)
{
	_cleanup_(buffer_free) struct buffer answers = BUFFER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *expected = NULL;
	const char *mode = getenv("POSTCASK_GOLDEN");

	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		answer_shape(&shapes[i], *state, &answers);
	if (mode && !strcmp(mode, "write"))
		assert_int_equal(file_replace(EXPECTED, buffer_text(&answers), answers.size, 0644,
					      (uid_t)-1, (gid_t)-1, &error),
				 0);
	if (file_read(EXPECTED, FILE_LIMIT, &expected, NULL, &error) < 0)
		fail_msg("%s", error_text(&error));
	assert_string_equal(buffer_text(&answers), expected);
}

static bool has_shape(enum setting_type type)
{
	for (size_t i = 0; i < ARRAY_SIZE(shapes); i++)
		if (shapes[i].type == type)
			return true;
	return false;
}

/* As the whole value, and behind the example of the key. */
static void assert_refused(const char *folder, const struct setting *setting)
{
	const char *example = setting->example ? setting->example : "";
	struct target targets[] = {{setting, false, {setting->type, "", ""}, {false}},
				   {setting, false, {setting->type, example, ""}, {false}}};

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++)
		for (size_t j = 0; j < ARRAY_SIZE(attacks); j++) {
			_cleanup_free_ char *said = answer(folder, &targets[i], &attacks[j]);

			if (!strcmp(said, "is the value"))
				fail_msg("%s: %s", setting->path, attacks[j].name);
		}
}

static void every_key_is_attacked(void **state)
{
	for (size_t i = 0; i < settings_table_count; i++) {
		const struct setting *setting = &settings_table[i];

		if (setting->flags & SETTING_LATER || is_closed(setting->type))
			assert_refused(*state, setting);
		else if (setting->type != TYPE_GROUP && setting->type != TYPE_RECORDS &&
			 !has_shape(setting->type))
			fail_msg("%s: its type, %s, has no shape in this test", setting->path,
				 type_of(setting->type)->name);
	}
}

/* Thousands of files are written, and no disk is to be waited for. */
static int folder_in_memory(void **state)
{
	char *folder = strdup("/dev/shm/postcask-test-XXXXXX");

	*state = folder ? mkdtemp(folder) : NULL;
	if (*state)
		return 0;
	free(folder);
	return test_folder_make(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(every_attack_is_answered_as_decided, folder_in_memory,
					    test_folder_remove),
	    cmocka_unit_test_setup_teardown(every_key_is_attacked, folder_in_memory,
					    test_folder_remove),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
