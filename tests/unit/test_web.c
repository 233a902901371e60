// SPDX-License-Identifier: GPL-3.0-or-later
/* What the web server shows: facts, pages, profiles, certificates, the policy for others. */
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/cms.h>

#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate.h"
#include "certificate/certificate_facts.h"
#include "generation/escape.h"
#include "generation/template.h"
#include "web/policy.h"
#include "web/profile.h"
#include "web/qr.h"
#include "web/serve.h"
#include "web/site.h"

#define NOW   INT64_C(1800000000) /* 2027-01-15 */
#define DAY   INT64_C(86400)
#define SHARE "overlays/usr/share/postcask/web"

static char folder[] = "/tmp/test-web-XXXXXX", keys[64], web[64], run[64];

/* Keys of an own authority, made once: an RSA key takes a second. */
static int setup(void **state _unused_)
{
	static const char *const names[] = {"mail.example.org"};
	struct certificate_request request = {
	    .folder = keys, .names = names, .name_count = 1, .now = NOW};
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;

	if (!mkdtemp(folder))
		return -1;
	snprintf(keys, sizeof(keys), "%s/keys", folder);
	snprintf(web, sizeof(web), "%s/web", folder);
	snprintf(run, sizeof(run), "%s/run", folder);
	if (mkdir(web, 0755) < 0 || mkdir(run, 0750) < 0 ||
	    certificate_ensure(&request, &outcome, NULL) < 0)
		return -1;
	certificate_outcome_clear(&outcome);
	return 0;
}

static int teardown(void **state _unused_)
{
	return file_remove_tree(folder, NULL);
}

static json_t *settings_of(const char *domains, const char *services)
{
	json_t *settings =
	    json_pack("{s:s, s:o, s:o}", "hostname", "mail.example.org", "domains",
		      json_loads(domains, 0, NULL), "services", json_loads(services, 0, NULL));

	assert_non_null(settings);
	return settings;
}

#define ALL                                                                                        \
	"{\"imap\": true, \"imaps\": true, \"pop3\": true, \"pop3s\": true, \"submission\": "      \
	"true, \"submissions\": true, \"managesieve\": true}"

static struct web_facts facts_of(const json_t *settings)
{
	struct web_facts facts = WEB_FACTS_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (web_facts_load(settings, keys, NOW, &facts, &error) < 0)
		fail_msg("%s", error_text(&error));
	return facts;
}

static char *read_text(const char *name, size_t *ret_size)
{
	_cleanup_free_ char *path = file_join(web, name);
	char *text = NULL;

	if (file_read(path, 1024 * 1024, &text, ret_size, NULL) < 0)
		return NULL;
	return text;
}

static bool make_site(const json_t *settings, const char *policy)
{
	_cleanup_(web_facts_clear) struct web_facts facts = facts_of(settings);
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	bool made = false;

	if (site_make(&facts, json_object_get(settings, "domains"), policy, SHARE, web, &made,
		      &error) < 0)
		fail_msg("%s", error_text(&error));
	return made;
}

#define assert_has(text, part)                                                                     \
	do {                                                                                       \
		if (!strstr(text, part))                                                           \
			fail_msg("no %s in %s", part, text);                                       \
	} while (0)
#define assert_lacks(text, part)                                                                   \
	do {                                                                                       \
		if (strstr(text, part))                                                            \
			fail_msg("%s in %s", part, text);                                          \
	} while (0)

/* ---- facts ---- */

