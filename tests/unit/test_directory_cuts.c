// SPDX-License-Identifier: GPL-3.0-or-later
/* The power goes at every instant in which SQLite changes one of the two files: what was said to be
 * done is there at the next start, in both, and what was not is there whole or not at all.
 *
 * Between SQLite and the disk stands a file system that knows what is synced.  At each of its
 * changes it makes, in a folder of their own, the files that a disk could have after a cut: all
 * that is synced, and of the rest nothing, all, any part of it in any order, or half of a write.
 * They are opened there as at a boot. */
#include "test.h"

#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/json_file.h"
#include "directory/directory.h"

enum { NOW = 1800000000, FILES = 8, PENDING = 512, ADDED = 12, CHANGES = 16, SECTOR = 512 };

#define HASH "$y$j9T$F5Jx5fExrKuPp53xLKQ..1$X3DX6M94c7o.9agCG9G317fhZg9SqC.5i5rd.RhAtQ7"

/* ---- What the disk has ---- */

struct pending {
	sqlite3_int64 at; /* where; the new size for a truncation */
	char *bytes;	  /* owned; NULL: a truncation */
	int size;
};

static struct disk_file {
	char path[64];
	struct buffer kept; /* synced */
	struct pending pending[PENDING];
	size_t count;
} disk[FILES];

struct cut_file {
	sqlite3_file base;
	struct disk_file *disk; /* NULL: not followed */
	sqlite3_file real;	/* of what the system's own file system wants, at the end */
};

static bool followed;	 /* what is opened now */
static unsigned moments; /* of which `taken` were looked at */
static unsigned taken, every = 1;
static unsigned chance = 1;
static void (*look)(void);

static unsigned roll(unsigned below)
{
	chance = chance * 1103515245 + 12345;
	return (chance >> 16) % below;
}

static void put(struct buffer *file, const struct pending *change, int size)
{
	sqlite3_int64 end = change->bytes ? change->at + size : change->at;

	while ((sqlite3_int64)file->size < end)
		buffer_add(file, "", 1);
	if (change->bytes)
		memcpy(file->data + change->at, change->bytes, (size_t)size);
	else
		file->size = (size_t)end;
	assert_false(file->failed);
}

enum loss { LOSS_ALL, LOSS_NONE, LOSS_SOME, LOSS_TORN, LOSSES };

/* The file after a cut, written where the next start finds it. */
static void write_disk(const struct disk_file *from, enum loss loss)
{
	_cleanup_(buffer_free) struct buffer file = BUFFER_INIT;
	FILE *into;
	_cleanup_(buffer_free) struct buffer path = BUFFER_INIT;

	if (!from->path[0])
		return;
	buffer_add(&file, from->kept.data ? from->kept.data : "", from->kept.size);
	for (size_t i = 0; loss != LOSS_ALL && i < from->count; i++) {
		const struct pending *one = &from->pending[i];
		bool last = i + 1 == from->count;

		if (loss == LOSS_SOME && roll(2))
			continue;
		put(&file, one,
		    loss == LOSS_TORN && last && one->bytes ? one->size / 2 / SECTOR * SECTOR
							    : one->size);
	}
	buffer_addf(&path, "after/%s", from->path);
	into = fopen(buffer_text(&path), "w");
	assert_non_null(into);
	assert_int_equal(fwrite(buffer_text(&file), 1, file.size, into), file.size);
	assert_int_equal(fclose(into), 0);
}

static void cut_here(void)
{
	if (!followed || !look || moments++ % every)
		return;
	taken++;
	followed = false;
	for (enum loss loss = 0; loss < LOSSES; loss++) {
		struct error error = ERROR_INIT;

		assert_int_equal(file_remove_tree("after", &error), 0);
		assert_int_equal(mkdir("after", 0700), 0);
		for (size_t i = 0; i < FILES; i++)
			write_disk(&disk[i], loss);
		look();
	}
	followed = true;
}

static void remember(struct disk_file *file, sqlite3_int64 at, const void *bytes, int size)
{
	struct pending *one = &file->pending[file->count++];

	assert_true(file->count < PENDING);
	*one = (struct pending){at, bytes ? malloc((size_t)size) : NULL, size};
	if (bytes)
		memcpy(one->bytes, bytes, (size_t)size);
	cut_here();
}

static void keep(struct disk_file *file)
{
	for (size_t i = 0; i < file->count; i++) {
		put(&file->kept, &file->pending[i], file->pending[i].size);
		free(file->pending[i].bytes);
	}
	file->count = 0;
	cut_here();
}

static void forget_disk(void)
{
	for (size_t i = 0; i < FILES; i++) {
		for (size_t n = 0; n < disk[i].count; n++)
			free(disk[i].pending[n].bytes);
		buffer_free(&disk[i].kept);
		disk[i] = (struct disk_file){.kept = BUFFER_INIT};
	}
}

