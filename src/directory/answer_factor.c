// SPDX-License-Identifier: GPL-3.0-or-later
/* Second factors: set up, confirmed, asked for, removed.  Who has one is asked for a code on pages,
 * behind his main password. */
#include <errno.h>
#include <string.h>

#include "base/crypto.h"
#include "base/json_file.h"
#include "directory/answers.h"
#include "directory/factor_codes.h"
#include "directory/seal.h"
#include "directory/secrets_factor.h"
#include "directory/take.h"
#include "directory/totp.h"

/* ---- What is asked ---- */

struct asked {
	struct change change;
	char *address;
	json_t *factor; /* NULL: none */
	char code[FACTOR_CODE_TYPED];
};

static void asked_free(struct asked *asked)
{
	free(asked->address);
	json_decref(asked->factor);
	explicit_bzero(asked->code, sizeof(asked->code));
}

static int take(struct directory *directory, const json_t *question, struct asked *ret,
		struct error *error)
{
	int result = take_change(question, &ret->change, error);

	if (result == 0)
		result = take_person(directory, question, &ret->address, error);
	if (result == 0)
		result = factor_take_code(question, ret->code, error);
	return result < 0
		   ? result
		   : secrets_factor_find(&directory->secrets, ret->address, &ret->factor, error);
}

static int take_in_force(const struct asked *asked, struct error *error)
{
	return secrets_factor_in_force(asked->factor)
		   ? 0
		   : error_set(error, ENOENT, "%s has no second factor that is in force",
			       asked->address);
}

/* One that is in force gives way to nobody: who lost it is helped by `remove`, which is known. */
static int put_new(struct directory *directory, const struct asked *asked, json_t *answer,
		   struct error *error)
{
	unsigned char key[TOTP_KEY];
	char text[TOTP_TEXT];
	_cleanup_free_ char *sealed = NULL;
	int result = crypto_random(key, sizeof(key), error);

	if (result == 0)
		result =
		    seal(directory->factor_key, asked->address, key, sizeof(key), &sealed, error);
	if (result == 0)
		result = secrets_factor_put(&directory->secrets, asked->address, sealed,
					    asked->change.now, error);
	totp_print_key(key, text);
	if (result == 0)
		json_object_set_new(answer, "secret", json_string(text));
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return result < 0 ? result
			  : secrets_note(&directory->secrets, &asked->change, "factor-add",
					 asked->address, "", error);
}

int answer_factor_add(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	struct cabinet *cabinet = &directory->secrets.cabinet;
	_cleanup_(asked_free) struct asked asked = {0};
	int result = take(directory, question, &asked, error);

	if (result == 0 && secrets_factor_in_force(asked.factor))
		result = error_set(error, EEXIST,
				   "%s has a second factor that is in force; remove it first",
				   asked.address);
	if (result == 0)
		result = cabinet_begin(cabinet, error);
	return result < 0 ? result
			  : cabinet_end(cabinet, put_new(directory, &asked, answer, error), error);
}

/* ---- Confirmed ---- */

static int take_confirmable(struct directory *directory, const json_t *question,
			    const struct asked *asked, struct error *error)
{
	int64_t apps = 0;
	int result;

	if (!asked->factor)
		return error_set(error, ENOENT,
				 "%s has no second factor to be confirmed; add one first",
				 asked->address);
	if (secrets_factor_in_force(asked->factor))
		return error_set(error, EEXIST, "the second factor of %s is in force already",
				 asked->address);
	result = secrets_count_good(&directory->secrets, asked->address, asked->change.now, &apps,
				    error);
	if (result == 0 && apps == 0 && !json_is_true(json_object_get(question, "without_app")))
		result = error_set(error, EINVAL,
				   "%s has no app password, and from then on no mail program gets "
				   "in without; make one first (postcask user app add), or say "
				   "--without-app-password",
				   asked->address);
	return result;
}

static int confirm(struct directory *directory, const struct asked *asked, json_t *codes,
		   struct error *error)
{
	int result =
	    secrets_factor_confirm(&directory->secrets, asked->address, asked->change.now, error);

	if (result == 0)
		result = factor_put_codes(directory, asked->address, codes, error);
	return result < 0 ? result
			  : secrets_note(&directory->secrets, &asked->change, "factor-confirm",
					 asked->address, "", error);
}

