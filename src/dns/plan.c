// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/plan.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "base/slice.h"
#include "dns/place.h"

enum { ROUNDS_MAX = 8 };

struct planning {
	struct dns_plan *plan;
	const struct dns_rows *rows;
	const char *address;
	const char *server; /* as the settings have it */
	bool replace;
	bool open;
	size_t served; /* rows whose zone the server has */
};

static void add(struct planning *planning, const char *zone, enum dns_change_kind kind,
		const char *name, const char *type, const char *value)
{
	struct dns_plan *plan = planning->plan;

	if (plan->count == plan->capacity) {
		size_t capacity = plan->capacity ? plan->capacity * 2 : 64;
		struct dns_plan_item *items = realloc(plan->items, capacity * sizeof(*items));

		if (!items) {
			plan->failed = true;
			return;
		}
		plan->items = items;
		plan->capacity = capacity;
	}
	plan->items[plan->count++] = (struct dns_plan_item){
	    .zone = zone,
	    .change = {kind, name, type, value, DNS_TTL},
	    .why_same = kind == DNS_CHANGE_SAME || kind == DNS_CHANGE_NONE,
	};
}

/* The set of records is as it was read, or nothing is changed. */
static void add_same(struct planning *planning, const char *zone, const struct dns_row *row,
		     const struct dns_answer *answer)
{
	const struct dns_record *record;
	bool any = false;

	for (size_t i = 0; (record = dns_answer_next(answer, row->type, &i)); any = true)
		add(planning, zone, DNS_CHANGE_SAME, row->name, row->type, record->exact);
	if (!any)
		add(planning, zone, DNS_CHANGE_NONE, row->name, row->type, NULL);
}

/* Up to the end of its version: "v=spf1", "v=DMARC1". */
static size_t version_size(const char *value)
{
	return strcspn(value, " ;");
}

/* The record is for what the row is for, whatever it says. */
static bool same_sort(const struct dns_row *row, const struct dns_record *record)
{
	static const char ours[] = "3 1 1 ";
	size_t size;

	if (strcmp(row->type, "TLSA") == 0)
		return strncmp(record->value, ours, strlen(ours)) == 0;
	if (strcmp(row->type, "TXT") != 0 || dns_kind_table[row->kind].ours)
		return true;
	size = version_size(row->value);
	return version_size(record->value) == size &&
	       strncasecmp(record->value, row->value, size) == 0;
}

/* It says what the row wants, but for what is the owner's matter. */
static bool satisfies(const struct dns_row *row, const struct dns_record *record)
{
	const char *wanted = strchr(row->value, ' '), *found = strchr(record->value, ' ');

	if (strcmp(row->type, "MX") == 0 && wanted && found)
		return dns_name_equal(wanted + 1, found + 1);
	return dns_value_equal(row->type, row->value, record->value);
}

static bool is_wanted(const struct planning *planning, const struct dns_row *like,
		      const struct dns_record *record)
{
	const struct dns_rows *rows = planning->rows;

	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->items[i].type, like->type) == 0 &&
		    strcmp(rows->items[i].name, like->name) == 0 &&
		    satisfies(&rows->items[i], record))
			return true;
	return false;
}

/* Others of the sort, which no row wants; the last of them. */
static const struct dns_record *stranger(const struct planning *planning, const struct dns_row *row,
					 const struct dns_answer *answer)
{
	const struct dns_record *record, *found = NULL;

	for (size_t i = 0; (record = dns_answer_next(answer, row->type, &i));)
		if (same_sort(row, record) && !is_wanted(planning, row, record))
			found = record;
	return found;
}

static bool is_there(const struct dns_row *row, const struct dns_answer *answer)
{
	const struct dns_record *record;

	for (size_t i = 0; (record = dns_answer_next(answer, row->type, &i));)
		if (satisfies(row, record))
			return true;
	return false;
}

static void leave(struct planning *planning, const struct dns_row *row, const char *found)
{
	buffer_addf(
	    &planning->plan->left,
	    "%s has the %s record %.120s, which others wrote; `postcask dns check` says whether it "
	    "is good, --replace puts %.120s there\n",
	    row->name, row->type, found, row->value);
}

static void remove_strangers(struct planning *planning, const char *zone, const struct dns_row *row,
			     const struct dns_answer *answer)
{
	const struct dns_record *record;

	for (size_t i = 0; (record = dns_answer_next(answer, row->type, &i));)
		if (same_sort(row, record) && !is_wanted(planning, row, record))
			add(planning, zone, DNS_CHANGE_REMOVE, row->name, row->type, record->exact);
}

static bool is_first_of_set(const struct dns_rows *rows, size_t index)
{
	const struct dns_row *row = &rows->items[index];

	for (size_t i = 0; i < index; i++)
		if (strcmp(rows->items[i].name, row->name) == 0 &&
		    strcmp(rows->items[i].type, row->type) == 0)
			return false;
	return true;
}

