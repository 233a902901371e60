// SPDX-License-Identifier: GPL-3.0-or-later
#include "policy/dmarc.h"

#include <string.h>

#include "base/cleanup.h"

/* A walk from a domain up to the last label.  The names lie inside the domain's. */
struct walk {
	const char *names[DMARC_WALK];
	struct dmarc_record records[DMARC_WALK];
	bool found[DMARC_WALK];
	size_t count;		/* up to where it went */
	enum dmarc_look result; /* FOUND: all is known, be it that there is nothing */
};

static const char *const result_names[] = {"pass", "none", "temperror", "fail", "wait"};

const char *dmarc_result_name(enum dmarc_result result)
{
	return result_names[result];
}

/* §4.10: the name, then its last seven labels, then always one less. */
static size_t walk_names(const char *domain, const char *names[DMARC_WALK])
{
	size_t labels = name_labels(domain), count = 0;

	names[count++] = domain;
	labels = labels < DMARC_WALK ? labels - 1 : DMARC_WALK - 1;
	for (; labels > 0; labels--)
		names[count++] = name_last(domain, labels);
	return count;
}

static void walk_up(const char *domain, const struct dmarc_source *source, struct walk *walk)
{
	enum dmarc_look looks[DMARC_WALK];
	size_t count = walk_names(domain, walk->names);

	for (size_t i = 0; i < count; i++) /* all at once, before the first is waited for */
		looks[i] = source->record(source->context, walk->names[i], &walk->records[i]);
	walk->result = DMARC_LOOK_FOUND;
	for (walk->count = 0; walk->count < count; walk->count++) {
		size_t i = walk->count;

		walk->found[i] = looks[i] == DMARC_LOOK_FOUND;
		if (looks[i] == DMARC_LOOK_WAIT || looks[i] == DMARC_LOOK_ERROR) {
			walk->result = looks[i];
			return;
		}
		if (walk->found[i] && walk->records[i].suffix != DMARC_SUFFIX_UNSAID) {
			walk->count++;
			return;
		}
	}
}

/* §4.10.2, of a walk that came to its end. */
static const char *organization(const struct walk *walk)
{
	const char *domain = walk->names[0], *fewest = domain;

	for (size_t i = 0; i < walk->count; i++) {
		if (!walk->found[i])
			continue;
		fewest = walk->names[i];
		if (walk->records[i].suffix == DMARC_SUFFIX_YES && i > 0)
			return name_last(domain, name_labels(fewest) + 1);
	}
	return fewest; /* with psd=n it is the last one, too */
}

static bool find_record(const struct walk *walk, const char *name, size_t *ret_index)
{
	for (size_t i = 0; i < walk->count; i++) {
		if (walk->found[i] && strcmp(walk->names[i], name) == 0) {
			*ret_index = i;
			return true;
		}
	}
	return false;
}

/* Which record holds (§4.10.1): the author's, the organization's, the public suffix's.  NOTHING
 * when there is none. */
static enum dmarc_look discover(const struct walk *walk, size_t *ret_index)
{
	if (walk->count > 0 && walk->found[0]) {
		*ret_index = 0;
		return DMARC_LOOK_FOUND;
	}
	if (walk->result != DMARC_LOOK_FOUND)
		return walk->result;
	if (find_record(walk, organization(walk), ret_index))
		return DMARC_LOOK_FOUND;
	*ret_index = walk->count - 1; /* where the walk stopped, at psd=y */
	return walk->found[*ret_index] ? DMARC_LOOK_FOUND : DMARC_LOOK_NOTHING;
}

/* What the record says for the author's domain.  Whether that exists is asked only where it
 * makes a difference. */
static enum dmarc_look published_policy(const struct walk *walk, size_t index,
					const struct dmarc_source *source, enum dmarc_policy *ret)
{
	const struct dmarc_record *record = &walk->records[index];
	enum dmarc_look exists = DMARC_LOOK_FOUND;

	if (index == 0) {
		*ret = record->domain;
		return DMARC_LOOK_FOUND;
	}
	if (record->missing != record->subdomains)
		exists = source->exists(source->context, walk->names[0]);
	if (exists == DMARC_LOOK_WAIT || exists == DMARC_LOOK_ERROR)
		return exists;
	*ret = exists == DMARC_LOOK_NOTHING ? record->missing : record->subdomains;
	return DMARC_LOOK_FOUND;
}

