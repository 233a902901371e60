// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask import: a person's mail from elsewhere into the mailbox here; see postcask-import(8). */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "command/ask_secret.h"
#include "command/command.h"
#include "command/print.h"
#include "command/show_import.h"
#include "import/job.h"
#include "import/list.h"

#define AUTHORITIES "/etc/ssl/certs/ca-certificates.crt"

enum { ANSWER_SECONDS = 60, ANSWER_SECONDS_MAX = 3600, PORT_TLS = 993, PORT_CLEAR = 143 };

static const char usage[] =
    "usage: postcask import imap --user ADDRESS --host HOST --login NAME [OPTION...]\n"
    "       postcask import imap --list FILE [OPTION...]\n"
    "       postcask import maildir|mbox|pst --user ADDRESS [OPTION...] PATH\n"
    "Copies mail from elsewhere into a mailbox here; repeated, nothing comes twice.\n"
    "  --into FOLDER       into this folder of the mailbox, and folders in it\n"
    "  --dry-run           shows what would be copied\n"
    "  --json              shows the report as JSON\n"
    "of another server, whose password is asked for or read from standard input:\n"
    "  --port PORT         instead of 993, or of 143\n"
    "  --security tls      TLS from the first byte (the default); starttls: after a command;\n"
    "                      none: everything, the password too, in clear text\n"
    "  --ca FILE           the authority that signed its certificate\n"
    "  --any-certificate   does not ask whether it is that server at all\n"
    "  --xoauth2           a token in the place of the password\n"
    "  --gmail             a message with several labels once, and All Mail to Archive\n"
    "  --timeout SECONDS   how long it may be silent, instead of 60\n"
    "  --list FILE         many people: lines of user,host,login,password\n";

/* ---- The command line ---- */

struct choices {
	const char *user, *host, *login, *port, *security, *ca, *list, *into, *timeout;
	bool any_certificate, xoauth2, gmail, dry_run, json;
};

static int parse_number(const char *text, unsigned least, unsigned most, const char *what,
			unsigned *ret, struct error *error)
{
	struct slice rest = slice_of(text);
	long long number;

	if (!slice_number(&rest, &number) || rest.size || number < least || number > most)
		return error_set(error, EINVAL, "'%s' is no %s; write a number from %u to %u", text,
				 what, least, most);
	*ret = (unsigned)number;
	return 0;
}

/* What is the same of all servers. */
static int parse_server(const struct choices *choices, struct source_imap_params *ret,
			struct error *error)
{
	const char *security = choices->security ? choices->security : "tls";
	unsigned seconds = ANSWER_SECONDS;

	ret->implicit_tls = strcmp(security, "tls") == 0;
	ret->clear = strcmp(security, "none") == 0;
	if (!ret->implicit_tls && !ret->clear && strcmp(security, "starttls") != 0)
		return error_set(error, EINVAL, "'%s' is no security; write tls, starttls or none",
				 security);
	if (ret->clear && (choices->ca || choices->any_certificate))
		return error_set(error, EINVAL, "without TLS there is no certificate to verify");
	if (choices->ca && choices->any_certificate)
		return error_set(error, EINVAL, "write --ca or --any-certificate, not both");
	ret->port = ret->implicit_tls ? PORT_TLS : PORT_CLEAR;
	ret->xoauth2 = choices->xoauth2;
	if (choices->port && parse_number(choices->port, 1, 65535, "port", &ret->port, error) < 0)
		return -EINVAL;
	if (choices->timeout && parse_number(choices->timeout, 1, ANSWER_SECONDS_MAX,
					     "time in seconds", &seconds, error) < 0)
		return -EINVAL;
	ret->answer_ms = (int)seconds * 1000;
	return 0;
}

/* ---- Jobs ---- */

struct outcome {
	const struct choices *choices;
	json_t *reports; /* for --json */
	int status;
};

static void take_report(void *context, const struct job *job _unused_, json_t *report)
{
	struct outcome *outcome = context;
	const char *error = json_text(report, "error");

	if (error[0] ||
	    (!outcome->choices->dry_run && !json_is_true(json_object_get(report, "equal"))))
		outcome->status = COMMAND_FAILED;
	if (outcome->choices->json) {
		json_array_append_new(outcome->reports, report);
		return;
	}
	show_import(report, outcome->choices->dry_run);
	fflush(stdout);
	json_decref(report);
}

