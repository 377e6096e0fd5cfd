#!/usr/bin/env python3
"""Makes verdicts.json: whole histories, and the verdict on each access in them.

Usage: verdicts.py [FOLDER] (in this folder; needs python3-cryptography; FOLDER is
where to write some of the histories as a corpus for verifier/verdict_fuzz.cc).
Shares no code with the verifier and computes no verdict: what must come out is
written beside each story, by hand, from docs/verdicts.md.
"""

import json
import sys

from make import key, message, public, sha256, statement_hash

FAMILY = "vidimus.example/test"
SUBJECT = b"\x01id"
BOARD = 3
CITY = "0201256-6"
PURPOSE, OTHER_PURPOSE = "PublicServiceProvision", "Education"
START, DAY = 1700000000, 86400
LIMITS = {"notice_s": 7 * DAY, "fresh_s": 60, "late_s": 1800, "skew_s": 5, "recovery_s": 3 * DAY,
          "keep_min_s": 30 * DAY}
ADMINISTRATION_TYPE, PROVISION, PURPOSE_TYPE, AI_SYSTEM, SERVICE = 1, 2, 3, 5, 8
GRANT, WITHDRAWAL, PROHIBITION, OBJECTION, PREFERENCE, DISPUTE = 10, 11, 12, 13, 14, 15
KEY_ADD, KEY_REVOKE, RECOVER, DELEGATE, ALIAS = 16, 17, 18, 19, 20


def name(words):
    return [(1, "en"), (2, words)]


def law(overrides, bases=("A6-1-e",), board=BOARD, purposes=(PURPOSE,), categories=("Income", "Family"), until=None,
        withholding=90 * DAY, unverified=False):
    return ([(1, b) for b in bases] + [(2, "Act 1/2000"), (3, name("Act")), (4, board)] + [(5, p) for p in purposes] +
            [(6, c) for c in categories] + [(7, overrides)] + ([(8, withholding)] if withholding else []) +
            ([(10, until)] if until else []) + ([(14, 1)] if unverified else []))


def identity_service(organisation="0245437-2"):
    return [(1, name("Identification of the state")), (2, public("identity")), (3, organisation), (4, "high")]


def statement_id(number):
    return b"statement-%06d" % number


def scope(purposes=(PURPOSE,), categories=("Income",), recipients=(), valid_from=None, until=None):
    return ([(1, r) for r in recipients] + [(2, p) for p in purposes] + [(3, c) for c in categories] +
            ([(4, valid_from)] if valid_from else []) + ([(5, until)] if until else []))


def grant(board=BOARD, **of):
    return [(1, board), (2, scope(**of)), (3, 1), (4, "A6-1-a")]


def wallet_key(owner):
    return [(1, 1), (2, public(owner))]


HISTORIES = []


