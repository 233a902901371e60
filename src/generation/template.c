// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/template.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

enum { TEMPLATE_DEPTH = 16, TEMPLATE_LINES = 10000 };

struct span {
	const char *text;
	size_t size;
};

enum line_kind { LINE_TEXT, LINE_FOR, LINE_IF, LINE_ELSE, LINE_END };

struct line {
	enum line_kind kind;
	struct span span; /* the text with its line feed, or the directive's arguments */
	size_t other;	  /* FOR, IF: the matching else or end; ELSE: the matching end */
};

struct scope {
	struct span name;
	const json_t *value;
	const struct scope *parent;
};

struct run {
	const char *name;
	struct line *lines; /* owned */
	size_t count;
	const json_t *context;
	const struct escape *escape;
	struct buffer *output;
	struct error *error;
};

static int run_fail(const struct run *run, size_t line, const char *what, struct span where)
{
	return error_set(run->error, EINVAL, "%s:%zu: %s: %.*s", run->name, line + 1, what,
			 (int)where.size, where.text);
}

static struct span span_trim(struct span span)
{
	while (span.size && isspace((unsigned char)span.text[0]))
		span = (struct span){span.text + 1, span.size - 1};
	while (span.size && isspace((unsigned char)span.text[span.size - 1]))
		span.size--;
	return span;
}

static bool span_is(struct span span, const char *text)
{
	return span.size == strlen(text) && memcmp(span.text, text, span.size) == 0;
}

/* Cuts the first word off `span`. */
static struct span span_word(struct span *span)
{
	struct span word;
	size_t size = 0;

	*span = span_trim(*span);
	while (size < span->size && !isspace((unsigned char)span->text[size]))
		size++;
	word = (struct span){span->text, size};
	*span = span_trim((struct span){span->text + size, span->size - size});
	return word;
}

/* Tells a directive from text. */
static int line_classify(const struct run *run, size_t index, struct line *line)
{
	static const struct {
		const char *word;
		enum line_kind kind;
	} words[] = {{"for", LINE_FOR}, {"if", LINE_IF}, {"else", LINE_ELSE}, {"end", LINE_END}};
	struct span rest = span_trim(line->span), word;

	line->kind = LINE_TEXT;
	if (rest.size < 2 || memcmp(rest.text, "#%", 2) != 0)
		return 0;
	rest = (struct span){rest.text + 2, rest.size - 2};
	word = span_word(&rest);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (span_is(word, words[i].word)) {
			line->kind = words[i].kind;
			line->span = rest;
			return 0;
		}
	return run_fail(run, index, "unknown directive", word);
}

static int lines_split(struct run *run, const char *text, size_t size)
{
	size_t count = 1;

	for (size_t i = 0; i < size; i++)
		count += text[i] == '\n';
	if (count > TEMPLATE_LINES)
		return error_set(run->error, EFBIG, "%s: more than %d lines", run->name,
				 TEMPLATE_LINES);
	run->lines = calloc(count, sizeof(*run->lines));
	if (!run->lines)
		return error_set(run->error, ENOMEM, "%s: out of memory", run->name);
	while (size > 0) {
		const char *end = memchr(text, '\n', size);
		size_t length = end ? (size_t)(end - text) + 1 : size;
		struct line *line = &run->lines[run->count];

		line->span = (struct span){text, length};
		int result = line_classify(run, run->count, line);
		if (result < 0)
			return result;
		run->count++;
		text += length;
		size -= length;
	}
	return 0;
}

