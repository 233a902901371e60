# SPDX-License-Identifier: GPL-3.0-or-later
"""The web server on a machine with an authority of its own: what mail programs and people get,
and what strangers do not."""

import contextlib
import datetime
import json
import plistlib
import re
import shutil
import socket
import ssl
import subprocess
import time
import xml.etree.ElementTree as ElementTree

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from browser import Browser
from machine import HOSTNAME, Machine, user_data
from ports import WEB
from waiting import end_of
from web import ask, connect

DATA = user_data().replace("domains: [example.org, example.net]",
                           "domains: [example.org, example.net, bücher.example]")
DOMAINS = ["example.org", "example.net", "xn--bcher-kva.example"]
ON = DATA + "  services: {web: true, pop3: false}\n"
KEYS = "var/lib/postcask/keys"
AUTOCONFIG = "/.well-known/autoconfig/mail/config-v1.1.xml"
OUTLOOK = "{http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a}"


@pytest.fixture(scope="module")
def server():
    with Machine("web", "10.107.0", data=ON) as machine:
        yield machine


@pytest.fixture(scope="module")
def any_name(server):
    """Of a client that looks at the chain, and not at the name: domains have none of their own."""
    context = server.tls()
    context.check_hostname = False
    return context


def process(machine):
    return machine.run("systemctl", "show", "-P", "MainPID", "lighttpd").stdout.strip()


# ---- what mail programs ask ----

@pytest.mark.parametrize("domain", DOMAINS)
@pytest.mark.parametrize("place", [("autoconfig.", "/mail/config-v1.1.xml"), ("", AUTOCONFIG),
                                   ("mail.", AUTOCONFIG + "?emailaddress=alice%40example.org")])
def test_thunderbird_is_told(server, any_name, domain, place, tmp_path):
    host = place[0] + domain
    if host == HOSTNAME:
        host = domain
    answer = ask(server, host, place[1], context=any_name)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    path = tmp_path / "xml"
    path.write_bytes(answer.body)
    subprocess.run(["xmllint", "--noout", "--nonet", path], check=True, timeout=20)
    provider = ElementTree.fromstring(answer.body).find("emailProvider")
    assert provider.get("id") == provider.find("domain").text == domain
    for kind, wanted in (("incoming", [("imap", "993", "SSL"), ("imap", "143", "STARTTLS"),
                                       ("pop3", "995", "SSL")]),
                         ("outgoing", [("smtp", "465", "SSL"), ("smtp", "587", "STARTTLS")])):
        servers = provider.findall(kind + "Server")
        assert [(one.get("type"), one.find("port").text, one.find("socketType").text)
                for one in servers] == wanted
        assert {one.find("hostname").text for one in servers} == {HOSTNAME}
        assert {one.find("username").text for one in servers} == {"%EMAILADDRESS%"}


QUESTION = b"""<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006">
<Request><EMailAddress>zelda@example.org</EMailAddress><AcceptableResponseSchema>
http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a
</AcceptableResponseSchema></Request></Autodiscover>"""


@pytest.mark.parametrize("host", ["autodiscover.example.org", "example.net", HOSTNAME])
@pytest.mark.parametrize("method,path", [("POST", "/autodiscover/autodiscover.xml"),
                                         ("POST", "/Autodiscover/Autodiscover.xml"),
                                         ("GET", "/AutoDiscover/AutoDiscover.XML?x=y")])
def test_outlook_is_told(server, any_name, host, method, path):
    answer = ask(server, host, path, method, QUESTION if method == "POST" else b"",
                 context=any_name)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/xml; charset=utf-8")
    protocols = ElementTree.fromstring(answer.body).findall(f".//{OUTLOOK}Protocol")
    assert [(one.find(OUTLOOK + "Type").text, one.find(OUTLOOK + "Port").text,
             one.find(OUTLOOK + "SSL").text) for one in protocols] == [
        ("IMAP", "993", "on"), ("IMAP", "143", "on"), ("POP3", "995", "on"),
        ("SMTP", "465", "on"), ("SMTP", "587", "on")]
    assert b"zelda" not in answer.body and b"LoginName>" not in answer.body


def profile(server, domain, tmp_path):
    """What a device reads of a profile, whose signature openssl verifies; and who signed it."""
    answer = ask(server, HOSTNAME, f"/{domain}.mobileconfig")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/x-apple-aspen-config"
    signed, signer = tmp_path / "signed", tmp_path / "signer"
    signed.write_bytes(answer.body)
    done = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", signed, "-purpose", "any",
         "-CAfile", server.tree / KEYS / "ca.pem", "-signer", signer], capture_output=True,
        timeout=20)
    assert done.returncode == 0, done.stderr
    certificate = x509.load_pem_x509_certificate(signer.read_bytes())
    return plistlib.loads(done.stdout), certificate


