// SPDX-License-Identifier: GPL-3.0-or-later
/* policyd-spf, asked while a sender is connected: at most ORACLE_CONNECTIONS of it run, each
 * started by systemd for a connection to its socket and ended with it, so that there is none
 * while nobody asks.  It is a Python program that may ask the DNS for long: whoever asks has a
 * deadline of his own, and goes on without it. */
#ifndef POSTCASK_POLICY_ORACLE_H
#define POSTCASK_POLICY_ORACLE_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "policy/request.h"

enum {
	ORACLE_CONNECTIONS = 2,
	ORACLE_IDLE_MS = 30 * 1000,   /* its process is kept for the next one */
	ORACLE_ANSWER_MS = 10 * 1000, /* for a process that is asked and does not answer */
	ORACLE_QUESTIONS = 200,	      /* of one process, which remembers each */
	ORACLE_LIMIT = 4096,
	ORACLE_SAID = 64, /* answers that are remembered */
	ORACLE_SAID_MS = 60 * 1000,
};

enum oracle_answer {
	ORACLE_NOT_YET,
	ORACLE_FAIL,
	ORACLE_PASS,
	ORACLE_NO_RECORD, /* the domain says nothing of its servers */
	ORACLE_OTHER,
	ORACLE_NONE, /* no answer is to be had */
};

/* What it said of a client and a domain, for a minute: a message has many recipients. */
struct oracle_said {
	char client[INET6_ADDRSTRLEN], domain[NAME_SIZE];
	enum oracle_answer answer;
	int64_t until_ms;
};

struct oracle_connection {
	int fd; /* -1: none */
	unsigned asked;
	struct buffer input;
	uint64_t ticket; /* of who asked; 0: idle */
	enum oracle_answer answer;
	int64_t due_ms;
};

struct oracle {
	const char *path; /* of its socket */
	struct oracle_connection connections[ORACLE_CONNECTIONS];
	uint64_t last_ticket;
	struct oracle_said said[ORACLE_SAID];
	size_t next_said;
};

void oracle_init(struct oracle *oracle, const char *path);

/* Asks about a client.  The ticket for the answer; 0 when it is busy or not to be had, of which
 * *ret_busy tells the first. */
uint64_t oracle_ask(struct oracle *oracle, const struct postfix_request *request, int64_t now_ms,
		    bool *ret_busy);

/* The answer, once; NONE when it will not come. */
enum oracle_answer oracle_take(struct oracle *oracle, uint64_t ticket);

/* What was said of it in the last minute; NOT_YET when nothing was. */
enum oracle_answer oracle_recall(const struct oracle *oracle, const struct postfix_request *request,
				 int64_t now_ms);
void oracle_remember(struct oracle *oracle, const struct postfix_request *request,
		     enum oracle_answer answer, int64_t now_ms);

/* Nobody waits for that answer any more. */
void oracle_forget(struct oracle *oracle, uint64_t ticket);

/* For poll(2), one for each connection. */
void oracle_polled(const struct oracle *oracle, struct pollfd *polled);
void oracle_work(struct oracle *oracle, const struct pollfd *polled, int64_t now_ms);
int64_t oracle_due(const struct oracle *oracle);

void oracle_close(struct oracle *oracle);

#endif
