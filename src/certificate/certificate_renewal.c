// SPDX-License-Identifier: GPL-3.0-or-later
#include "certificate/certificate_renewal.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_file.h"
#include "base/process.h"
#include "certificate/certificate_facts.h"
#include "component/components.h"
#include "generation/generation.h"

#define HANDSHAKE_MS	  10000
#define RELOAD_TIMEOUT_MS 30000
/* Nothing announces that the last process with the old certificate has gone: so ask
 * again, for this long.  And not at once: an idle smtpd of before the reload may still
 * take a connection, and while it talks Postfix's master believes it free and starts no
 * other, so that the next client waits for both. */
#define SETTLE_MS	30000
#define SETTLE_PAUSE_MS 1000

static bool serves_certificate(const struct component *component)
{
	return component_has_key(component, CERTIFICATE_KEY);
}

int renewal_reload(struct error *error)
{
	_cleanup_free_ const char **argv =
	    component_command("try-reload-or-restart", serves_certificate);
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	struct process process = {.argv = argv, .timeout_ms = RELOAD_TIMEOUT_MS};
	int status;

	if (!argv)
		return error_set(error, ENOMEM, "out of memory");
	status = process_run(&process, &output, error);
	if (status < 0)
		return error_wrap(error, "cannot reload the daemons");
	if (status > 0)
		return error_set(error, EIO, "cannot reload the daemons: %s", buffer_text(&output));
	return 0;
}

int renewal_wait_served(const struct certificate_request *request, const json_t *settings,
			struct served *served, struct error *error)
{
	int64_t deadline = clock_now_ms() + SETTLE_MS;
	int result;

	for (;;) {
		poll(NULL, 0, SETTLE_PAUSE_MS);
		served_clear(served);
		result = certificate_check_served(request, settings, HANDSHAKE_MS, served, error);
		if (result < 0 || served->current == served->count || clock_left_ms(deadline) == 0)
			return result;
	}
}

int renewal_wait_domain(const char *path, const char *name, const json_t *settings,
			struct served *served, struct error *error)
{
	int64_t deadline = clock_now_ms() + SETTLE_MS;
	int result;

	for (;;) {
		served_clear(served);
		result =
		    certificate_check_domain(path, name, settings, HANDSHAKE_MS, served, error);
		if (result < 0 || served->current == served->count || clock_left_ms(deadline) == 0)
			return result;
		poll(NULL, 0, SETTLE_PAUSE_MS);
	}
}

static bool has_stale(const struct served *served)
{
	for (size_t i = 0; i < served->count; i++) {
		if (served->ports[i].state == SERVED_STALE)
			return true;
	}
	return false;
}

static int renew_and_reload(const struct renewal *renewal, struct certificate_request *request,
			    const json_t *settings, struct renewal_outcome *outcome,
			    struct error *error)
{
	int result = 0;

	request->renew = renewal->force;
	request->new_keys = renewal->new_keys;
	request->next = true;
	if (!renewal->check)
		result = certificate_ensure(request, &outcome->certificate, error);
	if (result == 0 && !outcome->certificate.changed)
		result = certificate_check_served(request, settings, HANDSHAKE_MS, &outcome->served,
						  error);
	if (result < 0 || renewal->check ||
	    (!outcome->certificate.changed && !has_stale(&outcome->served)))
		return result;
	result = renewal_reload(error);
	outcome->reloaded = result == 0;
	return result == 0 ? renewal_wait_served(request, settings, &outcome->served, error)
			   : result;
}

int renewal_run(const struct renewal *renewal, struct renewal_outcome *ret, struct error *error)
{
	_cleanup_(renewal_outcome_clear) struct renewal_outcome outcome = RENEWAL_OUTCOME_INIT;
	const char *names[CERTIFICATE_NAMES_MAX];
	struct certificate_request request;
	_cleanup_json_ json_t *settings = NULL;
	int result = generation_settings(RENEWAL_STATE, &settings, error);

	if (result == 0)
		result = certificate_request_from_settings(settings, names, &request, error);
	if (result == 0)
		result = renew_and_reload(renewal, &request, settings, &outcome, error);
	if (result < 0)
		return result;
	*ret = outcome;
	outcome = RENEWAL_OUTCOME_INIT;
	return 0;
}

bool renewal_succeeded(const struct renewal_outcome *outcome)
{
	return outcome->served.current == outcome->served.count;
}

static void print_reloaded(FILE *stream)
{
	const char *before = "";

	fprintf(stream, "%-18s ", "reloaded");
	for (size_t i = 0; i < component_count; i++)
		if (serves_certificate(components[i])) {
			fprintf(stream, "%s%s", before, components[i]->name);
			before = ", ";
		}
	putc('\n', stream);
}

void renewal_print(const struct renewal_outcome *outcome, FILE *stream)
{
	const struct certificate_outcome *certificate = &outcome->certificate;
	char end[TIME_TEXT];

	for (int kind = 0; certificate->not_after && kind < CERTIFICATE_KINDS; kind++)
		fprintf(stream, "%-18s %s%s\n", certificate_file_name((enum certificate_kind)kind),
			certificate->reason[kind] == CERTIFICATE_CURRENT ? "" : "written anew: ",
			certificate_reason_name(certificate->reason[kind]));
	if (certificate->not_after) {
		certificate_format_time(certificate->not_after, end);
		fprintf(stream, "%-18s %s\n", "valid until", end);
	}
	if (outcome->reloaded)
		print_reloaded(stream);
	for (size_t i = 0; i < outcome->served.count; i++) {
		const struct served_port *port = &outcome->served.ports[i];

		fprintf(stream, "%-18s %s%s%s\n", port->name, served_state_name(port->state),
			port->detail ? ": " : "", port->detail ? port->detail : "");
	}
	if (certificate->note)
		fprintf(stream, "note: %s\n", certificate->note);
}

json_t *renewal_to_json(const struct renewal_outcome *outcome)
{
	const struct certificate_outcome *certificate = &outcome->certificate;
	json_t *served = json_object();

	for (size_t i = 0; i < outcome->served.count; i++)
		json_object_set_new(served, outcome->served.ports[i].name,
				    json_string(served_state_name(outcome->served.ports[i].state)));
	return json_pack(
	    "{s:b, s:b, s:b, s:I, s:s?, s:s, s:s, s:o}", "changed", certificate->changed, "given",
	    certificate->given, "reloaded", outcome->reloaded, "not_after",
	    (json_int_t)certificate->not_after, "note", certificate->note, "ecdsa",
	    certificate_reason_name(certificate->reason[CERTIFICATE_ECDSA]), "rsa",
	    certificate_reason_name(certificate->reason[CERTIFICATE_RSA]), "served", served);
}

void renewal_outcome_clear(struct renewal_outcome *outcome)
{
	certificate_outcome_clear(&outcome->certificate);
	served_clear(&outcome->served);
}
