# SPDX-License-Identifier: GPL-3.0-or-later
"""The roles of a server that has no mailboxes: a gateway for the server behind it, and one that only
sends.  One machine each; the server behind, and the rest of the world, is far.py's."""

import http.client
import json
import smtplib
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from dkim_check import by_python, records, signatures
from far import Server
from machine import PASSWORDS, Machine, crypt_hash
from sample import part
from test_probes import MAIN, fault, verify
from test_relay import inside, outside
from tree import ADMIN, BASE, SECRET, Authority, Tree
import relay_forms
from waiting import end_of

MASTER = "etc/postfix/master.cf"

EICAR = r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"

BEHIND_PORT, WORLD_PORT = 2525, 2526
# What is known is asked anew at once, so that the server's absence is met by every look.
GATEWAY = """#cloud-config
fqdn: mail.example.org
mail:
  role: gateway
  domains: [example.org, example.net]
  gateway: {{host: {net}.1, port: %d{more}}}
  network: {{trusted: [{net}.4]}}
  services: {{web: true}}
  extra:
    postfix: |
      relayhost = [{net}.1]:%d
      address_verify_positive_refresh_time = 1s
""" % (BEHIND_PORT, WORLD_PORT)
PEOPLE = {f"{name}@example.org" for name in ("alice", "carol", "dora", "postmaster")}


class Behind(Server):
    def refuses(self, address):
        return address not in PEOPLE


def page(machine, name, path):
    """What the web server says under that name."""
    context = machine.tls()
    context.check_hostname = False
    client = http.client.HTTPSConnection(machine.host, context=context, timeout=10)
    client.request("GET", path, headers={"Host": name})
    answer = client.getresponse()
    return answer.status, answer.read()


def dns_rows(machine):
    return json.loads(machine.run("postcask", "dns", "--json", check=False).stdout)


def apply(machine, data):
    done = machine.run("sh", "-c", "cat > /run/new.yaml && postcask apply /run/new.yaml", stdin=data,
                       timeout=180, check=False)
    assert done.returncode in (0, 2), done


def daemons(machine):
    """Our own and Debian's, that run."""
    listed = machine.run("systemctl", "list-units", "--type=service", "--state=running", "--plain",
                         "--no-legend").stdout
    return {line.split()[0].removesuffix(".service") for line in listed.splitlines()}


def recipient(machine, to, sender="stranger@example.com"):
    with machine.smtp() as client:
        client.mail(sender)
        code, words = client.rcpt(to)
    return code, words.decode()


def wait_for(answer, timeout=30):
    end = end_of(timeout)
    while not (found := answer()) and time.monotonic() < end:
        time.sleep(0.2)                 # the other machine's programs tell nobody
    assert found
    return found


@pytest.fixture(scope="module")
def gateway():
    machine = Machine("gateway", "10.97.0")
    machine.seed(GATEWAY.format(net=machine.net, more=""), "i-native-1")
    try:
        machine.start(wait=False)
        with Behind(machine.net + ".1", BEHIND_PORT) as machine.behind, \
                Server(machine.net + ".1", WORLD_PORT) as machine.world:
            machine.wait_boot()
            yield machine
    finally:
        machine.stop()


def test_a_gateway_is_ready_and_has_nothing_that_it_does_not_need(gateway):
    report = gateway.report()
    assert report["state"] == "ready", report
    proved = {probe["name"]: probe["result"] for probe in report["probes"]}
    for name in ("virus-quarantine", "mail-in", "spam-folder", "mail-unchanged", "virus-held",
                 "smtp-relay", "smtp-unknown-recipient"):
        assert proved[name] == "passed", name
    assert not {name for name, result in proved.items() if result == "failed"}
    assert {port["name"] for port in report["firewall"]["open"]} == {"smtp", "web"}
    running = daemons(gateway)
    assert {"amavis", "clamav-daemon", "postfix", "unbound", "postsrsd", "postcask-policy",
            "postcask-door", "postcask-tls", "postcask-guard", "lighttpd"} <= running, running
    assert not {"dovecot", "opendkim", "postcask-lists"} & running, running
    listening = gateway.run("ss", "-Hltn").stdout
    assert not [port for port in (110, 143, 465, 587, 993, 995, 4190) if f":{port} " in listening]
    assert not list((gateway.tree / "var/lib/postcask/selftest/mailbox/new").iterdir())


