# SPDX-License-Identifier: GPL-3.0-or-later
"""The builder's refusals, failures and interruptions: each says what is wrong, leaves nothing
behind and spoils nothing that was there.  Caches, outputs and, where a step must get far without
Debian, its tools are the test's own."""

import fcntl
import os
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent.parent
BUILDER = TOP / "build" / "bin" / "postcask-image"
DEAD_MIRROR = "--mirror=http://127.0.0.1:9/debian"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="building needs root")

# Tools in place of the host's: packages that are "there" already, and a tree of no packages.
TOOLS = {
    "apt-get": r"""
case "$*" in
*--print-uris*) echo "'http://127.0.0.1:9/a_1_all.deb' a_1_all.deb 3 SHA256:$(printf abc | sha256sum | cut -c 1-64)" ;;
esac""",
    "apt-cache": "echo Package: a; echo Filename: pool/a_1_all.deb",
    "dpkg-deb": r"""
while ! [ -d "$CACHE/tree-$(cat "$CACHE/sets/tree.key")" ]; do sleep 0.05; done
sleep 0.3
echo 'this archive is broken'
exit 1""",
}
MMDEBSTRAP = r"""
for word; do tree=$source; source=$word; done
mkdir -p "$tree/etc"
cp "$POSTCASK_ACCOUNTS/passwd" "$POSTCASK_ACCOUNTS/group" "$tree/etc"
"""


def script_write(path, text):
    path.parent.mkdir(exist_ok=True)
    path.write_text("#!/bin/sh\n" + text)
    path.chmod(0o755)


class Place:
    """Folders of one test, and a way to start the builder in them."""

    def __init__(self, folder):
        self.folder = folder
        self.cache, self.output = folder / "cache", folder / "out" / "postcask.qcow2"
        self.mirror, self.prelude = DEAD_MIRROR, ":"
        self.environment = dict(os.environ, CACHE=str(self.cache))
        self.source = TOP

    def fake_tools(self, mmdebstrap):
        """Lets a build reach its steps without Debian, on a copy of the sources."""
        self.source = self.folder / "source"
        for name in ("image", "overlays"):
            shutil.copytree(TOP / name, self.source / name, symlinks=True)
        shutil.copy(TOP / "Makefile", self.source)
        for name, text in TOOLS.items():
            script_write(self.folder / "tools" / name, text)
        self.environment["PATH"] = f"{self.folder}/tools:{os.environ['PATH']}"
        # the builder gives it a PATH of its own: the place it has is covered
        script_write(self.folder / "mmdebstrap", mmdebstrap)
        self.prelude = f"mount --bind {self.folder}/mmdebstrap {shutil.which('mmdebstrap')}"
        (self.cache / "debs").mkdir(parents=True)
        (self.cache / "debs" / "a_1_all.deb").write_text("abc")

    def start(self, *options):
        command = [BUILDER, "build", f"--source={self.source}", f"--cache={self.cache}",
                   f"--output={self.output}", self.mirror, *options]
        return subprocess.Popen(["unshare", "--mount", "sh", "-c", self.prelude + ' && exec "$@"',
                                 "sh", *map(str, command)], env=self.environment, text=True,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def build(self, *options):
        """(exit status, what it said)"""
        process = self.start(*options)
        try:
            said = process.communicate(timeout=60)
        finally:
            process.kill()
        assert said[0] == ""
        return process.returncode, said[1]

    def left(self):
        """What a build must not leave: half files, mounts, processes."""
        partial = [str(path) for path in self.folder.rglob("*.partial")]
        mounts = [line for line in Path("/proc/mounts").read_text().splitlines()
                  if str(self.folder) in line]
        return partial + mounts + self.processes()

    def processes(self):
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
            except OSError:
                continue
            if str(self.folder).encode() in words and process.name != str(os.getpid()):
                found.append(process.name)
        return found

    def has_partial_tree(self):
        return any(self.cache.glob("tree-*.partial/etc"))


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


@pytest.mark.parametrize("command", ["build", "run", "seed"])
def test_the_manual_and_the_help_name_the_same_options(command):
    text = (TOP / "image" / "postcask-image.8").read_text().replace("\\-", "-")
    section = re.split(r"\n\.S[SH] ", text.split(f".SS {command}\n")[1])[0]
    shown = subprocess.run([BUILDER, command, "--help"], capture_output=True, text=True,
                           timeout=20, check=True).stdout
    options = set(re.findall(r"^  (--[a-z-]+)", shown, re.M))
    assert options and options == set(re.findall(r"--[a-z-]+", section))


def test_building_needs_root(place):
    program = place.folder / "postcask-image"
    shutil.copy(BUILDER, program)
    for folder in (place.folder, *place.folder.parents):
        if folder not in (Path("/"), Path("/tmp")):
            folder.chmod(folder.stat().st_mode | 0o011)
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", program,
                           "build", f"--cache={place.cache}"], capture_output=True, text=True,
                          timeout=20, cwd=place.folder)
    assert done.returncode == 1 and "needs root; run it with sudo" in done.stderr
    assert not place.cache.exists()