/* Finds for each block where it continues and ends. */
static int lines_match(struct run *run)
{
	size_t open[TEMPLATE_DEPTH], depth = 0;

	for (size_t i = 0; i < run->count; i++) {
		struct line *line = &run->lines[i];

		if (line->kind == LINE_FOR || line->kind == LINE_IF) {
			if (depth == TEMPLATE_DEPTH)
				return run_fail(run, i, "blocks nested too deep", line->span);
			open[depth++] = i;
		} else if (line->kind == LINE_ELSE || line->kind == LINE_END) {
			if (depth == 0)
				return run_fail(run, i, "no block is open here", line->span);
			struct line *opener = &run->lines[open[depth - 1]];
			if (line->kind == LINE_ELSE && opener->kind != LINE_IF)
				return run_fail(run, i, "else without if", line->span);
			opener->other = i;
			depth--;
			if (line->kind == LINE_ELSE)
				open[depth++] = i;
		}
	}
	if (depth > 0)
		return run_fail(run, open[depth - 1], "block without end",
				run->lines[open[depth - 1]].span);
	return 0;
}

/* The value at a dotted path, NULL when it is not there. */
static const json_t *path_find(const struct run *run, const struct scope *scope, struct span path)
{
	const json_t *value = run->context;
	bool first = true;

	while (value) {
		const char *dot = memchr(path.text, '.', path.size);
		struct span part = {path.text, dot ? (size_t)(dot - path.text) : path.size};
		const struct scope *found = first ? scope : NULL;

		while (found && !(found->name.size == part.size &&
				  memcmp(found->name.text, part.text, part.size) == 0))
			found = found->parent;
		value = found ? found->value : json_object_getn(value, part.text, part.size);
		first = false;
		if (!dot)
			return value;
		path = (struct span){dot + 1, path.size - part.size - 1};
	}
	return NULL;
}

/* The text of a scalar; false for lists, mappings and null. */
static bool scalar_text(const json_t *value, struct buffer *text)
{
	if (json_is_string(value))
		buffer_add(text, json_string_value(value), json_string_length(value));
	else if (json_is_integer(value))
		buffer_addf(text, "%lld", (long long)json_integer_value(value));
	else if (json_is_real(value))
		buffer_addf(text, "%.15g", json_real_value(value));
	else if (json_is_boolean(value))
		buffer_add_text(text, json_is_true(value) ? "yes" : "no");
	else
		return false;
	return true;
}

static bool value_is_true(const json_t *value)
{
	return !(json_is_null(value) || json_is_false(value) ||
		 (json_is_string(value) && json_string_length(value) == 0) ||
		 (json_is_integer(value) && json_integer_value(value) == 0) ||
		 (json_is_real(value) && !(json_real_value(value) != 0)) ||
		 (json_is_array(value) && json_array_size(value) == 0));
}

static int expression_write(const struct run *run, const struct scope *scope, size_t index,
			    struct span expression)
{
	const char *bar = memchr(expression.text, '|', expression.size);
	const struct escape *escape = run->escape;
	struct span path = expression;
	_cleanup_(buffer_wipe) struct buffer text = BUFFER_INIT;
	const char *refusal;
	const json_t *value;

	if (bar) {
		struct span name = span_trim(
		    (struct span){bar + 1, expression.size - (size_t)(bar + 1 - expression.text)});
		path.size = (size_t)(bar - expression.text);
		escape = escape_find(name.text, name.size);
		if (!escape)
			return run_fail(run, index, "no such escape", name);
	}
	path = span_trim(path);
	value = path_find(run, scope, path);
	if (!value)
		return run_fail(run, index, "no such setting", path);
	if (!scalar_text(value, &text))
		return run_fail(run, index, "not a single value", path);
	refusal = escape_write(escape, run->output, buffer_text(&text), text.size);
	if (refusal)
		return error_set(run->error, EINVAL,
				 "%s:%zu: the value of %.*s cannot stand here: %s", run->name,
				 index + 1, (int)path.size, path.text, refusal);
	return 0;
}

