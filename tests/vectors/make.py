#!/usr/bin/env python3
"""Makes multi.json, several.json, register_documents.json, record.json and
statement_records.json.

Usage: make.py (in this folder; needs python3-cryptography). Shares no code with
the verifier: it follows docs/merkle.md, index_format.md, wire.md, register.md,
record.md and statements.md. The other files here came from elsewhere and are not made again.
"""

import hashlib
import json
import random

from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ORIGIN = "vidimus.example/test/2026h1"


def sha256(data):
    return hashlib.sha256(data).digest()


# --- multi.json: one proof for several leaves (docs/merkle.md) ---


def split(n):
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:k]) + root(leaves[k:]))


def multi(leaves, asked, start=0):
    inside = [i for i in asked if start <= i < start + len(leaves)]
    if not inside:
        return [root(leaves)]
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    return multi(leaves[:k], inside, start) + multi(leaves[k:], inside, start + k)


def multi_cases():
    rng = random.Random(20260101)
    entry = lambda i: bytes([i % 256]) * (i % 5) + i.to_bytes(2, "big")
    leaves = [sha256(b"\x00" + entry(i)) for i in range(300)]
    shapes = [(1, [0]), (2, [0]), (2, [1]), (2, [0, 1]), (7, [3]), (7, [0, 6]), (8, [2, 3, 4, 5]),
              (11, list(range(11))), (255, [254]), (256, [0, 255]), (257, [256]), (257, [0, 128, 256])]
    shapes += [(n, sorted(rng.sample(range(n), rng.randrange(1, 20)))) for n in (40, 100, 300)]
    cases = []
    for size, asked in shapes:
        cases.append({"size": size, "indices": asked, "leaf_hashes": [leaves[i].hex() for i in asked],
                      "root": root(leaves[:size]).hex(),
                      "hashes": [h.hex() for h in multi(leaves[:size], asked)], "finding": "Ok"})
    good = next(c for c in cases if c["size"] == 257 and len(c["indices"]) == 3)

    def wrong(finding, **change):
        cases.append({**good, **change, "finding": finding})

    hashes, asked = good["hashes"], good["leaf_hashes"]
    wrong("PathTooShort", hashes=hashes[:-1])
    wrong("PathTooLong", hashes=hashes + hashes[:1])
    wrong("RootMismatch", hashes=hashes[1:] + hashes[:1])
    wrong("RootMismatch", leaf_hashes=asked[1:] + asked[:1])
    wrong("RootMismatch", indices=[0, 129, 256])
    wrong("IndexBeyondTree", indices=[0, 128, 257])
    wrong("IndicesNotAscending", indices=[0, 256, 128])
    wrong("IndicesNotAscending", indices=[0, 128, 128])
    wrong("LeafCountMismatch", indices=[0, 128])
    wrong("LeafCountMismatch", indices=[], leaf_hashes=[])
    return {"entries": "as in tree.json", "cases": cases}


