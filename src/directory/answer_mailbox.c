// SPDX-License-Identifier: GPL-3.0-or-later
/* How mail is kept: paused while it is changed, and changed.  What a person is (quota, name) stays
 * of the settings or of a command; this is of neither. */
#include <errno.h>
#include <time.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "directory/accounts_mailbox.h"
#include "directory/answers.h"
#include "directory/both.h"
#include "directory/take.h"

static int pause_one(struct directory *directory, const json_t *question,
		     const struct change *change _unused_, struct error *error)
{
	_cleanup_free_ char *address = NULL;
	int result = take_person(directory, question, &address, error);

	return result < 0 ? result
			  : accounts_pause(&directory->accounts, address,
					   json_number(question, "until"), error);
}

/* {"until"}: the time that ends it, which is asked for again by the switch. */
int answer_mailbox_pause(void *context, const json_t *question, json_t *answer, struct error *error)
{
	int64_t seconds = 0, until = (int64_t)time(NULL);
	_cleanup_json_ json_t *timed = json_copy((json_t *)question);
	int result = take_number(question, "seconds", MAILBOX_PAUSE_MOST, &seconds, error);

	if (result < 0)
		return result;
	until = seconds ? until + seconds : 0;
	json_object_set_new(timed, "until", json_integer(until));
	json_object_set_new(answer, "until", json_integer(until));
	return both_change(context, timed, pause_one, error);
}

static int switch_one(struct directory *directory, const json_t *question,
		      const struct change *change, struct error *error)
{
	_cleanup_free_ char *address = NULL;
	const char *format = json_text(question, "format");
	int result = take_person(directory, question, &address, error);

	if (result == 0 && !accounts_is_format(format))
		result = error_set(error, EINVAL, "\"%.40s\" is no format of mailboxes", format);
	if (result == 0)
		result = accounts_switch(&directory->accounts, address, format,
					 json_number(question, "until"), change->now, error);
	return result < 0 ? result
			  : secrets_note(&directory->secrets, change, "mailbox-convert", address,
					 format, error);
}

int answer_mailbox_switch(void *context, const json_t *question, json_t *answer _unused_,
			  struct error *error)
{
	return both_change(context, question, switch_one, error);
}
