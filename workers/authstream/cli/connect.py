"""`authstream connect PROVIDER`: what to configure at a provider, and whether it works."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from authstream.cli.settings import settings
from authstream.control.connections import SECRETS_UNDER, Connection
from authstream.engine.provider import Call, Provider, Sample
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
        certificate: Annotated[
            Path | None,
            typer.Option(help="PEM file with a certificate and its key to show the gateway."),
        ] = None,
        extension: Annotated[
            Path | None, typer.Option(help="Write the file that is installed at the provider.")
        ] = None,
    ) -> int:
        """Print what to configure at a provider; with --check call the gateway as it would."""
        from authstream.apps.gateway import connections, providers  # noqa: PLC0415 - loads FastAPI

        adapter = providers().get(provider)
        if adapter is None:
            raise ConfigurationError(
                f"no provider {provider!r}; there are {', '.join(sorted(providers()))}"
            )
        if extension is not None:
            _write_extension(adapter, extension)
        found = _chosen(connections(folder, settings()), adapter, connection)
        name = connection or (found.name if found else provider)
        if found is None:
            typer.echo("\n".join(_to_create(adapter, name, folder)))
        typer.echo(adapter.setup(f"{url.rstrip('/')}/hooks/{name}"))
        if adapter.shared_secret:
            typer.echo(f"# SECRET is the one under '{SECRETS_UNDER}{name}' in .secrets.yaml.")
        if not check or found is None:
            return 0
        return _checked(found, url, _trusting(certificate))


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


def _write_extension(adapter: Provider, file: Path) -> None:
    """Raises ConfigurationError for a provider that has none, or a place that is none."""
    content = adapter.extension()
    if content is None:
        raise ConfigurationError(f"nothing is installed at {adapter.name}: leave out --extension")
    try:
        file.write_bytes(content)
    except OSError as error:
        raise ConfigurationError(f"{file} cannot be written ({error.strerror})") from error
    typer.echo(f"# Written: {file}")


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


def _trusting(certificate: Path | None) -> ssl.SSLContext:
    """What a gateway must prove, as SSL_CERT_FILE says, and what it is shown.

    Raises ConfigurationError.
    """
    context = ssl.create_default_context()
    try:
        if certificate is not None:
            context.load_cert_chain(certificate)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"{certificate} is no PEM file with a certificate and its key ({error.strerror})"
        ) from error
    return context


def _checked(found: Connection, url: str, trusting: ssl.SSLContext) -> int:
    """Call the gateway with every sample; the exit status."""
    import httpx  # noqa: PLC0415 - takes a tenth of a second to load

    failed = False
    try:
        with httpx.Client(
            base_url=url.rstrip("/"), timeout=_CALL_SECONDS, verify=trusting
        ) as gateway:
            ready = gateway.get("/readyz").status_code
            if ready != _OK:
                typer.echo(f"FAIL readyz: {ready} the gateway reaches no broker: see its log")
                failed = True
            for sample in found.provider.samples():
                call = _signed(found, sample, url)
                answer = gateway.post(call.path, content=call.body, headers=dict(call.headers))
                status = answer.status_code
                works = status < 500 and status not in (401, 403, 404)  # noqa: PLR2004 - HTTP
                failed = failed or not works
                said = "answered" if status == _OK else answer.text
                typer.echo(f"{'ok  ' if works else 'FAIL'} {sample.hook}: {status} {said}")
    except httpx.TransportError as error:
        raise BrokerUnreachableError(
            f"no gateway answers at {url} ({type(error).__name__}: {error}): start one, or say "
            "--url; SSL_CERT_FILE names an authority of your own"
        ) from error
    return FAILED_STATUS if failed else 0


def _signed(found: Connection, sample: Sample, url: str) -> Call:
    provider, peer = found.provider, found.peer
    parts = urlsplit(f"{url.rstrip('/')}/hooks/{found.name}/{sample.hook}")
    headers = {"host": parts.netloc, "content-type": "application/json", **sample.headers}
    call = Call(
        hook=sample.hook,
        body=sample.body,
        headers=headers,
        received_at=time.time_ns() // 1_000_000,
        path=parts.path,
    )
    return provider.sign(call, peer) if peer.secrets else call
