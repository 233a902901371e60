// SPDX-License-Identifier: GPL-3.0-or-later
/* The step "disk": the disk's frame, kept as CACHE/disk-KEY: a sparse file with
 * the partition table, the boot loaders for BIOS and UEFI, and room for the two
 * file systems.  libguestfs fills the EFI system partition, in a virtual machine
 * that takes some seconds to start; so the frame is made again only when its
 * inputs change.
 *
 *	1  BIOS boot partition	GRUB's core.img
 *	2  EFI system partition	shim and GRUB as Debian signed them, removable path
 *	3  root
 *	4  /var			last, so that it can grow
 *
 * GRUB for BIOS is put in place as grub-bios-setup(8) does it, without a block
 * device: boot.img's code goes in sector 0 and learns where core.img begins;
 * core.img's first sector learns where its rest lies. */
#include "image/disk.h"

#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <guestfs.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "image/command.h"
#include "image/machine.h"
#include "image/step.h"
#include "image/steps.h"
#include "image/unpack.h"

#define MIB ((int64_t)1 << 20)

enum {
	BIOS_MIB = 1,
	ESP_MIB = 64,
	ROOT_MIB = 2048,
	VAR_MIB = 512,
	MKIMAGE_S = 60,
	SFDISK_S = 30,
	/* Offsets in boot.img and diskboot.img: GRUB's include/grub/i386/pc/boot.h */
	BOOT_CODE_SIZE = 440,
	BOOT_KERNEL_SECTOR = 0x5c,
	BOOT_DRIVE_CHECK = 0x66,
	CORE_BLOCK_LIST = DISK_SECTOR - 12,
};

static const struct {
	const char *name, *type;
	int64_t mib;
} partitions[DISK_PARTITIONS] = {
    [DISK_BIOS] = {"bios", "21686148-6449-6E6F-744E-656564454649", BIOS_MIB},
    [DISK_ESP] = {"esp", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B", ESP_MIB},
    [DISK_ROOT] = {"postcask-root", "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709", ROOT_MIB},
    [DISK_VAR] = {"postcask-var", "4D21B016-B534-45C2-A9FB-5C16E091FD2D", VAR_MIB},
};

/* nftw(3) has no context. */
static int64_t walk_bytes;

static int file_count(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)path, (void)place;
	walk_bytes += type == FTW_F ? status->st_size : 0;
	return 0;
}

void disk_layout_make(const struct build *build, struct disk_layout *layout)
{
	int64_t offset = MIB;

	walk_bytes = 0;
	if (build->signatures)
		nftw(build->signatures, file_count, 8, FTW_PHYS);
	for (int i = 0; i < DISK_PARTITIONS; i++) {
		layout->partitions[i].offset = offset;
		layout->partitions[i].size = partitions[i].mib * MIB;
		if (i == DISK_VAR) /* clamd and freshclam want room for a second copy */
			layout->partitions[i].size += (2 * walk_bytes + MIB - 1) / MIB * MIB;
		offset += layout->partitions[i].size;
	}
	layout->size = offset + MIB;
}

char *disk_layout_describe(const struct build *build)
{
	struct disk_layout layout;
	_cleanup_free_ char *path = build_source_path(build, "image/boot-esp.cfg");
	_cleanup_free_ char *text = NULL;
	_cleanup_(buffer_free) struct buffer description = BUFFER_INIT;

	disk_layout_make(build, &layout);
	for (int i = 0; i < DISK_PARTITIONS; i++)
		buffer_addf(&description, "%s %s %lld %lld\n", partitions[i].name,
			    partitions[i].type, (long long)layout.partitions[i].offset,
			    (long long)layout.partitions[i].size);
	if (file_read(path, 65536, &text, NULL, NULL) == 0)
		buffer_add_text(&description, text);
	return buffer_take(&description);
}

static void guest_close(guestfs_h **guest)
{
	if (*guest)
		guestfs_close(*guest);
}

static int guest_error(guestfs_h *guest, const char *what, struct error *error)
{
	const char *text = guestfs_last_error(guest);

	return error_set(error, EIO, "libguestfs: %s: %s", what, text ? text : "unknown error");
}

static void guest_log(guestfs_h *guest, void *log, uint64_t event, int handle, int flags,
		      const char *text, size_t size, const uint64_t *array, size_t array_size)
{
	(void)guest, (void)event, (void)handle, (void)flags, (void)array, (void)array_size;
	dprintf(*(int *)log, "%.*s", (int)size, text);
}

