"""Dashboards and alert rules against a real Prometheus.

  dashboards.py VIDIMUS VIDIMUS_LOG PROMETHEUS_BIN_FOLDER

Starts a log that is written to, two monitors that watch it, and a Prometheus
that scrapes all of them; then every query of docs/monitoring/grafana_*.json
must return data, every metric that an alert names must exist, every alert must
load, and no metric that is shown may be one that nobody exports. promtool runs
the rules' own unit tests.
"""

import base64
import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGES = os.path.join(ROOT, "docs", "monitoring")
WAIT_S = 60

started = []


def fail(text):
    print(f"FAILED: {text}", file=sys.stderr)
    raise SystemExit(1)


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(url):
    with urllib.request.urlopen(url, timeout=10) as reply:
        return reply.read()


def wait_for(what, condition):
    until = time.time() + WAIT_S
    while True:
        try:
            if condition():
                return
        except OSError:
            pass
        if time.time() > until:
            fail(f"waited {WAIT_S} s in vain for {what}")
        time.sleep(0.2)


def start(work, name, *command):
    out = open(os.path.join(work, name + ".out"), "wb")
    process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT)
    started.append(process)
    return process


def ready(work, name):
    path = os.path.join(work, name + ".out")
    wait_for(f"{name} to be ready", lambda: b"ready\n" in open(path, "rb").read())


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, **options)


def edit(path, *changes):
    text = open(path).read()
    for old, new in changes:
        if old not in text:
            fail(f"{path} has no {old!r}")
        text = text.replace(old, new)
    open(path, "w").write(text)


class World:
    """A log and two monitors, at ports of their own."""

    def __init__(self, work, vidimus, vidimus_log):
        self.work, self.vidimus, self.vidimus_log = work, vidimus, vidimus_log
        self.http, self.https, self.grpc = free_port(), free_port(), free_port()
        self.doors = [(free_port(), free_port(), free_port()) for _ in range(2)]
        self.log = os.path.join(work, "log")

    def folder(self, number):
        return os.path.join(self.work, f"monitor{number}")

    def read(self, *path):
        return open(os.path.join(*path)).read().strip()

    def make(self):
        run(self.vidimus_log, "init", "--dir", self.log, "--origin",
            "log.example/dashboards/2026h2", "--register",
            os.path.join(ROOT, "docs", "sample_register"))
        for number, (https, http, gossip) in enumerate(self.doors):
            run(self.vidimus, "monitor", "init", "--dir", self.folder(number),
                "--name", f"monitor.example/{number}")
            edit(os.path.join(self.folder(number), "config.textproto"),
                 ('# https: "127.0.0.1:8446"', f'https: "127.0.0.1:{https}"'),
                 ('# http: "127.0.0.1:8447"', f'http: "127.0.0.1:{http}"'),
                 ('# gossip: "127.0.0.1:8448"', f'gossip: "127.0.0.1:{gossip}"'),
                 ("# gossip_period_ms: 10000", "gossip_period_ms: 1000"))
        first = self.folder(0)
        https = self.doors[0][0]
        open(os.path.join(self.log, "policy"), "w").write(
            f"witness one {self.read(first, 'witness.vkey')} "
            f"https://127.0.0.1:{https}/witness\n"
            f"witness two {self.read(first, 'monitor.vkey')} "
            f"https://127.0.0.1:{https}/monitor\n"
            "group monitors any two\ngroup both all one monitors\nquorum both\n")
        edit(os.path.join(self.log, "settings.textproto"),
             ('# policy: "policy"', 'policy: "policy"'),
             ('# ca: "cosigners.pem"', f'ca: "{first}/tls/ca.crt"'))
        for number in range(2):
            run(self.vidimus, "monitor", "follow", "--dir", self.folder(number),
                "--vkey", os.path.join(self.log, "log.vkey"), "--policy",
                os.path.join(self.log, "policy"), f"http://127.0.0.1:{self.http}")
            other = 1 - number
            with open(os.path.join(self.folder(number), "config.textproto"), "a") as f:
                f.write(f'peer {{ grpc: "127.0.0.1:{self.doors[other][2]}" '
                        f'ca: "{self.folder(other)}/tls/ca.crt" }}\n')

    def serve(self):
        start(self.work, "log", self.vidimus_log, "serve", "--dir", self.log,
              "--http", f"127.0.0.1:{self.http}", "--https",
              f"127.0.0.1:{self.https}", "--grpc", f"127.0.0.1:{self.grpc}")
        ready(self.work, "log")
        for number in range(2):
            start(self.work, f"monitor{number}", self.vidimus, "monitor", "serve",
                  "--dir", self.folder(number))
            ready(self.work, f"monitor{number}")

    def write(self, number):
        """An access; and one of another administration's, which is refused."""
        subject = base64.b64encode(
            b"\x01" + f"00000000-0000-4000-8000-{number:012x}".encode()).decode()
        line = json.dumps({
            "access": {"controllerId": "212000-1157", "subject": subject,
                       "occurredAtMs": str(int(time.time() * 1000)),
                       "operation": "READ", "dataCategory": ["pd:Contact"],
                       "purpose": "PublicServiceProvision", "actorKind": "HUMAN",
                       "unitName": "Counter 4",
                       "legalBasis": [{"basis": "A6-1-a"}]},
            "actor": {"id": "handler-12"}})
        good = os.path.join(self.log, "administrations", "2")
        mixed = os.path.join(self.work, "mixed", "2")
        if not os.path.isdir(mixed):
            shutil.copytree(good, mixed)
            shutil.copy(os.path.join(self.log, "administrations", "1", "entry.key"), mixed)
        for identity, outbox in ((good, "outbox"), (mixed, f"outbox{number}")):
            subprocess.run(
                [self.vidimus, "submit", "--log", f"127.0.0.1:{self.grpc}", "--ca",
                 os.path.join(self.log, "tls", "ca.crt"), "--vkey",
                 os.path.join(self.log, "log.vkey"), "--as", identity, "--outbox",
                 os.path.join(self.work, outbox), "--format", "record", "-"],
                input=line.encode() + b"\n", capture_output=True,
                check=identity == good, timeout=60)


