// SPDX-License-Identifier: GPL-3.0-or-later
#include "image/apt_configuration.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "image/command.h"

enum { SOURCES_S = 120 };

static const char KEYRING[] = "/usr/share/keyrings/debian-archive-keyring.gpg";

/* The URI of the sources with this label, without the last slash. */
static char *labelled_mirror(const char *sources, const char *label)
{
	_cleanup_free_ char *wanted = NULL;

	if (asprintf(&wanted, "Debian|%s|", label) < 0)
		return NULL;
	const char *found = strstr(sources, wanted);
	if (!found)
		return NULL;
	found += strlen(wanted);
	size_t length = strcspn(found, "\n");
	while (length > 0 && found[length - 1] == '/')
		length--;
	return strndup(found, length);
}

/* The host's own sources: "ORIGIN|LABEL|URI" lines. */
static void host_sources(struct buffer *sources)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;

	if (command_output(
		SOURCES_S,
		COMMAND("apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)"),
		sources, &error) < 0)
		buffer_reset(sources); /* then debootstrap's default is taken */
}

/* The mirror that debootstrap takes when none is named. */
static char *debootstrap_mirror(void)
{
	static const char setting[] = "\nDEF_MIRROR=\"";
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *script = NULL;

	if (file_read("/usr/sbin/debootstrap", 1 << 20, &script, NULL, &error) < 0)
		return NULL;
	const char *found = strstr(script, setting);
	if (!found)
		return NULL;
	found += strlen(setting);
	return strndup(found, strcspn(found, "\""));
}

/* The archive and its security updates, which stand beside it. */
static int mirrors_find(const struct build *build, char **ret_main, char **ret_security,
			struct error *error)
{
	_cleanup_(buffer_free) struct buffer sources = BUFFER_INIT;
	_cleanup_free_ char *archive = build->mirror ? strdup(build->mirror) : NULL;
	_cleanup_free_ char *security = NULL;

	if (!archive) {
		host_sources(&sources);
		archive = labelled_mirror(buffer_text(&sources), "Debian");
		security = labelled_mirror(buffer_text(&sources), "Debian-Security");
	}
	if (!archive)
		archive = debootstrap_mirror();
	if (!archive)
		return error_set(error, ENOENT,
				 "no Debian mirror in this host's apt sources; name one with "
				 "--mirror=URI");
	if (!security && asprintf(&security, "%s-security", archive) < 0)
		return error_errno(error, ENOMEM, "mirror");
	*ret_main = TAKE_POINTER(archive);
	*ret_security = TAKE_POINTER(security);
	return 0;
}

static int text_write(const char *path, struct buffer *text, struct error *error)
{
	if (text->failed)
		return error_errno(error, ENOMEM, "%s", path);
	return file_replace(path, buffer_text(text), text->size, 0644, -1, -1, error);
}

static int sources_write(const struct build *build, struct error *error)
{
	_cleanup_free_ char *archive = NULL, *security = NULL;
	_cleanup_free_ char *path = build_cache_path(build, "apt/sources.list");
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	int result;

	if (!file_exists(KEYRING))
		return error_set(error, ENOENT, "%s is missing; install debian-archive-keyring",
				 KEYRING);
	result = mirrors_find(build, &archive, &security, error);
	if (result < 0)
		return result;
	const struct {
		const char *uri, *suite;
	} sources[] = {{archive, BUILD_SUITE},
		       {archive, BUILD_SUITE "-updates"},
		       {security, BUILD_SUITE "-security"}};
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++)
		buffer_addf(&text, "deb [signed-by=%s arch=%s target=Packages] %s %s main\n",
			    KEYRING, BUILD_ARCHITECTURE, sources[i].uri, sources[i].suite);
	return text_write(path, &text, error);
}

int apt_configuration_write(const struct build *build, struct error *error)
{
	static const char *const folders[] = {"apt/lists/partial", "apt/cache",
					      "apt/archives/partial", "debs"};
	_cleanup_(buffer_free) struct buffer text = BUFFER_INIT;
	_cleanup_free_ char *path = build_cache_path(build, "apt/apt.conf");
	int result;

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *folder = build_cache_path(build, folders[i]);

		result = file_make_folders(folder, 0755, error);
		if (result < 0)
			return result;
	}
	result = sources_write(build, error);
	if (result < 0)
		return result;
	buffer_addf(&text,
		    "Dir::State::status \"/dev/null\";\n"
		    "Dir::State::extended_states \"/dev/null\";\n"
		    "Dir::State::lists \"%1$s/apt/lists/\";\n"
		    "Dir::Cache \"%1$s/apt/cache/\";\n"
		    /* always empty: apt names the files that it would fetch, only */
		    "Dir::Cache::archives \"%1$s/apt/archives/\";\n"
		    "Dir::Cache::pkgcache \"pkgcache.bin\";\n"
		    "Dir::Cache::srcpkgcache \"srcpkgcache.bin\";\n"
		    "Dir::Etc::sourcelist \"%1$s/apt/sources.list\";\n"
		    "Dir::Etc::sourceparts \"/dev/null\";\n"
		    "Dir::Etc::preferences \"/dev/null\";\n"
		    "Dir::Etc::preferencesparts \"/dev/null\";\n"
		    "APT::Architecture \"%2$s\";\n"
		    "#clear APT::Architectures;\n"
		    "APT::Architectures:: \"%2$s\";\n"
		    "#clear APT::Default-Release;\n"
		    "APT::Install-Recommends \"false\";\n"
		    "APT::Sandbox::User \"root\";\n"
		    "#clear APT::Update;\n"
		    "Acquire::Languages \"none\";\n"
		    "Acquire::ForceHash \"SHA256\";\n"
		    "Acquire::Retries \"3\";\n"
		    "Acquire::http::Timeout \"20\";\n"
		    "Acquire::https::Timeout \"20\";\n",
		    build->cache, BUILD_ARCHITECTURE);
	return text_write(path, &text, error);
}
