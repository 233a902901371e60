// SPDX-License-Identifier: GPL-3.0-or-later
/* The probes: one table, one loop.
 *
 * A probe has a first half and may have a second.  First halves start at once, in
 * the order of the table, several at a time; the second halves follow, each when
 * its first half and the probe it comes `after` are done.  So mail is sent first,
 * the quick probes run while it is scanned, and then the mailbox is looked at.
 *
 * A port may open when one of its probes passed and none failed.  A probe that
 * was skipped because another could not do its part does not keep its port shut:
 * that mail does not arrive is no reason to lock people out of the mail they
 * have. */
#ifndef POSTCASK_PROBE_H
#define POSTCASK_PROBE_H

#include <pthread.h>

#include "probe/mailbox.h"
#include "probe/message.h"
#include "probe/settings.h"

struct probe_run;
struct probe_result;
struct probe;

/* Every port has two conversations that its probes share, one after the other in the
 * order of the table; each takes it as far as it needs (enum stage).  Most of the
 * work of a probe is the server's process and handshake, and under emulation that
 * is most of the run.  After a failure the next probe begins a new one. */
enum conversation {
	CONVERSATION_NONE,    /* the probe makes connections of its own, if any */
	CONVERSATION_USER,    /* gives the right password */
	CONVERSATION_GUESSER, /* does what must be refused */
	CONVERSATIONS
};

enum stage {
	STAGE_CLEAR,
	STAGE_TLS,
	STAGE_LOGIN,
};

/* Returns the class and leaves the sentence in result->failure; may leave a
 * sentence for people in result->detail.  What does not apply to this machine sets
 * result->outcome to PROBE_SKIPPED and returns FAILURE_NONE. */
typedef enum failure_class probe_function(struct probe_run *run, const struct probe *probe,
					  struct probe_result *result);

/* The messages on their way during a run. */
enum mail {
	MAIL_VIRUS,
	MAIL_SPAM,
	MAIL_IN,
	MAIL_SUBMISSION,
	MAIL_SUBMISSIONS,
	MAILS,
};

struct probe {
	const char *name;
	const char *component; /* the daemon to look at when it fails */
	enum port port;
	probe_function *first; /* one of the two may be NULL */
	probe_function *second;
	const char *after; /* the probe that must have passed before the last half */
	bool
	    carries_mail; /* when it fails, mail cannot arrive; and no half waits for mail before */
	enum conversation conversation;
	enum mail mail;
	enum mechanism mechanism;
	const char *wanted; /* of what the role has here, "here.filter"; NULL: always */
	bool last;	    /* its last half waits for everything before it in the table */
};

enum probe_outcome { PROBE_PENDING, PROBE_PASSED, PROBE_FAILED, PROBE_SKIPPED, PROBE_OUTCOMES };

struct probe_result {
	const struct probe *probe;
	enum probe_outcome outcome;
	struct failure failure;
	int64_t milliseconds; /* of its own work, both halves */
	char *detail;	      /* owned, may be NULL */
};

struct probe_run {
	const struct probe_settings *settings;
	int64_t started_ms;
	int64_t deadline_ms;
	int64_t mail_deadline_ms;   /* see probe_mail_deadline; leaves time to clean up */
	struct tls_client *tls;	    /* NULL: tls_failure says why */
	struct tls_client *tls_rsa; /* the same for a client that knows only RSA */
	struct failure tls_failure;
	struct tls_facts certificate;		       /* of the first server that showed one */
	struct session sessions[PORTS][CONVERSATIONS]; /* of the conversations */
	struct mailbox mailbox;
	struct message messages[MAILS];
	char guessers[PORTS][sizeof("127.255.255.255")]; /* addresses that give wrong passwords */
	int quarantine_fd;				 /* inotify */
	struct probe_result *results;
	size_t count;
	pthread_mutex_t lock; /* over results, certificate and the runner's own */
};

extern const struct probe probe_table[];
extern const size_t probe_table_size;

/* "passed", "failed", "skipped" */
const char *probe_outcome_name(enum probe_outcome outcome);

/* Prepares a run of the whole table, or, when `only` is not NULL, of that probe
 * and those it needs.  `table` is probe_table but in tests. */
_must_check_ int probe_run_init(struct probe_run *run, const struct probe *table, size_t count,
				const char *only, const struct probe_settings *settings,
				int timeout_ms, struct error *error);

/* Runs to the end; every result is set afterwards, at the latest shortly after
 * the deadline. */
_must_check_ int probe_run_all(struct probe_run *run, struct error *error);

/* Does the role have that ("here.filter") on this machine?  What was published before there
 * were roles has everything. */
bool probe_has(const struct probe_run *run, const char *path);

/* May this port open? */
bool probe_port_proved(const struct probe_run *run, enum port port);

void probe_run_free(struct probe_run *run);

/* For the probes' functions: fills the parameters of a conversation with `port`
 * as of now.  Each conversation comes from an address of 127.0.0.0/8 of its own that
 * is not the server's: daemons may trust that one more, and Dovecot makes an address
 * wait longer with every failed login, in this run or the one before. */
struct session_params probe_session_params(const struct probe_run *run, enum port port,
					   enum session_security security,
					   enum conversation conversation);

/* Takes the probe's conversation to `stage`, opening it if it is not open or already
 * further.  *ret_session stays the run's. */
_must_check_ enum failure_class probe_converse(struct probe_run *run, const struct probe *probe,
					       enum stage stage, struct session **ret_session,
					       struct probe_result *result);

/* Until when to wait for mail from now on, 90 s or what is left of the run; only seconds when it
 * is known already that the filter is not there. */
int64_t probe_mail_deadline(struct probe_run *run);

/* Moves a stream's failure to the result. */
enum failure_class probe_take_failure(struct probe_result *result, struct stream *stream);

#endif