@pytest.mark.parametrize("formats", ["vmdk", "qcow2,vmdk", "", "raw,"])
def test_an_unknown_format_is_wrong_usage(place, formats):
    status, said = place.build(f"--format={formats}")
    assert status == 2 and "write qcow2, raw or qcow2,raw" in said
    assert not place.cache.exists()


@pytest.mark.parametrize("output, reason", [
    ("/proc/postcask.qcow2", "/proc"),
    ("ro/postcask.qcow2", "Read-only file system"),
    ("file/postcask.qcow2", "Not a directory"),
    ("folder/postcask", "folder/postcask.qcow2 is not a file"),
    ("folder/", "folder/ is a folder"),
])
def test_an_output_that_cannot_be_written_is_refused_at_once(place, output, reason):
    for name in ("ro", "folder/postcask.qcow2"):
        (place.folder / name).mkdir(parents=True)
    (place.folder / "file").write_text("")
    place.prelude = f"mount -t tmpfs -o ro none {place.folder}/ro"
    place.output = output if output.startswith("/") else f"{place.folder}/{output}"
    status, said = place.build()
    assert status != 0 and reason in said, said
    assert not (place.cache / "apt").exists()
    assert place.left() == []


def test_a_folder_without_sources_is_refused(place):
    place.source = place.folder
    status, said = place.build()
    assert status == 1 and "is not postcask's repository" in said


