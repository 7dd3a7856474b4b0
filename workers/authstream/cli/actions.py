"""`authstream actions …`: drafts, versions and deploys of actions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from authstream.cli.door import OWN, AsJson, Tenant, columns, entered, show
from authstream.cli.rehearse_action import rehearse_action
from authstream.errors import ConfigurationError

if TYPE_CHECKING:
    from authstream.control.actions import Actions, Deployed
    from authstream.control.door import Door
    from authstream.control.drafts import Draft
    from authstream.control.template import TemplateLanguage

Name = Annotated[str, typer.Argument(help="The action.")]
Source = Annotated[
    Path | None, typer.Option("--from", help="A folder with action.yaml and the code.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Drafts, versions and deploys of actions.")
    app.add_typer(group, name="actions")
    group.command("list")(_list)
    group.command("new")(_new)
    group.command("show")(_show)
    group.command("edit")(_edit)
    group.command("test")(rehearse_action)
    group.command("deploy")(_deploy)
    group.command("diff")(_diff)
    group.command("rollback")(_rollback)
    group.command("logs")(_logs)
    group.command("delete")(_delete)


def _list(*, tenant: Tenant = OWN, as_json: AsJson = False) -> None:
    """List the actions of a tenant: which version is deployed, and whether the draft differs."""
    from authstream.control import described  # noqa: PLC0415 - only for these commands

    with entered() as door:
        actions = _actions(door, tenant)
        found = [described.action(stored) for stored in actions.all()]
        rows = [_row(actions, one) for one in found]
    head = ("NAME", "TRIGGER", "RUNTIME", "DEPLOYED", "DRAFT")
    show(found, lambda: columns([head, *rows]) if rows else ["no actions"], as_json=as_json)


def _row(actions: Actions, one: dict[str, Any]) -> tuple[str, ...]:
    deployed, draft = one["deployed"], one["draft"]
    same = deployed and actions.version(one["name"], deployed).digest == draft["digest"]
    state = "as deployed" if same else "not deployed"
    return one["name"], draft["trigger"], draft["runtime"], f"{deployed or '-'}", state


def _new(
    name: Name,
    *,
    source: Source = None,
    trigger: Annotated[str, typer.Option(help="The trigger it is for.")] = "post-login",
    language: Annotated[
        Literal["python", "javascript", "typescript"],
        typer.Option(help="What the template is written in."),
    ] = "python",
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Make an action, from a folder or from a commented template. Nothing runs it yet."""
    from authstream.control import described  # noqa: PLC0415 - as above

    with entered() as door:
        drafted = _draft(source, door) if source else _template(name, trigger, language)
        made = _actions(door, tenant).create(name, drafted)
    text = f"made {name}: authstream actions edit {name}, then authstream actions deploy {name}"
    show(described.action(made), lambda: [text], as_json=as_json)


def _template(name: str, trigger: str, language: TemplateLanguage) -> Draft:
    from authstream.apps.stages import triggers  # noqa: PLC0415 - as above
    from authstream.cli.events import known_trigger  # noqa: PLC0415 - as above
    from authstream.control.drafts import Draft  # noqa: PLC0415 - as above
    from authstream.control.template import CODE_FILE, first_code  # noqa: PLC0415 - as above

    known = known_trigger(trigger, triggers())
    code = first_code(name, known, language)
    return Draft(known.name, CODE_FILE[language], code.encode())


