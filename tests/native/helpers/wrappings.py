# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to wrap a file for a mail: archives, encodings and messages around it.  Each way takes
the content and gives a message; what the image's own programs pack is packed in the machine."""

import base64
import binascii
import bz2
import email.message
import email.utils
import email.mime.base
import email.mime.multipart
import email.mime.text
import gzip
import io
import lzma
import re
import shlex
import struct
import subprocess
import tarfile
import zipfile
import zlib

NAME = "notes.txt"


HEADERS = {"From": "stranger@example.com", "To": "alice@example.org", "Subject": "the notes",
           "Message-ID": "<notes@example.com>", "Date": email.utils.formatdate()}


def crlf(data):
    return re.sub(rb"\r?\n", b"\r\n", data)


def attached(data, name, maintype="application", subtype="octet-stream"):
    message = email.message.EmailMessage()
    for header, value in HEADERS.items():
        message[header] = value
    message.set_content("Dear Alice,\n\nplease see the attachment.\n\nBob\n")
    message.add_attachment(data, maintype, subtype, filename=name)
    return message.as_bytes()


def raw_message(headers, body):
    return "".join(f"{name}: {value}\n"
                   for name, value in (HEADERS | headers).items()).encode() + b"\n" + body


# Archives, written here.

def zipped(data, name=NAME, method=zipfile.ZIP_DEFLATED):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr(name, data)
    return packed.getvalue()


def tarred(data, mode="w", name=NAME):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode=mode) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def nested_zips(data, levels):
    for level in range(levels):
        data = zipped(data, NAME if level == 0 else f"level{level}.zip")
    return data


def rar4(data, name=NAME.encode()):
    """Stored, as the technical note of RAR 2 to 4 describes it."""
    def block(rest):
        return struct.pack("<H", zlib.crc32(rest) & 0xffff) + rest

    header = struct.pack("<BHHIIBIIBBHI", 0x74, 0x8000, 32 + len(name), len(data), len(data), 3,
                         zlib.crc32(data), 0x5A210000, 20, 0x30, len(name), 0o100644) + name
    return (b"Rar!\x1a\x07\x00" + block(struct.pack("<BHHHI", 0x73, 0, 13, 0, 0)) +
            block(header) + data + block(struct.pack("<BHH", 0x7b, 0x4000, 7)))


def rar5(data, name=NAME.encode()):
    """Stored, as the technical note of RAR 5 describes it."""
    def number(value):
        out = b""
        while value > 0x7f:
            out += bytes([value & 0x7f | 0x80])
            value >>= 7
        return out + bytes([value])

    def block(rest):
        sized = number(len(rest)) + rest
        return struct.pack("<I", zlib.crc32(sized)) + sized

    header = (number(2) + number(2) + number(len(data)) + number(4) + number(len(data)) +
              number(0o100644) + struct.pack("<I", zlib.crc32(data)) + number(0) + number(1) +
              number(len(name)) + name)
    return (b"Rar!\x1a\x07\x01\x00" + block(number(1) + number(0) + number(0)) + block(header) +
            data + block(number(5) + number(0) + number(0)))


def cab(data, name=NAME.encode()):
    """Stored, in pieces of at most 32 KiB."""
    pieces = [data[at:at + 32768] for at in range(0, len(data), 32768)]
    entry = struct.pack("<IIHHHH", len(data), 0, 0, 0x5a21, 0, 0x20) + name + b"\0"
    begin = 36 + 8 + len(entry)
    end = b"".join(struct.pack("<IHH", 0, len(one), len(one)) + one for one in pieces)
    return (b"MSCF" + struct.pack("<IIIIIBBHHHHH", 0, begin + len(end), 0, 44, 0, 3, 1, 1, 1, 0, 1, 0) +
            struct.pack("<IHH", begin, len(pieces), 0) + entry + end)


def crc16(data):
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


def lha(data, name=NAME.encode()):
    """-lh0-, a header of level 0."""
    header = (b"-lh0-" + struct.pack("<IIIBB", len(data), len(data), 0x5A210000, 0x20, 0) +
              bytes([len(name)]) + name + struct.pack("<H", crc16(data)))
    return bytes([len(header), sum(header) & 0xff]) + header + data + b"\0"