static int say_wrong(const struct guess *guess, struct error *error)
{
	if (guess->wait > 0)
		return error_set(error, EACCES,
				 "the code is not right, or too many were not; the next one is "
				 "looked at in %lld s",
				 (long long)guess->wait);
	return error_set(error, EACCES,
			 "the code is not right: it is the six digits that the device shows now, "
			 "and its clock may be wrong");
}

/* A wrong guess is on the disk too. */
int answer_factor_confirm(void *context, const json_t *question, json_t *answer,
			  struct error *error)
{
	struct directory *directory = context;
	struct cabinet *cabinet = &directory->secrets.cabinet;
	_cleanup_(asked_free) struct asked asked = {0};
	struct guess guess = {0};
	json_t *codes = json_array();
	int result = take(directory, question, &asked, error);

	json_object_set_new(answer, "codes", codes);
	if (result == 0)
		result = take_confirmable(directory, question, &asked, error);
	if (result == 0)
		result = cabinet_begin(cabinet, error);
	if (result < 0)
		return result;
	result = factor_try(directory, asked.address, asked.factor, asked.code, &asked.change,
			    &guess, error);
	if (result == 0 && guess.good)
		result = confirm(directory, &asked, codes, error);
	result = cabinet_end(cabinet, result, error);
	return result < 0 || guess.good ? result : say_wrong(&guess, error);
}

/* ---- Asked for ---- */

int answer_factor_check(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	struct cabinet *cabinet = &directory->secrets.cabinet;
	_cleanup_(asked_free) struct asked asked = {0};
	struct guess guess = {0};
	bool in_force;
	int result = take(directory, question, &asked, error);

	in_force = result == 0 && secrets_factor_in_force(asked.factor);
	if (in_force)
		result = cabinet_begin(cabinet, error);
	if (result < 0)
		return result;
	if (in_force)
		result = cabinet_end(cabinet,
				     factor_try(directory, asked.address, asked.factor, asked.code,
						&asked.change, &guess, error),
				     error);
	json_object_set_new(answer, "factor", json_boolean(in_force));
	json_object_set_new(answer, "good", json_boolean(guess.good));
	json_object_set_new(answer, "recovery", json_boolean(guess.recovery && guess.good));
	json_object_set_new(answer, "wait", json_integer(guess.wait));
	return result;
}

/* ---- Shown, renewed, removed ---- */

int answer_factor_show(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	_cleanup_free_ char *address = NULL;
	_cleanup_json_ json_t *factor = NULL;
	int result = take_person(directory, question, &address, error);

	if (result == 0)
		result = secrets_factor_find(&directory->secrets, address, &factor, error);
	if (factor) {
		json_object_del(factor, "secret");
		json_object_del(factor, "step");
	}
	json_object_set(answer, "factor", factor ? factor : json_null());
	return result;
}

int answer_factor_codes(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	struct cabinet *cabinet = &directory->secrets.cabinet;
	_cleanup_(asked_free) struct asked asked = {0};
	json_t *codes = json_array();
	int result = take(directory, question, &asked, error);

	json_object_set_new(answer, "codes", codes);
	if (result == 0)
		result = take_in_force(&asked, error);
	if (result == 0)
		result = cabinet_begin(cabinet, error);
	if (result < 0)
		return result;
	result = factor_put_codes(directory, asked.address, codes, error);
	if (result == 0)
		result = secrets_note(&directory->secrets, &asked.change, "factor-codes",
				      asked.address, "", error);
	return cabinet_end(cabinet, result, error);
}

int answer_factor_remove(void *context, const json_t *question, json_t *answer, struct error *error)
{
	struct directory *directory = context;
	struct secrets *secrets = &directory->secrets;
	_cleanup_(asked_free) struct asked asked = {0};
	int result = take(directory, question, &asked, error);

	if (result == 0 && !asked.factor)
		result = error_set(error, ENOENT, "%s has no second factor", asked.address);
	if (result == 0)
		result = cabinet_begin(&secrets->cabinet, error);
	if (result < 0)
		return result;
	result = secrets_factor_drop(secrets, asked.address, error);
	if (result == 0)
		result = secrets_note(secrets, &asked.change, "factor-remove", asked.address,
				      secrets_factor_in_force(asked.factor) ? "" : "not confirmed",
				      error);
	json_object_set_new(answer, "was_in_force",
			    json_boolean(secrets_factor_in_force(asked.factor)));
	return cabinet_end(&secrets->cabinet, result, error);
}
