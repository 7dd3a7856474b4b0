"""A real Apache Kafka broker on loopback: one KRaft node that tests may stop, kill and restart."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from string import Template
from typing import Final, Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from tests.kafka_jars import HOME, LOG_LINES, fetch_jars, run
from tests.kafka_security import ADMIN, KafkaSecurity

SMALL_HEAP: Final = ("-Xms256m", "-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
#: Compiled as in production: under steady load for minutes that halves what a record costs.
CHAOS_HEAP: Final = ("-Xms256m", "-Xmx512m", "-XX:+UseSerialGC")
BENCHMARK_HEAP: Final = ("-Xms512m", "-Xmx1g", "-XX:+UseG1GC", "-XX:MaxGCPauseMillis=20")
READY_WITHIN: Final = timedelta(seconds=40)
STOPPED_WITHIN: Final = timedelta(seconds=15)

_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qg"  # any 16 bytes; asking Kafka for one costs a JVM start
_PORTS = range(20_000, 32_000)  # below the ephemeral range: there, a client may connect to itself
_DIE_WITH_PARENT = """
import ctypes, os, signal, sys
PR_SET_PDEATHSIG = 1
ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
if os.getppid() == int(sys.argv[1]):
    os.execvp(sys.argv[2], sys.argv[2:])
"""
# To the kernel the parent is the thread that forked: this one lives as long as the interpreter.
_FORKER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="kafka-forker")


class KafkaServer:
    """One broker that can be stopped, killed and started again on the same ports and data.

    As a context manager it starts on entry; on exit it stops and its data is gone.
    It dies with this process, however that ends.
    """

    def __init__(
        self, heap: tuple[str, ...] = SMALL_HEAP, *, security: KafkaSecurity | None = None
    ) -> None:
        """With `security` clients must log in over TLS, and may do what a rule allows."""
        self.folder = Path(tempfile.mkdtemp(prefix="authstream-kafka-"))
        self.log = self.folder / "broker.log"
        broker, controller = _free_ports(2)
        self.bootstrap = f"127.0.0.1:{broker}"
        self.security = security
        self._java = ("java", *heap, f"-Dlog4j2.configurationFile={HOME / 'log4j2.yaml'}")
        self._config = self.folder / "server.properties"
        self._data = self.folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        filled: dict[str, object] = {
            "broker_port": broker,
            "controller_port": controller,
            "data": self._data,
        }
        template = Template((HOME / "server.properties").read_text())
        self._config.write_text(template.substitute(filled))
        if security is not None:
            self._secure(security, filled)

    @property
    def pid(self) -> int:
        """The process id of the running broker, for signals of a test's own."""
        if self._process is None:
            raise RuntimeError(f"Kafka at {self.bootstrap} is not running: call start() first.")
        return self._process.pid

    def start(self) -> None:
        """Start the broker and block until it answers, at most `READY_WITHIN`.

        Raises:
            RuntimeError: it ended or did not answer in time; the log's tail is in the message.
        """
        if self._process is not None:
            raise RuntimeError(f"Kafka at {self.bootstrap} runs already: call stop() first.")
        java = (*self._java, "-cp", f"{fetch_jars()}/*")
        if not self._data.exists():
            tool = ("kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID)
            run(*java, *tool, "-c", f"{self._config}", *self._users())
        command = (*java, "kafka.Kafka", f"{self._config}")
        self._process = _FORKER.submit(self._spawn, command).result()
        self._await_ready(self._process)

    def stop(self) -> None:
        """Stop cleanly: the broker flushes and closes its log. Nothing happens if it is down."""
        if self._process is not None:
            self._process.terminate()
            with suppress(subprocess.TimeoutExpired):  # killed below
                self._process.wait(STOPPED_WITHIN.total_seconds())
        self.kill()

    def kill(self) -> None:
        """End the broker at once, as kill -9 does. Nothing happens if it is down."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder)

    def _secure(self, security: KafkaSecurity, filled: dict[str, object]) -> None:
        security.written(self.folder)
        ours = {"folder": self.folder, "issuer": security.issuer.url}
        template = Template((HOME / "secured.properties").read_text())
        password = {"admin_password": security.passwords[ADMIN]}
        with self._config.open("a") as config:
            config.write(template.substitute({**filled, **ours, **password}))
        keys = f"file://{self.folder / 'jwks.json'}"
        self._java += (f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={keys}",)

    def _users(self) -> list[str]:
        """Passwords are in the cluster's metadata, so the first ones are written with it."""
        known = {} if self.security is None else self.security.passwords
        users = [f"SCRAM-SHA-512=[name={name},password={known[name]}]" for name in known]
        return [word for user in users for word in ("--add-scram", user)]

    def _client(self) -> dict[str, str | int | float | bool]:
        return {} if self.security is None else self.security.scram(ADMIN, self.folder)

    def _spawn(self, command: tuple[str, ...]) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                (sys.executable, "-c", _DIE_WITH_PARENT, f"{os.getpid()}", *command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _await_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_WITHIN.total_seconds()
        quiet = {"log_level": 0, "reconnect.backoff.max.ms": 200}
        admin = AdminClient({"bootstrap.servers": self.bootstrap, **quiet, **self._client()})
        while process.poll() is None and time.monotonic() < deadline:
            try:
                admin.list_topics(timeout=0.5)
            except KafkaException:
                continue  # the time-out above is the pause
            return
        self.kill()
        tail = "\n".join(self.log.read_text(errors="replace").splitlines()[-LOG_LINES:])
        raise RuntimeError(f"Kafka at {self.bootstrap} did not become ready. Its log ends:\n{tail}")


def _free_ports(count: int) -> list[int]:
    free: list[int] = []
    for port in random.sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                free.append(port)
        if len(free) == count:
            return free
    raise RuntimeError(f"Not {count} free ports in {_PORTS}: stop something that listens there.")
