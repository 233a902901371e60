# SPDX-License-Identifier: GPL-3.0-or-later
"""Messages that no scanner can look into whole: encrypted, damaged, ambiguous, without end; and what
must leave as it came, however odd it is."""

import bz2
import gzip
import io
import lzma
import random
import zipfile

import wrappings
from wrappings import attached, raw_message

MIB = 1 << 20

# Encrypted by the image's own program, with and without the names.
ENCRYPTED = {
    "secret.zip": "7z a -bd -psecret secret.zip notes.txt",
    "secret.7z": "7z a -bd -psecret secret.7z notes.txt",
    "hidden.7z": "7z a -bd -psecret -mhe=on hidden.7z notes.txt",
    "secret.arj": "arj a -y -gTop5ecret secret.arj notes.txt",
}


def rar4_encrypted(data):
    """One member that says it is: flag 4 of its header, and a salt."""
    packed = bytearray(wrappings.rar4(data))
    begin = 7 + 13
    packed[begin + 3:begin + 5] = (0x8004).to_bytes(2, "little")
    size = int.from_bytes(packed[begin + 5:begin + 7], "little")
    packed[begin + 24] = 29
    checksum = wrappings.zlib.crc32(bytes(packed[begin + 2:begin + size])) & 0xffff
    packed[begin:begin + 2] = checksum.to_bytes(2, "little")
    return bytes(packed)


def damaged(data):
    """Archives of which half is missing, or whose middle is another's."""
    much = random.Random(4).randbytes(20000) + data
    scribbled = bytearray(wrappings.zipped(much))
    scribbled[5000:5100] = bytes(100)
    return {
        "half.zip": wrappings.zipped(much)[:10000],
        "scribbled.zip": bytes(scribbled),
        "half.gz": gzip.compress(much)[:10000],
        "half.bz2": bz2.compress(much)[:8000],
        "half.tar.gz": wrappings.tarred(much, "w:gz")[:10000],
        "half.rar": wrappings.rar5(much)[:10000],
        "half.cab": wrappings.cab(much)[:10000],
        "half.cpio": wrappings.cpio(much)[:10000],
        "half.tar": wrappings.tarred(much)[:10000],
        "half.xz": lzma.compress(much)[:10000],
        "half.deb": wrappings.deb(much)[:10000],
        "half.lzh": wrappings.lha(much)[:10000],
    }


def zeros(size, method=zipfile.ZIP_DEFLATED, copies=1):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        for copy in range(copies):
            archive.writestr(f"{copy}.dat", bytes(size))
    return packed.getvalue()


def many_files(count):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for one in range(count):
            archive.writestr(f"{one}.txt", b"x")
    return packed.getvalue()


def endless(data):
    """Small files that become more than anybody wants to look at."""
    bomb = wrappings.zipped(zeros(20 * MIB, copies=8), "0.zip")
    return {
        "160 MiB.zip": zeros(20 * MIB, copies=8),
        "160 MiB.gz": gzip.compress(gzip.compress(bytes(160 * MIB))),
        "160 MiB in zip in zip.zip": wrappings.zipped(bomb, "1.zip"),
        "160 MiB.bz2": bz2.compress(bytes(160 * MIB)),
        "20000 files.zip": many_files(20000),
        "25 levels.zip": wrappings.nested_zips(data, 25),
    }


def part(body, kind="text/plain", more=""):
    return f"Content-Type: {kind}\n{more}\n{body}\n"


def attachment(data):
    import base64
    return part(base64.encodebytes(data).decode(), 'application/zip; name="a.zip"',
                "Content-Transfer-Encoding: base64\n")


def ambiguous(data):
    """Each holds the content where only one of two readings finds it (CVE-2024-28054)."""
    hidden, open_ = attachment(wrappings.zipped(data)), part("see below")
    head = {"MIME-Version": "1.0"}

    def multipart(parameters, boundary, parts=None):
        body = "".join(f"--{boundary}\n{one}" for one in parts or [open_, hidden])
        return raw_message(head | {"Content-Type": f"multipart/mixed; {parameters}"},
                           (body + f"--{boundary}--\n").encode())

    encodings = raw_message(
        head | {"Content-Type": 'application/zip; name="a.zip"',
                "Content-Transfer-Encoding": "7bit\nContent-Transfer-Encoding: base64"},
        hidden.split("\n\n", 1)[1].encode())
    types = raw_message(
        head | {"Content-Type": "text/plain\nContent-Type: multipart/mixed; boundary=two"},
        f"--two\n{open_}--two\n{hidden}--two--\n".encode())
    return {
        "first boundary": multipart("boundary=one; boundary=two", "one"),
        "second boundary": multipart("boundary=one; boundary=two", "two"),
        "second boundary, quoted": multipart('boundary="one";\n boundary="two"', "two"),
        "two encodings": encodings,
        "two types": types,
        "in a forwarded message": wrappings.forwarded(multipart("boundary=one; boundary=two", "two")),
    }


