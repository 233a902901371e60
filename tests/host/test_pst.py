# SPDX-License-Identifier: GPL-3.0-or-later
"""postcask-pst: what it says of a file of Outlook's."""

import email
import pathlib
import subprocess

from pst import BYTES, LONG, TEXT, TIME, Pst

PROGRAM = pathlib.Path(__file__).parents[2] / "build/bin/postcask-pst"
ATTACHED = bytes(range(256)) * 3


def write(path):
    pst = Pst()
    pst.folder(0x8042, 0x8022, "Inbox")
    pst.folder(0x8062, 0x8042, "Grüße")
    pst.item(0x200004, 0x8042, {
        (0x1A, TEXT): "IPM.Note", (0x37, TEXT): "Überraschung", (0xC1A, TEXT): "Alice",
        (0xC1F, TEXT): "alice@example.org", (0xE04, TEXT): "bob@example.net",
        (0xE06, TIME): 1000000000, (0x39, TIME): 1000000000, (0xE07, LONG): 0x11,
        (0x1000, TEXT): "Grüße\r\nAlice"},
        [{(0x3701, BYTES): ATTACHED, (0x3705, LONG): 1, (0x3707, TEXT): "a.bin"}])
    pst.item(0x200024, 0x8062, {
        (0x1A, TEXT): "IPM.Note", (0x37, TEXT): "kept", (0xE07, LONG): 0,
        (0x7D, TEXT): "Subject: kept\r\nMessage-ID: <1@x>\r\nContent-Type: text/x-old\r\n\r\n",
        (0x1000, TEXT): "words"})
    pst.item(0x200044, 0x8042, {(0x1A, TEXT): "IPM.Contact", (0x3001, TEXT): "Bob",
                                (0x3A06, TEXT): "Bob"})
    pst.save(path)


def read(path, expect=0):
    with path.open("rb") as file:
        done = subprocess.run([PROGRAM], stdin=file, capture_output=True, timeout=60)
    assert done.returncode == expect, done
    rest, folders, name = done.stdout, {}, None
    while rest:
        line, _, rest = rest.partition(b"\n")
        word, _, value = line.decode().partition(" ")
        if word == "folder":
            name = value
            folders[name] = []
        elif word == "message":
            size, date, flags = value.split(" ")
            message = email.message_from_bytes(rest[:int(size)])
            folders[name].append((date, flags, message))
            rest = rest[int(size):]
        else:
            folders.setdefault(word, []).append(value)
    return folders


def test_folders_and_messages(tmp_path):
    write(tmp_path / "a.pst")
    said = read(tmp_path / "a.pst")
    (date, flags, message), = said["Inbox"]
    assert (date, flags) == ("1000000000", "\\Seen")
    subject = email.header.make_header(email.header.decode_header(message["Subject"]))
    assert str(subject) == "Überraschung"
    assert message["From"] == '"Alice" <alice@example.org>'
    text, attached = message.get_payload()
    assert text.get_payload(decode=True).decode() == "Grüße\r\nAlice"
    assert attached.get_payload(decode=True) == ATTACHED
    assert attached.get_filename() == "a.bin"
    (date, flags, message), = said["Inbox/Grüße"]
    assert (date, flags, message["Message-ID"]) == ("-", "", "<1@x>")
    assert message.get_content_type() == "text/plain"
    assert said["left-out"] == ["1", "0"]
    assert "end" in said


def test_same_bytes_again(tmp_path):
    write(tmp_path / "a.pst")
    outputs = [subprocess.run([PROGRAM], stdin=(tmp_path / "a.pst").open("rb"),
                              capture_output=True, timeout=60).stdout for _ in range(2)]
    assert outputs[0] == outputs[1] and outputs[0].endswith(b"end\n")


def test_damage_is_no_end(tmp_path):
    write(tmp_path / "a.pst")
    whole = (tmp_path / "a.pst").read_bytes()
    (tmp_path / "b.pst").write_bytes(whole[:0x4600])
    assert "end" not in read(tmp_path / "b.pst", 1)
    (tmp_path / "c.pst").write_bytes(b"no PST at all")
    assert read(tmp_path / "c.pst", 1) == {}


def test_damage_in_one_message_leaves_the_others(tmp_path):
    """Damage in the last message's own block: the first one is there all the same."""
    write(tmp_path / "a.pst")
    whole = bytearray((tmp_path / "a.pst").read_bytes())
    place = whole.index("<1@x>".encode("utf-16-le"))
    start = place - place % 64
    while whole[start + 2] != 0xEC:
        start -= 64
    whole[start:start + 16] = b"\xff" * 16
    (tmp_path / "d.pst").write_bytes(whole)
    with (tmp_path / "d.pst").open("rb") as file:
        said = subprocess.run([PROGRAM], stdin=file, capture_output=True, timeout=60).stdout
    assert b"folder Inbox\nmessage " in said
    assert b"damaged 1\n" in said or not said.endswith(b"end\n")