static void the_best_port_comes_first(void **state _unused_)
{
	static const struct {
		const char *services;
		int reads, sends;
		size_t incoming, outgoing;
	} cases[] = {
	    {ALL, 993, 465, 4, 2},
	    {"{\"imap\": true, \"submission\": true, \"pop3s\": true}", 143, 587, 2, 1},
	    {"{\"pop3\": true, \"submissions\": false, \"submission\": true}", 110, 587, 1, 1},
	    {"{}", 993, 465, 0, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_t *settings =
		    settings_of("[\"example.org\"]", cases[i].services);
		_cleanup_(web_facts_clear) struct web_facts facts = facts_of(settings);

		assert_int_equal(json_number(json_object_get(facts.common, "reads"), "port"),
				 cases[i].reads);
		assert_int_equal(json_number(json_object_get(facts.common, "sends"), "port"),
				 cases[i].sends);
		assert_int_equal(json_array_size(json_object_get(facts.common, "incoming")),
				 cases[i].incoming);
		assert_int_equal(json_array_size(json_object_get(facts.common, "outgoing")),
				 cases[i].outgoing);
	}
}

static void a_domain_is_shown_in_its_letters(void **state _unused_)
{
	_cleanup_json_ json_t *settings = settings_of("[\"xn--bcher-kva.example\"]", ALL);
	_cleanup_(web_facts_clear) struct web_facts facts = facts_of(settings);
	_cleanup_json_ json_t *of = NULL;

	assert_int_equal(web_facts_of(&facts, "xn--bcher-kva.example", &of, NULL), 0);
	assert_string_equal(json_text(of, "shown"), "bücher.example");
	assert_string_equal(json_text(of, "contact"), "postmaster@xn--bcher-kva.example");
	assert_string_equal(json_text(of, "profile"),
			    "https://mail.example.org/xn--bcher-kva.example.mobileconfig");
}

static void security_txt_ends_within_a_year(void **state _unused_)
{
	_cleanup_json_ json_t *settings = settings_of("[\"example.org\"]", ALL);
	struct web_facts facts = WEB_FACTS_INIT;
	static const struct {
		int64_t now;
		const char *expires;
	} cases[] = {
	    {NOW, "2027-12-31T00:00:00Z"},	      /* of 2027-01-15 */
	    {NOW + 16 * DAY, "2027-12-31T00:00:00Z"}, /* the month's last day */
	    {NOW + 17 * DAY, "2028-01-31T00:00:00Z"}, /* another month, another date */
	    {1835395200, "2029-01-31T00:00:00Z"},     /* 2028-02-29 */
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(web_facts_load(settings, keys, cases[i].now, &facts, NULL), 0);
		assert_string_equal(json_text(facts.common, "expires"), cases[i].expires);
		web_facts_clear(&facts);
	}
}

/* ---- pages ---- */

static void a_site_has_its_files(void **state _unused_)
{
	static const char *const files[] = {
	    "site/index.html",
	    "site/pages/example.org.html",
	    "site/pages/example.net.html",
	    "site/autoconfig/example.net.xml",
	    "site/style.css",
	    "site/profiles/mail.example.org.mobileconfig",
	    "site/robots.txt",
	    "site/autodiscover/autodiscover.xml",
	    "site/authority.crt",
	    "site/.well-known/security.txt",
	    "site/favicon.svg",
	    "site/error-404.html",
	};
	_cleanup_json_ json_t *settings = settings_of("[\"example.org\", \"example.net\"]", ALL);
	_cleanup_free_ char *text = NULL, *policy = NULL, *discover = NULL;

	assert_true(make_site(settings, "version: STSv1\r\n"));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *file = read_text(files[i], NULL);

		if (!file)
			fail_msg("no %s", files[i]);
		for (const char *c = files[i]; *c; c++)
			assert_false(*c >= 'A' && *c <= 'Z');
	}
	policy = read_text("site/mta-sts.txt", NULL);
	assert_string_equal(policy, "version: STSv1\r\n");
	text = read_text("site/autoconfig/example.net.xml", NULL);
	assert_has(text, "<emailProvider id=\"example.net\">");
	assert_has(text, "<hostname>mail.example.org</hostname>");
	assert_true(strstr(text, "<port>993</port>") < strstr(text, "<port>143</port>"));
	assert_true(strstr(text, "<port>465</port>") < strstr(text, "<port>587</port>"));
	discover = read_text("site/autodiscover/autodiscover.xml", NULL);
	assert_lacks(discover, "LoginName>");
}

static void only_what_is_on_is_offered(void **state _unused_)
{
	_cleanup_json_ json_t *settings =
	    settings_of("[\"example.org\"]",
			"{\"imaps\": true, \"submissions\": true, \"managesieve\": false}");
	_cleanup_free_ char *xml = NULL, *page = NULL, *other = NULL, *index = NULL;

	assert_true(make_site(settings, NULL));
	xml = read_text("site/autoconfig/example.org.xml", NULL);
	page = read_text("site/pages/example.org.html", NULL);
	index = read_text("site/index.html", NULL);
	assert_string_equal(index, page);
	assert_lacks(xml, "pop3");
	assert_lacks(xml, "STARTTLS");
	assert_lacks(page, "POP3");
	assert_lacks(page, "Sieve");
	assert_null(read_text("site/mta-sts.txt", NULL)); /* it was the site's before */
	assert_null(other = read_text("site/pages/example.net.html", NULL));
}

