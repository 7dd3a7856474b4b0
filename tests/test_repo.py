"""The ratchets: what must stay true of the repository itself, one assertion each."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tokenize
import tomllib
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from pathspec import GitIgnoreSpec

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "workers" / "authstream"
LONGEST_SOURCE = 400  # lines
LONGEST_MAKEFILE = 40  # lines
BANNED_MODULES = {"base", "common", "helpers", "manager", "misc", "types", "utils"}
MACHINE_PATH = re.compile(rb"(?<![\w.*}$])/(work|root|tmp)/\w")
SUPPRESSION = re.compile(r"(?:type|pyright): *ignore|noqa")
JUSTIFIED = re.compile(
    r"(?:(?:type|pyright): ignore\[[\w, -]+\]|noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*\b)[ #:—-]+\w.{2,}"
)
LEFT_OUT = re.compile(r"\b(?:pytest\.(?:skip|xfail|importorskip)|mark\.(?:skip|skipif|xfail))\b")


def repository_files() -> Iterator[Path]:
    """Every file that is in the repository, or would be after `git add .`."""
    ignored = GitIgnoreSpec.from_lines([".git", *(ROOT / ".gitignore").read_text().splitlines()])
    for here, folders, files in os.walk(ROOT):
        within = Path(here).relative_to(ROOT)
        folders[:] = [name for name in folders if not ignored.match_file(f"{within / name}/")]
        yield from (ROOT / within / name for name in files if not ignored.match_file(within / name))


FILES = sorted(repository_files())
SOURCES = [path for path in FILES if path.suffix == ".py"]
OURS = [path for path in SOURCES if PACKAGE in path.parents or ROOT / "tests" in path.parents]


def names(paths: list[Path]) -> list[str]:
    """Paths as a person would write them, for messages."""
    return [f"{path.relative_to(ROOT)}" for path in paths]


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, by their written names."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or "")


def locked() -> dict[str, str]:
    """Name to version, for every distribution in the lock."""
    lines = (ROOT / "requirements.lock").read_text().splitlines()
    pins = (line.split(";")[0].strip(" \\").split("==") for line in lines if "==" in line[:60])
    return {name: version.strip() for name, version in pins if not name.startswith((" ", "#"))}


def test_no_source_file_is_long() -> None:
    """A file that needs more lines holds more than one concept."""
    long = [path for path in SOURCES if len(path.read_bytes().splitlines()) > LONGEST_SOURCE]
    assert names(long) == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    """A stranger can name the file before searching for it."""
    assert names([path for path in SOURCES if path.stem.strip("_") in BANNED_MODULES]) == []


def test_every_module_opens_with_its_purpose() -> None:
    """The first statement of a module is a docstring, its first line a whole sentence."""
    first_lines = {
        path: (ast.get_docstring(ast.parse(path.read_bytes())) or "").partition("\n\n")[0]
        for path in OURS
    }
    assert names([path for path, line in first_lines.items() if not line.endswith(".")]) == []


def test_every_suppressed_warning_has_a_code_and_a_reason() -> None:
    """A checker is overruled for one rule, and says why: `noqa: S603 — our own program`."""
    bare: list[str] = []
    for path in SOURCES:
        with path.open("rb") as lines:
            bare += [
                f"{path.relative_to(ROOT)}:{token.start[0]} {token.string}"
                for token in tokenize.tokenize(lines.readline)
                if token.type == tokenize.COMMENT
                and SUPPRESSION.search(token.string)
                and not JUSTIFIED.search(token.string)
            ]
    assert bare == []


def test_no_test_is_left_out_in_silence() -> None:
    """A test runs and passes, or it goes: nothing is skipped or expected to fail."""
    tests = [path for path in OURS if ROOT / "tests" in path.parents and path != Path(__file__)]
    assert names([path for path in tests if LEFT_OUT.search(path.read_text())]) == []


def test_test_modules_have_names_of_their_own() -> None:
    """A test's file name alone says which one is meant."""
    modules = [path.name for path in OURS if path.name.startswith("test_")]
    assert sorted(set(modules)) == sorted(modules)


def test_decisions_are_numbered_without_gaps() -> None:
    """ADRs are `docs/decisions/NNNN-title.md`, counted from 1; none is removed."""
    decisions = [path for path in FILES if path.parent == ROOT / "docs" / "decisions"]
    records = [path.name for path in decisions if path.name != "README.md"]
    assert [name[:5] for name in records] == [
        f"{n:04}-" for n in range(1, max(len(records), 1) + 1)
    ]


def test_no_file_names_a_path_of_a_machine() -> None:
    """What is in the repository works in any folder of any machine."""
    assert names([path for path in FILES if MACHINE_PATH.search(path.read_bytes())]) == []


def test_the_makefile_fits_on_a_screen() -> None:
    """The Makefile names the commands of the day; programs live elsewhere."""
    assert len((ROOT / "Makefile").read_text().splitlines()) <= LONGEST_MAKEFILE


def test_the_lock_names_no_address() -> None:
    """Where packages come from is the installer's choice, not the repository's."""
    lock = (ROOT / "requirements.lock").read_text()
    assert re.findall(r"\S*://\S*|^-.*|.* @ .*", lock, flags=re.MULTILINE) == []


def test_the_lock_satisfies_every_stated_dependency() -> None:
    """A dependency that pyproject.toml states, extras included, is in the lock and fits."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    stated = [Requirement(text) for text in project["dependencies"]]
    stated += [Requirement(text) for text in project["optional-dependencies"]["dev"]]
    pins = locked()
    unmet = [
        f"{need}"
        for need in stated
        if pins.get(canonicalize_name(need.name), "") not in need.specifier
    ]
    assert unmet == []


def test_a_guest_imports_only_itself_and_the_standard_library() -> None:
    """A guest runs a stranger's code: it shares no module with the host."""
    guest = [path for path in SOURCES if PACKAGE / "sandbox" / "guest_python" in path.parents]
    imported = {name for path in guest for name in imports(path) if name[:1] != "."}
    siblings = {path.stem for path in guest}
    foreign = {name.partition(".")[0] for name in imported} - sys.stdlib_module_names - siblings
    climbing = {name for path in guest for name in imports(path) if name[:2] == ".."}
    assert foreign | climbing == set()


def test_a_javascript_guest_requires_only_itself_and_node() -> None:
    """Its files load each other and Node's own modules, so that it needs no package."""
    guest = [path for path in FILES if PACKAGE / "sandbox" / "guest_node" in path.parents]
    required = {
        name for path in guest for name in re.findall(r'require\("([^"]+)"\)', path.read_text())
    }
    siblings = {f"./{path.name}" for path in guest}
    foreign = {name for name in required if not name.startswith("node:")} - siblings
    assert (len(guest) > 1, foreign) == (True, set())


def test_the_wheel_is_the_package_and_nothing_else(tmp_path: Path) -> None:
    """The built wheel has one top-level import name, and every file of the package."""
    build = (sys.executable, "-m", "hatchling", "build", "--target", "wheel")
    subprocess.run((*build, "--directory", f"{tmp_path}"), cwd=ROOT, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    shipped = {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert shipped == {
        f"{path.relative_to(PACKAGE.parent)}" for path in FILES if PACKAGE in path.parents
    }