def test_who_exists_is_asked_and_remembered(gateway):
    assert recipient(gateway, "alice@example.org")[0] == 250
    code, words = recipient(gateway, "who@example.org")
    assert (code, words[:5]) == (550, "5.1.1")
    assert "nobody of that name" not in words and gateway.net not in words, words
    begin = time.monotonic()
    assert recipient(gateway, "alice@example.org")[0] == 250
    assert recipient(gateway, "who@example.org")[0] == 550
    assert time.monotonic() - begin < 1             # no new question
    assert recipient(gateway, "who@elsewhere.example")[0] == 554


def test_mail_goes_to_the_server_behind_with_its_marks(gateway):
    good, spam = gateway.send("good news"), gateway.send(GTUBE)
    assert gateway.behind.wait_words(good)[0].recipients == ["alice@example.org"]
    assert b"X-Spam-Flag: YES" not in gateway.behind.wait_words(good)[0].data
    assert b"\r\nX-Spam-Flag: YES\r\n" in gateway.behind.wait_words(spam)[0].data
    assert b"\r\nX-Spam-Status: Yes, score=" in gateway.behind.wait_words(spam)[0].data


def test_a_virus_stays_here(gateway):
    virus = gateway.send(EICAR)
    folder = gateway.tree / "var/lib/postcask/quarantine"
    kept = wait_for(lambda: [path for path in folder.glob("virus-*") if virus in path.read_text()])
    assert len(kept) == 1 and not gateway.behind.with_words(virus)


def test_mail_of_the_machine_itself_reaches_the_postmaster_there(gateway):
    gateway.run("sh", "-c", "printf 'Subject: from cron\\n\\nhello\\n' | sendmail root")
    found = gateway.behind.wait_words("from cron")[0]
    assert found.recipients == ["postmaster@example.org"]
    assert b"\r\nDKIM-Signature: " in b"\r\n" + found.data


def test_a_gateway_is_no_relay(gateway):
    """Nor does it hand the server behind what that could read as another's address."""
    before = len(gateway.behind.letters) + len(gateway.world.letters)
    assert relay_forms.taken(outside(gateway, gateway.host, f"{gateway.net}.3")) == {}
    assert relay_forms.taken(inside(gateway, "127.0.0.1")) == {}
    assert len(gateway.behind.letters) + len(gateway.world.letters) == before


def test_who_guesses_is_put_off_and_who_writes_to_people_is_not(gateway):
    def guess(number):
        with gateway.smtp(source=5) as client:
            client.mail("stranger@example.com")
            return [client.rcpt(f"guess{number}.{one}@example.org")[0] for one in range(5)]

    with ThreadPoolExecutor(8) as pool:
        codes = [code for answers in pool.map(guess, range(8)) for code in answers]
    assert codes.count(550) in range(20, 35) and set(codes) - {550} <= {450, 421, -1}, codes
    with gateway.smtp(source=6) as client:
        for _ in range(40):                         # not one of them was a guess in the end
            client.mail("stranger@example.com")
            assert client.rcpt("alice@example.org")[0] == 250
            client.rset()


def post(machine, source, subject, author="alice@example.org", text="hello"):
    with machine.smtp(source=source) as client:
        client.sendmail(author, "someone@far.example",
                        MESSAGE.format(author=author, subject=subject, text=text).encode())


def test_the_server_behind_sends_to_the_world_by_way_of_it(gateway):
    post(gateway, 4, "outward news")
    found = gateway.world.wait_words("Subject: outward news")[0]
    assert found.recipients == ["someone@far.example"] and found.sender == "alice@example.org"
    assert all(by_python(found.data, records(gateway)))
    # Nobody's key is for what is from elsewhere.
    post(gateway, 4, "outward of others", author="other@elsewhere.example")
    assert not signatures(gateway.world.wait_words("Subject: outward of others")[0].data)
    post(gateway, 4, "outward virus", text=EICAR)
    folder = gateway.tree / "var/lib/postcask/quarantine"
    wait_for(lambda: [path for path in folder.glob("virus-*") if "outward virus" in path.read_text()])
    assert not gateway.world.with_words("outward virus")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        post(gateway, 3, "of a stranger")


