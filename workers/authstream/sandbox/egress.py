"""Makes a guest's connections in its place, to the hosts its action names and no others."""

from __future__ import annotations

import errno
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from opentelemetry.trace import SpanContext

from authstream.engine.egress import Egress
from authstream.sandbox.notifications import Attempt, Notifications
from authstream.sandbox.resolver import Conversation, Resolver

#: A denial is answered after this, one at a time: a loop of them must not use up the worker.
DENIAL_DELAY = timedelta(milliseconds=5)
#: A blocking connect that takes longer fails.
CONNECT_WITHIN = timedelta(seconds=30)
#: DNS connections of one guest that are open at a time.
DNS_CONNECTIONS = 16
#: Connections under way of one guest that are watched, for their spans; of more it is not known
#: what became: a guest must not use up the worker's descriptors.
WATCHED = 64
#: How long a real address is remembered.
_RESOLVED_FOR = timedelta(seconds=30)
_DNS = ("127.0.0.1", 53)
_DNS_BYTES = 4096
_NOT_LISTED = "it is not in the action's egress"
#: Of `tcp_info.tcpi_state`, include/net/tcp_states.h: no connection came of it.
_TCP_CLOSE = 7


@dataclass(frozen=True, slots=True)
class Connection:
    """One that a guest asked for: made, or why not. What goes over it nobody but the guest sees."""

    host: str
    #: 0: the name was refused before a port was named.
    port: int
    #: Nanoseconds since the epoch.
    began: int
    #: The spans of the runs that may have asked for it.
    callers: tuple[SpanContext, ...]
    #: `denied`, `unresolved`, `failed`, or an errno's name; empty: made.
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Connecting:
    attempt: Attempt
    until: float
    asked: Connection


