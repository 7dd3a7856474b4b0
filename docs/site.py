"""Hooks of MkDocs: the index is the navigation, and files outside docs/ come along.

Pages are written to be read in the repository too, so they link to README.md or to an example in
deploy/ as to any file. On the site such a file is at `repository/<its path>`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.pages import Page

_ROOT: Final = Path(__file__).resolve().parent.parent
_DOCS: Final = "docs/"
_OUTSIDE: Final = "repository/"
_SECTION: Final = re.compile(r"^## (.+)$", re.MULTILINE)
_LINK: Final = re.compile(r"(\]\()((?!\w+:|#)[^)\s#]+)")
_TITLED: Final = re.compile(r"\[([^]]+)\]\(((?!\w+:)[^)\s#]+\.md)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Make the navigation of the index: a section of it is a tab, a link in it is a page."""
    begin, *rest = _SECTION.split(Path(config.docs_dir, "index.md").read_text())
    sections = [("Begin", begin), *zip(rest[::2], rest[1::2], strict=True)]
    nav: list[dict[str, list[dict[str, str]]]] = [
        {heading: [{title: _on_site("docs/index.md", link)} for title, link in links]}
        for heading, text in sections
        if (links := _TITLED.findall(text))
    ]
    nav[0]["Begin"].insert(0, {"Documentation": "index.md"})
    config.nav = nav
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring along what pages link to outside docs/, and what that links to."""
    waiting = [_DOCS + file.src_uri for file in files.documentation_pages()]
    while waiting:
        page = waiting.pop()
        for link in _links(page):
            uri = _on_site(page, link)
            if uri.startswith(_OUTSIDE) and files.get_file_from_path(uri) is None:
                source = uri.removeprefix(_OUTSIDE)
                files.append(File.generated(config, uri, abs_src_path=f"{_ROOT / source}"))
                waiting += [source] if source.endswith(".md") else []
    return files


def on_page_markdown(markdown: str, *, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Point each link at where its file is on the site."""
    del config, files
    uri = page.file.src_uri
    here = uri.removeprefix(_OUTSIDE) if uri.startswith(_OUTSIDE) else _DOCS + uri
    folder = posixpath.dirname(uri)

    def there(found: re.Match[str]) -> str:
        return found[1] + posixpath.relpath(_on_site(here, found[2]), folder or ".")

    return _LINK.sub(there, markdown)


def _links(page: str) -> Iterator[str]:
    return (found[2] for found in _LINK.finditer((_ROOT / page).read_text()))


def _on_site(page: str, link: str) -> str:
    """Where a link of a page of the repository leads to on the site."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(page), link))
    return path.removeprefix(_DOCS) if path.startswith(_DOCS) else _OUTSIDE + path
