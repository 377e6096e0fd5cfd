#!/usr/bin/env python3
"""Checks that what our pages point at exists.

Usage: check_links.py ROOT. Looks at every Markdown page of the project: the
relative links, with the headings they name, and each `path` in backticks that
starts at one of the project's folders (it may hold * and {a,b}). Prints what is
missing and exits 1 if anything is.
"""

import glob
import itertools
import os
import re
import sys

FOLDERS = ("verifier", "proto", "log", "client", "tests", "benches", "docs")
LINK = re.compile(r"\]\(([^)\s]+)\)")
PATH = re.compile(r"`((?:%s)/[A-Za-z0-9_./*{},-]+)`" % "|".join(FOLDERS))


def pages(root):
    for place in ["*.md"] + [f"{folder}/**/*.md" for folder in FOLDERS]:
        yield from glob.glob(os.path.join(root, place), recursive=True)


def without_code(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)


def anchors(path):
    """The fragment names that a page's headings get, as GitHub makes them."""
    with open(path, encoding="utf-8") as page:
        headings = re.findall(r"^#+ +(.*?) *$", without_code(page.read()), re.M)
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def spellings(path):
    """x.{h,cc} stands for x.h and x.cc."""
    parts = [part.split(",") for part in re.split(r"[{}]", path)]
    return ["".join(parts) for parts in itertools.product(*parts)]


def missing(root, page):
    with open(page, encoding="utf-8") as file:
        text = without_code(file.read())
    for link in LINK.findall(text):
        if re.match(r"[a-z]+:", link):
            continue
        target, _, anchor = link.partition("#")
        path = os.path.join(os.path.dirname(page), target) if target else page
        if not os.path.exists(path):
            yield link
        elif anchor and path.endswith(".md") and anchor not in anchors(path):
            yield link
    for path in PATH.findall(text):
        for spelling in spellings(path):
            if not glob.glob(os.path.join(root, spelling)):
                yield path


def main():
    root, bad = sys.argv[1], 0
    for page in sorted(pages(root)):
        for what in missing(root, page):
            print(f"{os.path.relpath(page, root)}: there is no {what}")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
