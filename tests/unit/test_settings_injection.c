// SPDX-License-Identifier: GPL-3.0-or-later
/* Values that look like configuration, for every key that takes free text: each is
 * refused, or stands in the rendered files as that value and nothing else.  What
 * becomes of each is decided in tests/golden/injection.expected; with
 * POSTCASK_GOLDEN=write it is written anew: read the difference before committing. */
#include "test.h"

#include <errno.h>

#include "base/buffer.h"
#include "base/utf8.h"
#include "component/components.h"
#include "generation/generation.h"
#include "settings/encoding.h"
#include "settings/settings.h"
#include "tests/unit/readers.h"

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
};

/* A key, the settings around its value in JSON, and what stands before and after the
 * attack in that value. */
struct target {
	const char *key, *json, *before, *after;
};

#define DOMAINS		    "\"domains\": [\"example.org\"], "
#define USER(address, more) "\"users\": [{\"address\": " address ", " more "}]"
#define HASHED		    "\"password_hash\": \"" HASH "\""
#define ALICE		    DOMAINS USER("\"alice@example.org\"", HASHED) ", "

static const struct target targets[] = {
    {"fqdn", NULL, "mail", ".example.org"},
    {"domains[]", "\"domains\": [\"example.org\", %s], " USER("\"alice@example.org\"", HASHED), "a",
     ".example"},
    {"postmaster", ALICE "\"postmaster\": %s", "", "a@elsewhere.example"},
    {"postmaster (end of the name)", ALICE "\"postmaster\": %s", "a", "@elsewhere.example"},
    {"postmaster (domain)", ALICE "\"postmaster\": %s", "a@else", "where.example"},
    {"users[].address", DOMAINS USER("%s", HASHED), "", "a@example.org"},
    {"users[].address (end of the name)", DOMAINS USER("%s", HASHED), "a", "@example.org"},
    {"users[].password_hash", DOMAINS USER("\"alice@example.org\"", "\"password_hash\": %s"),
     "$y$j9T$abcdefghijklmnopqrs", "u.$1Fiqw3BWqEcVl3Jf3Qp9Zq4uuhYbaX/dcHzPMyHRZR/"},
    {"users[].password_hash (begin)",
     DOMAINS USER("\"alice@example.org\"", "\"password_hash\": %s"), "", HASH},
    {"users[].name", DOMAINS USER("\"alice@example.org\"", HASHED ", \"name\": %s"), "A", "b"},
    {"aliases[].address", ALICE "\"aliases\": [{\"address\": %s, \"to\": [\"alice@example.org\"]}]",
     "", "x@example.org"},
    {"aliases[].address (end of the name)",
     ALICE "\"aliases\": [{\"address\": %s, \"to\": [\"alice@example.org\"]}]", "a",
     "@example.org"},
    {"aliases[].to[]", ALICE "\"aliases\": [{\"address\": \"info@example.org\", \"to\": [%s]}]", "",
     "x@elsewhere.example"},
    {"tls.names[]", ALICE "\"tls\": {\"names\": [%s]}", "imap", ".example.org"},
    {"tls.certificate", ALICE "\"tls\": {\"key\": \"x\", \"certificate\": %s}",
     "-----BEGIN CERTIFICATE-----\nAAAA", "\n-----END CERTIFICATE-----\n"},
    {"tls.key", ALICE "\"tls\": {\"certificate\": \"x\", \"key\": %s}",
     "-----BEGIN PRIVATE KEY-----\nAAAA", "\n-----END PRIVATE KEY-----\n"},
    {"resolver.forward[]", ALICE "\"resolver\": {\"forward\": [%s]}", "192.0.2.5", ""},
    {"time.servers[]", ALICE "\"time\": {\"servers\": [%s]}", "ntp", ".example.org"},
    {"signatures.mirror", ALICE "\"signatures\": {\"mirror\": %s}", "https://m.example.org/a", ""},
    {"signatures.mirror (host)", ALICE "\"signatures\": {\"mirror\": %s}", "https://m",
     ".example.org/"},
    {"role", ALICE "\"role\": %s", "internet", ""},
    {"authentication.ldap.base", ALICE "\"authentication\": {\"ldap\": {\"base\": %s}}", "dc=x",
     ""},
    {"smarthost.user", ALICE "\"smarthost\": {\"user\": %s}", "x", ""},
    {"backup.repository", ALICE "\"backup\": {\"repository\": %s}", "x", ""},
};

/* The value as a string in which every character is written out. */
static void add_string(struct buffer *json, const struct target *target, const char *text,
		       size_t size)
{
	_cleanup_(buffer_free) struct buffer value = BUFFER_INIT;

	buffer_add_text(&value, target->before);
	buffer_add(&value, text, size);
	buffer_add_text(&value, target->after);
	buffer_add_char(json, '"');
	for (size_t i = 0; i < value.size;) {
		uint32_t character;
		size_t length = utf8_decode(buffer_text(&value) + i, value.size - i, &character);

		assert_in_range(length, 1, 3); /* one \u each */
		buffer_addf(json, "\\u%04x", character);
		i += length;
	}
	buffer_add_char(json, '"');
}

