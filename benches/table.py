#!/usr/bin/env python3
"""Medians and ranges of a bench's rounds.

Reads rows "peer connections rate p50_ms p99_ms max_ms server_us loader_us
errors" (tabs), one per round, and prints one line per peer and number of
connections: the median, with the smallest and largest in brackets.
"""

import statistics
import sys

COLUMNS = [("per second", "{:.0f}"), ("p50 ms", "{:.2f}"), ("p99 ms", "{:.1f}"),
           ("max ms", "{:.0f}"), ("server us", "{:.1f}"), ("loader us", "{:.1f}")]


def cell(values, form):
    middle, low, high = (form.format(f(values))
                         for f in (statistics.median, min, max))
    return middle if len(values) == 1 else f"{middle} [{low}-{high}]"


def main():
    rounds = {}
    for line in sys.stdin:
        peer, connections, *figures = line.rstrip("\n").split("\t")
        rounds.setdefault((peer, connections), []).append(
            [float(figure) for figure in figures])
    lines = [["peer", "conns"] + [name for name, _ in COLUMNS] + ["errors"]]
    for (peer, connections), rows in rounds.items():
        columns = list(zip(*rows))
        lines.append([peer, connections] +
                     [cell(column, form) for column, (_, form) in zip(columns, COLUMNS)] +
                     [f"{sum(columns[-1]):.0f}"])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())


if __name__ == "__main__":
    main()