@pytest.mark.parametrize("domain", DOMAINS)
def test_a_phone_gets_a_profile(server, domain, tmp_path):
    plist, _ = profile(server, domain, tmp_path)
    authority, account = plist["PayloadContent"]
    assert plist["PayloadIdentifier"] == domain + ".mail.postcask"
    assert (account["IncomingMailServerHostName"], account["IncomingMailServerPortNumber"],
            account["OutgoingMailServerHostName"], account["OutgoingMailServerPortNumber"]) \
        == (HOSTNAME, 993, HOSTNAME, 465)
    assert account["IncomingMailServerUseSSL"] and account["OutgoingMailServerUseSSL"]
    assert not {"EmailAddress", "IncomingMailServerUsername"} & set(account)    # it asks
    pem = (server.tree / KEYS / "ca.pem").read_text()
    assert authority["PayloadContent"] == ssl.PEM_cert_to_DER_cert(pem)
    assert len({part["PayloadUUID"] for part in (plist, authority, account)}) == 3


def test_the_authority_can_be_fetched(server):
    answer = ask(server, HOSTNAME, "/authority.crt")
    pem = (server.tree / KEYS / "ca.pem").read_text()
    assert answer.body == ssl.PEM_cert_to_DER_cert(pem)
    assert answer.headers["Content-Type"] == "application/x-x509-ca-cert"


def test_security_txt_is_young(server):
    answer = ask(server, HOSTNAME, "/.well-known/security.txt")
    fields = dict(line.split(": ", 1) for line in answer.body.decode().splitlines()
                  if not line.startswith("#"))
    assert fields["Contact"] == "mailto:postmaster@example.org"
    left = time.mktime(time.strptime(fields["Expires"], "%Y-%m-%dT%H:%M:%SZ")) - time.time()
    assert 300 * 86400 < left < 366 * 86400


# ---- what people see ----

def test_the_help_page_in_a_browser(server, tmp_path):
    """A real one: nothing to complain of, nothing from elsewhere, and nothing to scroll sideways on
    the narrowest of phones."""
    with Browser(server.host, server.tree / KEYS / "ca.pem") as browser:
        for width, height, dark, path in [(360, 740, False, "/"), (360, 740, True, "/example.net/"),
                                          (1280, 800, False, "/example.org/"),
                                          (1280, 800, True, "/xn--bcher-kva.example/")]:
            browser.open(f"https://{HOSTNAME}{path}", width, height, dark)
            assert browser.complaints() == []
            assert all(url.startswith(f"https://{HOSTNAME}/") for url in browser.asked())
            assert browser.evaluate("document.documentElement.scrollWidth") == width
            assert browser.evaluate("document.styleSheets[0].cssRules.length") > 30
            assert browser.evaluate("document.querySelectorAll('h1').length") == 1
            assert browser.evaluate("document.documentElement.lang") == "en"
            assert dim_texts(browser) == []
            if width > 1000:
                picture = tmp_path / "page.png"
                browser.picture(picture)
                done = subprocess.run(["zbarimg", "--quiet", "--raw", picture],
                                      capture_output=True, text=True, timeout=60)
                assert done.stdout.strip() == f"https://{HOSTNAME}{path[:-1]}.mobileconfig"
        assert "bücher.example" in browser.evaluate("document.body.innerText")
        browser.open(f"https://{HOSTNAME}/nothing", 360, 740)
        assert "no such page" in browser.evaluate("document.body.innerText")


def dim_texts(browser):
    """Those whose contrast is under 4.5 (WCAG 2.2, 1.4.3)."""
    return browser.evaluate("""(() => {
        const light = text => {
            const [r, g, b] = text.match(/[0-9.]+/g).map(Number).map(c => c / 255)
                .map(c => c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const ground = node => {
            for (; node; node = node.parentElement) {
                const color = getComputedStyle(node).backgroundColor;
                if (!/, 0\\)$/.test(color))
                    return color;
            }
            return "rgb(255, 255, 255)";
        };
        const found = [];
        for (const node of document.querySelectorAll("body *"))
            if ([...node.childNodes].some(child => child.nodeType == 3 && child.data.trim())) {
                const a = light(getComputedStyle(node).color), b = light(ground(node));
                if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5)
                    found.push(node.textContent.trim().slice(0, 40));
            }
        return found;
    })()""")


