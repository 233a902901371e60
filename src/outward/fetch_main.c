// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-tls-fetch: fetches one MTA-STS policy.  See postcask-tls-fetch(8). */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/options.h"
#include "base/slice.h"
#include "net/https.h"
#include "outward/netstring.h"
#include "outward/sts.h"

static const char usage[] = "usage: postcask-tls-fetch [--authorities FILE] DOMAIN\n"
			    "Fetches the MTA-STS policy of a domain.\n"
			    "  --authorities FILE  of the certificates that its server may have\n";

enum {
	END_SECONDS = 10,
	CONNECT_SECONDS = 5,
	ALARM_SECONDS = 11, /* whatever a library waits for */
};

/* A stranger's domain leads to no server of this machine or on its link. */
static bool is_near(const struct curl_sockaddr *address)
{
	const struct sockaddr *any = (const struct sockaddr *)&address->addr;
	const struct in6_addr *six = &((const struct sockaddr_in6 *)any)->sin6_addr;
	uint32_t four;

	if (address->family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(six))
		return IN6_IS_ADDR_LOOPBACK(six) || IN6_IS_ADDR_UNSPECIFIED(six) ||
		       IN6_IS_ADDR_LINKLOCAL(six);
	if (address->family == AF_INET6)
		memcpy(&four, &six->s6_addr[12], sizeof(four));
	else
		four = ((const struct sockaddr_in *)any)->sin_addr.s_addr;
	four = ntohl(four);
	return four >> 24 == 127 || four >> 24 == 0 || four >> 16 == 0xa9fe;
}

static curl_socket_t open_socket(void *context _unused_, curlsocktype purpose _unused_,
				 struct curl_sockaddr *address)
{
	if (is_near(address))
		return CURL_SOCKET_BAD;
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/* RFC 8461 §3.3: a certificate by WebPKI for the name, and no redirects. */
static bool set_up(CURL *curl, const char *url, const char *authorities, struct https_page *page)
{
	const struct https_params params = {url, authorities, END_SECONDS, CONNECT_SECONDS, page};

	return https_set_up(curl, &params) &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK;
}

/* With parameters or without. */
static bool is_plain_text(const char *type)
{
	size_t size = type ? strcspn(type, "; \t") : 0;

	return size == strlen("text/plain") && strncasecmp(type, "text/plain", size) == 0;
}

/* NULL when the policy is in `body`; else why not. */
static const char *fetch(const char *domain, const char *authorities, struct buffer *body)
{
	_cleanup_(buffer_free) struct buffer url = BUFFER_INIT;
	static char why[CURL_ERROR_SIZE];
	struct https_page page = {body, STS_BODY_MAX};
	CURL *curl = curl_easy_init();
	const char *type = NULL;
	CURLcode result;
	long status = 0;

	buffer_addf(&url, "https://mta-sts.%s/.well-known/mta-sts.txt", domain);
	if (!curl || url.failed || !set_up(curl, buffer_text(&url), authorities, &page) ||
	    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why) != CURLE_OK)
		return "libcurl cannot be set up";
	result = curl_easy_perform(curl);
	if (result == CURLE_WRITE_ERROR)
		return "it is of more than 64 KiB";
	if (result != CURLE_OK)
		return why[0] ? why : curl_easy_strerror(result);
	if (curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK || status != 200) {
		snprintf(why, sizeof(why), "the server answers %ld", status);
		return why;
	}
	if (curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type) != CURLE_OK ||
	    !is_plain_text(type))
		return "it is not served as text/plain";
	return NULL; /* curl's memory ends with the program */
}

/* The first line says which of the two it is: the text may be anything (fetch.c). */
static int print(const char *why, const struct buffer *body)
{
	if (why)
		printf("none\n%s\n", why);
	else
		printf("policy\n");
	if (!why && body->size > 0 && fwrite(body->data, 1, body->size, stdout) != body->size)
		return EXIT_FAILURE;
	if (fflush(stdout) != 0)
		return EXIT_FAILURE;
	return why ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	_cleanup_(buffer_free) struct buffer body = BUFFER_INIT;
	const char *authorities = "/etc/ssl/certs/ca-certificates.crt";
	const struct command_option options[] = {{"authorities", .value = &authorities}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 1, 1);

	if (status != COMMAND_GO_ON)
		return status;
	if (!outward_is_name(argv[optind]))
		return command_usage(usage);
	alarm(ALARM_SECONDS);
	return print(fetch(argv[optind], authorities, &body), &body);
}
