// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/json_file.h"
#include "base/share.h"
#include "certificate/certificate_facts.h"
#include "generation/template.h"
#include "web/profile.h"

enum { TEMPLATE_LIMIT = 256 * 1024 };

/* A kind of page: the same for all, or one for each domain, between `folder` and `end`. */
struct page {
	const char *template, *folder, *end;
	bool is_signed; /* only where there is a profile */
};

static const struct page pages[] = {
    {.template = "help.html", .folder = "pages/", .end = ".html"},
    {.template = "autoconfig.xml", .folder = "autoconfig/", .end = ".xml"},
    {.template = "profile.mobileconfig",
     .folder = "profiles/",
     .end = ".mobileconfig",
     .is_signed = true},
    {.template = "autodiscover.xml", .folder = "autodiscover/"},
    {.template = "security.txt", .folder = ".well-known/"},
    {.template = "robots.txt", .folder = ""},
    {.template = "error-404.html", .folder = ""},
    {.template = "style.css", .folder = ""},
    {.template = "favicon.svg", .folder = ""},
};

static const char *const folders[] = {"pages", "autoconfig", "profiles", "autodiscover",
				      ".well-known"};

struct site {
	const struct web_facts *facts;
	const char *folder;
	struct text {
		char *text; /* owned */
		size_t size;
	} templates[ARRAY_SIZE(pages)];
};

static void site_clear(struct site *site)
{
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		free(site->templates[i].text);
}

char *site_share(void)
{
	return share_path("web");
}

static int write_file(const struct site *site, const char *name, const void *bytes, size_t size,
		      struct error *error)
{
	_cleanup_free_ char *path = file_join(site->folder, name);
	_cleanup_close_ int fd =
	    path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644) : -1;
	int result = fd < 0 ? -errno : file_write_all(fd, bytes, size);

	return result < 0 ? error_errno(error, result, "%s/%s: cannot write", site->folder, name)
			  : 0;
}

/* One page of one domain, or of none. */
static int write_page(const struct site *site, size_t number, const json_t *facts,
		      struct error *error)
{
	const struct page *page = &pages[number];
	const struct text *text = &site->templates[number];
	const char *domain = json_text(facts, "domain");
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT, whole = BUFFER_INIT;
	_cleanup_free_ char *name = NULL;
	int result = template_render(page->template, text->text, text->size, facts,
				     escape_find("xml", 3), &output, error);

	if (result == 0 && page->is_signed)
		result = profile_sign(&site->facts->signer, &output, &whole, error);
	if (result < 0)
		return result;
	if (asprintf(&name, "%s%s%s", page->folder, page->end ? domain : page->template,
		     page->end ? page->end : "") < 0)
		return error_set(error, ENOMEM, "out of memory");
	return write_file(site, name, buffer_text(page->is_signed ? &whole : &output),
			  page->is_signed ? whole.size : output.size, error);
}

static int write_pages(const struct site *site, const char *domain, bool once, struct error *error)
{
	_cleanup_json_ json_t *facts = NULL;
	int result = web_facts_of(site->facts, domain, &facts, error);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(pages); i++) {
		if (!pages[i].end != once || (pages[i].is_signed && !json_text(facts, "profile")[0]))
			continue;
		result = write_page(site, i, facts, error);
	}
	return result;
}

/* The first page that people see: nobody has to know that there is more than one. */
static int write_index(const struct site *site, const char *domain, struct error *error)
{
	_cleanup_free_ char *path = NULL, *text = NULL;
	size_t size;
	int result;

	if (asprintf(&path, "%s/pages/%s.html", site->folder, domain) < 0)
		return error_set(error, ENOMEM, "out of memory");
	result = file_read(path, TEMPLATE_LIMIT, &text, &size, error);
	return result < 0 ? result : write_file(site, "index.html", text, size, error);
}

static int write_authority(const struct site *site, struct error *error)
{
	const char *text =
	    json_text(json_object_get(site->facts->common, "authority"), "base64");
	size_t size = strlen(text);
	_cleanup_free_ unsigned char *bytes = malloc(size + 1);
	int length;

	if (!size)
		return 0;
	length = bytes ? EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)size) : -1;
	if (length < 0)
		return error_set(error, ENOMEM, "out of memory");
	for (; size > 0 && text[size - 1] == '='; size--)
		length--;
	return write_file(site, "authority.crt", bytes, (size_t)length, error);
}

