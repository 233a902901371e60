// SPDX-License-Identifier: GPL-3.0-or-later
/* What postcask-lists reads of others: answers of the DNS, postscreen's attributes, and items of
 * the settings.  The first byte says which. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lists/attributes.h"
#include "lists/life.h"
#include "net/dns_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_answer(const char *bytes, size_t size)
{
	struct catalog_list list = {.zone = "zen.example.net", .asked = "zen.example.net"};
	struct lookup_answer answer;
	uint16_t id;

	if (!dns_message_id((const unsigned char *)bytes, size, &id) ||
	    !lookup_read((const unsigned char *)bytes, size, "2.0.0.127.zen.example.net", &answer))
		return;
	if (answer.count > LOOKUP_ADDRESSES || answer.ttl > LOOKUP_TTL ||
	    (answer.count > 0) != (answer.result == LOOKUP_FOUND))
		abort();
	/* Without codes nothing counts but the test point's own. */
	if (life_kind_of(&list, LIFE_FRESH4, &answer) == LIFE_COUNTS)
		abort();
}

static void check_attributes(const char *bytes, size_t size)
{
	struct buffer answer = BUFFER_INIT;
	struct attributes found, again;

	if (attributes_parse(bytes, size, &found) == ATTRIBUTES_WHOLE) {
		attributes_answer(&found, "127.0.0.2", 60, &answer);
		if (attributes_parse(answer.data, answer.size, &again) == ATTRIBUTES_WHOLE &&
		    strcmp(found.zone, again.zone) != 0)
			abort();
	}
	buffer_free(&answer);
}

/* What was accepted has one form, and a name that can be asked for any address. */
static void check_item(const char *bytes, size_t size)
{
	struct error error = ERROR_INIT;
	struct catalog_address address = {.family = AF_INET6};
	struct blocklist list;
	struct catalog lists;
	char name[CATALOG_ASKED], *text;
	unsigned char message[DNS_MESSAGE_QUESTION];

	if (blocklist_parse(bytes, size, &list, &error) == 0) {
		text = blocklist_text(&list);
		if (strchr(text, '\n') || strlen(text) > BLOCKLIST_TEXT + 64 ||
		    catalog_parse(text, &lists, &error) < 0 || lists.count != 1)
			abort();
		catalog_ask(&lists.lists[0], &address, name);
		if (dns_message_ask(name, ns_t_a, 1, 0, LOOKUP_ANSWER, message) == 0)
			abort();
		free(text);
	}
	error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *copy;

	if (size < 1)
		return 0;
	copy = malloc(size > 1 ? size - 1 : 1); /* no NUL behind it */
	memcpy(copy, data + 1, size - 1);
	if (data[0] == 'd')
		check_answer(copy, size - 1);
	else if (data[0] == 'a')
		check_attributes(copy, size - 1);
	else
		check_item(copy, size - 1);
	free(copy);
	return 0;
}
