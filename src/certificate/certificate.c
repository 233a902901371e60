// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/file.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_issue.h"
#include "certificate/certificate_next.h"
#include "certificate/certificate_pem.h"
#include "certificate/certificate_public.h"
#include "certificate/certificate_sni.h"

#define NAME_MAX_LENGTH 253
#define GIVEN_WARNING	(INT64_C(30) * 86400) /* a given certificate near its end is noted */
/* An ACME certificate makes place for the own authority's so long before its end: more than
 * lies between two runs of the job (postcask-acme.timer), so that there is no gap. */
#define ACME_MARGIN	 INT64_C(7200)
#define ACME_MARGIN_PART 20 /* of a life that is shorter than that is long */

const char *certificate_reason_name(enum certificate_reason reason)
{
	static const char *const NAMES[] = {"current",	     "missing",	 "damaged",
					    "not yet valid", "expiring", "names",
					    "issuer",	     "wanted",	 "given"};

	return NAMES[reason];
}

void certificate_outcome_clear(struct certificate_outcome *outcome)
{
	free(outcome->note);
	*outcome = CERTIFICATE_OUTCOME_INIT;
}

static bool is_given(const struct certificate_request *request)
{
	return request->given_certificate && request->given_certificate[0] != '\0';
}

/* Letters, digits, hyphens and dots: what may stand in a certificate. */
static int check_names(const struct certificate_request *request, struct error *error)
{
	static const char ALLOWED[] = "abcdefghijklmnopqrstuvwxyz0123456789.-";

	if (request->name_count == 0 ||
	    request->name_count + request->domain_count > CERTIFICATE_NAMES_MAX)
		return error_set(error, EINVAL, "a certificate needs 1 to %d names",
				 CERTIFICATE_NAMES_MAX);
	for (size_t i = 0; i < request->name_count + request->domain_count; i++) {
		const char *name = request->names[i];
		size_t length = strlen(name);

		if (length == 0 || length > NAME_MAX_LENGTH || strspn(name, ALLOWED) != length)
			return error_set(error, EINVAL, "\"%.80s\" is no host name", name);
	}
	return 0;
}

/* One ensure while it runs. */
struct work {
	const struct certificate_request *request;
	struct certificate_outcome *outcome;
	struct authority authority;
	int64_t now;
	int acme; /* how many files hold one of the ACME authority */
};

static void work_clear(struct work *work)
{
	authority_clear(&work->authority);
}

/* Is a file of ours whole, and of this machine's authority? */
static enum certificate_reason judge_file(const struct work *work, const struct key_chain *file,
					  enum certificate_kind kind)
{
	X509 *leaf;

	if (!file->key || !certificate_key_is(file->key, kind) || !file->chain ||
	    sk_X509_num(file->chain) == 0)
		return CERTIFICATE_DAMAGED;
	leaf = sk_X509_value(file->chain, 0);
	if (X509_check_private_key(leaf, file->key) != 1)
		return CERTIFICATE_DAMAGED;
	if (X509_NAME_cmp(X509_get_issuer_name(leaf),
			  X509_get_subject_name(work->authority.certificate)) != 0)
		return CERTIFICATE_ISSUER;
	return authority_issued(&work->authority, leaf) ? CERTIFICATE_CURRENT : CERTIFICATE_DAMAGED;
}

/* Is the rest of the chain the authority's certificate as it is now? */
static bool has_authority(const struct work *work, const struct key_chain *file)
{
	return sk_X509_num(file->chain) == 2 &&
	       X509_cmp(sk_X509_value(file->chain, 1), work->authority.certificate) == 0;
}

static enum certificate_reason judge_leaf(const struct work *work, X509 *leaf)
{
	const struct certificate_request *request = work->request;
	int64_t begin = certificate_not_before(leaf), end = certificate_not_after(leaf);

	if (!certificate_has_names(leaf, request->names, request->name_count))
		return CERTIFICATE_NAMES;
	if (begin > work->now)
		return CERTIFICATE_NOT_YET_VALID;
	if (end - work->now < (end - begin) / 3)
		return CERTIFICATE_EXPIRING;
	return request->renew ? CERTIFICATE_WANTED : CERTIFICATE_CURRENT;
}

/* Is one of the ACME authority good for the name that clients know?  Others of its names are
 * the business of its next renewal. */
static enum certificate_reason judge_acme(const struct work *work, X509 *leaf)
{
	int64_t begin = certificate_not_before(leaf), end = certificate_not_after(leaf);
	int64_t margin = (end - begin) / ACME_MARGIN_PART;

	if (margin > ACME_MARGIN)
		margin = ACME_MARGIN;
	if (X509_check_host(leaf, work->request->names[0], 0, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
			    NULL) != 1)
		return CERTIFICATE_NAMES;
	if (begin > work->now)
		return CERTIFICATE_NOT_YET_VALID;
	return end - work->now < margin ? CERTIFICATE_EXPIRING : CERTIFICATE_CURRENT;
}