def _show(
    name: Name,
    *,
    version: Annotated[int | None, typer.Option(help="A version; the draft unless said.")] = None,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Show an action: its versions, its settings, its code."""
    from authstream.control import described  # noqa: PLC0415 - as above

    with entered() as door:
        actions = _actions(door, tenant)
        stored = door.view.get(actions.key(name))
        versions = [described.version(*pair) for pair in actions.versions(name)]
        spec = actions.get(name).draft if version is None else actions.version(name, version).spec
        code = actions.code(spec)
        found = {**described.action(stored), "versions": versions, "code": code}
        found["shown"] = {"version": version, **described.spec(spec)}
    show(found, lambda: _action_lines(found), as_json=as_json)


def _action_lines(found: dict[str, Any]) -> list[str]:
    shown = found["shown"]
    which = "draft" if shown["version"] is None else f"version {shown['version']}"
    rows = [
        (
            f"{one['version']}{' *' if one['version'] == found['deployed'] else ''}",
            one["created_at"],
            one["created_by"],
            one["digest"][:12],
            one["note"],
        )
        for one in found["versions"]
    ]
    table = columns([("VERSION", "MADE", "BY", "DIGEST", "NOTE"), *rows]) if rows else []
    settings = [
        f"{name}: {value}"
        for name, value in shown.items()
        if name not in {"version", "code_sha256"} and value not in (None, {}, [], "")
    ]
    return [
        f"{found['name']} of {found['tenant']}, revision {found['revision']}",
        *table,
        "",
        f"{which}:",
        *(f"  {line}" for line in settings),
        "",
        found["code"].rstrip(),
    ]


def _edit(
    name: Name, *, source: Source = None, tenant: Tenant = OWN, as_json: AsJson = False
) -> None:
    """Give an action another draft: from a folder, or in $EDITOR. Logins do not change."""
    from dataclasses import replace  # noqa: PLC0415 - as above

    from authstream.cli.editor import edited  # noqa: PLC0415 - as above
    from authstream.control import described  # noqa: PLC0415 - as above
    from authstream.control.drafts import draft_of  # noqa: PLC0415 - as above

    with entered() as door:
        actions = _actions(door, tenant)
        stored = door.view.get(actions.key(name))
        if source is not None:
            drafted = _draft(source, door)
        else:
            before = draft_of(actions.get(name).draft, door.store)
            text = edited(before.code, before.code_file, _types(before.code_file, door))
            drafted = replace(before, code=text)
            if drafted == before:
                show(described.action(stored), lambda: ["nothing changed"], as_json=as_json)
                return
        stored = actions.edit(name, drafted, after=stored.record.revision)
    said = f"the draft of {name} is changed: authstream actions deploy {name}"
    show(described.action(stored), lambda: [said], as_json=as_json)


def _types(code_file: str, door: Door) -> dict[str, str]:
    """What the code may name as types, for the editor."""
    from authstream.control.template import CODE_FILE, editor_types  # noqa: PLC0415 - as above

    written_in: dict[str, TemplateLanguage] = {name: one for one, name in CODE_FILE.items()}
    return editor_types(
        written_in[code_file], {name: one.event for name, one in door.triggers.items()}
    )


def _deploy(
    name: Name,
    *,
    note: Annotated[str, typer.Option(help="Why, for those who look at versions later.")] = "",
    canary: Annotated[
        float | None, typer.Option(help="Only for this share of the logins, e.g. 0.1.")
    ] = None,
    max_errors: Annotated[
        float, typer.Option(help="Share of failing runs above which a canary is taken back.")
    ] = 0.05,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Build the draft, make a version of it, and run it from the next login on."""
    from authstream.control.objects import Canary  # noqa: PLC0415 - as above

    if canary is not None and not 0 < canary <= 1:
        raise ConfigurationError(f"--canary {canary} is no share: give more than 0 and at most 1")
    with entered() as door:
        chosen = None
        if canary is not None:
            chosen = Canary(version=0, share=canary, max_errors=max_errors)
        done = _actions(door, tenant).deploy(name, note=note, canary=chosen)
    said = f"version {done.version} of {name}"
    what = f"made {said}" if done.new else f"{said} is the draft already"
    _show_deployed(what, done, as_json=as_json)


def _show_deployed(what: str, done: Deployed, *, as_json: bool) -> None:
    flows = [f"{key.tenant}/{key.name}" for key in done.flows]
    where = f"; in effect in {', '.join(flows)}" if flows else "; no flow changed"
    value = {"version": done.version, "new": done.new, "flows": flows}
    show(value, lambda: [f"{what}{where}"], as_json=as_json)


def _diff(
    name: Name,
    old: Annotated[
        int | None, typer.Argument(help="A version; the deployed one unless said.")
    ] = None,
    new: Annotated[int | None, typer.Argument(help="A version; the draft unless said.")] = None,
    *,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Show what differs between two versions, or between the deployed one and the draft."""
    with entered() as door:
        actions = _actions(door, tenant)
        text = actions.diff(name, old or actions.get(name).deployed, new)
    show({"diff": text}, text.splitlines, as_json=as_json)


def _rollback(
    name: Name,
    *,
    to: Annotated[int | None, typer.Option(help="A version; the one before unless said.")] = None,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Run an earlier version again, from the next login on. The draft stays as it is."""
    with entered() as door:
        done = _actions(door, tenant).roll_back(name, to)
    _show_deployed(f"back at version {done.version} of {name}", done, as_json=as_json)


def _logs(
    name: Name,
    *,
    count: Annotated[int, typer.Option(help="Runs, the latest.")] = 20,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Show the latest runs of an action: outcome, error, what it logged."""
    from authstream.apps.runs import latest_runs  # noqa: PLC0415 - as above
    from authstream.cli.settings import settings  # noqa: PLC0415 - as above

    found = latest_runs(settings(), tenant=tenant, action=name, count=count)
    show(found, lambda: [line for run in found for line in _run_lines(run)], as_json=as_json)


def _run_lines(run: dict[str, Any]) -> list[str]:
    head = f"{run['started_at']}  v{run['version']} {run['status']} {run['duration_ms']} ms"
    error = [f"    {run['error']}"] if run["error"] else []
    return [head, *error, *(f"    {one['level']}: {one['text']}" for one in run["console"])]


def _delete(
    name: Name,
    *,
    force: Annotated[bool, typer.Option("--force", help="Take it out of flows first.")] = False,
    tenant: Tenant = OWN,
    as_json: AsJson = False,
) -> None:
    """Delete an action and its secrets. Logins under way still finish."""
    with entered() as door:
        _actions(door, tenant).delete(name, force=force)
    show({"deleted": name}, lambda: [f"deleted {name}"], as_json=as_json)


def _actions(door: Door, tenant: str) -> Actions:
    from authstream.control.actions import Actions  # noqa: PLC0415 - as above

    return Actions(door, tenant)


def _draft(source: Path, door: Door) -> Draft:
    from authstream.control.drafts import Draft  # noqa: PLC0415 - as above
    from authstream.control.folder import load_action  # noqa: PLC0415 - as above

    return Draft.of(load_action(source, triggers=door.triggers, topics=door.topics))
