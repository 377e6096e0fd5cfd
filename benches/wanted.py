#!/usr/bin/env python3
"""What was wanted of a bench, beside what came: wanted.py NAME FOLDER.

FOLDER holds NAME.tsv, the rows that benches/table.py reads, and NAME.fsyncs,
the disk's own rate in each round. Prints one line per wish: met or MISSED.
Nothing for a bench without rows, or a peer that was skipped.
"""

import collections
import os
import re
import statistics
import sys

FIELDS = "rate p50 p99 max server_us loader_us errors".split()


def read(folder, name):
    """{(peer, connections): {field: median}} and the median of p50 fdatasync."""
    rounds = collections.defaultdict(list)
    for line in open(os.path.join(folder, name + ".tsv")):
        peer, connections, *figures = line.rstrip("\n").split("\t")
        rounds[peer, int(connections)].append([float(figure) for figure in figures])
    medians = {
        key: dict(zip(FIELDS, map(statistics.median, zip(*rows))))
        for key, rows in rounds.items()}
    syncs = [float(ms) for ms in re.findall(
        r"p50 ([0-9.]+) ms", open(os.path.join(folder, name + ".fsyncs")).read())]
    return medians, statistics.median(syncs)


def wishes(name, rows, sync_ms):
    """(what, came, at least or at most, wanted) for each."""
    def ratio(what, a, b, field, least=None, most=None):
        if a in rows and b in rows and rows[b][field]:
            came = rows[a][field] / rows[b][field]
            yield what, came, least is not None, least if least is not None else most

    ours, tessera = ("vidimus", 1024), ("tessera", 1024)
    covered = ("tessera, covered", 1024)
    if name == "http_add":
        yield from ratio("rate over Tessera's", ours, tessera, "rate", least=2)
        yield from ratio("server CPU over Tessera's", ours, tessera, "server_us", most=0.25)
        yield from ratio("p50 over Tessera's", ours, tessera, "p50", most=0.5)
        yield from ratio("p50 over covered Tessera's", ours, covered, "p50", most=1 / 3)
        if ("vidimus", 1) in rows:
            yield ("one connection: p50 in fdatasyncs",
                   rows["vidimus", 1]["p50"] / sync_ms, False, 4)
    elif name == "postgres_audit":
        ours, postgres = ("vidimus", 32), ("postgresql", 32)
        yield from ratio("rate over PostgreSQL's", ours, postgres, "rate", least=1)
        yield from ratio("p50 over PostgreSQL's", ours, postgres, "p50", most=1)
    elif name == "grpc_stream":
        stream = next((key for key in rows if key[0] == "opaque, mTLS"), None)
        if stream:
            yield "entries a second", rows[stream]["rate"], True, 100000
            yield from ratio("rate over bare LevelDB's", stream, ("bare LevelDB", 1),
                             "rate", least=0.6)
    elif name == "http_read":
        for what, a, b in (("tiles", "vidimus 0", "tessera 0"),
                           ("tiles while writing", "vidimus 0, writing", "tessera 0"),
                           ("bundles", "vidimus entries", "tessera entries")):
            yield from ratio(what + " over Tessera's", (a, 64), (b, 64), "rate", least=1.2)
    elif name == "steady":
        minutes = [row["rate"] for row in rows.values()]
        if len(minutes) > 2:
            yield "last minute over the second", minutes[-1] / minutes[1], True, 0.8
        yield "slowest answer in ms", max(row["max"] for row in rows.values()), False, 1000


def main():
    name, folder = sys.argv[1:]
    if not os.path.exists(os.path.join(folder, name + ".tsv")):
        return
    for what, came, at_least, wanted in wishes(name, *read(folder, name)):
        met = came >= wanted if at_least else came <= wanted
        print(f"{'met   ' if met else 'MISSED'} {what}: {came:.4g} "
              f"(wanted: at {'least' if at_least else 'most'} {wanted:.3g})")


if __name__ == "__main__":
    main()
