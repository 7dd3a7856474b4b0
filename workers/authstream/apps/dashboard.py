"""The Grafana dashboard as code: `deploy/grafana/authstream.json` is rendered from here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

#: Grafana's grid.
_COLUMNS, _WIDTH, _HEIGHT = 24, 8, 7
_SOURCE = {"type": "prometheus", "uid": "${source}"}
_RATE = "[$__rate_interval]"


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph: what it is called, its unit, and what is drawn by its legend."""

    title: str
    unit: str
    queries: dict[str, str]


def quantile(share: float, name: str, by: str) -> str:
    """A quantile of a histogram of seconds, by a label."""
    return f"histogram_quantile({share:g}, sum by (le, {by}) (rate({name}_bucket{_RATE})))"


def rate(name: str, by: str, where: str = "") -> str:
    """Events a second of a counter, by a label."""
    return f"sum by ({by}) (rate({name}{where}{_RATE}))"


_VERDICT, _ACTION = "authstream_verdict_duration_seconds", "authstream_action_duration_seconds"
_STAGE, _QUEUE = "authstream_stage_duration_seconds", "authstream_stage_queue_seconds"
_CALL = "authstream_gateway_call_seconds"

ROWS: dict[str, tuple[Panel, ...]] = {
    "Logins": (
        Panel(
            "Verdicts a second, by outcome",
            "ops",
            {"{{outcome}}": rate("authstream_verdicts_total", "outcome")},
        ),
        Panel(
            "From the event to its verdict",
            "s",
            {
                f"p{share * 100:g} {{{{trigger}}}}": quantile(share, _VERDICT, "trigger")
                for share in (0.5, 0.99)
            },
        ),
        Panel(
            "Verdicts within 250 ms (objective 99.9 %)",
            "percentunit",
            {
                "in time": f'sum(rate({_VERDICT}_bucket{{le="0.25"}}{_RATE}))'
                f" / sum(rate({_VERDICT}_count{_RATE}))"
            },
        ),
        Panel(
            "Failed verdicts, by code",
            "ops",
            {"{{code}}": rate("authstream_verdicts_total", "code", '{outcome="failed"}')},
        ),
        Panel(
            "Dead letters, by reason",
            "ops",
            {"{{stage}} {{reason}}": rate("authstream_dead_letters_total", "stage, reason")},
        ),
    ),
    "Actions": (
        Panel("p50 of a run", "s", {"{{action}}": quantile(0.5, _ACTION, "action")}),
        Panel("p99 of a run", "s", {"{{action}}": quantile(0.99, _ACTION, "action")}),
        Panel(
            "Runs that are not well",
            "ops",
            {
                "{{action}} {{status}}": rate(
                    "authstream_action_runs_total",
                    "action, status",
                    '{status!~"ok|denied|suspended"}',
                )
            },
        ),
        Panel(
            "Circuits (2: open)",
            "none",
            {"{{action}}": "max by (action) (authstream_action_circuit)"},
        ),
        Panel(
            "Memory of guests, of what they may have",
            "percentunit",
            {
                "{{action}}": "max by (action) "
                "(authstream_guest_memory_bytes / authstream_guest_memory_limit_bytes)"
            },
        ),
        Panel(
            "Events under way in guests",
            "none",
            {"{{action}}": "sum by (action) (authstream_guest_in_flight)"},
        ),
        Panel(
            "Guests started again",
            "ops",
            {"{{action}}": rate("authstream_guest_restarts_total", "action")},
        ),
        Panel(
            "Guests at the limit of their memory",
            "ops",
            {"{{action}}": rate("authstream_guest_over_memory_total", "action")},
        ),
    ),
    "Stages": (
        Panel("p99 of a message", "s", {"{{stage}}": quantile(0.99, _STAGE, "stage")}),
        Panel("p99 of the wait before", "s", {"{{stage}}": quantile(0.99, _QUEUE, "stage")}),
        Panel("Messages a second", "ops", {"{{stage}}": rate(f"{_STAGE}_count", "stage")}),
        Panel("Lag, messages", "none", {"{{stage}}": "sum by (stage) (authstream_partition_lag)"}),
        Panel(
            "Age of the oldest message in work",
            "s",
            {"{{stage}}": "max by (stage) (authstream_partition_oldest_seconds)"},
        ),
        Panel(
            "In work, and waiting for room",
            "none",
            {
                "{{stage}}": "sum by (stage) (authstream_stage_in_flight)",
                "{{stage}} waiting": "sum by (stage) (authstream_stage_waiting)",
            },
        ),
        Panel(
            "Refused, by code",
            "ops",
            {"{{stage}} {{code}}": rate("authstream_stage_refused_total", "stage, code")},
        ),
    ),
    "Gateway": (
        Panel(
            "Calls a second, by what was told",
            "ops",
            {
                "{{connection}} {{answered}}": rate(
                    "authstream_gateway_calls_total", "connection, answered"
                )
            },
        ),
        Panel("p99 of a call", "s", {"{{connection}}": quantile(0.99, _CALL, "connection")}),
        Panel(
            "Deadlines missed, by provider",
            "ops",
            {"{{provider}}": rate("authstream_gateway_deadline_misses_total", "provider")},
        ),
        Panel("Calls that wait", "none", {"{{instance}}": "authstream_gateway_in_flight"}),
        Panel(
            "Answered without asking, and retries that joined",
            "ops",
            {
                "{{connection}} {{code}}": rate(
                    "authstream_gateway_shed_total", "connection, code"
                ),
                "{{connection}} joined": rate("authstream_gateway_joined_total", "connection"),
            },
        ),
        Panel(
            "Parts that a provider's protocol cannot carry",
            "ops",
            {
                "{{connection}} {{part}}": rate(
                    "authstream_gateway_lost_parts_total", "connection, part"
                )
            },
        ),
    ),
    "Effects and metadata": (
        Panel(
            "Effects a second",
            "ops",
            {"{{kind}} {{status}}": rate("authstream_effects_total", "kind, status")},
        ),
        Panel(
            "Metadata patches a second",
            "ops",
            {"{{status}}": rate("authstream_metadata_total", "status")},
        ),
    ),
    "Processes": (
        Panel(
            "Crashes", "none", {"{{instance}}": "increase(authstream_worker_restarts_total[15m])"}
        ),
        Panel("Clock against the broker's", "s", {"{{instance}}": "authstream_clock_skew_seconds"}),
        Panel(
            "Control log, records behind the newest view",
            "none",
            {
                "{{instance}}": "scalar(max(authstream_control_position))"
                " - authstream_control_position"
            },
        ),
        Panel(
            "Errors on the way to brokers, by code",
            "ops",
            {"{{instance}} {{code}}": rate("authstream_broker_errors_total", "instance, code")},
        ),
    ),
}


