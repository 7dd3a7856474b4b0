"""`authstream flows …`: which actions run, in which order, and the kill switch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from authstream.cli.door import OWN, AsJson, Tenant, columns, entered, show

if TYPE_CHECKING:
    from authstream.control.door import Door
    from authstream.control.flows import Flows

Trigger = Annotated[str, typer.Argument(help="The trigger.")]
Name = Annotated[str, typer.Argument(help="The action.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Which actions run, and in which order.")
    app.add_typer(group, name="flows")
    for name, command in (
        ("show", _show),
        ("set", _set),
        ("add", _add),
        ("move", _move),
        ("remove", _remove),
        ("disable", _disable),
        ("enable", _enable),
        ("canary", _canary),
    ):
        group.command(name)(command)


def _show(
    trigger: Annotated[str | None, typer.Argument(help="A trigger; all unless said.")] = None,
    *,
    tenant: Annotated[str | None, typer.Option(help="A tenant; all unless said.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show flows: their actions in order, with versions, conditions and limits."""
    from authstream.control import described  # noqa: PLC0415 - only for these commands

    with entered() as door:
        found = [
            described.flow(stored)
            for stored in _flows(door).all()
            if tenant in (None, stored.key.tenant) and trigger in (None, stored.key.name)
        ]
    lines = [line for one in found for line in _flow_lines(one)]
    show(found, lambda: lines or ["no flows"], as_json=as_json)


def _flow_lines(flow: dict[str, Any]) -> list[str]:
    rows = [
        (
            f"  {number}",
            bound["action"],
            _version(bound),
            f"{bound['timeout_ms']} ms",
            bound["on_error"],
            "on" if bound["enabled"] else "OFF",
            bound.get("when", ""),
        )
        for number, bound in enumerate(flow["bindings"])
    ]
    head = ("  #", "ACTION", "VERSION", "TIMEOUT", "ON ERROR", "", "WHEN")
    title = f"{flow['trigger']} of {flow['tenant']}, revision {flow['revision']}"
    return [title, *columns([head, *rows])]


def _version(bound: dict[str, Any]) -> str:
    canary = bound.get("canary")
    share = f" ({canary['share']:.0%} get {canary['version']})" if canary else ""
    return f"{bound['version']}{share}"


def _set(
    file: Annotated[Path, typer.Argument(help="A flow's YAML file, as in flows/ of a folder.")],
    *,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Bind exactly the actions of a file, in its order, at their deployed versions."""
    from authstream.control.apply import binding_of_file  # noqa: PLC0415 - as above
    from authstream.control.files import FlowFile, read  # noqa: PLC0415 - as above

    said = read(file, FlowFile)
    with entered() as door:
        whose = said.tenant or tenant
        bindings = [binding_of_file(one) for one in said.actions]
        _flows(door).replace(whose, said.trigger, bindings, owner=tenant)
        text = f"{said.trigger} of {whose} has {len(bindings)} actions"
        _say(door, text, whose, said.trigger, as_json=as_json)


def _add(
    trigger: Trigger,
    name: Name,
    *,
    at: Annotated[int | None, typer.Option(help="Position, from 0; the end unless said.")] = None,
    when: Annotated[str | None, typer.Option(help="Condition, CEL.")] = None,
    timeout: Annotated[str, typer.Option(help="Time limit, e.g. 3s.")] = "10s",
    on_error: Annotated[str, typer.Option(help="fail or skip.")] = "fail",
    version: Annotated[int, typer.Option(help="A version; the deployed one unless said.")] = 0,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Bind one more action."""
    from authstream.control.apply import binding_of_file  # noqa: PLC0415 - as above
    from authstream.control.files import binding_said  # noqa: PLC0415 - as above

    said = binding_said({"action": name, "when": when, "timeout": timeout, "on_error": on_error})
    bound = binding_of_file(said).model_copy(update={"version": version})
    with entered() as door:
        _flows(door).add(tenant, trigger, bound, at=at)
        text = f"{name} runs at {trigger} of {tenant}, from the next login on"
        _say(door, text, tenant, trigger, as_json=as_json)


def _move(
    trigger: Trigger,
    name: Name,
    to: Annotated[int, typer.Argument(help="Position, from 0.")],
    *,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Give an action another position."""
    with entered() as door:
        _flows(door).move(tenant, trigger, name, to=to)
        _say(door, f"moved {name} to {to}", tenant, trigger, as_json=as_json)


def _remove(trigger: Trigger, name: Name, *, tenant: Tenant = OWN, as_json: AsJson = False) -> None:
    """Take an action out of a flow."""
    with entered() as door:
        _flows(door).remove(tenant, trigger, name)
        text = f"{name} is not in {trigger} of {tenant} any more"
        _say(door, text, tenant, trigger, as_json=as_json)


def _disable(
    trigger: Trigger, name: Name, *, tenant: Tenant = OWN, as_json: AsJson = False
) -> None:
    """Switch an action off at once; it keeps its place."""
    with entered() as door:
        _flows(door).enable(tenant, trigger, name, enabled=False)
        text = f"{name} is off in {trigger} of {tenant}"
        _say(door, text, tenant, trigger, as_json=as_json)


def _enable(trigger: Trigger, name: Name, *, tenant: Tenant = OWN, as_json: AsJson = False) -> None:
    """Switch an action on again."""
    with entered() as door:
        _flows(door).enable(tenant, trigger, name, enabled=True)
        text = f"{name} is on in {trigger} of {tenant}"
        _say(door, text, tenant, trigger, as_json=as_json)


def _canary(
    trigger: Trigger,
    name: Name,
    *,
    version: Annotated[int | None, typer.Option(help="The version; none ends a canary.")] = None,
    share: Annotated[float, typer.Option(help="Share of the logins that get it.")] = 0.1,
    max_errors: Annotated[
        float, typer.Option(help="Share of failing runs above which it is taken back.")
    ] = 0.05,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Give a share of the logins another version of an action, or end that."""
    from authstream.control.objects import Canary  # noqa: PLC0415 - as above

    canary = None
    if version is not None:
        canary = Canary(version=version, share=share, max_errors=max_errors)
    with entered() as door:
        _flows(door).canary(tenant, trigger, name, canary)
        text = f"{share:.0%} of logins get version {version}" if canary else "no canary"
        _say(door, text, tenant, trigger, as_json=as_json)


def _say(door: Door, text: str, tenant: str, trigger: str, *, as_json: bool) -> None:
    """What was done, or the flow as it is now."""
    from authstream.control import described  # noqa: PLC0415 - as above

    flow = described.flow(_flows(door).stored(tenant, trigger))
    show(flow, lambda: [text], as_json=as_json)


def _flows(door: Door) -> Flows:
    from authstream.control.flows import Flows  # noqa: PLC0415 - as above

    return Flows(door)
