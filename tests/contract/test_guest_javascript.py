"""What only JavaScript actions can do: their shapes, their prototypes, their process."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.guests import NewGuest, invocation, texts

EXPECTED = 'Use "exports.onExecutePostLogin = async function(event, api) { }" as the signature.'


@pytest.mark.parametrize(
    "code",
    [
        "exports.onExecutePostLogin = async (event, api) => { api.access.deny('no'); }",
        "exports.onExecutePostLogin = async function (_, api) { api.access.deny('no'); }",
        "module.exports = { async onExecutePostLogin(event, api) { api.access.deny('no'); } }",
        """
        async function onExecutePostLogin(e, api) { api.access.deny('no') }
        module.exports = { onExecutePostLogin, helper: 1 };
        """,
    ],
)
async def test_every_shape_that_auth0_takes_is_taken(new_guest: NewGuest, code: str) -> None:
    """Members of exports or an exported object; arrows, functions and methods."""
    outcome = await new_guest(code, language="javascript").run(invocation())
    assert (outcome.error, outcome.commands) == (None, (("access.deny", ("no",)),))


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("module.exports = async (event, context) => ({})", "The Action must export an object."),
        ("module.exports = function (user, context, cb) {}", "write exports.onExecutePostLogin"),
        ("module.exports = 'text'", "The Action must export an object."),
        ("exports.onExecutePostLogin = (event, api) => {}", EXPECTED),
        ("exports.onExecutePostLogin = function () { return Promise.resolve() }", EXPECTED),
        ("exports.onExecutePostLogin = async function* () {}", EXPECTED),
        ("exports.onExecutePostLogin = 3", EXPECTED),
        ("exports.onContinuePostLogin = () => {}", 'for the "onContinuePostLogin" handler'),
    ],
)
async def test_other_shapes_are_refused_in_auth0s_words(
    new_guest: NewGuest, code: str, message: str
) -> None:
    """Legacy actions and handlers that are not async do not load."""
    outcome = await new_guest(code, language="javascript").run(invocation())
    assert outcome.status == "error"
    assert message in (outcome.error or "")


POLLUTION = """
const broken = () => { throw new Error("polluted"); };
for (const name of ["push", "map", "join", "slice", "concat", "forEach"]) {
  Array.prototype[name] = broken;
}
for (const name of ["split", "slice", "trim", "replace", "isWellFormed"]) {
  String.prototype[name] = broken;
}
for (const name of ["get", "set", "delete", "has"]) Map.prototype[name] = broken;
Promise.prototype.then = RegExp.prototype.exec = broken;
JSON.stringify = JSON.parse = Object.keys = Object.defineProperty = Reflect.apply = broken;
Buffer.concat = Buffer.byteLength = Buffer.prototype.subarray = Date.now = setImmediate = broken;
for (const name of [
  "enum", "types", "forbidden", "members", "pattern", "max_bytes", "effect", "kind", "value",
  "writable", "signal", "optional", "object_form", "done", "toJSON", "commands", "transaction",
]) {
  Object.prototype[name] = "polluted";
}
Array.prototype[Symbol.iterator] = broken;
exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("roles", ["admin"]);
  api.user.setAppMetadata({ welcomeEmailSent: true });
  api.transaction.setMetadata("k", 5);
  api.effects.send("email", {}, { on: "denied" });
  console.log("hello", event.transaction.metadata.k);
  if (event.fails) throw new RangeError("on purpose");
};
"""


async def test_changed_prototypes_do_not_reach_the_runner(new_guest: NewGuest) -> None:
    """Replaced methods and members added to every object: the runner goes on as before."""
    guest = new_guest(POLLUTION, language="javascript")
    for _ in range(3):
        outcome = await guest.run(invocation())
        assert (outcome.error, texts(outcome)) == (None, ["hello 5"])
        assert outcome.commands == (
            ("idToken.setCustomClaim", ("roles", ["admin"])),
            ("user.setAppMetadata", ("welcomeEmailSent", True)),
            ("transaction.setMetadata", ("k", 5)),
            ("effects.send", ("email", {}, {"on": "denied"})),
        )
    failed = await guest.run(invocation({"fails": True}))
    assert (failed.error or "").startswith("RangeError: on purpose\naction.js:26 in onExecute")


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("process.exit(3)", "process.exit(3) was called"),
        ("process.abort()", "process.abort() was called"),
        ("setImmediate(() => { throw new Error('late'); }); await wait(1000)", "Error: late"),
        ("throw 'plain text'", "Error: plain text"),
        ("throw { code: 7 }", "Error: { code: 7 }"),
        ("throw undefined", "Error: undefined"),
        ("throw { get message() { throw 1; } }", "cannot be shown"),
        ("null.x", "TypeError: Cannot read properties of null"),
        ("require('child_process').execSync('id')", "ERR_ACCESS_DENIED"),
        ("require('fs').readFileSync('/etc/passwd')", "Access to this API has been restricted"),
        ("require('fs').writeFileSync('/usr/x', '')", "Access to this API has been restricted"),
    ],
)
async def test_nothing_thrown_ends_the_guest(new_guest: NewGuest, code: str, message: str) -> None:
    """Whatever is thrown, wherever, is the error of its event; the process goes on."""
    guest = new_guest(
        f"""
        const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
        exports.onExecutePostLogin = async (event) => {{
          if (event.bad) {{ {code}; }}
        }};
        """,
        language="javascript",
    )
    await guest.start()
    pid = guest.pid
    bad, good = await asyncio.gather(
        guest.run(invocation({"bad": True})), guest.run(invocation({"bad": False}))
    )
    assert (bad.status, good.status) == ("error", "ok")
    assert message.replace("ERR_ACCESS_DENIED", "restricted") in (bad.error or "")
    assert guest.pid == pid


async def test_a_rejection_nobody_waits_for_is_shown_and_fails_nothing(
    new_guest: NewGuest,
) -> None:
    """A promise that an action forgot to await: an error in the console of its own run, by line."""
    guest = new_guest(
        """
        exports.onExecutePostLogin = async (event) => {
          if (event.forgets) forget(event.n);
          if (event.waits) await new Promise((resolve) => setTimeout(resolve, 20));
        };
        async function forget(n) {
          throw new RangeError(`forgotten ${n}`);
        }
        """,
        language="javascript",
    )
    events = [{"n": n, "forgets": n % 3 == 0, "waits": n % 2 == 0} for n in range(12)]
    outcomes = await asyncio.gather(*(guest.run(invocation(event)) for event in events))
    assert {(o.status, o.error) for o in outcomes} == {("ok", None)}
    for event, outcome in zip(events, outcomes, strict=True):
        said = [
            ("error", f"a promise that nobody awaited: RangeError: forgotten {event['n']}"),
            ("error", "action.js:7 in forget: throw new RangeError(`forgotten ${n}`);"),
            ("error", "action.js:3 in onExecutePostLogin: if (event.forgets) forget(event.n);"),
        ]
        assert list(outcome.console) == (said if event["forgets"] else [])


async def test_a_task_nobody_awaits_is_shown_and_fails_nothing(new_guest: NewGuest) -> None:
    """The same in Python."""
    guest = new_guest(
        """
        import asyncio

        async def on_execute_post_login(event):
            if event.forgets:
                asyncio.create_task(forget(event.n))
            if event.waits:
                await asyncio.sleep(0.02)

        async def forget(n):
            raise ValueError(f"forgotten {n}")
        """
    )
    events = [{"n": n, "forgets": n % 3 == 0, "waits": n % 2 == 0} for n in range(12)]
    outcomes = await asyncio.gather(*(guest.run(invocation(event)) for event in events))
    assert {(o.status, o.error) for o in outcomes} == {("ok", None)}
    for event, outcome in zip(events, outcomes, strict=True):
        said = [
            ("error", f"a task that nobody awaited: ValueError: forgotten {event['n']}"),
            ("error", 'action.py:11 in forget: raise ValueError(f"forgotten {n}")'),
        ]
        assert list(outcome.console) == (said if event["forgets"] else [])


async def test_standard_input_is_empty_and_not_the_frames(new_guest: NewGuest) -> None:
    """Reading process.stdin ends at once and takes nothing from the worker's frames."""
    guest = new_guest(
        """
        exports.onExecutePostLogin = async () => {
          let bytes = 0;
          for await (const chunk of process.stdin) bytes += chunk.length;
          console.log("read", bytes);
        };
        """,
        language="javascript",
    )
    outcomes = await asyncio.gather(*(guest.run(invocation()) for _ in range(3)))
    assert {o.status for o in outcomes} == {"ok"}
    assert texts(outcomes[0]) == ["read 0"]


