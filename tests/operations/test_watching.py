"""The alerts and the dashboard ask for numbers that there are, and each alert has its page in the runbook."""

import json
import re
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from tests.cast import Caller
from tests.operations.files import DEPLOY, OPERATIONS, anchors

ALERTS = [rule for group in yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"] for rule in group["rules"]]
DASHBOARD = json.loads((DEPLOY / "dashboard.json").read_text())
QUERIES = [target["expr"] for panel in DASHBOARD["panels"] for target in panel["targets"]]
# What Prometheus itself writes of everything it scrapes.
ITS_OWN = {"up"}


@pytest.fixture
def numbers(anyone: Caller) -> dict[str, set[str]]:
    """Every metric of a real answer, with the commands it tells of."""
    found: dict[str, set[str]] = {}
    for line in anyone.get("/metrics").content.decode().splitlines():
        name = re.match(r"\w+", line)
        if name and not line.startswith("#"):
            found.setdefault(name[0], set()).update(re.findall(r'command="(\w+)"', line))
    return found


@pytest.mark.parametrize("query", [*(rule["expr"] for rule in ALERTS), *QUERIES])
def test_a_query_asks_for_metrics_that_there_are(query: str, numbers: dict[str, set[str]]) -> None:
    metrics = set(re.findall(r"\b(?:holdfast_\w+|up)\b", query.replace('"holdfast"', "")))
    assert metrics
    assert metrics - ITS_OWN <= numbers.keys()
    commands = {name for one in re.findall(r'command=~?"([\w|]+)"', query) for name in one.split("|")}
    assert commands <= numbers["holdfast_command_done"]


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: str(rule["alert"]))
def test_an_alert_leads_to_its_page_in_the_runbook(rule: Any) -> None:
    page, anchor = rule["annotations"]["runbook"].split("#")
    assert page == "docs/operations.md"
    assert anchor == rule["alert"].lower()
    assert anchor in anchors(OPERATIONS)
    assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_runbook_has_no_page_of_an_alert_that_is_gone() -> None:
    written = {anchor for anchor in anchors(OPERATIONS) if anchor.startswith("holdfast")}
    assert written == {rule["alert"].lower() for rule in ALERTS}


def test_a_command_of_cron_leaves_its_end_in_the_metrics(anyone: Caller) -> None:
    before = anyone.get("/metrics").content.decode()
    assert 'holdfast_command_ended_seconds{command="check_integrity"} 0.0' in before
    call_command("check_integrity", verbosity=0)
    after = anyone.get("/metrics").content.decode()
    assert 'holdfast_command_ended_seconds{command="check_integrity"} 0.0' not in after
    assert 'holdfast_command_done{command="check_integrity"} 1.0' in after
    assert 'holdfast_command_done{command="reconcile_payments"} 0.0' in after
