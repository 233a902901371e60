// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-acme-hook: answers the authority's challenges for uacme(1), which runs it as
 *
 *	postcask-acme-hook begin|done|failed TYPE NAME TOKEN PROOF
 *
 * and takes any exit status but 0 after "begin" as a no.  It is asked for every type of challenge;
 * the one of the settings is answered.
 *
 * http-01: the proof is a file that lighttpd serves.  systemd starts that as soon as there is one
 * (postcask-challenge.path), and root's firewall opens port 80 with it: so the hook waits until it
 * reads its own proof from there.  dns-01: the proof is a record in the zone, by an update, and all
 * of the zone's servers must show it before the authority looks. */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "acme/acme_order.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/options.h"
#include "dns/ask.h"
#include "dns/resolver.h"
#include "dns/update.h"

enum {
	SERVED_MS = 30 * 1000, /* systemd, the firewall and lighttpd have to be run */
	PAUSE_MS = 50,
	SEEN_MS = 120 * 1000, /* a secondary server is told of a change, or asks for it */
	SEEN_PAUSE_MS = 1000,
	ASK_MS = 5000,
	UPDATE_MS = 20 * 1000,
	RECORD_TTL = 60,
	ANSWER_SIZE = 4096,
	HTTP_PORT = 80,
};

#define BASE64URL "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

static const char usage[] = "usage: postcask-acme-hook begin|done|failed TYPE NAME TOKEN PROOF\n";

struct challenge {
	const char *method, *type, *name, *token, *proof;
};

static bool is_word(const char *text, const char *allowed)
{
	size_t length = strlen(text);

	return length > 0 && length < 512 && strspn(text, allowed) == length;
}

/* ---- http-01 ---- */

/* Sends the request and reads what comes until the end; true when it has the proof. */
static bool fetch(int fd, const struct challenge *challenge, int64_t deadline)
{
	char request[1024], answer[ANSWER_SIZE];
	size_t size = 0;
	int length = snprintf(request, sizeof(request),
			      "GET /.well-known/acme-challenge/%s HTTP/1.0\r\nHost: %s\r\n\r\n",
			      challenge->token, challenge->name);

	if (length >= (int)sizeof(request) ||
	    send(fd, request, (size_t)length, MSG_NOSIGNAL) != length)
		return false;
	while (size + 1 < sizeof(answer)) {
		struct pollfd wait = {.fd = fd, .events = POLLIN};
		ssize_t got = poll(&wait, 1, clock_left_ms(deadline)) > 0
				  ? recv(fd, answer + size, sizeof(answer) - 1 - size, 0)
				  : -1;

		if (got <= 0)
			break;
		size += (size_t)got;
	}
	answer[size] = '\0';
	return strstr(answer, challenge->proof) != NULL;
}

static bool is_served(const struct challenge *challenge, int64_t deadline)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
				      .sin_port = htons(HTTP_PORT),
				      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	       fetch(fd, challenge, deadline);
}

static int http_begin(const struct challenge *challenge, const char *path, struct error *error)
{
	int64_t deadline = clock_now_ms() + SERVED_MS;
	int result = file_replace(path, challenge->proof, strlen(challenge->proof), 0644, (uid_t)-1,
				  (gid_t)-1, error);

	if (result < 0)
		return result;
	while (!is_served(challenge, deadline)) {
		if (clock_left_ms(deadline) == 0)
			return error_set(error, ETIME,
					 "the proof is not served on port 80 (systemctl status "
					 "postcask-challenge)");
		poll(NULL, 0, PAUSE_MS);
	}
	return 0;
}

static int http_run(const struct challenge *challenge, struct error *error)
{
	_cleanup_free_ char *path = file_join(ACME_TOKENS, challenge->token);
	int result = 0;

	if (!path)
		return error_set(error, ENOMEM, "out of memory");
	if (strcmp(challenge->method, "begin") == 0)
		result = http_begin(challenge, path, error);
	if (result < 0 || strcmp(challenge->method, "begin") != 0)
		unlink(path);
	return result;
}

/* ---- dns-01 ---- */

/* Until each server of the zone shows it. */
static int wait_seen(const char *name, const char *proof, struct error *error)
{
	int64_t deadline = clock_now_ms() + SEEN_MS;

	for (;;) {
		_cleanup_(dns_seen_clear) struct dns_seen seen = DNS_SEEN_INIT;
		int result = dns_seen_everywhere(name, "TXT", proof, ASK_MS, &seen, error);

		if (result == 0 && seen.showing == seen.servers)
			return 0;
		if (clock_left_ms(deadline) == 0)
			return result < 0 ? result
					  : error_set(error, ETIME, "the proof is not seen: %s",
						      seen.missing ? seen.missing : name);
		if (error)
			error_clear(error);
		poll(NULL, 0, SEEN_PAUSE_MS);
	}
}