static bool any_missing(const struct planning *planning, const struct dns_row *like,
			const struct dns_answer *answer)
{
	const struct dns_rows *rows = planning->rows;

	for (size_t i = 0; i < rows->count; i++)
		if (strcmp(rows->items[i].type, like->type) == 0 &&
		    strcmp(rows->items[i].name, like->name) == 0 &&
		    !is_there(&rows->items[i], answer))
			return true;
	return false;
}

/* All rows of one name and type. */
static void plan_set(struct planning *planning, const char *zone, const struct dns_row *first,
		     const struct dns_answer *answer)
{
	const struct dns_rows *rows = planning->rows;
	const struct dns_record *other = stranger(planning, first, answer);
	bool ours = dns_kind_table[first->kind].ours || planning->replace;
	bool beside = first->kind == DNS_KIND_CAA; /* it forbids nothing to the others */
	bool missing = any_missing(planning, first, answer);

	if (!missing && !(ours && other))
		return;
	if (other && !ours && !beside) {
		leave(planning, first, other->value);
		return;
	}
	add_same(planning, zone, first, answer);
	if (ours && !beside)
		remove_strangers(planning, zone, first, answer);
	for (size_t i = 0; i < rows->count; i++) {
		const struct dns_row *row = &rows->items[i];

		if (strcmp(row->type, first->type) == 0 && strcmp(row->name, first->name) == 0 &&
		    !is_there(row, answer))
			add(planning, zone, DNS_CHANGE_ADD, row->name, row->type, row->value);
	}
}

/* Addresses where an alias is to be: a name has the one or the other.  True when they stay. */
static bool plan_instead_of_addresses(struct planning *planning, const char *zone,
				      const struct dns_row *row)
{
	static const char *const types[] = {"A", "AAAA"};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		const struct dns_answer *answer =
		    dns_book_look_at(planning->plan->book, planning->address, row->name, types[i]);
		const struct dns_record *record;

		if (!answer) {
			planning->open = true;
			return true;
		}
		for (size_t j = 0; (record = dns_answer_next(answer, types[i], &j));) {
			if (!dns_name_equal(record->name, row->name))
				continue; /* where an alias leads */
			if (!planning->replace) {
				leave(planning, row, record->value);
				return true;
			}
			add(planning, zone, DNS_CHANGE_REMOVE, row->name, types[i], record->exact);
		}
	}
	return false;
}

static void plan_row(struct planning *planning, size_t index)
{
	const struct dns_row *row = &planning->rows->items[index];
	struct dns_book *book = planning->plan->book;
	const struct dns_answer *answer;
	bool none = false;
	const char *zone = dns_place_zone(book, planning->address, row->name, &none);

	if (none)
		buffer_addf(&planning->plan->left,
			    "%s is in no zone that %s serves; have %s %.120s entered where it is\n",
			    row->name, planning->server, row->type, row->value);
	if (!zone) {
		planning->open |= !none;
		return;
	}
	planning->served++;
	answer = dns_book_look_at(book, planning->address, row->name, row->type);
	if (!answer) {
		planning->open = true;
		return;
	}
	if (strcmp(row->type, "CNAME") != 0 && dns_answer_alias(answer, row->name) != row->name) {
		buffer_addf(&planning->plan->left,
			    "%s is an alias (CNAME) of %s; what it leads to is not looked at\n",
			    row->name, dns_answer_alias(answer, row->name));
		return;
	}
	if (strcmp(row->type, "CNAME") != 0 || !plan_instead_of_addresses(planning, zone, row))
		plan_set(planning, zone, row, answer);
}

static void plan_all(struct planning *planning)
{
	planning->plan->count = 0;
	buffer_reset(&planning->plan->left);
	planning->open = false;
	planning->served = 0;
	for (size_t i = 0; i < planning->rows->count; i++)
		if (is_first_of_set(planning->rows, i))
			plan_row(planning, i);
}

/* The server does not answer at all: the first name that was asked for. */
static bool is_silent(struct planning *planning)
{
	const struct dns_answer *answer =
	    planning->rows->count > 0 ? dns_book_look_at(planning->plan->book, planning->address,
							 planning->rows->items[0].name, "SOA")
				      : NULL;

	return answer && answer->code == DNS_SILENT;
}