def test_one_build_at_a_time_uses_a_cache(place):
    place.cache.mkdir()
    with open(place.cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        status, said = place.build()
    assert status == 1 and f"another build is using {place.cache}" in said


def test_a_cache_without_room_is_refused(place):
    place.cache.mkdir()
    place.prelude = f"mount -t tmpfs -o size=100m none {place.cache}"
    status, said = place.build()
    assert status == 1 and f"{place.cache} has 100 MiB free, the build needs" in said, said


def test_outputs_without_room_are_refused(place):
    place.output.parent.mkdir()
    place.prelude = f"mount -t tmpfs -o size=100m none {place.output.parent}"
    status, said = place.build()
    assert status == 1 and f"{place.output.parent} has 100 MiB free" in said, said


SHARED = "mount -t tmpfs -o size=1800m none {0} && mkdir {0}/cache {0}/out"


def test_cache_and_outputs_on_one_file_system_need_room_for_both(place):
    """1800 MiB are enough for each alone."""
    place.prelude = SHARED.format(place.folder)
    status, said = place.build()
    assert status == 1 and "has 1800 MiB free, the build needs" in said, said


def test_a_cached_tree_needs_no_room_again(place):
    place.prelude = (SHARED + " {0}/cache/tree-0 {0}/cache/sets &&"
                     " printf 0 > {0}/cache/sets/tree.key").format(place.folder)
    status, said = place.build()
    assert status == 1 and "cannot fetch Debian's package lists" in said, said


def test_a_dead_mirror_is_named_and_the_old_image_stays(place):
    place.output.parent.mkdir()
    place.output.write_text("old")
    status, said = place.build()
    assert status == 1
    assert "packages: cannot fetch Debian's package lists: is the network up" in said
    assert f"its log is {place.cache}/log/packages.log" in said
    assert "127.0.0.1:9" in (place.cache / "log" / "packages.log").read_text()
    assert place.output.read_text() == "old" and os.listdir(place.output.parent) == [
        "postcask.qcow2"]
    assert place.left() == []


def test_a_failed_step_spoils_nothing_that_was_there(place):
    """The tree of another key is there to stay: a layer stands on it."""
    place.fake_tools(MMDEBSTRAP)
    layer = place.folder / "layer"
    for folder in (place.cache / "tree-0123456789abcdef" / "etc", layer / "files-old"):
        folder.mkdir(parents=True)
    (layer / "roots").write_text("old roots\n")
    status, said = place.build(f"--layer={layer}")
    assert status == 1
    step = said.splitlines()[-1].split(": ")[1]
    assert step in ("sysroot", "disk") and f"its log is {place.cache}/log/{step}.log" in said
    assert "this archive is broken" in said      # the log's end
    assert len(list(place.cache.glob("tree-*"))) == 2
    assert (layer / "roots").read_text() == "old roots\n" and (layer / "files-old").is_dir()
    assert place.left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_build_leaves_nothing(place, number):
    place.fake_tools(MMDEBSTRAP + "sleep 1000\n")
    process = place.start()
    wait_until(place.has_partial_tree)
    assert not any(str(place.folder) in line for line in open("/proc/mounts"))
    assert len(place.processes()) > 3
    process.send_signal(number)
    said = process.communicate(timeout=10)[1]
    assert process.returncode == 1 and "interrupted" in said
    assert place.left() == []


def test_a_killed_build_leaves_no_process_and_the_next_one_tidies(place):
    place.fake_tools(MMDEBSTRAP + "sleep 1000\n")
    process = place.start()
    wait_until(place.has_partial_tree)
    process.kill()
    process.communicate(timeout=10)
    wait_until(lambda: not place.processes(), 5)
    assert any(place.cache.glob("tree-*.partial"))
    script_write(place.folder / "mmdebstrap", "exit 7")
    status, said = place.build()
    assert status == 1 and "mmdebstrap ended with status 7" in said
    assert place.left() == []


def installed_by_script(folder, line, has):
    """What image/install-host-packages asks apt-get to install on a host that has `has`."""
    (folder / "list").write_text(line + "\n")
    script_write(folder / "tools" / "dpkg-query",
                 "for last; do :; done\n"
                 f"for name in {' '.join(has)}; do case $name in $last) echo installed; exit;; esac; "
                 "done\nexit 1")
    script_write(folder / "tools" / "apt-cache",
                 "case $2 in xorriso|linux-image-virtual) ;; *'*'*) ;; *) exit 100 ;; esac")
    script_write(folder / "tools" / "apt-get", "[ $1 = update ] || echo \"${0##*/} $*\"")
    done = subprocess.run([TOP / "image" / "install-host-packages", folder / "list"], text=True,
                          capture_output=True, timeout=20, check=True,
                          env={"PATH": f"{folder}/tools:{os.environ['PATH']}"})
    return [line.split()[5:] for line in done.stdout.splitlines() if line.startswith("apt-get")]


def test_a_host_with_any_kernel_gets_no_other(tmp_path):
    [line] = [row for row in (TOP / "image" / "host-packages").read_text().splitlines()
              if row.startswith("linux-image")]
    for kernel in ("linux-image-6.12.57+deb13-amd64", "linux-image-6.8.0-45-generic"):
        assert installed_by_script(tmp_path, line, [kernel, "bash"]) == []
    assert installed_by_script(tmp_path, line, ["bash"]) == [["linux-image-virtual"]]
    assert installed_by_script(tmp_path, "xorriso # seeds", ["bash"]) == [["xorriso"]]


LIST_KERNELS = TOP / "overlays" / "usr" / "lib" / "postcask" / "list-kernels"


def kernels_listed(boot, complete, without_initramfs=()):
    """What GRUB's menu is told of a /boot with these kernels."""
    for version in (*complete, *without_initramfs):
        (boot / f"vmlinuz-{version}").write_text("kernel")
    for version in complete:
        (boot / f"initrd.img-{version}").write_text("initramfs")
    subprocess.run(["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /boot && exec "$2"', "sh",
                    boot, LIST_KERNELS], check=True, timeout=20)
    return dict(re.findall(r'^set (\w+)="(.*)"$', (boot / "grub" / "kernels.cfg").read_text(), re.M))


def test_the_newest_kernel_of_each_kind_is_listed(tmp_path):
    assert kernels_listed(tmp_path, [
        "6.12.9+deb13-amd64", "6.12.10+deb13-amd64", "6.12.11+deb13-rt-amd64",
        "6.12.9+deb13-cloud-amd64"]) == {
            "general": "6.12.10+deb13-amd64", "cloud": "6.12.9+deb13-cloud-amd64"}


def test_a_kernel_without_an_initramfs_is_not_listed(tmp_path):
    """As in the middle of an upgrade, or when its initramfs could not be made."""
    assert kernels_listed(tmp_path, ["6.12.9+deb13-amd64"], ["6.12.10+deb13-amd64"]) == {
        "general": "6.12.9+deb13-amd64", "cloud": ""}


def test_an_old_list_is_better_than_an_empty_one(tmp_path):
    before = kernels_listed(tmp_path, ["6.12.9+deb13-amd64"])
    (tmp_path / "initrd.img-6.12.9+deb13-amd64").unlink()
    assert kernels_listed(tmp_path, []) == before


def tree_layers():
    roots = TOP / "build" / "native" / "roots"
    if not roots.exists():
        pytest.skip("no tree: make image")
    return [Path(root) for root in roots.read_text().strip().split(":")]


def installed_packages():
    """{name: its fields}"""
    packages = {}
    for stanza in (tree_layers()[-1] / "var/lib/dpkg/status").read_text().split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+): (.*)$", stanza, re.M))
        if fields:
            packages[fields["Package"]] = fields
    return packages


