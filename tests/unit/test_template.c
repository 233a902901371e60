// SPDX-License-Identifier: GPL-3.0-or-later
/* generation/template.c and escape.c: what reaches a configuration file. */
#include "test.h"

#include <errno.h>

#include "generation/template.h"

static const char CONTEXT[] =
    "{\"hostname\": \"mail.example.org\", \"empty\": \"\", \"zero\": 0, \"level\": 6.31,"
    " \"on\": true, \"off\": false, \"role\": \"internet\", \"none\": [],"
    " \"evil\": \"a$b\\nc\", \"cost\": \"5$\","
    " \"users\": [{\"address\": \"alice@example.org\", \"tags\": [\"x\", \"y\"]},"
    "             {\"address\": \"bob@example.org\", \"tags\": []}]}";

/* Renders with the escape "postfix"; the result code, the text in *ret. */
static int render(const char *template, char **ret, struct error *error)
{
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	json_t *context = json_loads(CONTEXT, 0, NULL);
	int result;

	assert_non_null(context);
	result = template_render("main.cf", template, strlen(template), context,
				 escape_find("postfix", 7), &output, error);
	*ret = buffer_take(&output);
	json_decref(context);
	return result;
}

static void assert_renders(const char *template, const char *expected)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	if (render(template, &text, &error) < 0)
		fail_msg("%s", error_text(&error));
	assert_string_equal(text, expected);
}

static void assert_refused(const char *template, const char *reason)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *text = NULL;

	assert_int_equal(render(template, &text, &error), -EINVAL);
	assert_string_equal(error_text(&error), reason);
}

static void values_are_escaped(void **state _unused_)
{
	assert_renders("myhostname = {{hostname}}\n", "myhostname = mail.example.org\n");
	assert_renders("a {{ cost }} b {{cost|perl}}", "a 5$$ b 5$");
	assert_renders("{{on}} {{off}} {{zero}} {{level}} [{{empty}}]", "yes no 0 6.31 []");
	assert_renders("no braces { } here\n", "no braces { } here\n");
}

static void faults_have_their_line(void **state _unused_)
{
	assert_refused("ok\n{{nothing}}\n", "main.cf:2: no such setting: nothing");
	assert_refused("{{hostname.deeper}}", "main.cf:1: no such setting: hostname.deeper");
	assert_refused("{{users}}", "main.cf:1: not a single value: users");
	assert_refused("{{hostname", "main.cf:1: {{ without }}: {{hostname");
	assert_refused("{{hostname|shell}}", "main.cf:1: no such escape: shell");
	assert_refused("#% while x\n", "main.cf:1: unknown directive: while");
	assert_refused("#% if on\n", "main.cf:1: block without end: on");
	assert_refused("\n#% end\n", "main.cf:2: no block is open here: ");
	assert_refused("#% for u in users\n#% else\n#% end\n", "main.cf:2: else without if: ");
	assert_refused("#% for u in hostname\n#% end\n", "main.cf:1: no such list: hostname");
	assert_refused("{{evil}}", "main.cf:1: the value of evil cannot stand here: "
				   "it has a control character");
}

static void loops_nest_and_shadow(void **state _unused_)
{
	assert_renders(
	    "#% for user in users\n{{user.address}}:\n  #% for tag in user.tags\n {{tag}}\n"
	    "#% end\n#% end\nend\n",
	    "alice@example.org:\n x\n y\nbob@example.org:\nend\n");
	assert_renders("#% for hostname in none\n{{hostname}}\n#% end\n{{hostname}}\n",
		       "mail.example.org\n");
}

static void conditions_choose(void **state _unused_)
{
	assert_renders("#% if on\na\n#% else\nb\n#% end\n", "a\n");
	assert_renders("#% if off\na\n#% else\nb\n#% end\n", "b\n");
	assert_renders("#% if not empty\na\n#% end\n#% if none\nb\n#% end\n#% if zero\nc\n#% end\n",
		       "a\n");
	assert_renders(
	    "#% if role == \"internet\"\na\n#% end\n#% if role == \"gateway\"\nb\n#% end\n", "a\n");
	assert_renders("#% if not role == \"gateway\"\na\n#% end\n", "a\n");
	assert_refused("#% if role = x\n#% end\n",
		       "main.cf:1: expected PATH == \"TEXT\": role = x");
	assert_refused("#% if missing\n#% end\n", "main.cf:1: no such setting: missing");
}

/* A branch not taken is not rendered: what is missing in it does no harm. */
static void untaken_branches_are_not_rendered(void **state _unused_)
{
	assert_renders("#% if off\n{{nothing}}\n#% end\nx\n", "x\n");
}

struct escape_case {
	const char *escape, *text, *expected; /* NULL: refused */
};

static void check_escape(const struct escape_case *c)
{
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	const struct escape *escape = escape_find(c->escape, strlen(c->escape));
	const char *refusal = escape_write(escape, &output, c->text, strlen(c->text));

	if ((refusal == NULL) != (c->expected != NULL))
		fail_msg("%s of [%s]: %s", c->escape, c->text, refusal ? refusal : "accepted");
	if (c->expected)
		assert_string_equal(buffer_text(&output), c->expected);
}