def test_the_report_leads_there(server):
    report = server.report()
    assert (report["state"], report["help"]) == ("ready", f"https://{HOSTNAME}/")
    assert f"set up a phone or a mail program: https://{HOSTNAME}/\n" \
        in server.run("postcask", "status").stdout


# ---- what strangers do not get ----

def test_ciphers(server):
    """Those of the other ports, with the one key that it has."""
    agreed = set()
    for version in ("-tls1_2", "-tls1_3"):
        while True:
            chosen = ["-cipher", ":".join(["ALL:COMPLEMENTOFALL", *("!" + one for one in agreed),
                                           "@SECLEVEL=0"])] if version == "-tls1_2" else []
            done = subprocess.run(["openssl", "s_client", "-connect", f"{server.host}:{WEB}", version,
                                   *chosen], input="", capture_output=True, text=True, timeout=20)
            cipher = done.stdout.partition("Cipher is ")[2].partition("\n")[0]
            if cipher in ("", "(NONE)") or cipher in agreed:
                break
            agreed.add(cipher)
    assert agreed == {"ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256",
                      "ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_AES_256_GCM_SHA384"}


@pytest.mark.parametrize("path", ["/", "/nothing", "/autodiscover/autodiscover.xml"])
def test_headers(server, path):
    headers = ask(server, HOSTNAME, path).headers
    assert "Server" not in headers and "Strict-Transport-Security" not in headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; ")
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"


@pytest.mark.parametrize("host,path", [
    (HOSTNAME, "/../../keys/ca.pem"), (HOSTNAME, "/..%2f..%2f..%2fetc/passwd"),
    (HOSTNAME, "/pages/"), (HOSTNAME, "/%2e%2e/stamp"), (HOSTNAME, "/.well-known/"),
    (HOSTNAME, "/elsewhere.example/"), ("mail.elsewhere.example", "/"),
    ("autoconfig.elsewhere.example", "/mail/config-v1.1.xml"), ("mail..", "/"), ("mail.../..", "/"),
    ("mta-sts.example.org", "/.well-known/mta-sts.txt")])
def test_nothing_else_is_there(server, any_name, host, path):
    assert ask(server, host, path, sni=HOSTNAME, context=any_name).status in (400, 403, 404)


def test_large_questions_are_refused(server):
    assert ask(server, HOSTNAME, "/autodiscover/autodiscover.xml", "POST",
               b"x" * 20000).status == 413
    assert ask(server, HOSTNAME, "/", headers=["X-Long: " + "x" * 8000]).status == 431


def test_it_has_no_rights(server):
    """Neither does whoever breaks in get at the machine's keys, nor at any file of it."""
    status = server.run("cat", f"/proc/{process(server)}/status").stdout
    capabilities = dict(re.findall(r"^(Cap\w+):\t(\w+)$", status, re.M))
    assert set(capabilities) >= {"CapPrm", "CapEff", "CapBnd", "CapAmb"}
    assert {int(value, 16) for value in capabilities.values()} <= {0, 1 << 10}    # to bind
    account = server.run("id", "-u", "postcask-web").stdout.strip()
    assert re.search(rf"^Uid:\t{account}\t{account}\t", status, re.M)
    assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status
    for path in ("/var/lib/postcask/keys/server-ecdsa.pem", "/var/lib/postcask/current/settings.json"):
        done = server.run("setpriv", "--reuid=postcask-web", "--regid=postcask-web", "--clear-groups",
                          "cat", path, check=False)
        assert done.returncode != 0 and "denied" in done.stderr
    done = server.run("setpriv", "--reuid=postcask-probe", "--regid=postcask-probe", "--clear-groups",
                      "ls", "/run/postcask/web", check=False)
    assert done.returncode != 0


def test_a_thousand_connections_that_say_nothing(server):
    """They are hung up on, and then people are served again; mail does not notice."""
    with contextlib.ExitStack() as stack:
        idle = []
        for _ in range(1000):
            idle.append(stack.enter_context(socket.socket()))
            idle[-1].setblocking(False)
            idle[-1].connect_ex((server.host, WEB))
        message_id = server.send("while the web server is busy")
        server.wait_message("alice@example.org", message_id)
        first = idle[0]
        first.settimeout(60)
        assert first.recv(1) == b""
    assert ask(server, HOSTNAME, "/").status == 200
    assert process(server) != "0"
    assert server.run("systemctl", "show", "-P", "NRestarts", "lighttpd").stdout.strip() == "0"


# ---- certificates ----

