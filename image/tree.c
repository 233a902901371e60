// SPDX-License-Identifier: GPL-3.0-or-later
/* The step "tree": Debian's root tree with all packages of image/packages
 * installed and configured, kept as CACHE/tree-KEY.
 *
 * mmdebstrap does it from the packages at hand, as a flat repository of exactly
 * those, without a network and without waiting for the disk.  The hooks in
 * image/tree.d number the accounts before anything asks for one, keep
 * documentation out and make the initramfs once, at the end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "image/accounts.h"
#include "image/apt.h"
#include "image/build.h"
#include "image/command.h"
#include "image/package_list.h"
#include "image/sandbox.h"
#include "image/step.h"
#include "image/steps.h"

enum { TEXT_LIMIT = 16 << 20, INSTALL_S = 1800 };

#define ACCOUNTS_FILE "overlays/usr/lib/sysusers.d/postcask.conf"

static int index_write(const struct build *build, struct error *error)
{
	_cleanup_free_ char *lines_path = build_cache_path(build, "sets/tree.lines");
	_cleanup_free_ char *path = build_cache_path(build, "debs/Packages");
	_cleanup_free_ char *lines = NULL, *index = NULL;
	int result = file_read(lines_path, TEXT_LIMIT, &lines, NULL, error);

	if (result == 0)
		result = apt_index(build, lines, &index, error);
	return result < 0 ? result : file_replace(path, index, strlen(index), 0644, -1, -1, error);
}

/* The lines that the hook appends, in SCRATCH/accounts. */
static int accounts_write(const struct build *build, const struct accounts *accounts,
			  struct error *error)
{
	_cleanup_(account_files_free) struct account_files files;
	_cleanup_free_ char *folder = build_cache_path(build, "scratch/accounts");
	const struct {
		const char *name;
		const struct buffer *text;
	} rows[] = {{"passwd", &files.passwd},
		    {"group", &files.group},
		    {"shadow", &files.shadow},
		    {"gshadow", &files.gshadow}};
	int result = file_make_folders(folder, 0700, error);

	accounts_render(accounts, &files);
	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *path = file_join(folder, rows[i].name);

		result = rows[i].text->failed || !path
			     ? error_errno(error, ENOMEM, "%s", rows[i].name)
			     : file_replace(path, rows[i].text->data, rows[i].text->size, 0600, -1,
					    -1, error);
	}
	return result;
}

static int accounts_verify(const struct accounts *accounts, const char *tree, struct error *error)
{
	_cleanup_free_ char *passwd_path = file_join(tree, "etc/passwd");
	_cleanup_free_ char *group_path = file_join(tree, "etc/group");
	_cleanup_free_ char *passwd = NULL, *group = NULL;
	int result = file_read(passwd_path, TEXT_LIMIT, &passwd, NULL, error);

	if (result == 0)
		result = file_read(group_path, TEXT_LIMIT, &group, NULL, error);
	if (result == 0)
		result = accounts_check(accounts, passwd, group, error);
	return result < 0 ? error_wrap(error, ACCOUNTS_FILE) : 0;
}

/* "--include=a,b,c" */
static char *include_option(const struct package_list *packages)
{
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;

	buffer_add_text(&text, "--include=");
	for (size_t i = 0; i < packages->count; i++)
		buffer_addf(&text, "%s%s", i ? "," : "", packages->names[i]);
	return buffer_take(&text);
}

static int install(const struct build *build, const char *tree, int log, struct error *error)
{
	_cleanup_(package_list_free) struct package_list packages = {0};
	_cleanup_free_ char *list =
	    build->plain ? strdup(build->plain) : build_source_path(build, "image/packages");
	_cleanup_free_ char *include = NULL, *hooks = NULL, *source = NULL, *debs = NULL;
	_cleanup_free_ char *accounts = NULL, *modules = NULL;
	int result = package_list_load(list, &packages, error);

	if (result < 0)
		return result;
	include = include_option(&packages);
	/* A plain tree only gets its packages from the hooks. */
	if (!include ||
	    asprintf(&hooks, "%s=%s/image/tree.d%s", build->plain ? "--setup-hook" : "--hook-dir",
		     build->source, build->plain ? "/setup00-packages" : "") < 0 ||
	    asprintf(&source, "deb [trusted=yes] copy://%s/debs ./", build->cache) < 0 ||
	    asprintf(&debs, "POSTCASK_DEBS=%s/debs", build->cache) < 0 ||
	    asprintf(&accounts, "POSTCASK_ACCOUNTS=%s/scratch/accounts", build->cache) < 0 ||
	    asprintf(&modules, "POSTCASK_MODULES=%s/image/initramfs-modules", build->source) < 0)
		return error_errno(error, ENOMEM, "tree");
	/* PATH as an installation has it, whatever sudo made of ours. */
	const struct process process = {
	    .argv = COMMAND("mmdebstrap", "--verbose", "--mode=root", "--variant=apt",
			    "--format=directory", "--architectures=" BUILD_ARCHITECTURE, include,
			    "--aptopt=APT::Install-Recommends \"false\"",
			    "--aptopt=Acquire::Languages \"none\"", "--dpkgopt=force-unsafe-io",
			    "--dpkgopt=force-confold", hooks, BUILD_SUITE, tree, source),
	    .environment =
		COMMAND("PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "HOME=/root",
			"DEBIAN_FRONTEND=noninteractive",
			build->plain ? "POSTCASK_PLAIN=yes" : "INITRD=No", debs, accounts, modules),
	    .prepare = sandbox_prepare_offline,
	    .timeout_ms = INSTALL_S * 1000,
	    .output_fd = log};
	return command_run_process(&process, error);
}

int tree_step(void *context, int log, struct error *error)
{
	const struct build *build = context;
	_cleanup_(accounts_free) struct accounts accounts = {0};
	_cleanup_free_ char *declared = build_source_path(build, ACCOUNTS_FILE);
	_cleanup_free_ char *tree = NULL, *partial = NULL;
	int result = build_keyed_path(build, "tree", &tree, error);

	if (result < 0)
		return result;
	if (file_exists(tree))
		return STEP_CACHED;
	if (!declared || asprintf(&partial, "%s.partial", tree) < 0)
		return error_errno(error, ENOMEM, "tree");
	result = accounts_load(declared, &accounts, error);
	if (result == 0)
		result = accounts_write(build, &accounts, error);
	if (result == 0)
		result = index_write(build, error);
	if (result == 0)
		result = install(build, partial, log, error);
	if (result == 0 && !build->plain)
		result = accounts_verify(&accounts, partial, error);
	if (result < 0)
		return result;
	return rename(partial, tree) < 0 ? error_errno(error, errno, "%s", tree) : 0;
}
