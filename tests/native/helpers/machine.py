# SPDX-License-Identifier: GPL-3.0-or-later
"""A postcask machine, natively booted from the image's own tree, as the tests see it:
from outside over the network, and inside through `run`."""

import contextlib
import email.message
import email.utils
import fcntl
import functools
import hashlib
import imaplib
import json
import os
import poplib
import secrets
import smtplib
import socket
import ssl
import subprocess
import time
from pathlib import Path

from waiting import PATIENCE, end_of

NATIVE = Path(__file__).resolve().parent.parent
TOP = NATIVE.parent.parent
BOOT = NATIVE / "native-boot"

# The network is native-boot's, and the devices and the kernel are the host's.
NOT_HERE = ["systemd-networkd.service", "systemd-networkd.socket", "systemd-udevd.service",
            "systemd-networkd-wait-online.service", "systemd-udev-trigger.service",
            "systemd-timesyncd.service", "systemd-sysctl.service", "sshd-unix-local.socket",
            "console-getty.service"]

PASSWORDS = {
    "alice@example.org": "correct horse battery staple",
    "bob@example.org": "Troub4dor&3 : {with} \"quotes\"",
    "carol@example.net": "пароль-パスワード",
}


@functools.lru_cache(maxsize=None)
def crypt_hash(password):
    """$6$ as a person would make it with openssl passwd -6, but for the salt: the same settings are
    the same user-data."""
    salt = hashlib.sha256(password.encode()).hexdigest()[:16]
    done = subprocess.run(["openssl", "passwd", "-6", "-salt", salt, "-stdin"],
                          input=password + "\n", capture_output=True, text=True, check=True,
                          timeout=PATIENCE * 20)
    return done.stdout.strip()


def user_data():
    users = "".join(
        f"    - address: {address}\n      password_hash: '{crypt_hash(password)}'\n"
        for address, password in PASSWORDS.items())
    return f"""#cloud-config
fqdn: mail.example.org
mail:
  domains: [example.org, example.net]
  users:
{users}  aliases:
    - address: sales@example.org
      to: [alice@example.org, bob@example.org]
"""


def roots():
    """The layers of the image's tree, topmost first, as make leaves them."""
    listed = os.environ.get("POSTCASK_ROOTS")
    return listed if listed else (TOP / "build" / "native" / "roots").read_text().strip()


def first_shift():
    """Names and networks are the whole host's.  POSTCASK_TEST_SHIFT=10, 20 ... 90 lets several
    checkouts test beside each other, and the workers of one run count on from there."""
    return int(os.environ.get("POSTCASK_TEST_SHIFT", "0"))


def shift():
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    return first_shift() + int(worker)


def shifted(name, net):
    if not shift():
        return name, net
    first, second, third = net.split(".")
    return f"{name[:10]}{shift()}", f"{first}.{second}.{int(third) + shift()}"


