# SPDX-License-Identifier: GPL-3.0-or-later
"""A real browser, Chromium without a window, spoken to over its debugging pipe."""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from waiting import end_of

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--hide-scrollbars", "--remote-debugging-pipe"]


class Browser:
    """Every name leads to `address`, and the authority in the file `ca` is believed."""

    def __init__(self, address, ca, timeout=60):
        self.home = Path(tempfile.mkdtemp(prefix="browser-"))
        self.end = end_of(timeout)
        store = self.home / ".pki/nssdb"
        store.mkdir(parents=True)
        for arguments in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "ca", "-i", str(ca)]):
            subprocess.run(["certutil", "-d", f"sql:{store}", *arguments], check=True, timeout=20)
        theirs_in, self.writing = os.pipe()
        self.reading, theirs_out = os.pipe()
        # The browser reads from 3 and writes to 4.
        self.process = subprocess.Popen(
            ["bash", "-c", f'exec 3<&{theirs_in} 4>&{theirs_out} "$0" "$@"', "chromium", *FLAGS,
             f"--user-data-dir={self.home}/profile", f"--host-resolver-rules=MAP * {address}",
             "about:blank"],
            pass_fds=(theirs_in, theirs_out), env={**os.environ, "HOME": str(self.home)},
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(theirs_in)
        os.close(theirs_out)
        self.waiting, self.events, self.number, self.session = b"", [], 0, None

    def __enter__(self):
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"],
                                 flatten=True)["sessionId"]
        for domain in ("Page", "Log", "Runtime", "Network"):
            self.call(domain + ".enable")
        return self

    def __exit__(self, *_):
        os.killpg(self.process.pid, 9)      # its own group, which we started
        self.process.wait(20)
        os.close(self.writing)
        os.close(self.reading)
        shutil.rmtree(self.home, ignore_errors=True)

    def receive(self):
        while b"\0" not in self.waiting:
            left = self.end - time.monotonic()
            if left <= 0 or not select.select([self.reading], [], [], left)[0]:
                raise TimeoutError("the browser says nothing")
            piece = os.read(self.reading, 1 << 20)
            if not piece:
                raise RuntimeError("the browser has ended")
            self.waiting += piece
        message, _, self.waiting = self.waiting.partition(b"\0")
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]
            self.events.append(answer)

    def open(self, url, width, height, dark=False):
        self.events.clear()
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=2, mobile=width < 600)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])
        done = self.call("Page.navigate", url=url)
        assert "errorText" not in done, done["errorText"]
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.receive())

    def evaluate(self, expression):
        done = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in done, done["exceptionDetails"]
        return done["result"].get("value")

    def complaints(self):
        """What its console says is wrong, and what it could not load."""
        said = [event["params"]["entry"]["text"] for event in self.events
                if event.get("method") == "Log.entryAdded"]
        return said + [event["params"]["errorText"] for event in self.events
                       if event.get("method") == "Network.loadingFailed"]

    def asked(self):
        return [event["params"]["request"]["url"] for event in self.events
                if event.get("method") == "Network.requestWillBeSent"]

    def picture(self, path):
        """All of the page."""
        done = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        Path(path).write_bytes(base64.b64decode(done["data"]))
