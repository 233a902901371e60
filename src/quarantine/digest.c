// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/digest.h"

#include <errno.h>
#include <string.h>

#include "quarantine/harmless.h"
#include "queue/sendmail.h"

enum {
	HOUR = 3600,
	DAY = 24 * HOUR,
	COLUMNS = 62,
};

/* What one mail is made of. */
struct mail {
	const char *to;
	bool resident; /* for a user, about mail to that address alone */
	size_t count;
	const struct buffer *list;
	const struct held *held; /* NULL: of no interest, or nothing */
};

bool digest_is_due(enum quarantine_period period, int64_t last, int64_t now)
{
	/* An hour or two less, as the timer does not come at the same second. */
	int64_t wait = period == DIGEST_WEEKLY ? 7 * DAY - 12 * HOUR : DAY - 4 * HOUR;

	return period != DIGEST_NEVER && (last == 0 || now < last || now - last >= wait);
}

void digest_add_word(struct buffer *text, const char *word)
{
	size_t limit = COLUMNS;

	for (; *word && limit; word++, limit--) {
		char c = (char)(*word | 0x20);
		bool good = (c >= 'a' && c <= 'z') || (*word >= '0' && *word <= '9') ||
			    strchr(" ._+-=@", *word);

		buffer_add_char(text, good ? *word : '?');
	}
	if (*word)
		buffer_add_text(text, "...");
}

static void add_recipients(struct buffer *list, const struct quarantine_header *header)
{
	buffer_add_text(list, "    to       ");
	digest_add_word(list, header->recipients[0]);
	if (header->recipient_count > 1)
		buffer_addf(list, " and %zu more", header->recipient_count - 1);
	buffer_add_char(list, '\n');
}

static bool is_virus(const struct quarantine_item *item)
{
	return strcmp(quarantine_kind(item), "virus") == 0;
}

/* `resident`: nobody learns who else got a message. */
static void add_entry(struct buffer *list, const struct quarantine_entry *entry, bool resident)
{
	const struct quarantine_header *header = &entry->header;
	char date[QUARANTINE_TIME_TEXT], size[QUARANTINE_SIZE_TEXT];

	quarantine_format_time(entry->item->time, date);
	quarantine_format_size(quarantine_entry_size(entry), size);
	buffer_addf(list, "%s  %s  ", date, quarantine_kind(entry->item));
	if (entry->damage) {
		buffer_addf(list, "damaged file\n    id       %s\n\n", entry->item->id);
		return;
	}
	if (resident && strcmp(quarantine_kind(entry->item), "spam") == 0)
		buffer_add_text(list,
				"what you want kept from you"); /* the reason names others too */
	else if (is_virus(entry->item))
		digest_add_word(list, header->reason);
	else
		harmless_add_plain(list, header->reason, strlen(header->reason), COLUMNS);
	if (strcmp(quarantine_kind(entry->item), "limits") == 0)
		buffer_add_text(list,
				"\n    means    not looked into whole; no virus was found in it");
	buffer_add_text(list, "\n    from     ");
	digest_add_word(list, header->sender[0] ? header->sender : "-");
	buffer_add_char(list, '\n');
	if (!resident)
		add_recipients(list, header);
	buffer_add_text(list, "    subject  ");
	harmless_add_plain(list, header->subject, strlen(header->subject), COLUMNS);
	buffer_addf(list, "\n    size     %s\n    id       %s\n\n", size, entry->item->id);
}

static void add_residents(const struct digest *digest, const struct quarantine_entry *entry)
{
	for (size_t i = 0; i < entry->header.recipient_count; i++) {
		struct resident *resident =
		    residents_find(digest->residents, entry->header.recipients[i]);

		if (resident && resident->count++ < DIGEST_SHOWN_MAX)
			add_entry(&resident->list, entry, true);
	}
}

static void add_head(const struct digest *digest, const struct mail *mail, struct buffer *message)
{
	buffer_addf(message,
		    "From: Quarantine of %s <%s>\nTo: <%s>\n"
		    "Subject: Quarantine of %s: %zu new message%s",
		    digest->config->hostname, digest->config->postmaster, mail->to,
		    digest->config->hostname, mail->count, mail->count == 1 ? "" : "s");
	if (mail->held)
		buffer_addf(message, ", %zu on hold in the queue", mail->held->count);
	buffer_add_char(message, '\n');
	sendmail_add_header(message, digest->config->hostname, digest->now);
}

static void add_held(const struct held *held, struct buffer *message)
{
	bool one = held->count == 1;

	buffer_addf(message,
		    "%zu message%s %s on hold in the queue, and %s nowhere until somebody lets "
		    "%s:\n\n",
		    held->count, one ? "" : "s", one ? "is" : "are", one ? "goes" : "go",
		    one ? "it" : "them");
	buffer_add(message, buffer_text(&held->list), held->list.size);
	if (held->count > HELD_SHOWN_MAX)
		buffer_addf(message, "and %zu more.\n\n", held->count - HELD_SHOWN_MAX);
	buffer_add_text(message,
			"To look at one, to let it go on, or to delete it, as root there:\n\n"
			"    postcat -q ID\n    postsuper -H ID\n    postsuper -d ID\n");
}