class Machine:
    """One natively booted machine.  Use as a context manager.  `without`: "ipv4" or "ipv6".
    `ground`: a layer between its own and the image's, as an earlier machine left it."""

    def __init__(self, name, net, data=None, instance="i-native-1", without="", ground=None):
        name, net = shifted(name, net)
        self.name, self.net, self.without = name, net, without
        self.boot("remove")
        self.tree = Path(self.boot("create", net, f"{ground}:{roots()}" if ground else roots()))
        if not ground:
            (self.tree / "etc/fstab").write_text("")
            for unit in NOT_HERE:
                (self.tree / "etc/systemd/system" / unit).symlink_to("/dev/null")
        self.spare_the_tests()
        self.seed(data if data is not None else user_data(), instance)

    def spare_the_tests(self):
        """Many tests try wrong passwords from the address that is the host's first."""
        folder = self.tree / "etc/systemd/system/postcask-guard.service.d"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "tests.conf").write_text(
            "[Service]\nExecStart=\n"
            f"ExecStart=/usr/lib/postcask/postcask-guard --never {self.net}.1\n")

    @classmethod
    def later(cls, name, net, data=None):
        """One whose first boot is behind it: it was ready, alice had a message, and it lost its
        power.  What it starts with next is the test's matter."""
        data = data if data is not None else user_data()
        kept = ready_layer(data)
        machine = cls(name, net, data, ground=kept["layer"])
        machine.message_id = kept["message"]
        return machine

    @property
    def prefix(self):
        return f"fd00:{self.net.replace('.', ':')}::" if self.without == "ipv4" else self.net + "."

    @property
    def host(self):
        return self.prefix + "2"

    def boot(self, verb, *arguments):
        done = subprocess.run([BOOT, self.name, verb, *arguments], capture_output=True, text=True,
                              timeout=PATIENCE * 60,
                              env={**os.environ, "POSTCASK_NATIVE_WITHOUT": self.without})
        if done.returncode != 0:
            raise RuntimeError(f"native-boot {verb}: {done.stderr}")
        return done.stdout.strip()

    def seed(self, data, instance):
        """Gives cloud-init its NoCloud seed, as a disk would."""
        folder = self.tree / "var/lib/cloud/seed/nocloud"
        folder.mkdir(parents=True, exist_ok=True)
        if data is None:
            return
        (folder / "user-data").write_text(data)
        (folder / "meta-data").write_text(f"instance-id: {instance}\n")
        (folder / "network-config").write_text("config: disabled\n")

    def start(self, wait=True):
        self.boot("start")
        if wait:
            self.wait_boot()
        return self

    def wait_boot(self, timeout=120):
        """Until systemd has nothing left to start, and so the report is written."""
        end = end_of(timeout)
        while time.monotonic() < end:   # systemctl answers once its bus is there
            done = self.run("systemctl", "is-system-running", "--wait", check=False,
                            timeout=PATIENCE * timeout)
            if done.stdout.strip() in ("running", "degraded"):
                return done.stdout.strip()
        raise TimeoutError("the machine did not finish its boot")

    def stop(self):
        self.boot("remove")

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    def run(self, *command, check=True, timeout=60, stdin=None):
        done = subprocess.run([BOOT, self.name, "exec", *command], capture_output=True, text=True,
                              errors="surrogateescape", timeout=PATIENCE * timeout, input=stdin)
        if check and done.returncode != 0:
            raise RuntimeError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def report(self):
        return json.loads(self.run("cat", "/run/postcask/report.json").stdout)

    def journal(self, unit):
        return self.run("journalctl", "--no-pager", "-o", "cat", "-u", unit).stdout

    def wait_queued(self, words, timeout=60):
        """Until a message waits for that reason."""
        end = end_of(timeout)
        while words not in (said := self.run("postqueue", "-p").stdout):
            if time.monotonic() > end:
                raise TimeoutError(said)
            time.sleep(0.2)             # a queue tells nobody what is put off

    # From outside, as mail programs do.

    def tls(self, version=None):
        context = ssl.create_default_context(cadata=self.run("postcask", "cert", "ca").stdout)
        if version:
            context.minimum_version = context.maximum_version = version
            if version < ssl.TLSVersion.TLSv1_2:
                context.set_ciphers("ALL:@SECLEVEL=0")
        return context

    def smtp(self, port=25, tls=False, source=1):
        """`source`: the last byte of the client's address, 1 or 3 to 9."""
        source = (f"{self.prefix}{source}", 0)
        if port == 465:
            return NamedSMTPS(self.host, 465, context=self.tls(), timeout=PATIENCE * 20,
                              source_address=source)
        client = NamedSMTP(self.host, port, timeout=PATIENCE * 20, source_address=source)
        client.ehlo("client.example.com")
        if tls:
            client.starttls(context=self.tls())
            client.ehlo("client.example.com")
        return client

    def submission(self, user, port=587):
        client = self.smtp(port, tls=port == 587)
        client.user, client.password = user, PASSWORDS[user]
        client.login_utf8()
        return client

    def imap(self, user=None, port=993):
        client = NamedIMAPS(self.host, 993, self.tls()) if port == 993 \
            else NamedIMAP(self.host, port, timeout=PATIENCE * 20)
        if user:
            client.login_plain(user, PASSWORDS[user])
        return client

    def pop3(self, user=None, port=995):
        client = NamedPOP3S(self.host, 995, self.tls()) if port == 995 \
            else poplib.POP3(self.host, port, timeout=PATIENCE * 20)
        if user:
            client.encoding = "utf-8"
            client.user(user)
            client._shortcmd("PASS " + PASSWORDS[user])
        return client

    def send(self, text, sender="stranger@example.com", to="alice@example.org", **options):
        """A message from the internet, on port 25; its Message-ID."""
        message = text if isinstance(text, (bytes, email.message.EmailMessage)) else letter(text)
        with self.smtp() as client:
            data = message if isinstance(message, bytes) else message.as_bytes()
            client.sendmail(sender, to, data, **options)
        return None if isinstance(message, bytes) else message["Message-ID"]

    def wait_message(self, user, message_id, folder="INBOX", timeout=40):
        """The message's bytes once it is in the folder: waits by IMAP IDLE."""
        return find_message(self, user, message_id, folder, timeout)


# First boots that are nobody's matter are made once a run: their layers, one for each user-data.

def kept_layers():
    return Path(f"/run/postcask-native-kept{first_shift()}")


