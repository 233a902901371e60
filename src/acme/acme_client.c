// SPDX-License-Identifier: GPL-3.0-or-later
#include "acme/acme_client.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "acme/acme_order.h"
#include "acme/acme_said.h"
#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"

enum {
	ORDER_MS = 10 * 60 * 1000, /* an authority may take its time to look at a proof */
	ACCOUNT_MS = 2 * 60 * 1000,
	NONCE_TRIES = 4, /* uacme itself asks three times for each message */
	SAID_LIMIT = 256 * 1024,
	ARGUMENTS = 20,
};

#define CERTIFICATES "/etc/ssl/certs/ca-certificates.crt"

/* One run. */
struct run {
	const struct acme_client *client;
	const json_t *orders; /* the whole of what was given */
	json_t *results;
	char *ca; /* a file of the authority's own, NULL: that of all web sites */
};

static void run_clear(struct run *run)
{
	json_decref(run->results);
	free(run->ca);
}

/* An anonymous file with the binding, which no list of processes shows; its descriptor. */
static int binding_open(const json_t *binding, struct error *error)
{
	_cleanup_close_ int fd = memfd_create("binding", 0);
	_cleanup_free_ char *text = NULL;
	int length =
	    asprintf(&text, "%s:%s", json_text(binding, "key_id"), json_text(binding, "hmac_key"));
	int result;

	if (fd < 0 || length < 0)
		return error_errno(error, fd < 0 ? errno : ENOMEM, "cannot hand over the binding");
	result = file_write_all(fd, text, (size_t)length);
	explicit_bzero(text, (size_t)length);
	if (result < 0)
		return error_errno(error, result, "cannot hand over the binding");
	return TAKE_FD(fd);
}

static const char **environment(const struct run *run, int binding, char **ret_texts,
				int *ret_count)
{
	const char **list = calloc(6, sizeof(*list));
	int count = 0;

	*ret_count = 0;
	if (!list)
		return NULL;
	list[count++] = "PATH=/usr/bin:/bin";
	list[count++] = "LC_ALL=C.UTF-8";
	if (asprintf(&ret_texts[0], "UACME_CAINFO=%s", run->ca ? run->ca : CERTIFICATES) < 0)
		ret_texts[0] = NULL;
	list[count++] = ret_texts[0];
	*ret_count = 1;
	/* The hook's. */
	if (asprintf(&ret_texts[1], "CREDENTIALS_DIRECTORY=%s",
		     getenv("CREDENTIALS_DIRECTORY") ? getenv("CREDENTIALS_DIRECTORY") : "") < 0)
		ret_texts[1] = NULL;
	list[count++] = ret_texts[1];
	*ret_count = 2;
	if (binding >= 0) {
		list[count++] = run->client->eab;
		if (asprintf(&ret_texts[2], "POSTCASK_EAB=%d", binding) < 0)
			ret_texts[2] = NULL;
		list[count] = ret_texts[2];
		*ret_count = 3;
	}
	return list;
}

/* Runs uacme with the common options and these, to NULL, after them. */
static int uacme(const struct run *run, const json_t *binding, const char *const *more,
		 const char *names, int timeout_ms, struct acme_said *ret, struct error *error)
{
	const char *argv[ARGUMENTS] = {"uacme",
				       "-vv",
				       "-o",
				       "-a",
				       json_text(run->orders, "directory"),
				       "-c",
				       run->client->folder,
				       "-h",
				       run->client->hook};
	_cleanup_close_ int fd = json_is_object(binding) ? binding_open(binding, error) : -1;
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	char *texts[3] = {NULL, NULL, NULL};
	int count = 0, status;
	_cleanup_free_ const char **env = environment(run, fd, texts, &count);
	struct process process = {.argv = argv,
				  .environment = env,
				  .directory = run->client->folder,
				  .timeout_ms = timeout_ms,
				  .output_limit = SAID_LIMIT};

	for (size_t i = 9; *more && i + 1 < ARGUMENTS; i++)
		argv[i] = *more++;
	status = !env || (json_is_object(binding) && fd < 0)
		     ? error_set(error, ENOMEM, "cannot run uacme")
		     : process_run(&process, &said, error);
	for (int i = 0; i < count; i++)
		free(texts[i]);
	if (status == -ETIME) { /* what it said so far may tell why */
		acme_said_read(buffer_text(&said), said.size, 2, names, ret);
		if (error)
			error_clear(error);
		return 2;
	}
	if (status < 0)
		return status;
	acme_said_read(buffer_text(&said), said.size, status, names, ret);
	if (ret->error)
		fprintf(stderr, "%s\n", ret->error);
	return status;
}