/* A running appliance with the disk as /dev/sda. */
static int guest_start(const char *disk, int *log, guestfs_h **ret_guest, struct error *error)
{
	_cleanup_(guest_close) guestfs_h *guest = guestfs_create();

	if (!guest)
		return error_errno(error, errno, "libguestfs");
	guestfs_set_error_handler(guest, NULL, NULL);
	guestfs_set_event_callback(guest, guest_log,
				   GUESTFS_EVENT_APPLIANCE | GUESTFS_EVENT_LIBRARY |
				       GUESTFS_EVENT_WARNING | GUESTFS_EVENT_TRACE,
				   0, log);
	guestfs_set_trace(guest, 1);
	if (guestfs_set_backend(guest, "direct") < 0 ||
	    (!machine_has_kvm() && guestfs_set_backend_setting(guest, "force_tcg", "1") < 0) ||
	    guestfs_add_drive_opts(guest, disk, GUESTFS_ADD_DRIVE_OPTS_FORMAT, "raw", -1) < 0 ||
	    guestfs_launch(guest) < 0)
		return guest_error(guest, "cannot start", error);
	*ret_guest = TAKE_POINTER(guest);
	return 0;
}

/* The partition table, by sfdisk(8) on the file itself: one call, where each of
 * libguestfs' would cost a second of emulation. */
static int partitions_make(const char *disk, const struct disk_layout *layout, int log,
			   struct error *error)
{
	_cleanup_(buffer_free) struct buffer script = BUFFER_INIT, printed = BUFFER_INIT;

	buffer_add_text(&script, "label: gpt\nunit: sectors\n");
	for (int i = 0; i < DISK_PARTITIONS; i++)
		buffer_addf(&script, "start=%lld, size=%lld, type=%s, name=%s\n",
			    (long long)(layout->partitions[i].offset / DISK_SECTOR),
			    (long long)(layout->partitions[i].size / DISK_SECTOR),
			    partitions[i].type, partitions[i].name);
	const struct process process = {
	    .argv = COMMAND("sfdisk", "--quiet", "--no-reread", "--no-tell-kernel", disk),
	    .input = script.data,
	    .input_size = script.size,
	    .timeout_ms = SFDISK_S * 1000};
	int status = process_run(&process, &printed, error);
	dprintf(log, "%s", buffer_text(&printed));
	if (status > 0)
		return error_set(error, EIO, "sfdisk ended with status %d", status);
	return status;
}

static int esp_fill(guestfs_h *guest, const struct build *build, const char *boot,
		    struct error *error)
{
	const struct {
		const char *folder, *from, *to;
	} files[] = {
	    {boot, "usr/lib/shim/shimx64.efi.signed", "/EFI/BOOT/BOOTX64.EFI"},
	    {boot, "usr/lib/grub/x86_64-efi-signed/grubx64.efi.signed", "/EFI/BOOT/grubx64.efi"},
	    {build->source, "image/boot-esp.cfg", "/EFI/debian/grub.cfg"}};

	if (guestfs_mkfs_opts(guest, "vfat", "/dev/sda2", GUESTFS_MKFS_OPTS_LABEL, "ESP", -1) < 0 ||
	    guestfs_mount(guest, "/dev/sda2", "/") < 0 || guestfs_mkdir_p(guest, "/EFI/BOOT") < 0 ||
	    guestfs_mkdir_p(guest, "/EFI/debian") < 0)
		return guest_error(guest, "EFI system partition", error);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		_cleanup_free_ char *from = file_join(files[i].folder, files[i].from);

		if (!from || guestfs_upload(guest, from, files[i].to) < 0)
			return guest_error(guest, files[i].to, error);
	}
	return guestfs_umount_all(guest) < 0 ? guest_error(guest, "unmount", error) : 0;
}

static int core_image_make(const char *boot, int log, struct error *error)
{
	return command_run(log, MKIMAGE_S,
			   COMMAND("chroot", boot, "grub-mkimage", "-O", "i386-pc", "-o",
				   "/core.img", "-p", "(,gpt3)/boot/grub", "biosdisk", "part_gpt",
				   "ext2", "normal", "linux", "configfile", "regexp", "probe",
				   "smbios", "test", "echo", "search", "ls", "cat", "minicmd",
				   "boot", "serial", "terminal", "halt", "reboot"),
			   error);
}

