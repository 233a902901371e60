// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/book.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "dns/direct.h"

enum {
	BUCKETS = 4096,
	/* A hundred domains are some ten thousand questions. */
	PAGES_MAX = 200000,
};

struct page {
	struct page *next, *same_bucket;
	char *server, *name, *type; /* server NULL: the resolver's */
	bool answered;
	struct dns_answer answer;
};

/* A server that has never answered is asked once: each time would be waited for. */
struct listener {
	const char *address; /* in a page */
	bool answered, silent;
};

struct dns_book {
	struct dns_resolver *resolver;
	struct page *buckets[BUCKETS];
	struct page *first, **last;
	struct page *open; /* the first that may be unanswered */
	size_t count;
	struct listener *listeners; /* owned */
	size_t listener_count;
};

struct dns_book *dns_book_new(struct dns_resolver *resolver)
{
	struct dns_book *book = calloc(1, sizeof(*book));

	if (book) {
		book->resolver = resolver;
		book->last = &book->first;
	}
	return book;
}

/* FNV-1a. */
static size_t bucket_of(const char *server, const char *name, const char *type)
{
	const char *const parts[] = {server ? server : "", name, type};
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		for (const char *c = parts[i]; *c; c++)
			if (*c != '.' || c[1]) /* not the final dot */
				hash = (hash ^ (uint32_t)tolower((unsigned char)*c)) * 16777619u;
	return hash % BUCKETS;
}

static struct page *find(const struct dns_book *book, const char *server, const char *name,
			 const char *type)
{
	struct page *page = book->buckets[bucket_of(server, name, type)];

	for (; page; page = page->same_bucket)
		if (strcmp(page->type, type) == 0 && dns_name_equal(page->name, name) &&
		    strcmp(page->server ? page->server : "", server ? server : "") == 0)
			return page;
	return NULL;
}

static void page_free(struct page *page)
{
	dns_answer_clear(&page->answer);
	free(page->server);
	free(page->name);
	free(page->type);
	free(page);
}

static struct page *add(struct dns_book *book, const char *server, const char *name,
			const char *type)
{
	struct page *page = book->count < PAGES_MAX ? calloc(1, sizeof(*page)) : NULL;
	size_t bucket = bucket_of(server, name, type);

	if (!page)
		return NULL;
	page->server = server ? strdup(server) : NULL;
	page->name = strdup(name);
	page->type = strdup(type);
	if ((server && !page->server) || !page->name || !page->type) {
		page_free(page);
		return NULL;
	}
	page->same_bucket = book->buckets[bucket];
	book->buckets[bucket] = page;
	*book->last = page;
	book->last = &page->next;
	if (!book->open)
		book->open = page;
	book->count++;
	return page;
}

const struct dns_answer *dns_book_look_at(struct dns_book *book, const char *server,
					  const char *name, const char *type)
{
	struct page *page = find(book, server, name, type);

	if (!page)
		page = add(book, server, name, type);
	return page && page->answered ? &page->answer : NULL;
}

const struct dns_answer *dns_book_look(struct dns_book *book, const char *name, const char *type)
{
	return dns_book_look_at(book, NULL, name, type);
}

int dns_book_put(struct dns_book *book, const char *server, const char *name, const char *type,
		 struct dns_answer *answer)
{
	struct page *page = find(book, server, name, type);

	if (!page)
		page = add(book, server, name, type);
	if (!page)
		return -ENOMEM;
	dns_answer_clear(&page->answer);
	page->answer = *answer;
	page->answered = true;
	*answer = (struct dns_answer){0};
	return 0;
}

/* The open pages of one kind become questions, and their answers go back into the pages. */
static void ask_resolver(struct dns_book *book, size_t count, int timeout_ms)
{
	_cleanup_free_ struct dns_lookup *lookups = calloc(count ? count : 1, sizeof(*lookups));
	_cleanup_free_ struct page **pages = calloc(count ? count : 1, sizeof(*pages));
	size_t used = 0;

	if (!lookups || !pages)
		return;
	for (struct page *page = book->open; page; page = page->next)
		if (!page->answered && !page->server) {
			pages[used] = page;
			lookups[used++] =
			    (struct dns_lookup){.name = page->name, .type = page->type};
		}
	if (book->resolver && used > 0)
		dns_resolver_ask(book->resolver, lookups, used, timeout_ms);
	for (size_t i = 0; i < used; i++) {
		if (!book->resolver)
			dns_answer_silent(&lookups[i].answer, "there is no resolver to ask");
		pages[i]->answer = lookups[i].answer;
	}
}

/* NULL when there is no memory for one more. */
static struct listener *listener_of(struct dns_book *book, const char *address)
{
	struct listener *listeners;

	for (size_t i = 0; i < book->listener_count; i++)
		if (strcmp(book->listeners[i].address, address) == 0)
			return &book->listeners[i];
	listeners = realloc(book->listeners, (book->listener_count + 1) * sizeof(*listeners));
	if (!listeners)
		return NULL;
	book->listeners = listeners;
	listeners[book->listener_count] = (struct listener){.address = address};
	return &listeners[book->listener_count++];
}

static bool is_dead(struct dns_book *book, const char *address)
{
	const struct listener *listener = listener_of(book, address);

	return listener && listener->silent && !listener->answered;
}

static void take_direct(struct dns_book *book, struct page *page, struct dns_answer *answer)
{
	struct listener *listener = listener_of(book, page->server);

	page->answer = *answer;
	if (!listener)
		return;
	if (answer->code == DNS_SILENT)
		listener->silent = true;
	else
		listener->answered = true;
}

static void ask_servers(struct dns_book *book, size_t count, int timeout_ms)
{
	_cleanup_free_ struct dns_direct *questions = calloc(count ? count : 1, sizeof(*questions));
	_cleanup_free_ struct page **pages = calloc(count ? count : 1, sizeof(*pages));
	size_t used = 0;

	if (!questions || !pages)
		return;
	for (struct page *page = book->open; page; page = page->next) {
		if (page->answered || !page->server)
			continue;
		if (!book->resolver || is_dead(book, page->server)) {
			dns_answer_silent(&page->answer, "it does not answer");
			continue;
		}
		pages[used] = page;
		questions[used++] = (struct dns_direct){
		    .server = page->server, .name = page->name, .type = page->type};
	}
	if (used > 0)
		dns_direct_ask(questions, used, timeout_ms);
	for (size_t i = 0; i < used; i++)
		take_direct(book, pages[i], &questions[i].answer);
}

bool dns_book_ask(struct dns_book *book, int timeout_ms)
{
	size_t of_resolver = 0, of_servers = 0;

	for (struct page *page = book->open; page; page = page->next)
		if (!page->answered)
			(*(page->server ? &of_servers : &of_resolver))++;
	ask_resolver(book, of_resolver, timeout_ms);
	ask_servers(book, of_servers, timeout_ms);
	for (struct page *page = book->open; page; page = page->next) {
		if (!page->answered && page->answer.code == 0 && !page->answer.records)
			dns_answer_silent(&page->answer, "there was no memory left to ask");
		page->answered = true;
	}
	book->open = NULL;
	return of_resolver + of_servers > 0;
}

void dns_book_free(struct dns_book **book)
{
	struct page *next;

	if (!*book)
		return;
	for (struct page *page = (*book)->first; page; page = next) {
		next = page->next;
		page_free(page);
	}
	free((*book)->listeners);
	free(*book);
	*book = NULL;
}
