# SPDX-License-Identifier: GPL-3.0-or-later
"""The main command of the README, as a newcomer gives it."""

import os
import re
import signal
import smtplib
import ssl
import subprocess
import threading

from vm import BOOT_TIMEOUT, TOP, comes_first


class Command:
    """A command in a session of its own, its output as it comes."""

    def __init__(self, *words):
        self.text, self.event = "", threading.Condition()
        self.process = subprocess.Popen(words, cwd=TOP, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        start_new_session=True)
        comes_first(self.process)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while chunk := os.read(self.process.stdout.fileno(), 65536):
            with self.event:
                self.text += chunk.decode(errors="replace").replace("\r", "")
                self.event.notify_all()
        with self.event:
            self.event.notify_all()

    def wait_for(self, pattern, timeout):
        with self.event:
            found = self.event.wait_for(lambda: re.search(pattern, self.text)
                                        or self.process.poll() is not None, timeout)
            match = re.search(pattern, self.text)
            assert found and match, self.text[-4000:]
            return match


def test_make_run_shows_a_working_server_and_stays(tmp_path):
    command = Command("make", "run")
    try:
        line = command.wait_for(r"POSTCASK state=(\w+)", BOOT_TIMEOUT)
        assert line.group(1) == "ready", command.text[-6000:]
        port = int(command.wait_for(r"port (\d+) -> 465", 30).group(1))
        authority = command.wait_for(r"Certificate authority: (\S+)", 30).group(1)
        password = re.search(r'password is "([^"]+)"', (TOP / "image/example-user-data.yaml")
                             .read_text()).group(1)
        context = ssl.create_default_context(cafile=TOP / authority)
        context.check_hostname = False      # the certificate is for the machine's own name
        with smtplib.SMTP_SSL("127.0.0.1", port, context=context, timeout=60) as client:
            client.login("alice@example.org", password)
        assert command.process.poll() is None       # it stays until interrupted
        os.killpg(command.process.pid, signal.SIGINT)
        command.process.wait(120)
        assert subprocess.run(["pgrep", "-s", str(command.process.pid)]).returncode == 1
    finally:
        if command.process.poll() is None:
            os.killpg(command.process.pid, signal.SIGKILL)