static void take_common(struct run *run, const struct acme_said *said)
{
	if (said->account)
		json_object_set_new(run->results, "account", json_string(said->account));
	if (json_array_size(said->caa) > 0)
		json_object_set(run->results, "caa", said->caa);
}

/* The account at this authority, made if there is none.  A second time it exists, which uacme
 * calls a failure. */
static int account_ensure(struct run *run, struct acme_said *ret, struct error *error)
{
	const json_t *binding = json_object_get(run->orders, "eab");
	bool bound = json_is_object(binding);
	const char *more[] = {"-t",
			      "EC",
			      "-y",
			      bound ? "-e" : "new",
			      bound ? "in:the-environment" : json_text(run->orders, "contact"),
			      bound ? "new" : NULL,
			      bound ? json_text(run->orders, "contact") : NULL,
			      NULL};
	int status = 2;

	for (int i = 0; i < NONCE_TRIES && status == 2; i++) {
		acme_said_clear(ret);
		status = uacme(run, binding, more, "the account", ACCOUNT_MS, ret, error);
		if (status == 2 && ret->account)
			status = 0;
		if (ret->class != ACME_NONCE)
			break;
	}
	if (status == 0) {
		take_common(run, ret);
		acme_said_clear(ret);
	}
	return status;
}

static char *names_text(const json_t *order)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	const json_t *name;
	size_t i;

	json_array_foreach(json_object_get(order, "names"), i, name)
	    buffer_addf(&text, "%s%s", i ? ", " : "", json_string_value(name));
	return buffer_take(&text);
}

static char *order_path(const struct run *run, const char *id, const char *suffix)
{
	char *path;

	return asprintf(&path, "%s/%s%s", run->client->folder, id, suffix) < 0 ? NULL : path;
}

/* When the certificate was written, 0 for none: uacme's status tells much, but not this. */
static int64_t written(const char *path)
{
	struct stat status;

	return stat(path, &status) < 0
		   ? 0
		   : (int64_t)status.st_ino ^ ((int64_t)status.st_mtim.tv_sec * 1000000007) ^
			 status.st_mtim.tv_nsec;
}

/* One order to its end; what was said of it in `ret`, 1 when a certificate came. */
static int order_run(struct run *run, const json_t *order, struct acme_said *ret,
		     struct error *error)
{
	const char *id = json_text(order, "id"), *csr = json_text(order, "csr");
	_cleanup_free_ char *names = names_text(order), *request = order_path(run, id, ".csr");
	_cleanup_free_ char *certificate = order_path(run, id, "-cert.pem");
	bool force = json_is_true(json_object_get(order, "force"));
	int64_t before, account = 0;
	char days[16];
	const char *more[] = {"-d", days, "-n", "issue", request, NULL, NULL};
	int status;

	if (!names || !request || !certificate)
		return error_set(error, ENOMEM, "out of memory");
	snprintf(days, sizeof(days), "%lld", json_number(order, "days"));
	if (force) {
		more[3] = "-f";
		more[4] = "issue";
		more[5] = request;
	}
	status = file_replace(request, csr, strlen(csr), 0644, (uid_t)-1, (gid_t)-1, error);
	if (status < 0)
		return status;
	before = written(certificate);
	for (int i = 0; i < NONCE_TRIES; i++) {
		acme_said_clear(ret);
		status = uacme(run, NULL, more, names, ORDER_MS, ret, error);
		if (status < 0 || written(certificate) != before)
			break;
		if (ret->class == ACME_NO_ACCOUNT && account++ == 0) {
			acme_said_clear(ret);
			status = account_ensure(run, ret, error);
			if (status != 0)
				break;
		} else if (ret->class != ACME_NONCE) {
			break;
		}
	}
	if (status < 0)
		return status;
	take_common(run, ret);
	return written(certificate) != before;
}

/* uacme keeps a copy of each certificate that it replaced. */
static void remove_copies(const char *folder)
{
	DIR *entries = opendir(folder);
	struct dirent *entry;

	while (entries && (entry = readdir(entries))) {
		const char *copy = strstr(entry->d_name, "-cert-");

		if (copy && strspn(copy + 6, "0123456789") > 0)
			unlinkat(dirfd(entries), entry->d_name, 0);
	}
	if (entries)
		closedir(entries);
}

