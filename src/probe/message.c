// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/message.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/crypto.h"
#include "net/session.h"

enum {
	ID_BYTES = 12,
	MASK = 0x5a,	 /* over the two strings below */
	LONG_LINE = 990, /* RFC 5321 §4.5.3.1.6 allows 998 */
};

/* The EICAR test file (68 bytes), each byte xor MASK. */
static const unsigned char eicar_masked[] = {
    0x02, 0x6f, 0x15, 0x7b, 0x0a, 0x7f, 0x1a, 0x1b, 0x0a, 0x01, 0x6e, 0x06, 0x0a, 0x00,
    0x02, 0x6f, 0x6e, 0x72, 0x0a, 0x04, 0x73, 0x6d, 0x19, 0x19, 0x73, 0x6d, 0x27, 0x7e,
    0x1f, 0x13, 0x19, 0x1b, 0x08, 0x77, 0x09, 0x0e, 0x1b, 0x14, 0x1e, 0x1b, 0x08, 0x1e,
    0x77, 0x1b, 0x14, 0x0e, 0x13, 0x0c, 0x13, 0x08, 0x0f, 0x09, 0x77, 0x0e, 0x1f, 0x09,
    0x0e, 0x77, 0x1c, 0x13, 0x16, 0x1f, 0x7b, 0x7e, 0x12, 0x71, 0x12, 0x70,
};

/* The GTUBE string (68 bytes), likewise. */
static const unsigned char gtube_masked[] = {
    0x02, 0x10, 0x09, 0x70, 0x19, 0x6e, 0x10, 0x1e, 0x18, 0x0b, 0x1b, 0x1e, 0x14, 0x6b,
    0x74, 0x14, 0x09, 0x18, 0x14, 0x69, 0x70, 0x68, 0x13, 0x1e, 0x14, 0x1f, 0x14, 0x70,
    0x1d, 0x0e, 0x0f, 0x18, 0x1f, 0x77, 0x09, 0x0e, 0x1b, 0x14, 0x1e, 0x1b, 0x08, 0x1e,
    0x77, 0x1b, 0x14, 0x0e, 0x13, 0x77, 0x0f, 0x18, 0x1f, 0x77, 0x0e, 0x1f, 0x09, 0x0e,
    0x77, 0x1f, 0x17, 0x1b, 0x13, 0x16, 0x70, 0x19, 0x74, 0x69, 0x6e, 0x02,
};

static void unmask(const unsigned char *masked, size_t size, struct buffer *output)
{
	for (size_t i = 0; i < size; i++)
		buffer_add_char(output, (char)(masked[i] ^ MASK));
}

static char *make_id(void)
{
	unsigned char bytes[ID_BYTES];
	char text[2 * ID_BYTES + 1];
	char *id;

	if (getrandom(bytes, sizeof(bytes), 0) != (ssize_t)sizeof(bytes))
		return NULL;
	for (size_t i = 0; i < sizeof(bytes); i++)
		sprintf(text + 2 * i, "%02x", bytes[i]);
	return asprintf(&id, "%s@probe.selftest.invalid", text) < 0 ? NULL : id;
}

static void add_header(struct message *message, const char *address, const char *subject)
{
	time_t now = time(NULL);
	struct tm local = {0};
	char date[64] = "";

	gmtime_r(&now, &local);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000", &local); /* the C locale */
	buffer_addf(&message->text,
		    "Date: %s\r\nFrom: postcask self-test <%s>\r\nTo: <%s>\r\n"
		    "Subject: %s\r\nMessage-ID: <%s>\r\nAuto-Submitted: auto-generated\r\n"
		    "MIME-Version: 1.0\r\n",
		    date, address, address, subject, message->id);
}

static void add_plain(struct message *message)
{
	struct buffer *text = &message->text;

	buffer_add_text(text,
			"Content-Type: text/plain; charset=utf-8\r\n"
			"Content-Transfer-Encoding: 8bit\r\n\r\n"
			"This message was sent by the machine to itself.\r\n"
			"8 bit: Gr\303\274\303\237e, \320\277\320\276\321\207\321\202\320\260,"
			" \351\203\265\344\273\266\r\n"
			".a line that begins with a dot\r\n.\r\n..\r\n...\r\n\r\n"
			"trailing blanks  \t\r\nFrom the beginning of a line\r\n");
	for (int i = 0; i < LONG_LINE; i++)
		buffer_add_char(text, (char)('a' + i % 26));
	buffer_add_text(text, "\r\n.end\r\n");
}

static void add_spam(struct message *message)
{
	buffer_add_text(&message->text, "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
					"The next line marks this message as spam:\r\n\r\n");
	unmask(gtube_masked, sizeof(gtube_masked), &message->text);
	buffer_add_text(&message->text, "\r\n");
}

static void add_virus(struct message *message)
{
	_cleanup_(buffer_free) struct buffer file = BUFFER_INIT;
	_cleanup_free_ char *encoded = NULL;

	unmask(eicar_masked, sizeof(eicar_masked), &file);
	encoded = file.failed ? NULL : crypto_base64(file.data, file.size);
	if (!encoded) {
		message->text.failed = true;
		return;
	}
	buffer_addf(&message->text,
		    "Content-Type: multipart/mixed; boundary=\"probe\"\r\n\r\n"
		    "--probe\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n"
		    "The attachment is the EICAR test file, which harms nobody.\r\n"
		    "--probe\r\nContent-Type: application/octet-stream\r\n"
		    "Content-Transfer-Encoding: base64\r\n"
		    "Content-Disposition: attachment; filename=\"selftest.bin\"\r\n\r\n"
		    "%.76s\r\n%s\r\n--probe--\r\n",
		    encoded, encoded + 76);
}

int message_compose(enum message_kind kind, const char *address, struct message *message)
{
	static const char *const subjects[] = {
	    [MESSAGE_PLAIN] = "postcask self-test",
	    [MESSAGE_SPAM] = "postcask self-test: spam",
	    [MESSAGE_VIRUS] = "postcask self-test: virus",
	};

	message->id = make_id();
	if (!message->id)
		return -ENOMEM;
	add_header(message, address, subjects[kind]);
	switch (kind) {
	case MESSAGE_PLAIN:
		add_plain(message);
		break;
	case MESSAGE_SPAM:
		add_spam(message);
		break;
	case MESSAGE_VIRUS:
		add_virus(message);
		break;
	}
	return message->text.failed ? -ENOMEM : 0;
}

static const char *find_body(const char *text, size_t size)
{
	const char *end = memmem(text, size, "\r\n\r\n", 4);

	return end ? end + 4 : text + size;
}

bool message_matches(const struct message *message, const char *text, size_t size,
		     size_t *ret_difference)
{
	const char *sent = find_body(message->text.data, message->text.size);
	const char *body = find_body(text, size);
	size_t sent_size = (size_t)(message->text.data + message->text.size - sent);
	size_t body_size = (size_t)(text + size - body);
	size_t same = 0;

	while (same < sent_size && same < body_size && sent[same] == body[same])
		same++;
	if (ret_difference)
		*ret_difference = same;
	return same == sent_size && same == body_size &&
	       memmem(text, (size_t)(body - text), message->id, strlen(message->id));
}

void message_free(struct message *message)
{
	free(message->id);
	message->id = NULL;
	buffer_free(&message->text);
}
