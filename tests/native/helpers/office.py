# SPDX-License-Identifier: GPL-3.0-or-later
"""Small documents of each kind that people attach, with given words in them, written by hand."""

import io
import struct
import zipfile
import zlib

WORD_NS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
OFFICE = "application/vnd.openxmlformats-officedocument"
TYPES = {
    "pdf": "application/pdf", "doc": "application/msword", "rtf": "application/rtf",
    "docx": f"{OFFICE}.wordprocessingml.document", "xlsx": f"{OFFICE}.spreadsheetml.sheet",
    "pptx": f"{OFFICE}.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
}


def pdf(text, more=(), drawing=b"", used=b""):
    """`more`: objects, from number 6 on; `drawing`: what is on the page besides the text, and
    `used`: what of the objects it uses."""
    written = b"BT /F1 24 Tf 72 700 Td (" + text.encode("latin-1") + b") Tj ET "
    drawn = zlib.compress(written + drawing)
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
               b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
               b"/Resources<</Font<</F1 5 0 R>>%s>>>>" % used,
               b"<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream" % (len(drawn), drawn),
               b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>", *more]
    out, places = bytearray(b"%PDF-1.4\n"), []
    for number, one in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % at for at in places)
    return bytes(out + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, table))


def pdf_without_end(text):
    """A page that draws a form 30 times, which draws another 30 times, and so on: 30^7 times
    nothing, without memory."""
    forms = [b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F1 5 0 R>>/XObject"
             b"<</X %d 0 R>>>>/Length %d>>stream\n%s\nendstream" % (7 + i, 6 * 30, b"/X Do " * 30)
             for i in range(6)]
    nothing = b"q Q " * 30
    forms.append(b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</Font<</F1 5 0 R>>>>"
                 b"/Length %d>>stream\n%s\nendstream" % (len(nothing), nothing))
    return pdf(text, forms, b"/X Do", b"/XObject<</X 6 0 R>>")


def zipped(files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return out.getvalue()


def docx(text):
    half = len(text) // 2
    runs = "".join(f"<w:r><w:t>{part}</w:t></w:r>" for part in (text[:half], text[half:]))
    return zipped({"[Content_Types].xml": "<Types/>", "word/document.xml":
                   f'<?xml version="1.0"?><w:document xmlns:w="{WORD_NS}"><w:body><w:p>{runs}</w:p>'
                   "</w:body></w:document>"})


def xlsx(text):
    return zipped({"xl/sharedStrings.xml": f"<sst><si><t>{text}</t></si></sst>",
                   "xl/worksheets/sheet1.xml": "<worksheet><c t='s'><v>0</v></c></worksheet>"})


def pptx(text):
    return zipped({"ppt/slides/slide1.xml": f"<p:sld xmlns:p='p' xmlns:a='a'><a:p><a:r><a:t>{text}"
                                            "</a:t></a:r></a:p></p:sld>"})


def odt(text):
    return zipped({"mimetype": TYPES["odt"], "content.xml":
                   "<office:document-content xmlns:office='o' xmlns:text='t'><office:body>"
                   f"<text:p>{text}</text:p></office:body></office:document-content>"})


def rtf(text):
    coded = "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text)
    return f"{{\\rtf1\\ansi\\ansicpg1252{{\\fonttbl{{\\f0 Arial;}}}}{coded}\\par}}".encode()


def directory_entry(name, kind, start, size, child=0xffffffff):
    coded = (name + "\0").encode("utf-16-le")
    return coded.ljust(64, b"\0") + struct.pack("<HBBIII", len(coded), kind, 1, 0xffffffff, 0xffffffff,
                                                child) + bytes(36) + struct.pack("<IQ", start, size)


def doc(text):
    """Word 97 in an OLE file: a table of sectors, the directory, and one stream of 4096 bytes, which
    is its header and, from byte 1536 on, the text."""
    coded = (text + "\r").encode("cp1252")
    stream = bytearray(4096)
    struct.pack_into("<HHHHHH", stream, 0, 0xa5ec, 0xc1, 0, 0x409, 0, 0)
    struct.pack_into("<II", stream, 24, 1536, 1536 + len(coded))
    stream[1536:1536 + len(coded)] = coded
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<HHHHH", 0x3e, 3, 0xfffe, 9, 6) + bytes(10) + struct.pack(
        "<IIIIIIII", 1, 1, 0, 4096, 0xfffffffe, 0, 0xfffffffe, 0) + struct.pack(
        "<109I", 0, *[0xffffffff] * 108)
    table = [0xfffffffd, 0xfffffffe, *range(3, 10), 0xfffffffe]
    table += [0xffffffff] * (128 - len(table))
    folder = (directory_entry("Root Entry", 5, 0xfffffffe, 0, child=1) +
              directory_entry("WordDocument", 2, 2, 4096)).ljust(512, b"\0")
    return head.ljust(512, b"\0") + struct.pack("<128I", *table) + folder + bytes(stream)


def make(kind, text):
    return {"pdf": pdf, "doc": doc, "rtf": rtf, "docx": docx, "xlsx": xlsx, "pptx": pptx,
            "odt": odt}[kind](text)