def test_a_gateway_promises_no_mailboxes(gateway):
    answers = {name: page(gateway, name, path) for name, path in (
        ("mail.example.org", "/"), ("autoconfig.example.org", "/mail/config-v1.1.xml"),
        ("autodiscover.example.org", "/autodiscover/autodiscover.xml"))}
    assert answers["mail.example.org"][0] == 200
    assert b"nothing to set up here" in answers["mail.example.org"][1]
    assert not [word for word in (b"IMAP", b"POP3", b"587", b"993") if word in answers["mail.example.org"][1]]
    assert answers["autoconfig.example.org"][0] == answers["autodiscover.example.org"][0] == 404
    proved = {probe["name"]: probe["result"] for probe in gateway.report()["probes"]}
    assert (proved["web-help"], proved["web-autoconfig"]) == ("passed", "skipped")
    rows = dns_rows(gateway)
    kinds = {(row["type"], row["name"].rstrip(".")) for row in rows}
    assert {("MX", "example.org"), ("MX", "example.net"), ("TXT", "_dmarc.example.org"),
            ("TXT", "_smtp._tls.example.org"), ("TLSA", "_25._tcp.mail.example.org")} <= kinds
    assert not [row for row in rows if row["type"] == "SRV" or row["name"].startswith("auto")]


GATEWAY_FAULTS = {
    "changed on its way": (
        MASTER, "filtered      unix  n       -       y       -       0       cleanup\n",
        "filtered      unix  n       -       y       -       0       cleanup\n"
        "    -o { body_checks=pcre:{ { /^(.+)\\z/ REPLACE $$1. } } }\n", {"mail-unchanged": "content"}),
    "open relay": (
        MAIN, "    reject_unauth_destination", "    permit_mynetworks reject_unauth_destination",
        {"smtp-relay": "policy"}),
    "any recipient": (
        MAIN, "{ selftest@selftest.invalid = mailbox/ }", "{ selftest@selftest.invalid = mailbox/ } "
        "{ no-such-mailbox@selftest.invalid = mailbox/ }", {"smtp-unknown-recipient": "policy"}),
}


@pytest.mark.parametrize("name", part(GATEWAY_FAULTS, 3))
def test_a_fault_of_a_gateway_is_found(gateway, name):
    path, old, new, wanted = GATEWAY_FAULTS[name]
    with fault(gateway, path, old, new, "postfix"):
        _, _, failed = verify(gateway)
    assert failed == wanted


OFFICE = (f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: x\ndc: example\n\n"
          + "".join(f"dn: cn={name},{BASE}\nobjectClass: inetOrgPerson\nobjectClass: inetLocalMailRecipient\n"
                    f"cn: {name}\nsn: x\nmail: {name}@example.org\nmailLocalAddress: {name}@example.net\n\n"
                    for name in ("alice", "carol", "dora", "emil", "frida"))
          + f"dn: cn=all,{BASE}\nobjectClass: groupOfNames\nobjectClass: extensibleObject\ncn: all\n"
          f"mail: all@example.org\nmember: cn=alice,{BASE}\n\n"
          f"dn: cn=far,{BASE}\nobjectClass: groupOfNames\nobjectClass: extensibleObject\ncn: far\n"
          f"mail: far@example.org\nmember: cn=nobody,{BASE}\n")
BY_DIRECTORY = """  authentication:
    backend: ldap
    ldap:
      uri: ["%s"]
      base: "%s"
      bind_dn: "%s"
      bind_password: '%s'
      interval_seconds: 5
      ca: |
"""


def codes(machine, *names):
    return [recipient(machine, name)[0] for name in names]


