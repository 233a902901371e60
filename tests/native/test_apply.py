# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings changed on the running machine, and changes that are taken back."""

import imaplib
import json
import re
import subprocess
import threading

import pytest

from machine import BOOT, PASSWORDS, Machine, crypt_hash

HASHES = {address: crypt_hash(password) for address, password in PASSWORDS.items()}
OPEN = ["imap", "imaps", "managesieve", "pop3", "pop3s", "smtp", "submission", "submissions"]


def settings(domains="example.org, example.net", users=HASHES, more=""):
    """User-data, part by part."""
    listed = "".join(f"    - address: {address}\n      password_hash: '{hashed}'\n"
                     for address, hashed in users.items())
    return (f"#cloud-config\nfqdn: mail.example.org\nmail:\n  domains: [{domains}]\n"
            f"  users:\n{listed}{more}")


@pytest.fixture(scope="module")
def box():
    with Machine("apply", "10.99.0", data=settings()) as booted:
        yield booted


def give(box, data, name="new.yaml"):
    path = box.tree / "root" / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return f"/root/{name}"


def apply(box, data, *options, check=True):
    done = box.run("postcask", "apply", *options, give(box, data), check=False, timeout=300)
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


def generation(box):
    return box.run("readlink", "/var/lib/postcask/current").stdout.strip()


def digest(box):
    return box.run("sh", "-c", "cd /var/lib/postcask; readlink current; ls generations; "
                   "find keys generations -type f ! -name lock | sort | xargs sha256sum").stdout


def test_the_same_settings_are_no_change(box):
    """But that they were applied by hand is remembered, so the first time counts."""
    apply(box, settings())
    before = digest(box)
    done = apply(box, settings())
    assert "unchanged" in done.stdout and digest(box) == before


class Busy:
    """A user at work, and what he is answered."""

    def __init__(self, client):
        self.client, self.ended, self.answers = client, threading.Event(), []
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def work(self):
        try:
            while not self.ended.wait(1):
                self.answers.append(self.client.noop()[0])
        except imaplib.IMAP4.error as error:
            self.answers.append(error)

    def stop(self):
        self.ended.set()
        self.thread.join(30)
        return self.answers


def test_a_new_user_can_log_in_and_nobody_is_disconnected(box):
    busy = Busy(box.imap("alice@example.org"))
    smtp = box.smtp(587, tls=True)
    users = dict(HASHES, **{"dave@example.org": crypt_hash("dave's own")})
    done = apply(box, settings(users=users), "--json")
    outcome = json.loads(done.stdout)
    assert outcome["state"] == "applied" and outcome["machine"] == "ready", outcome
    assert outcome["reloaded"] == ["postcask-directory.service"]
    answers = busy.stop()                           # both were connected before the change
    assert answers and set(answers) == {"OK"}, answers
    assert smtp.noop()[0] == 250
    busy.client.logout()
    smtp.quit()
    fresh = box.smtp(587, tls=True)
    fresh.login("dave@example.org", "dave's own")
    fresh.quit()


def test_only_what_changes_is_reloaded(box):
    done = apply(box, settings(more="  aliases:\n    - address: info@example.org\n"
                                    "      to: [bob@example.org]\n"), "--json")
    assert "amavis.service" not in json.loads(done.stdout)["reloaded"]
    message = box.send("by the alias", to="info@example.org")
    box.wait_message("bob@example.org", message)


def test_a_new_domain_takes_mail(box):
    users = dict(HASHES, **{"eve@example.edu": crypt_hash("eve's own")})
    apply(box, settings("example.org, example.net, example.edu", users))
    client = box.smtp(25)
    client.mail("stranger@example.com")
    assert client.rcpt("eve@example.edu")[0] == 250
    client.quit()


def test_ports_follow_the_settings(box):
    apply(box, settings(more="  services:\n    pop3: false\n    pop3s: false\n"))
    assert sorted(box.report()["open"]) == [name for name in OPEN if not name.startswith("pop3")]
    apply(box, settings())
    assert sorted(box.report()["open"]) == OPEN


# Components that the settings can switch off, as they are in its table: unit -> key.
OPTIONAL = {"clamav-freshclam.service": "signatures: {updates: false}",
            "postcask-update.timer": "updates: {automatic: false}",
            "postsrsd.service": "forwarding: {srs: false}",
            "postcask-policy.service": "filter: {dmarc: ignore, own_domains: ignore}\n  limits: "
                                       "{user_recipients_per_hour: 0, user_recipients_per_day: 0, hold: false}",
            "postcask-door.service": "services: {smtp: false}",
            "postcask-guard.service": "ban: {enabled: false}",
            "postcask-tls.service": "tls: {policies: ignore}",
            "postcask-feedback.socket": "reports: {read: false}"}


def runs(box, unit):
    """Not whether it has what it wants: there is no network to fetch anything from."""
    return box.run("systemctl", "is-active", unit, check=False).stdout.strip() in (
        "active", "activating")