static int fill(const struct site *site, const json_t *domains, const char *policy,
		struct error *error)
{
	const char *hostname = json_text(site->facts->common, "hostname");
	const char *first = json_string_value(json_array_get(domains, 0));
	const json_t *domain;
	int result;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(folders); i++) {
		_cleanup_free_ char *path = file_join(site->folder, folders[i]);

		result = file_make_folders(path, 0755, error);
		if (result < 0)
			return result;
	}
	result = write_pages(site, hostname, false, error);
	if (result == 0)
		result = write_pages(site, first, true, error);
	json_array_foreach(domains, i, domain)
	{
		if (result == 0)
			result = write_pages(site, json_string_value(domain), false, error);
	}
	if (result == 0)
		result = write_index(site, json_array_size(domains) == 1 ? first : hostname, error);
	if (result == 0)
		result = write_authority(site, error);
	if (result == 0 && policy)
		result = write_file(site, "mta-sts.txt", policy, strlen(policy), error);
	return result;
}

static int read_templates(struct site *site, const char *share, struct error *error)
{
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		_cleanup_free_ char *path = file_join(share, pages[i].template);
		int result = path ? file_read(path, TEMPLATE_LIMIT, &site->templates[i].text,
					      &site->templates[i].size, error)
				  : error_set(error, ENOMEM, "out of memory");

		if (result < 0)
			return result;
	}
	return 0;
}

/* What the site is made of, as a digest; another boot gives another one. */
static int make_stamp(const struct site *site, const json_t *domains, const char *policy,
		      char ret[DIGEST_TEXT_SIZE], struct error *error)
{
	_cleanup_free_ char *boot = NULL, *common = NULL, *names = NULL;
	char signer[FINGERPRINT_TEXT] = "";
	EVP_MD_CTX *digest = digest_begin();

	common = json_dumps(site->facts->common, JSON_SORT_KEYS | JSON_COMPACT);
	names = json_dumps(domains, JSON_COMPACT);
	if (!digest || !common || !names ||
	    !certificate_fingerprint(sk_X509_value(site->facts->signer.chain, 0), signer)) {
		EVP_MD_CTX_free(digest);
		return error_set(error, ENOMEM, "out of memory");
	}
	if (file_read("/proc/sys/kernel/random/boot_id", 64, &boot, NULL, NULL) == 0)
		digest_add(digest, boot, strlen(boot));
	digest_add(digest, common, strlen(common) + 1);
	digest_add(digest, names, strlen(names) + 1);
	digest_add(digest, signer, sizeof(signer));
	if (policy)
		digest_add(digest, policy, strlen(policy));
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		digest_add(digest, site->templates[i].text, site->templates[i].size);
	digest_finish(digest, ret);
	return 0;
}

static bool is_made(const char *web, const char *stamp)
{
	_cleanup_free_ char *path = file_join(web, "stamp"), *index = file_join(web, "site/index.html");
	_cleanup_free_ char *text = NULL;

	return path && index && file_read(path, DIGEST_TEXT_SIZE, &text, NULL, NULL) == 0 &&
	       strcmp(text, stamp) == 0 && file_exists(index);
}

/* The one of the two folders that is not shown. */
static const char *other_folder(const char *link)
{
	char target[16] = "";

	return readlink(link, target, sizeof(target) - 1) > 0 && strcmp(target, "made.a") == 0
		   ? "made.b"
		   : "made.a";
}

static int show(struct site *site, const json_t *domains, const char *policy, const char *web,
		const char *stamp, struct error *error)
{
	_cleanup_free_ char *link = file_join(web, "site"), *stamps = file_join(web, "stamp");
	_cleanup_free_ char *folder = NULL, *before = NULL;
	const char *name = link ? other_folder(link) : NULL;
	int result;

	if (!name || !stamps || !(folder = file_join(web, name)) ||
	    !(before = file_join(web, name[5] == 'a' ? "made.b" : "made.a")))
		return error_set(error, ENOMEM, "out of memory");
	site->folder = folder;
	result = file_remove_tree(folder, error);
	if (result == 0)
		result = fill(site, domains, policy, error);
	if (result == 0)
		result = file_replace_link(link, name, error);
	if (result == 0)
		result = file_replace(stamps, stamp, strlen(stamp), 0644, (uid_t)-1, (gid_t)-1,
				      error);
	return result == 0 ? file_remove_tree(before, error) : result;
}

int site_make(const struct web_facts *facts, const json_t *domains, const char *policy,
	      const char *share, const char *web, bool *ret_made, struct error *error)
{
	_cleanup_(site_clear) struct site site = {.facts = facts};
	char stamp[DIGEST_TEXT_SIZE];
	int result = read_templates(&site, share, error);

	if (result == 0)
		result = make_stamp(&site, domains, policy, stamp, error);
	if (result < 0)
		return result;
	*ret_made = !is_made(web, stamp);
	return *ret_made ? show(&site, domains, policy, web, stamp, error) : 0;
}