def cpio(data, name=NAME.encode()):
    """The new ASCII format."""
    def entry(name, content, inode):
        fields = [inode, 0o100644, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        packed = b"070701" + b"".join(b"%08X" % one for one in fields) + name + b"\0"
        packed += b"\0" * (-len(packed) % 4) + content
        return packed + b"\0" * (-len(packed) % 4)

    packed = entry(name, data, 1) + entry(b"TRAILER!!!", b"", 0)
    return packed + b"\0" * (-len(packed) % 512)


def pdf(data):
    """One with a compressed file inside, which clamd alone takes out."""
    packed = zlib.compress(data)
    objects = [b"<</Type/Catalog/Pages 2 0 R/Names<</EmbeddedFiles<</Names[(a)3 0 R]>>>>>>",
               b"<</Type/Pages/Kids[]/Count 0>>",
               b"<</Type/Filespec/F(%s)/EF<</F 4 0 R>>>>" % NAME.encode(),
               b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>stream\n%s\nendstream"
               % (len(packed), packed)]
    out, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(b"%010d 00000 n \n" % len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    return (out + b"xref\n0 5\n0000000000 65535 f \n" + b"".join(places) +
            b"trailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out))


def ar(files):
    out = b"!<arch>\n"
    for name, data in files:
        out += b"%-16s%-12d%-6d%-6d%-8s%-10d`\n" % (name.encode(), 0, 0, 0, b"100644", len(data))
        out += data + b"\n" * (len(data) % 2)
    return out


def deb(data):
    return ar([("debian-binary", b"2.0\n"),
               ("control.tar.gz", tarred(b"Package: notes\n", "w:gz", "./control")),
               ("data.tar.xz", tarred(data, "w:xz", "./usr/share/notes"))])


def tnef(data, name=NAME.encode()):
    """Outlook's winmail.dat, with one attachment."""
    def attribute(level, kind, content):
        return (struct.pack("<BII", level, kind, len(content)) + content +
                struct.pack("<H", sum(content) & 0xffff))

    return (struct.pack("<IH", 0x223E9F78, 1) + attribute(1, 0x00089006, struct.pack("<I", 0x10000)) +
            attribute(1, 0x00069007, struct.pack("<II", 1252, 0)) +
            attribute(2, 0x00069002, struct.pack("<HIIHH", 1, 0xffffffff, 0, 0, 0)) +
            attribute(2, 0x00018010, name + b"\0") + attribute(2, 0x0006800F, data))


def binhex(data, name=NAME.encode()):
    """BinHex 4.0 (RFC 1741), without a resource fork."""
    def checked(part):
        return part + binascii.crc_hqx(part, 0).to_bytes(2, "big")

    letters = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr"
    header = bytes([len(name)]) + name + b"\0TEXTttxt" + struct.pack(">HII", 0, len(data), 0)
    packed = (checked(header) + checked(data) + checked(b"")).replace(b"\x90", b"\x90\0")
    bits = "".join(f"{byte:08b}" for byte in packed)
    text = b":" + bytes(letters[int(bits[at:at + 6].ljust(6, "0"), 2)]
                        for at in range(0, len(bits), 6)) + b":"
    return (b"(This file must be converted with BinHex 4.0)\n\n" +
            b"".join(text[at:at + 64] + b"\n" for at in range(0, len(text), 64)))


def mbox(data):
    return b"From someone@example.com Mon Nov 23 10:00:00 2026\n" + attached(data, NAME)


def self_extracting(data):
    """A program with a zip at its end, as its directory is found from there."""
    stub = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + bytes(444)
    return stub + zipped(data)


def behind(data):
    """What is found by its own beginning, behind bytes that say nothing."""
    return b"\1\2\3\4" * 300 + data


# Encodings and messages.

def uuencoded_text(data):
    lines = [binascii.b2a_uu(data[at:at + 45]) for at in range(0, len(data), 45)]
    return b"begin 644 " + NAME.encode() + b"\n" + b"".join(lines) + b"`\nend\n"


def yencoded_text(data):
    out = b""
    for byte in data:
        coded = byte + 42 & 0xff
        out += bytes([0x3d, coded + 64 & 0xff]) if coded in (0, 10, 13, 0x3d) else bytes([coded])
    lines = b"".join(out[at:at + 128] + b"\r\n" for at in range(0, len(out), 128))
    return (b"=ybegin line=128 size=%d name=%s\r\n" % (len(data), NAME.encode()) + lines +
            b"=yend size=%d\r\n" % len(data))


def base64_in_pieces(data):
    """Each line has its own end, as if several files stood in a row."""
    return b"".join(base64.b64encode(data[at:at + 10]) + b"\n" for at in range(0, len(data), 10))


def mime(kind, encoding, body):
    return raw_message({"MIME-Version": "1.0", "Content-Type": kind,
                        "Content-Transfer-Encoding": encoding}, body)


def signed(entity, folder):
    """S/MIME that holds the message in its signature (RFC 8551, 3.5.2)."""
    folder.mkdir(parents=True, exist_ok=True)
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=a",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=60)
    done = subprocess.run(["openssl", "cms", "-sign", "-nodetach", "-binary", "-signer", certificate,
                           "-inkey", key, "-outform", "DER"], input=entity, check=True,
                          capture_output=True, timeout=20)
    return mime('application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"', "base64",
                base64.encodebytes(done.stdout))


def quoted(data):
    return b"".join(b"=%02X" % one + (b"=\n" if at % 20 == 19 else b"")
                    for at, one in enumerate(data)) + b"\n"


def odd_base64(data):
    """Lines of 1 to 13 letters, blanks and letters that no base64 has between them."""
    letters, lines, at, width = base64.b64encode(data), [], 0, 1
    while at < len(letters):
        lines.append(letters[at:at + width] + b" \t"[at % 3:])
        at, width = at + width, width % 13 + 1
    body = b"\n".join(lines) + b"\n"
    return raw_message({"MIME-Version": "1.0", "Content-Type": 'application/zip; name="a.zip"',
                        "Content-Transfer-Encoding": "base64"}, body)


def forwarded(message, depth=1):
    """A message in a message (in a message)."""
    for _ in range(depth):
        outer = email.mime.multipart.MIMEMultipart()
        inner = email.mime.base.MIMEBase("message", "rfc822")
        inner.set_payload(message.decode("latin-1"))
        for header, value in HEADERS.items():
            outer[header] = value
        outer.attach(email.mime.text.MIMEText("see below"))
        outer.attach(inner)
        message = outer.as_bytes()
    return message


def packed_by(machine, folder, data, commands):
    """What the programs in the image (or on this host: `xorriso`) make of a file."""
    there = machine.tree / folder.lstrip("/")
    there.mkdir(parents=True, exist_ok=True)
    (there / NAME).write_bytes(data)
    (there / "notes.gz").write_bytes(gzip.compress(data))
    script = "; ".join(f"{command} >/dev/null </dev/null" for command in commands.values())
    machine.run("sh", "-c", f"set -e; cd {shlex.quote(folder)}; {script}")
    return {name: (there / name).read_bytes() for name in commands}


PROGRAMS = {
    "a.7z": "7z a -bd a.7z notes.txt",
    "copied.7z": "7z a -bd -m0=Copy copied.7z notes.gz",
    "a.arj": "arj a -y a.arj notes.txt",
    "a.lzo": "lzop -o a.lzo notes.txt",
    "a.lz4": "lz4 -q notes.txt a.lz4",
    "a.zst": "zstd -q notes.txt -o a.zst",
    "a.lrz": "lrzip -Q -o a.lrz notes.gz",
    "bzip2.7z": "7z a -bd -m0=BZip2 bzip2.7z notes.txt",
    "a.tar.lz": "bsdtar --lzip -cf a.tar.lz notes.txt",
    "a.xar": "bsdtar --format xar -cf a.xar notes.gz",
    "a.wim": "7z a -bd -twim a.wim notes.gz",
    "a.img": "mkdir -p disk && cp notes.gz disk && truncate -s 1M a.img && mke2fs -q -d disk a.img",
}


def iso(data, folder):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / NAME).write_bytes(data)
    subprocess.run(["xorriso", "-as", "mkisofs", "-quiet", "-o", folder / "a.iso", folder / NAME],
                   check=True, capture_output=True, timeout=60)
    return (folder / "a.iso").read_bytes()


def archives(data):
    """By file name: the archives that are written here.  Where they only store, what they
    store is packed, so that the content is not seen without opening them."""
    packed = gzip.compress(data)
    return {
        "plain.txt": data,
        "stored.zip": zipped(packed, method=zipfile.ZIP_STORED),
        "deflated.zip": zipped(data),
        "bzip2.zip": zipped(data, method=zipfile.ZIP_BZIP2),
        "lzma.zip": zipped(data, method=zipfile.ZIP_LZMA),
        "three.zip": nested_zips(data, 3),
        "seven.zip": nested_zips(data, 7),
        "a.tar": tarred(packed),
        "a.tar.gz": tarred(data, "w:gz"),
        "a.tar.bz2": tarred(data, "w:bz2"),
        "a.tar.xz": tarred(data, "w:xz"),
        "a.gz": gzip.compress(data),
        "a.bz2": bz2.compress(data),
        "a.xz": lzma.compress(data),
        "a.lzma": lzma.compress(data, lzma.FORMAT_ALONE),
        "rar4.rar": rar4(packed),
        "rar5.rar": rar5(packed),
        "a.cab": cab(packed),
        "a.lzh": lha(packed),
        "a.cpio": cpio(packed),
        "a.ar": ar([(NAME, packed)]),
        "a.deb": deb(data),
        "winmail.dat": tnef(packed),
        "a.mbox": mbox(packed),
        "a.pdf": pdf(packed),
        "sfx.exe": self_extracting(data),
        "behind.rar": behind(rar5(packed)),
        "behind rar4.rar": behind(rar4(packed)),
        "zip behind a picture.gif": b"GIF89a\1\0\1\0\0\0\0;" + zipped(data),
        "zip behind zip.zip": zipped(b"nothing") + zipped(data),
        "a.hqx": binhex(packed),
        "begin-base64.txt": b"begin-base64 644 notes.gz\n" + base64.encodebytes(packed) + b"====\n",
        "rar.in.tar.in.zip": zipped(tarred(rar5(packed), "w:gz"), "a.tar.gz"),
    }


def messages(data):
    """By name: messages whose encoding or structure is the wrapping."""
    plain = {"MIME-Version": "1.0", "Content-Type": "text/plain; charset=us-ascii"}
    return {
        "body": raw_message(plain, data + b"\n"),
        "base64 in odd lines": odd_base64(zipped(data)),
        "quoted-printable": raw_message(
            plain | {"Content-Transfer-Encoding": "quoted-printable"}, quoted(data)),
        "quoted-printable attachment": raw_message(
            {"MIME-Version": "1.0", "Content-Type": 'application/octet-stream; name="a.gz"',
             "Content-Transfer-Encoding": "quoted-printable"}, quoted(gzip.compress(data))),
        "uuencoded": raw_message({"Subject": "uu"}, b"here it is\n\n" + uuencoded_text(zipped(data))),
        "uuencoded MIME": raw_message(
            {"MIME-Version": "1.0", "Content-Type": 'application/zip; name="a.zip"',
             "Content-Transfer-Encoding": "x-uuencode"}, uuencoded_text(zipped(data))),
        "forwarded": forwarded(attached(data, NAME)),
        "forwarded zip, 4 deep": forwarded(attached(zipped(data), "a.zip"), 4),
        "forwarded rar": forwarded(attached(rar4(gzip.compress(data)), "a.rar"), 2),
        "TNEF": attached(tnef(zipped(data)), "winmail.dat", "application", "ms-tnef"),
        "called a picture": attached(zipped(data), "holiday.jpg", "image", "jpeg"),
        "base64 in pieces": mime('application/zip; name="a.zip"', "base64",
                                 base64_in_pieces(zipped(data))),
        "uuencoded in base64": mime("text/plain", "base64", base64.encodebytes(
            b"here it is\n\n" + uuencoded_text(zipped(data)))),
        "yEnc": raw_message({"Subject": "yenc"}, b"here it is\n\n" + yencoded_text(zipped(data))),
        "no end of the last part": attached(zipped(data), "a.zip").rsplit(b"--", 2)[0],
    }
