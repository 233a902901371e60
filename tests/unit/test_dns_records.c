// SPDX-License-Identifier: GPL-3.0-or-later
/* The records that settings and keys make, and the forms they are printed in. */
#include "test.h"

#include "base/json_file.h"
#include "dns/mta_sts.h"
#include "dns/print.h"

static const char settings[] =
    "{\"hostname\": \"mail.example.org\", \"domains\": [\"example.org\"],"
    " \"services\": {\"imaps\": true, \"imap\": true, \"submission\": true, \"pop3\": false,"
    " \"web\": true}, \"tls\": {\"names\": [\"imap.example.org\", \"mail.example.org\"]},"
    " \"dns\": {\"addresses\": [\"192.0.2.25\", \"2001:db8::25\"], \"mta_sts\": \"testing\"}}";

static void write_file(const char *folder, const char *name, const char *text, char path[256])
{
	struct error error = ERROR_INIT;

	snprintf(path, 256, "%s/%s", folder, name);
	assert_int_equal(file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, &error),
			 0);
}

static void read_facts(const char *folder, const char *keys, const char *dkim,
		       struct dns_facts *facts)
{
	struct error error = ERROR_INIT;
	char keys_path[256], dkim_path[256];

	write_file(folder, "keys", keys, keys_path);
	write_file(folder, "dkim", dkim, dkim_path);
	*facts = DNS_FACTS_INIT;
	assert_int_equal(
	    dns_facts_read(facts, json_loads(settings, 0, NULL), keys_path, dkim_path, &error), 0);
}

static bool has(const struct dns_rows *rows, const char *name, const char *type, const char *value)
{
	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->items[i].name, name) == 0 &&
		    strcmp(rows->items[i].type, type) == 0 &&
		    strcmp(rows->items[i].value, value) == 0)
			return true;
	return false;
}

static const char public_keys[] =
    "{\"public\": true, \"tlsa\": {\"current\": [\"ab12\"], \"next\": [\"cd34\"]},"
    " \"caa\": [\"ca.example\"], \"account\": \"https://ca.example/1\", \"method\": \"dns-01\"}";
static const char dkim_keys[] =
    "[{\"domain\": \"example.org\", \"selector\": \"pc1\", \"algorithm\": \"rsa\","
    " \"state\": \"current\", \"record\": \"v=DKIM1; p=AB\"},"
    " {\"domain\": \"example.org\", \"selector\": \"pc2\", \"algorithm\": \"ed25519\","
    " \"state\": \"current\", \"record\": \"v=DKIM1; k=ed25519; p=CD\"},"
    " {\"domain\": \"example.net\", \"selector\": \"pc3\", \"algorithm\": \"rsa\","
    " \"state\": \"current\", \"record\": \"v=DKIM1; p=EF\"}]";

static void everything_that_is_on_has_its_records(void **state)
{
	struct dns_facts facts;
	struct dns_rows rows = DNS_ROWS_INIT;

	read_facts(*state, public_keys, dkim_keys, &facts);
	dns_rows_of_host(&facts, &rows);
	assert_true(has(&rows, "mail.example.org", "A", "192.0.2.25"));
	assert_true(has(&rows, "mail.example.org", "AAAA", "2001:db8::25"));
	assert_true(has(&rows, "25.2.0.192.in-addr.arpa", "PTR", "mail.example.org."));
	assert_true(has(&rows,
			"5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
			"PTR", "mail.example.org."));
	assert_true(has(&rows, "_25._tcp.mail.example.org", "TLSA", "3 1 1 ab12"));
	assert_true(has(&rows, "_25._tcp.mail.example.org", "TLSA", "3 1 1 cd34"));
	assert_true(has(&rows, "mail.example.org", "CAA",
			"0 issue \"ca.example; accounturi=https://ca.example/1; "
			"validationmethods=dns-01\""));
	assert_true(has(&rows, "imap.example.org", "MX", "0 ."));
	assert_true(has(&rows, "imap.example.org", "TXT", "v=spf1 -all"));
	assert_false(has(&rows, "mail.example.org", "MX", "0 ."));
	dns_rows_clear(&rows);
	dns_rows_of_domain(&facts, "example.org", &rows);
	assert_true(has(&rows, "example.org", "MX", "10 mail.example.org."));
	assert_true(has(&rows, "pc1._domainkey.example.org", "TXT", "v=DKIM1; p=AB"));
	assert_true(has(&rows, "pc2._domainkey.example.org", "TXT", "v=DKIM1; k=ed25519; p=CD"));
	assert_false(has(&rows, "pc3._domainkey.example.org", "TXT", "v=DKIM1; p=EF"));
	assert_true(has(&rows, "mta-sts.example.org", "CNAME", "mail.example.org."));
	assert_true(has(&rows, "autoconfig.example.org", "CNAME", "mail.example.org."));
	/* TLS from the first byte is better; 587 is all that there is to send by. */
	assert_true(has(&rows, "_imap._tcp.example.org", "SRV", "0 0 0 ."));
	assert_true(has(&rows, "_submission._tcp.example.org", "SRV", "0 1 587 mail.example.org."));
	assert_true(has(&rows, "_submissions._tcp.example.org", "SRV", "0 0 0 ."));
	dns_rows_clear(&rows);
	dns_facts_clear(&facts);
}