static void a_machine_that_nobody_reads_on_has_no_profile(void **state _unused_)
{
	_cleanup_json_ json_t *settings =
	    settings_of("[\"example.org\"]", "{\"imaps\": true, \"managesieve\": false}");
	_cleanup_free_ char *page = NULL;

	assert_true(make_site(settings, NULL));
	page = read_text("site/pages/example.org.html", NULL);
	assert_lacks(page, "mobileconfig");
	assert_lacks(page, "#apple");
	assert_null(read_text("site/profiles/example.org.mobileconfig", NULL));
}

/* With the roles gateway and send-only. */
static void a_machine_without_mailboxes_promises_none(void **state _unused_)
{
	static const struct {
		const char *services, *said;
	} cases[] = {
	    {"{\"submission\": true, \"managesieve\": false}", "this server only sends"},
	    {"{\"submission\": false, \"managesieve\": false}", "nothing to set up here"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_json_ json_t *settings =
		    settings_of("[\"example.org\"]", cases[i].services);
		_cleanup_free_ char *page = NULL;

		json_object_set_new(settings, "here", json_pack("{s:b}", "mailboxes", 0));
		make_site(settings, NULL);
		assert_non_null(page = read_text("site/pages/example.org.html", NULL));
		assert_has(page, cases[i].said);
		assert_lacks(page, "IMAP");
		assert_lacks(page, "POP3");
		assert_lacks(page, "#thunderbird");
		assert_lacks(page, "profile");
		assert_int_equal(strstr(page, "<td class=\"value\">587</td>") != NULL, i == 0);
		assert_null(read_text("site/autoconfig/example.org.xml", NULL));
		assert_null(read_text("site/autodiscover/autodiscover.xml", NULL));
		assert_null(read_text("site/profiles/example.org.mobileconfig", NULL));
	}
}

/* Whatever came past the checks of the settings: it is text on the page, and no more. */
static void names_are_text_on_every_page(void **state _unused_)
{
	static const char evil[] = "x\"><script>alert(1)</script>&amp;'";
	static const char *const pages[] = {"help.html", "autoconfig.xml", "autodiscover.xml",
					    "profile.mobileconfig", "error-404.html"};
	_cleanup_json_ json_t *settings = settings_of("[\"example.org\"]", ALL);
	_cleanup_(web_facts_clear) struct web_facts facts = facts_of(settings);
	_cleanup_json_ json_t *of = NULL;
	const char *key;
	json_t *value;

	assert_int_equal(web_facts_of(&facts, "example.org", &of, NULL), 0);
	json_object_foreach(of, key, value)
	{
		if (json_is_string(value))
			json_object_set_new(of, key, json_string(evil));
	}
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
		_cleanup_free_ char *path = file_join(SHARE, pages[i]), *text = NULL;
		size_t size;

		assert_int_equal(file_read(path, 1 << 20, &text, &size, NULL), 0);
		assert_int_equal(
		    template_render(pages[i], text, size, of, escape_find("xml", 3), &output, NULL),
		    0);
		assert_lacks(buffer_text(&output), "<script");
		assert_has(buffer_text(&output), "&lt;script&gt;");
	}
}

static void a_site_is_made_when_something_changed(void **state _unused_)
{
	_cleanup_json_ json_t *one = settings_of("[\"example.org\"]", ALL);
	_cleanup_json_ json_t *two = settings_of("[\"example.org\", \"example.net\"]", ALL);
	_cleanup_free_ char *link = file_join(web, "site");
	char before[16] = "", after[16] = "";

	make_site(one, NULL);
	assert_true(readlink(link, before, sizeof(before) - 1) > 0);
	assert_false(make_site(one, NULL));
	assert_true(make_site(one, "version: STSv1\r\n"));
	assert_true(readlink(link, after, sizeof(after) - 1) > 0);
	assert_string_not_equal(before, after);
	assert_true(make_site(two, "version: STSv1\r\n"));
	assert_false(make_site(two, "version: STSv1\r\n"));
	/* Half of it was lost. */
	assert_int_equal(unlink(link), 0);
	assert_true(make_site(two, "version: STSv1\r\n"));
}

static ino_t number_of(const char *name)
{
	_cleanup_free_ char *path = file_join(web, name);
	struct stat status;

	assert_int_equal(stat(path, &status), 0);
	return status.st_ino;
}