def test_who_exists_behind_is_read_from_a_directory(gateway):
    """Those of people and groups; nobody asks the server behind, and a directory that is away, or says
    half, costs none of them a message."""
    authority = Authority("office")
    tree = Tree(f"{gateway.net}.1", 3891, authority)
    before = GATEWAY.format(net=gateway.net, more="")
    try:
        tree.put(OFFICE, offline=True)
        tree.start()
        gateway.run("sh", "-c", "rm -f /var/lib/postfix/behind_cache*", check=False)
        apply(gateway, before + BY_DIRECTORY % (tree.uri, BASE, ADMIN, SECRET)
              + "".join(f"        {line}\n" for line in authority.pem.splitlines()))
        wait_for(lambda: recipient(gateway, "emil@example.org")[0] == 250)
        assert codes(gateway, "emil@example.net", "all@example.org", "far@example.org", "who@example.org") == [
            250, 250, 250, 550]
        assert "12 recipients of the server behind" in gateway.run("postcask", "directory").stdout
        assert not gateway.run("postcask", "user", "list", check=False).stdout
        good = gateway.send("by the directory", to="alice@example.org")
        assert gateway.behind.wait_words(good)[0].recipients == ["alice@example.org"]
        tree.drop(*[f"cn={name},{BASE}" for name in ("carol", "dora", "frida")])
        gateway.run("systemctl", "reload", "postcask-mirror")
        wait_for(lambda: "would be gone" in gateway.run("postcask", "directory", check=False).stdout)
        assert codes(gateway, "dora@example.org", "who@example.org") == [250, 550]
        tree.stop()
        gateway.run("systemctl", "reload", "postcask-mirror")
        wait_for(lambda: "127.0.0.1" in (said := gateway.run("postcask", "directory", check=False).stdout)
                 or tree.uri in said)
        assert codes(gateway, "dora@example.org", "who@example.org") == [250, 550]
        gateway.run("systemctl", "stop", "postcask-directory")
        state = "/var/lib/postcask/directory/mirror.json"
        kept = json.loads(gateway.run("cat", state).stdout)
        gateway.run("sh", "-c", f"cat > {state}", stdin=json.dumps({**kept, "good": kept["good"] - 7200}))
        gateway.run("systemctl", "start", "postcask-directory")
        wait_for(lambda: recipient(gateway, "who@example.org")[0] == 450)
        assert codes(gateway, "dora@example.org", "emil@example.net") == [250, 250]
    finally:
        tree.remove()
        apply(gateway, before)
    assert recipient(gateway, "emil@example.org")[0] == 550       # it is asked again itself


def test_a_server_that_is_down_loses_nothing(gateway):
    assert recipient(gateway, "alice@example.org")[0] == 250
    gateway.behind.__exit__()
    for _ in range(4):                              # who is known, however often a look fails
        assert recipient(gateway, "alice@example.org")[0] == 250
        time.sleep(0.5)                             # the next one asks again
    code, words = recipient(gateway, "carol@example.org")
    assert (code, words[:5]) == (450, "4.1.1")
    mail = gateway.send("while it is down")
    gateway.wait_queued("[the server behind]")
    gateway.run("systemctl", "start", "postcask-gateway.service")
    status = json.loads(gateway.run("postcask", "status", "--json", check=False).stdout)
    note = next(note for note in status["notes"] if "gateway" in note)
    assert "does not answer" in note and "waits here" in note, note
    reasons = {reason["for"] for reason in status["mail"]["queue"]["reasons"]}
    assert "for the server behind this one" in reasons
    # A change of settings is judged by what it changes, and not by that.
    gateway.run("systemctl", "restart", "postcask-verify.service", timeout=120)
    verified = json.loads(gateway.run("cat", "/run/postcask/verify/report.json").stdout)
    assert not [one for one in verified["probes"] if one["result"] == "failed"]
    with Behind(gateway.net + ".1", BEHIND_PORT) as gateway.behind:
        gateway.run("postqueue", "-f")
        gateway.behind.wait_words(mail)
        assert recipient(gateway, "dora@example.org")[0] == 250
        gateway.run("systemctl", "start", "postcask-gateway.service")
        status = json.loads(gateway.run("postcask", "status", "--json", check=False).stdout)
        assert not [note for note in status["notes"] if "gateway" in note]
        assert not status["mail"].get("missing") and not status["mail"].get("unclear"), status["mail"]


