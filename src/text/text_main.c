// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-text: says what words a document has that is attached to mail, on its standard input and
 * output, to Dovecot, which indexes them.  See postcask-text(8). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/options.h"
#include "base/process.h"
#include "text/kind.h"
#include "text/limits.h"
#include "text/office.h"
#include "text/request.h"
#include "text/rtf.h"
#include "text/words.h"

static const char usage[] = "usage: postcask-text [--office | --rtf]\n"
			    "Says the words of a document, to Dovecot.\n"
			    "  --office  of an archive of XML on standard input, which is a file\n"
			    "  --rtf     of RTF there\n";

enum {
	CHUNK = 64 * 1024,
	DATA_LIMIT = 96 * 1024 * 1024, /* memory that a program may have for itself */
};

/* ---- Dovecot's side ---- */

/* As much as there is, at most `size`; 0 at the end, or when nothing more comes. */
static size_t receive(char *bytes, size_t size)
{
	struct pollfd input = {STDIN_FILENO, POLLIN, 0};
	ssize_t got;

	if (poll(&input, 1, TEXT_IDLE_SECONDS * 1000) <= 0)
		return 0;
	got = read(STDIN_FILENO, bytes, size);
	return got > 0 ? (size_t)got : 0;
}

/* All of it is taken, whatever becomes of it: Dovecot gives the whole message up when it cannot
 * hand a document over, and begins with it anew at each message that follows. */
static void receive_document(struct buffer *document, bool *too_large)
{
	static char chunk[CHUNK];
	size_t got;

	while ((got = receive(chunk, sizeof(chunk))) > 0) {
		*too_large = *too_large || document->size + got > TEXT_DOCUMENT;
		if (!*too_large)
			buffer_add(document, chunk, got);
	}
}

static bool receive_request(struct request *request, struct buffer *document)
{
	char bytes[4096];
	size_t got, used;

	while (!request->complete && !request->broken) {
		got = receive(bytes, sizeof(bytes));
		if (got == 0)
			return false;
		used = request_feed(request, bytes, got);
		buffer_add(document, bytes + used, got - used);
	}
	return request->complete;
}

/* ---- The programs that read ---- */

static void limit(int resource, rlim_t most)
{
	const struct rlimit both = {most, most};

	setrlimit((__rlimit_resource_t)resource, &both);
}

/* In the child: it reads the document, writes, and has no more than it needs for that. */
static int prepare(void *context)
{
	const int *document = context;
	int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int score = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (dup2(*document, STDIN_FILENO) < 0 || nowhere < 0 || dup2(nowhere, STDERR_FILENO) < 0)
		return -errno;
	/* When there is no memory left, the kernel ends this one; that it cannot be told is no
	 * harm. */
	if (score >= 0 && write(score, "1000", 4) < 0)
		errno = 0;
	limit(RLIMIT_DATA, DATA_LIMIT);
	limit(RLIMIT_CPU, TEXT_SECONDS);
	limit(RLIMIT_FSIZE, 0);
	limit(RLIMIT_CORE, 0);
	limit(RLIMIT_NOFILE, 32);
	return 0;
}

/* The document as a file in memory that cannot be changed: programs want to go back and forth in
 * it. */
static int document_file(const struct buffer *document, struct error *error)
{
	int fd = memfd_create("document", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0 || file_write_all(fd, buffer_text(document), document->size) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0) {
		int code = error_errno(error, errno, "cannot keep a document in memory");

		cleanup_close(&fd);
		return code;
	}
	return fd;
}

/* What a program says before it fails is words too. */
static void convert(const struct kind *kind, struct buffer *document, struct buffer *words)
{
	_cleanup_(error_clear) struct error error = ERROR_INIT;
	_cleanup_(buffer_free) struct buffer said = BUFFER_INIT;
	_cleanup_close_ int fd = document_file(document, &error);
	struct process process = {.argv = kind->argv,
				  .timeout_ms = TEXT_SECONDS * 1000,
				  .output_limit = TEXT_WORDS,
				  .prepare = prepare,
				  .context = &fd};
	int status;

	buffer_free(document);
	if (fd >= 0) {
		status = process_run(&process, &said, &error);
		if (status > 0)
			fprintf(stderr, "<6>postcask-text: a document (%s) cannot be read\n",
				kind->name);
		words_add(words, (struct slice){buffer_text(&said), said.size});
	}
	if (error.code)
		fprintf(stderr, "<6>postcask-text: a document (%s) cannot be read: %s\n",
			kind->name, error.text);
}

static int serve(void)
{
	_cleanup_(buffer_free) struct buffer document = BUFFER_INIT, words = BUFFER_INIT;
	struct request request = {0};
	const struct kind *kind;
	bool too_large = false;

	signal(SIGPIPE, SIG_IGN);
	if (!receive_request(&request, &document))
		return COMMAND_FAILED;
	if (!request.type[0]) {
		kind_list(&words);
	} else {
		receive_document(&document, &too_large);
		kind =
		    too_large ? NULL : kind_of(request.type, buffer_text(&document), document.size);
		if (kind)
			convert(kind, &document, &words);
	}
	return file_write_all(STDOUT_FILENO, buffer_text(&words), words.size) < 0 ? COMMAND_FAILED
										  : COMMAND_GOOD;
}

/* ---- One of them, which is this program too ---- */

static int read_here(void (*reader)(struct slice document, struct buffer *words))
{
	_cleanup_(buffer_free) struct buffer words = BUFFER_INIT;
	struct stat status;
	const char *bytes;

	if (fstat(STDIN_FILENO, &status) < 0 || status.st_size <= 0 ||
	    status.st_size > TEXT_DOCUMENT)
		return COMMAND_FAILED;
	bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, STDIN_FILENO, 0);
	if (bytes == MAP_FAILED)
		return COMMAND_FAILED;
	reader((struct slice){bytes, (size_t)status.st_size}, &words);
	return file_write_all(STDOUT_FILENO, buffer_text(&words), words.size) < 0 ? COMMAND_FAILED
										  : COMMAND_GOOD;
}

int main(int argc, char **argv)
{
	bool office = false, rtf = false;
	const struct command_option options[] = {{"office", .on = &office}, {"rtf", .on = &rtf}};
	int status = COMMAND_OPTIONS(argc, argv, options, usage, 0, 0);

	if (status != COMMAND_GO_ON)
		return status;
	if (office || rtf)
		return read_here(office ? office_read : rtf_read);
	return serve();
}
