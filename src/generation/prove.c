// SPDX-License-Identifier: GPL-3.0-or-later
#include "generation/prove.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buffer.h"
#include "base/file.h"
#include "base/process.h"
#include "component/components.h"
#include "generation/inquire.h"

enum { OUTPUT_LINES = 6 };

struct proof {
	const struct component *component;
	const char *folder;
	const json_t *settings;
	pthread_t thread;
	bool started;
	int result;
	struct error error;
};

/* The checker's arguments with the folder in place of "@"; owned by the caller. */
static bool arguments_expand(const struct proof *proof, char *ret[COMPONENT_ARGUMENTS + 1])
{
	for (size_t i = 0; i < COMPONENT_ARGUMENTS && proof->component->checker[i]; i++) {
		const char *argument = proof->component->checker[i];
		size_t before = strcspn(argument, "@");
		bool marked = argument[before] == '@';

		if (asprintf(&ret[i], "%.*s%s%s", (int)before, argument,
			     marked ? proof->folder : "", argument + before + marked) < 0) {
			ret[i] = NULL;
			return false;
		}
	}
	return true;
}

/* The last lines of what a checker said, on one line.  It quotes the settings, which are UTF-8. */
static char *output_summary(struct buffer *output)
{
	_cleanup_(buffer_free) struct buffer summary = BUFFER_INIT;
	const char *start = buffer_text(output), *end = start + output->size;
	size_t lines = 0;

	while (end > start && end[-1] == '\n')
		end--;
	for (const char *at = end; at > start && lines < OUTPUT_LINES; at--)
		if (at[-1] == '\n' && ++lines == OUTPUT_LINES)
			start = at;
	for (; start < end; start++)
		if (*start == '\n')
			buffer_add_text(&summary, " / ");
		else
			buffer_add_char(&summary, (unsigned char)*start < 0x20 ? ' ' : *start);
	return buffer_take(&summary);
}

/* The key of mail.extra that a refusal is about, NULL when none was given: of
 * several files the one whose name the checker said. */
static const char *blamed_extra(const struct proof *proof, const json_t *extra, const char *said)
{
	const char *blamed = NULL;

	for (const struct component_file *file = proof->component->files; file->path; file++) {
		const char *name = strrchr(file->path, '/') + 1;

		if (!file->extra || !json_string_length(json_object_get(extra, file->extra)))
			continue;
		if (!blamed || strstr(said, name))
			blamed = file->extra;
	}
	return blamed;
}

/* Refused by the component: said with the key that an administrator can mend. */
static int proof_refuse(struct proof *proof, struct buffer *output)
{
	_cleanup_free_ char *said = output_summary(output);
	const char *key =
	    blamed_extra(proof, json_object_get(proof->settings, "extra"), said ? said : "");

	return error_set(&proof->error, ENOEXEC, "%s%s%s%s refuses it: %s",
			 key ? "mail.extra." : "", key ? key : "", key ? ": " : "",
			 proof->component->name, said ? said : "");
}

/* Asks the daemon that waits; -ENOENT when there is none.  The first file of a
 * component is the one that it is started with. */
static int proof_inquire(struct proof *proof)
{
	_cleanup_(buffer_free) struct buffer answer = BUFFER_INIT;
	_cleanup_(error_clear) struct error nobody = ERROR_INIT;
	_cleanup_free_ char *path = file_join(proof->folder, proof->component->files[0].path);
	int result =
	    path ? inquire(proof->component->socket, path, PROVE_TIMEOUT_MS, &answer, &nobody)
		 : -ENOMEM;

	if (result < 0)
		return -ENOENT;
	if (strcmp(buffer_text(&answer), "ok\n") == 0)
		return 0;
	return proof_refuse(proof, &answer);
}

static bool is_checked(const struct proof *proof)
{
	_cleanup_free_ char *path = proof->component->checked_if
					? file_join(proof->folder, proof->component->checked_if)
					: NULL;
	struct stat status;

	return !path || stat(path, &status) < 0 || status.st_size > 0;
}

/* Runs the checker. */
static void *proof_run(void *argument)
{
	struct proof *proof = argument;
	_cleanup_(buffer_free) struct buffer output = BUFFER_INIT;
	char *argv[COMPONENT_ARGUMENTS + 1] = {NULL};
	struct process process = {.argv = (const char *const *)argv,
				  .timeout_ms = PROVE_TIMEOUT_MS};

	if (!is_checked(proof))
		return NULL;
	if (proof->component->socket) {
		proof->result = proof_inquire(proof);
		if (proof->result != -ENOENT)
			return NULL;
	}
	proof->result = arguments_expand(proof, argv)
			    ? process_run(&process, &output, &proof->error)
			    : error_set(&proof->error, ENOMEM, "out of memory");
	if (proof->result > 0)
		proof->result = proof_refuse(proof, &output);
	else if (proof->result < 0)
		error_wrap(&proof->error, "%s", proof->component->name);
	for (size_t i = 0; i < COMPONENT_ARGUMENTS; i++)
		free(argv[i]);
	return NULL;
}

/* Begins the proofs of the changed components that have a checker. */
static void proofs_begin(struct proof *proofs, const struct change *change)
{
	for (size_t i = 0; i < component_count; i++) {
		if (!components[i]->checker[0] || !component_set_has(&change->changed, i))
			continue;
		int failure = pthread_create(&proofs[i].thread, NULL, proof_run, &proofs[i]);
		if (failure)
			proofs[i].result = error_errno(&proofs[i].error, failure, "no thread");
		proofs[i].started = failure == 0;
	}
}

int prove_generation(const char *folder, const json_t *settings, const struct change *change,
		     struct error *error)
{
	_cleanup_free_ struct proof *proofs = calloc(component_count, sizeof(*proofs));
	int result = 0;

	if (!proofs)
		return error_set(error, ENOMEM, "out of memory");
	for (size_t i = 0; i < component_count; i++)
		proofs[i] = (struct proof){
		    .component = components[i], .folder = folder, .settings = settings};
	proofs_begin(proofs, change);
	for (size_t i = 0; i < component_count; i++) {
		if (proofs[i].started)
			pthread_join(proofs[i].thread, NULL);
		if (proofs[i].result < 0 && result == 0)
			result =
			    error_set(error, proofs[i].result, "%s", error_text(&proofs[i].error));
		error_clear(&proofs[i].error);
	}
	return result;
}