def test_what_was_asked_is_known_after_a_power_cut(gateway):
    gateway.run("systemctl", "kill", "-s", "KILL", "postfix.service")
    wait_for(lambda: gateway.run("systemctl", "is-active", "postfix", check=False).stdout == "active\n")
    wait_for(lambda: answers(gateway))
    assert recipient(gateway, "alice@example.org")[0] == 250       # nobody is there to be asked


def answers(machine):
    try:
        with machine.smtp():
            return True
    except OSError:
        return False


def test_a_list_says_who_exists(gateway):
    more = ", recipients: [alice@example.org, postmaster@example.org]"
    data = GATEWAY.format(net=gateway.net, more=more)
    apply(gateway, data)
    assert recipient(gateway, "alice@example.org")[0] == 250
    code, words = recipient(gateway, "carol@example.org")
    assert (code, words[:5]) == (550, "5.1.1")
    assert recipient(gateway, "alice+label@example.org")[0] == 550
    assert "alice@example.org" not in gateway.run("cat", "/run/postcask/verify-settings.json").stdout


SEND_ONLY = """#cloud-config
fqdn: mail.example.org
mail:
  role: send-only
  domains: [example.org]
  users:
    - address: alice@example.org
      password_hash: '{hash}'
  extra:
    postfix: |
      relayhost = [{host}]:{port}
"""
MESSAGE = "From: {author}\r\nTo: someone@far.example\r\nSubject: {subject}\r\n\r\n{text}\r\n"


@pytest.fixture(scope="module")
def sender():
    machine = Machine("sendonly", "10.98.0")
    machine.seed(SEND_ONLY.format(host=machine.net + ".1", port=BEHIND_PORT,
                                  hash=crypt_hash(PASSWORDS["alice@example.org"])), "i-native-1")
    try:
        machine.start(wait=False)
        with Server(machine.net + ".1", BEHIND_PORT) as machine.world:
            machine.wait_boot()
            yield machine
    finally:
        machine.stop()


def submit(machine, subject, author="alice@example.org", sender="alice@example.org"):
    with machine.submission("alice@example.org") as client:
        client.sendmail(sender, "someone@far.example",
                        MESSAGE.format(author=author, subject=subject, text="hello").encode())


def test_a_sender_is_ready_and_takes_nothing_from_outside(sender):
    report = sender.report()
    assert report["state"] == "ready", report
    proved = {probe["name"]: probe["result"] for probe in report["probes"]}
    for name in ("submission-mail", "submissions-mail", "submission-signed", "submissions-signed",
                 "submission-relay", "submissions-relay"):
        assert proved[name] == "passed", name
    assert {port["name"] for port in report["firewall"]["open"]} == {"submission", "submissions"}
    for unit in ("amavis", "clamav-daemon", "clamav-daemon.socket", "clamav-freshclam", "postsrsd",
                 "postcask-door", "postcask-lists", "postcask-feedback.socket", "postcask-gateway.timer"):
        wait_for(lambda: sender.run("systemctl", "is-active", unit,
                                    check=False).stdout == "inactive\n")
    running = daemons(sender)
    assert {"postfix", "dovecot", "opendkim", "unbound", "postcask-policy", "postcask-tls",
            "postcask-guard"} <= running, running
    assert not sender.run("systemctl", "--failed", "--no-legend").stdout
    listening = sender.run("ss", "-Hltn").stdout
    assert not [port for port in (25, 110, 143, 993, 995, 4190, 10024, 10025)
                if f":{port} " in listening], listening


