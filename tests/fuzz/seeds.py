#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds of the corpora anew from the project's packs and scenarios: tests/fuzz/corpus/TARGET/seed-NN. Other files there (inputs that once
broke something) stay. Usage: tests/fuzz/seeds.py"""
import base64
import glob
import hashlib
import os
import re
import struct

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
CORPUS = os.path.join(ROOT, "tests", "fuzz", "corpus")
SIZE_MAX = 2048
COUNT_MAX = 36


def text_of(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as file:
        return file.read()


def seeds(target, items):
    folder = os.path.join(CORPUS, target)
    os.makedirs(folder, exist_ok=True)
    for old in glob.glob(os.path.join(folder, "seed-*")):
        os.unlink(old)
    items = [item if isinstance(item, bytes) else item.encode() for item in items]
    items = [item for item in dict.fromkeys(items) if len(item) <= SIZE_MAX]
    step = max(1, -(-len(items) // COUNT_MAX))
    for i, item in enumerate(items[::step]):
        with open(os.path.join(folder, f"seed-{i:02}"), "wb") as file:
            file.write(item)


PACKS = [text_of("policies", os.path.basename(p)) for p in sorted(glob.glob(os.path.join(ROOT, "policies", "*.xml")))]
SCENARIOS = [text_of(p) for p in sorted(glob.glob(os.path.join(ROOT, "policies", "tests", "*", "*.jsonl")))]

# ---- texts ----


def events():
    """One of each kind of event and question with each set of members."""
    found = {}
    for line in "\n".join(SCENARIOS).split("\n"):
        kind = re.search(r'"(?:event|expect)":\s*"([a-z-]+)"', line)
        if kind and kind.group(1) not in ("outcome", "subject", "task", "audit"):
            found.setdefault((kind.group(1), tuple(re.findall(r'"([a-z_-]+)":', line))), line)
    by_kind = {}
    for (kind, members), line in found.items():
        if len(members) > by_kind.get(kind, (0, ""))[0]:
            by_kind[kind] = (len(members), line)
    rest = [line for key, line in found.items() if line != by_kind[key[0]][1]]
    return [line for _, line in by_kind.values()] + rest[::40]


def conditions():
    found = re.findall(r'(?:test|when|unless|until)="([^"]+)"', "\n".join(PACKS))
    return [c.replace("&lt;", "<").replace("&gt;", ">") for c in found] + [
        "not($age < 18) and $category.contact = true()", "$reached.last-visit != $consent.processing", "(((($disclosure))))"]


INSTANTS = ["2026-01-05T09:00:00+05:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2024-02-29t12:00:00.5z", "1970-01-01T00:00:00-23:59",
            "2024-03-01T00:00:00+06:00", "2024-02-29", "1990-05-17", "9999-12-31", "P1Y6M", "P5Y", "P30D", "P2W", "PT72H", "PT1H30M5S", "3WD", "15BD",
            "P1000000D", "P83333Y4M", "1000000WD", "0WD", "PT0S", "P0M"]

# ---- signed notes ----

PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")  # RFC 8032, 7.1


def vkey(name, kind):
    key = bytes([kind]) + PUBLIC
    return f"{name}+{hashlib.sha256(name.encode() + b'%c' % 10 + key).digest()[:4].hex()}+{base64.b64encode(key).decode()}"


def note(text, *names):
    sig = base64.b64encode(bytes(range(68))).decode()
    return text + "\n" + "".join(f"\u2014 {name} {sig}\n" for name in names)


ROOT_HASH = base64.b64encode(bytes(32)).decode()
NOTES = [vkey("example.org/log", 1), vkey("witness", 4), note(f"example.org/log\n0\n{ROOT_HASH}\n", "example.org/log"),
         note(f"example.org/log\n9223372036854775807\n{ROOT_HASH}\nextension\n", "example.org/log", "witness"),
         note("a text\n\nwith a blank line\n", "x"), note("жазба\n", "x", "y"), note("\n", "x")]

SHARE_BODY = "saqta-share 1 %s %u %u %s"


def share(group, threshold, index, data):
    body = SHARE_BODY % (group.hex(), threshold, index, data.hex())
    return f"{body} {hashlib.sha256(body.encode()).digest()[:4].hex()}\n"


SHARES = [share(b"abcd", 2, 1, bytes(32)), share(b"\xff" * 4, 255, 255, b"\xff" * 32), share(b"1234", 3, 7, bytes(range(32))),
          share(b"abcd", 2, 2, bytes(32)).rstrip("\n")]

# ---- rows of the vault ----


def i64(n):
    return struct.pack("<q", n)


def string(text):
    return b"\0" if text is None else b"\1" + struct.pack("<I", len(text.encode())) + text.encode()


def many(items):
    return struct.pack("<I", len(items)) + b"".join(items)


def subject(external="subject-1", lists=(), **flags):
    """As engine/vault/subject.c writes it."""
    head = b"\1" + bytes(range(16)) + bytes(16) + bytes(32) + string(external) + i64(1) + i64(-2 ** 63)
    head += bytes([flags.get("birth", 0)]) + i64(7000) + string("partner-1") + string(None) + string('{"ip":"192.0.2.1"}')
    head += bytes([0, flags.get("stopped", 0), 0, 0]) + i64(-2 ** 63) * 2 + string("94v/8") + b"\1" + bytes(16)
    head += i64(10) + i64(2 ** 63 - 1) * 2 + i64(5) + i64(3) + i64(2) + i64(1)
    lists = list(lists) + [[]] * (9 - len(lists))
    return head + b"".join(many(items) for items in lists)


CONSENT = i64(1) + string("processing") + i64(10) + i64(-2 ** 63) + string("2026-01") + string(None) + string("{}") + string(None) * 2
MILESTONE = string("account-closed") + string(None) + i64(20)
OBLIGATION = string("o1") + b"\1" + i64(5) + i64(0)
HOLD = string("h1") + string("court") + string("why") + string(None) * 5 + b"\0" + i64(1) + i64(-2 ** 63)
REQUEST = i64(1) + string("r1") + string("access") + string("mail") + string("subject") + string(None) * 2 + i64(2) + b"\1\1" + i64(1) * 3 + i64(1) + string(None) * 4
PENDING = string("processing") + string("mail") + string("written") + i64(4)
ORDER = string("contact email") + i64(1) + i64(2) + string("94v/12")
ROW = string("partner") + string("p1") + string("active") + i64(3)
RECORD = b"\1" + i64(7) + string("rec-1") + string("email") + string("contract") + string("subject") + string(None) * 2 + i64(10) + i64(-2 ** 63) + i64(1) + b"\0"
VALUE = b"someone@example.org"
ROWS = [subject(), subject(None, stopped=1), subject("x", [[CONSENT], [MILESTONE], [OBLIGATION], [HOLD], [REQUEST], [PENDING], [ORDER], [ROW], [i64(9)]]),
        subject("y", [[CONSENT] * 3, [], [OBLIGATION] * 2], birth=1), RECORD + struct.pack("<I", len(VALUE)) + VALUE, RECORD + bytes(4)]


def main():
    seeds("bytes", ["", "TQ==", "TWE=", "TWFu", "00ff", "0123456789abcdefABCDEF", "TWFuTWFuTWFuTWFu", "////", "++++AA=="])
    seeds("condition", conditions())
    seeds("event", events())
    seeds("instant", INSTANTS)
    seeds("json", ["plain", "кириллица", 'quote " and \\', "\0\x01\x1f\x7f", "\u2028\U0001f600"])
    seeds("note", NOTES)
    seeds("share", SHARES)
    seeds("subject", ROWS)


if __name__ == "__main__":
    main()