static void each_syntax_escapes_or_refuses(void **state _unused_)
{
	static const struct escape_case cases[] = {
	    {"plain", "a.B-9_@+:/=", "a.B-9_@+:/="},
	    {"plain", "a b", NULL},
	    {"plain", "ü", NULL},
	    {"postfix", "${x}", NULL},
	    {"postfix", "$x", "$$x"},
	    {"postfix", "a, b", NULL},
	    {"postfix", " a", NULL},
	    {"postfix", "München", "München"},
	    {"table", "a b", NULL},
	    {"table", "", NULL},
	    {"table", "|/bin/sh", NULL},
	    {"table", ":include:/etc/passwd", NULL},
	    {"table", "/regexp/", NULL},
	    {"table", "#x", NULL},
	    {"table", "alice@example.org", "alice@example.org"},
	    {"texthash", "a: #\"$x, {y}", "a: #\"$x, {y}"},
	    {"texthash", " a", NULL},
	    {"texthash", "a ", NULL},
	    {"dovecot", "a\"b\\c%{d}", "a\\\"b\\\\c%%{d}"},
	    {"dovecot", "100% %%{d} %{", "100% %%%{d} %%{"},
	    {"line", " a: #b ", " a: #b "},
	    {"line", "a\nuser b", NULL},
	    {"perl", "'; system('id'); '\\", "\\'; system(\\'id\\'); \\'\\\\"},
	    {"perl", "@{[ $x ]}", "@{[ $x ]}"},
	    {"unbound", "a\"b", NULL},
	    {"unbound", "a#b", NULL},
	    {"clamd", "two words", NULL},
	    {"clamd", "https://mirror.example.org/db", "https://mirror.example.org/db"},
	    {"ini", "100%", "100%%"},
	    {"ini", "a\\", NULL},
	    {"pem", "-----BEGIN X-----\nab+/=\n", "-----BEGIN X-----\nab+/=\n"},
	    {"pem", "a\rb", NULL},
	    {"lines", "a = $b\n\tc %{d}\n", "a = $b\n\tc %{d}\n"},
	    {"lines", " a = b\n", NULL},
	    {"lines", "\ta = b\n", NULL},
	    {"sieve", "\"; discard; \\", "\\\"; discard; \\\\"},
	    {"sieve", "a\n.\n\t${b}", "a\n.\n\t${b}"},
	    {"sieve", "a\rb", NULL},
	    {"lighttpd", "mail.example.org", "mail.example.org"},
	    {"lighttpd", "a\" include_shell \"id", NULL},
	    {"lighttpd", "a\\.b", NULL},
	    {"lighttpd", "%1", NULL},
	    {"lighttpd", "$HTTP", NULL},
	    {"xml", "<a b='c' d=\"e\">&amp;</a>",
	     "&lt;a b=&#39;c&#39; d=&quot;e&quot;&gt;&amp;amp;&lt;/a&gt;"},
	    {"xml", "]]> {{x}} bücher", "]]&gt; {{x}} bücher"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_escape(&cases[i]);
}

/* Every kind of line end and every control character, in every syntax. */
static void no_syntax_takes_a_line_end(void **state _unused_)
{
	static const char *const ends[] = {"a\nb",
					   "a\rb",
					   "a\vb",
					   "a\fb",
					   "a\xc2\x85"
					   "b",
					   "a\xe2\x80\xa8"
					   "b",
					   "a\xe2\x80\xa9"
					   "b",
					   "a\tb",
					   "a\x7f"
					   "b",
					   "a\x1b[0m",
					   "a\xff"
					   "b",
					   "a\xc0\x8a"
					   "b",
					   "a\xed\xa0\x80"
					   "b"};

	for (const struct escape *escape = NULL; (escape = escape_next(escape));)
		for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
			const char *name = escape_name(escape);
			bool lines = strcmp(name, "lines") == 0 || strcmp(name, "sieve") == 0;

			if ((ends[i][1] == '\n' && (lines || strcmp(name, "pem") == 0)) ||
			    (ends[i][1] == '\t' && lines))
				continue;
			check_escape(&(struct escape_case){name, ends[i], NULL});
		}
}

static void no_syntax_takes_a_nul(void **state _unused_)
{
	for (const struct escape *escape = NULL; (escape = escape_next(escape));) {
		_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;

		assert_non_null(escape_write(escape, &output, "a\0b", 3));
		assert_int_equal(output.size, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(values_are_escaped),
	    cmocka_unit_test(faults_have_their_line),
	    cmocka_unit_test(loops_nest_and_shadow),
	    cmocka_unit_test(conditions_choose),
	    cmocka_unit_test(untaken_branches_are_not_rendered),
	    cmocka_unit_test(each_syntax_escapes_or_refuses),
	    cmocka_unit_test(no_syntax_takes_a_line_end),
	    cmocka_unit_test(no_syntax_takes_a_nul),
	};

	return cmocka_run_group_tests_name("template", tests, NULL, NULL);
}
