#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes the seeds of the corpora anew from the project's packs and scenarios: tests/fuzz/corpus/TARGET/seed-NN. Other files there (inputs that once
broke something) stay. Usage: tests/fuzz/seeds.py"""
import base64
import glob
import hashlib
import json
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
PUBLIC_2 = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")


def vkey(name, kind, public=PUBLIC):
    key = bytes([kind]) + public
    return f"{name}+{hashlib.sha256(name.encode() + b'%c' % 10 + key).digest()[:4].hex()}+{base64.b64encode(key).decode()}"


def note(text, *names):
    sig = base64.b64encode(bytes(range(68))).decode()
    return text + "\n" + "".join(f"\u2014 {name} {sig}\n" for name in names)


ROOT_HASH = base64.b64encode(bytes(32)).decode()
NOTES = [vkey("example.org/log", 1), vkey("witness", 4), note(f"example.org/log\n0\n{ROOT_HASH}\n", "example.org/log"),
         note(f"example.org/log\n9223372036854775807\n{ROOT_HASH}\nextension\n", "example.org/log", "witness"),
         note("a text\n\nwith a blank line\n", "x"), note("жазба\n", "x", "y"), note("\n", "x")]

# ---- witnesses ----

HEAD = note(f"example.org/log\n5\n{ROOT_HASH}\n", "example.org/log")
REQUESTS = [f"old 0\n\n{HEAD}", f"old 3\n{ROOT_HASH}\n{ROOT_HASH}\n\n{HEAD}", f"old 5\n\n{HEAD}", f"old 9\n\n{HEAD}",
            "old 1\n" + f"{ROOT_HASH}\n" * 36 + "\n" + HEAD, "old 0\n\n" + note(f"other.org\n0\n{ROOT_HASH}\nextension\n", "other.org", "witness"),
            vkey("example.org/log", 1) + "\n\n", vkey("example.org/log", 1) + "\n" + vkey("example.org/log", 1, PUBLIC_2) + "\n\n"]
TWO = f"witness a {vkey('example.org/a', 4)}\nwitness b {vkey('example.org/b', 4, PUBLIC_2)}\n"
QUORUMS = ["quorum none\n", "# nobody\n\n \tquorum none \n", f"log {vkey('example.org/log', 1)} https://example.org/\n{TWO}quorum b\n",
           TWO + "group g 1 a\ngroup h any g b\ngroup i all h\nquorum i\n", TWO + "group g 2 a b\nquorum g\n", TWO + "group g all a b\nquorum none\n",
           "\u2014 example.org/witness " + base64.b64encode(bytes(range(76))).decode() + "\n"]

# ---- the second program: the first byte says what it is read as ----


def as_kind(kind, texts):
    return [bytes([kind]) + (t if isinstance(t, bytes) else t.encode()) for t in texts]


def proof(entry, index, path):
    return f"c2sp.org/tlog-proof@v1\nextra {base64.b64encode(entry.encode()).decode()}\nindex {index}\n" + f"{ROOT_HASH}\n" * path + "\n" + HEAD


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



TASK = bytes(16) + struct.pack("<I", 7) + b"respond" + i64(1) + i64(-2 ** 63) * 2 + struct.pack("<I", 2028) + i64(1) + b"\0"
TASK += struct.pack("<I", 7) + b"p/r1-on" + b"\3" + struct.pack("<I", 3) + i64(1767585600000000)


# ---- packs, calendars, tables ----


def packs():
    """Each rule of each pack as a pack of its own, with the definitions that it uses."""
    for text in PACKS:
        head = re.search(r"<policy [^>]*>", text).group(0)
        defines = dict(re.findall(r'(?s)<define name="([\w-]+)" (test="[^"]*")/>', text))
        rest = re.search(r'(?s)  <forbid [^>]*otherwise="yes".*?</forbid>\n', text)
        for rule in re.findall(r"(?ms)^  <(?:consent|statement|permit|forbid|retain|on|limit|declare|term) (?:[^<]*/>|.*?^  </\w+>|[^\n]*</\w+>)\n", text):
            body, used = rule, ""
            if rest and rest.group(0) != rule:
                body += rest.group(0)
            for name in re.findall(r"\$([\w-]+)", body):
                if name in defines and f'"{name}"' not in used and "$" + name not in defines[name]:
                    used += f'  <define name="{name}" {defines[name]}/>\n'
            body = re.sub(r'    <title xml:lang="(\w\w)">[^<]{40,}</title>', r'    <title xml:lang="\1">x</title>', body)
            titles = "".join(f'  <title xml:lang="{lang}">x</title>\n' for lang in ("kk", "ru", "en"))
            yield re.sub(r' id="[^"]*"', ' id="pack"', head) + "\n" + titles + used + body + "</policy>\n"


def calendars():
    text = text_of("policies", "calendar", "kz.xml")
    head = re.search(r"<calendar [^>]*>", text).group(0)
    for year in re.findall(r"(?s)<year .*?</year>", text):
        yield f"{head}{year}</calendar>"
        yield f'{head}<year value="2199"/>{year[:400]}</year></calendar>'.replace(year[400 - 60:400].split("<")[-1], "")
    yield f'{head}<year value="1991"/><year value="2024"><work date="2024-02-24" name="a"/><off date="2024-02-29" name="b"/></year></calendar>'


def tables():
    for which, name in enumerate(("vocabulary.tsv", "clauses.tsv", "statute.tsv", "words.tsv")):
        lines = text_of("policies", name).split("\n")
        for at in range(1, len(lines), max(8, len(lines) // 8)):
            yield f"{which}" + "\n".join([lines[0]] + lines[at:at + 8]) + "\n"
    yield "0kind\tid\tparent\r\nconsent\tprocessing\r\ncategory\ta\t\r\ncategory\tb\ta\n\n"


# ---- what is written by the engine ----


def entry(**members):
    base = {"actor": "operator", "at": "2026-01-05T04:00:00Z", "policy": 0, "recorded": "2026-01-05T04:00:00Z", "seq": 2, "subject": "00" * 16, "v": 1}
    return json.dumps({**base, **members}, separators=(",", ":"), sort_keys=True, ensure_ascii=False)


ENTRIES = [
    entry(type="register", outcome="applied", state="active", input="00" * 32, rules=["kz-94v/x"], clauses=["kz-94v/7-1", "x/8.1"]),
    entry(type="collect", outcome="applied", state="active"), entry(type="request", outcome="applied", kind="access", due="2026-01-10T04:00:00Z", task=1),
    entry(type="policy", more={"digest": "00" * 32, "id": "p", "version": "1"}), entry(type="destroyed", state="destroyed", clauses=["x/9"], more={
        "late": True, "receipt": "00" * 32, "records": 3, "why": "term"}), entry(type="record-destroyed", more={"category": "email", "late": False, "record": 1}),
    entry(type="record-destroyed", more={"category": "email", "record": 9, "replayed": True}), entry(type="lapsed", kind="processing", clauses=["x/1"]),
    entry(type="sweep-start"), entry(type="sweep-end", more={"examined": 1, "destroyed": 9223372036854775807, "late": 0, "held_by": {"x/1": 1}}),
    entry(type="read", kind="masked", more={"role": "officer"}), entry(type="refused", outcome="denied", more={"role": "auditor"}),
    entry(type="breach", outcome="applied", due="2026-01-06T04:00:00Z", clauses=["x/2"]), entry(type="task-closed", task=1), entry(type="delay", task=2),
    entry(type="incarnation", more={"incarnation": 2, "past": {"origin": "x", "root": "00" * 32, "size": 5}, "reason": "restore"}),
    entry(type="key", kind="rotate"), entry(type="run", more={"duplicate": 0, "invalid": 1, "lines": 2}), entry(type="depersonalise", state="depersonalised"), "{}", "[]"]

HEADER = {"at": "2026-01-05T09:00:00+05:00", "checkpoint": note(f"example.org/log\n3\n{ROOT_HASH}\n", "example.org/log"), "entries": 3, "incarnation": 1,
          "root": "ab" * 32, "vault": "01" * 16}
HEADERS = [json.dumps(HEADER), json.dumps({**HEADER, "entries": 2 ** 63 - 1, "incarnation": 2 ** 32 - 1, "passphrase": {
    "kdf": "argon2id", "lanes": 4, "memory_kib": 262144, "passes": 3, "salt": "cd" * 32}})]


def patch(*groups):
    return b"".join(struct.pack("<HB", at, len(data)) + data for at, data in groups)


PATCHES = [b"", patch((0, b"x")), patch((18, b"\2\2")), patch((100, b"\0" * 8), (4096, b"\xff" * 8)), patch((200, b"a")) + b"\x10\0", b"\0\0", b"\0\0\1",
           patch(*((1 << i, bytes([i])) for i in range(16)))]
PARTS = [b"\0" + i64(0), b"\1" + i64(5) + b"vault" + b"\0" + i64(0), b"\2" + i64(3) + b"abc" + b"\1" + i64(0) + b"\0" + i64(0), b"\1" + i64(2 ** 63 - 1) + b"x",
         b"\3" + i64(32) + bytes(32) + b"\1" + i64(-1), b"\1" + i64(100) + b"SQLite format 3\0" + bytes(84) + b"\0" + i64(0)]
KEYFILES = ["0123456789abcdef" * 4 + "\n", "0123456789ABCDEF" * 4, "saqta-key 1 argon2id 262144 3 4 " + "ab" * 32 + " " + "01" * 61 + "\n",
            "saqta-key 1 argon2id 999999999 999999999 999999999 " + "ab" * 32 + " " + "01" * 61 + "\n"]
EMPTY_ROOT = base64.b64encode(hashlib.sha256(b"").digest()).decode()
HOSTILE = ["plain", "=1+1", '"', '\'', "a,b\r\nc", "\0", "\x01", "\uffff", "]]>&<", "кириллица", "\U0001f600", "<script>alert(1)</script>", "\u202ertl \u0627\u0644", "a\u0301" * 200,
           "x" * 2000, "one\ttwo\nthree"]
ROLES = ["root owner\n", "# who may what\nroot\tofficer # not the owner\nother application\n", "root owner\nroot auditor\n", "root\n", "other operator\r\n\n",
         "root owner owner\n"]


def main():
    seeds("apply", ["\n".join(l for l in s.split("\n") if '"event"' in l and '"sweep"' not in l) + "\n" for s in SCENARIOS])
    seeds("backup", HEADERS)
    seeds("bytes", ["", "TQ==", "TWE=", "TWFu", "00ff", "0123456789abcdefABCDEF", "TWFuTWFuTWFuTWFu", "////", "++++AA=="])
    seeds("calendar", calendars())
    seeds("condition", conditions())
    seeds("entry", ENTRIES)
    seeds("event", events())
    seeds("generate", PATCHES + [patch((at, data)) for at in range(40, 19000, 1100) for data in (b"9", b"]")])
    seeds("guard", NOTES + [f"saqta\n0\n{EMPTY_ROOT}\n", f"saqta\n1\n{EMPTY_ROOT}\n"])
    seeds("instant", INSTANTS)
    seeds("json", ["plain", "кириллица", 'quote " and \\', "\0\x01\x1f\x7f", "\u2028\U0001f600"])
    seeds("keyfile", KEYFILES)
    seeds("keystore", PATCHES)
    seeds("note", NOTES)
    seeds("letter", HOSTILE)
    seeds("paper", HOSTILE)
    seeds("policy", packs())
    seeds("quorum", QUORUMS)
    seeds("restore", PARTS)
    seeds("roles", ROLES)
    seeds("scenario", SCENARIOS)
    seeds("share", SHARES)
    seeds("stream", PATCHES)
    seeds("subject", ROWS)
    seeds("table", tables())
    seeds("task", [TASK])
    seeds("verify", as_kind(0, NOTES) + as_kind(1, ENTRIES) + as_kind(2, [n for n in NOTES if "\n" not in n]) + as_kind(3, QUORUMS) +
          as_kind(4, [proof(e if isinstance(e, str) else e.decode(), i, 3) for i, e in enumerate(ENTRIES[:4])]) + as_kind(5, ENTRIES))
    seeds("witness", REQUESTS)


if __name__ == "__main__":
    main()
