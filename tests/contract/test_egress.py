"""Where a guest's connections go: to the hosts its action names, and nowhere else."""

from __future__ import annotations

import http.server
import os
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from authstream.sandbox.egress import DENIAL_DELAY
from tests.confinement import grounds, open_to_others, run_json
from tests.guests import FILES, NewGuest, descriptors, in_both_languages, invocation, texts

CRM, OTHER = "crm.example.test", "other.example.test"
FETCH = """
import urllib.request
def on_execute_post_login(event):
    with urllib.request.urlopen(event.url, timeout=5) as answer:
        print(answer.read().decode())
"""


class _Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"hello {self.headers['host']}".encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name it has
        """Say nothing."""


@pytest.fixture
def port() -> Iterator[int]:
    """Of an HTTP server on loopback, which stands for a host of the internet."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hello) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if DNS knew our two hosts."""
    real = socket.getaddrinfo

    def resolve(host: str, *arguments: Any, **options: Any) -> Any:
        known = {CRM: "127.0.0.1", OTHER: "127.0.0.1"}
        return real(known.get(host, host), *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


async def fetched(guest_of: NewGuest, url: str, *egress: str, code: str = FETCH) -> Any:
    """What a guest with this egress gets from a URL."""
    return await guest_of(code, egress=egress).run(invocation({"url": url}))


async def test_nothing_can_be_reached_by_default(new_guest: NewGuest, port: int) -> None:
    """The denial is an ordinary error for the code, and a warning in its console."""
    outcome = await fetched(new_guest, f"http://127.0.0.1:{port}")
    assert outcome.status == "error"
    assert "Permission denied" in (outcome.error or "")
    line = (
        f"connection to 127.0.0.1:{port} denied: it is not in the action's egress: "
        f"add 127.0.0.1:{port} to egress: in action.yaml"
    )
    assert outcome.console == (("warning", line),)


@pytest.mark.parametrize("entry", ["127.0.0.1:*", "127.0.0.1:{port}", "127.0.0.0/8:{port}"])
async def test_a_named_address_is_reached(new_guest: NewGuest, port: int, entry: str) -> None:
    """Literal addresses and networks, with the port or any."""
    outcome = await fetched(new_guest, f"http://127.0.0.1:{port}", entry.format(port=port))
    assert texts(outcome) == [f"hello 127.0.0.1:{port}"]


@pytest.mark.parametrize("entry", [f"{CRM}:*", f"{CRM}:{{port}}", "*.example.test:{port}"])
async def test_a_named_host_is_reached_by_its_name(
    new_guest: NewGuest, port: int, entry: str
) -> None:
    """The host answers the guest's DNS; the library notices nothing."""
    egress = (entry.format(port=port), f"127.0.0.1:{port}")
    outcome = await fetched(new_guest, f"http://{CRM}:{port}", *egress)
    assert texts(outcome) == [f"hello {CRM}:{port}"]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        (f"http://{OTHER}:{{port}}", f"connection to {OTHER} denied"),
        (f"http://{CRM}:1", f"connection to {CRM}:1 denied"),
        ("http://127.0.0.2:{port}", "connection to 127.0.0.2:{port} denied"),
        ("http://127.77.9.9:{port}", "connection to 127.77.9.9:{port} denied"),
    ],
)
async def test_every_other_host_and_port_is_denied(
    new_guest: NewGuest, port: int, url: str, told: str
) -> None:
    """By name, by port, by an address that nobody gave out."""
    outcome = await fetched(new_guest, url.format(port=port), f"{CRM}:{port}", f"127.0.0.1:{port}")
    assert outcome.status == "error"
    assert [level for level, _ in outcome.console] == ["warning"]
    assert texts(outcome)[0].startswith(told.format(port=port))


async def test_the_broker_cannot_be_reached_by_a_name_that_leads_to_it(
    new_guest: NewGuest, port: int
) -> None:
    """A private address must be named itself, whatever DNS says of an allowed name."""
    outcome = await fetched(new_guest, f"http://{CRM}:{port}", f"{CRM}:{port}")
    assert outcome.status == "error"
    (text,) = texts(outcome)
    assert text == (
        f"connection to {CRM}:{port} denied: its address 127.0.0.1 is private;"
        f" name 127.0.0.1:{port} as well"
    )


async def test_a_refused_connection_is_no_denial(new_guest: NewGuest) -> None:
    """Where nobody listens, the code sees what it would see anywhere."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    outcome = await fetched(new_guest, f"http://127.0.0.1:{free}", "127.0.0.1:*")
    assert "Connection refused" in (outcome.error or "")
    assert outcome.console == ()


WORKER = """
import asyncio, json, sys
from datetime import timedelta
from pathlib import Path
from authstream.contracts.api import to_guest
from authstream.sandbox.guest import Guest, Invocation, Program

