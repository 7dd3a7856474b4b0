"""What reading an action's code tells: unknown methods, secrets, hosts, errors of syntax."""

from __future__ import annotations

import pytest

from authstream.apps.code_syntax import CodeSyntax
from authstream.console.starting_points import starting_points
from authstream.contracts.runtime import Language
from authstream.control.code_problems import MOST, Read, problems
from authstream.engine.egress import Egress
from tests.control_plane import PL

HANDLER = "exports.onExecutePostLogin = async (event, api) => {{\n  {0}\n}};\n"
CHECK = CodeSyntax()


def read(
    code: str, language: Language = "javascript", secrets: tuple[str, ...] = (), *egress: str
) -> Read:
    """Code whose secrets all have a value."""
    return Read(code, language, PL, secrets, secrets, Egress(egress))


def found(code: str, language: Language = "javascript", *egress: str) -> list[tuple[str, int, str]]:
    """Kind, line and place of each problem."""
    wrong = problems(read(code, language, ("KEY",), *egress))
    lines = code.split("\n")
    return [
        (one.kind, one.line, lines[one.line - 1][one.column : one.column + one.length])
        for one in wrong
    ]


@pytest.mark.parametrize(
    ("code", "language", "place"),
    [
        ('api.idToken.setCustomClam("a", 1)', "javascript", "api.idToken.setCustomClam"),
        ('api?.user.setMetadata("a", 1)', "javascript", "api?.user.setMetadata"),
        ('api.id_token.setCustomClaim("a", 1)', "python", "api.id_token.setCustomClaim"),
        ("api\n.access\n.denied('no')", "javascript", "api"),
    ],
)
def test_an_unknown_method_is_found(code: str, language: Language, place: str) -> None:
    """With its place, and a method that may have been meant."""
    assert found(code, language)[0] == ("method", 1, place)


def test_the_method_that_may_be_meant_is_named() -> None:
    """In the spelling of the language."""
    (wrong,) = problems(read("api.id_token.set_custom_clam('a', 1)", "python"))
    assert wrong.text == (
        "post-login has no api.id_token.set_custom_clam; is it api.id_token.set_custom_claim?"
    )


@pytest.mark.parametrize(
    "code",
    [
        'api.idToken.setCustomClaim("https://x.example/tier", 1)',
        "api.access.deny.call(null, 'no')",
        "// api.nothing.at.all()",
        "/* api.nothing()\n api.nothing() */",
        'console.log("api.nothing()", `api.nothing(${event.user.name})`)',
        "my.api.nothing()",
        'const api = require("./api"); api.nothing()',
        "const deny = api.access.deny; deny('no')",
    ],
)
def test_what_is_no_unknown_call_is_left_alone(code: str) -> None:
    """Comments, texts, objects of the same name, methods that are passed on."""
    assert found(HANDLER.format(code)) == []


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ("event.secrets.TOKEN", "javascript"),
        ("event.secrets['TOKEN']", "javascript"),
        ("headers = `Bearer ${event.secrets.TOKEN}`", "javascript"),
        ("headers = f'Bearer {event.secrets.TOKEN}'", "python"),
        ("const { KEY, TOKEN: token } = event.secrets;", "javascript"),
        ('event.secrets["TOKEN"]', "python"),
        ("event.secrets.TOKEN", "python"),
    ],
)
def test_a_secret_that_is_not_named_is_found(code: str, language: Language) -> None:
    """However it is asked for; one that is named is not."""
    assert found(f"{code}\n", language) == [("secret", 1, "TOKEN")]
    assert found(code.replace("TOKEN", "KEY"), language) == []


def test_a_secret_without_a_value_is_found() -> None:
    """It is named, and nobody has set it."""
    one = Read("event.secrets.KEY", "javascript", PL, ("KEY",), (), Egress())
    assert [wrong.text for wrong in problems(one)] == [
        "the secret KEY has no value yet: set it under Secrets"
    ]


def test_ways_to_read_a_dictionary_are_no_secrets() -> None:
    """Of Python."""
    assert found('event.secrets.get("KEY")', "python") == []


@pytest.mark.parametrize(
    ("code", "language"),
    [
        ('await fetch("https://crm.example/u")', "javascript"),
        ("await axios.post(`https://crm.example/${id}`, {})", "javascript"),
        ('const CRM_URL = "https://crm.example/u";', "javascript"),
        ('httpx.get(f"https://crm.example/{id}")', "python"),
        ('BASE_URL = "https://crm.example"', "python"),
    ],
)
def test_a_host_that_may_not_be_called_is_found(code: str, language: Language) -> None:
    """Until the action's egress names it, with its port."""
    kinds = [(kind, line) for kind, line, _ in found(code, language)]
    assert kinds == [("host", 1)]
    assert found(code, language, "crm.example:443") == []
    assert len(found(code, language, "crm.example:80")) == 1


@pytest.mark.parametrize(
    "code",
    [
        'api.redirect.sendUserTo("https://terms.example")',
        'const redirectUrl = "https://terms.example";',
        'const NAMESPACE = "https://shop.example";',
        'api.effects.send("webhook", { url: "https://hooks.example" });',
        "fetch(`https://${host}/u`)",
        '// fetch("https://crm.example/u")',
    ],
)
def test_an_address_that_the_action_does_not_call_is_left_alone(code: str) -> None:
    """Browsers, claims and effects go there, or it is known only at run time."""
    assert found(HANDLER.format(code)) == []


@pytest.mark.parametrize("name", starting_points())
def test_templates_have_no_problem(name: str) -> None:
    """What we give to begin with is right, in both languages."""
    point = starting_points()[name]
    codes: tuple[tuple[str, str, Language], ...] = (
        ("action.js", point.javascript, "javascript"),
        ("action.py", point.python, "python"),
    )
    for file, code, language in codes:
        one = Read(
            code, language, point.trigger, point.secrets, point.secrets, Egress(point.egress)
        )
        assert (problems(one), CHECK(file, code)) == ([], None)


@pytest.mark.parametrize(
    ("file", "code", "line", "column"),
    [
        ("action.js", "exports.a = () => {\n  const x = ;\n};\n", 2, 12),
        ("action.js", "exports.a = () => {\n", 2, 0),
        ("action.py", "def f(event, api):\n    return )\n", 2, 11),
    ],
)
def test_an_error_of_syntax_has_its_place(file: str, code: str, line: int, column: int) -> None:
    """Line from 1, column from 0."""
    wrong = CHECK(file, code)
    assert wrong is not None
    assert (wrong.kind, wrong.line, wrong.column) == ("syntax", line, column)


def test_nothing_of_the_code_runs() -> None:
    """It is only read, however it looks."""
    assert CHECK("action.js", "process.exit(3); throw new Error('ran');") is None
    assert CHECK("action.py", "raise SystemExit(3)") is None


@pytest.mark.timeout(10)
@pytest.mark.parametrize("code", ["/* " * 33_000, "api.nothing.like.it();\n" * 4_000])
def test_reading_takes_no_longer_than_its_text(code: str) -> None:
    """A comment without an end is read once, and fifty problems are enough."""
    assert len(problems(read(code))) <= MOST
