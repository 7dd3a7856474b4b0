"""`authstream demo`: a dozen logins through a whole flow on this machine, and what came of each."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
import yaml
from rich.console import Console

from authstream.cli.settings import settings
from authstream.errors import ConfigurationError

if TYPE_CHECKING:
    from authstream.apps.demo.collector import CollectedSpan, Collector
    from authstream.apps.demo.crm import Crm
    from authstream.apps.demo.logins import Login
    from authstream.apps.demo.mailbox import Mailbox
    from authstream.apps.up import Up
    from authstream.settings import Settings

FOLDER = Path("deploy/demo")
SETTLE_WITHIN = timedelta(seconds=10)
_POLL_SECONDS = 0.05
_PASSABLE, _OWN = 0o711, 0o600
_FAILED_STATUS = 1
_NEXT_STEPS = (
    ("change deploy/demo/actions/claims/action.py, then make demo", "your own claim in the token"),
    (
        ".venv/bin/authstream test deploy/demo --event deploy/demo/events/first-login.json",
        "one flow, without a broker",
    ),
    ("make up", "the same, and it stays up for authstream send, tail and dead-letters"),
    ("docs/tutorial.md", "your first own action; deploy/compose.yaml has real Kafka and Jaeger"),
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        folder: Annotated[Path, typer.Argument(help="The demo's folder.")] = FOLDER,
        *,
        stay: Annotated[
            bool, typer.Option("--stay", help="Keep everything running after the logins.")
        ] = False,
    ) -> int:
        """Run a dozen logins through a flow of four actions: verdicts, runs, mails, traces."""
        if not (folder / "logins.yaml").is_file():
            raise ConfigurationError(
                f"{folder} has no logins.yaml: "
                "run this in a checkout, or give its deploy/demo folder"
            )
        return _Demo(folder, stay=stay).run()


class _Demo:
    def __init__(self, folder: Path, *, stay: bool) -> None:
        self._source = folder
        self._stay = stay
        self._console = Console(highlight=False)

    def run(self) -> int:
        from authstream.apps.demo.collector import Collector  # noqa: PLC0415 - only for the demo
        from authstream.apps.demo.crm import Crm  # noqa: PLC0415 - as above
        from authstream.apps.demo.mailbox import Mailbox  # noqa: PLC0415 - as above

        with (
            tempfile.TemporaryDirectory(prefix="authstream-demo-") as scratch,
            Crm() as crm,
            Mailbox() as mailbox,
            Collector() as collector,
        ):
            folder = self._folder(Path(scratch), crm)
            return self._on(folder, mailbox, collector)

    def _folder(self, scratch: Path, crm: Crm) -> Path:
        """A copy of the demo with the secrets of this run."""
        folder = scratch / "demo"
        shutil.copytree(self._source, folder)
        scratch.chmod(_PASSABLE)  # for guests, which have users of their own where we are root
        secrets = folder / ".secrets.yaml"
        secrets.touch(_OWN)
        secrets.write_text(
            yaml.safe_dump({"crm-enrich": {"CRM_URL": crm.url, "CRM_TOKEN": crm.token}})
        )
        return folder

    def _on(self, folder: Path, mailbox: Mailbox, collector: Collector) -> int:
        from authstream import telemetry  # noqa: PLC0415 - as above
        from authstream.apps.doctor import sandbox_line  # noqa: PLC0415 - as above
        from authstream.apps.stages import chosen  # noqa: PLC0415 - as above
        from authstream.apps.up import Up, free_port  # noqa: PLC0415 - as above

        self._say("starting the embedded broker and all stages …")
        self._console.print(sandbox_line(chosen(settings())), soft_wrap=True)
        os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.url
        os.environ.setdefault("OTEL_BSP_SCHEDULE_DELAY", "200")
        environment = {
            "AUTHSTREAM_SMTP__PORT": str(mailbox.port),
            "AUTHSTREAM_LOG_FORMAT": "console",
            "AUTHSTREAM_LOG_LEVEL": "error",
        }
        port = free_port(settings().console.port) if self._stay else None
        with Up(folder, environment=environment, console_port=port) as running:
            running.wait_ready()
            telemetry.configure("demo-provider")
            logins = self._logins(settings(brokers=running.brokers, embedded=True))
            telemetry.shutdown()
            self._report(logins, mailbox, collector)
            if port is not None:
                self._say(f"the console is at http://127.0.0.1:{port}")
                self._wait(running)
        return 0 if all(login.verdict for login in logins) else _FAILED_STATUS

    def _logins(self, current: Settings) -> list[Login]:
        from authstream.apps.demo.logins import add_executions, decide_all, read_logins  # noqa: PLC0415 - as above
        from authstream.broker.embedded import PARTITIONS  # noqa: PLC0415 - as above

        logins = read_logins(self._source)
        self._say(f"publishing {len(logins)} login events …")
        decide_all(logins, current)
        add_executions(logins, current, partitions=PARTITIONS)
        return logins

    def _report(self, logins: list[Login], mailbox: Mailbox, collector: Collector) -> None:
        from authstream.apps.demo import report  # noqa: PLC0415 - as above

        for number, login in enumerate(logins, 1):
            report.print_login(self._console, number, login)
        orders = {
            effect.id
            for login in logins
            if login.verdict and login.verdict.outcome == "allowed"
            for effect in login.verdict.effects
        }
        self._poll(lambda: len(mailbox.received) >= len(orders))
        self._say(f"{len(mailbox.received)} welcome e-mails arrived at the local SMTP server:")
        for mail in mailbox.received:
            report.print_mail(self._console, mail)
        self._poll(lambda: bool(_trace_with_effect(collector.spans)))
        self._say("the trace of one login, from publish to e-mail:")
        report.print_trace(_trace_with_effect(collector.spans))
        self._next_steps()

    def _next_steps(self) -> None:
        self._say("try next:")
        for command, gives in _NEXT_STEPS:
            self._console.print(f"  • {command}", soft_wrap=True)
            self._console.print(f"      {gives}", style="dim", soft_wrap=True)

    def _wait(self, running: Up) -> None:
        self._say("everything stays up until Ctrl-C. In another terminal:")
        self._console.print(
            f"  export AUTHSTREAM_BROKERS={running.brokers} AUTHSTREAM_EMBEDDED=true",
            soft_wrap=True,
        )
        self._console.print(
            "  .venv/bin/authstream tail post-login.decided.v1 --beginning", soft_wrap=True
        )
        try:
            running.worker.wait()
        except KeyboardInterrupt:
            self._say("stopping …")

    def _say(self, text: str) -> None:
        self._console.print()
        self._console.print(f"[bold blue]▸[/] {text}", soft_wrap=True)

    def _poll(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SETTLE_WITHIN.total_seconds()
        while not condition() and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)


def _trace_with_effect(spans: list[CollectedSpan]) -> list[CollectedSpan]:
    """The spans of the first trace that reached an e-mail, or none yet."""
    reached = next(
        (
            span.trace_id
            for span in spans
            if span.name.startswith("process ") and ".effects.email." in span.name
        ),
        None,
    )
    trace = [span for span in spans if span.trace_id == reached]
    return trace if any(not span.parent_id for span in trace) else []