static int make(struct planning *planning, int64_t deadline_ms, struct error *error)
{
	for (int round = 0; round < ROUNDS_MAX; round++) {
		plan_all(planning);
		if (!planning->open)
			break;
		(void)dns_book_ask(planning->plan->book, clock_left_ms(deadline_ms));
	}
	if (planning->plan->failed || planning->plan->left.failed)
		return error_errno(error, ENOMEM, "cannot plan the update");
	if (is_silent(planning))
		return error_set(
		    error, EHOSTUNREACH,
		    "the name server %s does not answer; write into dns.update.server one "
		    "that does",
		    planning->server);
	if (planning->served == 0)
		return error_set(error, ENOENT,
				 "the name server %s serves none of the zones; write into "
				 "dns.update.server the one that does",
				 planning->server);
	return planning->open ? error_set(error, ETIME, "the name server %s is too slow; try again",
					  planning->server)
			      : 0;
}

int dns_plan_make(const struct dns_rows *rows, const struct dns_update *update, bool replace,
		  int timeout_ms, struct dns_plan *plan, struct error *error)
{
	_cleanup_(dns_resolver_close) struct dns_resolver *resolver = NULL;
	_cleanup_free_ char *address = NULL;
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	struct planning planning = {
	    .plan = plan, .rows = rows, .server = update->server, .replace = replace};
	int result = dns_resolver_open(&resolver, error);

	if (result < 0)
		return result;
	plan->book = dns_book_new(resolver);
	if (!plan->book)
		return error_errno(error, ENOMEM, "cannot plan the update");
	result = dns_place_address(plan->book, update->server, deadline_ms, &address, error);
	if (result < 0)
		return result;
	planning.address = address;
	return make(&planning, deadline_ms, error);
}

/* The changes of one zone, beginning with that of the item at `first`. */
static int apply_zone(struct dns_plan *plan, size_t first, const struct dns_update *update,
		      struct dns_change *changes, int timeout_ms, struct error *error)
{
	const char *zone = plan->items[first].zone;
	size_t count = 0;

	for (size_t i = 0; i < plan->count; i++)
		if (strcmp(plan->items[i].zone, zone) == 0) {
			if (i < first)
				return 0; /* done with that one */
			changes[count++] = plan->items[i].change;
		}
	plan->applied++;
	return dns_update_zone(update, zone, changes, count, timeout_ms, error);
}

int dns_plan_apply(struct dns_plan *plan, const struct dns_update *update, int timeout_ms,
		   struct error *error)
{
	_cleanup_free_ struct dns_change *changes =
	    calloc(plan->count ? plan->count : 1, sizeof(*changes));
	int64_t deadline_ms = clock_now_ms() + timeout_ms;
	int result = changes ? 0 : error_errno(error, ENOMEM, "cannot send the update");

	for (size_t i = 0; result == 0 && i < plan->count; i++)
		result = apply_zone(plan, i, update, changes, clock_left_ms(deadline_ms), error);
	return result;
}

static const char *sign_of(const struct dns_plan_item *item)
{
	return item->change.kind == DNS_CHANGE_ADD ? "+" : "-";
}

void dns_plan_text(const struct dns_plan *plan, bool applied, struct buffer *text)
{
	size_t shown = 0;

	for (size_t i = 0; i < plan->count; i++) {
		const struct dns_change *change = &plan->items[i].change;

		if (plan->items[i].why_same)
			continue;
		buffer_addf(text, "%s %s %s %s\n", sign_of(&plan->items[i]), change->name,
			    change->type, change->value);
		shown++;
	}
	buffer_add_text(text, buffer_text(&plan->left));
	if (shown == 0)
		buffer_add_text(text, "nothing is to be changed\n");
	else if (applied)
		buffer_addf(text, "done: %zu change%s\n", shown, shown == 1 ? "" : "s");
	else
		buffer_add_text(text, "nothing was changed yet; --yes does it\n");
}

json_t *dns_plan_json(const struct dns_plan *plan)
{
	_cleanup_json_ json_t *changes = json_array(), *left = json_array();
	struct slice lines = slice_of(buffer_text(&plan->left)), line;

	for (size_t i = 0; i < plan->count; i++) {
		const struct dns_change *change = &plan->items[i].change;

		if (!plan->items[i].why_same &&
		    json_array_append_new(
			changes, json_pack("{s:s,s:s,s:s,s:s,s:s}", "change",
					   change->kind == DNS_CHANGE_ADD ? "add" : "remove",
					   "zone", plan->items[i].zone, "name", change->name,
					   "type", change->type, "value", change->value)) < 0)
			return NULL;
	}
	while (slice_until(&lines, SLICE("\n"), &line))
		json_add_sentence(left, "%.*s", (int)line.size, line.at);
	return json_pack("{s:I,s:O,s:O}", "applied", (json_int_t)plan->applied, "changes", changes,
			 "left", left);
}

void dns_plan_clear(struct dns_plan *plan)
{
	free(plan->items);
	buffer_free(&plan->left);
	dns_book_free(&plan->book);
	*plan = DNS_PLAN_INIT;
}