/* One of this machine's authority. */
static enum certificate_reason judge_own(const struct work *work, const struct key_chain *file)
{
	enum certificate_reason reason = judge_leaf(work, sk_X509_value(file->chain, 0));

	return reason == CERTIFICATE_CURRENT && !has_authority(work, file) ? CERTIFICATE_DAMAGED
									   : reason;
}

/* Reads a server file and says what is to be done with it. */
static int judge(struct work *work, enum certificate_kind kind, const char *path,
		 struct key_chain *file, enum certificate_reason *ret_reason, struct error *error)
{
	int result = key_chain_read(path, file, error);
	enum certificate_reason reason;

	if (result == -ENOENT) {
		*ret_reason = CERTIFICATE_MISSING;
		return 0;
	}
	if (result < 0 && result != -EBADMSG && result != -EFBIG)
		return result;
	reason = result < 0 ? CERTIFICATE_DAMAGED : judge_file(work, file, kind);
	if (reason == CERTIFICATE_ISSUER && work->request->acme_directory) {
		reason = judge_acme(work, sk_X509_value(file->chain, 0));
		work->acme += reason == CERTIFICATE_CURRENT;
	} else if (reason == CERTIFICATE_CURRENT) {
		reason = judge_own(work, file);
	}
	ERR_clear_error();
	*ret_reason = reason;
	return 0;
}

/* May the key of the file go on?  Not one that came with a given certificate: it may have
 * been withdrawn because it leaked.  One that an ACME authority signed was ours. */
static bool keeps_key(const struct work *work, const struct key_chain *file,
		      enum certificate_kind kind, enum certificate_reason reason)
{
	return file->key && certificate_key_is(file->key, kind) &&
	       (reason != CERTIFICATE_ISSUER ||
		certificate_public_has_own_key(work->request->folder, file->key)) &&
	       !(work->request->renew && work->request->new_keys);
}

static int issue_file(const struct work *work, enum certificate_kind kind, const char *path,
		      struct key_chain *file, enum certificate_reason reason, int64_t *ret_end,
		      struct error *error)
{
	_cleanup_(key_chain_clear) struct key_chain made = KEY_CHAIN_INIT;
	_cleanup_(cleanup_x509) X509 *leaf = NULL;
	int result = 0;

	if (keeps_key(work, file, kind, reason))
		made.key = TAKE_POINTER(file->key);
	else
		result = certificate_next_take(work->request->folder, kind, &made.key, error);
	if (result == 0)
		result = certificate_issue(&work->authority, made.key, work->request->names,
					   work->request->name_count, work->now, &leaf, error);
	if (result < 0)
		return result;
	*ret_end = certificate_not_after(leaf);
	made.chain = sk_X509_new_null();
	if (!made.chain || !X509_add_cert(made.chain, leaf, X509_ADD_FLAG_UP_REF) ||
	    !X509_add_cert(made.chain, work->authority.certificate, X509_ADD_FLAG_UP_REF))
		return error_set(error, ENOMEM, "out of memory");
	result = key_chain_write(path, 0600, made.key, made.chain, error);
	return result < 0 ? result
			  : certificate_next_drop(work->request->folder, kind, made.key, error);
}

static void outcome_note_end(struct certificate_outcome *outcome, int64_t end)
{
	if (outcome->not_after == 0 || end < outcome->not_after)
		outcome->not_after = end;
}

static int ensure_own_file(struct work *work, enum certificate_kind kind, struct error *error)
{
	_cleanup_free_ char *path = file_join(work->request->folder, certificate_file_name(kind));
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	enum certificate_reason reason;
	int64_t end = 0;
	int result;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	result = judge(work, kind, path, &file, &reason, error);
	if (result < 0)
		return result;
	if (reason == CERTIFICATE_CURRENT)
		end = certificate_not_after(sk_X509_value(file.chain, 0));
	else
		result = issue_file(work, kind, path, &file, reason, &end, error);
	if (result < 0)
		return result;
	work->outcome->reason[kind] = reason;
	work->outcome->changed |= reason != CERTIFICATE_CURRENT;
	outcome_note_end(work->outcome, end);
	return 0;
}

/* What people have to do about another authority. */
static int note_authority(struct certificate_outcome *outcome, struct error *error)
{
	static const char *const sentences[] = {
	    [AUTHORITY_REPLACED] =
		"the certificate authority's key was lost and a new authority was made; import "
		"the new CA certificate (postcask cert ca) into every client",
	    [AUTHORITY_WIDENED] =
		"the certificate authority signs for other names than before; import its new "
		"certificate (postcask cert ca) into every client",
	};
	const char *sentence = sentences[outcome->authority];

	if (!sentence)
		return 0;
	outcome->note = strdup(sentence);
	return outcome->note ? 0 : error_set(error, ENOMEM, "out of memory");
}

