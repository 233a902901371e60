// SPDX-License-Identifier: GPL-3.0-or-later
#include "command/ask_secret.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <termios.h>

#include "base/buffer.h"

enum { SECRET_MAX = 64 * 1024 };

static struct termios before;

/* Whoever ends it at the prompt sees again what he types. */
static void end(int number)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
	signal(number, SIG_DFL);
	raise(number);
}

/* Byte by byte, so that what follows the line is left for whoever reads next. */
static int read_line(struct buffer *line)
{
	char c = 0;
	ssize_t size;

	while ((size = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n' && line->size < SECRET_MAX)
		buffer_add_char(line, c);
	if (size < 0)
		return -errno;
	if (line->size && line->data[line->size - 1] == '\r')
		line->data[--line->size] = '\0';
	return line->failed ? -ENOMEM : line->size == SECRET_MAX ? -E2BIG : 0;
}

int ask_secret(const char *prompt, char **ret_secret, struct error *error)
{
	_cleanup_(buffer_wipe) struct buffer line = BUFFER_INIT;
	struct termios unseen;
	bool terminal = tcgetattr(STDIN_FILENO, &before) == 0;
	int result;

	if (terminal) {
		unseen = before;
		unseen.c_lflag &= ~(tcflag_t)ECHO;
		fputs(prompt, stderr);
		signal(SIGINT, end);
		signal(SIGTERM, end);
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
	}
	result = read_line(&line);
	if (terminal) {
		tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		fputc('\n', stderr);
	}
	if (result < 0)
		return error_errno(error, result, "cannot read the password");
	if (line.size == 0 || strlen(line.data) != line.size)
		return error_set(error, EINVAL,
				 "no password was given; write it, or give it on standard input");
	*ret_secret = buffer_take(&line);
	return 0;
}
