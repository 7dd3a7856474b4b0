"""Runs a worker as a child: restarts it when it crashes, kills it when it hangs."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import FrameType

import orjson
import structlog

from authstream.apps.supervision import REPORT_FD, TURN_FD, History, Verdicts, die_with_parent
from authstream.errors import ConfigurationError, FencedError

#: A worker whose loop has not beaten for so long is killed.
HUNG_AFTER = timedelta(seconds=5)
#: Before the first beat there are imports, guests and topic checks.
STARTED_WITHIN = timedelta(seconds=60)
#: A worker that runs this long gets a spare: loading Python takes longer than a login may wait.
#: Not at once: it takes a core for two seconds, which what piled up during a restart needs first.
SPARE_AFTER = timedelta(seconds=3)
#: Starts that meet the same uncommitted message before it is suspected.
STARTS = 3
#: A run this long is no crash loop.
SETTLED_AFTER = timedelta(seconds=30)
#: The first restarts are at once, the next ones wait, doubling.
FIRST_BACKOFF = timedelta(milliseconds=200)
LONGEST_BACKOFF = timedelta(seconds=10)
STOP_WITHIN = timedelta(seconds=25)
_TICK_SECONDS = 0.25
_REPORT_BYTES = 65536
#: Exit statuses after which a restart would only do harm.
FINAL = (0, FencedError.exit_status, ConfigurationError.exit_status)


@dataclass(slots=True)
class _Child:
    process: subprocess.Popen[bytes]
    #: What it reports.
    reading: int
    #: Where it is told its history, once, to begin.
    turn: int

    def begin(self, history: History) -> None:
        try:
            os.write(self.turn, history.to_line())
        except BrokenPipeError:
            return  # it ended: whoever watches sees that
        finally:
            os.close(self.turn)
            self.turn = -1

    def discard(self) -> None:
        """Kill it if it lives, and let go of everything."""
        self.process.kill()
        self.process.wait()
        os.close(self.reading)
        if self.turn >= 0:
            os.close(self.turn)


class Supervisor:
    """One child, and a loaded spare if `spare`. `run` returns the exit status to end with.

    A command that is given a spare must call `History.awaited` before it does anything.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: dict[str, str] | None = None,
        spare: bool = False,
        hung_after: timedelta = HUNG_AFTER,
        settled_after: timedelta = SETTLED_AFTER,
    ) -> None:
        self._command = list(command)
        self._environment = {**os.environ, **(environment or {})}
        self._hung_after = hung_after
        self._settled_after = settled_after
        self._with_spare = spare
        self._spare: _Child | None = None
        self._child: _Child | None = None
        self._stopping = False
        self._verdicts = Verdicts(STARTS)
        self._log = structlog.get_logger("authstream.supervisor")

    def stop(self, _signal: int = signal.SIGTERM, _frame: FrameType | None = None) -> None:
        """End the child and do not start another."""
        self._stopping = True
        if self._child is not None and self._child.process.poll() is None:
            self._child.process.send_signal(signal.SIGTERM)

    def run(self) -> int:
        """Until told to stop, or the child ends for good."""
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        try:
            return self._run()
        finally:
            if self._spare is not None:
                self._spare.discard()

    def _run(self) -> int:
        history, crashes = History(), 0
        while not self._told_to_stop():
            started = time.monotonic()
            status = self._once(history)
            if self._told_to_stop():
                break
            if status in FINAL:
                return status
            settled = time.monotonic() - started > self._settled_after.total_seconds()
            if settled:
                self._verdicts.survived()
            history = self._verdicts.crashed()
            crashes = 0 if settled else crashes + 1
            self._after_crash(status, history, wait=self._backoff(crashes))
        return 0

    def _after_crash(self, status: int, history: History, *, wait: float) -> None:
        self._log.error(
            "worker_crashed",
            exit_status=status,
            restart_in_seconds=wait,
            suspects=len(history.suspects),
            set_aside=len(history.offenders),
        )
        deadline = time.monotonic() + wait
        while not self._stopping and (left := deadline - time.monotonic()) > 0:
            time.sleep(min(left, _TICK_SECONDS))

    def _told_to_stop(self) -> bool:
        # A signal handler sets it at any moment, which a checker cannot see.
        return self._stopping

    def _backoff(self, crashes: int) -> float:
        if crashes <= STARTS:
            return 0.0
        doublings: int = 2 ** (crashes - STARTS - 1)
        return min(FIRST_BACKOFF * doublings, LONGEST_BACKOFF).total_seconds()

    def _once(self, history: History) -> int:
        spare, self._spare = self._spare, None
        if spare is not None and spare.process.poll() is not None:
            spare.discard()
            spare = None
        child = self._child = spare or self._spawn()
        try:
            child.begin(history)
            return self._watch(child)
        finally:
            child.discard()

    def _spawn(self) -> _Child:
        reading, writing = os.pipe()
        waiting, turn = os.pipe()
        environment = {**self._environment, REPORT_FD: str(writing), TURN_FD: str(waiting)}
        process = subprocess.Popen(  # noqa: S603 - our own command
            self._command,
            env=environment,
            pass_fds=(writing, waiting),
            preexec_fn=_dying_with(os.getpid()),  # noqa: PLW1509 - there is one thread here
        )
        os.close(writing)
        os.close(waiting)
        return _Child(process, reading, turn)

    def _watch(self, child: _Child) -> int:
        """Read its lines until it ends; kill it when they stop coming."""
        process = child.process
        began = beaten = now = time.monotonic()
        limit, asked = STARTED_WITHIN, False
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(child.reading, selectors.EVENT_READ)
            while process.poll() is None:
                last, now = now, time.monotonic()
                if now - last > self._hung_after.total_seconds():
                    # It is we who did not run, e.g. the machine slept.
                    beaten = now
                if selector.select(_TICK_SECONDS):
                    said = os.read(child.reading, _REPORT_BYTES)
                    if not said:
                        # It ends, or will never be heard again.
                        return self._ended(process, within=self._hung_after)
                    rest = self._heard(rest + said)
                    if not asked:
                        limit, beaten = self._hung_after, now
                if self._stopping and not asked:
                    asked, limit, beaten = True, STOP_WITHIN, now
                    process.send_signal(signal.SIGTERM)
                if now - beaten > limit.total_seconds():
                    self._log.error("worker_hung", silent_seconds=limit.total_seconds())
                    return self._ended(process, within=timedelta(0))
                if limit is self._hung_after and now - began > SPARE_AFTER.total_seconds():
                    self._provide_spare()
        return process.wait()

    def _heard(self, said: bytes) -> bytes:
        """Take in whole lines; what is left of the last."""
        *lines, rest = said.split(b"\n")
        for line in lines:
            self._verdicts.heard(orjson.loads(line))
        return rest

    def _ended(self, process: subprocess.Popen[bytes], *, within: timedelta) -> int:
        try:
            return process.wait(within.total_seconds())
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()

    def _provide_spare(self) -> None:
        if self._with_spare and self._spare is None and not self._stopping:
            self._spare = self._spawn()


def _dying_with(parent: int) -> Callable[[], None]:
    """For the child, before it runs: to be killed when the parent ends, however that is (Linux)."""

    def arrange() -> None:
        die_with_parent(signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(FencedError.exit_status)

    return arrange


def main() -> None:
    """`python -m authstream.apps.supervisor COMMAND…`: run the command supervised."""
    sys.exit(Supervisor(sys.argv[1:]).run())


if __name__ == "__main__":
    main()
