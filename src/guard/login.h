// SPDX-License-Identifier: GPL-3.0-or-later
/* What Dovecot says of one login when it is over (auth_policy, doc.dovecot.org): a JSON object
 *
 *	{"device_id": "", "login": "alice@example.org", "protocol": "imap", "pwhash": "0a1",
 *	 "remote": "192.0.2.1", "session_id": "...", "fail_type": "credentials",
 *	 "success": false, "policy_reject": false}
 *
 * `pwhash` is 12 bits of a hash of a secret, the login and the password: enough to know two apart,
 * and too little to find either. */
#ifndef POSTCASK_GUARD_LOGIN_H
#define POSTCASK_GUARD_LOGIN_H

#include <jansson.h>

#include "guard/judge.h"

enum login_outcome {
	LOGIN_NOTHING, /* it says nothing of anybody, such as when a database was away */
	LOGIN_GOOD,
	LOGIN_WRONG,
};

/* The object; NULL for what is none.  The caller's. */
json_t *login_parse(struct slice body);

/* *ret_network is set for GOOD and WRONG, *ret_try for WRONG. */
enum login_outcome login_read(const struct judge *judge, const json_t *said,
			      struct network *ret_network, struct judge_try *ret_try);

#endif
