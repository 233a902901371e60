// SPDX-License-Identifier: GPL-3.0-or-later
#include "probe/probe_smtp.h"

#include <string.h>

#include "net/smtp.h"

enum { REFUSALS = 2 }; /* in one conversation, which may have seen another mistake or two */

/* Does a text name a version ("3.10", "2.4.1") or the product? */
static bool tells_version(const char *text)
{
	static const char *const products[] = {"postfix", "debian", "ubuntu", "dovecot"};

	for (size_t i = 0; i < ARRAY_SIZE(products); i++)
		if (strcasestr(text, products[i]))
			return true;
	for (; text[0] && text[1] && text[2]; text++)
		if (text[0] >= '0' && text[0] <= '9' && text[1] == '.' && text[2] >= '0' &&
		    text[2] <= '9')
			return true;
	return false;
}

enum failure_class probe_smtp_banner(struct probe_run *run, const struct probe *probe,
				     struct probe_result *result)
{
	const char *name = run->settings->hostname;
	size_t size = strlen(name);
	struct session *session;

	if (probe_converse(run, probe, STAGE_CLEAR, &session, result))
		return result->failure.class;
	if (strncasecmp(session->greeting, name, size) != 0 ||
	    !strchr(" ", session->greeting[size]))
		return failure_set(&result->failure, FAILURE_CONTENT,
				   "the banner '%s' does not begin with %s", session->greeting,
				   name);
	if (tells_version(session->greeting + size))
		return failure_set(&result->failure, FAILURE_POLICY,
				   "the banner '%s' tells product or version", session->greeting);
	if (!(session->capabilities & CAPABILITY_STARTTLS) ||
	    !(session->capabilities & CAPABILITY_8BITMIME))
		return failure_set(&result->failure, FAILURE_PROTOCOL,
				   "EHLO without STARTTLS or 8BITMIME");
	result->detail = strdup(session->greeting);
	return FAILURE_NONE;
}

/* One recipient that must be refused for good, with `enhanced` (RFC 3463) in the
 * answer unless that is NULL. */
static enum failure_class expect_refusal(struct session *session, const char *recipient,
					 const char *enhanced, struct probe_result *result)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;
	const char *text;

	if (smtp_command(session, &reply, "RCPT TO:<%s>", recipient))
		return probe_take_failure(result, &session->stream);
	text = buffer_text(&reply.text);
	if (reply.code < 400)
		return failure_set(&result->failure, FAILURE_POLICY, "%s was accepted: %d %s",
				   recipient, reply.code, text);
	if (reply.code < 500 || (enhanced && strncmp(text, enhanced, strlen(enhanced)) != 0))
		return failure_set(&result->failure, FAILURE_PROTOCOL,
				   "%s was refused with '%d %s' and not with 5xx %s", recipient,
				   reply.code, text, enhanced ? enhanced : "");
	return FAILURE_NONE;
}

static enum failure_class begin_mail(struct session *session, const char *sender,
				     struct probe_result *result)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;

	if (smtp_command(session, &reply, "MAIL FROM:<%s>", sender))
		return probe_take_failure(result, &session->stream);
	if (reply.code != 250 && smtp_unexpected(session, &reply, "MAIL FROM"))
		return probe_take_failure(result, &session->stream);
	return FAILURE_NONE;
}

/* Leaves the conversation as it was found, for the next probe. */
static enum failure_class end_mail(struct session *session, struct probe_result *result)
{
	_cleanup_(smtp_reply_free) struct smtp_reply reply = SMTP_REPLY_INIT;

	if (smtp_command(session, &reply, "RSET"))
		return probe_take_failure(result, &session->stream);
	if (reply.code != 250 && smtp_unexpected(session, &reply, "RSET"))
		return probe_take_failure(result, &session->stream);
	return FAILURE_NONE;
}

/* Postfix has whoever makes mistakes wait for a second each, from the fourth on: after a few
 * refusals another conversation is begun. */
static enum failure_class begin_tries(struct probe_run *run, const struct probe *probe, bool anew,
				      struct session **ret, struct probe_result *result)
{
	enum failure_class failure;

	if (anew)
		session_free(*ret);
	failure = probe_converse(run, probe, STAGE_TLS, ret, result);
	return failure ? failure : begin_mail(*ret, "", result);
}

enum failure_class probe_smtp_relay(struct probe_run *run, const struct probe *probe,
				    struct probe_result *result)
{
	static const struct {
		const char *recipient;
		const char *enhanced;
	} attempts[] = {
	    {"relay@elsewhere.invalid", "5.7.1 "},
	    {"relay%elsewhere.invalid@" PROBE_DOMAIN, NULL},
	    {"elsewhere.invalid!relay", NULL},
	    {"@" PROBE_DOMAIN ":relay@elsewhere.invalid", NULL}, /* RFC 5321 appendix C */
	    {"\"relay@elsewhere.invalid\"@" PROBE_DOMAIN, NULL},
	};
	struct session *session = NULL;
	enum failure_class failure = FAILURE_NONE;

	for (size_t i = 0; !failure && i < ARRAY_SIZE(attempts); i++) {
		if (i % REFUSALS == 0)
			failure = begin_tries(run, probe, i > 0, &session, result);
		if (!failure)
			failure = expect_refusal(session, attempts[i].recipient,
						 attempts[i].enhanced, result);
	}
	return failure ? failure : end_mail(session, result);
}

enum failure_class probe_smtp_unknown(struct probe_run *run, const struct probe *probe,
				      struct probe_result *result)
{
	const char *domain = published_text(run->settings->published, "domains[]");
	_cleanup_free_ char *recipient = NULL;
	enum failure_class failure;
	struct session *session;

	if (probe_converse(run, probe, STAGE_CLEAR, &session, result))
		return result->failure.class;
	failure = begin_mail(session, "", result);
	if (!failure)
		failure =
		    expect_refusal(session, "no-such-mailbox@" PROBE_DOMAIN, "5.1.1 ", result);
	/* The server behind is asked (gateway), and may be down: no reason to take no mail. */
	if (failure || !domain || published_true(run->settings->published, "here.asks"))
		return failure ? failure : end_mail(session, result);
	/* Part of the Message-ID: nobody has a mailbox of that name. */
	if (asprintf(&recipient, "%.*s@%s", (int)strcspn(run->messages[MAIL_IN].id, "@"),
		     run->messages[MAIL_IN].id, domain) < 0) {
		recipient = NULL;
		return failure_set(&result->failure, FAILURE_RESOURCE, "out of memory");
	}
	failure = expect_refusal(session, recipient, "5.1.1 ", result);
	return failure ? failure : end_mail(session, result);
}

enum failure_class probe_smtp_sender(struct probe_run *run, const struct probe *probe,
				     struct probe_result *result)
{
	const char *domain = published_text(run->settings->published, "domains[]");
	_cleanup_free_ char *sender = NULL;
	struct session *session;
	enum failure_class failure = probe_converse(run, probe, STAGE_LOGIN, &session, result);

	if (failure)
		return failure;
	if (asprintf(&sender, "postmaster@%s", domain ? domain : run->settings->hostname) < 0) {
		sender = NULL;
		return failure_set(&result->failure, FAILURE_RESOURCE, "out of memory");
	}
	failure = begin_mail(session, sender, result);
	if (failure == FAILURE_POLICY)
		return FAILURE_NONE; /* refused at once: as good */
	if (!failure)
		failure = expect_refusal(session, PROBE_ADDRESS, "5.7.1 ", result);
	return failure ? failure : end_mail(session, result);
}