@contextlib.contextmanager
def kept_layers_locked():
    """All workers of a run share them."""
    kept_layers().mkdir(exist_ok=True)
    with open(kept_layers() / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield kept_layers()


def ready_layer(data):
    key = hashlib.sha256(f"{roots()}\n{data}".encode()).hexdigest()[:8]
    with kept_layers_locked() as folder:
        record = folder / key
        if not record.exists():
            machine = Machine(f"r{key}", "10.110.0", data)
            try:
                machine.start()
                assert machine.report()["state"] == "ready", machine.report()
                message_id = machine.send("before")
                machine.wait_message("alice@example.org", message_id)
                made = {"machine": machine.name, "message": message_id,
                        "layer": machine.boot("keep")}
            except BaseException:
                machine.stop()
                raise
            record.write_text(json.dumps(made))
        return json.loads(record.read_text())


def forget_ready_layers():
    """At the begin of a run, those of one that was killed; at its end, its own."""
    if not kept_layers().exists():
        return
    for record in kept_layers().iterdir():
        if record.name != "lock":
            name = json.loads(record.read_text())["machine"]
            subprocess.run([BOOT, name, "remove"], check=True, timeout=PATIENCE * 60)
        record.unlink()
    kept_layers().rmdir()


def last_line(stream):
    """That of a whole SMTP reply: a stranger's greeting comes in two, seconds apart."""
    while (line := stream.readline())[3:4] == b"-":
        pass
    return line


def letter(text, subject="a test", **headers):
    message = email.message.EmailMessage()
    message["From"] = "stranger@example.com"
    message["To"] = "alice@example.org"
    message["Subject"] = subject
    message["Date"] = email.utils.localtime()
    message["Message-ID"] = f"<{secrets.token_hex(12)}@example.com>"
    for name, value in headers.items():
        del message[name]
        message[name] = value
    message.set_content(text)
    return message


def search(client, folder, message_id):
    if client.select(f'"{folder}"', readonly=True)[0] != "OK":
        return []
    return client.search(None, "HEADER", "Message-ID", message_id)[1][0].split()


def find_message(machine, user, message_id, folder, timeout):
    end = end_of(timeout)
    client = machine.imap(user)
    try:
        while True:
            found = search(client, folder, message_id)
            if found:
                return client.fetch(found[-1], "(BODY.PEEK[])")[1][0][1]
            left = end - time.monotonic()
            if left <= 0:
                raise TimeoutError(f"{message_id} is not in {folder} of {user}")
            idle(client, min(left, 10))
    finally:
        client.logout()


def idle(client, timeout):
    """Waits until the selected folder changes (RFC 2177)."""
    tag = client._new_tag()
    client.send(tag + b" IDLE\r\n")
    client.readline()
    client.sock.settimeout(timeout)
    try:
        client.readline()
    except (TimeoutError, socket.timeout, OSError):
        client.file = client.sock.makefile("rb")
    finally:
        client.sock.settimeout(PATIENCE * 20)
    client.send(b"DONE\r\n")
    while True:
        line = client.readline()
        if not line or line.startswith(tag):
            return


# The certificate is for the machine's name; the tests reach it by address.

HOSTNAME = "mail.example.org"


class NamedSMTP(smtplib.SMTP):
    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._host = HOSTNAME

    def login_utf8(self):
        secret = f"\0{self.user}\0{self.password}".encode()
        import base64
        code, answer = self.docmd("AUTH", "PLAIN " + base64.b64encode(secret).decode())
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, answer)


class NamedSMTPS(NamedSMTP):
    def __init__(self, host, port, context, **options):
        self.context = context
        super().__init__(host, port, **options)
        self.ehlo("client.example.com")

    def _get_socket(self, host, port, timeout):
        return self.context.wrap_socket(super()._get_socket(host, port, timeout),
                                        server_hostname=HOSTNAME)


class NamedIMAP(imaplib.IMAP4):
    def starttls_named(self, context):
        assert self._simple_command("STARTTLS")[0] == "OK"
        self.sock = context.wrap_socket(self.sock, server_hostname=HOSTNAME)
        self.file = self.sock.makefile("rb")
        self._get_capabilities()

    def login_plain(self, user, password):
        return self.authenticate("PLAIN", lambda _: f"\0{user}\0{password}".encode())


class NamedIMAPS(NamedIMAP):
    def __init__(self, host, port, context):
        self.context = context
        super().__init__(host, port, timeout=PATIENCE * 20)

    def _create_socket(self, timeout):
        return self.context.wrap_socket(socket.create_connection((self.host, self.port), timeout),
                                        server_hostname=HOSTNAME)


class NamedPOP3S(poplib.POP3):
    def __init__(self, host, port, context):
        self.context = context
        super().__init__(host, port, timeout=PATIENCE * 20)

    def _create_socket(self, timeout):
        return self.context.wrap_socket(socket.create_connection((self.host, self.port), timeout),
                                        server_hostname=HOSTNAME)