static int run_jobs(const struct choices *choices, const struct job *jobs, size_t count)
{
	_cleanup_json_ json_t *reports = json_array();
	struct outcome outcome = {choices, reports, COMMAND_GOOD};
	const json_t *shown = reports;

	jobs_run(jobs, count, take_report, &outcome);
	if (!choices->json)
		return fflush(stdout) == EOF ? COMMAND_FAILED : outcome.status;
	if (!choices->list)
		shown = json_array_get(reports, 0);
	if (command_print(shown, JSON_INDENT(1)) != COMMAND_GOOD)
		return COMMAND_FAILED;
	return outcome.status;
}

static int fail(const struct error *error)
{
	error_print(error);
	return COMMAND_FAILED;
}

static int make_options(const struct choices *choices, char **ret_into, struct copy_options *ret,
			struct error *error)
{
	if (choices->into) {
		*ret_into = folder_utf7(choices->into);
		if (!*ret_into || !folder_is_name(*ret_into))
			return error_set(error, EINVAL,
					 "'%s' is no name of a folder; write one "
					 "such as Old/2020",
					 choices->into);
	}
	*ret = (struct copy_options){
	    .into = *ret_into,
	    .dry_run = choices->dry_run,
	    .gmail = choices->gmail,
	    .progress = !choices->list && isatty(STDERR_FILENO),
	};
	return 0;
}

/* ---- From a server ---- */

static int trust(const struct choices *choices, struct source_imap_params *params,
		 struct tls_client **ret, struct error *error)
{
	_cleanup_(failure_clear) struct failure failure = FAILURE_INIT;
	const struct tls_params tls = {
	    .hostname = params->host,
	    .ca_file = choices->any_certificate ? NULL
		       : choices->ca		? choices->ca
						: AUTHORITIES,
	    .anyone = choices->any_certificate,
	};

	if (params->clear)
		return 0;
	if (tls_client_new(&tls, ret, &failure))
		return error_set(error, EIO, "%s", failure_text(&failure));
	params->tls = *ret;
	return 0;
}

static void cleanup_tls(struct tls_client **client)
{
	tls_client_free(*client);
}

static void cleanup_secret(char **secret)
{
	if (*secret)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
}

static int import_one(const struct choices *choices, struct source_imap_params *params,
		      const struct copy_options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(cleanup_tls) struct tls_client *tls = NULL;
	_cleanup_(cleanup_secret) char *secret = NULL;
	_cleanup_free_ char *prompt = NULL;
	const struct job job = {.user = choices->user, .imap = params, .options = *options};

	params->host = choices->host;
	params->login = choices->login;
	if (asprintf(&prompt, "%s of %s at %s: ", choices->xoauth2 ? "Token" : "Password",
		     choices->login, choices->host) < 0)
		prompt = NULL;
	if (trust(choices, params, &tls, &error) < 0 ||
	    ask_secret(prompt ? prompt : "Password: ", &secret, &error) < 0)
		return fail(&error);
	params->password = secret;
	return run_jobs(choices, &job, 1);
}

/* It has passwords in it. */
static int read_list(const char *path, struct list *ret, struct error *error)
{
	_cleanup_(cleanup_secret) char *text = NULL;
	struct stat status;
	size_t size;

	if (strcmp(path, "-") != 0 && stat(path, &status) == 0 && status.st_mode & 0077)
		return error_set(error, EACCES,
				 "%s: others may read it, and there are passwords in it; "
				 "chmod 600 it",
				 path);
	if (file_read(path, LIST_FILE_MAX, &text, &size, error) < 0)
		return -EIO;
	return list_parse((struct slice){text, size}, path, ret, error);
}

/* All of them are there, or nobody's mail is touched. */
static int check_users(const struct list *list, const char *path, struct error *error)
{
	for (size_t i = 0; i < list->count; i++) {
		_cleanup_(local_owner_free) struct local_owner owner = LOCAL_OWNER_INIT;

		if (local_look_up(list->lines[i].user, &owner, error) < 0)
			return error_wrap(error, "%s", path);
	}
	return 0;
}

struct many {
	struct job *jobs;
	struct source_imap_params *params;
	struct tls_client **clients;
	size_t count;
};

static void many_free(struct many *many)
{
	for (size_t i = 0; many->clients && i < many->count; i++)
		tls_client_free(many->clients[i]);
	free(many->clients);
	free(many->params);
	free(many->jobs);
}

