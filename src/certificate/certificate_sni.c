// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_sni.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/process.h"
#include "certificate/certificate_facts.h"
#include "certificate/certificate_pem.h"

#define LIST_LIMIT ((size_t)4 * 1024 * 1024)
#define POSTMAP_MS 60000
#define ALLOWED	   "abcdefghijklmnopqrstuvwxyz0123456789.-" /* in names that daemons read */
/* postmap(1) wants a main.cf, and at the first boot there is none yet. */
#define POSTMAP_CONFIGURATION "/usr/share/postcask/sni"

char *certificate_domain_path(const char *folder, const char *domain)
{
	char *path;

	return asprintf(&path, "%s/" CERTIFICATE_DOMAINS "/%s.pem", folder, domain) < 0 ? NULL
											: path;
}

static bool is_name(const char *name)
{
	size_t length = name ? strlen(name) : 0;

	return length > 0 && length <= 253 && name[0] != '.' && name[0] != '-' &&
	       strspn(name, ALLOWED) == length;
}

/* What certificate_facts says of a file that is whole and valid, NULL of another. */
static json_t *usable_facts(const char *path, int64_t now)
{
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	_cleanup_(key_chain_clear) struct key_chain file = KEY_CHAIN_INIT;
	json_t *facts = NULL;
	X509 *leaf;

	if (key_chain_read(path, &file, &none) < 0 || !file.key || !file.chain)
		return NULL;
	leaf = sk_X509_value(file.chain, 0);
	if (X509_check_private_key(leaf, file.key) == 1 && certificate_not_before(leaf) <= now &&
	    certificate_not_after(leaf) > now)
		facts = certificate_facts(leaf, now);
	ERR_clear_error();
	return facts;
}

struct lists {
	struct buffer list, dovecot, postfix;
	json_t *seen; /* a name is one file's */
};

#define LISTS_INIT ((struct lists){BUFFER_INIT, BUFFER_INIT, BUFFER_INIT, json_object()})

static void lists_clear(struct lists *lists)
{
	buffer_free(&lists->list);
	buffer_free(&lists->dovecot);
	buffer_free(&lists->postfix);
	json_decref(lists->seen);
}

static void add_name(struct lists *lists, const char *name, const char *path, const char *digest)
{
	if (!is_name(name) || json_object_get(lists->seen, name))
		return;
	json_object_set_new(lists->seen, name, json_true());
	buffer_addf(&lists->list, "%s %s %s\n", name, path, digest);
	buffer_addf(&lists->postfix, "%s %s\n", name, path);
	buffer_addf(&lists->dovecot,
		    "local_name %s {\n"
		    "  ssl_server_cert_file = %s\n"
		    "  ssl_server_key_file = %s\n"
		    "  ssl_server_alt_cert_file =\n"
		    "  ssl_server_alt_key_file =\n"
		    "}\n",
		    name, path, path);
}

/* What a power cut left of a file that was being written. */
static int is_leftover(const struct dirent *entry)
{
	return entry->d_name[0] == '.' && entry->d_name[1] != '.' && entry->d_name[1] != '\0';
}

static int remove_leftovers(const char *folder, struct error *error)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_leftover, NULL);
	int result = count < 0 ? error_errno(error, errno, "%s: cannot list", folder) : 0;

	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *path = file_join(folder, entries[i]->d_name);

		if (path && unlink(path) < 0 && result == 0)
			result = error_errno(error, errno, "%s: cannot remove", path);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
	return result;
}

static int is_pem(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);

	return length > 4 && entry->d_name[0] != '.' &&
	       strcmp(entry->d_name + length - 4, ".pem") == 0 && is_name(entry->d_name);
}

static int add_files(struct lists *lists, const char *folder, int64_t now, struct error *error)
{
	struct dirent **entries;
	int count = scandir(folder, &entries, is_pem, alphasort);

	if (count < 0)
		return error_errno(error, errno, "%s: cannot list", folder);
	for (int i = 0; i < count; i++) {
		_cleanup_free_ char *path = file_join(folder, entries[i]->d_name);
		_cleanup_json_ json_t *facts =
		    path && i < CERTIFICATE_DOMAINS_MAX ? usable_facts(path, now) : NULL;
		const json_t *name;
		size_t number;

		json_array_foreach(json_object_get(facts, "names"), number, name)
		    add_name(lists, json_string_value(name), path, json_text(facts, "sha256"));
		free(entries[i]);
	}
	free(entries);
	return 0;
}

