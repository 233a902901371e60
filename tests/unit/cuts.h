// SPDX-License-Identifier: GPL-3.0-or-later
/* What ends a run in the middle: the process is killed, the power goes, or the disk is full,
 * after the n-th thing that it has changed on the disk.
 *
 * The calls of libc that change it are defined here, and the linker takes these for the
 * program's own code.  Each counts what it has done.  A power cut also takes what was not yet
 * on the disk: either the bytes of files that nobody has synced, or the names that were given
 * or taken in folders that nobody has synced.
 *
 * fsync itself is left out, for it would make these tests slow. */
#ifndef POSTCASK_TEST_CUTS_H
#define POSTCASK_TEST_CUTS_H

#include "test.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum cut_kind {
	CUT_NONE,
	CUT_KILLED, /* kill -9: the kernel keeps what was done */
	CUT_BYTES,  /* power: files that were not synced are empty */
	CUT_NAMES,  /* power: names in folders that were not synced are as before */
	CUT_FULL,   /* no cut: from now on the disk is full */
	CUT_KINDS,
};

enum { CUT_PATH = 256, CUT_RECORDS = 256 };

static struct cut {
	enum cut_kind kind;
	atomic_int left;   /* things that are still done */
	const char *store; /* a folder for what may come back; on the same disk */
	struct cut_file {
		char path[CUT_PATH];
	} unsynced[CUT_RECORDS];
	struct cut_name {
		char from[CUT_PATH], to[CUT_PATH], kept[CUT_PATH]; /* empty: there is none */
	} names[CUT_RECORDS];
	size_t unsynced_count, name_count;
} cut;

/* The calls themselves. */
static int real_rename(const char *from, const char *to)
{
	return (int)syscall(SYS_rename, from, to);
}

static int real_unlink(const char *path)
{
	return (int)syscall(SYS_unlink, path);
}

/* The power is gone: the disk is as it was synced. */
static void cut_lose(void)
{
	if (cut.kind == CUT_BYTES)
		for (size_t i = 0; i < cut.unsynced_count; i++)
			if (truncate(cut.unsynced[i].path, 0) < 0 && errno != ENOENT)
				abort();
	for (size_t i = cut.name_count; cut.kind == CUT_NAMES && i > 0; i--) {
		const struct cut_name *name = &cut.names[i - 1];

		if (name->from[0] && real_rename(name->to, name->from) < 0)
			abort();
		if (name->kept[0] && real_rename(name->kept, name->to) < 0)
			abort();
	}
}

/* Something was changed on the disk. */
static void cut_count(void)
{
	if (cut.kind == CUT_NONE || cut.kind == CUT_FULL || atomic_fetch_sub(&cut.left, 1) > 1)
		return;
	cut_lose();
	kill(getpid(), SIGKILL);
}

/* Is there no room for one thing more? */
static bool cut_is_full(void)
{
	if (cut.kind != CUT_FULL || atomic_fetch_sub(&cut.left, 1) > 1)
		return false;
	errno = ENOSPC;
	return true;
}

static void cut_remember_file(const char *path)
{
	if (cut.kind != CUT_BYTES)
		return;
	if (cut.unsynced_count == CUT_RECORDS || strlen(path) >= CUT_PATH)
		abort();
	strcpy(cut.unsynced[cut.unsynced_count++].path, path);
}

static void cut_forget_file(const char *path)
{
	for (size_t i = 0; i < cut.unsynced_count; i++)
		if (strcmp(cut.unsynced[i].path, path) == 0)
			cut.unsynced[i--] = cut.unsynced[--cut.unsynced_count];
}

/* A file, or all of a folder, has another name. */
static void cut_rename_files(const char *from, const char *to)
{
	size_t size = strlen(from);

	for (size_t i = 0; i < cut.unsynced_count; i++) {
		char *path = cut.unsynced[i].path, rest[CUT_PATH];

		if (strncmp(path, from, size) != 0 || (path[size] && path[size] != '/'))
			continue;
		strcpy(rest, path + size);
		if (snprintf(path, CUT_PATH, "%s%s", to, rest) >= CUT_PATH)
			abort();
	}
}

