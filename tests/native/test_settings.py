# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings inside the machine: what is added to a daemon's configuration, names of
certificates, and values that look like configuration."""

import json
import re
import socket
import ssl
import textwrap

import pytest

import web
from machine import HOSTNAME, PASSWORDS, Machine, last_line, letter, user_data

# Something of each component that can be seen in the running daemon.
EXTRA = {
    "postfix": "smtpd_banner = $myhostname ESMTP of {{hostname}}\n",
    "postfix_services": "127.0.0.1:2525 inet n - y - - smtpd\n    -o smtpd_banner=a.door.of.my.own\n",
    "dovecot": 'login_greeting = "100% {mine} \\"$x\\""\n',
    "amavis": "# The header that each message gets.\n$X_HEADER_LINE = q(it's mine, $x @y \\o/);\n",
    "spamassassin": "header MY_OWN_RULE Subject =~ /zanzibar/\nscore MY_OWN_RULE 50\n",
    "clamd": "PidFile /var/lib/clamd/my-own.pid\n",
    "freshclam": "Checks 7\n",
    "lighttpd": 'setenv.add-response-header = ("X-My-Own" => "100% {mine}")\n',
    "unbound": 'local-data: "mine.test. A 192.0.2.77"\n',
}

# What each component's own checker says of what is wrong.
WRONG = [
    ("postfix", "smtpd_bannner = x", "main.cf: unused parameter: smtpd_bannner=x"),
    ("postfix", "smtpd_banner = $myhostnam", "undefined parameter: myhostnam"),
    ("postfix_services", "2525 inet n -", "bad field count"),
    ("postfix_services", "2525 inet n - y - - smtpd\n    -o smtpd_bannner=x\n",
     "master.cf: unused parameter: smtpd_bannner=x"),
    ("dovecot", "login_greetinggg = x", "Unknown setting: login_greetinggg"),
    ("dovecot", "}", "Unexpected '}'"),
    ("dovecot", "passdb mine {", "Missing '}'"),
    ("amavis", "$max_serverss = 2;", "max_serverss"),
    ("amavis", "1; }", "Unmatched right curly"),
    ("spamassassin", "scoore X 1", "scoore X 1"),
    ("spamassassin", "header X Subject =~ /(/", "invalid regexp for X"),
    ("clamd", "NoSuchOption 1", "Unknown option NoSuchOption"),
    ("freshclam", "NoSuchOption 1", "Unknown option NoSuchOption"),
    ("lighttpd", "server.frobnicate = 1", "unknown config-key: server.frobnicate"),
    ("lighttpd", "server.port = 444", "Duplicate config variable"),
    ("unbound", "nosuch: 1", "unknown keyword 'nosuch'"),
]


def with_extra(extra, more=""):
    lines = "".join(f"    {key}: |\n{textwrap.indent(text.rstrip(), ' ' * 6)}\n"
                    for key, text in extra.items())
    return user_data() + more + "  extra:\n" + lines


def names(*listed):
    return f"  tls: {{names: [{', '.join(listed)}]}}\n"


def apply(machine, data):
    """Gives the running machine other user-data; what became of it."""
    done = machine.run("postcask", "apply", "--json", "-", check=False, timeout=300, stdin=data)
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def own():
    """A machine with lines of its own for every component."""
    data = with_extra(EXTRA, names("imap.example.org", "mail.example.org", "smtp.example.net")
                      + "  services: {smtp_auth: true, web: true}\n")
    with Machine("extra", "10.71.0", data=data) as machine:
        yield machine


def greeting(machine, port):
    with socket.create_connection((machine.host, port), 10) as connection:
        return last_line(connection.makefile("rb")).decode()


def served_names(machine, port, name):
    """The names of the certificate that a client gets who asks for `name`."""
    context = machine.tls()
    with socket.create_connection((machine.host, port), 10) as connection:
        with context.wrap_socket(connection, server_hostname=name) as session:
            return {value for kind, value in session.getpeercert()["subjectAltName"]}


class TestSmtpAuth:
    """Port 25 as old devices know it: logins too, and they are what they are on 587."""

    ALICE = "alice@example.org"

    def test_the_self_test_logs_in(self, own):
        results = {probe["name"]: probe["result"] for probe in own.report()["probes"]}
        assert results["smtp-login"] == results["smtp-wrong-password"] == "passed"

    def test_a_login_is_offered_inside_tls_only(self, own):
        with own.smtp(25) as client:
            assert not client.has_extn("auth")
            assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] >= 500
            client.starttls(context=own.tls())
            client.ehlo("client.example.com")
            assert sorted(client.esmtp_features["auth"].split()) == ["LOGIN", "PLAIN"]

    @pytest.mark.parametrize("greeting", [b"Ricoh MP C307 2nd floor", b"\xcc\xfe", b"(none)", b""])
    def test_what_a_login_sends_is_submitted_mail(self, own, greeting):
        with own.smtp(25, tls=True) as client:
            client.send(b"EHLO " + greeting + b"\r\n")
            assert client.getreply()[0] == 250
            client.user, client.password = self.ALICE, PASSWORDS[self.ALICE]
            client.login_utf8()
            assert client.mail("stranger@example.com")[0] == 250
            assert client.rcpt(self.ALICE)[0] == 553            # the sender is the login
            client.rset()
            message = letter("scanned", From=self.ALICE)
            client.sendmail(self.ALICE, [self.ALICE, "friend@far.example"], message.as_bytes())
        own.wait_message(self.ALICE, message["Message-ID"])
        assert "relay=127.0.0.1[127.0.0.1]:10026" in own.journal("postfix.service")

    def test_strangers_are_strangers(self, own):
        with own.smtp(25, tls=True) as client:
            client.mail("stranger@example.com")
            assert client.rcpt("friend@far.example")[0] == 554
        with own.smtp(25) as client:
            client.send(b"EHLO (none)\r\n")
            client.getreply()
            client.mail("stranger@example.com")
            assert client.rcpt(self.ALICE)[0] == 501


class TestExtra:
    def test_the_machine_is_ready(self, own):
        report = own.report()
        assert report["state"] == "ready", report

    def test_postfix(self, own):
        assert greeting(own, 25) == "220 mail.example.org ESMTP of {{hostname}}\r\n"

    def test_postfix_services(self, own):
        said = own.run("python3", "-c", "import socket\n"
                       "print(socket.create_connection(('127.0.0.1', 2525), 10).recv(99))").stdout
        assert "220 a.door.of.my.own" in said

    def test_dovecot(self, own):
        shown = own.run("doveconf", "-h", "login_greeting").stdout
        assert "{mine}" in shown
        with socket.create_connection((own.host, 143), 10) as connection:
            assert '100% {mine} "$x"' in connection.recv(512).decode()

    def test_amavis_and_spamassassin(self, own):
        """Two daemons' lines and one message: the rule was not there when amavis loaded its
        own rules, before the settings were known."""
        message = own.send(letter("hello", subject="the zanzibar offer"))
        found = own.wait_message("alice@example.org", message, folder="Spam").decode()
        assert "MY_OWN_RULE" in found
        assert "X-Virus-Scanned: it's mine, $x @y \\o/" in found

    def test_clamd(self, own):
        pid = own.run("cat", "/var/lib/clamd/my-own.pid").stdout.strip()
        assert own.run("cat", f"/proc/{pid}/comm").stdout.strip() == "clamd"

    def test_freshclam(self, own):
        shown = own.run("sh", "-c", "clamconf -n 2>/dev/null").stdout
        assert 'Checks = "7"' in shown

    def test_unbound(self, own):
        found = own.run("python3", "-c",
                        "import socket; print(socket.gethostbyname('mine.test'))").stdout
        assert found.strip() == "192.0.2.77"

    def test_lighttpd(self, own):
        assert web.ask(own, HOSTNAME, "/").headers["X-My-Own"] == "100% {mine}"

    @pytest.mark.parametrize("key,text,said", WRONG, ids=[f"{row[0]}-{i}" for i, row in
                                                          enumerate(WRONG)])
    def test_what_the_checker_refuses_changes_nothing(self, own, key, text, said):
        before = own.run("readlink", "/var/lib/postcask/current").stdout
        asked = "  services: {web: true}\n"     # else nobody asks its checker
        outcome = apply(own, with_extra({**EXTRA, key: EXTRA[key] + text}, asked))
        assert outcome["state"] in ("failed", "refused"), outcome
        errors = " ".join(outcome["errors"])
        assert f"mail.extra.{key}: " in errors and "refuses it: " in errors, errors
        assert said in errors, errors
        assert own.run("readlink", "/var/lib/postcask/current").stdout == before
        assert len(own.run("ls", "-A", "/var/lib/postcask/generations").stdout.split()) == 1
        assert greeting(own, 25).startswith("220 mail.example.org")


# What no checker can know: the self-tests do.
HARMFUL = [
    ("postfix", "smtpd_tls_auth_only = no"),        # passwords in the clear, on port 25
    ("dovecot", "ssl_min_protocol = nosuch"),
]


class TestHarm:
    """Lines that a checker accepts and that break a promise are taken back."""

    @pytest.mark.parametrize("key,text", HARMFUL, ids=[f"{row[0]}-{i}" for i, row in
                                                       enumerate(HARMFUL)])
    def test_what_breaks_the_server_is_taken_back(self, own, key, text):
        before = own.run("readlink", "/var/lib/postcask/current").stdout
        outcome = apply(own, with_extra({**EXTRA, key: EXTRA[key] + text},
                                        "  services: {smtp_auth: true, web: true}\n"))
        assert outcome["state"] == "reverted", outcome
        assert own.run("readlink", "/var/lib/postcask/current").stdout == before
        assert outcome["machine"] == "ready", outcome


class TestNames:
    def test_each_name_is_served_on_every_port(self, own):
        for port in (465, 993, 995):
            for name in ("imap.example.org", "smtp.example.net", HOSTNAME):
                assert served_names(own, port, name) \
                    == {"imap.example.org", "smtp.example.net", HOSTNAME}

    def test_another_name_is_not(self, own):
        with pytest.raises(ssl.SSLCertVerificationError):
            served_names(own, 993, "other.example.org")

    def test_other_names_mean_new_certificates(self, own):
        authority = own.run("postcask", "cert", "ca").stdout
        outcome = apply(own, with_extra(EXTRA, names("other.example.org")))
        assert outcome["state"] == "applied", outcome
        for port in (465, 993):
            assert served_names(own, port, "other.example.org") == {"other.example.org", HOSTNAME}
            with pytest.raises(ssl.SSLCertVerificationError):
                served_names(own, port, "imap.example.org")
        assert own.run("postcask", "cert", "ca").stdout == authority


class TestValues:
    """Values that look like configuration, read back by the daemons' own parsers."""

    def test_accepted_values_are_read_back(self, own):
        odd = "o'brien+x=y&z~@elsewhere.example"
        mirror = "https://mirror.example.org/a$x&b(c)d;e,f=g@%41"
        outcome = apply(own, user_data() + f"""  postmaster: "{odd}"
  signatures: {{mirror: "{mirror}"}}
  time: {{servers: [time.b\u00fccher.example]}}
""")
        assert outcome["state"] == "applied", outcome
        for alias in ("abuse@example.net", "root@mail.example.org"):
            found = own.run("postmap", "-q", alias, "sqlite:/usr/share/postcask/postfix/aliases.cf")
            assert found.stdout.rstrip("\n") == odd
        here = own.run("postconf", "-xh", "virtual_alias_maps").stdout.partition("inline:")[2]
        assert own.run("postmap", "-q", "postmaster@localhost", "inline:" + here[:here.index("} }") + 3]
                       ).stdout.rstrip("\n") == odd
        assert own.run("doveconf", "-h", "postmaster_address").stdout.rstrip("\n") == odd
        assert f'PrivateMirror = "{mirror}"' in own.run("sh", "-c", "clamconf -n 2>&1").stdout
        found = own.run("unbound-checkconf", "-o", "domain-insecure").stdout.split()
        assert "time.xn--bcher-kva.example" in [name.rstrip(".") for name in found]

    # A user's name may be any printable text.  With these lines in the templates it stands
    # in each syntax, and no name becomes anything but itself.
    PLACES = {
        "alice": ("etc/dovecot/dovecot.conf", 'mail_home = "/{{user.name}}"',
                  ["doveadm", "-c", "{}", "user", "-f", "home", "alice@example.org"]),
        "bob": ("etc/postfix/main.cf", "smtpd_banner = {{user.name}}",
                ["sh", "-c", 'exec postconf -c "${{0%/*}}" -xh smtpd_banner', "{}"]),
        "carol": ("etc/unbound/settings.conf",
                  'server:\n    identity: "{{user.name}}"',
                  ["unbound-checkconf", "-o", "identity", "{}"]),
        "dave": ("etc/amavis/amavisd.conf", "print '{{user.name}}', qq(\\n);",
                 ["perl", "-e", "do shift or die $@", "{}"]),
    }
    NAMES = {
        "alice": "a \"b\" 'c' 100% %u %{user} %%{user} %% $x $ENV:HOME \\ \\n } # @z `id` <f ü",
        "bob": "a \"b\" 'c' 100% %u $x $(y) $$ pcre:/x \\ # @z |c :include:/f `id` <f ü",
        "carol": "a 'b' 100% %u %{user} $x ${y} } { server: , ; @z |c `id` <f ü",
        "dave": "a \"b\" 'c' \\'d\\' \\ \\\\ \\Q \\E $x @y @{[die]} %h &f {} # ` ü",
    }

    @pytest.fixture(scope="class")
    def rendered(self, own):
        own.run("cp", "-rT", "/usr/share/postcask/templates", "/run/odd-templates")
        users = ""
        for name, (path, line, _) in self.PLACES.items():
            block = f'#% for user in users\n#% if user.address == "{name}@example.org"\n' \
                    f"{line}\n#% end\n#% end\n"
            if name == "dave":      # his file ends with a value
                own.run("sh", "-c", f"cat > /run/odd-templates/{path}", stdin=block + "1;\n")
            else:
                own.run("sh", "-c", f"cat >> /run/odd-templates/{path}", stdin=block)
            users += f"    - address: {name}@example.org\n      password_hash: '$6$abcdefgh$" \
                     + "x" * 86 + f"'\n      name: {json.dumps(self.NAMES[name])}\n"
        data = "#cloud-config\nfqdn: mail.example.org\nmail:\n  domains: [example.org]\n  users:\n"
        own.run("env", "POSTCASK_TEMPLATES=/run/odd-templates", "postcask", "render", "/dev/stdin",
                "/run/odd", stdin=data + users)
        return "/run/odd"

    @pytest.mark.parametrize("name", sorted(PLACES))
    def test_a_name_is_itself_in_every_syntax(self, own, rendered, name):
        path, _, command = self.PLACES[name]
        found = own.run(*(word.format(f"{rendered}/{path}") for word in command)).stdout
        assert found.strip("\n").removeprefix("/") == self.NAMES[name]