/* Then receivers see another address. */
static void a_smarthost_stands_in_the_spf_record(void **state)
{
	struct dns_facts facts;
	struct dns_rows rows = DNS_ROWS_INIT;
	unsigned found = 0;

	read_facts(*state, public_keys, dkim_keys, &facts);
	assert_false(dns_facts_smarthost(&facts));
	json_object_set_new(facts.settings, "smarthost",
			    json_pack("{s:s}", "host", "smtp.provider.example"));
	assert_true(dns_facts_smarthost(&facts));
	dns_rows_of_domain(&facts, "example.org", &rows);
	for (size_t i = 0; i < rows.count; i++)
		found += rows.items[i].kind == DNS_KIND_SPF &&
			 strstr(rows.items[i].remark, "by the smarthost");
	assert_int_equal(found, 1);
	dns_rows_clear(&rows);
	dns_facts_clear(&facts);
}

static void a_private_certificate_has_no_policy(void **state)
{
	struct dns_facts facts;
	struct dns_rows rows = DNS_ROWS_INIT;

	read_facts(*state, "{\"public\": false, \"tlsa\": {\"current\": [\"ab12\"], \"next\": []}}",
		   "[]", &facts);
	assert_null(facts.sts);
	assert_false(facts.web);
	dns_rows_of_host(&facts, &rows);
	dns_rows_of_domain(&facts, "example.org", &rows);
	for (size_t i = 0; i < rows.count; i++) {
		assert_null(strstr(rows.items[i].name, "mta-sts"));
		assert_string_not_equal(rows.items[i].type, "CAA");
		assert_string_not_equal(rows.items[i].type, "CNAME");
	}
	dns_rows_clear(&rows);
	dns_facts_clear(&facts);
}

static void the_id_changes_with_the_policy_alone(void **state _unused_)
{
	_cleanup_free_ char *testing = mta_sts_policy("mail.example.org", "testing");
	_cleanup_free_ char *enforce = mta_sts_policy("mail.example.org", "enforce");
	char one[MTA_STS_ID_SIZE], same[MTA_STS_ID_SIZE], other[MTA_STS_ID_SIZE];

	assert_string_equal(testing, "version: STSv1\nmode: testing\nmx: mail.example.org\n"
				     "max_age: 604800\n");
	mta_sts_id(testing, one);
	mta_sts_id(testing, same);
	mta_sts_id(enforce, other);
	assert_int_equal(strlen(one), 32);
	assert_string_equal(one, same);
	assert_string_not_equal(one, other);
}

static void long_texts_are_cut_for_a_zone_file_alone(void **state _unused_)
{
	_cleanup_(buffer_free) struct buffer zone = BUFFER_INIT, plain = BUFFER_INIT;
	struct dns_rows rows = DNS_ROWS_INIT;
	char value[301], line[512];

	memset(value, 'a', 300);
	value[0] = '"';
	value[300] = '\0';
	dns_rows_add(&rows, DNS_KIND_DKIM, DNS_REQUIRED, "example.org", NULL, "TXT",
		     strdup("x.example.org"), strdup(value));
	dns_print_zone(&rows, "mail.example.org", &zone);
	snprintf(line, sizeof(line),
		 "; example.org\nx.example.org. 3600 IN TXT \"\\\"%.254s\" \"%s\"\n", value + 1,
		 value + 255);
	assert_string_equal(buffer_text(&zone), line);
	dns_print_plain(&rows, &plain);
	snprintf(line, sizeof(line), "x.example.org\tTXT\t%s\n", value);
	assert_string_equal(buffer_text(&plain), line);
	dns_rows_clear(&rows);
}

static void json_has_name_type_and_value(void **state _unused_)
{
	struct dns_rows rows = DNS_ROWS_INIT;
	_cleanup_json_ json_t *list = NULL;

	dns_rows_add(&rows, DNS_KIND_MX, DNS_REQUIRED, "example.org", NULL, "MX",
		     strdup("example.org"), strdup("10 mail.example.org."));
	list = dns_rows_json(&rows);
	assert_string_equal(json_text(json_array_get(list, 0), "name"), "example.org");
	assert_string_equal(json_text(json_array_get(list, 0), "type"), "MX");
	assert_string_equal(json_text(json_array_get(list, 0), "value"), "10 mail.example.org.");
	assert_string_equal(json_text(json_array_get(list, 0), "need"), "required");
	dns_rows_clear(&rows);
}

static void every_kind_is_whole(void **state _unused_)
{
	for (size_t i = 0; i < DNS_KINDS; i++) {
		assert_non_null(dns_kind_table[i].name);
		assert_non_null(dns_kind_table[i].without);
		assert_non_null(dns_kind_table[i].make);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(everything_that_is_on_has_its_records),
	    folder_test(a_smarthost_stands_in_the_spf_record),
	    folder_test(a_private_certificate_has_no_policy),
	    cmocka_unit_test(the_id_changes_with_the_policy_alone),
	    cmocka_unit_test(long_texts_are_cut_for_a_zone_file_alone),
	    cmocka_unit_test(json_has_name_type_and_value),
	    cmocka_unit_test(every_kind_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
