#!/usr/bin/env python3
"""Makes the sample beside this file by running the City of Helsinki's logger.

Four invented city services write audit events the way Django services do, with
django-resilient-logger's own API and log handler, into its own database table.
Then its own job, submit_unsent_entries, sends them to a target; ours writes the
documents to a file instead of to Elasticsearch. So what stands in sample/ is
exactly what the library hands over, and content_hashes.txt is what it would
have called each document there (SHA-256 of its sorted JSON).

All people, ids and cases are invented: UUIDs count from zero, addresses are the
documentation network 192.0.2.0/24.

    python3 -m venv /some/venv
    /some/venv/bin/pip install -r requirements.txt
    /some/venv/bin/python make_sample.py

The output is the same each time.
"""

import datetime
import json
import logging
import os
import pathlib
import random
import sys

import django
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder

HERE = pathlib.Path(__file__).resolve().parent
EVENTS_PER_SERVICE = 100
FIRST_EVENT = datetime.datetime(2026, 11, 2, 6, 0, tzinfo=datetime.timezone.utc)

# origin -> target type -> (operations, fields)
SERVICES = {
    "social-case-service": {
        "SocialAssistanceCase": (("READ", "UPDATE"), ("income", "housing_cost", "decision")),
        "ClientProfile": (("READ",), ("address", "family_members")),
    },
    "school-registry": {
        "PupilRecord": (("READ", "UPDATE", "CREATE"), ("school", "class", "guardian")),
        "SpecialSupportDecision": (("READ",), ("support_level", "statement")),
    },
    "home-care-visits": {
        "CarePlan": (("READ", "UPDATE"), ("medication", "visit_times")),
        "VisitNote": (("READ", "CREATE"), ("note",)),
    },
    "employment-guidance": {
        "JobSeekerProfile": (("READ", "UPDATE", "EXECUTE"), ("education", "work_history")),
        "SubsidyApplication": (("READ", "DELETE"), ("employer", "amount")),
    },
}


class FileTarget:
    """Stands in for ElasticsearchLogTarget; made a subclass of its base below."""

    def __init__(self, required=True):
        self._required = required

    def is_required(self):
        return self._required

    def submit(self, entry):
        from resilient_logger.utils import content_hash

        document = entry.get_document()
        name = document["audit_event"]["origin"]
        with open(HERE / "sample" / f"{name}.jsonl", "a", encoding="utf-8") as lines:
            lines.write(json.dumps(document, cls=DjangoJSONEncoder) + "\n")
        with open(HERE / "content_hashes.txt", "a", encoding="ascii") as hashes:
            hashes.write(content_hash(document) + "\n")
        return True


def synthetic_uuid(group, number):
    return f"00000000-0000-4000-8{group:03x}-{number:012x}"


def configure(origin):
    settings.configure(
        INSTALLED_APPS=["resilient_logger"],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        USE_TZ=True,
        RESILIENT_LOGGER={
            "origin": origin,
            "environment": "sample",
            "sources": [{"class": "resilient_logger.sources.ResilientLogSource"}],
            "targets": [{"class": "make_sample.Target"}],
        },
        LOGGING_CONFIG=None,
    )
    django.setup()


def make_events(origin, rng):
    """The service at work: through the API, and a few through the log handler."""
    from resilient_logger.handlers import ResilientLogHandler
    from resilient_logger.sources import ResilientLogSource

    group = list(SERVICES).index(origin)
    audit = logging.getLogger("audit")
    audit.setLevel(logging.INFO)
    audit.propagate = False
    audit.addHandler(ResilientLogHandler())
    for number in range(EVENTS_PER_SERVICE):
        actor = {
            "uuid": synthetic_uuid(0xA00 + group, rng.randrange(12)),
            "role": rng.choice(("ADMIN", "ADMIN", "CASE_OFFICER", "SYSTEM")),
            "client_id": f"{origin}-ui",
            "service": origin,
            "ip_address": f"192.0.2.{rng.randrange(1, 255)}",
        }
        if number % 25 == 24:
            # No access to anybody's data: the mapping leaves it out.
            audit.info("logged in", extra={"actor": actor, "operation": "LOGIN",
                                           "target": {"type": "Session"}})
            continue
        target_type = rng.choice(sorted(SERVICES[origin]))
        operations, fields = SERVICES[origin][target_type]
        status = "FORBIDDEN" if rng.randrange(30) == 0 else "SUCCESS"
        ResilientLogSource.create_structured(
            level=logging.INFO,
            message=rng.choice(("SUCCESS", "Ärendet öppnat", "Tietoja katsottu – OK")),
            operation=rng.choice(operations),
            actor=actor,
            target={"type": target_type,
                    "user_id": synthetic_uuid(group, rng.randrange(60))},
            extra={
                "status": status,
                "fields": sorted(rng.sample(fields, rng.randrange(1, len(fields) + 1))),
                "case_ref": f"HEL-SAMPLE-{2026}-{rng.randrange(10**6):06d}",
                "request_id": synthetic_uuid(0xF00 + group, number),
                "duration_ms": rng.randrange(1, 900) / 8,
            },
        )


def set_times(rng):
    """created_at is the clock's; a sample must come out the same each time."""
    from resilient_logger.models import ResilientLogEntry

    time = FIRST_EVENT
    for entry in ResilientLogEntry.objects.order_by("id"):
        time += datetime.timedelta(milliseconds=rng.randrange(1, 90_000))
        ResilientLogEntry.objects.filter(pk=entry.pk).update(created_at=time)


def main_for(origin):
    configure(origin)
    from django.core.management import call_command
    from resilient_logger.resilient_logger import ResilientLogger

    call_command("migrate", verbosity=0)
    rng = random.Random(origin)
    make_events(origin, rng)
    set_times(rng)
    results = ResilientLogger.create().submit_unsent_entries()
    assert len(results) == EVENTS_PER_SERVICE and all(results.values())


def main():
    (HERE / "sample").mkdir(exist_ok=True)
    for old in [*(HERE / "sample").glob("*.jsonl"), HERE / "content_hashes.txt"]:
        old.unlink(missing_ok=True)
    for origin in SERVICES:
        # Django is configured once a process.
        child = os.fork()
        if child == 0:
            main_for(origin)
            os._exit(0)
        if os.waitpid(child, 0)[1] != 0:
            sys.exit(f"{origin} failed")


def __getattr__(name):
    """`Target`, when the library asks for it: its base needs Django set up."""
    if name == "Target":
        from resilient_logger.targets import AbstractLogTarget

        return type("Target", (FileTarget, AbstractLogTarget), {})
    raise AttributeError(name)


if __name__ == "__main__":
    main()
