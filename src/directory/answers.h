// SPDX-License-Identifier: GPL-3.0-or-later
/* Who answers what: the functions of base/ask.h, whose context is a struct directory. */
#ifndef POSTCASK_DIRECTORY_ANSWERS_H
#define POSTCASK_DIRECTORY_ANSWERS_H

#include "base/ask.h"

int answer_user_add(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_user_set(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_user_remove(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_user_list(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_user_show(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_user_import(void *context, const json_t *question, json_t *answer, struct error *error);

int answer_filter_set(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_filter_show(void *context, const json_t *question, json_t *answer, struct error *error);

int answer_alias_add(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_alias_set(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_alias_remove(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_alias_list(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_alias_show(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_alias_import(void *context, const json_t *question, json_t *answer, struct error *error);

int answer_domain_set(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_domain_list(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_domain_show(void *context, const json_t *question, json_t *answer, struct error *error);

int answer_shared_add(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_shared_set(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_shared_remove(void *context, const json_t *question, json_t *answer,
			 struct error *error);
int answer_shared_list(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_shared_show(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_member_put(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_member_remove(void *context, const json_t *question, json_t *answer,
			 struct error *error);

int answer_takeover(void *context, const json_t *question, json_t *answer, struct error *error);

int answer_app_add(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_app_list(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_app_revoke(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_factor_add(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_factor_confirm(void *context, const json_t *question, json_t *answer,
			  struct error *error);
int answer_factor_check(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_factor_show(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_factor_codes(void *context, const json_t *question, json_t *answer, struct error *error);
int answer_factor_remove(void *context, const json_t *question, json_t *answer,
			 struct error *error);
int answer_mailbox_pause(void *context, const json_t *question, json_t *answer,
			 struct error *error);
int answer_mailbox_switch(void *context, const json_t *question, json_t *answer,
			  struct error *error);
int answer_main(void *context, const json_t *question, json_t *answer, struct error *error);

#endif
