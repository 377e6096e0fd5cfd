#!/usr/bin/env python3
"""Vectors and calls in Python, by shared libraries.

Usage: python.py FOLDER PACKAGE_FOLDER. FOLDER holds what node and browsers get,
libvectors.so and libvidimus.so. Ends with "python: N passed, N failed".
"""

import ctypes
import hashlib
import json
import sys


def read(path):
    with open(path, "rb") as stream:
        return stream.read()


def run_vectors(folder):
    """(name, passed, lines about what failed) of each file."""
    library = ctypes.CDLL(f"{folder}/libvectors.so")
    library.vectors_report.restype = ctypes.c_char_p
    for name in json.loads(read(f"{folder}/vectors.list")):
        content = read(f"{folder}/{name}.json")
        library.vectors_run(name.encode(), ctypes.c_size_t(len(name)), content,
                            ctypes.c_size_t(len(content)))
        report = library.vectors_report().decode()
        yield name, library.vectors_passed(), report.splitlines()


def is_same(verifier, call):
    inputs = [one if isinstance(one, int) else bytes.fromhex(one)
              for one in call["inputs"]]
    if "cut" not in call:
        return verifier.call(call["name"], inputs) == call["answer"]
    # Numbers stand between inputs of bytes.
    places = [i for i, one in enumerate(inputs) if not isinstance(one, int)]
    at = places[call["cut"]]
    whole, digest = inputs[at], hashlib.sha256()
    for size in range(len(whole)):
        inputs[at] = whole[:size]
        digest.update(verifier.call(call["name"], inputs).encode())
    return digest.hexdigest() == call["sha256"]


def run_calls(folder):
    from vidimus_verifier import Verifier
    verifier = Verifier(f"{folder}/libvidimus.so")
    calls = json.loads(read(f"{folder}/calls.json"))["calls"]
    failed = [f"call {place}, {call['name']}: another answer"
              for place, call in enumerate(calls)
              if not is_same(verifier, call)]
    return "calls", len(calls) - len(failed), failed


def main():
    folder, package = sys.argv[1:]
    sys.path.insert(0, package)
    passed = failed = 0
    for name, good, lines in [*run_vectors(folder), run_calls(folder)]:
        print(f"{name}: {good} passed, {len(lines)} failed")
        for line in lines:
            print(line)
        passed += good
        failed += len(lines)
    print(f"python: {passed} passed, {failed} failed")


main()
