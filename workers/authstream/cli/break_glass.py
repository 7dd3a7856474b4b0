"""`authstream break-glass …`: let every login of a trigger in, or none, for a while."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from authstream.cli.door import OWN, Tenant, entered

Trigger = Annotated[str, typer.Argument(help="The trigger.")]
Reason = Annotated[str, typer.Option(help="Why, for the audit trail; users may see it.")]
Lasting = Annotated[str, typer.Option("--for", help="How long, e.g. 15m; at most 24 hours.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(
        no_args_is_help=True, help="Emergencies: allow or deny every login, for a while."
    )
    app.add_typer(group, name="break-glass")

    @group.command("allow-all")
    def allow_all(
        trigger: Trigger, *, reason: Reason, lasting: Lasting = "15m", tenant: Tenant = OWN
    ) -> None:
        """Run no action: every login is allowed as it is."""
        _begin(trigger, tenant, "allow-all", lasting=lasting, reason=reason)

    @group.command("deny-all")
    def deny_all(
        trigger: Trigger, *, reason: Reason, lasting: Lasting = "15m", tenant: Tenant = OWN
    ) -> None:
        """Deny every login."""
        _begin(trigger, tenant, "deny-all", lasting=lasting, reason=reason)

    @group.command()
    def end(trigger: Trigger, *, tenant: Tenant = OWN) -> None:
        """Back to the flow, at once."""
        from authstream.control.emergencies import Emergencies  # noqa: PLC0415 - loads the broker

        with entered() as door:
            Emergencies(door).end(tenant, trigger)
        typer.echo(f"{trigger} of {tenant} runs its actions again")


def _begin(
    trigger: str,
    tenant: str,
    mode: Literal["allow-all", "deny-all"],
    *,
    lasting: str,
    reason: str,
) -> None:
    from authstream.control.described import moment  # noqa: PLC0415 - as above
    from authstream.control.duration import duration  # noqa: PLC0415 - as above
    from authstream.control.emergencies import Emergencies  # noqa: PLC0415 - as above

    with entered() as door:
        glass = Emergencies(door).begin(
            tenant, trigger, mode, lasting=duration(lasting), reason=reason
        )
    typer.echo(f"{trigger} of {tenant} is {mode} until {moment(glass.until)}")