def banned(data):
    return {
        "invoice.pdf.exe": attached(data, "invoice.pdf.exe"),
        "INVOICE.SCR ": attached(data, "INVOICE.SCR ."),
        "in a zip": attached(wrappings.zipped(data, "notes/run.js"), "a.zip"),
        "in a rar": attached(wrappings.rar5(data, b"run.exe"), "a.rar"),
        "in a tar in a zip": attached(wrappings.zipped(wrappings.tarred(data, name="run.vbs"),
                                                       "a.tar"), "a.zip"),
        "in a forwarded message": wrappings.forwarded(attached(data, "run.exe")),
    }


def broken(data):
    del data
    text = b"the notes\n"
    head = {"MIME-Version": "1.0"}
    return {
        "two subjects": raw_message({"Subject": "one\nSubject: two"}, text),
        "piece of a message": raw_message(
            head | {"Content-Type": 'message/partial; id="a"; number=1; total=2'}, text),
        "part without end": attached(text, "notes.txt").rsplit(b"--", 2)[0],
        "60000 parts": raw_message(head | {"Content-Type": "multipart/mixed; boundary=one"},
                                   b"--one\n\nx\n" * 60000 + b"--one--\n"),
    }


def signed_parts(text, protocol, signature):
    """What is signed inside is a part that must arrive to the last blank."""
    return (b'Content-Type: multipart/signed; protocol="%s"; micalg="sha-256";\r\n'
            b'\tboundary="--=_a-b"\r\n' % protocol,
            b"a preamble\r\n\r\n----=_a-b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + text +
            b"\r\n-- \r\nAlice \xc3\xa4\t \r\n--=_a-b\r\n\r\n----=_a-b\r\nContent-Type: " + protocol +
            b"\r\nContent-Transfer-Encoding: base64\r\n\r\n" + signature +
            b"\r\n\r\n----=_a-b--\r\n \r\nan epilogue")


