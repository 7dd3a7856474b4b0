"""`authstream apply|diff|export`: a folder to the cluster, what would change, and back."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from authstream.cli.door import OWN, AsJson, Tenant, entered, show

if TYPE_CHECKING:
    from authstream.control.apply import Difference

Folder = Annotated[Path, typer.Argument(help="Folder of actions and flows.")]
#: Exit status of `diff` when something differs.
DIFFERS_STATUS = 1


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def apply(folder: Folder, *, tenant: Tenant = OWN, as_json: AsJson = False) -> None:
        """Make the cluster equal to a folder: build, deploy, bind, and delete what is not there."""
        from authstream.control.apply import apply as made_equal  # noqa: PLC0415 - loads the broker
        from authstream.control.apply import desired  # noqa: PLC0415 - as above

        with entered() as door:
            done = made_equal(desired(folder, door, tenant), door)
        show(_plain(done), lambda: [*map(str, done)] or ["nothing to change"], as_json=as_json)

    @app.command()
    def diff(folder: Folder, *, tenant: Tenant = OWN, as_json: AsJson = False) -> int:
        """Show what apply would change; ends with 1 when that is something."""
        from authstream.control.apply import desired, differences  # noqa: PLC0415 - as above

        with entered() as door:
            found = differences(desired(folder, door, tenant), door)
        show(_plain(found), lambda: [*map(str, found)] or ["no difference"], as_json=as_json)
        return DIFFERS_STATUS if found else 0

    @app.command()
    def export(
        folder: Folder,
        *,
        tenant: Tenant = OWN,
        force: Annotated[
            bool, typer.Option("--force", help="Into a folder that is not empty.")
        ] = False,
        as_json: AsJson = False,
    ) -> None:
        """Write what the cluster has into a folder. Values of secrets are never written."""
        from authstream.control.export import check_empty  # noqa: PLC0415 - as above
        from authstream.control.export import export as written  # noqa: PLC0415 - as above

        if not force:
            check_empty(folder)
        with entered() as door:
            changed = written(folder, door, tenant)
        text = f"{len(changed)} files written or removed in {folder}"
        show({"files": [str(one) for one in changed]}, lambda: [text], as_json=as_json)


def _plain(found: list[Difference]) -> list[dict[str, Any]]:
    names = ("what", "kind", "tenant", "name", "detail")
    return [{name: getattr(one, name) for name in names} for one in found]
