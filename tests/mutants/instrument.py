#!/usr/bin/env python3
"""Finds every condition of a C++ source, so that each can be negated in turn.

Usage: instrument.py --print SOURCE
       instrument.py SOURCE LIST FIRST OUT

The second form writes a copy of SOURCE in which the n-th condition, counted from
FIRST, is `vidimus::Negated(n, condition)`; see negated.h. LIST has a line for
each condition in the order of the source: the test that must fail when it is
negated, a bar, and the condition. A condition that LIST does not have, or has
elsewhere, is an error: who writes a condition also names its test.

What is a condition: what stands between the brackets of an `if` or a `while`, or
before a `?`, cut at `&&`, `||`, `?` and `:`; an operand of `&&` and `||` anywhere
else; and a comparison that is returned or assigned. The source must be plain enough for
that: no `if` with a declaration, no macro but RETURN_IF_FOUND, whose finding
then is passed over.
"""

import re
import sys

TOKEN = re.compile(r"""
    (?P<skip>\s+|//[^\n]*|/\*.*?\*/|^\#[^\n]*)
  | (?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')
  | (?P<word>[A-Za-z_0-9]+)
  | (?P<mark>::|->|&&|\|\||==|!=|<=|>=|\+=|-=|\|=|&=|\+\+|--|.)
""", re.X | re.S | re.M)
OPEN = {"(": ")", "[": "]", "{": "}"}
COMPARE = {"==", "!=", "<=", ">="}
CUTS = {"&&", "||", "?", ":", ",", ";", "=", "|=", "&=", "+=", "-=", "return", "case", "else", "default"}


class Group:
    """What stands between two brackets: tokens (text, begin, end) and groups."""

    def __init__(self, mark, begin):
        self.mark, self.begin, self.end, self.items = mark, begin, begin, []

    def inside(self):
        return self.items[0].begin if self.items else self.begin


class Token:
    def __init__(self, text, begin, end):
        self.text, self.begin, self.end = text, begin, end


def parse(source):
    root = Group("{", 0)
    stack = [root]
    for match in TOKEN.finditer(source):
        if match.lastgroup == "skip":
            continue
        text = match.group()
        if match.lastgroup == "mark" and text in OPEN:
            group = Group(text, match.start())
            stack[-1].items.append(group)
            stack.append(group)
        elif match.lastgroup == "mark" and text in OPEN.values():
            group = stack.pop()
            assert OPEN[group.mark] == text, source[match.start():match.start() + 40]
            group.end = match.end()
        else:
            stack[-1].items.append(Token(text, match.start(), match.end()))
    assert len(stack) == 1
    return root


def text_of(item):
    return item.text if isinstance(item, Token) else item.mark


class Finder:
    def __init__(self, source):
        self.source = source
        self.found = []  # (begin, end, whether of RETURN_IF_FOUND)
        self.bools = set(re.findall(r"\bbool (\w+)\(", source))
        self.visit(parse(source), False)
        self.found.sort()

    def composite(self, span):
        """Brackets around a condition of conditions, which are found inside."""
        return len(span) == 1 and isinstance(span[0], Group) and span[0].mark == "(" and any(
            text_of(item) in ("&&", "||", "?") for item in span[0].items)

    def add(self, span):
        if span and not self.composite(span):
            self.found.append((span[0].begin, span[-1].end, False))

    def decides(self, span):
        first = text_of(span[0])
        return (first == "!" or first in self.bools or any(text_of(item) in COMPARE for item in span) or
                re.match(r"std::(any|all|none)_of\(", self.source[span[0].begin:span[-1].end]) is not None)

    def visit(self, group, whole):
        """`whole`: the brackets of an if or a while."""
        spans, span, before, head = [], [], "", ""
        for item in group.items:
            text = text_of(item)
            if isinstance(item, Group) and head in ("if", "while", "for", "switch") and item.mark == "(":
                self.visit(item, head in ("if", "while"))
                head, span, before = "", [], ""
                continue
            if isinstance(item, Group):
                found_macro = span and text_of(span[-1]) == "RETURN_IF_FOUND"
                if found_macro:
                    self.found.append((item.items[0].begin, item.end - 1, True))
                self.visit(item, False)
                if item.mark == "{" and group.mark == "{" and not (span and text_of(span[0]) != "]" and before):
                    span, before = [], ""
                    continue
                span.append(item)
                continue
            head = text
            if text in CUTS:
                spans.append((before, span, text))
                before, span = text, []
            elif text not in ("if", "while", "for", "switch", "do"):
                span.append(item)
        spans.append((before, span, ""))
        if whole and len(spans) == 1:
            self.add(spans[0][1])
            return
        for before, span, after in spans:
            if not span:
                continue
            if before in ("&&", "||") or after in ("&&", "||", "?"):
                self.add(span)
            elif before in ("return", "=") and after == ";" and self.decides(span):
                self.add(span)
            elif before in ("?", ":") and whole and (self.decides(span) or "<" in map(text_of, span)):
                self.add(span)


def words(source, begin, end):
    """A condition on one line; of a lambda only its head."""
    text = re.sub(r"//[^\n]*", "", source[begin:end])
    text = re.sub(r"\s+", " ", text).strip()
    return re.sub(r" ?\{.*\}", " {...}", text)


def main():
    if sys.argv[1:2] == ["--print"]:
        with open(sys.argv[2], encoding="utf-8") as file:
            source = file.read()
        for begin, end, _ in Finder(source).found:
            print(" | " + words(source, begin, end))
        return
    with open(sys.argv[1], encoding="utf-8") as file:
        source = file.read()
    with open(sys.argv[2], encoding="utf-8") as file:
        listed = [line.rstrip("\n").split(" | ", 1) for line in file if line.strip() and line[0] != "#"]
    found = Finder(source).found
    for (begin, end, _), line in zip(found, listed):
        if words(source, begin, end) != line[1]:
            sys.exit(f"{sys.argv[2]}: next comes a condition that is not in the list:\n  {words(source, begin, end)}\n"
                     f"where it has:\n  {line[1]}")
    if len(found) != len(listed):
        sys.exit(f"{sys.argv[2]}: {len(listed)} conditions listed, {len(found)} found")
    inserts = []
    for n, (begin, end, finding) in enumerate(found, int(sys.argv[3])):
        name = "PassedOver" if finding else "Negated"
        inserts.append((begin, 1, -end, f"::vidimus::{name}({n}, static_cast<bool>(" if not finding else
                        f"::vidimus::{name}({n}, ("))
        inserts.append((end, 0, -begin, "))"))
    out, last = ['#include "tests/mutants/negated.h"\n'], 0
    for place, _, _, text in sorted(inserts):
        out += [source[last:place], text]
        last = place
    with open(sys.argv[4], "w", encoding="utf-8") as file:
        file.write("".join(out) + source[last:])


if __name__ == "__main__":
    main()
