// SPDX-License-Identifier: GPL-3.0-or-later
#include "dns/finding.h"

#include <stdio.h>
#include <string.h>

static bool has(const struct dns_findings *findings, const char *sentence)
{
	for (size_t i = findings->count; i > 0; i--)
		if (strcmp(findings->items[i - 1].sentence, sentence) == 0)
			return true;
	return false;
}

static bool make_room(struct dns_findings *findings)
{
	size_t capacity = findings->capacity ? findings->capacity * 2 : 32;
	struct dns_finding *items;

	if (findings->count < findings->capacity)
		return true;
	items = realloc(findings->items, capacity * sizeof(*items));
	if (!items)
		return false;
	findings->items = items;
	findings->capacity = capacity;
	return true;
}

void dns_findings_vadd(struct dns_findings *findings, const struct dns_finding *about,
		       const char *format, va_list arguments)
{
	struct dns_finding finding = *about;

	if (vasprintf(&finding.sentence, format, arguments) < 0)
		finding.sentence = NULL;
	if (finding.sentence && has(findings, finding.sentence)) {
		free(finding.sentence);
		return;
	}
	finding.name = about->name ? strdup(about->name) : NULL;
	if (!finding.sentence || (about->name && !finding.name) || !make_room(findings)) {
		findings->failed = true;
		free(finding.sentence);
		free(finding.name);
		return;
	}
	findings->items[findings->count++] = finding;
}

void dns_findings_cut(struct dns_findings *findings, size_t count)
{
	while (findings->count > count) {
		findings->count--;
		free(findings->items[findings->count].name);
		free(findings->items[findings->count].sentence);
	}
}

void dns_findings_clear(struct dns_findings *findings)
{
	dns_findings_cut(findings, 0);
	free(findings->items);
	*findings = DNS_FINDINGS_INIT;
}

const char *dns_fault_name(enum dns_fault fault)
{
	static const char *const names[] = {"missing", "wrong", "harmful"};

	return names[fault];
}