class Story:
    """A log that opens with a board, two purposes, provision 0 that yields to a prohibition, provision 1 that does
    not, and identity service 0; eight days later the first key, then (unless it is not wanted) a grant."""

    def __init__(self, what, granted=True, organisation="0245437-2", key_at_hand=True, **grant_of):
        self.what, self.logs, self.expected, self.findings = what, [], [], []
        self.number, self.previous, self.time = 0, None, START
        self.organisation = organisation
        HISTORIES.append(self)
        self.open("2026h1")
        self.seal(8 * DAY)
        if key_at_hand:
            self.say("Ok", 1, KEY_ADD, wallet_key("wallet"), service=0)
            self.seal(1)
        if granted:
            self.say("Ok", 2, GRANT, grant(**grant_of))
            self.seal(1)

    def open(self, period):
        self.log = {"origin": FAMILY + "/" + period, "limits": LIMITS, "head_time_s": self.time,
                    "seals": [[2, self.time]], "documents": [], "entries": []}
        self.logs.append(self.log)
        self.size, self.documents, self.entries, self.versions = 2, [], [], {}
        self.put(ADMINISTRATION_TYPE, BOARD, [(1, name("Board")), (4, [(1, "cases"), (3, 1)]),
                                              (4, [(1, "paper"), (3, 0)]), (5, CITY)])
        self.put(PURPOSE_TYPE, 0, [(1, PURPOSE), (2, name("Services"))])
        self.put(PURPOSE_TYPE, 1, [(1, OTHER_PURPOSE), (2, name("Schools"))])
        self.put(PROVISION, 0, law(0))
        self.put(PROVISION, 1, law(1))
        self.put(SERVICE, 0, identity_service(self.organisation))
        self.seal(0, 3)

    def put(self, type_, number, fields):
        version = self.versions.get((type_, number), 0)
        self.versions[type_, number] = version + 1
        self.documents.append({"type": type_, "number": number, "version": version, "position": self.size,
                               "message": None if fields is None else message(fields).hex()})

    def entry(self, content, record, notice=0):
        self.entries.append({"position": self.size, "content": content, "notice": notice, "record": record.hex()})

    def say(self, finding, number, event, fields, by="wallet", key_id=1, service=None, sequence=None, previous=None,
            family=FAMILY, kind=1, again=None):
        """The next statement in the chain, unless a sequence is named."""
        if again is None:
            sequence, previous = (self.number, self.previous) if sequence is None else (sequence, previous)
            body = message([(1, statement_id(number)), (2, sequence)] + ([(3, previous)] if previous else []) +
                           ([(4, statement_id(key_id))] if service is None else [(5, service)]) +
                           [(7, "sv"), (8, sha256(b"the words")), (event, fields)])
            hash_ = statement_hash(family, SUBJECT, BOARD, body)
            signature = key(by if service is None else "identity").sign(b"vidimus/v1 statement\n" + hash_)
            again = message([(2, [(1, bytes(16)), (2, SUBJECT), (3, BOARD), (4, body), (5, kind), (6, signature)])])
            if finding == "Ok" and family == FAMILY:
                self.number, self.previous = sequence + 1, hash_
        self.entry("open", again)
        self.findings.append(finding)
        return again

    def as_of(self):
        return (self.log["origin"], self.size, self.time)

    def access(self, headline, law_, wish, failed="none", timing=(), as_of=None, basis="A6-1-a", provision=None,
               bases=None, categories=("Income",), purpose=PURPOSE, recipient=None, delay=0, source=None, actor=None,
               ai=None, operation=1, raw=None):
        origin, size, time = as_of or self.as_of()
        if bases is None:
            bases = [(basis, provision)]
        fields = [(10, bytes(16)), (20, (time + delay) * 1000)] + ([(40, source)] if source else []) + [(50, CITY)]
        fields += ([(70, actor)] if actor else []) + ([(120, ai)] if ai else [])
        fields += [(130, SUBJECT), (131, BOARD), (140, operation)] + [(160, c) for c in categories] + [(180, purpose)]
        fields += [(200, [(1, b)] + ([(2, p)] if p is not None else [])) for b, p in bases]
        fields += [(210, [(1, origin), (2, size)])] + ([(230, recipient)] if recipient else [])
        self.entry("open", message([(1, fields)]) if raw is None else raw)
        self.expect("open", law_, wish, timing, headline, failed)

    def closed(self, content, headline_content, notice):
        self.entry(content, b"", notice)
        self.expect(headline_content, "unproven", "silent", (), headline_content, "none")

    def notice(self, event, fields):
        self.entry("open", message([(3, [(1, bytes(16)), (2, SUBJECT), (3, BOARD), (4, self.time), (event, fields)])]))

    def expect(self, content, law_, wish, timing, headline, failed):
        self.expected.append({"log": len(self.logs) - 1, "entry": len(self.log["entries"]) + len(self.entries) - 1,
                              "content": content, "law": law_, "wish": wish, "race": "race" in timing,
                              "stale": "stale" in timing, "late": "late" in timing, "headline": headline,
                              "failed": failed})

    def seal(self, seconds, others=8):
        self.time += seconds
        for kind, waiting in (("documents", self.documents), ("entries", self.entries)):
            for item in waiting:
                item["seal_time_s"] = self.time
                self.log[kind].append(item)
        self.size += len(self.documents) + len(self.entries) + others + 1
        self.log["seals"].append([self.size, self.time])
        self.log["head_time_s"] = self.time
        self.documents, self.entries = [], []

    def json(self):
        return {"what": self.what, "subject": SUBJECT.hex(), "administration": BOARD, "logs": self.logs,
                "statements": self.findings, "verdicts": self.expected}


def once(what, *verdict, story=None, before=None, seal=1, **access):
    """A story with one access at its end."""
    told = Story(what, **(story or {}))
    if before:
        before(told)
    told.access(*verdict, **access)
    told.seal(seal)
    return told


