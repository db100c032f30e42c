"""Writes the binary frames of this folder from the published field offsets (spot_3_5.xml, stream_1_0.xml at commit a5e0bc3d).

Run it here: python3 make.py. Values are invented. Nothing of orderwire is used, so the frames can contradict it.
"""
import struct

NULL = -(1 << 63)
US = 1_700_000_000_123_456


def header(block, template, schema, version):
    return struct.pack("<HHHH", block, template, schema, version)


def s8(text):
    raw = text.encode()
    return struct.pack("<B", len(raw)) + raw


def s16(text):
    raw = text.encode()
    return struct.pack("<H", len(raw)) + raw


def block(size, *fields):
    """fields: (offset, struct format, value); the rest is zero."""
    out = bytearray(size)
    for at, form, value in fields:
        struct.pack_into("<" + form, out, at, value)
    return bytes(out)


def response(status, rid, body, limits=((2, 1, 1, 6000, 321), (3, 3, 1, 160000, 9), (3, 0, 10, 50, 12))):
    group = struct.pack("<HH", 19, len(limits)) + b"".join(struct.pack("<BBBqq", *limit) for limit in limits)
    return header(3, 50, 3, 5) + block(3, (1, "H", status)) + group + s8(rid) + struct.pack("<I", len(body)) + body


def levels(*rows):
    return struct.pack("<HH", 16, len(rows)) + b"".join(struct.pack("<qq", *row) for row in rows)


frames = {}
trades = [(1001, 6183763, 2000, 1), (1002, 6183764, 500, 0)]
frames["trades"] = (
    header(18, 10000, 1, 0) + block(18, (0, "q", US), (8, "q", US - 1000), (16, "b", -2), (17, "b", -5))
    + struct.pack("<HI", 25, len(trades)) + b"".join(struct.pack("<qqqB", *t) for t in trades) + s8("BTCUSDT"))
frames["best"] = header(50, 10001, 1, 0) + block(
    50, (0, "q", US), (8, "q", 400900217), (16, "b", -2), (17, "b", -5),
    (18, "q", 6183763), (26, "q", 378826), (34, "q", 6183764), (42, "q", 154698)) + s8("BTCUSDT")
frames["diff"] = (
    header(26, 10003, 1, 0) + block(26, (0, "q", US), (8, "q", 157), (16, "q", 160), (24, "b", -2), (25, "b", -5))
    + levels((6183700, 100), (6183600, 0)) + levels() + s8("BTCUSDT"))
frames["snapshot"] = (
    header(18, 10002, 1, 0) + block(18, (0, "q", US), (8, "q", 160), (16, "b", -2), (17, "b", -5))
    + levels((6183700, 100)) + levels((6183800, 7), (6183900, 8)) + s8("BTCUSDT"))

ack = header(24, 300, 3, 5) + block(24, (0, "q", 12569099453), (8, "q", NULL), (16, "q", US)) + s8("BTCUSDT") + s8("ow000070000000042")
frames["ack"] = response(200, "ow000070000000042", ack)
frames["test"] = response(200, "ow000070000000042", header(0, 303, 3, 5))
frames["time"] = response(200, "t", header(8, 102, 3, 5) + block(8, (0, "q", US)))
frames["subscribed"] = response(200, "login-0", header(2, 503, 3, 5) + block(2, (0, "H", 0)))
frames["logon"] = response(200, "login-0", header(26, 51, 3, 5) + block(26, (0, "q", US), (8, "q", US), (17, "q", US + 1)) + s16("key"))
frames["rejected"] = response(400, "ow000070000000042", header(18, 100, 3, 5) + block(18, (0, "h", -2010), (2, "q", NULL), (10, "q", NULL)) + s16("no money") + struct.pack("<I", 0))
frames["banned"] = response(418, "ow000070000000042", header(18, 100, 3, 5) + block(18, (0, "h", -1003), (2, "q", US), (10, "q", US + 60_000_000)) + s16("stop") + struct.pack("<I", 0))
frames["revoked"] = response(401, "", header(18, 100, 3, 5) + block(18, (0, "h", -2015), (2, "q", NULL), (10, "q", NULL)) + s16("key") + struct.pack("<I", 0), ())


def order(template, size, at, qty_at, status_at, status, extra=b"", names=("ow000070000000042",), groups=b""):
    body = block(size, (0, "b", -2), (1, "b", -5), (2, "q", 12569099453), (at, "q", US), (qty_at, "q", 847), (status_at, "B", status))
    return header(size, template, 3, 5) + body + groups + s8("BTCUSDT") + b"".join(s8(n) for n in names) + extra


fills = struct.pack("<HI", 42, 2) + b"".join(block(42, (2, "q", 2341610), (10, "q", q), (26, "q", i)) + s8("BNB") for q, i in ((635, 1), (212, 2)))
frames["result"] = response(200, "r", order(301, 154, 18, 42, 58, 1))
frames["full"] = response(200, "r", order(302, 154, 18, 42, 58, 2, groups=fills + struct.pack("<HI", 40, 0)))
frames["status"] = response(200, "r", order(304, 163, 94, 34, 50, 6))
frames["cancel"] = response(200, "r", order(305, 137, 18, 42, 58, 3, names=("ow000070000000042", "ow000070000000050")))


def report(execution, status, trade, qty, client="ow000070000000042", original="", reason="", size=282):
    body = block(
        282, (0, "q", US + 5), (8, "q", US), (16, "b", -2), (17, "b", -5), (18, "b", -8), (35, "q", 4293153), (94, "B", execution), (95, "B", status),
        (96, "q", trade), (104, "q", 8641984), (112, "q", 600), (128, "q", qty), (136, "q", 6183763))
    return header(size, 603, 3, 5 if size == 282 else 2) + body[:size] + s8("BTCUSDT") + s8(client) + s8(original) + s8("") + s8(reason) + s8("")


frames["report-new"] = report(0, 0, NULL, 0)
frames["report-trade"] = report(4, 1, 1650422481, 400)
frames["report-filled"] = report(4, 2, 1650422482, 200, size=268)
frames["report-cancelled"] = report(1, 3, NULL, 0, client="ow000070000000050", original="ow000070000000042")
frames["report-rejected"] = report(3, 5, NULL, 0, reason="INSUFFICIENT_BALANCES")
frames["report-expired"] = report(5, 6, NULL, 0)
frames["shutdown"] = header(8, 610, 3, 5) + block(8, (0, "q", US))
frames["unknown"] = header(2, 999, 3, 5) + b"\x01\x02"

for name, raw in frames.items():
    with open(name + ".sbe", "wb") as file:
        file.write(raw)