def test_a_sender_is_no_relay(sender):
    ip6 = f"fd00:{sender.net.replace('.', ':')}::2"
    assert relay_forms.taken(relay_forms.answers(sender.host, 587, sender.host, ip6)) == {}
    with sender.smtp(587, tls=True, source=3) as client:
        for address in ("alice@example.org", "stranger@example.com", ""):
            client.mail(address)
            assert 500 <= client.rcpt("someone@far.example")[0] < 600
            client.rset()
    with pytest.raises(OSError):
        socket.create_connection((sender.host, 25), 1).close()
    # Nor does any account of the machine reach the signer past it.
    done = sender.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "python3", "-c",
                      "import socket; socket.create_connection(('127.0.0.1', 10029), 3)", check=False)
    assert "refused" in done.stderr


def test_what_a_login_sends_is_signed(sender):
    submit(sender, "signed")
    found = sender.world.wait_words("Subject: signed")[0]
    assert found.sender == "alice@example.org" and all(by_python(found.data, records(sender)))
    assert b"\nDate: " in found.data and b"\nMessage-I" in found.data
    assert b"X-Postcask-Login" not in found.data


def test_what_the_machine_itself_sends_is_signed(sender):
    sender.run("sh", "-c", "printf 'Subject: cron\\n\\nhello\\n' | sendmail root")
    found = sender.world.wait_words("Subject: cron")[0]
    assert found.recipients == ["alice@example.org"]                # the first user is postmaster
    assert all(by_python(found.data, records(sender)))


@pytest.mark.parametrize("author", [
    "bob@example.org", '"alice@example.org" <bob@example.org>', "alice@example.org, bob@example.org",
    "alice@example.org\r\nFrom: bob@example.org", "someone@far.example"])
def test_nobody_sends_in_another_name(sender, author):
    submit(sender, f"forged {abs(hash(author))}", author)
    wait_for(lambda: "its From is not its sender" in sender.run(
        "journalctl", "-o", "cat", "-u", "postfix", "-n", "60", "--no-pager").stdout)
    back = sender.world.wait_words(f"Subject: forged {abs(hash(author))}")
    assert all(one.sender == "" and one.recipients == ["alice@example.org"] for one in back)


def test_a_login_has_its_own_sender(sender):
    for address in ("bob@example.org", ""):
        with sender.submission("alice@example.org") as client:
            client.mail(address)
            assert client.rcpt("someone@far.example")[0] in (550, 553), address


def test_without_the_signer_nothing_leaves_and_nothing_is_refused(sender):
    sender.run("systemctl", "stop", "opendkim")
    submit(sender, "unsigned for a while")
    sender.wait_queued("[the signer]")
    status = json.loads(sender.run("postcask", "status", "--json", check=False).stdout)
    assert "for the signer (opendkim)" in {one["for"] for one in status["mail"]["queue"]["reasons"]}
    assert not sender.world.with_words("unsigned for a while")
    sender.run("systemctl", "start", "opendkim")
    found = sender.world.wait_words("unsigned for a while")[0]
    assert all(by_python(found.data, records(sender)))


def test_the_records_of_a_sender_leave_the_domains_mail_where_it_is(sender):
    rows = dns_rows(sender)
    assert not [row for row in rows if row["type"] in ("MX", "SRV", "TLSA", "CNAME")], rows
    spf = [row["value"] for row in rows if row["name"].rstrip(".") == "example.org" and
           row["value"].strip('"').startswith("v=spf1")]
    assert spf and "a:mail.example.org" in spf[0], rows
    assert [row for row in rows if "_domainkey" in row["name"]]


def test_a_machine_that_nobody_logs_in_to_sends_its_own_mail(sender):
    """The last of this machine."""
    begin, end = SEND_ONLY.index("  users:"), SEND_ONLY.index("  extra:")
    apply(sender, (SEND_ONLY[:begin] + SEND_ONLY[end:]).format(host=sender.net + ".1", port=BEHIND_PORT))
    report = sender.report()
    assert report["state"] == "ready" and not report["firewall"]["open"], report
    assert "dovecot" not in daemons(sender)
    assert not [port for port in (25, 465, 587) if f":{port} " in sender.run("ss", "-Hltn").stdout]
    sender.run("sh", "-c", "printf 'Subject: alone\\n\\nhello\\n' | sendmail someone@far.example")
    assert all(by_python(sender.world.wait_words("Subject: alone")[0].data, records(sender)))