def _packages(folder: Path) -> None:
    for name, text in {
        "package.json": '{"type": "module"}',
        "helper.cjs": "exports.name = 'helper'",
        "packages/node_modules/vendored/index.js": "exports.name = require('deeper').name",
        "packages/node_modules/deeper/index.js": "exports.name = 'vendored'",
        "../node_modules/outside/index.js": "exports.name = 'outside'",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


async def test_an_action_sees_its_folder_and_dependencies_and_none_of_the_machines(
    new_guest: NewGuest, tmp_path: Path
) -> None:
    """Require finds the action's files, its dependencies and Node's own modules, nothing above."""
    _packages(tmp_path)
    guest = new_guest(
        """
        const { name } = require("./helper.cjs");
        const vendored = require("vendored");
        const crypto = require("crypto");
        exports.onExecutePostLogin = async () => {
          let outside = "none";
          try { outside = require("outside").name; } catch (error) { outside = error.code; }
          console.log(name, vendored.name, typeof crypto.randomUUID(), outside, process.cwd());
        };
        """,
        language="javascript",
        dependencies=tmp_path / "packages",
    )
    outcome = await guest.run(invocation())
    assert (outcome.error, texts(outcome)) == (
        None,
        [f"helper vendored string MODULE_NOT_FOUND {tmp_path}"],
    )


FORGE = """
const fs = require("node:fs");
function frame(kind, number, text) {
  const head = Buffer.alloc(9);
  head.writeUInt32BE(5 + text.length, 0);
  head.writeUInt8(kind, 4);
  head.writeUInt32BE(number, 5);
  return Buffer.concat([head, Buffer.from(text)]);
}
exports.onExecutePostLogin = async (event, api) => {
  api.idToken.setCustomClaim("n", event.n);
  ATTACK;
};
"""


@pytest.mark.parametrize(
    "attack",
    [
        "Buffer.from([255, 255, 255, 255])",
        "'garbage between frames'",
        "Buffer.from([0, 0, 0, 5, 0x63, 0, 0, 0, 0])",
    ],
)
async def test_bytes_that_are_no_frame_end_a_javascript_guest(
    new_guest: NewGuest, attack: str
) -> None:
    """Written to the socket itself: killed, and only the culprit fails."""
    code = FORGE.replace("ATTACK", f"if (event.n === 3) fs.writeSync(0, {attack})")
    guest = new_guest(code, language="javascript")
    outcomes = await asyncio.gather(*(guest.run(invocation({"n": n})) for n in range(6)))
    assert [o.status for o in outcomes] == ["crashed" if n == 3 else "ok" for n in range(6)]
    assert "broke the protocol" in (outcomes[3].error or "")


async def test_forged_results_are_checked_and_forged_frames_dropped(new_guest: NewGuest) -> None:
    """A command that is none is an error; frames of other kinds and for nobody change nothing."""
    others = "for (const kind of [1, 2, 3, 5, 6, 8, 9, 12]) fs.writeSync(0, frame(kind, 999, '{}'))"
    outcome = await new_guest(FORGE.replace("ATTACK", others), language="javascript").run(
        invocation({"n": 1})
    )
    assert outcome.commands == (("idToken.setCustomClaim", ("n", 1)),)
    forged = '\'{"commands": [["access.grant", 1]], "console": []}\''
    result = f"for (let id = 1; id < 9; id++) fs.writeSync(0, frame(5, id, {forged}))"
    outcome = await new_guest(FORGE.replace("ATTACK", result), language="javascript").run(
        invocation({"n": 1})
    )
    assert (outcome.status, outcome.commands) == ("error", ())
    assert "api.access.grant is not a command" in (outcome.error or "")