static int write_list(const char *folder, const char *name, const struct buffer *text, mode_t mode,
		      struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, name);

	if (!path || text->failed)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, buffer_text(text), text->size, mode, (uid_t)-1, (gid_t)-1, error);
}

/* The map holds the files themselves, so it is made anew whatever the list says: under another
 * name, so that no smtpd reads half of it.  postmap takes the mode from the list. */
static int write_postfix(const char *folder, const struct buffer *text, struct error *error)
{
	_cleanup_free_ char *map = NULL, *made = file_join(folder, ".sni.new.db"),
			    *path = file_join(folder, "sni.db");
	const char *argv[] = {"/usr/sbin/postmap",
			      "-c",
			      POSTMAP_CONFIGURATION,
			      "-F",
			      asprintf(&map, "hash:%s/.sni.new", folder) < 0 ? (map = NULL) : map,
			      NULL};
	struct process process = {.argv = argv, .timeout_ms = POSTMAP_MS};
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	int status = map && made && path ? write_list(folder, ".sni.new", text, 0600, error)
					 : error_set(error, ENOMEM, "out of memory");

	if (status == 0)
		status = process_run(&process, &said, error);
	if (status < 0)
		return status;
	if (status > 0)
		return error_set(error, EIO, "cannot make %s: %s", path, buffer_text(&said));
	if (rename(made, path) < 0)
		return error_errno(error, errno, "%s: cannot be replaced", path);
	unlink(map + strlen("hash:"));
	return 0;
}

/* Is all there as it would be written?  It is made in the order in which this asks. */
static bool is_current(const char *folder, const struct buffer *list)
{
	_cleanup_free_ char *path = file_join(folder, "sni.list"), *text = NULL;
	_cleanup_free_ char *dovecot = file_join(folder, "sni.conf");
	_cleanup_free_ char *postfix = file_join(folder, "sni.db");
	_cleanup_(error_clear) struct error none = ERROR_INIT;

	return path && dovecot && postfix && file_read(path, LIST_LIMIT, &text, NULL, &none) == 0 &&
	       strcmp(text, buffer_text(list)) == 0 && file_exists(dovecot) && file_exists(postfix);
}

int certificate_sni_write(const char *folder, int64_t now, struct error *error)
{
	_cleanup_(lists_clear) struct lists lists = LISTS_INIT;
	_cleanup_free_ char *domains = file_join(folder, CERTIFICATE_DOMAINS);
	int result = domains ? file_make_folders(domains, 0700, error)
			     : error_set(error, ENOMEM, "out of memory");

	if (result == 0)
		result = remove_leftovers(domains, error);
	if (result == 0)
		result = add_files(&lists, domains, now, error);
	if (result == 0 && !lists.list.failed && is_current(folder, &lists.list))
		return 0;
	if (result == 0)
		result = write_list(folder, "sni.conf", &lists.dovecot, 0644, error);
	if (result == 0)
		result = write_postfix(folder, &lists.postfix, error);
	if (result == 0) /* last: it says that the others are done */
		result = write_list(folder, "sni.list", &lists.list, 0644, error);
	return result < 0 ? error_wrap(error, "the certificates of the domains") : 0;
}

void certificate_sni_names(const char *folder, json_t *names)
{
	_cleanup_free_ char *path = file_join(folder, "sni.list"), *text = NULL;
	_cleanup_(error_clear) struct error none = ERROR_INIT;
	char *rest, *line;

	if (!path || file_read(path, LIST_LIMIT, &text, NULL, &none) < 0)
		return; /* there are none */
	rest = text;
	while ((line = strsep(&rest, "\n")))
		if (line[0])
			json_array_append_new(names, json_stringn(line, strcspn(line, " ")));
}
