"""The guest's side of `actions-runner/1`: frames in, runs of the action, frames out."""

# ruff: noqa: ANN401 - an action may pass anything, and events are a stranger's JSON
from __future__ import annotations

import asyncio
import contextvars
import ctypes
import functools
import inspect
import json
import os
import platform
import signal
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from . import api, console
from .action import Action, Handler, describe
from .cache import Cache
from .event import Record, Secrets, dump, parse
from .questions import Questions
from .recorder import Recorder
from .redirect import Redirect
from .rules import Rules
from .view import View

PROTOCOL = "actions-runner/1"
INIT, READY, FATAL, EVENT, RESULT, ERROR, CANCEL = 1, 2, 3, 4, 5, 6, 7
CALL, REPLY, PING, PONG = 9, 10, 11, 12
HEAD = struct.Struct(">IBI")
LENGTH = struct.Struct(">I")
PR_SET_PDEATHSIG = 1
#: Plain `def` handlers that run at a time; more wait.
THREADS = 16
#: Threads that ignored the end of their time; with more than this the guest gives itself up.
STUCK_THREADS = 32
EXIT_STUCK = 70
EXIT_FATAL = 1


class Cancelled(BaseException):
    """The run's time is over; raised inside a plain handler's thread."""


class Runner(asyncio.Protocol):
    """Any number of runs at a time, each a task; plain handlers in threads, so PING is answered."""

    def __init__(self, action: Action, init: dict[str, Any]) -> None:
        self._action = action
        self._secrets: dict[str, str] = init["secrets"]
        self._configuration = dump(init["configuration"])
        self._limits: dict[str, int] = init["limits"]
        self._make_api = api.build(init["api"])
        self._effects = {
            row["effect"]["path"]: row["effect"] for row in init["api"] if "effect" in row
        }
        self._cache = Cache()
        self._buffer = bytearray()
        self._out: list[tuple[int, int, bytes | Callable[[], bytes]]] = []
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._questions = Questions(lambda number, text: self._send(CALL, number, text.encode()))
        self._threads = asyncio.Semaphore(THREADS)
        self._stuck: list[threading.Thread] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._loop = asyncio.get_running_loop()
        self._transport: Any = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """End with the worker."""
        os._exit(0)  # the worker is gone, and threads may be stuck

    def data_received(self, data: bytes) -> None:
        """Act on the frames that are complete."""
        buffer = self._buffer
        buffer += data
        start = 0
        while len(buffer) - start >= HEAD.size:
            length, kind, number = HEAD.unpack_from(buffer, start)
            end = start + LENGTH.size + length
            if len(buffer) < end:
                break
            self._receive(kind, number, bytes(buffer[start + HEAD.size : end]))
            start = end
        del buffer[:start]

    def _receive(self, kind: int, number: int, payload: bytes) -> None:
        if kind == EVENT:
            task = self._tasks[number] = self._loop.create_task(self._run(number, payload))
            # Not in `_run`, which a task that is cancelled before its first step never enters.
            task.add_done_callback(lambda _: self._tasks.pop(number))
        elif kind == PING:
            self._send(PONG, number)
        elif kind == REPLY:
            self._questions.answer(number, payload.decode())
        elif kind == CANCEL and number in self._tasks:
            self._tasks[number].cancel()

    def _send(self, kind: int, number: int, payload: bytes | Callable[[], bytes] = b"") -> None:
        """Queue a frame; a payload may be a function, which is asked when the frame leaves.

        That is after all that the run has scheduled so far: it may still have something to say.
        """
        if not self._out:
            self._loop.call_soon(self._loop.call_soon, self._flush)
        self._out.append((kind, number, payload))

    def _flush(self) -> None:
        out, self._out = self._out, []
        frames = (frame(kind, id_, said() if callable(said) else said) for kind, id_, said in out)
        self._transport.write(b"".join(frames))

    async def _run(self, number: int, payload: bytes) -> None:
        lines = console.Console(self._limits["console_characters"])
        console.current.set(lines)
        recorder = None
        try:
            header, event = self._open(payload)
            recorder = self._recorder(number, header, event)
            call = self._action.handler(header["handler"])
            await self._call(call, event, self._make_api(recorder), is_async=call.is_async)
            if recorder.fatal:
                raise recorder.fatal  # noqa: TRY301 - as if the action had not caught it
            self._send(RESULT, number, functools.partial(_result, recorder.commands, lines))
        except BaseException as error:  # noqa: BLE001 - also SystemExit: it must not end the others
            self._send(ERROR, number, functools.partial(_error, describe(error), lines))
        finally:
            if recorder is not None:
                recorder.close()
            self._questions.end(number)

    def _open(self, payload: bytes) -> tuple[dict[str, Any], Record]:
        (size,) = LENGTH.unpack_from(payload)
        header: dict[str, Any] = parse(payload[LENGTH.size : LENGTH.size + size].decode())
        event = parse(payload[LENGTH.size + size :].decode())
        if not isinstance(event, Record):
            raise TypeError("the event is not a JSON object")
        event["secrets"] = Secrets(self._secrets)
        event["configuration"] = parse(self._configuration)
        return header, event

    def _recorder(self, number: int, header: dict[str, Any], event: Record) -> Recorder:
        lookups = event.pop("lookups", None)
        view = View(event, self._effects)
        view.apply(header["operations"])
        return Recorder(
            view,
            handler=header["handler"],
            calls=header["calls"],
            commands_bytes=self._limits["commands_bytes"],
            part=functools.partial(self._part, event, lookups, header["interactive"]),
            ask=functools.partial(self._questions.ask, number),
        )

    def _part(self, event: Record, lookups: Any, interactive: Any, owner: str) -> object:
        """What answers the methods of `api` that need no worker."""
        if owner == "cache":
            return self._cache
        if owner == "redirect":
            return Redirect(event, interactive=interactive)
        return Rules(lookups)

    async def _call(self, call: Handler, event: Record, made: object, *, is_async: bool) -> None:
        result = call(event, made) if is_async else await self._in_thread(call, event, made)
        if inspect.isawaitable(result):
            await result

    async def _in_thread(self, call: Handler, event: Record, made: object) -> Any:
        async with self._threads:
            done: asyncio.Future[Any] = self._loop.create_future()
            body = (self._thread, call, event, made, done)
            context = contextvars.copy_context()
            thread = threading.Thread(target=context.run, args=body, daemon=True)
            thread.start()
            try:
                return await done
            except asyncio.CancelledError:
                self._interrupt(thread)
                raise

    def _thread(
        self, call: Handler, event: Record, made: object, done: asyncio.Future[Any]
    ) -> None:
        try:
            result, error = call(event, made), None
        except BaseException as raised:  # noqa: BLE001 - the task that waits raises it
            result, error = None, raised
        self._loop.call_soon_threadsafe(_settle, done, result, error)

    def _interrupt(self, thread: threading.Thread) -> None:
        """Stop Python code in a thread; a call that blocks stops when it returns."""
        ident = ctypes.c_ulong(thread.ident or 0)
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ident, ctypes.py_object(Cancelled))
        self._stuck = [*(other for other in self._stuck if other.is_alive()), thread]
        if len(self._stuck) > STUCK_THREADS:
            os._exit(EXIT_STUCK)