/* Ten thousand signatures are half a minute. */
static void a_new_domain_leaves_the_others_as_they_are(void **state _unused_)
{
	static const char profile[] = "site/profiles/example.org.mobileconfig";
	_cleanup_json_ json_t *one = settings_of("[\"example.org\"]", ALL);
	_cleanup_json_ json_t *two = settings_of("[\"example.org\", \"example.net\"]", ALL);
	_cleanup_json_ json_t *less =
	    settings_of("[\"example.org\", \"example.net\"]",
			"{\"imaps\": true, \"submissions\": true, \"managesieve\": false}");
	_cleanup_free_ char *added = NULL, *page = NULL;
	ino_t before;

	make_site(one, NULL);
	before = number_of(profile);
	assert_true(make_site(two, NULL));
	assert_int_equal(number_of(profile), before);
	assert_non_null(added = read_text("site/profiles/example.net.mobileconfig", NULL));
	assert_true(make_site(less, NULL));
	assert_int_not_equal(number_of(profile), before);
	page = read_text("site/pages/example.org.html", NULL);
	assert_lacks(page, "POP3");
}

/* ---- profiles ---- */

/* The text within, when the signature is the server's and its chain ends at the authority. */
static char *verified(const char *name)
{
	_cleanup_free_ char *path = file_join(keys, "ca.pem");
	size_t size = 0;
	_cleanup_free_ char *bytes = read_text(name, &size);
	_cleanup_(cleanup_bio) BIO *input = BIO_new_mem_buf(bytes, (int)size);
	_cleanup_(cleanup_bio) BIO *output = BIO_new(BIO_s_mem());
	CMS_ContentInfo *cms = d2i_CMS_bio(input, NULL);
	X509_STORE *store = X509_STORE_new();
	char *text = NULL;
	long length;

	assert_non_null(cms);
	assert_int_equal(X509_STORE_load_file(store, path), 1);
	X509_STORE_set_purpose(store, X509_PURPOSE_ANY);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)NOW);
	if (CMS_verify(cms, NULL, store, NULL, output, CMS_BINARY) == 1) {
		length = BIO_get_mem_data(output, &text);
		text = strndup(text, (size_t)length);
	}
	CMS_ContentInfo_free(cms);
	X509_STORE_free(store);
	return text;
}

static void a_profile_is_signed_by_the_server(void **state _unused_)
{
	_cleanup_json_ json_t *settings = settings_of("[\"example.org\"]", ALL);
	_cleanup_free_ char *text = NULL;

	make_site(settings, NULL);
	text = verified("site/profiles/example.org.mobileconfig");
	assert_non_null(text);
	assert_has(text, "<string>mail.example.org</string>");
	assert_has(text, "<integer>993</integer>");
	assert_has(text, "com.apple.security.root");
	assert_lacks(text, "EmailAddress");
	assert_lacks(text, "Username");
}

static void uuids_stay_and_differ(void **state _unused_)
{
	char one[PROFILE_UUID_SIZE], again[PROFILE_UUID_SIZE], other[PROFILE_UUID_SIZE];

	assert_int_equal(profile_uuid("example.org", "account", one, NULL), 0);
	assert_int_equal(profile_uuid("example.org", "account", again, NULL), 0);
	assert_int_equal(profile_uuid("example.net", "account", other, NULL), 0);
	assert_string_equal(one, again);
	assert_string_not_equal(one, other);
	assert_int_equal(strlen(one), 36);
	assert_int_equal(one[14], '8');
	assert_non_null(strchr("89ab", one[19]));
}

static void a_code_is_painted_whole(void **state _unused_)
{
	_cleanup_json_ json_t *code = NULL, *none = NULL;
	_cleanup_free_ char *long_text = malloc(4001);

	assert_int_equal(qr_make("https://mail.example.org/", &code, NULL), 0);
	assert_true(json_number(code, "size") >= 21 + 8);
	assert_int_equal(strncmp(json_text(code, "path"), "M4 4h7v1h-7z", 12), 0); /* a corner */
	memset(long_text, 'a', 4000);
	long_text[4000] = '\0';
	assert_true(qr_make(long_text, &none, NULL) < 0);
}

/* ---- the policy for other servers ---- */

static void put_report(const char *path, const char *state)
{
	_cleanup_json_ json_t *report = json_pack("{s:s}", "state", state);

	assert_int_equal(json_file_replace(path, report, 0, 0644, NULL), 0);
}

