// SPDX-License-Identifier: GPL-3.0-or-later
#include "web/site.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	bool is_asked;	/* by programs that look for a mailbox: only where those are */
};

static const struct page pages[] = {
    {.template = "help.html", .folder = "pages/", .end = ".html"},
    {.template = "autoconfig.xml", .folder = "autoconfig/", .end = ".xml", .is_asked = true},
    {.template = "profile.mobileconfig",
     .folder = "profiles/",
     .end = ".mobileconfig",
     .is_signed = true},
    {.template = "autodiscover.xml", .folder = "autodiscover/", .is_asked = true},
    {.template = "security.txt", .folder = ".well-known/"},
    {.template = "robots.txt", .folder = ""},
    {.template = "error-404.html", .folder = ""},
    {.template = "style.css", .folder = ""},
    {.template = "favicon.svg", .folder = ""},
};

static const char *const folders[] = {"pages", "autoconfig", "profiles", "autodiscover",
				      ".well-known"};

/* What the site was made of, as digests: what every page reads, and all of it. */
struct stamp {
	char common[DIGEST_TEXT_SIZE], all[DIGEST_TEXT_SIZE];
};

enum { STAMP_SIZE = 2 * DIGEST_TEXT_SIZE }; /* one, a line feed, the other */

struct site {
	const struct web_facts *facts;
	const char *folder;
	const char *before; /* a folder whose pages of a domain are the same; NULL: none is */
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

/* One that would promise what is not here is not there: a program then looks elsewhere. */
static bool is_wanted(const struct site *site, const struct page *page)
{
	return (!page->is_signed || site->facts->profiles) &&
	       (!page->is_asked || site->facts->mailboxes);
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

/* The name of a page of a domain, or of none; owned by the caller. */
static char *page_name(const struct page *page, const char *domain)
{
	char *name;

	return asprintf(&name, "%s%s%s", page->folder, page->end ? domain : page->template,
			page->end ? page->end : "") < 0
		   ? NULL
		   : name;
}

static int write_page(const struct site *site, size_t number, const json_t *facts,
		      struct error *error)
{
	const struct page *page = &pages[number];
	const struct text *text = &site->templates[number];
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT, whole = BUFFER_INIT;
	_cleanup_free_ char *name = page_name(page, json_text(facts, "domain"));
	int result = template_render(page->template, text->text, text->size, facts,
				     escape_find("xml", 3), &output, error);

	if (result == 0 && page->is_signed)
		result = profile_sign(&site->facts->signer, &output, &whole, error);
	if (result < 0)
		return result;
	if (!name)
		return error_set(error, ENOMEM, "out of memory");
	return write_file(site, name, buffer_text(page->is_signed ? &whole : &output),
			  page->is_signed ? whole.size : output.size, error);
}

/* Another name for what is there: a signature takes two milliseconds, and there may be ten
 * thousand. */
static bool take_page(const struct site *site, const struct page *page, const char *domain)
{
	_cleanup_free_ char *name = page_name(page, domain), *from = NULL, *to = NULL;

	return name && (from = file_join(site->before, name)) &&
	       (to = file_join(site->folder, name)) && link(from, to) == 0;
}

static bool take_pages(const struct site *site, const char *domain)
{
	bool taken = site->before;

	for (size_t i = 0; taken && i < ARRAY_SIZE(pages); i++)
		if (pages[i].end && is_wanted(site, &pages[i]))
			taken = take_page(site, &pages[i], domain);
	return taken;
}

static int write_pages(const struct site *site, const char *domain, bool once, struct error *error)
{
	_cleanup_json_ json_t *facts = NULL;
	int result;

	if (!once && take_pages(site, domain))
		return 0;
	result = web_facts_of(site->facts, domain, &facts, error);

	for (size_t i = 0; result == 0 && i < ARRAY_SIZE(pages); i++) {
		if (!pages[i].end != once || !is_wanted(site, &pages[i]))
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
	const char *text = json_text(json_object_get(site->facts->common, "authority"), "base64");
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

static int make_stamp(const struct site *site, const json_t *domains, const char *policy,
		      struct stamp *ret, struct error *error)
{
	_cleanup_free_ char *common = NULL, *names = NULL;
	char signer[FINGERPRINT_TEXT] = "";
	EVP_MD_CTX *one = digest_begin(), *all = digest_begin();

	common = json_dumps(site->facts->common, JSON_SORT_KEYS | JSON_COMPACT);
	names = json_dumps(domains, JSON_COMPACT);
	if (!one || !all || !common || !names ||
	    !certificate_fingerprint(sk_X509_value(site->facts->signer.chain, 0), signer)) {
		EVP_MD_CTX_free(one);
		EVP_MD_CTX_free(all);
		return error_set(error, ENOMEM, "out of memory");
	}
	digest_add(one, common, strlen(common) + 1);
	digest_add(one, signer, sizeof(signer));
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		digest_add(one, site->templates[i].text, site->templates[i].size);
	digest_finish(one, ret->common);
	digest_add(all, ret->common, sizeof(ret->common));
	digest_add(all, names, strlen(names) + 1);
	if (policy)
		digest_add(all, policy, strlen(policy));
	digest_finish(all, ret->all);
	return 0;
}

/* That of the site which is shown; empty when there is none that is whole. */
static void read_stamp(const char *web, struct stamp *ret)
{
	_cleanup_free_ char *path = file_join(web, "stamp"),
			    *index = file_join(web, "site/index.html"), *text = NULL;
	size_t size = 0;

	*ret = (struct stamp){"", ""};
	if (!path || !index || !file_exists(index) ||
	    file_read(path, STAMP_SIZE, &text, &size, NULL) < 0 || size != STAMP_SIZE - 1)
		return;
	memcpy(ret->common, text, DIGEST_TEXT_SIZE - 1);
	memcpy(ret->all, text + DIGEST_TEXT_SIZE, DIGEST_TEXT_SIZE);
}

/* A stamp lasts, so the pages must. */
static int write_stamp(const char *web, const struct stamp *stamp, struct error *error)
{
	_cleanup_close_ int fd = open(web, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_free_ char *path = file_join(web, "stamp"), *text = NULL;

	if (fd < 0 || syncfs(fd) < 0)
		return error_errno(error, errno, "%s: cannot sync", web);
	if (!path || asprintf(&text, "%s\n%s", stamp->common, stamp->all) < 0)
		return error_set(error, ENOMEM, "out of memory");
	return file_replace(path, text, strlen(text), 0644, (uid_t)-1, (gid_t)-1, error);
}

/* Is that the folder of the two that is shown? */
static bool is_shown(const char *link, const char *name)
{
	char target[16] = "";

	return readlink(link, target, sizeof(target) - 1) > 0 && strcmp(target, name) == 0;
}

static int show(struct site *site, const json_t *domains, const char *policy, const char *web,
		bool same, struct error *error)
{
	_cleanup_free_ char *link = file_join(web, "site"), *folder = NULL, *before = NULL;
	const char *name = link && is_shown(link, "made.a") ? "made.b" : "made.a";
	int result;

	if (!link || !(folder = file_join(web, name)) ||
	    !(before = file_join(web, name[5] == 'a' ? "made.b" : "made.a")))
		return error_set(error, ENOMEM, "out of memory");
	site->folder = folder;
	site->before = same ? before : NULL;
	result = file_remove_tree(folder, error);
	if (result == 0)
		result = fill(site, domains, policy, error);
	if (result == 0)
		result = file_replace_link(link, name, error);
	return result == 0 ? file_remove_tree(before, error) : result;
}

int site_make(const struct web_facts *facts, const json_t *domains, const char *policy,
	      const char *share, const char *web, bool *ret_made, struct error *error)
{
	_cleanup_(site_clear) struct site site = {.facts = facts};
	struct stamp stamp, before;
	int result = read_templates(&site, share, error);

	if (result == 0)
		result = make_stamp(&site, domains, policy, &stamp, error);
	if (result < 0)
		return result;
	read_stamp(web, &before);
	*ret_made = strcmp(stamp.all, before.all) != 0;
	if (!*ret_made)
		return 0;
	result = show(&site, domains, policy, web, strcmp(stamp.common, before.common) == 0, error);
	return result == 0 ? write_stamp(web, &stamp, error) : result;
}