/* Before a name goes or means something else: what it meant is kept beside the tree. */
static void cut_remember_name(const char *from, const char *to)
{
	struct cut_name *name = &cut.names[cut.name_count];

	if (cut.kind != CUT_NAMES)
		return;
	if (cut.name_count == CUT_RECORDS)
		abort();
	snprintf(name->from, CUT_PATH, "%s", from);
	snprintf(name->to, CUT_PATH, "%s", to);
	snprintf(name->kept, CUT_PATH, "%s/%zu", cut.store, cut.name_count);
	real_unlink(name->kept);
	if (linkat(AT_FDCWD, to, AT_FDCWD, name->kept, 0) < 0)
		name->kept[0] = '\0';
	cut.name_count++;
}

static void cut_forget_names(const char *folder)
{
	size_t left = 0;

	for (size_t i = 0; i < cut.name_count; i++) {
		_cleanup_free_ char *of = path_folder(cut.names[i].to);

		if (strcmp(of, folder) != 0)
			cut.names[left++] = cut.names[i];
	}
	cut.name_count = left;
}

int cut_open(const char *path, int flags, ...) __asm__("open");
int cut_fsync(int fd) __asm__("fsync");
int cut_rename(const char *from, const char *to) __asm__("rename");
int cut_unlink(const char *path) __asm__("unlink");
int cut_unlinkat(int folder, const char *path, int flags) __asm__("unlinkat");
int cut_symlink(const char *target, const char *path) __asm__("symlink");
int cut_mkdir(const char *path, mode_t mode) __asm__("mkdir");
ssize_t cut_write(int fd, const void *bytes, size_t size) __asm__("write");

/* Where a path of the machine lies in the test's own folder; fakes.h says so. */
static const char *cut_place(const char *path, char place[CUT_PATH]);

int cut_open(const char *path, int flags, ...)
{
	char place[CUT_PATH];
	va_list arguments;
	mode_t mode;
	int fd;

	va_start(arguments, flags);
	mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
	va_end(arguments);
	if (flags & O_CREAT && cut_is_full())
		return -1;
	fd = (int)syscall(SYS_openat, AT_FDCWD, cut_place(path, place), flags, mode);
	if (fd >= 0 && flags & O_CREAT) {
		cut_remember_file(path);
		cut_count();
	}
	return fd;
}

ssize_t cut_write(int fd, const void *bytes, size_t size)
{
	struct stat status;

	if (cut.kind == CUT_FULL && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    cut_is_full())
		return -1;
	return syscall(SYS_write, fd, bytes, size);
}

int cut_fsync(int fd)
{
	char link[64], path[CUT_PATH];
	ssize_t size;

	if (cut_is_full())
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	size = readlink(link, path, sizeof(path) - 1);
	if (size < 0)
		return -1;
	path[size] = '\0';
	cut_forget_file(path);
	cut_forget_names(path);
	cut_count();
	return 0;
}

int cut_rename(const char *from, const char *to)
{
	int result;

	if (cut_is_full())
		return -1;
	cut_remember_name(from, to);
	result = real_rename(from, to);
	if (result == 0) {
		cut_forget_file(to);
		cut_rename_files(from, to);
		cut_count();
	}
	return result;
}

int cut_unlink(const char *path)
{
	cut_remember_name("", path);
	if (real_unlink(path) < 0)
		return -1;
	cut_forget_file(path);
	cut_count();
	return 0;
}

/* Only whole trees are removed with it, and those are no loss.  Of what goes, folders alone
 * count. */
int cut_unlinkat(int folder, const char *path, int flags)
{
	if (syscall(SYS_unlinkat, folder, path, flags) < 0)
		return -1;
	if (flags & AT_REMOVEDIR)
		cut_count();
	return 0;
}

int cut_symlink(const char *target, const char *path)
{
	if (cut_is_full() || syscall(SYS_symlink, target, path) < 0)
		return -1;
	cut_count();
	return 0;
}

int cut_mkdir(const char *path, mode_t mode)
{
	if (syscall(SYS_mkdir, path, mode) < 0)
		return -1;
	cut_count();
	return 0;
}

/* Here and now: after so many things more there is no room. */
static _unused_ void cut_fill_disk(int count)
{
	atomic_store(&cut.left, count);
	cut.kind = CUT_FULL;
}

static _unused_ void cut_empty_disk(void)
{
	cut.kind = CUT_NONE;
}

/* Runs `work` in a child that is cut off after `count` things.  False once it was not, for it
 * had fewer to do. */
static _unused_ bool cut_run(enum cut_kind kind, int count, const char *store,
			     void (*work)(void *context), void *context)
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0) {
		atomic_store(&cut.left, count);
		cut.store = store;
		cut.kind = kind;
		work(context);
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
		return true;
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	return false;
}

#endif
