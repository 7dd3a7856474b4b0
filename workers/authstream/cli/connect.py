"""`authstream connect PROVIDER`: what to configure at a provider, and whether it works."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from authstream.cli.settings import settings
from authstream.control.connections import SECRETS_UNDER, Connection
from authstream.engine.provider import Call, Peer, Provider, Sample
from authstream.errors import BrokerUnreachableError, ConfigurationError

#: A sample call was not answered as the provider expects it.
FAILED_STATUS = 1
_CALL_SECONDS = 30.0
_OK = 200


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def connect(
        provider: Annotated[str, typer.Argument(help="An adapter, e.g. ory-hydra.")],
        *,
        folder: Annotated[Path, typer.Option(help="Folder with connections/.")],
        url: Annotated[
            str, typer.Option(help="The gateway's address, as the provider sees it.")
        ] = "http://127.0.0.1:8300",
        connection: Annotated[
            str | None, typer.Option(help="The connection; the provider's only one unless said.")
        ] = None,
        check: Annotated[
            bool, typer.Option(help="Send each sample call, signed; its flow really runs.")
        ] = False,
    ) -> int:
        """Print what to configure at a provider; with --check call the gateway as it would."""
        from authstream.apps.gateway import connections, providers  # noqa: PLC0415 - loads FastAPI

        adapter = providers().get(provider)
        if adapter is None:
            raise ConfigurationError(
                f"no provider {provider!r}; there are {', '.join(sorted(providers()))}"
            )
        found = _chosen(connections(folder, settings()), adapter, connection)
        name = connection or (found.name if found else provider)
        if found is None:
            typer.echo("\n".join(_to_create(adapter, name, folder)))
        typer.echo(adapter.setup(f"{url.rstrip('/')}/hooks/{name}"))
        if adapter.shared_secret:
            typer.echo(f"# SECRET is the one under '{SECRETS_UNDER}{name}' in .secrets.yaml.")
        return _checked(found, url) if check and found is not None else 0


def _chosen(known: dict[str, Connection], adapter: Provider, name: str | None) -> Connection | None:
    """The connection meant, None where it has to be made. Raises ConfigurationError."""
    mine = [one for one in known.values() if one.provider is adapter]
    if name is not None:
        if name in known and known[name] not in mine:
            raise ConfigurationError(
                f"connection {name} is of {known[name].provider.name}, not of {adapter.name}"
            )
        return known.get(name)
    if len(mine) > 1:
        names = ", ".join(sorted(one.name for one in mine))
        raise ConfigurationError(f"{adapter.name} has the connections {names}: say --connection")
    return mine[0] if mine else None


def _to_create(adapter: Provider, name: str, folder: Path) -> Iterator[str]:
    yield f"# There is no such connection yet. {folder / 'connections' / name}.yaml:"
    yield f"provider: {adapter.name}"
    if adapter.options:
        yield "options:"
        yield from (f"  {option}: # {meaning}" for option, meaning in adapter.options.items())
    if adapter.shared_secret:
        yield f"# {folder / '.secrets.yaml'}, with a secret just made; a provider's own goes there:"
        yield f"{SECRETS_UNDER}{name}: {{current: '{adapter.new_secret()}'}}"
    yield ""


def _checked(found: Connection, url: str) -> int:
    """Call the gateway with every sample; the exit status."""
    failed = False
    for sample in found.provider.samples():
        status, said = _call(found, sample, url)
        works = status < 500 and status not in (401, 403, 404)  # noqa: PLR2004 - HTTP
        failed = failed or not works
        typer.echo(f"{'ok  ' if works else 'FAIL'} {sample.hook}: {status} {said}")
    return FAILED_STATUS if failed else 0


def _call(found: Connection, sample: Sample, url: str) -> tuple[int, str]:
    import httpx  # noqa: PLC0415 - takes a tenth of a second to load

    address = f"{url.rstrip('/')}/hooks/{found.name}/{sample.hook}"
    call = _signed(found.provider, found.peer, sample, address)
    try:
        answer = httpx.post(
            address, content=call.body, headers=dict(call.headers), timeout=_CALL_SECONDS
        )
    except httpx.TransportError as error:
        raise BrokerUnreachableError(
            f"no gateway answers at {url} ({type(error).__name__}): start one, or say --url"
        ) from error
    return answer.status_code, answer.text if answer.status_code != _OK else "answered"


def _signed(provider: Provider, peer: Peer, sample: Sample, address: str) -> Call:
    parts = urlsplit(address)
    headers = {"host": parts.netloc, "content-type": "application/json", **sample.headers}
    call = Call(
        hook=sample.hook,
        body=sample.body,
        headers=headers,
        received_at=time.time_ns() // 1_000_000,
        path=parts.path,
    )
    return provider.sign(call, peer) if peer.secrets else call
