// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask vacation: what answers for a person who is away; see postcask-answer(8).
 *
 *	postcask vacation ADDRESS [--from DAY] [--until DAY] [--subject TEXT]
 *				  [--also ADDRESS,...] [--inside FILE] [--outside FILE] [--json]
 *	postcask vacation ADDRESS show [--json]
 *	postcask vacation ADDRESS off */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json_file.h"
#include "base/login.h"
#include "base/slice.h"
#include "command/command.h"
#include "command/print.h"
#include "vacation/vacation.h"

static const char usage[] =
    "usage: postcask vacation ADDRESS [--from DAY] [--until DAY] [--subject TEXT]\n"
    "                         [--also ADDRESS,...] [--inside FILE] [--outside FILE] [--json]\n"
    "       postcask vacation ADDRESS show [--json]\n"
    "       postcask vacation ADDRESS off\n"
    "Answers for a person who is away, with the text of standard input.\n"
    "  --from DAY      not before this day, such as 2027-01-31\n"
    "  --until DAY     not after this day\n"
    "  --subject TEXT  instead of \"Automatic reply\" and the message's own subject\n"
    "  --also LIST     other addresses of the person, with commas; who wrote to none gets no "
    "answer\n"
    "  --inside FILE   the text for people of our own domains; - is standard input\n"
    "  --outside FILE  the text for all others; with one of both, the rest gets no answer\n"
    "  --json          shows what is in force as JSON\n";

struct choices {
	const char *from, *until, *subject, *also, *inside, *outside;
	int json;
};

static int fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

/* ---- What is asked for ---- */

/* One line feed ends a line, and none the text. */
static void tidy(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++)
		if (from[0] != '\r' || from[1] != '\n')
			*to++ = *from;
	while (to > text && to[-1] == '\n')
		to--;
	*to = '\0';
}

static int add_text(json_t *asked, const char *key, const char *text, struct error *error)
{
	if (!text || !text[0])
		return 0;
	if (json_object_set_new(asked, key, json_string(text)) < 0)
		return error_set(error, EINVAL, "the %s is no UTF-8",
				 strcmp(key, "subject") == 0 ? "subject" : "text");
	return 0;
}

static int add_also(json_t *asked, const char *text, struct error *error)
{
	_cleanup_json_ json_t *list = json_array();
	struct slice rest = slice_of(text ? text : ""), one;

	if (!text)
		return 0;
	while (slice_until(&rest, SLICE(","), &one))
		json_array_append_new(list, json_stringn(one.at, one.size));
	if (json_array_append_new(list, json_stringn(rest.at, rest.size)) < 0)
		return error_set(error, EINVAL, "addresses are UTF-8");
	json_object_set(asked, "also", list);
	return 0;
}

static int read_text(const char *path, char **ret, struct error *error)
{
	size_t size;
	int result = file_read(path, VACATION_TEXT, ret, &size, error);

	if (result == -EFBIG)
		return error_set(error, EFBIG, "the text has more than %d KiB",
				 VACATION_TEXT / 1024);
	if (result == 0 && strlen(*ret) != size)
		return error_set(error, EINVAL, "the text has a NUL");
	if (result == 0)
		tidy(*ret);
	return result;
}

static int add_texts(json_t *asked, const struct choices *choices, struct error *error)
{
	_cleanup_free_ char *inside = NULL, *outside = NULL;
	int result = 0;

	if (!choices->inside && !choices->outside) {
		result = read_text("-", &inside, error);
		if (result == 0)
			result = add_text(asked, "inside", inside, error);
		return result < 0 ? result : add_text(asked, "outside", inside, error);
	}
	if (choices->inside)
		result = read_text(choices->inside, &inside, error);
	if (result == 0 && choices->outside)
		result = read_text(choices->outside, &outside, error);
	if (result == 0)
		result = add_text(asked, "inside", inside, error);
	return result < 0 ? result : add_text(asked, "outside", outside, error);
}

static int make_asked(const char *address, const struct choices *choices, json_t **ret,
		      struct error *error)
{
	_cleanup_json_ json_t *asked = json_pack("{s:s}", "address", address);