static int text_write(const struct run *run, const struct scope *scope, size_t index)
{
	struct span rest = run->lines[index].span;

	for (;;) {
		const char *open = memmem(rest.text, rest.size, "{{", 2), *close;

		if (!open)
			break;
		size_t before = (size_t)(open - rest.text);
		close = memmem(open, rest.size - before, "}}", 2);
		if (!close)
			return run_fail(run, index, "{{ without }}", span_trim(rest));
		buffer_add(run->output, rest.text, before);
		int result = expression_write(run, scope, index,
					      (struct span){open + 2, (size_t)(close - open) - 2});
		if (result < 0)
			return result;
		rest = (struct span){close + 2, rest.size - (size_t)(close + 2 - rest.text)};
	}
	buffer_add(run->output, rest.text, rest.size);
	return 0;
}

/* Evaluates "[not] PATH [== "TEXT"]". */
static int condition_test(const struct run *run, const struct scope *scope, size_t index,
			  bool *ret_true)
{
	struct span rest = run->lines[index].span, path = span_word(&rest);
	_cleanup_(buffer_wipe) struct buffer text = BUFFER_INIT;
	bool negated = span_is(path, "not");
	const json_t *value;

	if (negated)
		path = span_word(&rest);
	value = path_find(run, scope, path);
	if (!value)
		return run_fail(run, index, "no such setting", path);
	*ret_true = value_is_true(value) != negated;
	if (rest.size == 0)
		return 0;
	struct span operator= span_word(&rest);
	if (!span_is(operator, "==") || rest.size < 2 || rest.text[0] != '"' ||
	    rest.text[rest.size - 1] != '"' || !scalar_text(value, &text))
		return run_fail(run, index, "expected PATH == \"TEXT\"", run->lines[index].span);
	*ret_true = (text.size == rest.size - 2 &&
		     memcmp(buffer_text(&text), rest.text + 1, text.size) == 0) != negated;
	return 0;
}

static int lines_run(const struct run *run, const struct scope *scope, size_t from, size_t to);

static int loop_run(const struct run *run, const struct scope *scope, size_t index)
{
	const struct line *line = &run->lines[index];
	struct span rest = line->span, name = span_word(&rest), in = span_word(&rest);
	const json_t *list = path_find(run, scope, rest);

	if (!span_is(in, "in") || !name.size)
		return run_fail(run, index, "expected NAME in PATH", line->span);
	if (!json_is_array(list))
		return run_fail(run, index, "no such list", rest);
	for (size_t i = 0; i < json_array_size(list); i++) {
		struct scope inner = {name, json_array_get(list, i), scope};
		int result = lines_run(run, &inner, index + 1, line->other);

		if (result < 0)
			return result;
	}
	return 0;
}

static int branch_run(const struct run *run, const struct scope *scope, size_t index,
		      size_t *ret_end)
{
	const struct line *line = &run->lines[index];
	bool has_else = run->lines[line->other].kind == LINE_ELSE, is_true = false;
	int result = condition_test(run, scope, index, &is_true);

	*ret_end = has_else ? run->lines[line->other].other : line->other;
	if (result < 0)
		return result;
	if (is_true)
		return lines_run(run, scope, index + 1, line->other);
	return has_else ? lines_run(run, scope, line->other + 1, *ret_end) : 0;
}

static int lines_run(const struct run *run, const struct scope *scope, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		int result = 0;

		if (run->lines[i].kind == LINE_TEXT) {
			result = text_write(run, scope, i);
		} else if (run->lines[i].kind == LINE_FOR) {
			result = loop_run(run, scope, i);
			i = run->lines[i].other;
		} else if (run->lines[i].kind == LINE_IF) {
			result = branch_run(run, scope, i, &i);
		}
		if (result < 0)
			return result;
	}
	return 0;
}

int template_render(const char *name, const char *text, size_t size, const json_t *context,
		    const struct escape *escape, struct buffer *output, struct error *error)
{
	struct run run = {
	    .name = name, .context = context, .escape = escape, .output = output, .error = error};
	int result = lines_split(&run, text, size);

	if (result == 0)
		result = lines_match(&run);
	if (result == 0)
		result = lines_run(&run, NULL, 0, run.count);
	free(run.lines);
	if (result == 0 && output->failed)
		result = error_set(error, ENOMEM, "%s: out of memory", name);
	return result;
}