/* Of an earlier line with the same host, which is mostly all of them. */
static const struct tls_client *known_client(const struct many *many, size_t line)
{
	for (size_t i = 0; i < line; i++)
		if (strcmp(many->params[i].host, many->params[line].host) == 0)
			return many->params[i].tls;
	return NULL;
}

static int import_many(const struct choices *choices, const struct source_imap_params *common,
		       const struct copy_options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(list_free) struct list list = LIST_INIT;
	_cleanup_(many_free) struct many many = {0};

	if (read_list(choices->list, &list, &error) < 0 ||
	    check_users(&list, choices->list, &error) < 0)
		return fail(&error);
	many = (struct many){calloc(list.count, sizeof(*many.jobs)),
			     calloc(list.count, sizeof(*many.params)),
			     calloc(list.count, sizeof(struct tls_client *)), list.count};
	if (!many.jobs || !many.params || !many.clients) {
		error_set(&error, ENOMEM, "out of memory");
		return fail(&error);
	}
	for (size_t i = 0; i < list.count; i++) {
		struct source_imap_params *params = &many.params[i];

		*params = *common;
		params->host = list.lines[i].host;
		params->login = list.lines[i].login;
		params->password = list.lines[i].password;
		params->tls = known_client(&many, i);
		if (!params->tls && trust(choices, params, &many.clients[i], &error) < 0)
			return fail(&error);
		many.jobs[i] =
		    (struct job){.user = list.lines[i].user, .imap = params, .options = *options};
	}
	return run_jobs(choices, many.jobs, many.count);
}

static int import_imap(const struct choices *choices, const struct copy_options *options)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	struct source_imap_params params = {0};
	bool one = choices->user && choices->host && choices->login;
	bool some = choices->user || choices->host || choices->login;

	if (choices->list ? some : !one)
		return command_usage(usage);
	if (parse_server(choices, &params, &error) < 0)
		return fail(&error);
	return choices->list ? import_many(choices, &params, options)
			     : import_one(choices, &params, options);
}

/* ---- From files ---- */

static int import_files(const struct choices *choices, const char *kind, const char *path,
			const struct copy_options *options)
{
	struct job job = {.user = choices->user, .options = *options};

	if (!choices->user || choices->host || choices->login || choices->port ||
	    choices->security || choices->ca || choices->list || choices->timeout ||
	    choices->any_certificate || choices->xoauth2)
		return command_usage(usage);
	if (strcmp(kind, "maildir") == 0)
		job.maildir = path;
	else if (strcmp(kind, "pst") == 0)
		job.pst = path;
	else
		job.mbox = path;
	return run_jobs(choices, &job, 1);
}

static int run_kind(int argc, char **argv)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_free_ char *into = NULL;
	struct copy_options copy = {0};
	struct choices c = {0};
	const struct command_option options[] = {
	    {"user", .value = &c.user},		{"host", .value = &c.host},
	    {"login", .value = &c.login},	{"port", .value = &c.port},
	    {"security", .value = &c.security}, {"ca", .value = &c.ca},
	    {"list", .value = &c.list},		{"into", .value = &c.into},
	    {"timeout", .value = &c.timeout},	{"any-certificate", .on = &c.any_certificate},
	    {"xoauth2", .on = &c.xoauth2},	{"gmail", .on = &c.gmail},
	    {"dry-run", .on = &c.dry_run},	{"json", .on = &c.json},
	};
	int files = strcmp(argv[0], "imap") != 0;
	int status = COMMAND_OPTIONS(argc, argv, options, usage, files, files);

	if (status != COMMAND_GO_ON)
		return status;
	if (!command_is_root("mailboxes are of an account of their own; run it as root"))
		return COMMAND_FAILED;
	if (make_options(&c, &into, &copy, &error) < 0)
		return fail(&error);
	return files ? import_files(&c, argv[0], argv[optind], &copy) : import_imap(&c, &copy);
}

int command_import(int argc, char **argv)
{
	static const char *const kinds[] = {"imap", "maildir", "mbox", "pst"};

	signal(SIGPIPE, SIG_IGN); /* net/stream.h asks for it */
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && argc > 1; i++)
		if (strcmp(argv[1], kinds[i]) == 0)
			return run_kind(argc - 1, argv + 1);
	return command_options(argc, argv, NULL, 0, usage, 1, 0); /* no word but a kind is right */
}
