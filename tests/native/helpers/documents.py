# SPDX-License-Identifier: GPL-3.0-or-later
"""Ordinary documents as large as a message may carry, and bombs beside them, written in a
moment: what is large in them is one packed piece, many times.  Random with a fixed seed."""

import base64
import gzip
import io
import lzma
import random
import struct
import tarfile
import zlib

from wrappings import HEADERS

MIB = 1 << 20
# Of a message of 25 MiB: what base64 leaves to the attachment, and a little for the header.
LARGEST = 25 * MIB // 78 * 57 - 8192


class Packed:
    """Deflated bytes, made of pieces that each begin anew, so that they can be repeated."""

    def __init__(self):
        self.bytes, self.size, self.crc = [], 0, 0

    def add(self, piece, times=1):
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = packer.compress(piece) + packer.flush(zlib.Z_FULL_FLUSH)
        self.bytes.append(packed * times)
        self.size += len(piece) * times
        for _ in range(times):
            self.crc = zlib.crc32(piece, self.crc)
        return self

    def end(self):
        return b"".join(self.bytes) + b"\3\0"


class Zip:
    def __init__(self):
        self.out, self.directory, self.count = io.BytesIO(), [], 0

    def add(self, name, data, packed=True):
        """`data`: bytes, or Packed."""
        if isinstance(data, Packed):
            content, size, crc, method = data.end(), data.size, data.crc, 8
        else:
            size, crc, method = len(data), zlib.crc32(data), 8 if packed else 0
            content = zlib.compress(data, 6, -15) if packed else data
        name = name.encode()
        head = struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0x5a21, crc, len(content), size,
                           len(name), 0)
        self.directory.append(b"PK\1\2" + struct.pack("<H", 20) + head +
                              struct.pack("<HHHII", 0, 0, 0, 0, self.out.tell()) + name)
        self.out.write(b"PK\3\4" + head + name + content)
        self.count += 1
        return self

    def end(self):
        begin, directory = self.out.tell(), b"".join(self.directory)
        count = min(self.count, 0xffff)
        self.out.write(directory + b"PK\5\6" + struct.pack(
            "<HHHHIIH", 0, 0, count, count, len(directory), begin, 0))
        return self.out.getvalue()


def message(name, data, kind="application/octet-stream"):
    """`name` also tells one from another in the queue of a test."""
    body = base64.encodebytes(data).replace(b"\n", b"\r\n")
    head = "".join(f"{header}: {value}\r\n" for header, value in HEADERS.items())
    head += ("MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_document\"\r\n\r\n"
             "--=_document\r\nContent-Type: text/plain\r\n\r\nDear Alice, as promised.\r\n\r\n"
             f"--=_document\r\nContent-Type: {kind}; name=\"{name}\"\r\n"
             f"Content-Disposition: attachment; filename=\"{name}\"\r\n"
             "Content-Transfer-Encoding: base64\r\n\r\n")
    return head.encode() + body + b"\r\n--=_document--\r\n"


#### Texts

WORDS = ("anchor barrel cargo deck ebb fathom galley harbour island jetty keel lantern mast "
         "north oar port quay rope sail tide under vessel wind yard").split()


def prose(draw, size):
    text = io.StringIO()
    while text.tell() < size:
        text.write(" ".join(draw.choices(WORDS, k=12)) + f" {draw.randrange(10 ** 6)}.\n")
    return text.getvalue().encode()[:size]


def rows(draw, count, columns=6):
    """Lines of a sheet, as spreadsheet programs write them: the more columns, the better they
    pack."""
    lines, more = [], '<c t="n"><v>7</v></c>' * (columns - 6)
    for row in range(1, count + 1):
        values = (row, 45000 + row % 900, draw.randrange(10 ** 5), draw.randrange(10 ** 6) / 100,
                  draw.choice((19, 7, 0)), draw.randrange(50000))
        cells = "".join(f'<c r="{"ABCDEF"[at]}{row}"><v>{value}</v></c>'
                        for at, value in enumerate(values))
        lines.append(f'<row r="{row}">{cells}{more}</row>')
    return "".join(lines).encode()


#### Documents

XML = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "http://schemas.openxmlformats.org"