def forms(text):
    """What may stand in a message that somebody signed: (header lines, body) by name, with `text`
    in the body's first part.  A line of header goes below From, To, Date and Message-ID."""
    plain = text + b"\r\n"
    headers = {
        "blank folds": b"Subject: an invoice\r\n \r\n for November\r\nX-Campaign: november\r\n\t\r\n"
                       b"\t \r\n\tagain\r\nX-First:\r\n \r\n a\r\nX-Last: a\r\n \r\n\t\r\n",
        "blanks": b"Subject: \t a  b\tc \t \r\nX-Note:\ta\t\r\n   b   \r\n\t\tc\r\nX-None:none\r\n",
        "empty": b"Subject:\r\nX-Empty:\r\nX-Blank: \r\nX-Tab:\t\r\nX-Fold:\r\n a\r\n",
        "names": b"!#$%&'*+-./09;<=>?@Z[\\]^_`z{|}~: a\r\nx: 1\r\n1: 2\r\nSUBJECT: a\r\n"
                 b"X_Y.Z: a\r\n" + b"X-" + b"n" * 300 + b": a\r\n",
        "dashes": b"--x: y\r\nSubject: a\r\n--: z\r\n-: z\r\nX-A: a\r\n --b\r\nMIME-Version: 1.0\r\n"
                  b"----=_a: b\r\nContent-Type: text/plain\r\n",
        "8 bit": b"Subject: b\xc3\xbcro\r\nX-Latin: \xe4\xf6\xfc\xff \x80\r\n Fran\xe7ois\r\n"
                 b"X-Name: \"\xd0\x90\" <a@example.com>\r\n",
        "long lines": b"Subject: " + b"s" * 990 + b"\r\nX-A: " + b"a" * 2500 + b"\r\nX-B: " +
                      b"b" * 40000 + b"\r\n\t" + b"c" * 3000 + b"\r\n",
        "large header": b"Subject: a\r\nTo: " + b",\r\n ".join(b"u%d@example.com" % one for one in range(9000)) +
                        b"\r\n" + b"X-Note: " + b"word " * 30000 + b"\r\n",
        "many lines": b"".join(b"X-%d: %d\r\n" % (one, one) for one in range(2000)),
        "return path": b"Return-Path: <r@example.com>\r\nSubject: a\r\n",
        "lines that some take out": b"DKIM-Signature: v=1; a=rsa-sha256; d=example.com; s=a; bh=; b=;\r\n"
                                    b" h=from:bcc:\r\n  resent-bcc\r\nBcc: b@example.com\r\n"
                                    b"Content-Length: 5\r\nResent-Bcc: b@example.com\r\n"
                                    b"Status: RO\r\nX-Status: A\r\nX-UID: 3\r\nX-Keywords:\r\n"
                                    b"Envelope-To: e@example.com\r\nDelivered-To: d@example.com\r\n"
                                    b"X-Envelope-From: <e@example.com>\r\nX-Original-To: o@a.example\r\n",
        "lines of other filters": b"X-Spam-Flag: NO\r\nX-Spam-Status: No, score=-2.1 required=5\r\n"
                                  b"\ttests=A autolearn=no\r\nX-Spam-Score: -2.1\r\nX-Spam-Level: \r\n"
                                  b"X-Spam-Level: **\r\nX-Spam-Report:\r\n *  0.0 A\r\n"
                                  b"X-Spam-Checker-Version: SpamAssassin 3\r\nX-Spam-Tests: A\r\n"
                                  b"X-Virus-Scanned: amavis at example.com\r\nX-Amavis-Modified: a\r\n"
                                  b"X-Quarantine-ID: <abcdefghijkl>\r\n",
        "results of others": b"Authentication-Results: mx.example.com;\r\n\tspf=pass\r\n"
                             b"Authentication-Results: \xe4; none\r\n"
                             b"ARC-Authentication-Results: i=1; mx.example.com; none\r\n"
                             b"Received-SPF: pass\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.com;"
                             b" s=a;\r\n h=from:from:to:to:subject:subject:date:date:bcc:x-none;\r\n"
                             b" bh=; b=\r\n",
        "trace": b"Received: from a.example.com by b.example.com;\r\n\tMon, 23 Nov 2026 10:00:00 +0000"
                 b"\r\nResent-From: a@example.com\r\nResent-Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n",
        "addresses": b"Cc: bob, <carol>, a.b, \"x y\" <d@E.Example.>, undisclosed:;, f%g@h.example,\r\n"
                     b" i!j, <@k.example:l@m.example>, (n) o@p.example (q)\r\nReply-To: r\r\n"
                     b"Sender: s\r\nErrors-To: t\r\nResent-To: u\r\n",
        "controls": b"Subject: a\x01b\x0bc\x0cd\x1be\x7f\r\n",
    }
    every = bytes(byte for byte in range(256) if byte not in b"\r\n")
    bodies = {
        "no body": b"", "empty lines": plain + b"\r\n\r\n\r\n", "no line feed at the end": text,
        "lines": plain + b"\r\n".join([b".", b"..", b". ", b".a", b"From a b", b">From a", b"--", b"-- ",
                                      b"--a: b", b" a ", b"\t", b"", b"X: y", b"begin", b""]),
        "long lines in the body": plain + b"".join(b"l" * size + b"\r\n" for size in (
            997, 998, 999, 1000, 1023, 1024, 2047, 2048, 2049, 4096, 30000, 200000)),
        "every byte": plain + every + b"\r\n" + b"\0\r\n" + every[::-1] + b"\r\n",
        "inline PGP": b"-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\n" + plain +
                      b"- --- \r\n- -- \r\nAlice \r\n-----BEGIN PGP SIGNATURE-----\r\n\r\niQE=\r\n"
                      b"-----END PGP SIGNATURE-----\r\n",
        "a message": b"Subject: inner\r\n \r\n x\r\n--x: y\r\nX-Spam-Flag: YES\r\n\r\n" + plain,
    }
    made = {name: (lines, plain) for name, lines in headers.items()}
    made |= {name: (b"Subject: a\r\n", body) for name, body in bodies.items()}
    made["S/MIME"] = signed_parts(text, b"application/pkcs7-signature", b"MIIB")
    made["PGP/MIME"] = signed_parts(text, b"application/pgp-signature", b"iQE=")
    made["a message"] = (b"Content-Type: message/rfc822\r\n", bodies["a message"])
    return made
