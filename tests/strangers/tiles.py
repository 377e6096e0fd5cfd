#!/usr/bin/env python3
"""A C2SP tlog-tiles reader of a few lines, written without our code.

tiles.py fill URL COUNT        adds COUNT entries by POST /add, from 64 clients
tiles.py copy URL DIR          every public file of a log, into a folder
tiles.py entries DIR OUT       a copy's entries, one file each, in log order
tiles.py compare THEIRS OURS   every tile and bundle of THEIRS equals OURS; the
                               tree heads too
"""

import concurrent.futures
import hashlib
import http.client
import os
import sys
import threading
import urllib.parse

CLIENTS = 64
WIDTH = 256


def tile_path(level, index, width):
    name = f"{index % 1000:03d}"
    while index >= 1000:
        index //= 1000
        name = f"x{index % 1000:03d}/{name}"
    partial = "" if width == WIDTH else f".p/{width}"
    return f"tile/{level}/{name}{partial}"


def paths(size):
    """All paths of a log of this size, as c2sp.org/tlog-tiles gives them."""
    level, count = 0, size
    while count:
        for kind in ["entries", level] if level == 0 else [level]:
            for index in range(count // WIDTH):
                yield tile_path(kind, index, WIDTH)
            if count % WIDTH:
                yield tile_path(kind, count // WIDTH, count % WIDTH)
        level, count = level + 1, count // WIDTH


class Connections(threading.local):
    """One kept-open connection per thread."""

    def __init__(self, url):
        self.connection = http.client.HTTPConnection(
            urllib.parse.urlparse(url).netloc, timeout=60)

    def request(self, method, path, body=None):
        self.connection.request(method, path, body)
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status != 200:
            sys.exit(f"{method} {path}: {answer.status} {data[:200]}")
        return data


def fill(url, count):
    connections = Connections(url)

    def add(i):
        filler = hashlib.sha512(b"%d" % i).hexdigest()[:i % 120]
        body = f"{i} {filler}".encode()
        return int(connections.request("POST", "/add", body))

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        indices = set(pool.map(add, range(count)))
    if len(indices) != count:
        sys.exit(f"{count} entries got only {len(indices)} places")


def write(folder, path, data):
    path = os.path.join(folder, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def copy(url, folder):
    connections = Connections(url)
    checkpoint = connections.request("GET", "/checkpoint")
    write(folder, "checkpoint", checkpoint)
    wanted = list(paths(int(checkpoint.split(b"\n")[1])))
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for path, data in zip(wanted, pool.map(
                lambda path: connections.request("GET", "/" + path), wanted)):
            write(folder, path, data)


def read(folder, path):
    with open(os.path.join(folder, path), "rb") as file:
        return file.read()


def entries(folder, out):
    size = int(read(folder, "checkpoint").split(b"\n")[1])
    os.makedirs(out)
    number = 0
    for path in paths(size):
        if not path.startswith("tile/entries/"):
            continue
        bundle, at = read(folder, path), 0
        while at < len(bundle):
            end = at + 2 + int.from_bytes(bundle[at:at + 2], "big")
            write(out, f"{number:09d}", bundle[at + 2:end])
            at, number = end, number + 1
    if number != size:
        sys.exit(f"{number} entries under a checkpoint of {size}")


def compare(theirs, ours):
    head = read(theirs, "checkpoint").split(b"\n")[1:3]
    if head != read(ours, "checkpoint").split(b"\n")[1:3]:
        sys.exit("the tree heads differ")
    equal = 0
    for path in paths(int(head[0])):
        if read(theirs, path) != read(ours, path):
            sys.exit(f"{path} differs")
        equal += 1
    print(f"{equal} tiles and bundles of {int(head[0])} entries are equal")


if __name__ == "__main__":
    {"fill": lambda url, count: fill(url, int(count)),
     "copy": copy, "entries": entries,
     "compare": compare}[sys.argv[1]](*sys.argv[2:])