/* FOUND: aligned; NOTHING: not. */
static enum dmarc_look is_aligned(const struct walk *author, const struct dmarc_record *record,
				  const struct dmarc_identifier *identifier,
				  const struct dmarc_source *source)
{
	const char *domain = author->names[0], *ours;
	struct walk walk;

	if (strcmp(identifier->domain, domain) == 0)
		return DMARC_LOOK_FOUND;
	if (identifier->spf ? record->strict_spf : record->strict_dkim)
		return DMARC_LOOK_NOTHING;
	if (!name_is_within(identifier->domain, name_last(domain, 1)))
		return DMARC_LOOK_NOTHING;
	if (author->result != DMARC_LOOK_FOUND)
		return author->result;
	ours = organization(author);
	if (!name_is_within(identifier->domain, ours))
		return DMARC_LOOK_NOTHING;
	walk_up(identifier->domain, source, &walk);
	if (walk.result != DMARC_LOOK_FOUND)
		return walk.result;
	return strcmp(organization(&walk), ours) == 0 ? DMARC_LOOK_FOUND : DMARC_LOOK_NOTHING;
}

/* DMARC_PASS, DMARC_FAIL, or why neither can be said. */
static enum dmarc_result check_identifiers(const struct dmarc_message *message,
					   const struct walk *author,
					   const struct dmarc_record *record,
					   const struct dmarc_source *source)
{
	enum dmarc_result result = DMARC_FAIL;

	for (size_t i = 0; i < message->identifier_count; i++) {
		const struct dmarc_identifier *identifier = &message->identifiers[i];
		enum dmarc_look look = is_aligned(author, record, identifier, source);

		if (look == DMARC_LOOK_FOUND && !identifier->unknown)
			return DMARC_PASS;
		if (look == DMARC_LOOK_WAIT)
			result = DMARC_WAIT;
		else if (look != DMARC_LOOK_NOTHING && result == DMARC_FAIL)
			result = DMARC_TEMPERROR;
	}
	return result;
}

static enum dmarc_policy milder(enum dmarc_policy policy)
{
	return policy == DMARC_REJECT ? DMARC_QUARANTINE : DMARC_NONE;
}

static void evaluate_author(const struct dmarc_message *message, const char *author,
			    const struct dmarc_source *source, struct dmarc_verdict *ret)
{
	struct walk walk;
	enum dmarc_look look;
	size_t index = 0;

	*ret = (struct dmarc_verdict){0};
	slice_copy(slice_of(author), ret->author, sizeof(ret->author));
	walk_up(author, source, &walk);
	look = discover(&walk, &index);
	if (look == DMARC_LOOK_FOUND && walk.records[index].ignored)
		look = DMARC_LOOK_NOTHING;
	if (look == DMARC_LOOK_FOUND)
		look = published_policy(&walk, index, source, &ret->published);
	if (look != DMARC_LOOK_FOUND) {
		ret->result = look == DMARC_LOOK_WAIT	   ? DMARC_WAIT
			      : look == DMARC_LOOK_NOTHING ? DMARC_NO_POLICY
							   : DMARC_TEMPERROR;
		return;
	}
	slice_copy(slice_of(walk.names[index]), ret->record, sizeof(ret->record));
	ret->applied = walk.records[index].testing ? milder(ret->published) : ret->published;
	ret->result = check_identifiers(message, &walk, &walk.records[index], source);
}

static bool is_worse(const struct dmarc_verdict *verdict, const struct dmarc_verdict *other)
{
	if (verdict->result != other->result)
		return verdict->result > other->result;
	return verdict->applied > other->applied;
}

void dmarc_evaluate(const struct dmarc_message *message, const struct dmarc_source *source,
		    struct dmarc_verdict *ret)
{
	bool unreadable = message->unreadable || message->author_count == 0;
	struct dmarc_verdict verdict;

	*ret = (struct dmarc_verdict){
	    .result = DMARC_FAIL, .published = DMARC_QUARANTINE, .applied = DMARC_QUARANTINE};
	for (size_t i = 0; i < message->author_count; i++) {
		evaluate_author(message, message->authors[i], source, &verdict);
		if ((i == 0 && !unreadable) || is_worse(&verdict, ret))
			*ret = verdict;
	}
}

void dmarc_ask_ahead(const char *author, const struct dmarc_source *source)
{
	struct walk walk;

	walk_up(author, source, &walk);
}
