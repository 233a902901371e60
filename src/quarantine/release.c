// SPDX-License-Identifier: GPL-3.0-or-later
#include "quarantine/release.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/clock.h"
#include "net/smtp.h"

enum {
	TIMEOUT_MS = 600 * 1000,
	PIECE = 64 << 10,
};

/* amavis has no lock on what it writes.  The kernel gives a read lease only for a file
 * that nobody has open for writing (fcntl(2), F_SETLEASE); where there are no leases,
 * nothing is known. */
static int check_complete(int fd, struct error *error)
{
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN
			   ? error_set(error, EBUSY, "it is just being written; try again")
			   : 0;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return 0;
}

static enum failure_class send_file(struct session *session, int fd, size_t offset)
{
	_cleanup_(buffer_free) struct buffer piece = BUFFER_INIT;
	enum failure_class failure = FAILURE_NONE;
	_cleanup_free_ char *bytes = malloc(PIECE);
	bool at_start = true;

	while (bytes && !failure) {
		ssize_t got = pread(fd, bytes, PIECE, (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) /* the connection ends without a dot: nothing is queued */
			return stream_fail_errno(&session->stream, errno, "read the file");
		buffer_reset(&piece);
		smtp_stuff_lines(bytes, (size_t)got, &at_start, &piece);
		if (got == 0)
			buffer_add_text(&piece, at_start ? ".\r\n" : "\r\n.\r\n");
		if (piece.failed)
			break;
		failure = stream_write(&session->stream, piece.data, piece.size);
		if (got == 0)
			return failure;
		offset += (size_t)got;
	}
	return failure ? failure
		       : failure_set(&session->stream.failure, FAILURE_RESOURCE, "out of memory");
}

static char *queue_id(const char *reply)
{
	static const char before[] = "queued as ";
	const char *id = strstr(reply, before);

	if (!id)
		return strdup("unknown");
	id += sizeof(before) - 1;
	return strndup(id, strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "abcdefghijklmnopqrstuvwxyz"));
}

/* *ret_sent: all bytes went out, and only the answer is missing. */
static enum failure_class converse(struct session *session, int fd,
				   const struct quarantine_release *release, char **ret_id,
				   bool *ret_sent)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	enum failure_class failure =
	    smtp_begin(session, release->sender, release->recipients, release->count, &reply);

	if (!failure)
		failure = send_file(session, fd, release->offset);
	if (failure)
		return failure;
	*ret_sent = true;
	failure = smtp_read_reply(session, &reply);
	if (failure)
		return failure;
	*ret_sent = false;
	if (reply.code != 250)
		return smtp_unexpected(session, &reply, "the message");
	*ret_id = queue_id(buffer_text(&reply.text));
	return FAILURE_NONE;
}

bool quarantine_address_is_valid(const char *address)
{
	size_t size = strlen(address);
	bool quoted = false;

	/* No quoting makes a line of SMTP out of two. */
	if (strpbrk(address, "\r\n"))
		return false;
	for (size_t i = 0; i < size; i++) {
		if (!quoted && (unsigned char)address[i] <= ' ')
			return false;
		if (address[i] == '\\' && quoted && i + 1 < size)
			i++;
		else if (address[i] == '"')
			quoted = !quoted;
		else if (!quoted && strchr("<>,;", address[i]))
			return false;
	}
	return !quoted && size <= QUARANTINE_ADDRESS_MAX;
}

static int check_addresses(const struct quarantine_release *release, struct error *error)
{
	bool valid = quarantine_address_is_valid(release->sender);

	for (size_t i = 0; i < release->count; i++)
		valid = valid && release->recipients[i][0] &&
			quarantine_address_is_valid(release->recipients[i]);
	return valid ? 0
		     : error_set(error, EINVAL,
				 "an address of its envelope cannot be written in SMTP; "
				 "`postcask quarantine show ID --raw` gives the message");
}

int quarantine_release(int fd, const struct quarantine_release *release, char **ret_queue_id,
		       struct error *error)
{
	struct session_params params = {
	    .protocol = &smtp_protocol,
	    .security = SECURITY_CLEAR,
	    .helo = "quarantine.localhost",
	};
	_cleanup_(session_free) struct session session = SESSION_INIT;
	enum failure_class failure;
	bool sent = false;
	int result = check_complete(fd, error);

	if (result == 0)
		result = check_addresses(release, error);
	if (result < 0)
		return result;
	params.stream.address = release->socket ? release->socket : QUARANTINE_RELEASE_SOCKET;
	params.stream.deadline_ms =
	    clock_now_ms() + (release->timeout_ms ? release->timeout_ms : TIMEOUT_MS);
	failure = session_open(&session, &params);
	if (!failure)
		failure = converse(&session, fd, release, ret_queue_id, &sent);
	if (failure)
		return error_set(error, EIO, "%s%s", failure_text(&session.stream.failure),
				 sent ? "; it may have been delivered nevertheless" : "");
	return *ret_queue_id ? 0 : error_set(error, ENOMEM, "out of memory");
}