static void add_end(const struct digest *digest, const struct mail *mail, struct buffer *message)
{
	if (mail->count > DIGEST_SHOWN_MAX)
		buffer_addf(message, "and %zu more.\n\n", mail->count - DIGEST_SHOWN_MAX);
	if (mail->resident)
		buffer_addf(message,
			    "If you expect one of them, write to %s and\n"
			    "give its id.  Never ask for a message that you do not expect.\n",
			    digest->config->postmaster);
	else
		buffer_add_text(message,
				"To look at one, to deliver it nevertheless, or to delete it, as "
				"root there:\n\n    postcask quarantine show ID\n"
				"    postcask quarantine release ID\n"
				"    postcask quarantine delete ID\n");
	if (digest->config->retention_days)
		buffer_addf(message, "\nThey are deleted after %u days.\n",
			    digest->config->retention_days);
	else
		buffer_add_text(message, "\nThey are kept until somebody deletes them.\n");
}

static void add_quarantined(const struct digest *digest, const struct mail *mail,
			    struct buffer *message)
{
	buffer_addf(message, "%zu message%s%s %s kept from %s:\n\n", mail->count,
		    mail->count == 1 ? "" : "s", mail->resident ? " to you" : "",
		    mail->count == 1 ? "was" : "were",
		    mail->resident ? "your mailbox, as harmful, unwanted or not to be looked into"
				   : "the mailboxes, and nobody has got them");
	buffer_add(message, buffer_text(mail->list), mail->list->size);
	add_end(digest, mail, message);
}

static int send_mail(const struct digest *digest, const struct mail *mail, size_t *mails,
		     struct error *error)
{
	_cleanup_(buffer_free) struct buffer message = BUFFER_INIT;

	add_head(digest, mail, &message);
	if (mail->count)
		add_quarantined(digest, mail, &message);
	if (mail->count && mail->held)
		buffer_add_text(&message, "\n");
	if (mail->held)
		add_held(mail->held, &message);
	if (message.failed || mail->list->failed || (mail->held && mail->held->list.failed))
		return error_set(error, ENOMEM, "out of memory");
	++*mails;
	return digest->send(digest->context, mail->to, message.data, message.size, error);
}

static int send_all(const struct digest *digest, const struct mail *postmaster, size_t *mails,
		    struct error *error)
{
	int result = 0;

	if (postmaster->count || postmaster->held)
		result = send_mail(digest, postmaster, mails, error);
	for (size_t i = 0; result == 0 && i < digest->residents->count; i++) {
		const struct resident *resident = digest->residents->residents + i;
		struct mail mail = {resident->address, true, resident->count, &resident->list,
				    NULL};

		if (resident->count)
			result = send_mail(digest, &mail, mails, error);
	}
	return result;
}

static bool is_new(const struct quarantine_item *item, const struct diary *diary)
{
	const struct diary_line *line =
	    item->place == QUARANTINE_HELD ? diary_find(diary, item->name) : NULL;

	return line && !line->told;
}

/* One message: into the lists of who is told of it. */
static void tell_of(const struct digest *digest, const struct quarantine *quarantine,
		    const struct quarantine_item *item, struct mail *postmaster,
		    struct buffer *list)
{
	_cleanup_(quarantine_entry_free) struct quarantine_entry entry = QUARANTINE_ENTRY_INIT;
	const struct quarantine_told *told =
	    is_virus(item) ? &digest->config->viruses : &digest->config->rest;
	bool shown = told->postmaster && postmaster->count < DIGEST_SHOWN_MAX;

	postmaster->count += told->postmaster;
	if (shown || told->recipients)
		quarantine_entry_load(quarantine, item, &entry, NULL);
	if (shown)
		add_entry(list, &entry, false);
	if (told->recipients)
		add_residents(digest, &entry);
}

int digest_run(const struct digest *digest, const struct quarantine *quarantine,
	       const struct quarantine_items *items, struct diary *diary, size_t *ret_count,
	       size_t *ret_mails, struct error *error)
{
	_cleanup_(buffer_free) struct buffer list = BUFFER_INIT;
	bool told = quarantine_told(digest->config).postmaster;
	const struct held *held = told && digest->held && digest->held->count ? digest->held : NULL;
	struct mail postmaster = {digest->config->receiver, false, 0, &list, held};
	size_t count = 0;
	int result;

	*ret_count = *ret_mails = 0;
	for (size_t i = 0; i < items->count; i++) {
		if (!is_new(items->items + i, diary))
			continue;
		count++;
		tell_of(digest, quarantine, items->items + i, &postmaster, &list);
	}
	if (count == 0 && !held)
		return 0;
	result = send_all(digest, &postmaster, ret_mails, error);
	if (result < 0)
		return result;
	for (size_t i = 0; i < diary->count; i++)
		diary->lines[i].told = true;
	diary->digest = digest->now;
	*ret_count = count;
	return 0;
}

int digest_sendmail(void *context _unused_, const char *to, const char *message, size_t size,
		    struct error *error)
{
	return sendmail_send(to, message, size, error);
}
