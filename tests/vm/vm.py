# SPDX-License-Identifier: GPL-3.0-or-later
"""The image in QEMU, as a machine's owner meets it: a disk, a seed, a serial console, a network."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest

import ports

TOP = Path(__file__).resolve().parent.parent.parent
IMAGE = Path(os.environ.get("POSTCASK_TEST_IMAGE", TOP / "build" / "postcask.qcow2"))
USER_DATA = TOP / "image" / "example-user-data.yaml"
PASSWORD = re.search(r'password is "([^"]+)"', USER_DATA.read_text())[1]     # alice's
POSTCASK_IMAGE = TOP / "build" / "bin" / "postcask-image"
LINE = re.compile(r"POSTCASK state=(\w+) seconds=([\d.]+) passed=(\d+) failed=(\d+) version=(\S+)")
PORTS = {"ssh": 22, **ports.PORTS}
BOOT_TIMEOUT = 900      # emulated, on a busy host; the self-test alone may take 240
IMAGE_TIMEOUT = 600     # `make run` builds the image first
in_soak_only = pytest.mark.skipif(
    "POSTCASK_VM_CUTS" not in os.environ,
    reason="make soak boots it; natively it is tested in each run")


def comes_first(process):
    """A guest knows nothing of the other tests' load, and its own deadlines are short.  Linux
    shares the processors out among sessions, and each daemon of a native machine is one: nice(1)
    would count among the processes of this session alone.  Three times the share of another one:
    with ten the machines beside it starve."""
    share = Path(f"/proc/{process.pid}/autogroup")
    if os.geteuid() == 0 and share.exists():
        share.write_text("-5")


def acceleration():
    flags = Path("/proc/cpuinfo").read_text()
    if re.search(r"\b(vmx|svm)\b", flags) and os.access("/dev/kvm", os.R_OK | os.W_OK):
        return ["-accel", "kvm", "-cpu", "host"]
    # Without what image/qemu.c leaves out.
    return ["-accel", "tcg,thread=multi", "-cpu", "max,cx16=off"]


def firmware(folder):
    """OVMF's code and a copy of its variables, by whichever name the host has them."""
    for code, variables in (("OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"), ("OVMF_CODE.fd", "OVMF_VARS.fd")):
        share = Path("/usr/share/OVMF")
        if (share / code).exists():
            shutil.copy(share / variables, folder / "vars.fd")
            return ["-drive", f"if=pflash,format=raw,readonly=on,file={share / code}",
                    "-drive", f"if=pflash,format=raw,file={folder / 'vars.fd'}"]
    raise FileNotFoundError("no OVMF firmware on this host")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class VirtualMachine:
    """A disk of its own over the image; it may be booted more than once."""

    def __init__(self, folder, user_data=None, uefi=False):
        self.folder, self.uefi = Path(folder), uefi
        self.folder.mkdir(parents=True, exist_ok=True)
        self.disk = self.folder / "disk.qcow2"
        self.run("qemu-img", "create", "-q", "-f", "qcow2", "-b", IMAGE, "-F", "qcow2", self.disk)
        self.outside()
        self.seed(user_data or "#cloud-config")
        self.ports = {name: free_port() for name in PORTS}

    def outside(self):
        """What the tests have of it: a key to log in with, and its console."""
        self.key = self.folder / "key"
        if not self.key.exists():
            self.run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", self.key)
        public = self.key.with_suffix(".pub").read_text().strip()
        self.login = f"ssh_authorized_keys:\n  - {public}\n"
        self.console, self.process, self.reader = "", None, None
        self.event = threading.Condition()

    @staticmethod
    def run(*command, timeout=120, check=True):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                              timeout=timeout)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command}: {done.returncode} {done.stdout} {done.stderr}")
        return done

    def seed(self, user_data):
        """Makes the seed disk, or makes it anew between two boots."""
        (self.folder / "user-data").write_text(f"{user_data}\n{self.login}")
        self.run(POSTCASK_IMAGE, "seed", self.folder / "user-data", self.folder / "seed.img")

    def boot(self, *hardware):
        """`hardware`: more options of QEMU."""
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{port}-:{PORTS[name]}"
                           for name, port in self.ports.items())
        command = ["qemu-system-x86_64", "-M", "q35", *acceleration(),
                   "-smp", "2", "-m", "2048", "-nographic", "-monitor", "none", "-serial", "stdio",
                   "-drive", f"if=virtio,format=qcow2,cache=writeback,file={self.disk}",
                   "-drive", f"if=virtio,format=raw,readonly=on,file={self.folder / 'seed.img'}",
                   "-device", "virtio-rng-pci", "-device", "virtio-net-pci,netdev=net",
                   "-netdev", f"user,id=net,restrict=on{forwards}",
                   "-qmp", f"unix:{self.folder / 'qmp'},server=on,wait=off", *hardware]
        if self.uefi:
            command += firmware(self.folder)
        self.launch(command)
        return self

    def launch(self, command, folder=None):
        self.console, self.started = "", time.monotonic()
        self.process = subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        comes_first(self.process)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        stream = self.process.stdout
        while chunk := os.read(stream.fileno(), 65536):
            with self.event:
                self.heard(chunk.decode(errors="replace").replace("\r", ""))
                self.event.notify_all()
        with self.event:
            self.event.notify_all()

    def heard(self, text):
        self.console += text

    def said(self):
        return self.console

    def wait_line(self, pattern=LINE, timeout=BOOT_TIMEOUT):
        """The match of `pattern` on the serial console."""
        end = time.monotonic() + timeout
        with self.event:
            while True:
                match = re.search(pattern, self.console)
                if match:
                    return match
                left = end - time.monotonic()
                if left <= 0 or self.process.poll() is not None:
                    (self.folder / "console.log").write_text(self.said())
                    raise TimeoutError(f"no {pattern} on the console; its end:\n"
                                       + self.said()[-3000:])
                self.event.wait(left)

    def connect(self, name, timeout=5):
        return socket.create_connection(("127.0.0.1", self.ports[name]), timeout)

    def banner(self, name, timeout=5):
        """The first bytes of the service; b"" when there is nobody (QEMU itself accepts the
        connection, so only what is said counts)."""
        try:
            with self.connect(name, timeout) as connection:
                return connection.recv(200)
        except OSError:
            return b""

    def ssh(self, command, timeout=90, check=True):
        return self.run("ssh", "-q", "-i", self.key, "-p", self.ports["ssh"],
                        "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
                        "-o", "ConnectTimeout=60", "-o", "ConnectionAttempts=3",
                        "debian@127.0.0.1", command, timeout=timeout, check=check).stdout

    def listed_secrets(self):
        """Hashes of what no other machine may have."""
        listed = "sudo sh -c 'find /var/lib/postcask/keys -name \"*.pem\" -o -name \"*.key\" " \
                 "-o -name forwarding | xargs sha256sum /etc/ssh/ssh_host_*key " \
                 "/etc/machine-id /var/lib/systemd/random-seed'"
        return {line.split()[0] for line in self.ssh(listed, check=False).splitlines()}

    def report(self):
        return json.loads(self.ssh("sudo cat /run/postcask/report.json"))

    def qmp(self, command):
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(30)
            control.connect(str(self.folder / "qmp"))
            stream = control.makefile("rw")
            stream.readline()
            for line in ('{"execute":"qmp_capabilities"}', json.dumps({"execute": command})):
                stream.write(line + "\n")
                stream.flush()
                stream.readline()

    def power_off(self):
        """By the power button, so that the machine shuts itself down."""
        self.qmp("system_powerdown")
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.kill()
        self.reader.join(10)

    def kill(self):
        """As pulling the plug: what the guest had not synced is lost."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait(30)


class MakeRun(VirtualMachine):
    """The machine of the README's main command, as a newcomer boots it: by BIOS, with the network
    of its host.  The example's user-data, and a key for the tests."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.outside()
        self.user_data = self.folder / "user-data"
        self.user_data.write_text(f"{USER_DATA.read_text()}\n{self.login}")
        self.text = self.begun = ""

    def boot(self):
        self.launch(["make", "run", f"USER_DATA={self.user_data}"], TOP)
        # QEMU runs once its console says something; where it listens `make run` says at the end.
        self.wait_line(".", IMAGE_TIMEOUT)
        asked = self.run("pgrep", "-a", "-s", self.process.pid, "-f", "^qemu-system").stdout
        found = {int(guest): int(host) for host, guest
                 in re.findall(r"hostfwd=tcp:127\.0\.0\.1:(\d+)-:(\d+)", asked)}
        self.ports = {name: found[guest] for name, guest in PORTS.items()}
        return self

    def heard(self, text):
        """The machine's lines are those with a time before them."""
        self.text += text
        *lines, self.begun = (self.begun + text).split("\n")
        for line in lines:
            if match := re.match(r" *\d+\.\d  (.*)", line):
                self.console += match[1] + "\n"

    def said(self):
        return self.text

    def wait_said(self, pattern, timeout=30):
        """The match in all that `make run` says, to its user too."""
        with self.event:
            found = self.event.wait_for(lambda: re.search(pattern, self.text), timeout)
        assert found, self.text[-4000:]
        return found

    def interrupt(self):
        """As ^C does; what is left of the command's processes."""
        os.killpg(self.process.pid, signal.SIGINT)
        self.process.wait(120)
        return self.run("pgrep", "-s", self.process.pid, check=False).stdout

    def kill(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(30)
