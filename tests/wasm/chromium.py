#!/usr/bin/env python3
"""Shows a folder's page.html to headless Chromium and prints what it reports.

Usage: chromium.py FOLDER. Ends with "chromium: N passed, N failed".
"""

import functools
import http.server
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading

SECONDS_MAX = 240
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic",
         "--no-first-run", "--disable-background-networking",
         "--disable-component-update", "--disable-sync",
         "--disable-dev-shm-usage"]


class Handler(http.server.SimpleHTTPRequestHandler):
    extensions_map = {"": "application/octet-stream", ".html": "text/html",
                      ".mjs": "text/javascript", ".js": "text/javascript",
                      ".json": "application/json", ".wasm": "application/wasm"}

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        self.server.result = json.loads(self.rfile.read(size))
        self.send_response(204)
        self.end_headers()
        self.server.done.set()

    def log_message(self, *args):
        pass


def main():
    handler = functools.partial(Handler, directory=sys.argv[1])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.done = threading.Event()
    server.result = {"lines": ["no answer"], "passed": 0, "failed": 1}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # Its helpers may outlive the browser by a moment, and write.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        browser = subprocess.Popen(
            ["chromium", *FLAGS, f"--user-data-dir={profile}",
             f"http://127.0.0.1:{server.server_port}/page.html"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True)
        server.done.wait(SECONDS_MAX)
        browser.terminate()
        browser.wait()
        try:
            os.killpg(browser.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    result = server.result
    for line in result["lines"]:
        print(line)
    print(f"chromium: {result['passed']} passed, {result['failed']} failed")


main()