	if (add_text(asked, "from", choices->from, error) < 0 ||
	    add_text(asked, "until", choices->until, error) < 0 ||
	    add_text(asked, "subject", choices->subject, error) < 0 ||
	    add_also(asked, choices->also, error) < 0)
		return -EINVAL;
	if (add_texts(asked, choices, error) < 0)
		return -EINVAL;
	*ret = json_incref(asked);
	return 0;
}

/* ---- What is in force ---- */

static void show_text(const char *what, const char *text)
{
	if (!text[0])
		return;
	printf("%s\n    ", what);
	for (; *text; text++) {
		putchar(*text);
		if (*text == '\n')
			fputs("    ", stdout);
	}
	putchar('\n');
}

static int show(const json_t *asked)
{
	const char *from = json_text(asked, "from"), *until = json_text(asked, "until");
	const char *inside = json_text(asked, "inside"), *outside = json_text(asked, "outside");

	const json_t *one;
	size_t i;

	printf("%s answers %s%s%s%s%s\n", json_text(asked, "address"),
	       from[0] || until[0] ? "" : "until it is taken off", from[0] ? "from " : "", from,
	       until[0] ? (from[0] ? " until " : "until ") : "", until);
	show_text("subject", json_text(asked, "subject"));
	json_array_foreach(json_object_get(asked, "also"), i, one)
	    show_text("also of", json_string_value(one));
	if (strcmp(inside, outside) == 0) {
		show_text("everybody", inside);
	} else {
		show_text("people of our own domains", inside);
		show_text("all others", outside);
	}
	return command_print_text("");
}

/* ---- Verbs ---- */

static int run_on(const struct vacation_owner *owner, const char *address,
		  const struct choices *choices)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *asked = NULL;

	if (make_asked(address, choices, &asked, &error) < 0 ||
	    vacation_save(VACATION_FOLDER, owner, asked, &error) < 0)
		return fail(&error);
	return choices->json ? command_print(asked, JSON_INDENT(1)) : show(asked);
}

static int run_show(const struct vacation_owner *owner, const char *address, bool json)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *asked = NULL;
	int result = vacation_load(VACATION_FOLDER, owner, &asked, &error);

	if (result < 0 && result != -ENOENT)
		return fail(&error);
	if (json)
		return command_print(asked ? asked : json_null(), JSON_INDENT(1) | JSON_ENCODE_ANY);
	if (asked)
		return show(asked);
	printf("nothing answers for %s but the person's own filter rules\n", address);
	return command_print_text("");
}

static int run_off(const struct vacation_owner *owner, const char *address)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	int result = vacation_remove(VACATION_FOLDER, owner, &error);

	if (result < 0 && result != -ENOENT)
		return fail(&error);
	printf("nothing answers for %s%s but the person's own filter rules\n", address,
	       result == 0 ? " any more" : "");
	return command_print_text("");
}

int command_vacation(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *address = NULL, *login = NULL;
	struct choices choices = {0};
	const struct command_option options[] = {
	    {"from", .value = &choices.from},	      {"until", .value = &choices.until},
	    {"subject", .value = &choices.subject},   {"inside", .value = &choices.inside},
	    {"outside", .value = &choices.outside},   {"also", .value = &choices.also},
	    {"json", .flag = &choices.json, .set = 1}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 2);
	struct vacation_owner owner;
	const char *verb;
	bool chosen;

	if (status != COMMAND_GO_ON)
		return status;
	verb = argc - optind > 1 ? argv[optind + 1] : NULL;
	chosen = choices.from || choices.until || choices.subject || choices.inside ||
		 choices.outside || choices.also;
	if (verb && (chosen || (strcmp(verb, "show") != 0 && strcmp(verb, "off") != 0)))
		return command_usage(usage);
	if (!command_is_root("this is root's to know and change; run it as root"))
		return COMMAND_FAILED;
	if (login_find(argv[optind], &address, &error) < 0)
		return fail(&error);
	login = strdup(address);
	if (!login || vacation_split(login, &owner, &error) < 0)
		return fail(&error);
	if (!verb)
		return run_on(&owner, address, &choices);
	return strcmp(verb, "show") == 0 ? run_show(&owner, address, choices.json != 0)
					 : run_off(&owner, address);
}
