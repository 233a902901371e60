// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_key.h"

#include "base/cleanup.h"
#include "certificate/certificate.h"

static int begin(const json_t *settings, const char *folder, void **ret_job, struct error *error)
{
	const char *names[CERTIFICATE_NAMES_MAX];
	struct certificate_request request = {0};
	struct certificate_job *job;
	int result = certificate_request_from_settings(settings, names, &request, error);

	if (result < 0)
		return result;
	request.folder = folder;
	result = certificate_ensure_begin(&request, &job, error);
	if (result == 0)
		*ret_job = job;
	return result;
}

static int finish(void *job, int timeout_ms, struct key_result *ret, struct error *error)
{
	static const char *const authority_names[] = {[AUTHORITY_KEPT] = "kept",
						      [AUTHORITY_MADE] = "made",
						      [AUTHORITY_RENEWED] = "renewed",
						      [AUTHORITY_WIDENED] = "widened",
						      [AUTHORITY_REPLACED] = "replaced"};
	_cleanup_(certificate_outcome_clear) struct certificate_outcome outcome =
	    CERTIFICATE_OUTCOME_INIT;
	int result = certificate_ensure_finish(job, timeout_ms, &outcome, error);

	if (result < 0)
		return result;
	*ret = (struct key_result){
	    .changed = outcome.changed,
	    .state = outcome.given ? "given" : authority_names[outcome.authority],
	    .note = TAKE_POINTER(outcome.note),
	};
	return 0;
}

const struct key_kind certificate_key = {CERTIFICATE_KEY, begin, finish};