static int bytes_write(int fd, const void *bytes, size_t size, int64_t offset, struct error *error)
{
	ssize_t put = pwrite(fd, bytes, size, offset);

	return put == (ssize_t)size ? 0 : error_errno(error, put < 0 ? errno : EIO, "disk");
}

/* Puts boot.img and core.img where the firmware and they themselves look. */
static int bios_loader_write(const char *disk, const char *boot, const struct disk_layout *layout,
			     struct error *error)
{
	_cleanup_free_ char *boot_path = file_join(boot, "usr/lib/grub/i386-pc/boot.img");
	_cleanup_free_ char *core_path = file_join(boot, "core.img");
	_cleanup_free_ char *code = NULL, *core = NULL;
	_cleanup_close_ int fd = open(disk, O_RDWR | O_CLOEXEC);
	int64_t offset = layout->partitions[DISK_BIOS].offset;
	uint64_t sector = htole64((uint64_t)(offset / DISK_SECTOR));
	uint64_t rest = htole64((uint64_t)(offset / DISK_SECTOR + 1));
	size_t code_size = 0, core_size = 0;
	int result;

	if (fd < 0)
		return error_errno(error, errno, "%s", disk);
	result = file_read(boot_path, DISK_SECTOR, &code, &code_size, error);
	if (result == 0)
		result = file_read(core_path, BIOS_MIB * MIB, &core, &core_size, error);
	if (result < 0)
		return result;
	if (code_size != DISK_SECTOR || core_size < 2 * DISK_SECTOR)
		return error_set(error, EBADMSG, "GRUB's images are too short");
	memcpy(code + BOOT_KERNEL_SECTOR, &sector, sizeof(sector));
	memcpy(code + BOOT_DRIVE_CHECK, "\x90\x90", 2); /* firmware may pass a wrong drive */
	memcpy(core + CORE_BLOCK_LIST, &rest, sizeof(rest));
	result = bytes_write(fd, code, BOOT_CODE_SIZE, 0, error);
	return result < 0 ? result : bytes_write(fd, core, core_size, offset, error);
}

static int frame_make(const struct build *build, const char *disk, const char *boot, int log,
		      struct error *error)
{
	_cleanup_(guest_close) guestfs_h *guest = NULL;
	struct disk_layout layout;
	int result;

	disk_layout_make(build, &layout);
	_cleanup_close_ int fd = open(disk, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || ftruncate(fd, layout.size) < 0)
		return error_errno(error, errno, "%s", disk);
	result = partitions_make(disk, &layout, log, error);
	if (result == 0)
		result = guest_start(disk, &log, &guest, error);
	if (result == 0)
		result = esp_fill(guest, build, boot, error);
	if (result == 0 && guestfs_shutdown(guest) < 0)
		result = guest_error(guest, "shutdown", error);
	return result < 0 ? result : bios_loader_write(disk, boot, &layout, error);
}

/* libguestfs keeps its sockets in /tmp, and leaves them there when it is killed:
 * so it gets a /tmp of its own, unless the cache is in there. */
static int tmp_hide(const struct build *build, struct error *error)
{
	if (strncmp(build->cache, "/tmp/", 5) == 0)
		return 0;
	if (unshare(CLONE_NEWNS) < 0 || mount("tmpfs", "/tmp", "tmpfs", 0, "mode=1777") < 0)
		return error_errno(error, errno, "/tmp");
	return 0;
}

int disk_step(void *context, int log, struct error *error)
{
	const struct build *build = context;
	_cleanup_free_ char *boot = build_cache_path(build, "scratch/boot");
	_cleanup_free_ char *disk = NULL, *partial = NULL;
	int result = build_keyed_path(build, "disk", &disk, error);

	if (result < 0)
		return result;
	if (file_exists(disk))
		return STEP_CACHED;
	if (!boot || asprintf(&partial, "%s.partial", disk) < 0)
		return error_errno(error, ENOMEM, "disk");
	result = tmp_hide(build, error);
	if (result == 0)
		result = unpack_set(build, "disk", boot, log, error);
	if (result == 0)
		result = core_image_make(boot, log, error);
	if (result == 0)
		result = frame_make(build, partial, boot, log, error);
	if (result < 0)
		return result;
	return rename(partial, disk) < 0 ? error_errno(error, errno, "%s", disk) : 0;
}
