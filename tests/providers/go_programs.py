"""Programs in Go, built once from the module proxy into a cache outside the repository.

`go install` refuses modules with replacements, so each program is a tool of a module of ours that
repeats them; its `go.sum` pins every hash.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final, Literal

HOME: Final = Path(__file__).resolve().parent / "go"
BUILT_WITHIN: Final = timedelta(minutes=20)
_LOG_LINES: Final = 20


@dataclass(frozen=True, slots=True)
class Program:
    """What to build, and with which tags: SQLite makes a database in memory possible."""

    name: str
    package: str
    tags: str
    #: C code: `0` for a program that runs where there are no libraries.
    cgo: Literal["0", "1"] = "1"

    def built(self) -> Path:
        """The executable, built the first time. Raises RuntimeError with the compiler's words."""
        module = HOME / self.name
        there = cache_folder() / f"{self.name}-{_digest(module)}"
        if there.exists():
            return there
        if shutil.which("go") is None or shutil.which("gcc") is None:
            raise RuntimeError(f"{self.name} is built from source: install Go and gcc.")
        there.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=there.parent) as scratch:
            made = Path(scratch) / self.name
            flags = {"GOFLAGS": "-buildvcs=false -mod=readonly", "CGO_ENABLED": self.cgo}
            done = subprocess.run(
                ("go", "build", "-tags", self.tags, "-o", f"{made}", self.package),
                cwd=module,
                env={**os.environ, **flags},
                capture_output=True,
                text=True,
                check=False,
                timeout=BUILT_WITHIN.total_seconds(),
            )
            if done.returncode:
                tail = "\n".join(done.stderr.splitlines()[-_LOG_LINES:])
                raise RuntimeError(f"{self.name} did not build:\n{tail}")
            made.replace(there)
        return there


HYDRA = Program("hydra", "github.com/ory/hydra/v2", "sqlite,sqlite_omit_load_extension,json1")
KRATOS = Program("kratos", "github.com/ory/kratos", "sqlite")
JAEGER = Program("jaeger", "github.com/jaegertracing/jaeger/cmd/jaeger", "netgo")
HELM = Program("helm", "helm.sh/helm/v3/cmd/helm", "")
RUNSC = Program("runsc", "gvisor.dev/gvisor/runsc", "", cgo="0")
PROGRAMS = (HYDRA, KRATOS, JAEGER, HELM, RUNSC)


def cache_folder() -> Path:
    """Where programs are kept, outside the repository."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "authstream"


def _digest(module: Path) -> str:
    pinned = (module / "go.mod").read_bytes() + (module / "go.sum").read_bytes()
    return hashlib.sha256(pinned).hexdigest()[:16]
