// SPDX-License-Identifier: GPL-3.0-or-later
#include "mirror/database.h"

#include <errno.h>
#include <poll.h>
#include <postgresql/libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/json_file.h"

struct database {
	PGconn *connection;
	int64_t deadline_ms; /* of a look */
	EVP_MD_CTX *digest;
	size_t rows, size;
	json_t *list; /* borrowed: where a row goes, NULL: nowhere */
};

/* libpq's sentences end with a line, and may have several. */
static int failed(const struct database *database, const char *what, const char *why,
		  struct error *error)
{
	const char *text = why && why[0] ? why : PQerrorMessage(database->connection);

	return error_set(error, EIO, "%s: %.*s", what, (int)strcspn(text, "\n"), text);
}

/* ---- Connecting ---- */

/* The host and the port of HOST, HOST:PORT or [IPV6]:PORT; *host is cut. */
static const char *split_port(char **host)
{
	char *colon, *end;

	if (**host == '[' && (end = strchr(*host, ']'))) {
		*end = '\0';
		(*host)++;
		return end[1] == ':' ? end + 2 : "5432";
	}
	colon = strrchr(*host, ':');
	if (!colon)
		return "5432";
	*colon = '\0';
	return colon + 1;
}

static int connect_to(struct database *database, const struct tree *tree, const char *server,
		      struct error *error)
{
	_cleanup_free_ char *copy = strdup(server);
	char *host = copy;
	const char *port = copy ? split_port(&host) : "";
	const char *const words[][2] = {
	    {"host", host},
	    {"port", port},
	    {"dbname", tree->database},
	    {"user", tree->user},
	    {"password", tree->password},
	    {"sslmode", "verify-full"},
	    {"sslrootcert", tree->ca},
	    {"ssl_min_protocol_version", "TLSv1.2"},
	    {"channel_binding", "require"},
	    {"gssencmode", "disable"},
	    {"passfile", "/dev/null"},
	    {"connect_timeout", "5"},
	    {"keepalives_idle", "30"},
	    {"tcp_user_timeout", "20000"},
	    {"client_encoding", "UTF8"},
	    {"application_name", "postcask-mirror"},
	    {"options", "-c statement_timeout=20000 -c search_path=mail,pg_catalog"},
	};
	const char *names[ARRAY_SIZE(words) + 1] = {NULL}, *values[ARRAY_SIZE(words) + 1] = {NULL};

	if (!copy)
		return error_set(error, ENOMEM, "out of memory");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		names[i] = words[i][0];
		values[i] = words[i][1];
	}
	database->connection = PQconnectdbParams(names, values, 0);
	return PQstatus(database->connection) == CONNECTION_OK
		   ? 0
		   : failed(database, "no connection", NULL, error);
}

/* ---- Asking ---- */

/* What comes next of what was asked, NULL at its end.  A server that says nothing is not waited for
 * (libpq itself would). */
static int await(struct database *database, PGresult **ret, struct error *error)
{
	int64_t end_ms = clock_now_ms() + DATABASE_WAIT_S * 1000;
	struct pollfd wait = {PQsocket(database->connection), POLLIN, 0};

	if (end_ms > database->deadline_ms)
		end_ms = database->deadline_ms;
	while (PQisBusy(database->connection)) {
		int count = poll(&wait, 1, clock_left_ms(end_ms));

		if (count == 0)
			return error_set(error, ETIME, "no answer in time");
		if (count < 0 && errno != EINTR)
			return error_errno(error, errno, "poll");
		if (count > 0 && !PQconsumeInput(database->connection))
			return failed(database, "the connection is lost", NULL, error);
	}
	*ret = PQgetResult(database->connection);
	return 0;
}

static int add_row(struct database *database, const PGresult *row, struct error *error)
{
	const char *text = PQgetvalue(row, 0, 0);
	size_t size = (size_t)PQgetlength(row, 0, 0);
	json_t *one;

	database->size += size;
	if (++database->rows > DATABASE_ROWS || size > DATABASE_ROW ||
	    database->size > DATABASE_SIZE)
		return error_set(error, E2BIG, "it holds too much: %zu rows, %zu bytes",
				 database->rows, database->size);
	digest_add(database->digest, text, size + 1);
	if (!database->list)
		return 0;
	one = json_loadb(text, size, 0, NULL);
	if (!json_is_object(one)) {
		json_decref(one);
		return error_set(error, EBADMSG, "a row is no person and no alias");
	}
	return json_array_append_new(database->list, one) < 0
		   ? error_set(error, ENOMEM, "out of memory")
		   : 0;
}

