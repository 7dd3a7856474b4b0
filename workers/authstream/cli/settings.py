"""Settings for commands, with errors that a person can read."""

from __future__ import annotations

from pydantic import ValidationError
from pydantic_settings.exceptions import SettingsError

from authstream.errors import ConfigurationError
from authstream.settings import Settings


def settings(**said: object) -> Settings:
    """Settings from the environment; what a command was told wins. Raises ConfigurationError."""
    try:
        return Settings.model_validate(
            {
                **Settings().model_dump(),
                **{key: value for key, value in said.items() if value is not None},
            }
        )
    except SettingsError as error:
        raise ConfigurationError(f"{error}: see AUTHSTREAM_SECRETS_DIR") from None
    except ValidationError as error:
        problem = error.errors(include_input=False)[0]
        name = "AUTHSTREAM_" + "__".join(map(str, problem["loc"])).upper()
        raise ConfigurationError(
            f"{name}: {problem['msg']}; see docs/reference/settings.md"
        ) from None