def test_what_is_off_does_not_run_and_what_is_on_does(box):
    """Without a restart of the machine, and without one of anything else."""
    started = "systemctl show -P ExecMainStartTimestampMonotonic postfix dovecot clamav-daemon"
    before = box.run("sh", "-c", started).stdout
    apply(box, settings())
    assert all(runs(box, unit) for unit in OPTIONAL)
    done = apply(box, settings(more="".join(f"  {key}\n" for key in OPTIONAL.values())), "--json")
    assert set(OPTIONAL) <= set(json.loads(done.stdout)["reloaded"])
    assert not any(runs(box, unit) for unit in OPTIONAL)
    assert box.run("pgrep", "-x", "freshclam", check=False).stdout == ""
    wanted = box.run("sh", "-c", "cat /etc/postcask/wanted/*").stdout.splitlines()
    assert wanted and all(line.startswith("mail.here.") for line in wanted)     # what the role needs
    assert box.run("systemctl", "start", *OPTIONAL, check=False).returncode == 0
    assert not any(runs(box, unit) for unit in OPTIONAL)
    assert box.report()["state"] == "ready"
    apply(box, settings())
    assert all(runs(box, unit) for unit in OPTIONAL)
    assert box.run("sh", "-c", started).stdout == before


def test_names_of_the_certificate_follow_the_settings(box):
    apply(box, settings(more="  tls:\n    names: [imap.example.org]\n"))
    shown = subprocess.run(["openssl", "s_client", "-connect", f"{box.host}:993"], input="",
                           capture_output=True, text=True, timeout=20).stdout
    text = subprocess.run(["openssl", "x509", "-noout", "-ext", "subjectAltName"], input=shown,
                          capture_output=True, text=True, timeout=20).stdout
    assert "imap.example.org" in text
    apply(box, settings())


@pytest.mark.parametrize("data, expected", [
    pytest.param(settings().replace("users:", "usres:"), r"new\.yaml:5:\d+: .*users", id="misspelt"),
    pytest.param("#cloud-config\nfqdn: mail.example.org\n", "mail", id="no mail"),
    pytest.param("#cloud-config\nmail: [\n", r"new\.yaml:", id="not YAML"),
    pytest.param(b"#cloud-config\nmail:\0 {}\n", "new.yaml", id="NUL"),
    pytest.param(settings(users={"alice@example.org": "$1$abc$def"}), "password_hash", id="a weak hash"),
])
def test_refused_settings_change_nothing(box, data, expected):
    before = digest(box), box.run("cat", "/run/postcask/report.json").stdout
    done = apply(box, data, check=False)
    assert done.returncode == 1 and re.search(expected, done.stderr), done.stderr
    assert (digest(box), box.run("cat", "/run/postcask/report.json").stdout) == before


# An administrator's own lines, which no checker objects to: passwords in the clear, on port 25.
HARMFUL = ("  services: {smtp_auth: true}\n"
           "  extra:\n    postfix: |\n      smtpd_tls_auth_only = no\n")


def test_a_change_that_breaks_a_promise_is_taken_back(box):
    """The probes find what nothing in the settings forbids."""
    before = generation(box)
    done = apply(box, settings(more=HARMFUL), check=False)
    assert done.returncode == 1 and "taken back" in done.stderr
    assert generation(box) == before
    assert box.report()["state"] == "ready" and sorted(box.report()["open"]) == OPEN
    with box.smtp() as client:
        assert not client.has_extn("auth")


def test_a_change_that_a_checker_refuses_is_not_made(box):
    before = digest(box)
    done = apply(box, settings(more="  extra:\n    dovecot: |\n      no_such_setting = yes\n"),
                 check=False)
    assert done.returncode == 1 and "dovecot" in done.stderr and "no_such_setting" in done.stderr
    assert digest(box) == before


def test_two_at_once_wait_for_each_other(box):
    results = []

    def run(name, address):
        data = settings(more=f"  aliases:\n    - address: {address}\n      to: [bob@example.org]\n")
        results.append(box.run("postcask", "apply", give(box, data, name), check=False,
                               timeout=300))
    threads = [threading.Thread(target=run, args=(f"{i}.yaml", f"list{i}@example.org"))
               for i in range(3)]
    newest = max(map(int, box.run("ls", "/var/lib/postcask/generations").stdout.split()))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in results] == [0, 0, 0], \
        [done.stdout + done.stderr for done in results]
    assert int(generation(box).removeprefix("generations/")) == newest + 3
    assert box.run("test", "-e", "/var/lib/postcask/trial", check=False).returncode == 1


def test_diff_shows_what_would_change_and_changes_nothing(box):
    apply(box, settings())
    before = digest(box)
    users = dict(HASHES, **{"dave@example.org": crypt_hash("dave's own")})
    path = give(box, settings("example.org, example.net, example.edu", users))
    text = box.run("postcask", "diff", path).stdout
    assert re.search(r"^\+example\.edu\b", text, re.M)
    assert "/etc/postcask/accounts: changes" in text and "$6$" not in text
    value = json.loads(box.run("postcask", "diff", "--json", path).stdout)
    assert {"amavis.service", "postcask-directory.service", "postfix.service"} <= set(value["reload"])
    assert "$6$" not in json.dumps(value)
    assert "nothing would change" in box.run("postcask", "diff", give(box, settings())).stdout
    assert digest(box) == before


