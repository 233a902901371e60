// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/scalar.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* CPython refuses to convert longer decimal texts (sys.int_max_str_digits). */
#define PYTHON_INTEGER_DIGITS 4300

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (!strcmp(text, *words))
			return true;
	return false;
}

static bool resolve_word(struct node *node)
{
	static const char *const yes[] = {"yes",  "Yes", "YES", "true", "True",
					  "TRUE", "on",	 "On",	"ON",	NULL};
	static const char *const no[] = {"no",	  "No",	 "NO",	"false", "False",
					 "FALSE", "off", "Off", "OFF",	 NULL};
	static const char *const nothing[] = {"", "~", "null", "Null", "NULL", NULL};

	if (is_one_of(node->text, nothing)) {
		node->kind = NODE_NULL;
		return true;
	}
	if (is_one_of(node->text, yes) || is_one_of(node->text, no)) {
		node->kind = NODE_BOOLEAN;
		node->boolean = is_one_of(node->text, yes);
		return true;
	}
	/* PyYAML: no constructor for the tags value and merge */
	if (!strcmp(node->text, "=") || !strcmp(node->text, "<<")) {
		node->kind = NODE_BROKEN;
		return true;
	}
	return false;
}

static const char *skip_sign(const char *text)
{
	return text + (*text == '-' || *text == '+');
}

static const char *skip_set(const char *text, const char *set)
{
	return text + strspn(text, set);
}

/* (?::[0-5]?[0-9])+ ; NULL when there is none. */
static const char *skip_sexagesimal(const char *text)
{
	const char *start = text;

	while (*text == ':' && isdigit((unsigned char)text[1])) {
		if (text[1] <= '5' && isdigit((unsigned char)text[2]))
			text += 3;
		else
			text += 2;
	}
	return text == start ? NULL : text;
}