def office(kind):
    """The parts that every Office file has."""
    main = {"xl": "xl/workbook.xml", "word": "word/document.xml", "ppt": "ppt/presentation.xml"}
    return Zip().add("[Content_Types].xml", XML +
                     f'<Types xmlns="{OFFICE}/package/2006/content-types"><Default Extension="xml" '
                     f'ContentType="application/xml"/></Types>'.encode()).add("_rels/.rels", XML + (
                         f'<Relationships xmlns="{OFFICE}/package/2006/relationships"><Relationship '
                         f'Id="rId1" Type="{OFFICE}/officeDocument/2006/relationships/officeDocument" '
                         f'Target="{main[kind]}"/></Relationships>').encode())


def spreadsheet(draw, size, sheets=1, columns=6, end=b""):
    """Sheets of so many bytes together."""
    piece = rows(draw, 1 + 12000 // columns, columns)
    book = office("xl").add("xl/workbook.xml", XML + b"<workbook/>")
    for sheet in range(1, sheets + 1):
        text = Packed().add(XML + b'<worksheet xmlns="%s/spreadsheetml/2006/main"><sheetData>'
                            % OFFICE.encode())
        text.add(piece, max(1, size // sheets // len(piece)))
        book.add(f"xl/worksheets/sheet{sheet}.xml",
                 text.add(b"</sheetData></worksheet>" + (end if sheet == sheets else b"")))
    return book.end()


def photo(draw, size):
    """A JPEG: its frame is right, its picture is noise without markers."""
    noise = draw.randbytes(max(size - 400, 64)).replace(b"\xff", b"\xfe")
    return (b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0" +
            b"\xff\xdb\0\x43\0" + bytes(range(1, 65)) +
            b"\xff\xc0\0\x0b\x08\4\0\5\0\1\1\x11\0" +
            b"\xff\xc4\0\x14\0\1" + bytes(15) + b"\0" + b"\xff\xda\0\x08\1\1\0\0\x3f\0" +
            noise + b"\xff\xd9")


def presentation(draw, pictures, size):
    """Slides with pictures, and a spreadsheet in each tenth."""
    book = office("ppt").add("ppt/presentation.xml", XML + b"<p:presentation/>")
    for at in range(1, pictures + 1):
        book.add(f"ppt/slides/slide{at}.xml", XML + b"<p:sld>" + prose(draw, 2000) + b"</p:sld>")
        book.add(f"ppt/slides/_rels/slide{at}.xml.rels", XML + b"<Relationships/>")
        book.add(f"ppt/media/image{at}.jpeg", photo(draw, size), packed=False)
        if at % 10 == 0:
            book.add(f"ppt/embeddings/sheet{at}.xlsx", spreadsheet(draw, 20000), packed=False)
    return book.end()


def letters_in_letters(draw, depth, pictures):
    """A document with pictures in which there is a document, and so on."""
    inner = None
    for level in range(depth):
        book = office("word").add("word/document.xml", XML + b"<w:document>" +
                                  prose(draw, 20000) + b"</w:document>")
        for at in range(pictures):
            book.add(f"word/media/image{at}.jpeg", photo(draw, 9000), packed=False)
        if inner:
            book.add(f"word/embeddings/document{level}.docx", inner, packed=False)
        inner = book.end()
    return inner


def opendocument(draw, size):
    piece = prose(draw, 100000).replace(b"\n", b"</text:p><text:p>")
    text = Packed().add(XML + b"<office:document-content>")
    return Zip().add("mimetype", b"application/vnd.oasis.opendocument.text", packed=False).add(
        "content.xml", text.add(piece, size // len(piece)).add(b"</office:document-content>")
    ).add("styles.xml", XML + b"<office:document-styles/>").end()


def portable(draw, pages, size, end=b""):
    """PDF 1.5: a packed stream of `size` bytes for each page, the other objects packed too."""
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")

    def add(head, content):
        places.append(out.tell())
        packed = zlib.compress(content)
        out.write(b"%d 0 obj\n<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream\nendobj\n"
                  % (len(places), head, len(packed), packed))

    for page in range(pages):
        text = prose(draw, size).replace(b"\n", b") Tj T* (")
        add(b"", b"BT /F1 11 Tf 72 720 Td (" + text + b") Tj ET" + (end if page == pages - 1 else b""))
    first = len(places) + 1 + (pages + 99) // 100
    for begin in range(0, pages, 100):          # the pages' own objects, in packed hundreds
        some = range(begin, min(begin + 100, pages))
        texts = [b"<</Type/Page/Parent %d 0 R/Contents %d 0 R/MediaBox[0 0 595 842]>>"
                 % (first, page + 1) for page in some]
        index = b" ".join(b"%d %d" % (first + 1 + page, sum(map(len, texts[:at])) + at)
                          for at, page in enumerate(some)) + b" "
        add(b"/Type/ObjStm/N %d/First %d" % (len(texts), len(index)), index + b" ".join(texts))
    out.write(b"%d 0 obj\n<</Type/Pages/Kids[%s]/Count %d>>\nendobj\n" % (
        first, b" ".join(b"%d 0 R" % (first + 1 + page) for page in range(pages)), pages))
    out.write(b"trailer<</Root 1 0 R/Size %d>>\nstartxref\n0\n%%%%EOF\n" % (first + pages + 1))
    return out.getvalue()


#### Collections

def sources(draw, files, size):
    """(name, content) of a program's sources."""
    text = prose(draw, 1 << 20).replace(b".\n", b";\n\t")
    for at in range(files):
        begin, length = draw.randrange(len(text) // 2), draw.randrange(size // 2, size * 3 // 2)
        yield (f"program-1.0/{WORDS[at % 23]}/{WORDS[at // 23 % 23]}/file{at}.c",
               b"/* %d */\n" % at + text[begin:begin + length])


def source_tar(draw, files, size, pack=None):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in sources(draw, files, size):
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return pack(out.getvalue()) if pack else out.getvalue()


def source_zip(draw, files, size, prefix=""):
    archive = Zip()
    for name, content in sources(draw, files, size):
        archive.add(prefix + name, content)
    return archive.end()


def classes(draw, count):
    """A jar: classes, which are small and hardly shrink."""
    archive = Zip().add("META-INF/MANIFEST.MF", b"Manifest-Version: 1.0\r\n\r\n")
    for at in range(count):
        archive.add(f"org/example/{WORDS[at % 23]}/C{at}.class",
                    b"\xca\xfe\xba\xbe\0\0\0\x34" + draw.randbytes(600) + prose(draw, 900))
    return archive.end()


def mailbox(draw, letters, size):
    return b"".join(
        b"From a@example.com Mon Nov 23 10:00:00 2026\nFrom: a@example.com\nTo: b@example.org\n"
        b"Subject: letter %d\nMessage-ID: <%d@example.com>\n\n%s\n\n" % (at, at, prose(draw, size))
        for at in range(letters))


def boxes_in_boxes(draw, depth, size):
    inner = Zip().add("notes.txt", prose(draw, size)).end()
    for level in range(depth):
        inner = Zip().add(f"level{level}.zip", inner, packed=False).add(
            "readme.txt", prose(draw, 500)).end()
    return inner


def repeated(piece, size):
    return piece * (size // len(piece))


def page(draw, size):
    """HTML."""
    line = b'<p class="x"><a href="https://example.com/?q=%d">' + prose(draw, 50000).replace(
        b"\n", b"</a></p>\n<p>").replace(b"%", b"") + b"</p>"
    return b"<!DOCTYPE html><html><body>" + repeated(line, size) + b"</body></html>"


def fast_xz(data):
    return lzma.compress(data, preset=0)


def fast_gzip(data):
    return gzip.compress(data, 6)


#### Bombs

def zeros(size):
    """Deflated, of any size at once."""
    return Packed().add(bytes(MIB), size // MIB)


def gzipped_zeros(size):
    """For gzip a member after the other is one file."""
    return gzip.compress(bytes(64 * MIB), 9) * (size // (64 * MIB))


def overlapping(files, size):
    """Each file of the zip holds the ones behind it, headers and all, as blocks that are only
    stored; the last one's content is there once, and every file ends with it."""
    kernel, text = zeros(size), bytes(size)
    packed, out, heads = kernel.end(), b"", []
    for at in reversed(range(files)):
        name = b"%04d" % at
        head = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 0x5a21, zlib.crc32(text), len(packed),
                           len(text), len(name), 0)
        local = b"PK\3\4" + head + name
        out = local + packed if not heads else local + packed[:5] + out
        heads.append((len(out), head, name))
        packed = b"\0" + struct.pack("<HH", len(local), len(local) ^ 0xffff) + local + packed
        text = local + text
    entries = b"".join(b"PK\1\2" + struct.pack("<H", 20) + head +
                       struct.pack("<HHHII", 0, 0, 0, 0, len(out) - left) + name
                       for left, head, name in reversed(heads))
    return out + entries + b"PK\5\6" + struct.pack(
        "<HHHHIIH", 0, 0, files, files, len(entries), len(out), 0)


def endless(draw):
    """By file name: small files, or ordinary ones, that become more than anybody looks at."""
    deep = Zip().add("notes.txt", b"x").end()
    for level in range(40):
        deep = Zip().add(f"{level}.zip", deep).end()
    return {
        "zeros.xlsx": office("xl").add("xl/worksheets/sheet1.xml", zeros(2048 * MIB)).end(),
        "zeros.gz": gzipped_zeros(8192 * MIB),
        "also unwanted.exe": gzipped_zeros(1024 * MIB),
        "zeros in zip.zip": Zip().add("1.zip", Zip().add("zeros", zeros(4000 * MIB)).end()).end(),
        "overlapping.zip": overlapping(250, 8 * MIB),
        "files.zip": source_zip(draw, 60000, 40),
        "files.tar.xz": source_tar(draw, 60000, 40, fast_xz),
        "deep.zip": deep,
        "zeros.pdf": portable_zeros(3000 * MIB),
    }


def portable_zeros(size):
    packed = b"x\x9c" + zeros(size).end()
    return (b"%%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n2 0 obj\n<</Filter"
            b"/FlateDecode/Length %d>>stream\n%s\nendstream\nendobj\ntrailer<</Root 1 0 R>>\n"
            b"%%%%EOF\n" % (len(packed), packed))


def documents(seed):
    """By file name: (kind of content, function that writes it as large as mail carries it)."""
    draw = random.Random(seed)
    text = prose(draw, 1 << 20)
    return {
        "million rows.xlsx": lambda: spreadsheet(draw, 270 * MIB, columns=26),
        "many columns.xlsx": lambda: spreadsheet(draw, 570 * MIB, columns=66),
        "thirty sheets.xlsx": lambda: spreadsheet(draw, 100 * MIB, sheets=30),
        "slides.pptx": lambda: presentation(draw, 750, 17000),
        "letters.docx": lambda: letters_in_letters(draw, 6, 300),
        "book.odt": lambda: opendocument(draw, 60 * MIB),
        "pages.pdf": lambda: portable(draw, 5000, 6000),
        "long pages.pdf": lambda: portable(draw, 60, 1 << 20),
        "sources.tar.gz": lambda: source_tar(draw, 12000, 6000, fast_gzip),
        "sources.tar.xz": lambda: source_tar(draw, 20000, 4000, fast_xz),
        "sources.zip": lambda: source_zip(draw, 30000, 1000),
        "program.jar": lambda: classes(draw, 14000),
        "archive.mbox": lambda: mailbox(draw, 3000, 5500),
        "boxes.zip": lambda: boxes_in_boxes(draw, 8, 10 * MIB),
        "list.csv": lambda: repeated(prose(draw, 1 << 20).replace(b" ", b";"), LARGEST),
        "data.xml": lambda: repeated(rows(draw, 20000), LARGEST),
        "data.json": lambda: b"[" + repeated(b'{"a": 1, "text": "%s"},\n' % text[:900].replace(
            b"\n", b" "), LARGEST - 10) + b"{}]",
        "page.html": lambda: page(draw, LARGEST),
        "photos.zip": lambda: Zip().add("1.jpeg", photo(draw, 9 * MIB), False).add(
            "2.jpeg", photo(draw, 8 * MIB), False).end(),
        "photo.jpeg": lambda: photo(draw, LARGEST),
    }
