"""Type files for authors of actions, rendered from the table: `authstream.d.ts`, `actions.pyi`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from keyword import iskeyword
from textwrap import indent

from pydantic import BaseModel

from authstream.contracts.api import TRIGGERS, Method, Parameter, methods, python_path
from authstream.contracts.event_typings import python_event, typescript_event
from authstream.contracts.parameter import ABSENT

_TYPESCRIPT_HEAD = """\
// What an action may use, for editors and compilers. Rendered by make contracts.
//
//   /**
//    * @param {import("./authstream").PostLoginEvent} event
//    * @param {import("./authstream").PostLoginApi} api
//    */
//   exports.onExecutePostLogin = async (event, api) => {};

export interface CacheRecord {
  value: string;
  /** Milliseconds since 1970. */
  expires_at: number;
}
export type CacheResult =
  | { type: "success"; record?: CacheRecord }
  | { type: "error"; code: string };

/** A group or a role. */
export interface Entry {
  id: string;
  name: string;
  [member: string]: any;
}
export interface Membership {
  is_member: boolean;
  matches: Entry[];
}

/** What every event has; the rest is as published, with what earlier actions changed. */
export interface Event {
  readonly secrets: { readonly [name: string]: string };
  readonly configuration: { readonly [name: string]: any };
  /** Aborted when the action's time is over. */
  readonly signal: AbortSignal;
  readonly [member: string]: any;
}
"""
_PYTHON_HEAD = '''\
"""What an action may use, for editors and type checkers. Rendered by make contracts.

    from __future__ import annotations
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from actions import PostLoginApi, PostLoginEvent

    async def on_execute_post_login(event: PostLoginEvent, api: PostLoginApi) -> None: ...
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal, Protocol

class Record(dict[str, Any]):
    """A JSON object: members as attributes and as items."""

    def __getattr__(self, name: str) -> Any: ...

class Answer(Record):
    """To be awaited in an `async def` handler; in a plain one it is the answer itself."""

    def __await__(self) -> Generator[Any, Any, Record]: ...

class Event(Record):
    """The login as its provider published it, with what earlier actions changed."""

    secrets: Record
    configuration: Record