def _result(commands: list[str], lines: console.Console) -> bytes:
    return f'{{"commands":[{",".join(commands)}],"console":{dump(lines.close())}}}'.encode()


def _error(said: dict[str, str], lines: console.Console) -> bytes:
    return dump({**said, "console": lines.close()}).encode()


def _settle(done: asyncio.Future[Any], result: Any, error: BaseException | None) -> None:
    if done.done():
        return
    if error is None:
        done.set_result(result)
    elif isinstance(error, StopIteration):  # a future refuses it
        done.set_exception(RuntimeError("the handler raised StopIteration"))
    else:
        done.set_exception(error)


def frame(kind: int, number: int, payload: bytes) -> bytes:
    """One frame of the protocol."""
    return HEAD.pack(HEAD.size - LENGTH.size + len(payload), kind, number) + payload


def die_with_parent() -> None:
    """Have the kernel kill this process when the worker dies, however it dies."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def receive_init(channel: socket.socket) -> dict[str, Any]:
    """The content of the INIT frame; the worker sends nothing more before READY."""
    head = channel.recv(HEAD.size, socket.MSG_WAITALL)
    if len(head) < HEAD.size:
        raise SystemExit(0)
    length, kind, _ = HEAD.unpack(head)
    if kind != INIT:
        raise SystemExit(f"the first frame is of type {kind}, not INIT")
    body = channel.recv(length - HEAD.size + LENGTH.size, socket.MSG_WAITALL)
    init: dict[str, Any] = json.loads(body)
    return init


def take_channel() -> socket.socket:
    """The socket, away from the descriptors that anything in this process may write to."""
    channel = socket.socket(fileno=os.dup(0))
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)
    os.dup2(console.STDERR, 1)
    return channel


def load(channel: socket.socket, init: dict[str, Any]) -> Action:
    """Run the action's top-level code, once; tell how it went."""
    began = time.perf_counter()
    try:
        action = Action(Path(init["file"]), init["dependencies"])
    except BaseException as error:  # noqa: BLE001 - whatever a stranger's code raises
        channel.sendall(frame(FATAL, 0, dump(describe(error)).encode()))
        os._exit(EXIT_FATAL)
    ready = {
        "protocol": PROTOCOL,
        "runtime": f"python {platform.python_version()}",
        "handlers": list(action.handlers),
        "load_ms": round((time.perf_counter() - began) * 1000, 3),
    }
    channel.sendall(frame(READY, 0, dump(ready).encode()))
    return action


async def serve(channel: socket.socket, action: Action, init: dict[str, Any]) -> None:
    """Answer frames until the worker closes the socket."""
    loop = asyncio.get_running_loop()
    console.watch(loop)
    await loop.connect_accepted_socket(lambda: Runner(action, init), channel)
    await loop.create_future()


def main() -> None:
    """Run the guest; returns never."""
    die_with_parent()
    channel = take_channel()
    init = receive_init(channel)
    if init["parent"] is not None and os.getppid() != init["parent"]:
        raise SystemExit(0)  # the worker died before the kernel was asked to tell
    console.capture()
    action = load(channel, init)
    asyncio.run(serve(channel, action, init))