def test_status_finds_a_file_changed_by_hand(box):
    assert box.run("postcask", "status", check=False).returncode == 0
    box.run("sh", "-c", "echo '# mine' >> /etc/postfix/main.cf")
    done = box.run("postcask", "status", "--json", check=False)
    report = json.loads(done.stdout)
    assert done.returncode == 2 and report["drift"] == ["etc/postfix/main.cf"], report
    assert "changed by hand" in box.run("postcask", "status", check=False).stdout
    assert "# mine" in box.run("postcask", "diff").stdout
    done = apply(box, settings())
    assert "main.cf was changed by hand" in done.stdout
    assert box.run("postcask", "status", check=False).returncode == 0
    assert "# mine" not in box.run("cat", "/etc/postfix/main.cf").stdout


def test_only_root_applies(box):
    done = box.run("setpriv", "--reuid=nobody", "--clear-groups", "postcask", "apply",
                   give(box, settings()), check=False)
    assert done.returncode == 1 and "root" in done.stderr


def test_a_killed_run_is_judged_all_the_same(box):
    """Killed between the commit and the judgement, by the unit's own end."""
    before = generation(box)
    box.run("systemctl", "stop", "postcask-verify.service")
    data = settings(more="  aliases:\n    - address: late@example.org\n      to: [bob@example.org]\n")
    runner = subprocess.Popen([BOOT, box.name, "exec", "postcask", "apply", give(box, data)],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    box.run("sh", "-c", "while ! test -e /var/lib/postcask/trial; do :; done; "
            "systemctl kill --kill-whom=main -s KILL postcask-apply.service", timeout=60)
    runner.communicate(timeout=300)
    box.run("sh", "-c", "while systemctl is-active -q postcask-apply.service || "
            "test -e /var/lib/postcask/trial; do :; done", timeout=120)
    assert generation(box) != before
    assert box.report()["state"] == "ready"
    client = box.smtp(25)
    client.mail("stranger@example.com")
    assert client.rcpt("late@example.org")[0] == 250
    client.quit()


def test_a_full_disk_changes_nothing(box):
    """The last test of this machine, which forgets what it wrote meanwhile."""
    before = digest(box)
    box.run("sh", "-c", "mkdir /run/small && mount -t tmpfs -o size=16m tmpfs /run/small && "
            "cp -a /var/lib/postcask/. /run/small/ && "
            "mount --bind /run/small /var/lib/postcask && "
            "head -c 32m /dev/zero > /var/lib/postcask/fill; true")
    try:
        done = apply(box, settings(more="  services:\n    pop3: false\n"), check=False)
        assert done.returncode == 1 and "No space left" in done.stderr, done.stderr
        box.run("rm", "/var/lib/postcask/fill")
        assert digest(box) == before
        assert box.run("postcask", "verify", timeout=120).returncode == 0
    finally:
        box.run("umount", "-l", "/var/lib/postcask", "/run/small")


class TestBoots:
    """What counts at the next boot."""

    def test_what_was_applied_stays_until_the_user_data_changes(self):
        with Machine("applied", "10.100.0", data=settings()) as box:
            apply(box, settings(more="  services:\n    pop3: false\n"))
            box.boot("halt")
            box.start()
            assert "pop3" not in box.report()["open"] and box.report()["state"] == "ready"
            first = json.loads(box.run("cat", "/run/postcask/firstboot.json").stdout)
            assert first["state"] == "unchanged"
            assert all(runs(box, unit) for unit in OPTIONAL)
            box.boot("halt")
            off = "".join(f"  {key}\n" for key in OPTIONAL.values())
            box.seed(settings(more=off.replace("{smtp: false}", "{smtp: false, managesieve: false}")),
                     "i-native-1")
            box.start()
            report = box.report()
            assert not any(runs(box, unit) for unit in OPTIONAL)
            assert "pop3" in report["open"] and "managesieve" not in report["open"], report
            assert "changed after `postcask apply`" in json.dumps(report["notes"])

    def test_a_bad_change_at_boot_is_taken_back(self):
        box = Machine.later("backboot", "10.100.0", data=settings())
        box.seed(settings(more=HARMFUL), "i-native-1")
        with box:
            report = box.report()
            assert generation(box) == "generations/1"
            assert report["state"] == "degraded" and sorted(report["open"]) == OPEN, report
            assert "taken back" in json.dumps(report["firstboot"]["errors"])
            assert report["firstboot"]["state"] == "reverted"

    def test_a_machine_without_settings_takes_them_by_apply(self):
        box = Machine("late", "10.100.0", data="#cloud-config\n{}\n").start()
        try:
            assert box.report()["state"] == "failed"
            done = apply(box, settings())
            assert "the machine is ready" in done.stdout, done.stdout + done.stderr
            assert sorted(box.report()["open"]) == OPEN
            assert all(runs(box, unit) for unit in OPTIONAL)
            box.boot("halt")
            box.start()
            assert box.report()["state"] == "ready"
        finally:
            box.stop()