/* One text that is JSON and YAML. */
static void write_settings(struct buffer *json, const struct target *target, const char *text,
			   size_t size)
{
	const char *place = target->json ? strstr(target->json, "%s") : NULL;

	buffer_add_text(json, "{\"fqdn\": ");
	if (place)
		buffer_add_text(json, "\"mail.example.org\"");
	else
		add_string(json, target, text, size);
	buffer_add_text(json, ",\n\"mail\": {");
	if (place) {
		buffer_add(json, target->json, (size_t)(place - target->json));
		add_string(json, target, text, size);
		buffer_add_text(json, place + 2);
	} else {
		buffer_add_text(json, DOMAINS USER("\"alice@example.org\"", HASHED));
	}
	buffer_add_text(json, "}}\n");
}

/* Loads the settings as user-data; what the first diagnostic says in *ret_said
 * (owned). */
static json_t *load(const struct target *target, const char *text, size_t size, char **ret_said)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_(buffer_free) struct buffer yaml = BUFFER_INIT;
	json_t *settings = NULL;

	buffer_add_text(&yaml, "#cloud-config\n");
	write_settings(&yaml, target, text, size);
	if (settings_load_text("x", buffer_text(&yaml), yaml.size, &diagnostics, &settings) < 0) {
		assert_null(settings);
		assert_true(diagnostics.errors > 0);
		*ret_said = diagnostic_line(&diagnostics.items[0]);
		assert_non_null(*ret_said);
	}
	return settings;
}

/* The same as vendor-data, which only the machine sees, merged by cloud-init. */
static json_t *load_merged(const char *folder, const struct target *target,
			   const struct attack *attack)
{
	_cleanup_(diagnostics_free) struct diagnostics diagnostics = DIAGNOSTICS_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer json = BUFFER_INIT;
	_cleanup_free_ char *combined = file_join(folder, "combined.json");
	struct settings_sources sources = {.combined = combined, .user_data = "/nonexistent"};
	json_t *settings = NULL;

	write_settings(&json, target, attack->text, attack->size);
	if (file_replace(combined, buffer_text(&json), json.size, 0600, (uid_t)-1, (gid_t)-1,
			 &error) < 0)
		fail_msg("%s", error_text(&error));
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
static void compare_file(const struct component_file *file, const char *harmless, const char *found,
			 const struct attack *attack)
{
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
			    reader_gives(file->escape, found, length, attack->text, attack->size))
				break;
		if (length > 3 * attack->size)
			fail_msg("%s, %s: not the value: %.60s", file->path, attack->name, found);
		found += length;
	}
	assert_string_equal(found, "");
}

static void compare_rendered(const char *folder, const struct target *target, json_t *settings,
			     const struct attack *attack)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *one = file_join(folder, "harmless"),
			    *two = file_join(folder, "attack");
	_cleanup_free_ char *said = NULL;
	/* What a + in an address brings with it stands in both. */
	const char *word = attack->text[0] == '+' ? "+" HARMLESS : HARMLESS;
	const struct attack rest = {attack->name, attack->text + (word[0] == '+'),
				    attack->size - (word[0] == '+')};
	json_t *harmless = load(target, word, strlen(word), &said);

	if (!harmless)
		fail_msg("%s: %s", target->key, said);
	if (generation_render(harmless, TEMPLATES, one, false, &error) < 0 ||
	    generation_render(settings, TEMPLATES, two, false, &error) < 0)
		fail_msg("%s, %s: %s", target->key, attack->name, error_text(&error));
	json_decref(harmless);
	for (size_t i = 0; i < component_count; i++)
		for (const struct component_file *file = components[i]->files; file->path; file++) {
			_cleanup_free_ char *a = read_rendered(one, file);
			_cleanup_free_ char *b = read_rendered(two, file);

			compare_file(file, a, b, &rest);
		}
}

static void every_attack_is_answered_as_decided(void **state)
{
	_cleanup_(buffer_free) struct buffer answers = BUFFER_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *expected = NULL;
	const char *mode = getenv("POSTCASK_GOLDEN");

	for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
		buffer_addf(&answers, "%s\n", targets[i].key);
		for (size_t j = 0; j < ARRAY_SIZE(attacks); j++) {
			_cleanup_free_ char *said = NULL;
			json_t *settings =
			    load(&targets[i], attacks[j].text, attacks[j].size, &said);

			json_t *merged = load_merged(*state, &targets[i], &attacks[j]);

			if (settings)
				compare_rendered(*state, &targets[i], settings, &attacks[j]);
			if (!json_equal(settings, merged) && (settings || merged))
				fail_msg("%s, %s: judged otherwise as vendor-data", targets[i].key,
					 attacks[j].name);
			buffer_addf(&answers, "\t%s: %s\n", attacks[j].name,
				    settings ? "is the value" : said);
			json_decref(settings);
			json_decref(merged);
		}
	}
	if (mode && !strcmp(mode, "write"))
		assert_int_equal(file_replace(EXPECTED, buffer_text(&answers), answers.size, 0644,
					      (uid_t)-1, (gid_t)-1, &error),
				 0);
	if (file_read(EXPECTED, FILE_LIMIT, &expected, NULL, &error) < 0)
		fail_msg("%s", error_text(&error));
	assert_string_equal(buffer_text(&answers), expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(every_attack_is_answered_as_decided),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
