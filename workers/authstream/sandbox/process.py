"""One guest process, seen from the worker: its start, its frames, its time limits, its end."""

from __future__ import annotations

import asyncio
import itertools
import socket
import time
from datetime import timedelta
from typing import cast

import orjson

from authstream.engine.program import Ready, Status
from authstream.sandbox import launch
from authstream.sandbox.answer import read_error, read_result, whole
from authstream.sandbox.census import CENSUS, GuestUse
from authstream.sandbox.ending import (
    Ending,
    GuestLoadError,
    GuestStartError,
    exit_text,
    over_memory,
    quoted,
)
from authstream.sandbox.explanation import explained
from authstream.sandbox.job import Job
from authstream.sandbox.launch import NotConfinedError
from authstream.sandbox.memory import MemoryWatch
from authstream.sandbox.outgoing import Outgoing
from authstream.sandbox.protocol import FrameError, FrameReader, FrameType, encode, encode_event
from authstream.sandbox.questions import Questions
from authstream.sandbox.start import Start
from authstream.sandbox.stderr import StderrTail

#: From the start of the process until its action's top-level code has run.
START_TIMEOUT = timedelta(seconds=10)
#: How often time limits and liveness are looked at while events are in flight.
TICK = timedelta(milliseconds=50)
PING_EVERY = timedelta(milliseconds=500)
#: A guest that leaves a PING unanswered for this long is killed.
PONG_WITHIN = timedelta(seconds=1)
#: Between CANCEL and giving up on what the run printed.
CANCEL_GRACE = timedelta(milliseconds=300)
#: Frames that nobody asked for, beyond one for each event: answers to events given up meanwhile
#: are such, thousands are a flood, and reading it takes the worker's time from other actions.
UNASKED = 1000

_IDS = 2**32


