// SPDX-License-Identifier: GPL-3.0-or-later
/* docker-mailserver: files of lines.
 *
 *	postfix-accounts.cf	alice@example.org|{SHA512-CRYPT}$6$...|attributes
 *	dovecot-quotas.cf	alice@example.org:5G
 *	postfix-virtual.cf	info@example.org alice@example.org,bob@example.org
 *	the others		rules that have no place here */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/json_file.h"
#include "takeover/intake.h"
#include "takeover/tables.h"
#include "takeover/takeover.h"

struct reading {
	struct findings *findings;
	json_t *quotas;	   /* address -> text */
	const char *where; /* of the line */
};

struct meaning {
	const char *name;
	int (*take)(struct reading *reading, char *line, struct error *error);
};

/* ---- Lines ---- */

/* Without its end; false at the end of the file.  What is too long or has a NUL is no text: it is
 * given back as an empty one, and *ret_odd. */
static bool read_line(struct intake *intake, struct buffer *line, bool *ret_odd)
{
	int c;

	buffer_reset(line);
	*ret_odd = false;
	if (intake_peek(intake) == INTAKE_END)
		return false;
	while ((c = intake_next(intake)) != '\n' && c != INTAKE_END) {
		if (c == '\0' || line->size == TABLES_VALUE)
			*ret_odd = true;
		else if (c != '\r')
			buffer_add_char(line, (char)c);
	}
	return true;
}

/* Blanks at both ends are taken away. */
static char *trim(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	return text;
}

static bool is_utf8(const char *text)
{
	_cleanup_json_ json_t *value = json_string(text);

	return value;
}

/* ---- What they mean ---- */

static int take_quota(struct reading *reading, char *line, struct error *error _unused_)
{
	char *quota = strchr(line, ':');

	if (quota) {
		*quota++ = '\0';
		for (char *c = line; *c; c++)
			*c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
		json_object_set_new(reading->quotas, trim(line), json_string(trim(quota)));
	}
	return 0;
}

static const char *find_quota(const struct reading *reading, const char *address)
{
	const char *key;
	json_t *value;

	value = json_object_get(reading->quotas, address);
	if (value)
		return json_string_value(value);
	json_object_foreach(reading->quotas, key, value) if (strcasecmp(key, address) ==
							     0) return json_string_value(value);
	return NULL;
}

static int take_account(struct reading *reading, char *line, struct error *error)
{
	char *hash = strchr(line, '|'), *attributes = hash ? strchr(hash + 1, '|') : NULL;
	struct person person = {.address = line, .enabled = true, .where = reading->where};
	const char *quota;

	if (hash)
		*hash++ = '\0';
	if (attributes)
		*attributes++ = '\0';
	person.address = trim(line);
	if (attributes && attributes[strspn(attributes, " \t")])
		findings_cannot_of(reading->findings, CANNOT_RULE, person.address, trim(attributes),
				   reading->where);
	person.password = hash ? trim(hash) : "";
	quota = find_quota(reading, person.address);
	if (quota && !takeover_size(quota, &person.quota))
		findings_cannot_of(reading->findings, CANNOT_RULE, person.address, quota,
				   reading->where);
	return findings_person(reading->findings, &person, error);
}

static int take_alias(struct reading *reading, char *line, struct error *error)
{
	size_t size = strcspn(line, " \t");
	const char *targets = line[size] ? line + size + 1 : "";

	line[size] = '\0';
	return findings_alias(reading->findings, line, targets, reading->where, error);
}

static int leave_pattern(struct reading *reading, char *line, struct error *error _unused_)
{
	findings_cannot(reading->findings, CANNOT_PATTERN, line, reading->where);
	return 0;
}

/* Only its first word: behind it there may be a password. */
static int leave_rule(struct reading *reading, char *line, struct error *error _unused_)
{
	line[strcspn(line, " \t|")] = '\0';
	findings_cannot(reading->findings, CANNOT_RULE, line, reading->where);
	return 0;
}

/* ---- Files ---- */

static int read_line_of(struct reading *reading, const struct meaning *meaning,
			const struct takeover_file *file, long long number, char *text,
			struct error *error)
{
	_cleanup_free_ char *where = NULL;
	char *line = trim(text);
	int result = 0;

	if (!line[0] || line[0] == '#')
		return 0;
	if (asprintf(&where, "%s:%lld", file->path, number) < 0)
		return error_set(error, ENOMEM, "out of memory");
	reading->where = where;
	if (is_utf8(line))
		result = meaning->take(reading, line, error);
	else
		findings_cannot(reading->findings, CANNOT_UNREADABLE, NULL, where);
	reading->where = NULL;
	return result;
}

static int read_file(struct reading *reading, const struct meaning *meaning,
		     const struct takeover_file *file, struct error *error)
{
	_cleanup_free_ struct intake *intake = malloc(sizeof(*intake));
	_cleanup_(buffer_wipe) struct buffer line = BUFFER_INIT;
	long long number;
	int result = 0;
	bool odd;

	if (!intake)
		return error_set(error, ENOMEM, "out of memory");
	intake_open(intake, file->fd);
	while (result == 0 && (number = intake->line, read_line(intake, &line, &odd))) {
		if (odd)
			result = error_set(error, EINVAL, "%s:%lld: it is no text, or too long",
					   file->path, number);
		else if (line.size > 0)
			result = read_line_of(reading, meaning, file, number, line.data, error);
	}
	return result == 0 && intake->failed ? error_errno(error, intake->failed, "%s", file->path)
					     : result;
}

/* In the order of the table: quotas are known before people are, and people before aliases. */
static const struct meaning meanings[] = {
    {"dovecot-quotas.cf", take_quota},	    {"postfix-accounts.cf", take_account},
    {"postfix-virtual.cf", take_alias},	    {"postfix-regexp.cf", leave_pattern},
    {"postfix-send-access.cf", leave_rule}, {"postfix-receive-access.cf", leave_rule},
    {"postfix-aliases.cf", leave_rule},	    {"dovecot-masters.cf", leave_rule},
};

static int check_names(const struct takeover_file *files, size_t count, struct error *error)
{
	for (size_t i = 0; i < count; i++) {
		size_t found = 0;

		while (found < ARRAY_SIZE(meanings) &&
		       strcmp(meanings[found].name, files[i].name) != 0)
			found++;
		if (found == ARRAY_SIZE(meanings))
			return error_set(
			    error, EINVAL,
			    "%s: it is no file of docker-mailserver that is read, such "
			    "as postfix-accounts.cf",
			    files[i].path);
	}
	return 0;
}

int takeover_find_docker_mailserver(const struct takeover_file *files, size_t count,
				    struct findings *findings, struct error *error)
{
	_cleanup_json_ json_t *quotas = json_object();
	struct reading reading = {.findings = findings, .quotas = quotas};
	int result = check_names(files, count, error);

	for (size_t m = 0; m < ARRAY_SIZE(meanings); m++)
		for (size_t i = 0; result == 0 && i < count; i++)
			if (strcmp(meanings[m].name, files[i].name) == 0)
				result = read_file(&reading, &meanings[m], &files[i], error);
	return result;
}
