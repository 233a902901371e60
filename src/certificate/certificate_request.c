// SPDX-License-Identifier: GPL-3.0-or-later
#include <errno.h>
#include <string.h>

#include "certificate/certificate.h"

static bool has_name(const struct certificate_request *request, const char *name)
{
	for (size_t i = 0; i < request->name_count; i++)
		if (strcmp(request->names[i], name) == 0)
			return true;
	return false;
}

/* As many as there is room for: each connection carries the authority's certificate. */
static void add_domains(const json_t *domains, const char **names,
			struct certificate_request *request)
{
	const json_t *domain;
	size_t i;

	json_array_foreach(domains, i, domain)
	{
		if (request->name_count + request->domain_count == CERTIFICATE_NAMES_MAX)
			return;
		if (json_is_string(domain) && !has_name(request, json_string_value(domain)))
			names[request->name_count + request->domain_count++] =
			    json_string_value(domain);
	}
}

int certificate_request_from_settings(const json_t *settings, const char **names,
				      struct certificate_request *ret, struct error *error)
{
	const json_t *tls = json_object_get(settings, "tls"), *name;
	const json_t *acme = json_object_get(tls, "acme");
	const char *directory = json_string_value(json_object_get(acme, "directory"));
	size_t i;

	*ret = (struct certificate_request){
	    .folder = CERTIFICATE_FOLDER,
	    .names = names,
	    .name_count = 1,
	    .given_certificate = json_string_value(json_object_get(tls, "certificate")),
	    .given_key = json_string_value(json_object_get(tls, "key")),
	    .acme_directory = directory && directory[0] ? directory : NULL,
	    .acme_method = json_string_value(json_object_get(acme, "challenge")),
	};
	names[0] = json_string_value(json_object_get(settings, "hostname"));
	if (!names[0])
		return error_set(error, EINVAL, "the settings have no hostname");
	json_array_foreach(json_object_get(tls, "names"), i, name)
	{
		if (!json_is_string(name) || has_name(ret, json_string_value(name)))
			continue;
		if (ret->name_count == CERTIFICATE_NAMES_MAX)
			return error_set(error, EINVAL, "a certificate has at most %d names",
					 CERTIFICATE_NAMES_MAX);
		names[ret->name_count++] = json_string_value(name);
	}
	add_domains(json_object_get(settings, "domains"), names, ret);
	return 0;
}