LAWFUL = {"basis": "A6-1-e", "provision": 0}
DUTY = {"basis": "A6-1-e", "provision": 1}
NO_GRANT = {"granted": False}


def withdraw(told, number=3, of=2):
    told.say("Ok", number, WITHDRAWAL, [(1, statement_id(of))])
    told.seal(1)


def prohibit(told, number=4):
    told.say("Ok", number, PROHIBITION, [])
    told.seal(1)


def page_example():
    told = Story("the example of the page")
    told.access("under consent", "not covered", "granted")
    told.seal(1)
    told.access("violation", "not covered", "silent", "category", categories=("Income", "Family"))
    told.seal(1)
    withdraw_at = told.as_of()
    told.say("Ok", 3, WITHDRAWAL, [(1, statement_id(2))])
    told.access("race", "not covered", "granted", timing=("race",), as_of=withdraw_at)
    told.seal(1)
    told.access("violation", "not covered", "silent", "withdrawn")
    told.seal(1)
    told.access("under law", "covered", "silent", **LAWFUL)
    told.seal(1)
    prohibit(told)
    told.access("violation", "not covered", "against", "prohibited", **LAWFUL)
    told.seal(1)
    told.access("against your wish", "covered", "against", **DUTY)
    told.seal(1)


def headlines():
    once("under consent", "under consent", "not covered", "granted")
    once("under law", "under law", "covered", "silent", story=NO_GRANT, **LAWFUL)
    once("both", "under consent", "covered", "granted", **LAWFUL)
    once("a grant is enough where law is unproven", "under consent", "unproven", "granted", basis="A6-1-x")
    once("as fresh as it must be", "under consent", "not covered", "granted", delay=60, seal=60)
    once("stale", "stale", "not covered", "granted", timing=("stale",), delay=61, seal=61)
    once("just in time", "under consent", "not covered", "granted", seal=1800)
    once("late", "late", "not covered", "granted", timing=("late",), seal=1801)
    once("as far ahead as clocks may be", "under consent", "not covered", "granted", delay=5, seal=0)
    once("in the future", "late", "not covered", "granted", timing=("late",), delay=6, seal=0)
    for what, event, fields in (("a withdrawal", WITHDRAWAL, [(1, statement_id(2))]),
                                ("a revocation", KEY_REVOKE, [(1, statement_id(1))]), ("a prohibition", PROHIBITION, [])):
        for after in (False, True):
            told = Story(f"a race with {what}" + (" in a batch between" if after else ""))
            state = told.as_of()
            told.say("Ok", 3, event, fields)
            if after:
                told.seal(1)
            told.access("race", "not covered", "granted", timing=("race",), as_of=state)
            told.seal(1)
    told = Story("an objection is no race")
    state = told.as_of()
    told.say("Ok", 3, OBJECTION, [])
    told.access("under consent", "not covered", "granted", as_of=state)
    told.seal(1)
    for failed, delay, seal in (("stale", 61, 62), ("late", 0, 1801)):
        told = Story(f"a race that is {failed}")
        state = told.as_of()
        told.say("Ok", 3, WITHDRAWAL, [(1, statement_id(2))])
        told.access("violation", "covered", "granted", failed, timing=("race", failed), as_of=state, delay=delay, **LAWFUL)
        told.seal(seal)
    once("an objection alone takes no law away", "against your wish", "covered", "against",
         before=lambda t: (t.say("Ok", 3, OBJECTION, []), t.seal(1)), **LAWFUL)
    once("a preference binds nobody", "under consent", "not covered", "granted",
         before=lambda t: (t.say("Ok", 3, PREFERENCE, [(2, 0)]), t.seal(1)))
    once("a newer grant goes above a prohibition", "under consent", "not covered", "granted",
         before=lambda t: (prohibit(t), t.say("Ok", 5, GRANT, grant()), t.seal(1)))
    told = Story("a prohibition beside the grant wins", granted=False)
    told.say("Ok", 2, GRANT, grant())
    told.say("Ok", 4, PROHIBITION, [])
    told.seal(1)
    told.access("violation", "not covered", "against", "prohibited")
    told.seal(1)
    once("a prohibition that was taken back", "under consent", "not covered", "granted",
         before=lambda t: (prohibit(t), withdraw(t, 5, 4)))