static bool is_id(const char *id)
{
	size_t length = strlen(id);

	return length > 0 && length < ACME_ID_SIZE &&
	       strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* Was an order for the same first name refused in this run? */
static bool was_refused(const struct run *run, const json_t *order)
{
	const char *first = json_string_value(json_array_get(json_object_get(order, "names"), 0));
	const json_t *other, *done = json_object_get(run->results, "orders");
	size_t i;

	json_array_foreach(json_object_get(run->orders, "orders"), i, other)
	{
		const json_t *result = json_object_get(done, json_text(other, "id"));
		const char *name =
		    json_string_value(json_array_get(json_object_get(other, "names"), 0));

		if (other != order && result && first && name && strcmp(first, name) == 0 &&
		    acme_class_find(json_text(result, "class")) == ACME_REFUSED)
			return true;
	}
	return false;
}

static json_t *result_json(const struct acme_said *said, bool issued)
{
	json_t *result = json_pack("{s:b, s:s, s:s?}", "issued", issued, "class",
				   acme_class_name(issued ? ACME_FINE : said->class), "error",
				   issued ? NULL : said->error);

	if (said->window[0] > 0)
		json_object_set_new(
		    result, "window",
		    json_pack("[I, I]", (json_int_t)said->window[0], (json_int_t)said->window[1]));
	return result;
}

static int results_write(const struct run *run, struct error *error)
{
	_cleanup_free_ char *path = file_join(run->client->folder, "results.json");

	return json_file_replace(path, run->results, JSON_INDENT(1) | JSON_FILE_NEWLINE, 0644,
				 error);
}

static int orders_run(struct run *run, struct error *error)
{
	json_t *done = json_object_get(run->results, "orders");
	const json_t *order;
	size_t i;

	json_array_foreach(json_object_get(run->orders, "orders"), i, order)
	{
		_cleanup_(acme_said_clear) struct acme_said said = ACME_SAID_INIT;
		const char *id = json_text(order, "id");
		int issued;

		if (!is_id(id) || was_refused(run, order))
			continue;
		issued = order_run(run, order, &said, error);
		if (issued < 0)
			return issued;
		remove_copies(run->client->folder);
		json_object_set_new(done, id, result_json(&said, issued));
		if (results_write(run, error) < 0)
			return -EIO;
		if (!issued && (said.class == ACME_UNREACHABLE || said.class == ACME_LIMIT))
			break;
	}
	return 0;
}

static int ca_write(struct run *run, struct error *error)
{
	const char *text = json_text(run->orders, "ca");

	if (!text[0])
		return 0;
	run->ca = file_join(run->client->folder, "authority.pem");
	if (!run->ca)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(run->ca, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, error);
}

/* uacme finds its account in private/key.pem, and makes it with `new` alone. */
static int account_once(struct run *run, struct error *error)
{
	_cleanup_free_ char *path = file_join(run->client->folder, "private/key.pem");
	_cleanup_(acme_said_clear) struct acme_said said = ACME_SAID_INIT;
	const json_t *first = json_array_get(json_object_get(run->orders, "orders"), 0);
	int status;

	if (!path || file_exists(path))
		return 0;
	status = account_ensure(run, &said, error);
	if (status > 0) /* the others were not come to */
		json_object_set_new(json_object_get(run->results, "orders"), json_text(first, "id"),
				    result_json(&said, false));
	return status;
}

int acme_client_run(const struct acme_client *client, struct error *error)
{
	_cleanup_(run_clear) struct run run = {
	    .client = client,
	    .results = json_pack("{s:n, s:[], s:{}}", "account", "caa", "orders")};
	_cleanup_json_ json_t *orders = NULL;
	int result = json_file_read(client->orders, JSON_FILE_LIMIT, 0, &orders, error);

	run.orders = orders;
	if (result == 0)
		result =
		    results_write(&run, error); /* none of an earlier run is taken for this one's */
	if (result == 0)
		result = ca_write(&run, error);
	if (result == 0)
		result = account_once(&run, error);
	if (result == 0)
		result = orders_run(&run, error);
	return result < 0 ? result : results_write(&run, error);
}
