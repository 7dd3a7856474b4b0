"""`authstream audit`: who changed what, and when."""

from __future__ import annotations

from typing import Annotated

import typer

from authstream.cli.door import AsJson, columns, entered, show


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def audit(
        *,
        count: Annotated[int, typer.Option(help="Entries, the latest.")] = 50,
        tenant: Annotated[str | None, typer.Option(help="A tenant; all unless said.")] = None,
        as_json: AsJson = False,
    ) -> None:
        """Show the audit trail: every change, also those that came too late."""
        from authstream.control.described import audited  # noqa: PLC0415 - loads the broker

        with entered() as door:
            found = [
                audited(entry)
                for entry in door.view.trail()
                if tenant in (None, entry.record.tenant)
            ][-count:]
        rows = [
            (
                one["at"],
                one["actor"],
                f"{one['kind']} {one['name']} of {one['tenant']}",
                one["operation"],
                "" if one["took_effect"] else "had no effect",
            )
            for one in found
        ]
        show(found, lambda: columns(rows) if rows else ["no changes"], as_json=as_json)