/* The value in the base, `_` left out; false beyond int64_t. */
static bool integer_value(const char *digits, int base, bool negative, int64_t *ret_value)
{
	__int128 value = 0;

	for (; *digits; digits++) {
		int digit;

		if (*digits == '_')
			continue;
		digit = isdigit((unsigned char)*digits)
			    ? *digits - '0'
			    : tolower((unsigned char)*digits) - 'a' + 10;
		value = value * base + digit;
		if (value > INT64_MAX)
			return false;
	}
	*ret_value = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

static bool sexagesimal_value(const char *text, bool negative, int64_t *ret_value)
{
	__int128 value = 0, part = 0;

	for (;; text++) {
		if (*text == ':' || !*text) {
			value = value * 60 + part;
			part = 0;
		} else if (*text != '_') {
			part = part * 10 + (*text - '0');
		}
		if (value > INT64_MAX || part > INT64_MAX)
			return false;
		if (!*text)
			break;
	}
	*ret_value = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

static bool resolve_integer(struct node *node)
{
	bool negative = node->text[0] == '-';
	const char *text = skip_sign(node->text), *end;
	int base = 10;

	if (text[0] == '0' && (text[1] == 'b' || text[1] == 'x')) {
		base = text[1] == 'b' ? 2 : 16;
		text += 2;
		end = skip_set(text, base == 2 ? "01_" : "0123456789abcdefABCDEF_");
		if (*end || end == text)
			return false;
		/* int("", 2): PyYAML fails on a lone `0b_` */
		node->kind = strspn(text, "_") == strlen(text) ? NODE_BROKEN : NODE_INTEGER;
	} else if (text[0] == '0') {
		base = 8;
		if (*skip_set(text, "01234567_"))
			return false;
		node->kind = NODE_INTEGER;
	} else {
		if (text[0] < '1' || text[0] > '9')
			return false;
		end = skip_set(text, "0123456789_");
		if (*end == ':') {
			end = skip_sexagesimal(end);
			if (!end || *end)
				return false;
			node->kind = NODE_INTEGER;
			node->overflow = !sexagesimal_value(text, negative, &node->integer);
			return true;
		}
		if (*end)
			return false;
		node->kind = strlen(text) > PYTHON_INTEGER_DIGITS ? NODE_BROKEN : NODE_INTEGER;
	}
	node->overflow = !integer_value(text, base, negative, &node->integer);
	return true;
}

/* (?:[eE][-+][0-9]+)? and the end. */
static bool is_exponent_end(const char *text)
{
	if (!*text)
		return true;
	if ((*text != 'e' && *text != 'E') || (text[1] != '-' && text[1] != '+') ||
	    !isdigit((unsigned char)text[2]))
		return false;
	return !*skip_set(text + 2, "0123456789");
}

static bool is_decimal(const char *text)
{
	static const char *const infinite[] = {".inf", ".Inf", ".INF", NULL};
	static const char *const not_a_number[] = {".nan", ".NaN", ".NAN", NULL};
	const char *number = skip_sign(text), *end;

	if (is_one_of(number, infinite) || is_one_of(text, not_a_number))
		return true;
	if (text[0] == '.' && isdigit((unsigned char)text[1]))
		return is_exponent_end(skip_set(text + 1, "0123456789_"));
	if (!isdigit((unsigned char)*number))
		return false;
	end = skip_set(number, "0123456789_");
	if (*end == ':') {
		end = skip_sexagesimal(end);
		return end && *end == '.' && !*skip_set(end + 1, "0123456789_");
	}
	return *end == '.' && is_exponent_end(skip_set(end + 1, "0123456789_"));
}

/* Reads between `least` and `most` digits; -1 when there are fewer. */
static int take_digits(const char **text, int least, int most)
{
	int value = 0, count = 0;

	for (; count < most && isdigit((unsigned char)**text); count++)
		value = value * 10 + (*(*text)++ - '0');
	return count < least ? -1 : value;
}

/* The part of a timestamp after its date: [Tt] or blanks, H:MM:SS, fraction,
 * zone.  False when it is no timestamp. */
static bool skip_time(const char *text, bool *ret_valid)
{
	const char *zone;
	int hour, minute, second;

	text = *text == 'T' || *text == 't' ? text + 1 : skip_set(text, " \t");
	hour = take_digits(&text, 1, 2);
	if (hour < 0 || *text++ != ':')
		return false;
	minute = take_digits(&text, 2, 2);
	if (minute < 0 || *text++ != ':')
		return false;
	second = take_digits(&text, 2, 2);
	if (second < 0)
		return false;
	*ret_valid = hour < 24 && minute < 60 && second < 60;
	if (*text == '.')
		text = skip_set(text + 1, "0123456789");
	zone = skip_set(text, " \t");
	if (*zone == 'Z')
		return !zone[1];
	if (*zone != '+' && *zone != '-')
		return !*text;
	zone++;
	hour = take_digits(&zone, 1, 2);
	if (hour < 0)
		return false;
	if (*zone == ':') {
		zone++;
		if (take_digits(&zone, 2, 2) < 0)
			return false;
	}
	*ret_valid = *ret_valid && hour < 24;
	return !*zone;
}

static int days_of_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

static bool resolve_date(struct node *node)
{
	const char *text = node->text, *month_start, *day_start;
	int year = take_digits(&text, 4, 4), month, day;
	bool valid = true, short_form;

	if (year < 0 || *text++ != '-')
		return false;
	month_start = text;
	month = take_digits(&text, 1, 2);
	if (month < 0 || *text++ != '-')
		return false;
	short_form = text - month_start < 3;
	day_start = text;
	day = take_digits(&text, 1, 2);
	if (day < 0)
		return false;
	short_form = short_form || text - day_start < 2;
	if (*text ? !skip_time(text, &valid) : short_form)
		return false;
	if (*text && *text != 'T' && *text != 't' && *text != ' ' && *text != '\t')
		return false;
	valid = valid && year >= 1 && month >= 1 && month <= 12 && day >= 1 &&
		day <= days_of_month(year, month);
	node->kind = valid ? NODE_DATE : NODE_BROKEN; /* datetime() raises ValueError */
	return true;
}

void scalar_resolve(struct node *node)
{
	node->kind = NODE_TEXT;
	if (resolve_word(node) ||
	    (node->text[0] && strchr("-+0123456789", node->text[0]) && resolve_integer(node)))
		return;
	if (is_decimal(node->text)) {
		node->kind = NODE_DECIMAL;
		return;
	}
	resolve_date(node);
}

bool scalar_integer_is_canonical(const struct node *node)
{
	const char *text = node->text + (node->text[0] == '-');

	if (text[0] == '0')
		return !text[1] && node->text[0] != '-';
	return *text && !*skip_set(text, "0123456789");
}

double scalar_decimal_value(const struct node *node)
{
	const char *text = skip_sign(node->text);
	double sign = node->text[0] == '-' ? -1 : 1, value = 0;
	_cleanup_free_ char *plain = strdup(text);
	char *end = plain, *rest = plain;

	if (!plain)
		return 0;
	if (!strcasecmp(text, ".inf") || !strcasecmp(text, ".nan"))
		return sign * strtod(text + 1, NULL);
	for (const char *c = text; *c; c++)
		if (*c != '_')
			*end++ = *c;
	*end = '\0';
	for (char *part; (part = strsep(&rest, ":"));)
		value = value * 60 + strtod(part, NULL);
	return sign * value;
}
