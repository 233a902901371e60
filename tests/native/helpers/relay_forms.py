# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to have a server send mail to somebody else that were open somewhere once: what RCPT is
answered to each, from wherever this runs.  `answers` is for the tests; as a program, which is how an
account inside the machine asks, it prints the same as JSON:

    python3 - HOST PORT < relay_forms.py"""

import json
import socket
import sys

FAR = "far.example"
VICTIM = f"victim@{FAR}"
OWN, NAME = "example.org", "mail.example.org"
SENDER = "stranger@elsewhere.example"      # of no domain that is served here
IN_A_SESSION = 2     # after three mistakes each answer takes a second

# What RCPT is given, as it stands behind "RCPT TO:"; {ip4} and {ip6} are the machine's own.
RECIPIENTS = {
    "plain": "<{victim}>",
    "capitals": "<VICTIM@FAR.EXAMPLE>",
    "no brackets": "{victim}",
    "a blank before": " <{victim}>",
    "percent": "<victim%{far}@{own}>",
    "percent at our name": "<victim%{far}@{name}>",
    "percent at our address": "<victim%{far}@[{ip4}]>",
    "percent at our IPv6 address": "<victim%{far}@[IPv6:{ip6}]>",
    "percent at loopback": "<victim%{far}@[127.0.0.1]>",
    "percent at localhost": "<victim%{far}@localhost>",
    "percent at nobody": "<victim%{far}@>",
    "percent alone": "<victim%{far}>",
    "two percents": "<victim%{far}%{own}@{own}>",
    "bang": "<{far}!victim>",
    "bang at ours": "<{far}!victim@{own}>",
    "bang at our address": "<{far}!victim@[{ip4}]>",
    "bang by way of us": "<{own}!{far}!victim>",
    "route": "<@{own}:{victim}>",
    "route of two": "<@{own},@{name}:{victim}>",
    "route by our address": "<@[{ip4}]:{victim}>",
    "quoted": '<"{victim}">',
    "quoted at ours": '<"{victim}"@{own}>',
    "quoted at our name": '<"{victim}"@{name}>',
    "quoted name": '<"victim"@{far}>',
    "quoted percent": '<"victim%{far}"@{own}>',
    "quoted bang": '<"{far}!victim"@{own}>',
    "two ats": "<{victim}@{own}>",
    "two ats and our name": "<{victim}@{name}>",
    "two ats and our address": "<{victim}@[{ip4}]>",
    "at the end": "<{victim}@>",
    "dot at the end": "<{victim}.>",
    "dot at the end of ours": "<{victim}@{own}.>",
    "address": "<victim@[192.0.2.77]>",
    "address without brackets": "<victim@192.0.2.77>",
    "IPv6 address": "<victim@[IPv6:2001:db8::77]>",
    "mapped address": "<victim@[IPv6:::ffff:192.0.2.77]>",
    "number for an address": "<victim@[3221226061]>",
    "looks like SRS0": "<SRS0=AAAAAA=AA={far}=victim@{name}>",
    "looks like SRS0 at a domain": "<SRS0=AAAAAA=AA={far}=victim@{own}>",
    "looks like SRS1": "<SRS1=AAAAAA={far}==AAAAAA=AA={far}=victim@{name}>",
    "looks like a label": "<nobody+victim={far}@{own}>",
    "looks like BATV": "<prvs=0123456789={victim}>",
    "list with a comma": "<alice@{own},{victim}>",
    "list with a semicolon": "<alice@{own};{victim}>",
    "two in brackets": "<alice@{own}><{victim}>",
    "comment": "<alice@{own}({victim})@{far}>",
    "group": "friends:{victim};",
    "NUL": "<victim@{far}\0@{own}>",
    "wide at": "<victim\uff20{far}@{own}>",
    "pipe": '<"|mail {victim}"@{own}>',
}
# What stands behind "MAIL FROM:"; RCPT is plain then.
SENDERS = {
    "no sender": "<>",
    "forged user": "<alice@{own}>",
    "forged alias": "<sales@{own}>",
    "forged postmaster": "<postmaster@{name}>",
    "forged root": "<root@localhost>",
    "forged self-test": "<selftest@selftest.invalid>",
    "forged SRS": "<SRS0=AAAAAA=AA={far}=victim@{name}>",
    "recipient's own": "<{victim}>",
    "our address": "<alice@[{ip4}]>",
    "somebody's login": "<alice@{own}> AUTH=alice@{own}",
}
# What is said before MAIL.
BEFORE = {
    "as loopback": ["XCLIENT NAME=localhost ADDR=127.0.0.1 PROTO=ESMTP"],
    "as a login": ["XCLIENT LOGIN=alice@{own}"],
    "forwarded for loopback": ["XFORWARD NAME=localhost ADDR=127.0.0.1 SOURCE=LOCAL"],
    "greets with our name": ["EHLO {name}"],
    "greets with our address": ["EHLO [{ip4}]"],
    "greets as loopback": ["EHLO [127.0.0.1]"],
    "logs in with nothing": ["AUTH PLAIN AAA="],
    "logs in as nobody": ["AUTH ANONYMOUS YQ=="],
    "logs in by trust": ["AUTH EXTERNAL YWxpY2VAZXhhbXBsZS5vcmc="],
}


def forms(ip4, ip6):
    """{name: (lines before, sender, recipient)}, as they go over the line."""
    words = {"victim": VICTIM, "far": FAR, "own": OWN, "name": NAME, "ip4": ip4, "ip6": ip6}
    made = {f"to: {name}": ([], f"<{SENDER}>", text) for name, text in RECIPIENTS.items()}
    made.update({f"from: {name}": ([], text, "<{victim}>") for name, text in SENDERS.items()})
    made.update({f"who {name}": (lines, f"<{SENDER}>", "<{victim}>") for name, lines in BEFORE.items()})
    return {name: ([line.format(**words) for line in lines], sender.format(**words), to.format(**words))
            for name, (lines, sender, to) in made.items()}


class Session:
    def __init__(self, host, port, source=None):
        self.socket = socket.create_connection((host, port), 30, (source, 0) if source else None)
        self.stream = self.socket.makefile("rb")
        self.reply()
        self.say("EHLO client.example.net")

    def reply(self):
        while (line := self.stream.readline())[3:4] == b"-":
            pass
        return int(line[:3]) if line[:3].isdigit() else 0

    def say(self, line):
        self.socket.sendall(line.encode() + b"\r\n")
        return self.reply()

    def close(self):
        self.say("QUIT")
        self.stream.close()
        self.socket.close()


def ask(session, lines, sender, recipient):
    """What is said to the recipient, or to the sender if he is refused already."""
    for line in lines:
        if session.say(line) == 334:
            session.say("*")
    code = session.say(f"MAIL FROM:{sender}")
    if code == 250:
        code = session.say(f"RCPT TO:{recipient}")
    if code == 250:             # whoever takes it gets the whole of it, and whoever watches sees it
        session.say("DATA")
        session.socket.sendall(b"Subject: relayed\r\n\r\nrelayed\r\n.\r\n")
        session.reply()
    session.say("RSET")
    return code


def answers(host, port, ip4, ip6, source=None, names=None):
    """{form: code}, of these or of all.  0: the server hung up."""
    found, session, all_forms = {}, None, forms(ip4, ip6)
    for number, name in enumerate(names or all_forms):
        form = all_forms[name]
        if number % IN_A_SESSION == 0 or form[0]:
            if session:
                session.close()
            session = Session(host, port, source)
        found[name] = ask(session, *form)
    session.close()
    return found


def taken(found):
    """Those that were not refused for good."""
    return {name: code for name, code in found.items() if not 500 <= code < 600}


if __name__ == "__main__":
    print(json.dumps(answers(sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4])))