def lines_of(path):
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    return [line for line in lines if line]


def test_what_is_recommended_and_left_out_has_a_reason():
    """linux-sysctl-defaults fell out of the image in this way, and nobody saw it."""
    packages = installed_packages()
    there = set(packages)
    for fields in packages.values():
        there |= {re.split(r"[ (]", name.strip())[0]
                  for name in fields.get("Provides", "").split(",")}
    named = lines_of(TOP / "image" / "packages")
    named += [name for name in packages if re.match(r"linux-image-[0-9]", name)]
    missing = set()
    for name in named:
        for group in packages[name].get("Recommends", "").split(","):
            wanted = [re.split(r"[ (:]", one.strip())[0] for one in group.split("|")]
            if wanted != [""] and not there.intersection(wanted):
                missing.add(re.sub(r"(linux-image)-[0-9]\S*", r"\1", name) + " "
                            + " | ".join(wanted))
    list_path = TOP / "image" / "left-out"
    assert missing == {" ".join(line.split()) for line in lines_of(list_path)}
    assert all(re.search(r"# \S", line) for line in list_path.read_text().splitlines()
               if line and not line.startswith("#"))


def in_tree(place, script, *words):
    """What a shell in the folder of the whole tree says."""
    layers = ":".join(map(str, tree_layers()))
    mounted = f'mount -t overlay overlay -o "lowerdir={layers}" "{place}" && cd "{place}"; {script}'
    return subprocess.run(["unshare", "--mount", "sh", "-c", mounted, "sh", *words], text=True,
                          capture_output=True, timeout=120).stdout


def host_of(uri):
    return re.sub(r"^\w+:/*", "", uri).split("/")[0]


def test_the_image_says_nothing_of_where_its_packages_came_from(tmp_path):
    """apt's sources are Debian's, as its cloud.cfg has them, on whatever host it was built."""
    written = in_tree(tmp_path, "cat etc/apt/sources.list etc/apt/sources.list.d/*")
    archives = re.findall(r"^ +(?:primary|security): (\S+)$",
                          in_tree(tmp_path, "cat etc/cloud/cloud.cfg"), re.M)
    assert re.findall(r"^URIs: (.*)$", written, re.M) == archives and len(archives) == 2
    assert re.findall(r"^Suites: (.*)$", written, re.M) == ["trixie trixie-updates",
                                                            "trixie-security"]
    cache = tree_layers()[-1].parent
    used = {host_of(uri) for uri in re.findall(r"^deb \[.*\] (\S+) ",
                                               (cache / "apt/sources.list").read_text(), re.M)}
    for words in (used - {host_of(uri) for uri in archives}) | {str(TOP), str(cache)}:
        assert in_tree(tmp_path, 'grep -rlF -e "$1" boot etc root usr/lib/postcask var',
                       words) == "", words


def test_a_damaged_package_of_the_right_size_is_not_taken(place):
    place.fake_tools(MMDEBSTRAP)
    (place.cache / "debs" / "a_1_all.deb").write_text("abd")
    status, said = place.build()
    assert status == 1 and re.search("cannot fetch [1-9] packages", said), said
    assert not (place.cache / "debs" / "a_1_all.deb").exists()


def machines_of(folder):
    """The user id of each QEMU with a file in the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
            if words.startswith(b"qemu-system") and str(folder).encode() in words:
                status = (process / "status").read_text()
                found.append(re.search(r"^Uid:\t(\d+)", status, re.M).group(1))
        except OSError:
            continue
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_a_machine_runs_without_roots_rights_and_ends_with_its_command(tmp_path, number):
    disk = tmp_path / "disk.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", disk, "64M"], check=True, timeout=60)
    command = subprocess.Popen([BUILDER, "run", "--no-user-data", f"--disk={disk}", "--memory=512",
                                f"--monitor={tmp_path}/monitor"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        # it is root until all files are open
        wait_until(lambda: machines_of(tmp_path) == ["65534"])
        command.send_signal(number)

        def has_ended():
            if number == signal.SIGINT:     # the first would wait for the power button, and
                command.send_signal(number) # two that wait to be taken are one
            return not machines_of(tmp_path)
        wait_until(has_ended)
    finally:
        command.kill()
        command.wait(20)