# --- Protobuf bytes (docs/wire.md) ---


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def field(number, value):
    """An int as varint; bytes, text or a list of fields as length-delimited."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    if isinstance(value, str):
        value = value.encode()
    if isinstance(value, list):
        value = message(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def message(fields):
    return b"".join(field(number, value) for number, value in fields)


def without(fields, number):
    return [f for f in fields if f[0] != number]


def replaced(fields, number, value):
    return [(n, value if n == number else v) for n, v in fields]


# --- several.json: one proof of the index for several keys (docs/index_format.md) ---


def runs_in_force(size):
    runs, start = [], 0
    while start < size:
        best = 0
        for i in range(6):
            unit = 4096 * 4**i
            for n, aligned in ((unit, unit), (2 * unit, 4 * unit), (3 * unit, 4 * unit)):
                lag = n // 16 if n > 1 << 14 else 0
                if start % aligned == 0 and size >= start + n + lag:
                    best = max(best, n)
        runs.append((start, start + best if best else size))
        start = runs[-1][1]
    return runs


def bit(key, depth):
    return key[depth // 8] >> (7 - depth % 8) & 1


def children(items, depth, key=lambda item: item[0]):
    return [[item for item in items if bit(key(item), depth) == side] for side in (0, 1)]


def trie(entries, depth=0):
    if not entries:
        return bytes(32)
    if len(entries) == 1:
        return sha256(b"\x06" + entries[0][0] + entries[0][1].to_bytes(8, "big"))
    return sha256(b"\x07" + b"".join(trie(child, depth + 1) for child in children(entries, depth)))


def walk(entries, asked, depth=0):
    if not entries:
        return b"\0"
    if not asked:
        return b"\x03" + trie(entries, depth)
    if len(entries) == 1:
        return b"\x01" + entries[0][0] + entries[0][1].to_bytes(8, "big")
    ways = children(asked, depth, key=lambda key: key)
    return b"\x02" + b"".join(
        walk(child, way, depth + 1) for child, way in zip(children(entries, depth), ways))


def index_root(size, roots):
    listed = b"".join(start.to_bytes(8, "big") + end.to_bytes(8, "big") + run_root
                      for (start, end), run_root in zip(runs_in_force(size), roots))
    return sha256(b"\x08" + size.to_bytes(8, "big") + listed)


def several_cases():
    rng = random.Random(20260102)
    cases = []

    def add(what, size, entries, asked, finding="Ok", change=None):
        asked = sorted(asked)
        by_run = [[e for e in entries if start <= e[1] < end] for start, end in runs_in_force(size)]
        case = {"what": what, "M": size,
                "index_root": index_root(size, [trie(run) for run in by_run]).hex(),
                "keys": [key.hex() for key in asked], "finding": finding}
        proof = b"".join(walk(run, asked) for run in by_run)
        if change:
            proof = change(proof)
        case["proof"] = proof.hex()
        if finding == "Ok":
            case["answers"] = [dict(entries).get(key) for key in asked]
            case["entries"] = [{"key": key.hex(), "index": index} for key, index in entries]
        cases.append(case)

    def entries_at(indices):
        return [(sha256(b"several" + i.to_bytes(8, "big")), i) for i in indices]

    absent = [sha256(b"absent %d" % n) for n in range(8)]
    few = entries_at([0, 1, 2, 3, 5, 8])
    near = [(bytes(31) + b"\x02", 0), (bytes(31) + b"\x03", 1), (b"\xff" * 32, 2)]
    two = entries_at(rng.sample(range(4096), 40) + rng.sample(range(4096, 4200), 10))
    add("an empty log", 0, [], absent[:2])
    add("a lone seal", 1, [], absent[:1])
    add("one key, asked for", 1, few[:1], [few[0][0]])
    add("one key, another asked for", 1, few[:1], absent[:1])
    add("all keys", 9, few, [key for key, _ in few])
    add("some keys and some that are not there", 9, few, [few[0][0], few[3][0]] + absent[:3])
    add("keys that share 255 bits", 3, near, [near[0][0], bytes(32), bytes(31) + b"\x01"])
    add("both keys that share 255 bits", 3, near, [near[0][0], near[1][0]])
    add("two runs", 4200, two, [two[0][0], two[45][0]] + absent)
    asked = [few[0][0], few[3][0]] + absent[:3]
    add("a byte too many", 9, few, asked, "IndexProofMalformed", lambda p: p + b"\0")
    add("a byte too few", 9, few, asked, "IndexProofMalformed", lambda p: p[:-1])
    add("a place of an unknown sort", 9, few, asked, "IndexProofMalformed", lambda p: b"\x04" + p[1:])
    add("a node above the trie", 9, few, asked, "IndexProofMalformed", lambda p: b"\x02\0" + b"\0" + p)
    add("a hash where a key leads", 9, few, asked, "IndexProofMalformed", lambda p: b"\x03" + trie(few))
    add("said to be empty", 9, few, asked, "IndexRootMismatch", lambda p: b"\0")
    add("another leaf", 1, few[:1], [few[0][0]], "IndexOutsideRun", lambda p: p[:-1] + b"\x01")
    add("a key that is not on the way", 9, few[:1] + near[2:], [few[0][0]], "IndexEndOffPath",
        lambda p: p.replace(few[0][0], bytes([few[0][0][0] ^ 0x80]) + few[0][0][1:]))
    add("another key's hash", 9, few, asked, "IndexRootMismatch",
        lambda p: p.replace(b"\x03" + trie_beside(few, asked), b"\x03" + b"\x55" * 32))
    return {"cases": cases}


def trie_beside(entries, asked, depth=0):
    """Some hash that a proof for `asked` holds."""
    ways = children(asked, depth, key=lambda key: key)
    for child, way in zip(children(entries, depth), ways):
        if child and not way:
            return trie(child, depth + 1)
    for child, way in zip(children(entries, depth), ways):
        if len(child) > 1 and trie_beside(child, way, depth + 1):
            return trie_beside(child, way, depth + 1)
    return None


# --- register_documents.json (docs/register.md) ---


def key(name):
    return ed25519.Ed25519PrivateKey.from_private_bytes(sha256(name.encode()))


def public(name):
    return key(name).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


CONFIG = [
    (1, ORIGIN), (2, public("label")),
    (3, [(1, 0), (2, public("config publisher")), (3, "City archive")]),
    (3, [(1, 1), (2, public("publisher"))]),
    (4, [(1, 4096), (2, 4), (3, 3), (4, 16384), (5, 16)]),
    (5, [(1, 8), (2, 100)]),
    (6, [(1, 604800), (2, 60), (3, 1800), (4, 5), (5, 259200), (6, 86400), (7, 1900000000)]),
    (7, [(1, 1), (2, "opaque"), (3, [(1, "en"), (2, "Profile number")])]),
]
ADMINISTRATION = [
    (1, [(1, "sv"), (2, "Socialnämnden")]), (1, [(1, "en"), (2, "Social welfare board")]),
    (2, "urn:vidimus:administration:0"), (3, public("entry")),
    (4, [(1, "cases"), (3, 1)]), (4, [(1, "paper"), (2, [(1, "fi"), (2, "Paperi")]), (3, 0)]),
    (5, "212000-1157"),
]
PROVISION = [
    (1, "A6-1-e-official-authority"), (1, "A9-2-h"), (2, "Act 1301/2014, section 36"),
    (3, [(1, "fi"), (2, "Sosiaalihuoltolaki")]), (3, [(1, "en"), (2, "Social Welfare Act")]),
    (4, 0), (4, 7), (5, "SocialWelfareEligibilityAssessment"), (6, "pd:Income"), (7, 1), (8, 86400), (9, 1000),
    (10, 2000), (11, "FI"), (12, "https://law.example/1301-2014"), (13, 1500), (14, 0),
    (15, [(1, "en"), (2, "The board may look up income.")]),
]
PURPOSE = [
    (1, "SocialWelfareEligibilityAssessment"), (2, [(1, "sv"), (2, "Beslut om stöd")]),
    (3, [(1, "en"), (2, "To decide on support")]), (4, [(1, "en"), (2, "You need not send it")]), (5, 1),
    (6, [(1, "en"), (2, "5 years")]),
]
CATEGORY = [(1, "pd:Health"), (2, [(1, "fi"), (2, "Terveys")]), (3, [(1, "en"), (2, "What a nurse wrote")]), (4, 1)]
AI_SYSTEM = [
    (1, "ai-17"), (2, [(1, "en"), (2, "Benefit finder")]), (3, 0), (4, "https://ai.example/17"), (5, "City"),
    (6, [(1, "en"), (2, "Finds benefits")]), (7, [(1, "en"), (2, "Decisions")]), (8, [(1, "en"), (2, "May miss some")]),
    (9, "HumanInvolvementForDecision"),
]
ANALYSIS = [
    (1, "run-7f"), (2, 0), (3, "PublicServiceProvision"), (4, "pd:Income"), (5, 40), (6, "k-anonymous"), (7, 20),
    (9, "ai-17"), (10, "3"), (11, [(1, "en"), (2, "Needs")]), (12, [(1, "en"), (2, "Nobody in it")]), (13, 1500),
]
COUNT = [(1, 0), (2, "cases"), (3, 86400), (4, 172800), (5, 0), (6, bytes(32))]
IDENTITY_SERVICE = [
    (1, [(1, "en"), (2, "Identification of the state")]), (2, public("identity")), (3, "0245437-2"), (4, "high"),
    (5, "https://identity.example"),
]


def document_cases():
    documents = []

    def document(what, type_, number, version, fields, signer, finding="Ok", origin=ORIGIN):
        body = message(fields)
        signed = (b"vidimus/v1 register\n" + bytes([len(origin)]) + origin.encode() + bytes([type_]) +
                  number.to_bytes(4, "big") + version.to_bytes(8, "big") + sha256(body))
        bytes_ = key(signer).sign(signed) + body
        documents.append({"what": what, "type": type_, "number": number, "version": version,
                          "publisher_key": public("config publisher" if type_ == 0 else "publisher").hex(),
                          "document": bytes_.hex(), "finding": finding})

    document("config", 0, 0, 0, CONFIG, "config publisher")
    document("a later config", 0, 0, 1, [(3, [(1, 2), (2, public("law"))]), (9, bytes(32))], "config publisher")
    document("administration", 1, 0, 0, ADMINISTRATION, "publisher")
    document("its next version", 1, 0, 1, ADMINISTRATION, "publisher")
    for type_, what, fields in ((2, "provision", PROVISION), (3, "purpose", PURPOSE), (4, "category", CATEGORY),
                                (5, "AI system", AI_SYSTEM), (6, "analysis", ANALYSIS), (7, "count", COUNT),
                                (8, "identity service", IDENTITY_SERVICE)):
        document(what, type_, 3, 0, fields, "publisher")
    document("signed by another key", 1, 0, 0, ADMINISTRATION, "entry", "DocumentSignature")
    document("signed for another log", 1, 0, 0, ADMINISTRATION, "publisher", "DocumentSignature", ORIGIN + "x")
    documents.append({**documents[2], "what": "shown as another number", "number": 1, "finding": "DocumentSignature"})
    documents.append({**documents[2], "what": "shown as another version", "version": 1, "finding": "DocumentSignature"})
    documents.append({**documents[2], "what": "63 bytes", "document": documents[2]["document"][:126],
                      "finding": "DocumentTooShort"})

    messages = []

    def config(what, finding, fields, version=0):
        messages.append({"what": what, "type": 0, "version": version, "message": message(fields).hex(),
                         "finding": finding})

    def administration(what, finding, fields):
        messages.append({"what": what, "type": 1, "version": 0, "message": message(fields).hex(), "finding": finding})

    for number in (1, 2, 4, 5, 6, 7):
        config(f"config without field {number}", "DocumentFieldMissing", without(CONFIG, number))
    config("config without a publisher of config", "DocumentFieldMissing", CONFIG[:2] + CONFIG[3:])
    config("publishers not ascending", "DocumentFieldInvalid", CONFIG[:2] + [CONFIG[3], CONFIG[2]] + CONFIG[4:])
    config("unknown index parameters", "DocumentFieldInvalid",
           replaced(CONFIG, 4, [(1, 4096), (2, 8), (3, 3), (4, 16384), (5, 16)]))
    config("min_batch 0", "DocumentFieldInvalid", replaced(CONFIG, 5, [(1, 0), (2, 100)]))
    config("origin with a space", "DocumentFieldInvalid", replaced(CONFIG, 1, "a b"))
    config("label key of small order", "KeyUnsound", replaced(CONFIG, 2, bytes(32)))
    config("label key that is not canonical", "KeyUnsound", replaced(CONFIG, 2, b"\xee" + b"\xff" * 30 + b"\x7f"))
    config("a later config with limits", "DocumentFieldInvalid", without(without(CONFIG, 1), 2)[:4] , 1)
    config("an empty later config", "Ok", [], 1)
    config("fields out of order", "WireOrder", [CONFIG[1], CONFIG[0]] + CONFIG[2:])
    config("origin twice", "WireRepeatedField", [CONFIG[0]] + CONFIG)
    config("an unknown field", "WireUnknownField", CONFIG + [(10, 1)])
    administration("administration without a name", "DocumentFieldMissing", without(ADMINISTRATION, 1))
    administration("a name without language", "DocumentFieldMissing", [(1, [(2, "x")])] + ADMINISTRATION[2:])
    administration("one source system twice", "DocumentFieldInvalid", ADMINISTRATION[:5] + ADMINISTRATION[4:])
    administration("an entry key of small order", "KeyUnsound", replaced(ADMINISTRATION, 3, b"\x01" + bytes(31)))
    administration("connected neither 0 nor 1", "WireRange", replaced(ADMINISTRATION, 4, [(1, "cases"), (3, 2)]))

    def other(what, type_, finding, fields):
        messages.append({"what": what, "type": type_, "version": 0, "message": message(fields).hex(),
                         "finding": finding})

    for type_, what, fields, required in (
            (2, "provision", PROVISION, (1, 2, 3, 4, 5, 6)), (3, "purpose", PURPOSE, (1, 2)),
            (4, "category", CATEGORY, (1, 2)), (5, "AI system", AI_SYSTEM, (1, 2, 3)),
            (6, "analysis", ANALYSIS, (1, 2, 3, 4, 5, 6, 7)), (7, "count", COUNT, (1, 2, 3, 4, 5)),
            (8, "identity service", IDENTITY_SERVICE, (1, 2, 3, 4))):
        for number in required:
            other(f"{what} without field {number}", type_, "DocumentFieldMissing", without(fields, number))
        other(f"{what} with an unknown field", type_, "WireUnknownField", fields + [(16, 1)])
    other("a provision of consent", 2, "DocumentFieldInvalid", replaced(PROVISION, 1, "A6-1-a"))
    other("a provision on an unknown basis", 2, "DocumentFieldInvalid", replaced(PROVISION, 1, "A6-1-z"))
    other("a provision for the chain self", 2, "DocumentFieldInvalid", replaced(PROVISION, 4, 0xffffffff))
    other("a provision that ends before it begins", 2, "DocumentFieldInvalid", replaced(PROVISION, 10, 999))
    other("a provision with administrations packed", 2, "WireType", replaced(PROVISION, 4, b"\x00\x07"))
    other("one language twice", 3, "DocumentFieldInvalid",
          [PURPOSE[0], PURPOSE[1], (2, [(1, "sv"), (2, "Igen")])] + PURPOSE[2:])
    other("k above the cohort", 6, "DocumentFieldInvalid", replaced(ANALYSIS, 7, 41))
    other("k of one", 6, "DocumentFieldInvalid", replaced(ANALYSIS, 7, 1))
    other("differentially private without epsilon", 6, "DocumentFieldMissing",
          replaced(ANALYSIS, 6, "differentially-private"))
    other("an unknown way of hiding people", 6, "DocumentFieldInvalid", replaced(ANALYSIS, 6, "mixed"))
    other("a count of no time", 7, "DocumentFieldInvalid", replaced(COUNT, 4, 86400))
    other("a set hash of 31 bytes", 7, "DocumentFieldInvalid", replaced(COUNT, 6, bytes(31)))
    other("an identity service with a key of small order", 8, "KeyUnsound", replaced(IDENTITY_SERVICE, 2, bytes(32)))
    other("an unknown assurance", 8, "DocumentFieldInvalid", replaced(IDENTITY_SERVICE, 4, "sure"))
    return {"origin": ORIGIN, "documents": documents, "messages": messages}


# --- record.json (docs/record.md) ---

ACCESS = [
    (10, b"0123456789abcdef"), (20, 1767225600123), (40, "helsinki-profile"), (50, "0201256-6"), (70, 1),
    (130, b"\x01id"), (131, 0), (140, 1), (150, "Consult"), (160, "pd:Income"), (160, "pd:Family"), (161, 0),
    (180, "SocialWelfareEligibilityAssessment"), (190, [(1, "sv"), (2, "Vi handlägger din ansökan")]),
    (200, [(1, "A6-1-e"), (2, 0), (3, "SoL 2025:400")]), (210, [(1, ORIGIN), (2, 2)]), (250, 1),
]
NOTICE = [(1, b"0123456789abcdef"), (2, b"\x01id"), (3, 2), (4, 1767225600)]
GROUND = [(1, "retention"), (2, "City Archive"), (3, 7)]
ERASURE = [(1, 0), (2, GROUND), (3, b"wish")]
ACTOR = [(80, "7f"), (100, "profile-ui"), (101, "kukkuu"), (102, "192.0.2.1")]


def record_cases():
    records, notices, actors = [], [], []

    def record(what, finding, fields, missing=None):
        case = {"what": what, "record": message([(1, fields)]).hex(), "finding": finding}
        if missing:
            case["field"] = missing
        records.append(case)

    def raw(what, finding, data):
        records.append({"what": what, "record": data.hex(), "finding": finding})

    record("an access", "Ok", ACCESS)
    record("an operation nobody knows", "Ok", replaced(ACCESS, 140, 4711))
    for number, name in ((10, "entry_id"), (20, "occurred_at_ms"), (50, "controller_id"), (130, "subject"),
                         (131, "administration"), (140, "operation"), (160, "data_category"), (180, "purpose"),
                         (200, "legal_basis"), (210, "as_of")):
        record(f"without {name}", "RecordFieldMissing", without(ACCESS, number), name)
    record("operation 0", "RecordFieldMissing", replaced(ACCESS, 140, 0), "operation")
    record("as_of of size 0", "RecordFieldMissing", replaced(ACCESS, 210, [(1, ORIGIN), (2, 0)]), "as_of")
    record("a basis without a name", "RecordFieldMissing", replaced(ACCESS, 200, [(2, 0)]), "basis")
    record("entry_id of 15 bytes", "RecordFieldInvalid", replaced(ACCESS, 10, bytes(15)), "entry_id")
    record("subject of one byte", "RecordFieldInvalid", replaced(ACCESS, 130, b"\x01"), "subject")
    record("administration self", "RecordFieldInvalid", replaced(ACCESS, 131, 0xFFFFFFFF), "administration")
    record("an empty category", "RecordFieldInvalid", replaced(ACCESS, 160, ""), "data_category")
    record("administration of 33 bits", "WireRange", replaced(ACCESS, 131, 1 << 32))
    record("operation of 32 bits", "WireRange", replaced(ACCESS, 140, 1 << 31))
    record("purpose that is not UTF-8", "WireUtf8", replaced(ACCESS, 180, b"\xed\xa0\x80"))
    record("purpose before subject", "WireOrder", [ACCESS[12]] + without(ACCESS, 180))
    record("purpose twice", "WireRepeatedField", ACCESS[:13] + ACCESS[12:])
    record("categories apart", "WireOrder", ACCESS[:10] + [ACCESS[11], ACCESS[10]] + ACCESS[12:])
    record("an unknown field", "WireUnknownField", ACCESS + [(999, 1)])
    record("an actor's field", "WireUnknownField", ACCESS[:5] + [(80, "7f")] + ACCESS[5:])
    record("purpose as a number", "WireType", replaced(ACCESS, 180, 1))
    raw("nothing", "RecordFieldMissing", b"")
    raw("a statement", "RecordFieldMissing", message([(2, b"")]))
    raw("a fourth content", "WireUnknownField", message([(4, b"")]))
    raw("an access without its record", "WireUnknownField", message(ACCESS))
    whole = message([(1, ACCESS)])
    raw("one byte short", "WireTruncated", whole[:-1])
    raw("two accesses", "WireRepeatedField", whole + whole)
    raw("a length in too many bytes", "WireVarint", b"\x0a\x80\x00")
    raw("a tag in too many bytes", "WireVarint", b"\x8a\x00\x00")
    raw("a group", "WireTag", b"\x0b\x0c")
    raw("field 0", "WireTag", b"\x02\x00")

    def notice(what, finding, fields, missing=None):
        case = {"what": what, "record": message([(3, fields)]).hex(), "finding": finding}
        if missing:
            case["field"] = missing
        notices.append(case)

    notice("an erasure", "Ok", NOTICE + [(6, ERASURE)])
    notice("an erasure by nobody's wish", "Ok", NOTICE + [(6, ERASURE[:2])])
    notice("a withholding", "Ok", NOTICE + [(7, [(1, 5), (2, 1800000000), (3, GROUND[:2])])])
    notice("a restriction", "Ok", NOTICE + [(8, [(1, 5), (3, GROUND)])])
    notice("a restriction that ends", "Ok", NOTICE + [(8, [(1, 5), (2, 1), (3, GROUND)])])
    fetch = (5, [(1, 2), (2, 2)])
    notice("a key fetch", "Ok", replaced(NOTICE, 3, 0xFFFFFFFF) + [fetch])
    notice("a key fetch outside of self", "RecordFieldInvalid", NOTICE + [fetch], "administration")
    for number, name in ((1, "entry_id"), (2, "subject"), (3, "administration"), (4, "at_s")):
        notice(f"without {name}", "RecordFieldMissing", without(NOTICE, number) + [(6, ERASURE)], name)
    notice("without an event", "RecordFieldMissing", NOTICE, "event")
    notice("two events", "RecordFieldInvalid", NOTICE + [(6, ERASURE), (8, [(1, 5), (3, GROUND)])], "restriction")
    notice("an erasure of nothing", "RecordFieldMissing", NOTICE + [(6, ERASURE[1:])], "entry")
    notice("an erasure without a ground", "RecordFieldMissing", NOTICE + [(6, ERASURE[:1])], "ground")
    notice("a ground without a name", "RecordFieldMissing", NOTICE + [(6, replaced(ERASURE, 2, GROUND[1:]))], "ground")
    notice("a ground that nobody decided", "RecordFieldMissing", NOTICE + [(6, replaced(ERASURE, 2, GROUND[:1]))],
           "authority")
    notice("a withholding for ever", "RecordFieldMissing", NOTICE + [(7, [(1, 5), (3, GROUND)])], "until_s")
    notice("entry_id of 17 bytes", "RecordFieldInvalid", replaced(NOTICE, 1, bytes(17)) + [(6, ERASURE)], "entry_id")
    notice("subject of one byte", "RecordFieldInvalid", replaced(NOTICE, 2, b"\x01") + [(6, ERASURE)], "subject")
    notice("lifted neither 0 nor 1", "WireRange", NOTICE + [(8, [(1, 5), (2, 2), (3, GROUND)])])
    notice("an unknown event", "WireUnknownField", NOTICE + [(9, [(1, 5)])])
    notices.append({"what": "an access and an erasure", "record": message([(1, ACCESS), (3, NOTICE)]).hex(),
                    "finding": "RecordFieldMissing", "field": "notice"})
    notices.append({"what": "an access", "record": whole.hex(), "finding": "RecordFieldMissing", "field": "notice"})
    records.append({"what": "an access and a notice", "record": message([(1, ACCESS), (3, NOTICE)]).hex(),
                    "finding": "RecordFieldInvalid", "field": "notice"})

    def actor(what, finding, data):
        actors.append({"what": what, "actor": data.hex(), "finding": finding})

    actor("an actor", "Ok", message(ACTOR))
    actor("nothing", "Ok", b"")
    actor("a record's field", "WireUnknownField", message([(70, 1)] + ACTOR))
    actor("id twice", "WireRepeatedField", message(ACTOR[:1] + ACTOR))
    actor("id that is not UTF-8", "WireUtf8", message([(80, b"\xff")]))
    return {"records": records, "notices": notices, "actors": actors}


# --- statement_records.json (docs/statements.md) ---

FAMILY = "vidimus.example/test"
SUBJECT = b"\x01id"
SCOPE = [(1, "0101263-6"), (2, "PublicServiceProvision"), (3, "pd:Income"), (3, "pd:Family"), (4, 1000), (5, 2000)]
GRANT = [(1, 0), (1, 7), (2, SCOPE), (3, 1), (4, "A6-1-a-explicit-consent"), (5, "https://city.example/notice"),
         (6, "EU"), (7, 86400), (8, "FI"), (9, "In the app")]
HEAD = [(1, b"0123456789abcdef"), (2, 1), (3, bytes(32)), (4, b"fedcba9876543210"), (6, 1767225600123), (7, "sv"),
        (8, sha256(b"the words")), (9, "ISO/IEC TS 27560:2023")]
WALLET_KEY = [(1, 1), (2, public("second wallet")), (3, "Phone")]
EVENTS = {
    10: GRANT, 11: [(1, b"0123456789abcdef"), (3, 5)], 12: [(1, SCOPE), (2, "Not this")], 13: [], 14: [(2, 1)],
    15: [(1, 0), (2, "I was not there")], 16: WALLET_KEY, 17: [(1, b"fedcba9876543210")], 18: WALLET_KEY,
    19: [(1, WALLET_KEY), (2, SCOPE), (3, 3000), (4, "guardian")], 20: [(1, b"\x02other")],
}


def statement_hash(family, subject, administration, data):
    return sha256(b"\x0a" + bytes([len(family)]) + family.encode() + len(subject).to_bytes(2, "big") + subject +
                  administration.to_bytes(4, "big") + len(data).to_bytes(4, "big") + data)


def statement_cases():
    statements = []

    def add(what, finding, fields, field_=None, signature="Ok", family=FAMILY, subject=SUBJECT, administration=0,
            signer="wallet", kind=1, envelope=lambda e: e):
        data = message(fields)
        signed = b"vidimus/v1 statement\n" + statement_hash(family, subject, administration, data)
        outer = [(1, bytes(16)), (2, SUBJECT), (3, 0), (4, data), (5, kind), (6, key(signer).sign(signed))]
        case = {"what": what, "record": message([(2, envelope(outer))]).hex(), "finding": finding}
        if field_:
            case["field"] = field_
        if finding == "Ok":
            case["signature"] = signature
        statements.append(case)

    for number, event in EVENTS.items():
        add(f"event {number}", "Ok", HEAD + [(number, event)])
    by_service = without(without(without(HEAD, 2), 3), 4)
    add("a first key, by an identity service", "Ok",
        by_service[:1] + [(2, 0), (5, 0)] + by_service[1:] + [(16, WALLET_KEY)])
    grant = HEAD + [(10, GRANT)]
    add("signed by another key", "Ok", grant, signature="StatementSignature", signer="stranger")
    add("signed for another family", "Ok", grant, signature="StatementSignature", family=FAMILY + "x")
    add("signed for another subject", "Ok", grant, signature="StatementSignature", subject=b"\x01ie")
    add("signed for another administration", "Ok", grant, signature="StatementSignature", administration=1)
    add("signed in a way that nobody knows", "Ok", grant, signature="SignatureKindUnknown", kind=77)
    add("changed after it was signed", "Ok", grant, signature="StatementSignature",
        envelope=lambda e: replaced(e, 4, message(HEAD + [(12, [])])))
    for number, name in ((1, "statement_id"), (2, "sequence"), (3, "previous"), (4, "key_id"), (7, "language"),
                         (8, "words_sha256"), (10, "event")):
        add(f"without {name}", "RecordFieldMissing", without(grant, number), name)
    add("the first with one before it", "RecordFieldInvalid", replaced(grant, 2, 0), "previous")
    add("by a key and by a service", "RecordFieldInvalid", HEAD[:4] + [(5, 0)] + HEAD[4:] + [(10, GRANT)],
        "identity_service")
    add("a statement id of 15 bytes", "RecordFieldInvalid", replaced(grant, 1, bytes(15)), "statement_id")
    for number, name in ((1, "administration"), (3, "assurance"), (4, "lawful_basis")):
        add(f"a grant without {name}", "RecordFieldMissing", HEAD + [(10, without(GRANT, number))], name)
    add("a grant without a scope", "RecordFieldMissing", HEAD + [(10, without(GRANT, 2))], "purpose")
    add("a grant for no data", "RecordFieldMissing", HEAD + [(10, replaced(GRANT, 2, without(SCOPE, 3)))],
        "data_category")
    add("a grant of law", "RecordFieldInvalid", HEAD + [(10, replaced(GRANT, 4, "A6-1-e"))], "lawful_basis")
    add("a grant for no time", "RecordFieldInvalid", HEAD + [(10, replaced(GRANT, 2, replaced(SCOPE, 5, 1000)))],
        "valid_until_s")
    add("a withdrawal of nothing", "RecordFieldMissing", HEAD + [(11, [(2, 0)])], "statement_id")
    add("a dispute about nothing", "RecordFieldMissing", HEAD + [(15, [(2, "Why")])], "entry")
    add("a key of small order", "KeyUnsound", HEAD + [(16, replaced(WALLET_KEY, 2, bytes(32)))], "public_key")
    add("a key of no kind", "RecordFieldMissing", HEAD + [(16, WALLET_KEY[1:])], "kind")
    add("a revocation of nothing", "RecordFieldMissing", HEAD + [(17, [])], "key_id")
    add("a delegation for ever", "RecordFieldMissing", HEAD + [(19, without(EVENTS[19], 3))], "until_s")
    add("two events", "RecordFieldInvalid", HEAD + [(13, []), (14, [])], "preference")
    add("an unknown event", "WireUnknownField", HEAD + [(21, [])])
    add("an unknown field", "WireUnknownField", HEAD + [(10, GRANT + [(10, 1)])])
    add("fields out of order", "WireOrder", [HEAD[1], HEAD[0]] + HEAD[2:] + [(10, GRANT)])
    for number, name in ((1, "entry_id"), (2, "subject"), (3, "administration"), (4, "statement"),
                         (5, "signature_kind"), (6, "signature")):
        add(f"an envelope without {name}", "RecordFieldMissing", grant, name,
            envelope=lambda e, n=number: without(e, n))
    return {"family": FAMILY, "subject": SUBJECT.hex(), "a": 0, "public_key": public("wallet").hex(),
            "statements": statements}


def main():
    for name, content in (("multi", multi_cases()), ("several", several_cases()),
                          ("register_documents", document_cases()),
                          ("record", record_cases()), ("statement_records", statement_cases())):
        with open(name + ".json", "w", encoding="utf-8") as file:
            json.dump(content, file, indent=1)
            file.write("\n")


if __name__ == "__main__":
    main()