/* The server's address, by name or as it is; owned. */
static char *resolve(const char *host, struct error *error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_ADDRCONFIG}, *found;
	char text[INET6_ADDRSTRLEN];
	int code = getaddrinfo(host, NULL, &hints, &found);

	if (code == 0) {
		code = getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof(text), NULL, 0,
				   NI_NUMERICHOST);
		freeaddrinfo(found);
	}
	if (code != 0) {
		error_set(error, EHOSTUNREACH, "dns.update.server %s has no address: %s", host,
			  gai_strerror(code));
		return NULL;
	}
	return strdup(text);
}

/* Where the record belongs: whoever gives nobody the key of their zone leads the name into another
 * one by an alias.  Owned; the name itself when there is no resolver to say so. */
static char *follow(const char *name)
{
	_cleanup_(dns_resolver_close) struct dns_resolver *resolver = NULL;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	struct dns_lookup lookup = {.name = name, .type = "TXT"};
	const char *found = name;
	char *copy;

	if (dns_resolver_open(&resolver, &none) == 0) {
		dns_resolver_ask(resolver, &lookup, 1, ASK_MS);
		found = dns_answer_alias(&lookup.answer, name);
	}
	copy = strndup(found, (size_t)dns_name_size(found));
	dns_answer_clear(&lookup.answer);
	return copy;
}

static int dns_run(const struct challenge *challenge, const json_t *update, struct error *error)
{
	_cleanup_free_ char *address = resolve(json_text(update, "server"), error);
	const struct dns_update server = {.server = address,
					  .key = json_text(update, "key"),
					  .algorithm = json_text(update, "algorithm"),
					  .secret = json_text(update, "secret")};
	bool begin = strcmp(challenge->method, "begin") == 0;
	_cleanup_free_ char *name = NULL, *place = NULL;
	struct dns_change change = {.kind = begin ? DNS_CHANGE_ADD : DNS_CHANGE_REMOVE,
				    .type = "TXT",
				    .value = challenge->proof,
				    .ttl = RECORD_TTL};
	int result;

	if (!address)
		return -EHOSTUNREACH;
	if (asprintf(&name, "_acme-challenge.%s", challenge->name) < 0) {
		name = NULL;
		return error_set(error, ENOMEM, "out of memory");
	}
	place = follow(name);
	if (!place)
		return error_set(error, ENOMEM, "out of memory");
	change.name = place;
	result = dns_update_change(&server, &change, 1, UPDATE_MS, error);
	return result < 0 || !begin ? result : wait_seen(place, challenge->proof, error);
}

static int run(const struct challenge *challenge, struct error *error)
{
	const char *credentials = getenv("CREDENTIALS_DIRECTORY");
	_cleanup_free_ char *path =
	    file_join(credentials ? credentials : "/nonexistent", ACME_CREDENTIAL);
	_cleanup_json_ json_t *orders = NULL;
	int result = json_file_read(path, JSON_FILE_LIMIT, 0, &orders, error);

	if (result < 0)
		return result;
	if (strcmp(challenge->type, json_text(orders, "challenge")) != 0)
		return error_set(error, EOPNOTSUPP, "%s is not the challenge of the settings",
				 challenge->type);
	return strcmp(challenge->type, "dns-01") == 0
		   ? dns_run(challenge, json_object_get(orders, "update"), error)
		   : http_run(challenge, error);
}

int main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct challenge challenge;

	if (argc != 6) { /* with these there are no options: a token may begin with - */
		int status = command_options(argc, argv, NULL, 0, usage, 0, 0);

		return status == COMMAND_GO_ON ? command_usage(usage) : status;
	}
	challenge = (struct challenge){argv[1], argv[2], argv[3], argv[4], argv[5]};
	if (!is_word(challenge.token, BASE64URL) || !is_word(challenge.proof, BASE64URL ".") ||
	    !is_word(challenge.name, BASE64URL ".")) {
		fputs("postcask: a challenge that is none\n", stderr);
		return EXIT_FAILURE;
	}
	if (run(&challenge, &error) == 0)
		return EXIT_SUCCESS;
	if (error.code != -EOPNOTSUPP)
		error_print(&error);
	return EXIT_FAILURE;
}