def dimensions():
    violation = lambda failed: ("violation", "not covered", "silent", failed)
    once("nothing granted and no law cited", *violation("ground"), story=NO_GRANT)
    once("no such provision", *violation("provision"), story=NO_GRANT, basis="A6-1-e", provision=9)
    once("another basis", *violation("basis"), story=NO_GRANT, basis="A6-1-c", provision=0)
    once("a grant for another administration", *violation("administration"), story={"board": 4})
    once("a grant without the recipient", *violation("recipient"), story={"recipients": ("espoo",)}, recipient="turku")
    once("a grant with the recipient", "under consent", "not covered", "granted", story={"recipients": ("espoo",)},
         recipient="espoo")
    once("a grant for another purpose", *violation("purpose"), purpose=OTHER_PURPOSE)
    once("a purpose that the register does not have", *violation("purpose"), story={"purposes": ("Curiosity",)},
         purpose="Curiosity")
    once("more data than granted", *violation("category"), categories=("Income", "Health"))
    once("after the grant's time", *violation("time"), story={"until": START + 8 * DAY + 3})
    once("sealed after the grant's time", *violation("time"), story={"until": START + 8 * DAY + 10}, seal=60)
    new = lambda t: (t.put(PURPOSE_TYPE, 2, [(1, "New"), (2, name("New"))]), t.seal(1))
    once("a purpose that is too new", *violation("notice"), story={"purposes": ("New",)}, before=new, purpose="New")
    once("a provision that is too new", *violation("notice"), story=NO_GRANT, basis="A6-1-e", provision=2,
         before=lambda t: (t.put(PROVISION, 2, law(0)), t.seal(1)))
    once("a provision that waited", "under law", "covered", "silent", story=NO_GRANT, basis="A6-1-e", provision=2,
         before=lambda t: (t.put(PROVISION, 2, law(0)), t.seal(1), t.seal(8 * DAY)))
    once("withdrawn", *violation("withdrawn"), before=withdraw)
    once("everything withdrawn", *violation("withdrawn"),
         before=lambda t: (t.say("Ok", 3, WITHDRAWAL, [(2, 1)]), t.seal(1)))
    once("revoked", *violation("revoked"), before=lambda t: (t.say("Ok", 3, KEY_REVOKE, [(1, statement_id(1))]), t.seal(1)))
    once("prohibited", "violation", "not covered", "against", "prohibited", before=prohibit)
    unproven = lambda failed: ("unproven", "unproven", "silent", failed)
    once("a record that cannot be read", *unproven("record"), raw=message([(1, [(10, bytes(16))])]))
    once("a state that never was", *unproven("as of"), as_of=(FAMILY + "/2026h1", 3, START + 8 * DAY + 2))
    once("another log's state", *unproven("as of"), as_of=("other", 2, START + 8 * DAY + 2))
    once("an operation that nobody knows", *unproven("operation"), operation=6)
    once("a model that the register does not know", *unproven("AI system"), actor=3, ai="ai-17")
    once("a model that it knows", "under consent", "not covered", "granted", actor=4, ai="ai-17", before=lambda t: (
        t.put(AI_SYSTEM, 0, [(1, "ai-17"), (2, name("Finder")), (3, BOARD)]), t.seal(1)))
    once("a system that is said not to be connected", *unproven("source system"), source="paper")
    once("a basis that nobody knows", *unproven("unknown basis"), story=NO_GRANT, basis="A6-1-x", provision=0)
    once("a basis without a provision", *unproven("unknown basis"), story=NO_GRANT, basis="A6-1-e")
    once("a provision that is not at hand", *unproven("unreadable"), story=NO_GRANT, basis="A6-1-e", provision=2,
         before=lambda t: (t.put(PROVISION, 2, None), t.seal(1), t.seal(8 * DAY)))
    once("a provision that nobody compared with the law", *unproven("unverified"), story=NO_GRANT, basis="A6-1-e",
         provision=2, before=lambda t: (t.put(PROVISION, 2, law(0, unverified=True)), t.seal(1), t.seal(8 * DAY)))
    once("one basis is enough", "under law", "covered", "silent", story=NO_GRANT,
         bases=[("A6-1-x", None), ("A6-1-e", 9), ("A6-1-e", 0)])