class EgressThread:
    """Answers one guest's `connect` calls in a thread of its own, until the guest is gone."""

    def __init__(
        self,
        notifications: Notifications,
        egress: Egress,
        *,
        denied: Callable[[str], None],
        callers: Callable[[], tuple[SpanContext, ...]] = tuple,
        connected: Callable[[Connection], None] = lambda _made: None,
    ) -> None:
        """`denied` is called in the thread, with a sentence for the action's console.

        `callers` and `connected` likewise: whose connection it may be, none if nobody traces, and
        what became of it.
        """
        self._callers = callers
        self._connected = connected
        #: Handed over while they were still connecting, to see what becomes of them.
        self._watched: dict[socket.socket, Connection] = {}
        self._notifications = notifications
        self._egress = egress
        self._denied = denied
        self._resolver = Resolver(egress, refused=self._refuse_name)
        self._selector = selectors.DefaultSelector()
        self._selector.register(notifications.listener, selectors.EVENT_READ)
        self._conversations: dict[socket.socket, Conversation] = {}
        self._connecting: dict[socket.socket, _Connecting] = {}
        self._denials: list[tuple[float, Attempt]] = []
        self._resolved: dict[str, tuple[float, list[str]]] = {}
        self._wake, self._woken = os.pipe()
        self._selector.register(self._wake, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="egress", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread; does not wait for it."""
        os.close(self._woken)

    def _run(self) -> None:
        try:
            while self._turn():
                pass
        finally:
            for opened in (*self._conversations, *self._connecting, *self._watched):
                opened.close()
            self._selector.close()
            self._notifications.close()
            os.close(self._wake)

    def _turn(self) -> bool:
        for key, _ in self._selector.select(self._pause()):
            if key.fileobj == self._wake:
                return False
            if key.fileobj == self._notifications.listener:
                attempt = self._notifications.receive()
                if attempt is not None:
                    self._decide(attempt)
                elif self._notifications.gone:
                    return False
            elif isinstance(key.fileobj, socket.socket):
                self._ready(key.fileobj)
        self._pass_time()
        return True

    def _pause(self) -> float | None:
        due = [when for when, _ in self._denials[:1]]
        due += [connecting.until for connecting in self._connecting.values()]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _pass_time(self) -> None:
        now = time.monotonic()
        while self._denials and self._denials[0][0] <= now:
            _, attempt = self._denials.pop(0)
            self._notifications.fail(attempt.id, errno.EACCES)
        for opened, connecting in list(self._connecting.items()):
            if connecting.until <= now:
                self._finish(opened, errno.ETIMEDOUT)

    # --------------------------------------------------------------------------------------------

    def _decide(self, attempt: Attempt) -> None:
        if attempt.address is None:
            target = f"an address of family {attempt.family}"
            self._deny(attempt, target, why="only IPv4 is there")
            return
        address, port = attempt.address
        if (address, port) == _DNS:
            self._converse(attempt)
            return
        name = self._resolver.name(address)
        if name is None:
            if self._egress.allows_address(address, port):
                self._connect(attempt, address, self._asked(address, port))
            else:
                self._deny(attempt, f"{address}:{port}")
        elif self._egress.allows(name, port):
            self._connect_to_name(attempt, name, port)
        else:
            self._deny(attempt, f"{name}:{port}")

    def _deny(self, attempt: Attempt, target: str, *, why: str = "") -> None:
        reason = why or f"{_NOT_LISTED}: add {target} to egress: in action.yaml"
        self._denied(f"connection to {target} denied: {reason}")
        last = self._denials[-1][0] if self._denials else time.monotonic()
        self._denials.append((last + DENIAL_DELAY.total_seconds(), attempt))
        host, _, port = target.rpartition(":")
        if port.isdigit():
            self._connected(replace(self._asked(host, int(port)), error="denied"))

    def _refuse_name(self, name: str) -> None:
        self._connected(replace(self._asked(name, 0), error="denied"))
        time.sleep(DENIAL_DELAY.total_seconds())  # the guest's own thread of ours: only it waits
        self._denied(
            f"connection to {name} denied: {_NOT_LISTED}: add {name}:443, or the port that it"
            " listens at, to egress: in action.yaml"
        )

    def _connect_to_name(self, attempt: Attempt, name: str, port: int) -> None:
        asked = self._asked(name, port)
        addresses = self._resolve(name)
        usable = [address for address in addresses if self._egress.allows_answer(address, port)]
        if usable:
            self._connect(attempt, usable[0], asked)
        elif addresses:
            self._deny(
                attempt,
                f"{name}:{port}",
                why=f"its address {addresses[0]} is private; name {addresses[0]}:{port} as well",
            )
        else:
            self._connected(replace(asked, error="unresolved"))
            self._notifications.fail(attempt.id, errno.EHOSTUNREACH)

    def _resolve(self, name: str) -> list[str]:
        until, addresses = self._resolved.get(name, (0.0, list[str]()))
        if until < time.monotonic():
            try:
                found = socket.getaddrinfo(name, None, socket.AF_INET, socket.SOCK_STREAM)
            except OSError:
                return []
            addresses = [str(entry[4][0]) for entry in found]
            until = time.monotonic() + _RESOLVED_FOR.total_seconds()
            self._resolved[name] = (until, addresses)
        return addresses

    def _connect(self, attempt: Attempt, address: str, asked: Connection) -> None:
        made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        made.setblocking(False)  # noqa: FBT003 - its signature
        error = made.connect_ex((address, asked.port))
        if error == errno.EINPROGRESS and attempt.blocking:
            until = time.monotonic() + CONNECT_WITHIN.total_seconds()
            self._connecting[made] = _Connecting(attempt, until, asked)
            self._selector.register(made, selectors.EVENT_WRITE)
            return
        if error == errno.EINPROGRESS and asked.callers and len(self._watched) < WATCHED:
            self._watched[made] = asked
            self._selector.register(made, selectors.EVENT_WRITE)
            self._notifications.succeed(attempt, made, pending=True)
            return
        if error in (0, errno.EINPROGRESS):
            self._connected(asked)
            self._notifications.succeed(attempt, made, pending=error != 0)
        else:
            self._connected(_failed(asked, error))
            self._notifications.fail(attempt.id, error)
        made.close()

    def _ready(self, opened: socket.socket) -> None:
        if (asked := self._watched.pop(opened, None)) is not None:
            self._settle(opened, asked)
        elif opened in self._connecting:
            self._finish(opened, opened.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR))
        else:
            self._reply(opened)

    def _finish(self, opened: socket.socket, error: int) -> None:
        connecting = self._connecting.pop(opened)
        attempt = connecting.attempt
        self._selector.unregister(opened)
        self._connected(_failed(connecting.asked, error) if error else connecting.asked)
        if error:
            self._notifications.fail(attempt.id, error)
        else:
            self._notifications.succeed(attempt, opened)
        opened.close()

    def _settle(self, opened: socket.socket, asked: Connection) -> None:
        """Of a guest that does not block: its error is the guest's to read, so only ask the state.

        What could be asked with the error (SO_ERROR) is then gone.
        """
        self._selector.unregister(opened)
        (state,) = opened.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        opened.close()
        self._connected(replace(asked, error="failed") if state == _TCP_CLOSE else asked)

    def _asked(self, host: str, port: int) -> Connection:
        return Connection(host, port, time.time_ns(), self._callers())

    # DNS ----------------------------------------------------------------------------------------

    def _converse(self, attempt: Attempt) -> None:
        if len(self._conversations) >= DNS_CONNECTIONS:
            self._hang_up(next(iter(self._conversations)))
        ours, theirs = socket.socketpair()
        ours.setblocking(False)  # noqa: FBT003 - its signature
        self._conversations[ours] = Conversation(self._resolver)
        self._selector.register(ours, selectors.EVENT_READ)
        self._notifications.succeed(attempt, theirs)
        theirs.close()

    def _reply(self, opened: socket.socket) -> None:
        try:
            data = opened.recv(_DNS_BYTES)
            if data:
                opened.sendall(self._conversations[opened].feed(data))
                return
        except (OSError, ValueError):
            pass  # gone, full, or no DNS: either way there is nothing to say
        self._hang_up(opened)

    def _hang_up(self, opened: socket.socket) -> None:
        self._selector.unregister(opened)
        del self._conversations[opened]
        opened.close()


def _failed(asked: Connection, error: int) -> Connection:
    return replace(asked, error=errno.errorcode.get(error, f"{error}"))