'''
_TYPESCRIPT_TYPES = {
    "string": "string",
    "number": "number",
    "boolean": "boolean",
    "null": "null",
    "array": "any[]",
    "object": "{ [name: string]: any }",
}
_PYTHON_TYPES = {
    "string": "str",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "array": "Sequence[Any]",
    "object": "Mapping[str, Any]",
}
#: What the methods that do not chain return, by path: TypeScript, Python.
_RETURNS = {
    "cache.get": ("CacheRecord | undefined", "Record | None"),
    "cache.set": ("CacheResult", "Record"),
    "cache.delete": ("CacheResult", "Record"),
    "redirect.encodeToken": ("string", "str"),
    "redirect.validateToken": ("any", "Record"),
    "redirect.canRedirect": ("boolean", "bool"),
    "rules.wasExecuted": ("boolean", "bool"),
    "groups.getUserGroups": ("Promise<{ groups: Entry[]; next?: string }>", "Answer"),
    "groups.hasGroupMembership": (
        "Promise<{ memberships: { [asked: string]: Membership } }>",
        "Answer",
    ),
    "roles.getUserEffectiveRoles": ("Promise<{ roles: Entry[]; next?: string }>", "Answer"),
    "roles.getUserEffectiveRolesByIds": ("Promise<{ roles: Entry[] }>", "Answer"),
    "roles.getUserEffectiveRolesByNames": ("Promise<{ roles: Entry[] }>", "Answer"),
}


#: Trigger to the model of its event.
Events = Mapping[str, type[BaseModel]]


def typescript(events: Events) -> str:
    """`authstream.d.ts`."""
    parts = [_TYPESCRIPT_HEAD]
    parts += [typescript_event(_event_name(name), events[name]) for name in sorted(events)]
    for trigger in sorted(TRIGGERS):
        api = api_name(trigger)
        members = ""
        for owner, found in _owners(trigger):
            bodies = "".join(_typescript_method(method, api) for method in found)
            members += f"readonly {owner}: {{\n{indent(bodies, '  ')}}};\n"
        parts.append(
            f"/** `api` of the trigger {trigger}. */\n"
            f"export interface {api} {{\n{indent(members, '  ')}}}\n"
        )
    return "\n".join(parts)


def python(events: Events) -> str:
    """`actions.pyi`."""
    parts = [_PYTHON_HEAD]
    parts += [python_event(_event_name(name), events[name]) for name in sorted(events)]
    for trigger in sorted(TRIGGERS):
        api = api_name(trigger)
        owners = list(_owners(trigger))
        for owner, found in owners:
            bodies = "".join(_python_method(method, api) for method in found)
            parts.append(f"class _{api}{_pascal(owner)}(Protocol):\n{indent(bodies, '    ')}")
        members = "".join(
            f"@property\ndef {python_path(owner)}(self) -> _{api}{_pascal(owner)}: ...\n"
            for owner, _ in owners
        )
        doc = f'"""`api` of the trigger {trigger}."""\n\n'
        parts.append(f"class {api}(Protocol):\n{indent(doc + members, '    ')}")
    return "\n".join(parts)


def _owners(trigger: str) -> Iterable[tuple[str, list[Method]]]:
    owners: dict[str, list[Method]] = defaultdict(list)
    for path, method in methods(trigger).items():
        owners[path.partition(".")[0]].append(method)
    return owners.items()


def api_name(trigger: str) -> str:
    """The name of the type of `api`, e.g. `PostLoginApi`."""
    return f"{_words(trigger)}Api"


def _event_name(trigger: str) -> str:
    return f"{_words(trigger)}Event"


def _words(trigger: str) -> str:
    return "".join(part.capitalize() for part in trigger.split("-"))


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def _typescript_method(method: Method, api: str) -> str:
    name = method.path.partition(".")[2]
    returns = api if method.chains else _RETURNS[method.path][0]
    forms = [", ".join(_typescript_parameter(parameter) for parameter in method.parameters)]
    forms += ["values: { [key: string]: any }"] if method.object_form else []
    return f"/** {method.about} */\n" + "".join(f"{name}({form}): {returns};\n" for form in forms)


def _typescript_parameter(parameter: Parameter) -> str:
    optional = parameter.optional or parameter.default != ABSENT
    return f"{parameter.name}{'?' if optional else ''}: {_typescript_type(parameter)}"


def _typescript_type(parameter: Parameter) -> str:
    if parameter.enum:
        return " | ".join(f'"{value}"' for value in parameter.enum)
    if parameter.suggests:
        return " | ".join([*(f'"{value}"' for value in parameter.suggests), "(string & {})"])
    if parameter.items is not None:
        others = [name for name in parameter.types if name != "array"]
        items = f"({_typescript_type(parameter.items)})[]"
        return " | ".join([*(_TYPESCRIPT_TYPES[name] for name in others), items])
    if parameter.members:
        members = [_typescript_parameter(member) for member in parameter.members]
        members += ["[member: string]: any"] if parameter.entries else []
        return f"{{ {'; '.join(members)} }}"
    return " | ".join(_TYPESCRIPT_TYPES[name] for name in parameter.types) or "any"


def _python_method(method: Method, api: str) -> str:
    name = python_path(method.path.partition(".")[2])
    returns = api if method.chains else _RETURNS[method.path][1]
    plain = ", ".join(["self", *_python_parameters(method.parameters)])
    about = f'    """{method.about}"""\n'
    if not method.object_form:
        return f"def {name}({plain}) -> {returns}:\n{about}"
    # Two forms as one signature: stubs need no overload for it, and messages stay short.
    key, *others = _python_parameters(method.parameters)
    defaults = ", ".join(f"{other} = ..." for other in others)
    return f"def {name}(self, {key} | Mapping[str, Any], {defaults}) -> {returns}:\n{about}"


def _python_parameters(parameters: tuple[Parameter, ...]) -> list[str]:
    options = parameters[-1].members if parameters else ()
    said = [_python_parameter(parameter) for parameter in parameters]
    # Members of a trailing options object are keywords too.
    keywords = [f"{_keyword(member.name)}: {_python_type(member)} = ..." for member in options]
    return [*said, *(["*", *keywords] if keywords else [])]


def _python_parameter(parameter: Parameter) -> str:
    # An object may be given by its members as keywords instead.
    optional = parameter.optional or parameter.default != ABSENT or bool(parameter.members)
    end = " | None = ..." if optional else ""
    return f"{python_path(parameter.name)}: {_python_type(parameter)}{end}"


def _keyword(name: str) -> str:
    """The Python name of a member: one that is a word of the language ends in `_`."""
    return f"{python_path(name)}_" if iskeyword(name) else python_path(name)


def _python_type(parameter: Parameter) -> str:
    if parameter.enum:
        values = ", ".join(f'"{value}"' for value in parameter.enum)
        return f"Literal[{values}]"
    if parameter.suggests:
        values = ", ".join(f'"{value}"' for value in parameter.suggests)
        return f"Literal[{values}] | str"
    return " | ".join(_PYTHON_TYPES[name] for name in parameter.types) or "Any"