def findings():
    none = ("violation", "not covered", "silent", "ground")

    def bad(what, finding, before=None, verdict=none, **said):
        told = Story(what, granted=False)
        if before:
            before(told)
        told.say(finding, 2, GRANT, grant(), **said)
        told.seal(1)
        told.access(*verdict)
        told.seal(1)

    bad("a grant by a stranger", "StatementSignature", by="stranger")
    bad("a grant for another family", "StatementSignature", family=FAMILY + "x")
    bad("a grant in a way that nobody knows", "StatementSignature", kind=77)
    bad("a grant by a key of another chain", "StatementKeyUnknown", key_id=9)
    bad("a grant by an identity service", "StatementSigner", service=0)
    bad("a grant by an unregistered service", "StatementKeyUnknown", service=7)
    bad("a grant by a revoked key", "StatementKeyRevoked", before=lambda t: (
        t.say("Ok", 5, KEY_REVOKE, [(1, statement_id(1))]), t.seal(1)))
    bad("a grant beside the revocation of its key", "StatementKeyRevoked", before=lambda t: t.say(
        "Ok", 5, KEY_REVOKE, [(1, statement_id(1))]))
    bad("a grant after a hole", "StatementOrder", sequence=7, previous=bytes(32))
    recover = lambda wait: lambda t: (t.say("Ok", 6, RECOVER, wallet_key("new"), service=0), t.seal(1), t.seal(wait))
    bad("a grant by a key that was recovered just now", "StatementKeyUnconfirmed", before=recover(3 * DAY - 2), by="new",
        key_id=6)
    bad("a grant by a key that was recovered long ago", "Ok", before=recover(3 * DAY), by="new", key_id=6,
        verdict=("under consent", "not covered", "granted"))

    told = Story("a grant in its key's own batch", granted=False, key_at_hand=False)
    told.say("Ok", 1, KEY_ADD, wallet_key("wallet"), service=0)
    told.say("StatementKeyUnknown", 2, GRANT, grant())
    told.seal(1)
    told.access(*none)
    told.seal(1)

    told = Story("a grant that the log files again after its withdrawal", granted=False)
    record = told.say("Ok", 2, GRANT, grant())
    told.seal(1)
    withdraw(told)
    told.say("StatementReplay", 2, GRANT, None, again=record)
    told.seal(1)
    told.access("violation", "not covered", "silent", "withdrawn")
    told.seal(1)

    told = Story("the city enrols a key and grants to itself", granted=False, organisation=CITY)
    told.say("StatementOwnInterest", 2, GRANT, grant())
    told.seal(1)
    told.access(*none)
    told.seal(1)

    told = Story("a second first key")
    told.say("StatementSigner", 6, KEY_ADD, wallet_key("other"), service=0)
    told.seal(1)
    told.access("under consent", "not covered", "granted")
    told.seal(1)

    told = Story("a withdrawal for somebody who lost the key")
    told.say("Ok", 3, WITHDRAWAL, [(2, 1)], service=0)
    told.seal(1)
    told.access("violation", "not covered", "silent", "withdrawn")
    told.seal(1)

    told = Story("a withdrawal out of order restrains all the same")
    told.say("StatementOrder", 3, WITHDRAWAL, [(2, 1)], sequence=77, previous=bytes(32))
    told.seal(1)
    told.access("violation", "not covered", "silent", "withdrawn")
    told.seal(1)

    told = Story("a delegate's grant, and not above the resident's word", granted=False)
    told.say("Ok", 6, DELEGATE, [(1, wallet_key("guardian")), (3, START + 100 * DAY), (4, "guardian")])
    told.seal(1)
    told.say("Ok", 2, GRANT, grant(), by="guardian", key_id=6)
    told.seal(1)
    told.access("under consent", "not covered", "granted")
    told.seal(1)
    prohibit(told)
    told.say("Ok", 7, GRANT, grant(), by="guardian", key_id=6)
    told.seal(1)
    told.access("violation", "not covered", "against", "prohibited")
    told.seal(1)

    told = Story("a grant stays in force in the family's next log")
    last = told.as_of()
    told.open("2026h2")
    told.access("under consent", "not covered", "granted")
    told.seal(1)
    told.say("Ok", 3, WITHDRAWAL, [(1, statement_id(2))])
    told.access("race", "not covered", "granted", timing=("race",), as_of=last)
    told.seal(1)
    told.access("violation", "not covered", "silent", "withdrawn")
    told.seal(1)