static int take_result(struct database *database, const PGresult *result, struct error *error)
{
	switch (PQresultStatus(result)) {
	case PGRES_SINGLE_TUPLE:
		return add_row(database, result, error);
	case PGRES_TUPLES_OK:
	case PGRES_COMMAND_OK:
		return 0;
	default:
		return failed(database, "no answer", PQresultErrorMessage(result), error);
	}
}

/* Its rows go into the list, if there is one. */
static int ask(struct database *database, const char *question, json_t *list, struct error *error)
{
	PGresult *answer = NULL;
	int result = 0;

	database->list = list;
	if (!PQsendQuery(database->connection, question) ||
	    !PQsetSingleRowMode(database->connection))
		return failed(database, "cannot ask", NULL, error);
	do {
		int waited = await(database, &answer, error);

		if (waited < 0)
			return waited;
		if (answer && result == 0)
			result = take_result(database, answer, error);
		PQclear(answer);
	} while (answer && result == 0);
	return result;
}

/* LISTEN comes first: what is changed from then on is told. */
static int begin(struct database *database, const struct tree *tree, const char *server,
		 struct error *error)
{
	int result = connect_to(database, tree, server, error);

	return result < 0 ? result : ask(database, "LISTEN postcask", NULL, error);
}

/* ---- A look ---- */

/* People and aliases of one moment. */
static int look(struct database *database, json_t *people, json_t *aliases, struct error *error)
{
	int result = ask(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, error);

	if (result == 0)
		result = ask(database, "SELECT person FROM mirror_person ORDER BY address", people,
			     error);
	digest_add(database->digest, "|", 1);
	if (result == 0)
		result = ask(database, "SELECT alias FROM mirror_alias ORDER BY address", aliases,
			     error);
	return result < 0 ? result : ask(database, "COMMIT", NULL, error);
}

static int look_for(struct database *database, char ret_digest[DIGEST_TEXT_SIZE], json_t **ret,
		    struct error *error)
{
	_cleanup_json_ json_t *people = ret ? json_array() : NULL;
	_cleanup_json_ json_t *aliases = ret ? json_array() : NULL;
	int result;

	database->digest = digest_begin();
	if (!database->digest || (ret && (!people || !aliases)))
		result = error_set(error, ENOMEM, "out of memory");
	else
		result = look(database, people, aliases, error);
	if (database->digest)
		digest_finish(TAKE_POINTER(database->digest), ret_digest);
	if (result < 0 || !ret)
		return result;
	*ret = json_pack("{s:O, s:O, s:[], s:i}", "people", people, "aliases", aliases, "doubles",
			 "left_out", 0);
	return *ret ? 0 : error_set(error, ENOMEM, "out of memory");
}

static void prepare(struct database *database)
{
	database->deadline_ms = clock_now_ms() + DATABASE_ALL_S * 1000;
	database->rows = database->size = 0;
}

static int try_server(struct database **database, const struct tree *tree, const char *server,
		      char ret_digest[DIGEST_TEXT_SIZE], json_t **ret_picture, struct error *error)
{
	int result;

	*database = calloc(1, sizeof(**database));
	if (!*database)
		return error_set(error, ENOMEM, "out of memory");
	prepare(*database);
	result = begin(*database, tree, server, error);
	if (result == 0)
		result = look_for(*database, ret_digest, ret_picture, error);
	if (result < 0)
		database_end(database);
	return result;
}

int database_read(struct database **database, const struct tree *tree,
		  char ret_digest[DIGEST_TEXT_SIZE], json_t **ret_picture, struct error *error)
{
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;

	if (*database) {
		_cleanup_(error_clear) struct error none = ERROR_INIT;

		prepare(*database);
		if (look_for(*database, ret_digest, ret_picture, &none) == 0)
			return 0;
		database_end(database);
	}
	for (size_t i = 0; tree->servers[i]; i++) {
		_cleanup_(error_clear) struct error why = ERROR_INIT;
		const char *server = tree->servers[i];

		if (try_server(database, tree, server, ret_digest, ret_picture, &why) == 0)
			return 0;
		buffer_addf(&said, "%s%s: %s", said.size ? "; " : "", server, error_text(&why));
	}
	return error_set(error, EHOSTDOWN, "%s", said.size ? buffer_text(&said) : "no server");
}

/* ---- News ---- */

int database_fd(const struct database *database)
{
	return database ? PQsocket(database->connection) : -1;
}

bool database_news(struct database **database)
{
	PGnotify *notify;
	bool news = false;

	if (!*database)
		return false;
	if (!PQconsumeInput((*database)->connection)) {
		database_end(database);
		return true;
	}
	while ((notify = PQnotifies((*database)->connection))) {
		PQfreemem(notify);
		news = true;
	}
	return news;
}

void database_end(struct database **database)
{
	if (*database)
		PQfinish((*database)->connection);
	free(*database);
	*database = NULL;
}
