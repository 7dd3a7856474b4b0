"""The secrets of a folder: the values in `.secrets.yaml`, and what stands in for one not there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from authstream.control.files import Secrets, read_secrets
from authstream.errors import ConfigurationError

FILE = ".secrets.yaml"


@dataclass(frozen=True, slots=True)
class FolderSecrets:
    """Values by owner: the name of an action, or `actions:<name>` for a module."""

    values: Secrets
    #: For secrets without a value; None refuses them.
    missing: str | None

    @classmethod
    def read(cls, folder: Path, *, missing: str | None) -> Self:
        """The secrets of a folder. Raises ConfigurationError for a file that cannot be read."""
        return cls(read_secrets(folder / FILE), missing)

    def of(self, owner: str, names: Iterable[str], file: Path) -> dict[str, str]:
        """The named secrets of an owner that `file` declares.

        Raises ConfigurationError when one has no value.
        """
        wanted = tuple(names)
        known = {key: value.get_secret_value() for key, value in self.values.get(owner, {}).items()}
        absent = sorted(set(wanted) - set(known))
        if absent and self.missing is None:
            raise ConfigurationError(
                f"{file}: no value for secret {', '.join(absent)}; add it under {owner} in {FILE}"
            )
        return {key: known.get(key, self.missing or "") for key in wanted}