async def main():
    file, level, port = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    egress = (f"localhost:{port}", f"127.0.0.1:{port}")
    program = Program("a", 1, file, "post-login", to_guest("post-login"), egress=egress)
    guest = Guest(program, level=level)
    lines = []
    for url in (f"http://localhost:{port}", f"http://127.0.0.2:{port}"):
        event = json.dumps({"url": url}).encode()
        invocation = Invocation("onExecutePostLogin", event, (), timedelta(seconds=10))
        outcome = await guest.run(invocation)
        lines.append([outcome.status, outcome.error, outcome.console])
    await guest.stop()
    print(json.dumps(lines))

asyncio.run(main())
"""


JAVASCRIPT = """
exports.onExecutePostLogin = async (event) => {
  const answer = await fetch(event.url);
  console.log(await answer.text());
};
"""


async def test_javascript_reaches_what_is_named_and_nothing_else(
    new_guest: NewGuest, port: int
) -> None:
    """Names and addresses, by Node's own client, in which nothing is set."""
    egress = (f"{CRM}:{port}", f"127.0.0.1:{port}")
    guest = new_guest(JAVASCRIPT, language="javascript", egress=egress)
    for host in (CRM, "127.0.0.1"):
        outcome = await guest.run(invocation({"url": f"http://{host}:{port}"}))
        assert texts(outcome) == [f"hello {host}:{port}"]
    for host in (f"{OTHER}:{port}", f"127.0.0.2:{port}"):
        outcome = await guest.run(invocation({"url": f"http://{host}"}))
        assert outcome.status == "error"
        assert outcome.console[-1][0] == "warning"
        assert f"connection to {host.removesuffix(f':{port}')}" in texts(outcome)[-1]


@in_both_languages
@pytest.mark.parametrize(("user", "level"), grounds())
def test_it_works_whoever_the_worker_is(
    user: str, level: str, port: int, *, language: str, tmp_path: Path
) -> None:
    """Root, an ordinary user, and root of a container, which may not look into the guest."""
    action = open_to_others(tmp_path) / FILES[language]
    action.write_text({"python": FETCH, "javascript": JAVASCRIPT}[language])
    answers = run_json(user, WORKER, str(action), level, str(port))
    (first, error, console), (second, _, denied) = answers
    assert (first, error, console) == ("ok", None, [["info", f"hello localhost:{port}"]])
    assert second == "error"
    assert denied[0][1].startswith(f"connection to 127.0.0.2:{port} denied")


BLOCKING = """
import socket
def on_execute_post_login(event):
    with socket.socket() as made:
        made.connect(("127.0.0.1", event.port))
        made.sendall(b"GET / HTTP/1.0\\r\\nhost: x\\r\\n\\r\\n")
        while data := made.recv(4096):
            last = data
    print(last.decode().splitlines()[-1])
    try:
        socket.create_connection(("127.0.0.1", event.free))
    except OSError as error:
        print(type(error).__name__)
"""


async def test_blocking_sockets_work(new_guest: NewGuest, port: int) -> None:
    """Connect returns when the connection is there, or with the reason why not."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = server.getsockname()[1]
    guest = new_guest(BLOCKING, egress=("127.0.0.1:*",))
    outcome = await guest.run(invocation({"port": port, "free": free}))
    assert texts(outcome) == ["hello x", "ConnectionRefusedError"]


ASYNC = """
import asyncio
async def on_execute_post_login(event):
    reader, writer = await asyncio.open_connection(event.host, event.port)
    writer.write(b"GET / HTTP/1.0\\r\\nhost: x\\r\\n\\r\\n")
    print((await reader.read()).decode().splitlines()[-1])
    writer.close()
"""


async def test_an_event_loop_in_the_guest_works(new_guest: NewGuest, port: int) -> None:
    """Sockets that do not block stay so."""
    guest = new_guest(ASYNC, egress=(f"{CRM}:*", "127.0.0.1:*"))
    outcome = await guest.run(invocation({"port": port, "host": CRM}))
    assert texts(outcome) == ["hello x"]


HTTPX = """
import httpx
async def on_execute_post_login(event):
    async with httpx.AsyncClient() as client:
        print((await client.get(event.url)).text)
    print(httpx.get(event.url).text)
"""


async def test_httpx_works_unmodified(new_guest: NewGuest, port: int) -> None:
    """Asynchronous and not, by name."""
    import httpx  # noqa: PLC0415 - only where it is installed

    guest = new_guest(
        HTTPX,
        egress=(f"{CRM}:*", "127.0.0.1:*"),
        dependencies=Path(httpx.__file__).parents[1],
    )
    outcome = await guest.run(invocation({"url": f"http://{CRM}:{port}"}))
    hellos = [text for text in texts(outcome) if not text.startswith("HTTP Request")]
    assert hellos == [f"hello {CRM}:{port}"] * 2


LOAD = """
import socket
try:
    socket.create_connection(("127.0.0.1", 9), 1)
