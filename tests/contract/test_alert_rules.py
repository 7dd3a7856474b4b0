"""Alert rules and dashboard are right by Prometheus' own tools, and ask for what there is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from authstream.metrics.names import INSTRUMENTS
from tests.prometheus_tools import promtool

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "deploy" / "prometheus"
RULE_TESTS = ("rules_test.yaml", "rules_days_test.yaml")
ON_CALL = ROOT / "docs" / "how-to" / "on-call.md"
_NAME = re.compile(r"\bauthstream_\w+")


def rules() -> list[dict[str, Any]]:
    """Every rule."""
    groups = yaml.safe_load((RULES / "rules.yaml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> list[str]:
    """The names of the alerts."""
    return [rule["alert"] for rule in rules() if "alert" in rule]


def queries() -> Iterator[str]:
    """Everything that the dashboard asks."""
    said = json.loads((ROOT / "deploy" / "grafana" / "authstream.json").read_text())
    for panel in said["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))


def exported() -> set[str]:
    """The names that a page of ours can have."""
    found: set[str] = set()
    for one in INSTRUMENTS.values():
        suffixes = {
            "counter": ("_total",),
            "gauge": ("",),
            "histogram": ("_bucket", "_count", "_sum"),
        }[one.kind]
        found |= {f"{one.prometheus}{suffix}" for suffix in suffixes}
    return found


@pytest.mark.promtool
def test_the_rules_are_well_formed() -> None:
    """And so is the example of a configuration that loads them."""
    promtool("check", "config", "prometheus.yaml", folder=RULES)


@pytest.mark.promtool
@pytest.mark.parametrize("file", RULE_TESTS)
def test_each_alert_fires_when_it_should(file: str) -> None:
    """The rules' own unit tests: series in, alerts out."""
    promtool("test", "rules", file, folder=RULES)


@pytest.mark.promtool
def test_a_rule_that_is_wrong_fails_its_test(tmp_path: Path) -> None:
    """So the tests of rules test something: here nothing is ever stuck."""
    text = (RULES / "rules.yaml").read_text()
    (tmp_path / "rules.yaml").write_text(
        text.replace("authstream_partition_lag > 0", "vector(0) > 0")
    )
    (tmp_path / "rules_test.yaml").write_text((RULES / "rules_test.yaml").read_text())
    with pytest.raises(AssertionError, match="AuthstreamPartitionStuck"):
        promtool("test", "rules", "rules_test.yaml", folder=tmp_path)


@pytest.mark.promtool
def test_the_dashboards_queries_are_well_formed(tmp_path: Path) -> None:
    """Each as a recording rule, which is how promtool takes a query."""
    asked = [query.replace("$__rate_interval", "5m") for query in queries()]
    made = [{"record": f"q:{number}", "expr": query} for number, query in enumerate(asked)]
    (tmp_path / "q.yaml").write_text(yaml.safe_dump({"groups": [{"name": "q", "rules": made}]}))
    assert f"{len(asked)} rules found" in promtool("check", "rules", "q.yaml", folder=tmp_path)


def test_rules_and_dashboard_ask_only_for_what_is_exported() -> None:
    """A metric that was renamed would silence an alert."""
    asked = [*(rule["expr"] for rule in rules()), *queries()]
    named = {name for query in asked for name in _NAME.findall(query)}
    assert named - exported() == set()


def test_every_metric_is_looked_at() -> None:
    """What neither an alert nor the dashboard asks for needs not be measured."""
    asked = " ".join([*(rule["expr"] for rule in rules()), *queries()])
    unused = {one.prometheus for one in INSTRUMENTS.values() if one.prometheus not in asked}
    assert unused == set()


def test_every_alert_is_tested_and_explained() -> None:
    """By a unit test that makes it fire, and by a section of the page for who is on call."""
    tests = "".join((RULES / file).read_text() for file in RULE_TESTS)
    tested = set(re.findall(r'alertname="(\w+)",alertstate="firing"', tests))
    explained = re.findall(r"^### (Authstream\w+)$", ON_CALL.read_text(), flags=re.MULTILINE)
    assert set(alerts()) - tested == set()
    assert sorted(explained) == sorted(alerts())