def test_a_renewed_certificate_is_served_and_signs(server, tmp_path):
    """Without a moment in which nobody is served, or a connection that is cut off."""
    plist, before = profile(server, "example.org", tmp_path)
    with connect(server, HOSTNAME) as held:
        held.sendall(b"GET / HTTP/1.1\r\n")
        done = json.loads(server.run("postcask", "cert", "renew", "--json").stdout)
        assert done["served"]["web"] == "current", done
        held.sendall(f"Host: {HOSTNAME}\r\nConnection: close\r\n\r\n".encode())
        assert held.recv(12) == b"HTTP/1.1 200"
    assert server.run("systemctl", "show", "-P", "NRestarts", "lighttpd").stdout.strip() == "0"
    again, after = profile(server, "example.org", tmp_path)
    assert after.serial_number != before.serial_number
    assert again["PayloadUUID"] == plist["PayloadUUID"]


def domain_certificate(names):
    """Key and certificate of another authority, as PEM, and that authority's certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "another authority")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
                   .public_key(key.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=30))
                   .add_extension(x509.SubjectAlternativeName(map(x509.DNSName, names)), False)
                   .add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
                   .sign(key, hashes.SHA256()))
    text = certificate.public_bytes(serialization.Encoding.PEM).decode()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                             serialization.NoEncryption()).decode() + text, text


def ask_until(server, name, path, context, timeout=20):
    """Until the server, which was told to, has read its certificates again: it tells nobody."""
    end = end_of(timeout)
    while True:
        try:
            return ask(server, name, path, context=context)
        except ssl.SSLCertVerificationError:
            if time.monotonic() > end:
                raise
            time.sleep(0.05)


def test_each_name_shows_its_own_certificate(server, any_name):
    names = ["mail.example.net", "autoconfig.example.net", "mta-sts.example.net", HOSTNAME]
    pem, authority = domain_certificate(names)
    folder = server.tree / KEYS / "domains"
    folder.mkdir(mode=0o700)
    (folder / "example.net.pem").write_text(pem)
    (folder / "example.net.pem").chmod(0o600)
    try:
        server.run("systemctl", "reload", "lighttpd")
        theirs = ssl.create_default_context(cadata=authority)
        for name in names[:3]:
            answer = ask_until(server, name, AUTOCONFIG, theirs)
            assert answer.status == 200 and b'id="example.net"' in answer.body
        for name in (HOSTNAME, "autoconfig.example.org"):   # the host's own, whatever others say
            assert ask(server, name, "/", context=any_name).status == 200
    finally:
        shutil.rmtree(folder)
        server.run("systemctl", "reload", "lighttpd")
    assert ask_until(server, "mail.example.net", AUTOCONFIG, any_name).status == 200
    assert server.run("ls", "/run/postcask/web").stdout.split() == ["host.pem", "tls.conf"]


def test_a_policy_for_other_servers_with_a_public_certificate_alone(server, any_name):
    place = "mta-sts.example.org", "/.well-known/mta-sts.txt"
    public = server.tree / KEYS / "public.json"
    before = public.read_text() if public.exists() else None
    try:
        public.write_text('{"public": true}')
        server.run("systemctl", "start", "postcask-web.service")
        answer = ask(server, *place, context=any_name)
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.body.decode() == ("version: STSv1\nmode: testing\n"
                                        f"mx: {HOSTNAME}\nmax_age: 604800\n")
        state = server.tree / "var/lib/postcask/web/mta-sts.json"
        since = json.loads(state.read_text())["since"]
        state.write_text(json.dumps({"mode": "testing", "since": since - 7 * 86400}))
        server.run("systemctl", "start", "postcask-web.service")
        assert b"mode: enforce\n" in ask(server, *place, context=any_name).body
    finally:
        public.write_text(before) if before else public.unlink()
        server.run("systemctl", "start", "postcask-web.service")
    assert ask(server, *place, context=any_name).status == 404


# ---- on and off ----

def test_off_is_no_process_and_no_port(server):
    """The last test of this file: it changes the settings."""
    done = server.run("postcask", "apply", "--json", "-", stdin=DATA, timeout=300)
    assert json.loads(done.stdout)["state"] == "applied"
    assert process(server) == "0"
    assert "443" not in [line.split()[3].rsplit(":", 1)[1]
                         for line in server.run("ss", "-Htln").stdout.splitlines()]
    assert "web" not in server.run("cat",
                                   "/run/postcask/firewall.json").stdout
    for unit in ("lighttpd.service", "postcask-web.timer", "postcask-web.path"):
        assert server.run("systemctl", "is-active", unit, check=False).stdout.strip() == "inactive"
    server.run("postcask", "apply", "-", stdin=ON, timeout=300)
    assert ask(server, HOSTNAME, "/").status == 200
