"""Messages that no scanner can look into whole: encrypted, damaged, ambiguous, without end."""

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
        "4000 files.zip": many_files(4000),
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
        "4000 parts": raw_message(head | {"Content-Type": "multipart/mixed; boundary=one"},
                                  b"--one\n\nx\n" * 4000 + b"--one--\n"),
    }