class TestCloudInit:
    """cloud-init's own view of the settings."""

    def schema(self, machine, data):
        machine.run("sh", "-c", "cat > /run/schema.yaml", stdin=data)
        return machine.run("cloud-init", "schema", "-c", "/run/schema.yaml", "--annotate",
                           check=False)

    def test_good_user_data_is_valid(self, own):
        done = self.schema(own, with_extra(EXTRA, names("imap.example.org")))
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Valid schema" in done.stdout

    @pytest.mark.parametrize("wrong,line,said", [
        ("  usres: []\n", "mail:", "usres"),
        ("  limits: {message_size_mib: 9999}\n", "message_size_mib", "9999"),
        ("  services: {imap: maybe}\n", "imap: maybe", "maybe"),
        ("  role: relay\n", "role: relay", "relay"),
        ("  tls: {names: [a b.example.org]}\n", "names:", "a b.example.org"),
        ("  extra: {postfix: [x]}\n", "postfix: [x]", "is not of type"),
        ("  backup: {repository: /srv/copy}\n", "mail:", "backup"),
    ])
    def test_wrong_user_data_is_marked_by_line(self, own, wrong, line, said):
        done = self.schema(own, user_data() + wrong)
        marked = [text for text in done.stdout.splitlines() if re.search(r"# E\d", text)]
        assert done.returncode == 1
        assert any(line in text for text in marked), done.stdout
        assert said in done.stdout + done.stderr

    def test_vendor_data_lies_under_user_data(self):
        machine = Machine("vendor", "10.73.0", data=user_data() + "  services: {pop3: true}\n")
        (machine.tree / "var/lib/cloud/seed/nocloud/vendor-data").write_text(
            "#cloud-config\nmail:\n  limits: {message_size_mib: 7}\n"
            "  services: {pop3: false, pop3s: false}\n")
        machine.start()
        try:
            report = machine.report()
            assert report["state"] == "ready", report
            settings = json.loads(machine.run(
                "cat", "/var/lib/postcask/current/settings.json").stdout)
            assert settings["limits"]["message_size_mib"] == 7
            assert settings["services"]["pop3"] and not settings["services"]["pop3s"]
            assert "pop3" in report["open"] and "pop3s" not in report["open"]
            shown = machine.run("cloud-init", "status", "--long", check=False).stdout
            assert "status: done" in shown and "degraded" not in shown, shown
        finally:
            machine.stop()
