"""The machine and the versions that figures were measured with; no names, no paths."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

import psutil

from tests.kafka_jars import HOME

_GIBIBYTE = 2**30
_LIBRARIES = ("confluent-kafka", "faust-streaming", "aiokafka", "fastavro", "pydantic")


def facts() -> dict[str, str]:
    """What a reader must know to compare."""
    memory = psutil.virtual_memory().total / _GIBIBYTE
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return {
        "processor": f"{os.cpu_count()} cores ({_processor()})",
        "memory": f"{memory:.0f} GiB",
        "kernel": f"{platform.system()} {platform.release().split('-')[0]}",
        "Python": platform.python_version(),
        "broker": f"Apache Kafka {_kafka()}, one KRaft node on the same machine, replication 1",
        "libraries": libraries,
    }


def load() -> float:
    """Processes that wanted to run over the last minute: above the number of cores, it shows."""
    return os.getloadavg()[0]


def _processor() -> str:
    lines: Iterable[str] = Path("/proc/cpuinfo").read_text().splitlines()
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")),
        platform.machine(),
    )


def _kafka() -> str:
    pom = (HOME / "pom.xml").read_text()
    found = re.search(r"kafka_2\.13</artifactId>\s*<version>([\d.]+)<", pom)
    return found[1] if found else "unknown"
