// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/serve.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "certificate/certificate.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_pem.h"

#define HOST_FILE "host.pem"
#define CONF_FILE "tls.conf"

struct serving {
	const char *folder;
	struct buffer conf;
	json_t *kept;  /* owned: names of files -> true */
	json_t *named; /* owned: host names -> true; the server takes none twice */
};

static void serving_clear(struct serving *serving)
{
	buffer_free(&serving->conf);
	json_decref(serving->kept);
	json_decref(serving->named);
}

static int copy(struct serving *serving, const char *from, const char *name, struct error *error)
{
	_cleanup_free_ char *path = file_join(serving->folder, name), *text = NULL;
	size_t size = 0;
	int result = path ? file_read(from, CERTIFICATE_PEM_MAX * 2, &text, &size, error)
			  : error_set(error, ENOMEM, "out of memory");

	if (result == 0)
		result = file_replace(path, text, size, 0640, (uid_t)-1, (gid_t)-1, error);
	if (text)
		explicit_bzero(text, size);
	json_object_set_new(serving->kept, name, json_true());
	return result;
}

/* A name as the configuration may hold it; a certificate is somebody else's text. */
static bool is_host_name(const char *name)
{
	return name && name[0] &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") == strlen(name);
}

static void add_name(struct serving *serving, const char *name, const char *file)
{
	if (!is_host_name(name) || json_object_get(serving->named, name))
		return;
	json_object_set_new(serving->named, name, json_true());
	buffer_addf(&serving->conf, "$HTTP[\"host\"] == \"%s\" {\n    ssl.pemfile = \"%s/%s\"\n}\n",
		    name, serving->folder, file);
}

/* The names of the file's leaf; a new reference, NULL when it holds no key with a certificate. */
static json_t *names_of(const char *path)
{
	_cleanup_(key_chain_clear) struct key_chain pair = KEY_CHAIN_INIT;
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_json_ json_t *facts = NULL;

	if (key_chain_read(path, &pair, &error) < 0) {
		error_print(&error);
		return NULL;
	}
	if (!pair.key || !pair.chain)
		return NULL;
	facts = certificate_facts(sk_X509_value(pair.chain, 0), 0);
	return json_incref(json_object_get(facts, "names"));
}

static int add_domain(struct serving *serving, const char *keys, const char *domain,
		      struct error *error)
{
	_cleanup_free_ char *path = NULL, *file = NULL;
	_cleanup_json_ json_t *names = NULL;
	const json_t *name;
	int result;
	size_t i;

	if (asprintf(&path, "%s/domains/%s.pem", keys, domain) < 0 ||
	    asprintf(&file, "%s.pem", domain) < 0)
		return error_set(error, ENOMEM, "out of memory");
	if (!file_exists(path) || !(names = names_of(path)))
		return 0;
	result = copy(serving, path, file, error);
	json_array_foreach(names, i, name) add_name(serving, json_string_value(name), file);
	return result;
}

/* A kernel without IPv6 would let the server not start at all. */
static bool has_ipv6(void)
{
	_cleanup_close_ int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0;
}

static int add_host(struct serving *serving, const char *keys, const char *hostname,
		    struct error *error)
{
	_cleanup_free_ char *path = file_join(keys, certificate_file_name(CERTIFICATE_ECDSA));

	buffer_addf(&serving->conf,
		    "# Written by postcask-web(8).\n"
		    "ssl.engine = \"enable\"\n"
		    "ssl.pemfile = \"%s/" HOST_FILE "\"\n",
		    serving->folder);
	if (has_ipv6())
		buffer_add_text(&serving->conf, "$SERVER[\"socket\"] == \"[::]:443\" {\n}\n");
	/* First: a domain's certificate may name the host too. */
	add_name(serving, hostname, HOST_FILE);
	return path ? copy(serving, path, HOST_FILE, error)
		    : error_set(error, ENOMEM, "out of memory");
}

static int remove_others(const struct serving *serving, struct error *error)
{
	_cleanup_closedir_ DIR *folder = opendir(serving->folder);
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.' && !json_object_get(serving->kept, entry->d_name) &&
		    unlinkat(dirfd(folder), entry->d_name, 0) < 0)
			return error_errno(error, errno, "%s/%s: cannot remove", serving->folder,
					   entry->d_name);
	return 0;
}

int serve_keys(const json_t *settings, const char *keys, const char *folder, struct error *error)
{
	_cleanup_(serving_clear) struct serving serving = {
	    .folder = folder, .kept = json_object(), .named = json_object()};
	_cleanup_free_ char *conf = file_join(folder, CONF_FILE);
	const json_t *domain;
	int result = add_host(&serving, keys, json_text(settings, "hostname"), error);
	size_t i;

	json_array_foreach(json_object_get(settings, "domains"), i, domain)
	{
		if (result == 0)
			result = add_domain(&serving, keys, json_string_value(domain), error);
	}
	if (result < 0)
		return result;
	json_object_set_new(serving.kept, CONF_FILE, json_true());
	if (!conf || serving.conf.failed)
		return error_set(error, ENOMEM, "out of memory");
	result = file_replace(conf, serving.conf.data, serving.conf.size, 0640, (uid_t)-1,
			      (gid_t)-1, error);
	return result == 0 ? remove_others(&serving, error) : result;
}
