// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/json_file.h"
#include "base/slice.h"
#include "generation/escape.h"
#include "vacation/vacation.h"

#define HEAD "# Written by postcask vacation, which reads the next line.\n# "
enum { ADDRESS_MAX = 320 };

#define DAY_AS "write a day such as 2027-01-31"

/* ---- What was asked ---- */

static int check_day(const char *text, struct error *error)
{
	struct tm day = {0}, same;
	char again[sizeof("2027-01-31") + 8];
	const char *end = strptime(text, "%Y-%m-%d", &day);

	same = day;
	same.tm_isdst = -1;
	same.tm_hour = 12;
	if (!end || *end || mktime(&same) == (time_t)-1 || same.tm_mday != day.tm_mday ||
	    strftime(again, sizeof(again), "%Y-%m-%d", &day) == 0 || strcmp(again, text) != 0)
		return error_set(error, EINVAL, "'%.40s' is no day; " DAY_AS, text);
	return 0;
}

static int check_days(const json_t *asked, struct error *error)
{
	const char *from = json_text(asked, "from"), *until = json_text(asked, "until");

	if (from[0] && check_day(from, error) < 0)
		return -EINVAL;
	if (until[0] && check_day(until, error) < 0)
		return -EINVAL;
	if (from[0] && until[0] && strcmp(from, until) > 0)
		return error_set(error, EINVAL, "it ends on %s, before it begins on %s", until,
				 from);
	return 0;
}

static int check_texts(const json_t *asked, struct error *error)
{
	const char *subject = json_text(asked, "subject");

	if (strlen(subject) > VACATION_SUBJECT)
		return error_set(error, EINVAL, "the subject has more than %d bytes",
				 VACATION_SUBJECT);
	if (strpbrk(subject, "\n\t"))
		return error_set(error, EINVAL, "the subject is one line, without tabs");
	if (strlen(json_text(asked, "inside")) > VACATION_TEXT ||
	    strlen(json_text(asked, "outside")) > VACATION_TEXT)
		return error_set(error, EFBIG, "the text has more than %d KiB",
				 VACATION_TEXT / 1024);
	if (!json_text(asked, "inside")[0] && !json_text(asked, "outside")[0])
		return error_set(error, EINVAL, "there is no text to answer with");
	return 0;
}

static int check_also(const json_t *asked, struct error *error)
{
	const json_t *also = json_object_get(asked, "also"), *one;
	size_t i;

	if (json_array_size(also) > VACATION_ALSO)
		return error_set(error, EINVAL, "there are more than %d other addresses",
				 VACATION_ALSO);
	json_array_foreach(also, i, one)
	{
		const char *text = json_string_value(one), *at = text ? strrchr(text, '@') : NULL;

		if (!at || at == text || !at[1] || strlen(text) > ADDRESS_MAX ||
		    strpbrk(text, " \t\n"))
			return error_set(error, EINVAL, "'%.100s' is no address; write NAME@DOMAIN",
					 text ? text : "");
	}
	return 0;
}

/* ---- The script ---- */

static int add_string(struct buffer *script, const char *text, const char *what,
		      struct error *error)
{
	const char *refusal;

	buffer_add_char(script, '"');
	refusal = escape_write(escape_find("sieve", strlen("sieve")), script, text, strlen(text));
	if (refusal)
		return error_set(error, EINVAL, "%s cannot be sent: %s", what, refusal);
	buffer_add_char(script, '"');
	return 0;
}

static int add_addresses(struct buffer *script, const json_t *also, struct error *error)
{
	const json_t *one;
	size_t i;
	int result = 0;

	if (json_array_size(also) == 0)
		return 0;
	buffer_add_text(script, ":addresses [");
	json_array_foreach(also, i, one)
	{
		if (i > 0)
			buffer_add_text(script, ", ");
		if (result == 0)
			result = add_string(script, json_string_value(one), "an address", error);
	}
	buffer_add_text(script, "] ");
	return result;
}

static int add_answer(struct buffer *script, const json_t *asked, const char *text,
		      struct error *error)
{
	const char *subject = json_text(asked, "subject");
	int result;

	buffer_add_text(script, "    vacation ");
	result = add_addresses(script, json_object_get(asked, "also"), error);
	if (result == 0 && subject[0]) {
		buffer_add_text(script, ":subject ");
		result = add_string(script, subject, "the subject", error);
		buffer_add_char(script, ' ');
	}
	if (result == 0)
		result = add_string(script, text, "the text", error);
	buffer_add_text(script, ";\n");
	return result;
}

/* Who is never answered, and when nobody is.  Lists and programs Dovecot knows as well; who is
 * left out here is not counted among the answers of the day either. */
static void add_conditions(struct buffer *script, const json_t *asked)
{
	const char *from = json_text(asked, "from"), *until = json_text(asked, "until");

	buffer_add_text(script, "if anyof (\n"
				"    header :is \"X-Spam-Flag\" \"YES\",\n"
				"    header :contains \"Authentication-Results\" \"dmarc=fail\",\n"
				"    exists \"List-Id\",\n"
				"    header :is \"Precedence\" [\"bulk\", \"junk\", \"list\"]");
	if (from[0])
		buffer_addf(script, ",\n    currentdate :value \"lt\" \"date\" \"%s\"", from);
	if (until[0])
		buffer_addf(script, ",\n    currentdate :value \"gt\" \"date\" \"%s\"", until);
	buffer_add_text(script, ") {\n    # No answer.\n");
}

static int add_branch(struct buffer *script, const json_t *asked, const char *who, const char *text,
		      struct error *error)
{
	if (!text[0])
		return 0;
	buffer_addf(script, "} elsif execute \"" VACATION_PROGRAM "\" \"%s\" {\n", who);
	return add_answer(script, asked, text, error);
}

static int add_branches(struct buffer *script, const json_t *asked, struct error *error)
{
	const char *inside = json_text(asked, "inside"), *outside = json_text(asked, "outside");
	int result;

	if (strcmp(inside, outside) == 0) {
		result = add_branch(script, asked, "all", inside, error);
	} else {
		result = add_branch(script, asked, "inside", inside, error);
		if (result == 0)
			result = add_branch(script, asked, "outside", outside, error);
	}
	buffer_add_text(script, "}\n");
	return result;
}

int vacation_script(const json_t *asked, struct buffer *script, struct error *error)
{
	_cleanup_free_ char *line = json_dumps(asked, JSON_COMPACT | JSON_ENSURE_ASCII);
	int result = check_days(asked, error);

	if (result == 0)
		result = check_texts(asked, error);
	if (result == 0)
		result = check_also(asked, error);
	if (result < 0)
		return result;
	if (!line)
		return error_set(error, EINVAL, "the text is no UTF-8");
	buffer_addf(script, HEAD "%s\n", line);
	buffer_add_text(script, "require [\"vacation\", \"date\", \"relational\", "
				"\"vnd.dovecot.execute\"];\n\n");
	add_conditions(script, asked);
	result = add_branches(script, asked, error);
	if (result == 0 && script->failed)
		return error_set(error, ENOMEM, "out of memory");
	return result;
}

int vacation_asked(const char *script, json_t **ret, struct error *error)
{
	_cleanup_json_ json_t *asked = NULL;
	struct slice rest = slice_of(script), line;

	if (slice_skip(&rest, SLICE(HEAD)) && slice_until(&rest, SLICE("\n"), &line))
		asked = json_loadb(line.at, line.size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(asked))
		return error_set(error, EBADMSG, "it is no script of postcask vacation");
	*ret = json_incref(asked);
	return 0;
}