static char *decide_as(const char *mode, bool public, int64_t now)
{
	_cleanup_json_ json_t *settings =
	    json_pack("{s:s, s:{s:s*}}", "hostname", "mail.example.org", "dns", "mta_sts", mode);
	_cleanup_free_ char *state = file_join(folder, "mta-sts.json");
	_cleanup_free_ char *report = file_join(folder, "report.json");
	char *policy = NULL;

	assert_int_equal(policy_decide(settings, state, report, public, now, &policy, NULL), 0);
	return policy;
}

static char *decide(bool public, int64_t now)
{
	return decide_as(NULL, public, now);
}

static void the_settings_may_say_it(void **state _unused_)
{
	_cleanup_free_ char *none = NULL, *testing = NULL, *enforce = NULL;

	assert_null(none = decide_as("none", true, NOW));
	assert_null(none = decide_as("enforce", false, NOW));
	testing = decide_as("testing", true, NOW + 1000 * DAY);
	assert_has(testing, "mode: testing\n");
	enforce = decide_as("enforce", true, NOW);
	assert_has(enforce, "mode: enforce\n");
}

#define assert_mode(public, now, mode)                                                             \
	do {                                                                                       \
		_cleanup_free_ char *policy_ = decide(public, now);                                \
		assert_non_null(policy_);                                                          \
		assert_has(policy_, "mode: " mode "\n");                                           \
	} while (0)

static void a_policy_is_enforced_after_a_good_week(void **state _unused_)
{
	_cleanup_free_ char *report = file_join(folder, "report.json");
	_cleanup_free_ char *path = file_join(folder, "mta-sts.json"), *first = NULL, *none = NULL;

	assert_null(none = decide(false, NOW));
	assert_false(file_exists(path));
	first = decide(true, NOW); /* no report yet: the boot */
	assert_string_equal(first, "version: STSv1\nmode: testing\nmx: mail.example.org\n"
				   "max_age: 604800\n");
	put_report(report, "ready");
	assert_mode(true, NOW + 6 * DAY, "testing");
	put_report(report, "degraded");
	assert_mode(true, NOW + 6 * DAY + 1, "testing");
	put_report(report, "ready");
	assert_mode(true, NOW + 13 * DAY, "testing"); /* not yet a week since */
	assert_mode(true, NOW + 13 * DAY + 1, "enforce");
	put_report(report, "failed");
	assert_mode(true, NOW + 14 * DAY, "enforce");
	assert_null(none = decide(false, NOW + 15 * DAY)); /* nobody may be led to it then */
	assert_mode(true, NOW + 16 * DAY, "enforce");
	assert_int_equal(file_replace(path, "{", 1, 0644, (uid_t)-1, (gid_t)-1, NULL), 0);
	put_report(report, "ready");
	assert_mode(true, NOW, "testing");
	assert_mode(true, NOW - 30 * DAY, "testing"); /* the clock was set back */
	assert_mode(true, NOW - 24 * DAY, "testing");
}

/* ---- certificates ---- */

static char *conf(void)
{
	_cleanup_free_ char *path = file_join(run, "tls.conf");
	char *text = NULL;

	assert_int_equal(file_read(path, 1 << 20, &text, NULL, NULL), 0);
	return text;
}

