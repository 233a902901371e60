# SPDX-License-Identifier: GPL-3.0-or-later
"""The main command of the README, as a newcomer gives it, and what only a whole machine has: a boot
loader, cloud-init from a disk, the firewall from outside, a growing disk."""

import json
import re
import smtplib
import ssl
import subprocess

from vm import PASSWORD, PORTS, TOP, USER_DATA, VirtualMachine, in_soak_only

MAIL_PORTS = sorted(set(PORTS) - {"ssh"})
SPEAKS_FIRST = sorted(set(MAIL_PORTS) - {"submissions", "imaps", "pop3s"})


def test_make_run_boots_the_example():
    """Without the tests' key, which is all that they add."""
    done = subprocess.run(["make", "-n", "run"], cwd=TOP, capture_output=True, text=True, timeout=60)
    assert f"run --user-data {USER_DATA.relative_to(TOP)}" in done.stdout, done.stdout + done.stderr


def test_bios_boot_is_ready(bios):
    line = bios.wait_line()
    assert line[1] == "ready", bios.said()[-6000:]
    assert int(line[3]) >= 25 and line[4] == "0"


def test_the_report_is_the_consoles_last_word(bios):
    """Whoever stands before the console reads the state in its last line."""
    assert bios.ssh("systemctl is-system-running --wait", timeout=300).strip() == "running"
    bios.ssh("echo this is the end | sudo tee /dev/ttyS0")
    bios.wait_line("this is the end", 30)
    said = bios.console.split("POSTCASK state=")[1].splitlines()[1:]
    assert [line for line in said if line] == ["this is the end"]


def test_a_virtual_machine_boots_the_cloud_kernel(bios):
    assert bios.ssh("uname -r").strip().endswith("-cloud-amd64")


def test_the_kernels_protections_are_on(bios):
    """Those of Debian (linux-sysctl-defaults) and ours; what nothing here shows natively."""
    wanted = {"kernel.yama.ptrace_scope": "2", "kernel.kptr_restrict": "2",
              "kernel.dmesg_restrict": "1", "kernel.unprivileged_userns_clone": "0",
              "kernel.io_uring_disabled": "2", "fs.inotify.max_user_instances": "8192", "kernel.panic": "10", "fs.protected_fifos": "2",
              "fs.protected_regular": "2", "fs.protected_hardlinks": "1",
              "net.ipv4.conf.all.accept_redirects": "0", "net.ipv4.conf.all.send_redirects": "0",
              "net.ipv4.conf.all.accept_source_route": "0",
              "net.ipv6.conf.all.accept_redirects": "0"}
    network = bios.ssh("ls /sys/class/net | grep -v lo").split()[0]
    for name in ("accept_redirects", "send_redirects", "accept_source_route"):
        wanted[f"net.ipv4.conf.{network}.{name}"] = "0"
    wanted[f"net.ipv4.conf.{network}.rp_filter"] = "2"
    said = bios.ssh("sudo sysctl -n " + " ".join(wanted)).split()
    assert dict(zip(wanted, said)) == wanted
    assert bios.ssh("systemctl --failed --no-legend --plain").strip() == ""


def test_no_mail_port_answers_before_it_is_proved(bios):
    """A stranger knocked during the whole boot; by the machine's own clock, nobody let him in
    before the self-tests had ended."""
    assert bios.knocks > 5, "the test hardly knocked"
    proved = int(bios.ssh("systemctl show -p ExecMainExitTimestampMonotonic --value "
                          "postcask-verify.service"))
    entries = bios.ssh("sudo journalctl --no-pager -b -o json -u 'postfix*' -u dovecot "
                       "--output-fields=MESSAGE | grep -F '10.0.2.2'", check=False).splitlines()
    let_in = [int(json.loads(entry)["__MONOTONIC_TIMESTAMP"]) for entry in entries]
    assert proved > 0 and let_in and min(let_in) > proved


def test_every_mail_port_answers_after_the_proof(bios):
    for name in SPEAKS_FIRST:
        assert bios.banner(name, timeout=20), name
    for name in ("submissions", "imaps", "pop3s"):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(bios.connect(name, 20)) as connection:
            assert connection.recv(100), name


def test_the_console_shows_the_certificate_authority(bios):
    assert "-----BEGIN CERTIFICATE-----" in bios.console
    shown = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", bios.console,
                      re.S).group(0)
    assert shown.split() == bios.ssh("postcask cert ca").split()


def test_var_grew_to_the_end_of_the_disk(bios):
    size = int(bios.ssh("df --output=size -BM /var | tail -1").strip().rstrip("M"))
    root = int(bios.ssh("df --output=size -BM / | tail -1").strip().rstrip("M"))
    assert size + root > 7 * 1024       # of 8 GiB; the image has less than 3
    assert bios.ssh("findmnt -no SOURCE /var") != bios.ssh("findmnt -no SOURCE /")


def test_a_disk_that_is_found_late_is_waited_for(bios):
    """systemd gives it up after 90 seconds, which a busy host takes, and the machine with it."""
    settings = bios.ssh("cat /run/systemd/generator/*.device.d/50-device-timeout.conf")
    assert "JobRunningTimeoutSec=15min" in settings


def test_cloud_init_is_done_and_nothing_failed(bios):
    assert "status: done" in bios.ssh("cloud-init status --wait", check=False)
    assert bios.ssh("systemctl --failed --no-legend --plain").strip() == ""


def test_no_unit_waits_for_itself(bios):
    """systemd breaks a cycle by leaving out a job, which another boot may do otherwise."""
    found = bios.ssh("sudo journalctl -b --no-pager _PID=1 | grep -c 'Reached target'; "
                     "sudo journalctl -b --no-pager _PID=1 | grep 'ordering cycle'", check=False)
    assert int(found) > 3, found


def test_make_run_says_how_to_connect(bios):
    port = int(bios.wait_said(r"port +(\d+) -> 465")[1])
    authority = bios.wait_said(r"Certificate authority: (\S+)")[1]
    context = ssl.create_default_context(cafile=TOP / authority)
    context.check_hostname = False      # the certificate is for the machine's own name
    with smtplib.SMTP_SSL("127.0.0.1", port, context=context, timeout=60) as client:
        client.login("alice@example.org", PASSWORD)


def test_make_run_stays_until_it_is_interrupted(bios):
    """The last test of this machine: nothing of it is left."""
    assert bios.process.poll() is None
    assert bios.interrupt() == ""


@in_soak_only
def test_an_edited_seed_disk_is_the_same_instance(tmp_path):
    """A seed disk made anew from an edited file for the same server."""
    machine = VirtualMachine(tmp_path, USER_DATA.read_text()).boot()
    try:
        assert machine.wait_line()[1] == "ready"
        instance = machine.ssh("cat /var/lib/cloud/data/instance-id")
        machine.power_off()
        machine.seed(USER_DATA.read_text() + "  services:\n    pop3: false\n")
        machine.boot()
        assert machine.wait_line()[1] == "ready"
        assert "pop3" not in machine.report()["open"] and "imap" in machine.report()["open"]
        assert machine.ssh("cat /var/lib/cloud/data/instance-id") == instance
        assert machine.ssh("systemctl --failed --no-legend --plain").strip() == ""
    finally:
        machine.kill()
