// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/authority_names.h"

#include <string.h>
#include <strings.h>

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/cleanup.h"
#include "certificate/certificate_extension.h"
#include "certificate/certificate_issue.h"

static GENERAL_SUBTREE *subtree_of(int type, const void *bytes, int size)
{
	GENERAL_SUBTREE *subtree = GENERAL_SUBTREE_new();
	ASN1_STRING *value =
	    ASN1_STRING_type_new(type == GEN_DNS ? V_ASN1_IA5STRING : V_ASN1_OCTET_STRING);

	if (!subtree || !value || !ASN1_STRING_set(value, bytes, size)) {
		GENERAL_SUBTREE_free(subtree);
		ASN1_STRING_free(value);
		return NULL;
	}
	GENERAL_NAME_set0_value(subtree->base, type, value);
	return subtree;
}

/* Takes the subtree, which may be NULL. */
static bool subtree_push(STACK_OF(GENERAL_SUBTREE) * list, GENERAL_SUBTREE *subtree)
{
	if (list && subtree && sk_GENERAL_SUBTREE_push(list, subtree) > 0)
		return true;
	GENERAL_SUBTREE_free(subtree);
	return false;
}

bool authority_names_put(X509 *certificate, const struct authority_names *names)
{
	/* Address and mask, of four bytes each or sixteen.  A constraint on one kind of
	 * name says nothing of the others, and an address is a server's name too. */
	static const unsigned char every_address[32] = {0};
	NAME_CONSTRAINTS *constraints = NAME_CONSTRAINTS_new();
	bool good = constraints;

	if (good) {
		constraints->permittedSubtrees = sk_GENERAL_SUBTREE_new_null();
		constraints->excludedSubtrees = sk_GENERAL_SUBTREE_new_null();
	}
	for (size_t i = 0; good && i < names->count + names->domains; i++)
		good = subtree_push(constraints->permittedSubtrees,
				    subtree_of(GEN_DNS, names->names[i], -1));
	good =
	    good &&
	    subtree_push(constraints->excludedSubtrees, subtree_of(GEN_IPADD, every_address, 8)) &&
	    subtree_push(constraints->excludedSubtrees, subtree_of(GEN_IPADD, every_address, 32)) &&
	    X509_add1_ext_i2d(certificate, NID_name_constraints, constraints, 1,
			      X509V3_ADD_DEFAULT) == 1;
	NAME_CONSTRAINTS_free(constraints);
	return good &&
	       certificate_put_extension(certificate, NULL, NID_ext_key_usage, "serverAuth");
}

/* NULL when there are none, or none that every client must heed. */
static NAME_CONSTRAINTS *constraints_of(const X509 *certificate)
{
	int critical = 0;
	NAME_CONSTRAINTS *constraints =
	    X509_get_ext_d2i(certificate, NID_name_constraints, &critical, NULL);

	ERR_clear_error();
	if (critical == 1)
		return constraints;
	NAME_CONSTRAINTS_free(constraints);
	return NULL;
}

bool authority_is_constrained(X509 *certificate)
{
	NAME_CONSTRAINTS *constraints = constraints_of(certificate);
	bool good = constraints && sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees) > 0 &&
		    sk_GENERAL_SUBTREE_num(constraints->excludedSubtrees) > 0 &&
		    X509_get_extended_key_usage(certificate) == XKU_SSL_SERVER;

	NAME_CONSTRAINTS_free(constraints);
	return good;
}

/* Is the name this one, or below it? */
static bool is_below(const char *name, const GENERAL_NAME *base)
{
	size_t length = strlen(name), size;
	const char *text;

	if (base->type != GEN_DNS)
		return false;
	text = (const char *)ASN1_STRING_get0_data(base->d.dNSName);
	size = (size_t)ASN1_STRING_length(base->d.dNSName);
	return length >= size && strncasecmp(name + length - size, text, size) == 0 &&
	       (length == size || name[length - size - 1] == '.');
}

static bool permits(const NAME_CONSTRAINTS *constraints, const char *name)
{
	for (int i = 0; i < sk_GENERAL_SUBTREE_num(constraints->permittedSubtrees); i++)
		if (is_below(name,
			     sk_GENERAL_SUBTREE_value(constraints->permittedSubtrees, i)->base))
			return true;
	return false;
}

bool authority_permits(X509 *certificate, const struct authority_names *names)
{
	NAME_CONSTRAINTS *constraints = constraints_of(certificate);
	bool good = constraints;

	for (size_t i = 0; good && i < names->count; i++)
		good = permits(constraints, names->names[i]);
	NAME_CONSTRAINTS_free(constraints);
	return good;
}