/* A name is on the disk at once; folders are not what is tested. */
static struct disk_file *disk_of(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;

	for (size_t i = 0; i < FILES; i++) {
		if (!disk[i].path[0])
			snprintf(disk[i].path, sizeof(disk[i].path), "%s", name);
		if (strcmp(disk[i].path, name) == 0)
			return &disk[i];
	}
	fail_msg("too many files: %s", path);
	return NULL;
}

/* ---- SQLite's way to it ---- */

static sqlite3_vfs *below;

static sqlite3_file *real(sqlite3_file *file)
{
	return &((struct cut_file *)file)->real;
}

static struct disk_file *disk_file(sqlite3_file *file)
{
	return ((struct cut_file *)file)->disk;
}

static int x_close(sqlite3_file *file)
{
	return real(file)->pMethods->xClose(real(file));
}

static int x_read(sqlite3_file *file, void *into, int size, sqlite3_int64 at)
{
	return real(file)->pMethods->xRead(real(file), into, size, at);
}

static int x_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
	int code = real(file)->pMethods->xWrite(real(file), bytes, size, at);

	if (code == SQLITE_OK && disk_file(file))
		remember(disk_file(file), at, bytes, size);
	return code;
}

static int x_truncate(sqlite3_file *file, sqlite3_int64 size)
{
	int code = real(file)->pMethods->xTruncate(real(file), size);

	if (code == SQLITE_OK && disk_file(file))
		remember(disk_file(file), size, NULL, 0);
	return code;
}

/* The disk of this test is its own, and quick. */
static int x_sync(sqlite3_file *file, int flags)
{
	if (!disk_file(file))
		return real(file)->pMethods->xSync(real(file), flags);
	keep(disk_file(file));
	return SQLITE_OK;
}

static int x_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	return real(file)->pMethods->xFileSize(real(file), ret);
}

static int x_lock(sqlite3_file *file, int kind)
{
	return real(file)->pMethods->xLock(real(file), kind);
}

static int x_unlock(sqlite3_file *file, int kind)
{
	return real(file)->pMethods->xUnlock(real(file), kind);
}

static int x_reserved(sqlite3_file *file, int *ret)
{
	return real(file)->pMethods->xCheckReservedLock(real(file), ret);
}

static int x_control(sqlite3_file *file, int what, void *argument)
{
	return real(file)->pMethods->xFileControl(real(file), what, argument);
}

static int x_sector(sqlite3_file *file)
{
	return real(file)->pMethods->xSectorSize(real(file));
}

static int x_device(sqlite3_file *file)
{
	return real(file)->pMethods->xDeviceCharacteristics(real(file));
}

static int x_map(sqlite3_file *file, int page, int size, int extend, void volatile **ret)
{
	return real(file)->pMethods->xShmMap(real(file), page, size, extend, ret);
}

static int x_shm_lock(sqlite3_file *file, int at, int count, int flags)
{
	return real(file)->pMethods->xShmLock(real(file), at, count, flags);
}

static void x_barrier(sqlite3_file *file)
{
	real(file)->pMethods->xShmBarrier(real(file));
}

