// SPDX-License-Identifier: GPL-3.0-or-later
/* postcask-room.so: clamd ends when there is no room for what it unpacks.
 *
 * What clamd cannot write whole into its TemporaryDirectory it does not scan, and in many of
 * its readers that is no error: it says "OK", and remembers that.  An end of the process is
 * an answer that amavis understands: the message waits in the queue, and systemd starts clamd
 * again.  So this stands between clamd and the C library (LD_PRELOAD, see the service), and
 * where a file cannot be made or written for want of room it says so and ends the process.
 * What is written by a mapping is not seen here; libclamav maps nothing that it writes. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
/* The C library's own, found when it is first called. */
#define REAL(name)                                                                                 \
	static __typeof__(&(name)) real;                                                           \
	if (!real)                                                                                 \
	real = (__typeof__(real))dlsym(RTLD_NEXT, #name)

/* The call's result again; does not return when it failed for want of room. */
static long judged(long result, bool failed)
{
	char text[160];
	int reason = errno, size;

	if (!failed || (reason != ENOSPC && reason != EDQUOT && reason != EFBIG && reason != EIO &&
			reason != EMFILE && reason != ENFILE && reason != ENOMEM))
		return result;
	size = snprintf(text, sizeof(text),
			"cannot write what is unpacked (%s): ended, so that nothing is called "
			"clean that was not seen whole\n",
			strerrordesc_np(reason));
	REAL(write);
	if (size > 0 && real(STDERR_FILENO, text, (size_t)size) < 0)
		_exit(2);
	_exit(1);
}

EXPORT ssize_t write(int fd, const void *data, size_t size)
{
	REAL(write);
	ssize_t done = real(fd, data, size);

	return judged(done, done < 0);
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t offset)
{
	REAL(pwrite64);
	ssize_t done = real(fd, data, size, offset);

	return judged(done, done < 0);
}

EXPORT ssize_t writev(int fd, const struct iovec *pieces, int count)
{
	REAL(writev);
	ssize_t done = real(fd, pieces, count);

	return judged(done, done < 0);
}

EXPORT int ftruncate64(int fd, off64_t size)
{
	REAL(ftruncate64);
	int result = real(fd, size);

	return (int)judged(result, result < 0);
}

EXPORT int mkdir(const char *path, mode_t mode)
{
	REAL(mkdir);
	int result = real(path, mode);

	return (int)judged(result, result < 0);
}

EXPORT int open64(const char *path, int flags, ...)
{
	REAL(open64);
	mode_t mode = 0;
	va_list rest;
	int fd;

	va_start(rest, flags);
	if (flags & (O_CREAT | __O_TMPFILE))
		mode = va_arg(rest, mode_t);
	va_end(rest);
	fd = real(path, flags, mode);
	return (int)judged(fd, fd < 0);
}

/* Streams: what the C library holds back is written at the next call, or at the end. */

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	REAL(fopen64);
	FILE *stream = real(path, mode);

	judged(0, !stream);
	return stream;
}

EXPORT size_t fwrite(const void *data, size_t size, size_t count, FILE *stream)
{
	REAL(fwrite);
	size_t done = real(data, size, count, stream);

	return (size_t)judged((long)done, done < count);
}

EXPORT int fputs(const char *text, FILE *stream)
{
	REAL(fputs);
	int result = real(text, stream);

	return (int)judged(result, result == EOF);
}

EXPORT int fputc(int letter, FILE *stream)
{
	REAL(fputc);
	int result = real(letter, stream);

	return (int)judged(result, result == EOF);
}

EXPORT int fflush(FILE *stream)
{
	REAL(fflush);
	int result = real(stream);

	return (int)judged(result, result == EOF);
}

EXPORT int fclose(FILE *stream)
{
	REAL(fclose);
	int result = real(stream);

	return (int)judged(result, result == EOF);
}
