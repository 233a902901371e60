// SPDX-License-Identifier: GPL-3.0-or-later
#include "settings/yaml_report.h"

#include <string.h>

struct mark yaml_place(const struct yaml_input *input, yaml_mark_t mark)
{
	return (struct mark){.file = input->file,
			     .line = input->first_line + (unsigned)mark.line,
			     .column = (unsigned)mark.column + 1};
}

/* What usually stands behind a message of libyaml. */
static const char *yaml_advice(const char *problem)
{
	static const struct {
		const char *part, *advice;
	} table[] = {

	    {"mapping values are not allowed", "put a value that contains \": \" in quotes, or "
					       "mend the indentation of this line"},
	    {"could not find expected ':'", "write `key: value`, with a blank after the colon"},
	    {"did not find expected key", "indent the keys of one mapping alike"},
	    {"did not find expected '-'", "indent the items of one list alike"},
	    {"block sequence entries are not allowed", "begin a list on a line of its own"},
	    {"unexpected end of stream", "close the quote that is open here"},
	    {"unexpected document indicator", "close the quote that is open here"},
	    {"expected ',' or ']'", "close the list with ]"},
	    {"expected ',' or '}'", "close the mapping with }"},
	    {"unknown escape character", "write the value in 'single quotes', where a backslash "
					 "is itself"},
	    {"undefined tag handle", "write the value without a tag (!)"},
	    {"expected node content", "write a value there, or close the list or mapping"},
	    {"expected <document start>", "indent it, or remove what follows the last key"},
	    {"incompatible YAML document", "leave the %YAML line out"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (strstr(problem, table[i].part))
			return table[i].advice;
	return "write it as the YAML examples of postcask-settings(5)";
}

/* The byte at a mark, whose index counts characters. */
static char byte_at(const struct yaml_input *input, size_t index)
{
	size_t i = 0;

	for (; i < input->size; i++)
		if ((input->text[i] & 0xc0) != 0x80 && !index--)
			break;
	return i < input->size ? input->text[i] : '\0';
}

void yaml_report(const struct yaml_input *input, const yaml_parser_t *parser,
		 struct diagnostics *diagnostics)
{
	const char *problem = parser->problem ? parser->problem : "unreadable";
	const char *advice = yaml_advice(problem);
	yaml_mark_t mark = parser->problem_mark;

	if (strstr(problem, "cannot start any token"))
		advice = byte_at(input, mark.index) == '\t'
			     ? "indent with spaces instead of tabs"
			     : "put a value that begins with @, ` or % in quotes";
	/* What is found only at the next line or the end began earlier. */
	if ((parser->context && byte_at(input, mark.index) == '\0') ||
	    strstr(problem, "unexpected end of stream") ||
	    strstr(problem, "unexpected document indicator") ||
	    strstr(problem, "could not find expected ':'"))
		mark = parser->context_mark;
	diagnostics_error(diagnostics, yaml_place(input, mark),
			  "not valid YAML, so cloud-init reads nothing of this file (%s%s%s); %s",
			  parser->context ? parser->context : "", parser->context ? ": " : "",
			  problem, advice);
}

bool yaml_tag_is_known(const char *tag)
{
	static const char prefix[] = "tag:yaml.org,2002:";
	static const char *const names[] = {"null", "bool",	 "int",	 "float", "binary", "str",
					    "seq",  "timestamp", "omap", "pairs", "set",    "map"};

	if (!strcmp(tag, "!"))
		return true;
	if (strncmp(tag, prefix, strlen(prefix)) != 0)
		return false;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(tag + strlen(prefix), names[i]))
			return true;
	return false;
}
