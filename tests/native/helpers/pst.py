# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes a small Unicode PST ([MS-PST]): nodes with property contexts, subnodes for what is
attached.  As much of it as a reader by nodes looks at: no allocation maps, no contents tables."""
import struct

TEXT, BYTES, LONG, TIME = 0x1F, 0x102, 0x03, 0x40
EPOCH = 116444736000000000  # 1970 in steps of 100 ns since 1601


def heap(signature, items):
    """A heap on a node (2.3.1); items are numbered from 1, the first is the root."""
    body, places = b"", []
    for item in items:
        places.append(12 + len(body))
        body += item
    places.append(12 + len(body))
    body += b"\0" * (len(body) % 2)
    head = struct.pack("<HBBII", 12 + len(body), 0xEC, signature, 0x20, 0)
    return head + body + struct.pack("<HH", len(items), 0) + b"".join(
        struct.pack("<H", place) for place in places)


def properties(values):
    """A property context (2.3.3) of {(tag, type): value}."""
    items, rows = [], b""
    for (tag, kind), value in sorted(values.items()):
        if kind != LONG:
            if kind == TEXT:
                value = value.encode("utf-16-le")
            elif kind == TIME:
                value = struct.pack("<Q", value * 10**7 + EPOCH)
            items.append(value)
            value = (len(items) + 2) << 5
        rows += struct.pack("<HHI", tag, kind, value)
    root = struct.pack("<BBBBI", 0xB5, 2, 6, 0, 0x40)
    return heap(0xBC, [root, rows] + items)


def table(ids):
    """A table context (2.3.4) that has the ids of its rows and nothing else."""
    info = struct.pack("<BB4HIII", 0x7C, 2, 8, 8, 8, 9, 0x40, 0x80, 0)
    info += struct.pack("<IHBB", 0x67F20003, 0, 4, 0) + struct.pack("<IHBB", 0x67F30003, 4, 4, 1)
    index = struct.pack("<BBBBI", 0xB5, 4, 4, 0, 0x60)
    keys = b"".join(struct.pack("<II", key, row) for row, key in enumerate(ids))
    rows = b"".join(struct.pack("<IIB", key, 0, 0xC0) for key in ids)
    return heap(0x7C, [info, index, keys, rows])


class Pst:
    def __init__(self):
        self.bytes, self.blocks, self.nodes, self.last = bytearray(0x4600), [], [], 4
        self.node(0x21, 0, {(0x3001, TEXT): "Store", (0x35DF, LONG): 0x89,
                            (0x35E0, BYTES): b"\0" * 20 + struct.pack("<I", 0x8022)})
        self.folder(0x122, 0x122, "")
        self.folder(0x8022, 0x122, "Top of Personal Folders")

    def block(self, data, inner=False):
        self.last += 4
        bid = self.last | (2 if inner else 0)
        place = len(self.bytes)
        size = (len(data) + 16 + 63) // 64 * 64
        self.bytes += data.ljust(size - 16, b"\0") + struct.pack("<HHIQ", len(data), 0, 0, bid)
        self.blocks.append((bid, place, len(data)))
        return bid

    def node(self, nid, parent, values, below=0):
        self.nodes.append((nid, self.block(properties(values)), below, parent))

    def folder(self, nid, parent, name):
        self.node(nid, parent,
                  {(0x3001, TEXT): name, (0x3602, LONG): 1, (0x3603, LONG): 0})

    def item(self, nid, parent, values, attached=()):
        below = 0
        if attached:
            ids = [0x8025 + 32 * number for number in range(len(attached))]
            subnodes = [(0x671, self.block(table(ids)))]
            subnodes += [(nid_, self.block(properties(one))) for nid_, one in zip(ids, attached)]
            below = self.block(struct.pack("<BBHI", 2, 0, len(subnodes), 0) + b"".join(
                struct.pack("<QQQ", nid_, bid, 0) for nid_, bid in subnodes), inner=True)
        self.node(nid, parent, values, below)

    def page(self, kind, rows, size, most):
        assert len(rows) <= most
        self.last += 4
        place = len(self.bytes) + -len(self.bytes) % 512
        self.bytes = self.bytes.ljust(place, b"\0")
        self.bytes += b"".join(rows).ljust(488, b"\0") + struct.pack(
            "<BBBBI", len(rows), most, size, 0, 0)
        self.bytes += struct.pack("<BBHIQ", kind, kind, 0, 0, self.last)
        return self.last, place

    def save(self, path):
        nodes = self.page(0x81, [struct.pack("<QQQII", *row, 0) for row in sorted(self.nodes)],
                          32, 15)
        blocks = self.page(0x80, [struct.pack("<QQHHI", *row, 2, 0)
                                  for row in sorted(self.blocks)], 24, 20)
        self.bytes[0:4] = b"!BDN"
        self.bytes[8:14] = b"SM" + struct.pack("<HH", 0x17, 0x13)
        struct.pack_into("<Q", self.bytes, 0xB8, len(self.bytes))
        struct.pack_into("<QQQQ", self.bytes, 0xD8, *nodes, *blocks)
        self.bytes[0x200] = 0x80
        path.write_bytes(self.bytes)
