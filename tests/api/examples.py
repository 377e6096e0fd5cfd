#!/usr/bin/env python3
"""Runs the examples of docs/verifier_api.md as they stand there.

Usage: examples.py ROOT BUILT. BUILT holds libvidimus.so, vidimus.wasm and what
make_city wrote. Ends with "examples: N passed, N failed".
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

SAYS = "none is missing\na monitor read every leaf: True\nviolation withdrawn\n"


def block(page, language):
    return re.search(rf"^```{language}\n(.*?)^```", page, re.S | re.M).group(1)


def run(command, folder, root):
    environment = dict(os.environ, LD_LIBRARY_PATH=folder,
                       PYTHONPATH=f"{root}/client/python")
    done = subprocess.run(command, cwd=folder, env=environment,
                          capture_output=True, text=True)
    return done.stdout + done.stderr


def main():
    root, built = (os.path.realpath(path) for path in sys.argv[1:])
    with open(f"{root}/docs/verifier_api.md", encoding="utf-8") as stream:
        page = stream.read()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in os.listdir(built):
            os.symlink(f"{built}/{name}", f"{folder}/{name}")
        for name in ("package.json", "vidimus.js"):
            shutil.copy(f"{root}/client/js/{name}", folder)
        for name, language in (("example.c", "c"), ("example.mjs", "js"),
                               ("example.py", "python")):
            with open(f"{folder}/{name}", "w", encoding="utf-8") as stream:
                stream.write(block(page, language))
        build = run(["cc", "-std=c99", "-Wall", "-Wextra", "-Werror",
                     f"-I{root}", "example.c", "-L.", "-lvidimus", "-o",
                     "example"], folder, root)
        for what, said, wanted in (
                ("C", build + run(["./example"], folder, root),
                 "none is missing\n"),
                ("JavaScript", run(["node", "example.mjs"], folder, root),
                 SAYS.replace("True", "true")),
                ("Python", run(["python3", "example.py"], folder, root),
                 SAYS)):
            if said == wanted:
                passed += 1
            else:
                failed += 1
                print(f"{what} says:\n{said}")
    print(f"examples: {passed} passed, {failed} failed")


main()