def contents():
    ground = lambda provision=None: [(1, "police"), (2, "Police")] + ([(3, provision)] if provision is not None else [])

    def closed(what, content, expected, event, fields, wait=40 * DAY, before=None, granted=False):
        told = Story(what, granted=granted)
        place = 1 + granted
        told.closed(content, expected, place + 1 + (2 if before else 0))
        told.seal(1)
        sealed = told.time
        if before:
            before(told)
        told.seal(wait)
        told.notice(event, fields(place, sealed))
        told.seal(1)

    erasure, withholding, restriction = 6, 7, 8
    for content in ("forged", "missing"):
        told = Story(content + " content", granted=False)
        told.closed(content, content, 0)
        told.seal(1)
    until = lambda days: lambda i, sealed: [(1, i), (2, sealed + days * DAY), (3, ground(0))]
    closed("withheld", "withheld", "withheld", withholding, until(90))
    closed("withheld for longer than the law allows", "withheld", "missing", withholding, until(91))
    closed("withheld until a date that is past", "withheld", "missing", withholding, until(40))
    closed("withheld under no provision", "withheld", "missing", withholding,
           lambda i, sealed: [(1, i), (2, sealed + 60 * DAY), (3, ground())])
    closed("a notice about another entry", "withheld", "missing", withholding,
           lambda i, sealed: [(1, i + 1), (2, sealed + 60 * DAY), (3, ground(0))])
    closed("restricted", "restricted", "restricted", restriction, lambda i, _: [(1, i), (3, ground())])
    closed("a restriction that was lifted", "restricted", "missing", restriction,
           lambda i, _: [(1, i), (2, 1), (3, ground())])
    closed("erased", "erased", "erased", erasure, lambda i, _: [(1, i), (2, ground())])
    closed("erased too soon", "erased", "missing", erasure, lambda i, _: [(1, i), (2, ground())], wait=20 * DAY)

    def dispute(told):
        told.say("Ok", 8, DISPUTE, [(1, 1)])
        told.seal(1)
        told.say("Ok", 9, PREFERENCE, [])
        told.seal(1)

    def wish(told):
        told.say("Ok", 8, DISPUTE, [(1, 1)])
        told.seal(1)
        told.say("Ok", 9, WITHDRAWAL, [(3, 1)])
        told.seal(1)

    closed("erased during a dispute", "erased", "missing", erasure, lambda i, _: [(1, i), (2, ground())], before=dispute)
    closed("erased as the resident wished", "erased", "erased", erasure,
           lambda i, _: [(1, i), (2, ground()), (3, statement_id(9))], wait=DAY, before=wish)


def write_corpus(folder):
    """Some of the same histories, as verifier/verdict_fuzz.cc reads them. Every test run goes over each beginning of
    each, so they are few."""
    contents_ = ["open", "withheld", "restricted", "erased", "missing", "forged"]
    long = lambda data: len(data).to_bytes(2, "big") + data
    for number, told in enumerate(HISTORIES[::5]):
        out, time = b"", 0
        for log in told.logs:
            out += b"t" + log["seals"][0][1].to_bytes(8, "big") + b"l" + long(log["origin"].encode())
            time, size = log["seals"][0][1], log["seals"][0][0]
            for end, at in log["seals"][1:]:
                for document in [d for d in log["documents"] if d["position"] == size]:
                    out += (b"D" if document["message"] is None else b"d") + bytes([document["type"], document["number"]])
                    out += b"" if document["message"] is None else long(bytes.fromhex(document["message"]))
                for entry in [e for e in log["entries"] if e["position"] == size]:
                    if entry["content"] == "open":
                        out += b"e" + long(bytes.fromhex(entry["record"]))
                    else:
                        out += b"c" + bytes([contents_.index(entry["content"]), entry["notice"]])
                out += b"s" + bytes([end - size - 1]) + (at - time).to_bytes(4, "big")
                time, size = at, end
        with open(f"{folder}/{number:02d}", "wb") as file:
            file.write(out)


def main():
    page_example()
    headlines()
    dimensions()
    findings()
    contents()
    with open("verdicts.json", "w", encoding="utf-8") as file:
        json.dump({"histories": [told.json() for told in HISTORIES]}, file, indent=1)
        file.write("\n")
    if len(sys.argv) > 1:
        write_corpus(sys.argv[1])


if __name__ == "__main__":
    main()