static int ensure_own(struct work *work, struct error *error)
{
	const struct certificate_request *request = work->request;
	const struct authority_names names = {request->names, request->name_count,
					      request->domain_count};
	int result = authority_ensure(request->folder, &names, work->now, &work->authority,
				      &work->outcome->authority, error);

	for (int kind = 0; result == 0 && kind < CERTIFICATE_KINDS; kind++)
		result = ensure_own_file(work, (enum certificate_kind)kind, error);
	for (int kind = 0; result == 0 && request->next && kind < CERTIFICATE_KINDS; kind++)
		result =
		    certificate_next_ensure(request->folder, (enum certificate_kind)kind, error);
	work->outcome->acme = work->acme == CERTIFICATE_KINDS;
	return result < 0 ? result : note_authority(work->outcome, error);
}

/* Writes the given certificate unless the file is the same already. */
static int ensure_given_file(struct work *work, enum certificate_kind kind, BIO *text,
			     struct error *error)
{
	_cleanup_free_ char *path = file_join(work->request->folder, certificate_file_name(kind));
	char *wanted, *found = NULL;
	size_t wanted_size = (size_t)BIO_get_mem_data(text, &wanted), found_size = 0;
	bool same;
	int result;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	result = file_read(path, wanted_size, &found, &found_size, error);
	same = result == 0 && found_size == wanted_size && memcmp(found, wanted, found_size) == 0;
	if (found)
		OPENSSL_cleanse(found, found_size);
	free(found);
	if (same)
		return 0;
	if (result < 0 && result != -ENOENT && result != -EFBIG)
		return result;
	work->outcome->reason[kind] = CERTIFICATE_GIVEN;
	work->outcome->changed = true;
	return file_replace(path, wanted, wanted_size, 0600, (uid_t)-1, (gid_t)-1, error);
}

/* The settings' checker has refused a bad one; what remains is that time goes on. */
static int note_given_end(struct certificate_outcome *outcome, int64_t now, struct error *error)
{
	char text[TIME_TEXT];

	if (outcome->not_after - now >= GIVEN_WARNING)
		return 0;
	certificate_format_time(outcome->not_after, text);
	if (asprintf(&outcome->note,
		     "the given certificate %s on %s; give a newer one in mail: tls: certificate",
		     outcome->not_after < now ? "ended" : "ends", text) < 0) {
		outcome->note = NULL;
		return error_set(error, ENOMEM, "out of memory");
	}
	return 0;
}

static int ensure_given(struct work *work, struct error *error)
{
	const struct certificate_request *request = work->request;
	_cleanup_(key_chain_clear) struct key_chain given = KEY_CHAIN_INIT;
	_cleanup_(key_chain_clear) struct key_chain key = KEY_CHAIN_INIT;
	_cleanup_(cleanup_bio) BIO *text = NULL;
	const char *key_text = request->given_key ? request->given_key : "";
	int result;

	result = key_chain_parse(request->given_certificate, strlen(request->given_certificate),
				 &given, error);
	if (result == 0)
		result = key_chain_parse(key_text, strlen(key_text), &key, error);
	if (result < 0) {
		error_wrap(error, "the given certificate");
		return result;
	}
	if (!given.chain || !key.key ||
	    X509_check_private_key(sk_X509_value(given.chain, 0), key.key) != 1) {
		ERR_clear_error();
		return error_set(error, EINVAL, "the given certificate and key are no pair");
	}
	text = key_chain_format(key.key, given.chain);
	if (!text)
		return error_set(error, ENOMEM, "out of memory");
	for (int kind = 0; result == 0 && kind < CERTIFICATE_KINDS; kind++)
		result = ensure_given_file(work, (enum certificate_kind)kind, text, error);
	work->outcome->given = true;
	work->outcome->not_after = certificate_not_after(sk_X509_value(given.chain, 0));
	return result < 0 ? result : note_given_end(work->outcome, work->now, error);
}

int certificate_ensure(const struct certificate_request *request, struct certificate_outcome *out,
		       struct error *error)
{
	_cleanup_(certificate_outcome_clear) struct certificate_outcome outcome =
	    CERTIFICATE_OUTCOME_INIT;
	_cleanup_(work_clear) struct work work = {.request = request, .outcome = &outcome};
	_cleanup_close_ int lock = -1;
	int result = check_names(request, error);

	work.now = request->now ? request->now : (int64_t)time(NULL);
	if (result == 0)
		result = certificate_lock(request->folder, &lock, error);
	if (result == 0)
		result = certificate_remove_leftovers(request->folder, error);
	if (result == 0)
		result = is_given(request) ? ensure_given(&work, error) : ensure_own(&work, error);
	if (result == 0 && request->acme_directory)
		result = certificate_sni_write(request->folder, work.now, error);
	if (result == 0)
		result = certificate_publish(request, outcome.given || outcome.acme, error);
	if (result < 0) {
		error_wrap(error, "certificates");
		return result;
	}
	if (error)
		error_clear(error); /* what was missing is there now */
	*out = outcome;
	outcome = CERTIFICATE_OUTCOME_INIT;
	return 0;
}