class Prometheus:
    def __init__(self, world, binaries):
        self.url = f"http://127.0.0.1:{free_port()}"
        config = os.path.join(world.work, "prometheus.yml")
        shutil.copy(os.path.join(PAGES, "alerts.yml"), world.work)
        targets = [("vidimus-log", [world.http]),
                   ("vidimus-monitor", [door[1] for door in world.doors])]
        open(config, "w").write(json.dumps({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": ["alerts.yml"],
            "scrape_configs": [
                {"job_name": name, "static_configs": [
                    {"targets": [f"127.0.0.1:{port}" for port in ports]}]}
                for name, ports in targets]}))
        start(world.work, "prometheus", os.path.join(binaries, "prometheus"),
              f"--config.file={config}",
              f"--storage.tsdb.path={world.work}/tsdb",
              f"--web.listen-address={self.url[len('http://'):]}")
        wait_for("Prometheus", lambda: get(self.url + "/-/ready"))

    def ask(self, path, **arguments):
        query = urllib.parse.urlencode(arguments, doseq=True)
        answer = json.loads(get(f"{self.url}/api/v1/{path}?{query}"))
        if answer["status"] != "success":
            fail(f"{path} {arguments}: {answer}")
        return answer["data"]

    def query(self, text):
        return self.ask("query", query=text)["result"]


def dashboard_queries():
    for path in sorted(glob.glob(os.path.join(PAGES, "grafana_*.json"))):
        page = json.load(open(path))
        for variable in page["templating"]["list"]:
            if variable["type"] == "query":
                name = re.fullmatch(r"label_values\((\w+), log\)",
                                    variable["query"]["query"]).group(1)
                yield os.path.basename(path), "variable log", name
        for panel in page["panels"]:
            for target in panel["targets"]:
                text = target["expr"].replace("$__rate_interval", "20s")
                yield os.path.basename(path), panel["title"], text.replace("$log", ".*")


def main(vidimus, vidimus_log, binaries):
    promtool = os.path.join(binaries, "promtool")
    for command in (["check", "rules", "alerts.yml"],
                    ["test", "rules", "alerts_test.yml"],
                    ["check", "config", "prometheus.yml"]):
        said = subprocess.run([promtool, *command], cwd=PAGES, capture_output=True,
                              text=True)
        if said.returncode != 0:
            fail(f"promtool {' '.join(command)}: {said.stdout}{said.stderr}")

    work = tempfile.mkdtemp(prefix="vidimus-dashboards.")
    try:
        world = World(work, vidimus, vidimus_log)
        world.make()
        world.serve()
        prometheus = Prometheus(world, binaries)
        for number in range(3):
            world.write(number)
            time.sleep(1)
        cosigned = f"http://127.0.0.1:{world.http}/cosigned/checkpoint"
        wait_for("a cosigned head", lambda: get(cosigned))
        # Two scrapes after the last thing that happened.
        time.sleep(3)

        checked = 0
        for page, panel, text in dashboard_queries():
            try:
                wait_for(text, lambda: prometheus.query(text))
            except SystemExit:
                fail(f"{page}, \"{panel}\": no data for {text}")
            checked += 1

        names = set(prometheus.ask("label/__name__/values"))
        groups = prometheus.ask("rules")["groups"]
        alerts = [rule for group in groups for rule in group["rules"]]
        for rule in alerts:
            if rule["health"] != "ok":
                fail(f"{rule['name']}: {rule}")
            named = set(re.findall(r"\bvidimus_\w+", rule["query"]))
            if named - names:
                fail(f"{rule['name']} names {named - names}, which nobody exports")
        firing = [rule["name"] for rule in alerts if rule["state"] == "firing"]
        if firing:
            fail(f"nothing is wrong, and these fire: {firing}")
        if not prometheus.query("up == 1"):
            fail("nothing is up")
        print(f"{checked} queries have data, {len(alerts)} alerts load and are quiet")
    except SystemExit:
        for path in sorted(glob.glob(os.path.join(work, "*.out"))):
            tail = open(path, errors="replace").read().splitlines()[-5:]
            print(path, *tail, sep="\n  ", file=sys.stderr)
        raise
    finally:
        for process in reversed(started):
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
        shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