def dashboard() -> str:
    """The dashboard as Grafana imports it, JSON."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS.items():
        panels.append({**_place(0, top, _COLUMNS, 1), "type": "row", "title": title, "panels": []})
        for number, panel in enumerate(row):
            left, down = number * _WIDTH % _COLUMNS, number * _WIDTH // _COLUMNS
            panels.append(
                {**_place(left, top + 1 + down * _HEIGHT, _WIDTH, _HEIGHT), **_graph(panel)}
            )
        top += 1 + -(-len(row) * _WIDTH // _COLUMNS) * _HEIGHT
    for number, made in enumerate(panels, 1):
        made["id"] = number
    said = {
        "uid": "authstream",
        "title": "Authstream",
        "tags": ["authstream"],
        "schemaVersion": 39,
        "time": {"from": "now-1h", "to": "now"},
        "refresh": "30s",
        "templating": {
            "list": [
                {"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}
            ]
        },
        "panels": panels,
    }
    return json.dumps(said, indent=2) + "\n"


def _place(left: int, top: int, width: int, height: int) -> dict[str, Any]:
    return {"gridPos": {"x": left, "y": top, "w": width, "h": height}}


def _graph(panel: Panel) -> dict[str, Any]:
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": _SOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + number), "expr": query, "legendFormat": legend}
            for number, (legend, query) in enumerate(panel.queries.items())
        ],
    }