except PermissionError:
    raise RuntimeError("no way out") from None
def on_execute_post_login(): pass
"""


async def test_a_denial_of_top_level_code_is_in_the_load_error(new_guest: NewGuest) -> None:
    """There is no console yet."""
    outcome = await new_guest(LOAD).run(invocation())
    assert "no way out" in (outcome.error or "")
    assert "connection to 127.0.0.1:9 denied" in (outcome.error or "")


LOOP = """
import socket, time
def on_execute_post_login(event):
    end, count = time.monotonic() + 0.5, 0
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", 9))
        except PermissionError:
            count += 1
    print(count)
"""


async def test_a_loop_of_denied_connects_is_slowed_down(new_guest: NewGuest) -> None:
    """So that it costs the worker nothing; and the console shows the same denial once."""
    outcome = await new_guest(LOOP).run(invocation())
    count, *denials = texts(outcome)
    assert 0 < int(count) <= 0.6 / DENIAL_DELAY.total_seconds()
    (denial,) = denials
    assert denial.startswith("connection to 127.0.0.1:9 denied: it is not in the action's egress")


TLS = """
import pathlib, ssl, urllib.request
def on_execute_post_login(event):
    trusted = ssl.create_default_context(cafile=pathlib.Path(__file__).with_name("ca.pem"))
    print(urllib.request.urlopen(event.url, context=trusted, timeout=5).read().decode())
    try:
        urllib.request.urlopen(event.url, timeout=5)
    except OSError as error:
        print("CERTIFICATE_VERIFY_FAILED" in str(error))
"""


async def test_tls_ends_in_the_action(new_guest: NewGuest, tmp_path: Path) -> None:
    """The guest's own library checks the certificate against the name it asked for."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*_certificate(tmp_path / "private", tmp_path / "ca.pem"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Hello) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        guest = new_guest(TLS, egress=(f"{CRM}:*", "127.0.0.1:*"))
        url = f"https://{CRM}:{server.server_port}"
        outcome = await guest.run(invocation({"url": url}))
        server.shutdown()
        thread.join()
    assert texts(outcome) == [f"hello {CRM}:{server.server_port}", "True"]


def _certificate(key: Path, certificate: Path) -> tuple[Path, Path]:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "1", "-subj", f"/CN={CRM}", "-addext", f"subjectAltName=DNS:{CRM}",
         "-keyout", key, "-out", certificate],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


async def test_connections_leave_nothing_behind(new_guest: NewGuest, port: int) -> None:
    """Neither descriptors nor threads of the worker, while it serves and after the guest."""
    guest = new_guest(FETCH, egress=(f"{CRM}:*", "127.0.0.1:*"))
    await guest.run(invocation({"url": f"http://{CRM}:{port}"}))
    before = len(descriptors(os.getpid()))
    for _ in range(20):
        await guest.run(invocation({"url": f"http://{CRM}:{port}"}))
    assert len(descriptors(os.getpid())) <= before + 2
    await guest.stop()
    for thread in threading.enumerate():
        if thread.name == "egress":
            thread.join(5)
            assert not thread.is_alive()


async def test_a_test_run_shows_whom_an_action_connects_to(new_guest: NewGuest, port: int) -> None:
    """By the name that its code used, once however often; workers do not write it down."""
    guest = new_guest(FETCH, egress=(f"{CRM}:*", f"127.0.0.1:{port}"), tells_connections=True)
    outcome = await guest.run(invocation({"url": f"http://{CRM}:{port}"}))
    assert ("debug", f"connection to {CRM}:{port}") in outcome.console
    assert texts(outcome).count(f"hello {CRM}:{port}") == 1


async def test_a_test_run_shows_a_name_that_is_not_there(new_guest: NewGuest) -> None:
    """Beside the error that the action's own library makes of it."""
    guest = new_guest(FETCH, egress=("gone.invalid:443",), tells_connections=True)
    outcome = await guest.run(invocation({"url": "http://gone.invalid:443"}))
    assert outcome.status == "error"
    assert outcome.console == (("debug", "connection to gone.invalid:443: unresolved"),)


async def test_a_refused_connection_is_shown_too(new_guest: NewGuest) -> None:
    """Nobody listens there: why it failed is in the error, which its library has read."""
    guest = new_guest(FETCH, egress=("127.0.0.1:9",), tells_connections=True)
    outcome = await guest.run(invocation({"url": "http://127.0.0.1:9"}))
    assert "refused" in (outcome.error or "")
    assert texts(outcome) == ["connection to 127.0.0.1:9"]