class GuestProcess(asyncio.Protocol):
    """A started guest; `in_flight` holds the jobs it has not answered, in order."""

    def __init__(self, start: Start) -> None:
        self.in_flight: dict[int, Job] = {}
        self._start = start
        self._program = start.program
        self._loop = asyncio.get_running_loop()
        #: Done when the process is gone.
        self.ended: asyncio.Future[Ending] = self._loop.create_future()
        self._ready: asyncio.Future[Ready] = self._loop.create_future()
        self._pong: asyncio.Future[bool] | None = None
        self._reader = FrameReader()
        self._stderr = StderrTail(self._loop)
        self._questions = Questions(self._program, self._write)
        self._outgoing = Outgoing(self._program, self.in_flight)
        self._out: list[bytes] = []
        self._numbers = itertools.count(1)
        self._unasked = 0
        self._watching = False
        self._pinged: float | None = None
        self._last_ping = self._last_tick = 0.0
        self._reaper: asyncio.Task[None] | None = None
        self._process: launch.Process | None = None
        self._memory: MemoryWatch | None = None
        self._number = 0
        self._channel: socket.socket | None = None
        self._transport: asyncio.Transport | None = None

    async def start(self) -> Ready:
        """Start the process and load the action.

        Raises:
            GuestLoadError: The action's top-level code failed.
            GuestStartError: There was no answer in `START_TIMEOUT`, or the process ended.
        """
        init = encode(FrameType.INIT, 0, self._start.init())
        await self._spawn()
        self._write(init)
        seconds = START_TIMEOUT.total_seconds()
        try:
            return await asyncio.wait_for(self._ready, seconds)
        except TimeoutError:
            raise GuestStartError(
                f"the action {self._program.action} was not loaded within {seconds:g} s:"
                " look at what its top-level code waits for"
            ) from None
        finally:
            if self._ready.cancelled() or self._ready.exception() is not None:
                await self.stop()

    @property
    def pid(self) -> int:
        """The process id; 0 before the start."""
        return 0 if self._process is None else self._process.pid

    @property
    def use(self) -> GuestUse:
        """What it uses now."""
        return GuestUse(
            self._program.label,
            self._number,
            self.pid,
            0 if self._memory is None else self._memory.bytes,
            self._program.limits.memory,
            len(self.in_flight),
        )

    def submit(self, job: Job) -> None:
        """Send an event; `job.future` is done when it is answered or out of time."""
        number = next(self._numbers) % _IDS
        job.begin()
        try:
            event = encode_event(number, job.header(), job.invocation.event)
        except (FrameError, orjson.JSONEncodeError) as error:
            job.settle("error", f"the event cannot be sent to the guest: {error}")
            return
        if not self.in_flight:
            self._last_ping = 0.0  # ask at the next tick: a stuck guest is found sooner
        self.in_flight[number] = job
        self._unasked = max(0, self._unasked - 1)
        self._write(*event)
        self._watch_from_now()

    def withdraw(self, job: Job) -> None:
        """Forget a job whose caller is gone, and stop its run."""
        for number, other in self.in_flight.items():
            if other is job:
                del self.in_flight[number]
                self._write(encode(FrameType.CANCEL, number))
                return

    async def answers(self) -> bool:
        """Whether the guest's event loop is alive: a PING round trip, killed if there is none."""
        if self._reaper is not None:
            return False
        self._pong = self._loop.create_future()
        self._ping(time.monotonic())
        self._watch_from_now()
        return await self._pong

    async def stop(self) -> None:
        """Kill the process and wait until it is gone."""
        self._end("crashed", "was stopped")
        await self.ended

    # asyncio calls these ------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Act on the frames that are complete; what comes after a broken one counts for nothing."""
        if self._reaper is not None:
            return
        try:
            for kind, number, payload in self._reader.feed(data):
                self._receive(kind, number, payload)
        except FrameError as error:
            self._end("crashed", f"broke the protocol: {error}")

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        """The guest ended or closed its socket."""
        self._end("crashed", "")

    # --------------------------------------------------------------------------------------------

    async def _spawn(self) -> None:
        self._channel, theirs = socket.socketpair()
        try:
            # In the loop's own thread: the kernel kills a guest when the thread that made it ends.
            self._process = self._start.process(theirs)
        except BaseException:
            self._channel.close()
            raise
        finally:
            theirs.close()
        await self._loop.connect_read_pipe(lambda: self._stderr, self._process.output)
        try:
            await asyncio.to_thread(self._process.confirm)
        except NotConfinedError:
            self._end("crashed", "")
            return
        if (listener := self._process.take_listener()) is not None:
            self._outgoing.watch(listener)
        if self._reaper is None:
            self._watch_memory(self._process.pid)
        await self._loop.create_connection(lambda: self, sock=self._channel)

    def _watch_memory(self, pid: int) -> None:
        program = self._program
        self._number = CENSUS.enter(program.label, self)
        self._memory = MemoryWatch(
            pid,
            program.limits.memory,
            with_children=not self._start.is_one_process,
            over=lambda used: self._end("crashed", over_memory(program, used)),
        )

    def _write(self, *parts: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out += parts

    def _flush(self) -> None:
        if self._transport is not None and self._reaper is None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _receive(self, kind: FrameType, number: int, payload: bytes) -> None:
        if kind is FrameType.RESULT or kind is FrameType.ERROR:
            if job := self.in_flight.pop(number, None):
                self._answer(job, kind, payload)
                return
        elif kind is FrameType.CALL:
            if job := self.in_flight.get(number):
                self._questions.ask(job, number, payload)
                return
        elif kind is FrameType.PONG:
            if self._pinged is not None:
                self._hear_pong()
                return
        elif not self._ready.done():
            self._loaded(kind, payload)
            return
        self._drop()

    def _hear_pong(self) -> None:
        self._pinged = None
        if self._pong is not None and not self._pong.done():
            self._pong.set_result(True)

    def _drop(self) -> None:
        self._unasked += 1
        if self._unasked > UNASKED:
            raise FrameError(f"{self._unasked} frames that nobody asked for")

    def _answer(self, job: Job, kind: FrameType, payload: bytes) -> None:
        if kind is FrameType.RESULT and job.cancelled is None:
            commands, console, refused = read_result(
                self._program.trigger, payload, self._program.limits.output
            )
            if refused is None:
                job.settle("ok", commands=commands, console=console)
            else:
                job.fail(refused, console)
            return
        console, thrown = read_error(payload)
        if job.cancelled is None:
            job.fail(explained(self._program, thrown), console)
        else:
            job.time_out(console)

    def _loaded(self, kind: FrameType, payload: bytes) -> None:
        if kind is FrameType.FATAL:
            _, thrown = read_error(payload)
            thrown = explained(self._program, thrown, denied=self._outgoing.denied_early)
            self._ready.set_exception(GuestLoadError(whole(thrown), thrown))
        elif kind is FrameType.READY:
            said = orjson.loads(payload)
            self._ready.set_result(
                Ready(tuple(said["handlers"]), str(said["runtime"]), float(said["load_ms"]))
            )
        else:
            self._drop()

    # Time ---------------------------------------------------------------------------------------

    def _watch_from_now(self) -> None:
        if not self._watching:
            self._watching = True
            self._last_tick = time.monotonic()
            self._loop.call_later(TICK.total_seconds(), self._watch)

    def _watch(self) -> None:
        now = time.monotonic()
        # While this loop was itself late, the guest's answer may have waited to be read.
        late = now - self._last_tick - TICK.total_seconds()
        if self._pinged is not None and late > TICK.total_seconds():
            self._pinged += late
        self._last_tick = now
        self._cut_jobs(now)
        if self._pinged is not None and now - self._pinged > PONG_WITHIN.total_seconds():
            self._end("timeout", f"did not answer for {PONG_WITHIN.total_seconds():g} s")
        elif self._pinged is None and now - self._last_ping > PING_EVERY.total_seconds():
            self._ping(now)
        if self._reaper is None and (self.in_flight or self._pinged is not None):
            self._loop.call_later(TICK.total_seconds(), self._watch)
        else:
            self._watching = False

    def _ping(self, now: float) -> None:
        self._pinged = self._last_ping = now
        self._write(encode(FrameType.PING, 0))

    def _cut_jobs(self, now: float) -> None:
        for number, job in list(self.in_flight.items()):
            if job.cancelled is not None:
                if now - job.cancelled > CANCEL_GRACE.total_seconds():
                    del self.in_flight[number]
                    job.time_out()
            elif now - job.started > job.invocation.timeout.total_seconds():
                job.cancelled = now
                self._write(encode(FrameType.CANCEL, number))

    # The end ------------------------------------------------------------------------------------

    def _end(self, status: Status, reason: str) -> None:
        if self._reaper is None:
            self._reaper = self._loop.create_task(self._reap(status, reason))

    async def _reap(self, status: Status, reason: str) -> None:
        code = 0
        if self._process is not None:
            code = await asyncio.to_thread(self._process.end)
        if self._memory is not None:
            self._memory.stop()
            CENSUS.leave(self._program.label, self._number)
        self._outgoing.close()
        self._questions.close()
        self._close_channel()
        tail = await self._stderr.close()
        said = quoted(reason, tail) if reason else exit_text(self._program, code, tail)
        ending = Ending(status, said)
        if not self._ready.done():
            self._ready.set_exception(
                GuestStartError(f"the guest of {self._program.action} {ending.reason}")
            )
            self._ready.exception()  # seen: whoever started it may be gone
        if self._pong is not None and not self._pong.done():
            self._pong.set_result(False)
        self.ended.set_result(ending)

    def _close_channel(self) -> None:
        if self._transport is not None:
            self._transport.abort()
        elif self._channel is not None:
            self._channel.close()
