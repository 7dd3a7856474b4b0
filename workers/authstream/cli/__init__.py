"""The command line: `authstream COMMAND`. Errors are one line with a remedy."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import Annotated, Any

import typer
from rich.console import Console

from authstream.cli import (
    actions,
    admin,
    apply,
    audit,
    bench,
    break_glass,
    connect,
    control,
    dead_letters,
    demo,
    deps,
    doctor,
    effects,
    flows,
    gateway,
    importing,
    ingest,
    new,
    replay,
    secrets,
    send,
    tail,
    test,
    tokens,
    topics,
    up,
    users,
    variables,
    version,
    worker,
)
from authstream.errors import AuthstreamError

#: Set by `--debug`: tracebacks instead of one line.
DEBUG = "AUTHSTREAM_DEBUG"
#: Exit status after a wrong command line and after Ctrl-C (128 + SIGINT).
USAGE_STATUS = 2
INTERRUPTED_STATUS = 130

app = typer.Typer(
    name="authstream", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False
)
for module in (
    *(demo, up, worker, gateway, ingest, connect, apply, actions, flows, secrets, break_glass),
    *(audit, tokens, admin, deps, topics, send, test, tail, dead_letters, effects, doctor),
    version,
    importing,
    new,
    users,
    control,
    bench,
    replay,
    variables,
):
    module.register(app)


@app.callback()
def _options(
    *, debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks.")] = False
) -> None:
    """Auth0 Actions for any identity provider, on your own Kafka."""
    if debug:
        os.environ[DEBUG] = "1"


@cache
def command() -> Any:  # noqa: ANN401 - Typer does not say what it makes
    """All commands, made from the signatures of their functions."""
    return typer.main.get_command(app)


def main() -> None:
    """Run a command; exits with its status."""
    errors = Console(stderr=True, highlight=False)
    try:
        result = command()(standalone_mode=False)
        sys.exit(result if isinstance(result, int) else 0)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED_STATUS)
    except typer.TyperException as error:
        errors.print(
            f"error: {error.format_message()} See authstream --help.", markup=False, soft_wrap=True
        )
        sys.exit(USAGE_STATUS)
    except AuthstreamError as error:
        if os.environ.get(DEBUG):
            raise
        errors.print(f"error: {error}", markup=False, style="bold red", soft_wrap=True)
        sys.exit(error.exit_status)
