#!/usr/bin/env python3
"""Counts real test cases: the table and the last line of `./vidimus test`.

Usage: summary.py FOLDER BAZEL_STATUS. FOLDER holds `events`, Bazel's build
event stream as JSON lines, and `checks`, a row "name passed failed skipped"
(tabs) for each check made outside Bazel. Exits 0 if something ran and nothing
failed.
"""

import collections
import json
import os
import sys
import urllib.parse
import xml.etree.ElementTree as ElementTree

NO_TESTS_FOUND = 4  # Bazel's exit code if the patterns named no test.
TESTS_FAILED = 3
LOG_LINES_MAX = 200  # shown of a failed test's log, from its end


def count_cases(path):
    """(passed, failed, skipped) of one test.xml, None if there is none."""
    try:
        cases = list(ElementTree.parse(path).getroot().iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return None
    passed = failed = skipped = 0
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
        elif (case.find("skipped") is not None or
              case.get("result") == "skipped" or
              case.get("status") == "notrun"):
            skipped += 1
        else:
            passed += 1
    return passed, failed, skipped


def read_events(path):
    """(all test labels, label -> summary, label -> its output files)."""
    tests, summaries, files = set(), {}, {}
    try:
        lines = open(path, encoding="utf-8")
    except OSError:
        return tests, summaries, files
    with lines:
        for line in lines:
            event = json.loads(line)
            ident = event["id"]
            if "testSize" in event.get("configured", {}):
                tests.add(ident["targetConfigured"]["label"])
            elif "testSummary" in event:
                summaries[ident["testSummary"]["label"]] = event["testSummary"]
            elif "testResult" in event:
                label = ident["testResult"]["label"]
                for output in event["testResult"].get("testActionOutput", []):
                    uri = urllib.parse.urlparse(output.get("uri", ""))
                    files.setdefault(label, set()).add(
                        urllib.parse.unquote(uri.path))
    return tests, summaries, files


def print_logs(label, paths):
    for path in sorted(paths):
        if not path.endswith("/test.log"):
            continue
        print(f"\n===== {label}")
        with open(path, encoding="utf-8", errors="replace") as log:
            sys.stdout.writelines(collections.deque(log, LOG_LINES_MAX))


def target_rows(folder):
    tests, summaries, files = read_events(os.path.join(folder, "events"))
    for label in sorted(tests | set(summaries)):
        summary = summaries.get(label)
        if summary is None or summary["overallStatus"] in ("NO_STATUS",
                                                           "FAILED_TO_BUILD"):
            yield label, (0, 1, 0), "did not build"
            continue
        counts = [0, 0, 0]
        paths = files.get(label, ())
        for path in (p for p in paths if p.endswith("/test.xml")):
            for i, n in enumerate(count_cases(path) or (0, 0, 0)):
                counts[i] += n
        status = summary["overallStatus"]
        if status not in ("PASSED", "FLAKY") and not counts[1]:
            counts[1] = 1  # It died, or hung, before it could say which.
        if counts[1]:
            print_logs(label, paths)
        if not any(counts):
            counts[0] = 1
        seconds = int(summary.get("totalRunDurationMillis", 0)) / 1000
        note = "" if status == "PASSED" else status.lower()
        yield label, tuple(counts), f"{seconds:8.1f} s  {note}".rstrip()


def check_rows(folder):
    try:
        with open(os.path.join(folder, "checks"), encoding="utf-8") as lines:
            for line in lines:
                name, *counts = line.rstrip("\n").split("\t")
                yield name, tuple(int(n) for n in counts), ""
    except OSError:
        return


def main():
    folder, bazel_status = sys.argv[1], int(sys.argv[2])
    rows = list(target_rows(folder)) + list(check_rows(folder))
    if (bazel_status not in (0, TESTS_FAILED, NO_TESTS_FOUND) and
            not any(row[1][1] for row in rows)):
        rows.append(("the build", (0, 1, 0), f"bazel's exit code is {bazel_status}"))
    width = max([len(row[0]) for row in rows] + [6])
    print(f"\n{'':{width}}  passed  failed  skipped")
    for name, counts, note in rows:
        print(f"{name:{width}}  {counts[0]:6}  {counts[1]:6}  {counts[2]:7}  {note}".rstrip())
    passed, failed, skipped = (sum(row[1][i] for row in rows) for i in range(3))
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