static void put_domain(const char *domain, const char *source)
{
	_cleanup_free_ char *from = NULL, *to = NULL, *text = NULL,
			    *place = file_join(keys, "domains");
	size_t size;

	assert_true(asprintf(&from, "%s/%s", keys, source) > 0);
	assert_true(asprintf(&to, "%s/domains/%s.pem", keys, domain) > 0);
	assert_int_equal(file_make_folders(place, 0700, NULL), 0);
	assert_int_equal(file_read(from, 1 << 20, &text, &size, NULL), 0);
	assert_int_equal(file_replace(to, text, size, 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
}

/* A certificate of the same authority for a domain's names, and for the host's. */
static void issue_domain(const char *domain)
{
	_cleanup_free_ char *name = NULL, *other = file_join(folder, "other"), *from = NULL,
			    *to = NULL;
	_cleanup_free_ char *text = NULL, *place = file_join(keys, "domains");
	struct certificate_outcome outcome = CERTIFICATE_OUTCOME_INIT;
	size_t size;

	assert_true(asprintf(&name, "mail.%s", domain) > 0);
	const char *names[] = {name, "mail.example.org"};
	struct certificate_request request = {
	    .folder = other, .names = names, .name_count = 2, .now = NOW};

	assert_int_equal(certificate_ensure(&request, &outcome, NULL), 0);
	certificate_outcome_clear(&outcome);
	assert_true((from = file_join(other, "server-ecdsa.pem")) &&
		    asprintf(&to, "%s/%s.pem", place, domain) > 0);
	assert_int_equal(file_make_folders(place, 0700, NULL), 0);
	assert_int_equal(file_read(from, 1 << 20, &text, &size, NULL), 0);
	assert_int_equal(file_replace(to, text, size, 0600, (uid_t)-1, (gid_t)-1, NULL), 0);
}

static unsigned count_of(const char *text, const char *part)
{
	unsigned count = 0;

	while ((text = strstr(text, part))) {
		text += strlen(part);
		count++;
	}
	return count;
}

static void each_name_has_its_certificate(void **state _unused_)
{
	_cleanup_json_ json_t *two = settings_of("[\"example.org\", \"example.net\"]", ALL);
	_cleanup_json_ json_t *one = settings_of("[\"example.org\"]", ALL);
	_cleanup_free_ char *first = NULL, *second = NULL, *third = NULL, *copy = NULL;
	struct stat status;

	assert_int_equal(serve_keys(two, keys, run, NULL), 0);
	first = conf();
	assert_has(first, "ssl.engine = \"enable\"");
	assert_lacks(first, "example.net");
	copy = file_join(run, "host.pem");
	assert_int_equal(stat(copy, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);

	issue_domain("example.net");
	put_domain("example.org", "domains/example.net.pem"); /* the same names again */
	assert_int_equal(serve_keys(two, keys, run, NULL), 0);
	second = conf();
	assert_has(second, "$HTTP[\"host\"] == \"mail.example.net\" {\n    ssl.pemfile = ");
	assert_int_equal(count_of(second, "\"mail.example.net\""), 1);
	assert_has(second, "/example.org.pem\""); /* the first that has them */
	/* What a domain's certificate says of the host is nothing. */
	assert_int_equal(count_of(second, "\"mail.example.org\""), 1);
	assert_has(strstr(second, "\"mail.example.org\""), "/host.pem\"");

	/* A domain that has gone takes its key along. */
	assert_int_equal(serve_keys(one, keys, run, NULL), 0);
	third = conf();
	assert_lacks(third, "/example.net.pem");
	free(copy);
	copy = file_join(run, "example.net.pem");
	assert_false(file_exists(copy));
}

static void a_damaged_certificate_of_a_domain_harms_nobody_else(void **state _unused_)
{
	_cleanup_json_ json_t *settings = settings_of("[\"example.org\"]", ALL);
	_cleanup_free_ char *path = NULL, *text = NULL;

	put_domain("example.org", "server-ecdsa.pem");
	assert_true(asprintf(&path, "%s/domains/example.org.pem", keys) > 0);
	assert_int_equal(truncate(path, 300), 0);
	assert_int_equal(serve_keys(settings, keys, run, NULL), 0);
	text = conf();
	assert_lacks(text, "/example.org.pem");
	assert_has(text, "/host.pem");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(the_best_port_comes_first),
	    cmocka_unit_test(a_domain_is_shown_in_its_letters),
	    cmocka_unit_test(security_txt_ends_within_a_year),
	    cmocka_unit_test(a_site_has_its_files),
	    cmocka_unit_test(only_what_is_on_is_offered),
	    cmocka_unit_test(a_machine_that_nobody_reads_on_has_no_profile),
	    cmocka_unit_test(a_machine_without_mailboxes_promises_none),
	    cmocka_unit_test(names_are_text_on_every_page),
	    cmocka_unit_test(a_site_is_made_when_something_changed),
	    cmocka_unit_test(a_new_domain_leaves_the_others_as_they_are),
	    cmocka_unit_test(a_profile_is_signed_by_the_server),
	    cmocka_unit_test(uuids_stay_and_differ),
	    cmocka_unit_test(a_code_is_painted_whole),
	    cmocka_unit_test(a_policy_is_enforced_after_a_good_week),
	    cmocka_unit_test(the_settings_may_say_it),
	    cmocka_unit_test(each_name_has_its_certificate),
	    cmocka_unit_test(a_damaged_certificate_of_a_domain_harms_nobody_else),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
