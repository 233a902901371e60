// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/seed.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/options.h"
#include "image/command.h"
#include "image/digest.h"
#include "settings/load.h"

enum { FILE_LIMIT = 16 << 20, XORRISO_S = 60 };

int seed_check_user_data(const char *text, const char *file, struct error *error)
{
	static const char *const beginnings[] = {"#cloud-config", "#!",
						 "## template:",  "#include",
						 "#part-handler", "#cloud-boothook",
						 "Content-Type:", "MIME-Version:",
						 "\x1f\x8b" /* gzip */};

	for (size_t i = 0; i < ARRAY_SIZE(beginnings); i++)
		if (strncasecmp(text, beginnings[i], strlen(beginnings[i])) == 0)
			return 0;
	return error_set(error, EINVAL,
			 "%s:1:1: cloud-init does not know this as user-data; write #cloud-config "
			 "in the first line",
			 file);
}

static bool instance_id_is_valid(const char *id)
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "0123456789._-";
	size_t length = strlen(id);

	return length > 0 && length <= 64 && id[strspn(id, alphabet)] == '\0';
}

/* The name's own letters where they can stand in an instance-id, else a digest. */
static char *instance_id_from(const char *name, const char *text, size_t size)
{
	_cleanup_free_ char *lower = strdup(name ? name : "");
	char hex[KEY_HEX_SIZE], *id = NULL;
	struct cache_key key;

	for (char *c = lower; c && *c; c++)
		*c = (char)tolower((unsigned char)*c);
	cache_key_start(&key);
	if (name)
		cache_key_add(&key, "name", lower ? lower : "");
	else
		cache_key_add_bytes(&key, "user-data", text, size);
	if (cache_key_finish(&key, hex) < 0 || !lower ||
	    asprintf(&id, "postcask-%s", instance_id_is_valid(lower) ? lower : hex) < 0)
		return NULL;
	return id;
}

static const char *server_name(const struct load *load)
{
	static const char *const keys[] = {"fqdn", "hostname"};

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const struct node *node = node_get(load->root, keys[i]);

		if (node && node->kind == NODE_TEXT && node->size)
			return node->text;
	}
	return NULL;
}

/* What is wrong with the user-data is no concern here: `check` says it, and a file
 * that is corrected later is still the same server's. */
static char *instance_id_default(const char *user_data, size_t size)
{
	_cleanup_(diagnostics_free) struct diagnostics ignored = DIAGNOSTICS_INIT;
	_cleanup_(load_free) struct load load = {0};

	if (load_user_data("user-data", user_data, size, &ignored, &load) < 0)
		return NULL;
	return instance_id_from(server_name(&load), user_data, size);
}

int seed_make_meta_data(const char *user_data, size_t size, const char *instance_id,
			char **ret_text, struct error *error)
{
	_cleanup_free_ char *id = NULL;
	char *text = NULL;

	if (instance_id && !instance_id_is_valid(instance_id))
		return error_set(error, EINVAL,
				 "'%s' is no instance-id; write up to 64 letters, digits and . _ -",
				 instance_id);
	id = instance_id ? strdup(instance_id) : instance_id_default(user_data, size);
	if (!id || asprintf(&text, "instance-id: %s\n", id) < 0)
		return error_errno(error, ENOMEM, "meta-data");
	*ret_text = text;
	return 0;
}

static void folder_remove(char **folder)
{
	if (*folder && file_remove_tree(*folder, NULL) < 0)
		fprintf(stderr, "postcask-image: cannot remove %s\n", *folder);
	free(*folder);
}

static int copy_into(const char *folder, const char *name, const char *from, struct error *error)
{
	_cleanup_free_ char *path = file_join(folder, name);
	_cleanup_free_ char *text = NULL;
	size_t size;
	int result = file_read(from, FILE_LIMIT, &text, &size, error);

	return result < 0 ? result : file_replace(path, text, size, 0600, -1, -1, error);
}

/* user-data, meta-data and network-config as cloud-init wants to find them. */
static int folder_fill(const struct seed *seed, const char *folder, struct error *error)
{
	_cleanup_free_ char *user_data = NULL, *meta_data = NULL;
	_cleanup_free_ char *meta_path = file_join(folder, "meta-data");
	size_t size = 0;
	int result = file_read(seed->user_data, FILE_LIMIT, &user_data, &size, error);

	if (result == 0)
		result = seed_check_user_data(user_data, seed->user_data, error);
	if (result == 0)
		result = copy_into(folder, "user-data", seed->user_data, error);
	if (result == 0 && seed->network_config)
		result = copy_into(folder, "network-config", seed->network_config, error);
	if (result == 0 && seed->meta_data)
		return copy_into(folder, "meta-data", seed->meta_data, error);
	if (result == 0)
		result = seed_make_meta_data(user_data, size, seed->instance_id, &meta_data, error);
	return result < 0
		   ? result
		   : file_replace(meta_path, meta_data, strlen(meta_data), 0600, -1, -1, error);
}

int seed_write(const struct seed *seed, const char *output, struct error *error)
{
	char template[] = "/tmp/postcask-seed.XXXXXX";
	_cleanup_(folder_remove) char *folder = NULL;
	_cleanup_(buffer_free) struct buffer printed = BUFFER_INIT;
	_cleanup_free_ char *partial = NULL;
	int result;

	if (!mkdtemp(template))
		return error_errno(error, errno, "%s", template);
	folder = strdup(template);
	if (!folder || asprintf(&partial, "%s.partial", output) < 0)
		return error_errno(error, ENOMEM, "%s", output);
	result = folder_fill(seed, folder, error);
	if (result < 0)
		return result;
	/* It holds password hashes: nobody else may read it. */
	umask(077);
	result = command_output(XORRISO_S,
				COMMAND("xorriso", "-as", "mkisofs", "-quiet", "-V", "cidata", "-J",
					"-r", "-o", partial, folder),
				&printed, error);
	if (result < 0)
		return error_wrap(error, "%s", buffer_text(&printed));
	if (rename(partial, output) < 0)
		return error_errno(error, errno, "%s", output);
	return 0;
}

static const char usage[] =
    "usage: postcask-image seed [OPTION...] USER-DATA OUTPUT.iso\n"
    "\n"
    "  --meta-data=FILE       instead of one with an instance-id only\n"
    "  --network-config=FILE  netplan's format, version 2; without it: DHCP\n"
    "  --instance-id=ID       instead of one made from the server's name\n";

int seed_main(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct seed seed = {0};
	const struct command_option options[] = {{"meta-data", .value = &seed.meta_data},
						 {"network-config", .value = &seed.network_config},
						 {"instance-id", .value = &seed.instance_id}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 2, 2);

	if (status != COMMAND_GO_ON)
		return status;
	seed.user_data = argv[optind];
	if (seed_write(&seed, argv[optind + 1], &error) < 0) {
		error_print(&error);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