static int x_unmap(sqlite3_file *file, int remove)
{
	return real(file)->pMethods->xShmUnmap(real(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = x_close,
    .xRead = x_read,
    .xWrite = x_write,
    .xTruncate = x_truncate,
    .xSync = x_sync,
    .xFileSize = x_size,
    .xLock = x_lock,
    .xUnlock = x_unlock,
    .xCheckReservedLock = x_reserved,
    .xFileControl = x_control,
    .xSectorSize = x_sector,
    .xDeviceCharacteristics = x_device,
    .xShmMap = x_map,
    .xShmLock = x_shm_lock,
    .xShmBarrier = x_barrier,
    .xShmUnmap = x_unmap,
};

static int x_open(sqlite3_vfs *vfs, sqlite3_filename path, sqlite3_file *file, int flags, int *ret)
{
	struct cut_file *cut = (struct cut_file *)file;
	int code = below->xOpen(below, path, &cut->real, flags, ret);

	(void)vfs;
	cut->disk =
	    followed && (flags & (SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL)) ? disk_of(path) : NULL;
	file->pMethods = cut->real.pMethods ? &methods : NULL;
	return code;
}

static void stand_between(void)
{
	static sqlite3_vfs between;

	if (below)
		return;
	below = sqlite3_vfs_find(NULL);
	between = *below;
	between.zName = "cut";
	between.pNext = NULL;
	between.szOsFile = (int)offsetof(struct cut_file, real) + below->szOsFile;
	between.xOpen = x_open;
	assert_int_equal(sqlite3_vfs_register(&between, 1), SQLITE_OK);
}

/* ---- The work, and what has to be there after it ---- */

static const char *const settings = "# By postcask.\ndomain example.org\nuser alice@example.org\n"
				    "hash {CRYPT}" HASH "\nquota_mib 5\nname Alice\n";

static struct directory working; /* what is cut off */
static unsigned done;		 /* changes that were said to be */

static void start(struct directory *directory, const char *accounts, const char *secrets)
{
	struct error error = ERROR_INIT;

	*directory = (struct directory){.settings = "settings", .report = "report.json"};
	assert_int_equal(accounts_open(&directory->accounts, accounts, &error), 0);
	assert_int_equal(secrets_open(&directory->secrets, secrets, &error), 0);
	assert_int_equal(directory_take_settings(directory, &error), 0);
}

/* A change, and what is shown of it afterwards, or no more. */
static void name_change(unsigned number, struct buffer *question, struct buffer *shown)
{
	if (number >= ADDED) {
		buffer_addf(question,
			    "{\"do\":\"user-remove\",\"who\":\"root\","
			    "\"address\":\"u%u@example.org\"}",
			    (number - ADDED) * 3);
		buffer_addf(shown, "\"address\":\"u%u@example.org\",\"origin\"",
			    (number - ADDED) * 3);
	} else if (number % 3 == 0) {
		buffer_addf(question,
			    "{\"do\":\"user-add\",\"who\":\"root\",\"address\":\"u%u@example.org\","
			    "\"hash\":\"" HASH "\",\"name\":\"\",\"quota_mib\":0,"
			    "\"quota_messages\":0}",
			    number);
		buffer_addf(shown, "\"u%u@example.org\"", number);
	} else if (number % 3 == 1) {
		buffer_addf(
		    question,
		    "{\"do\":\"alias-add\",\"who\":\"root\",\"address\":\"a%u@example.org\","
		    "\"to\":[\"alice@example.org\"]}",
		    number);
		buffer_addf(shown, "a%u@example.org", number);
	} else {
		buffer_addf(
		    question,
		    "{\"do\":\"app-add\",\"who\":\"root\",\"address\":\"alice@example.org\","
		    "\"label\":\"p%u\",\"hash\":\"%064x\",\"protocols\":[\"imap\"],"
		    "\"expires\":0}",
		    number, number);
		buffer_addf(shown, "\"p%u\"", number);
	}
}

static char *everything(struct directory *directory)
{
	static const char *const questions[] = {"{\"do\":\"user-list\",\"hashes\":true}",
						"{\"do\":\"alias-list\"}", "{\"do\":\"app-list\"}"};
	struct buffer all = BUFFER_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
		_cleanup_free_ char *said = directory_answer(directory, slice_of(questions[i]));

		buffer_add_text(&all, said);
	}
	return buffer_take(&all);
}

static void count_rows(struct cabinet *cabinet, const char *query, int64_t *ret)
{
	sqlite3_stmt *row = NULL;

	assert_int_equal(sqlite3_prepare_v2(cabinet->db, query, -1, &row, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(row), SQLITE_ROW);
	*ret = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
}

static void all_is_there(void)
{
	_cleanup_free_ char *all = NULL;
	struct directory after;
	int64_t people, logins;

	start(&after, "after/accounts.db", "after/secrets.db");
	assert_int_equal(after.accounts.cabinet.state, CABINET_WHOLE);
	assert_int_equal(after.secrets.cabinet.state, CABINET_WHOLE);
	all = everything(&after);
	for (unsigned i = 0; i < done; i++) {
		_cleanup_(buffer_free) struct buffer question = BUFFER_INIT, shown = BUFFER_INIT;

		name_change(i, &question, &shown);
		if (!strstr(all, buffer_text(&shown)) != (i >= ADDED))
			fail_msg("%s was said to be there, or gone: %s", buffer_text(&shown), all);
	}
	count_rows(&after.accounts.cabinet, "SELECT count(*) FROM account", &people);
	count_rows(&after.secrets.cabinet, "SELECT count(*) FROM password", &logins);
	if (people != logins)
		fail_msg("%lld people, %lld logins", (long long)people, (long long)logins);
	directory_close(&after);
}

static void begin_work(void **state)
{
	struct error error = ERROR_INIT;

	assert_int_equal(chdir(*state), 0);
	assert_int_equal(mkdir("after", 0700), 0);
	assert_int_equal(file_replace("settings", settings, strlen(settings), 0600, (uid_t)-1,
				      (gid_t)-1, &error),
			 0);
	stand_between();
	done = moments = taken = 0;
	look = NULL;
	followed = true;
	start(&working, "accounts.db", "secrets.db");
}

static void end_work(void)
{
	followed = false;
	look = NULL;
	directory_close(&working);
	forget_disk();
}

static void no_change_that_was_acknowledged_is_lost(void **state)
{
	begin_work(state);
	look = all_is_there;
	for (unsigned i = 0; i < CHANGES; i++) {
		_cleanup_(buffer_free) struct buffer question = BUFFER_INIT, shown = BUFFER_INIT;
		_cleanup_free_ char *said = NULL;

		name_change(i, &question, &shown);
		said = directory_answer(&working, slice_of(buffer_text(&question)));
		if (strstr(said, "\"error\""))
			fail_msg("%s: %s", buffer_text(&question), said);
		done++;
	}
	assert_true(taken > 30);
	print_message("%u moments, %u files each\n", taken, (unsigned)LOSSES);
	end_work();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    folder_test(no_change_that_was_acknowledged_is_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
