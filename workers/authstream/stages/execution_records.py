"""Writes the records of executions, and a log line about who was not let in."""

from __future__ import annotations

from itertools import chain

import structlog

from authstream.contracts.avro import decode
from authstream.contracts.envelope import Envelope
from authstream.contracts.execution import Execution
from authstream.contracts.verdict import Verdict
from authstream.engine.ports import Message, Output, Outputs
from authstream.engine.recording import Recorder, smaller
from authstream.errors import TooLargeError
from authstream.stages.outputs import record_output


class ExecutionRecords:
    """To one topic."""

    def __init__(self, topic: str, recorder: Recorder) -> None:
        self._topic = topic
        self._recorder = recorder
        self._log = structlog.get_logger("authstream.assemble")

    def decided(self, message: Message, envelope: Envelope, verdict: Verdict) -> Output:
        """The execution behind a verdict."""
        record = self._recorder.decided(envelope, verdict)
        if record.outcome in ("denied", "failed"):
            self._tell(record)
        return self._output(message, record)

    def late(self, message: Message, envelope: Envelope, verdict: bytes | None) -> Outputs:
        """What ran though its leg had been decided without it: the caller had stopped waiting."""
        if not envelope.runs or decode(Verdict, verdict).steps:
            return ()
        return [self._output(message, self._recorder.late(envelope, now=message.timestamp))]

    def _tell(self, record: Execution) -> None:
        """Less what records withhold. A denial is an answer, a failure needs somebody's eyes."""
        tell = self._log.info if record.outcome == "denied" else self._log.warning
        tell(
            f"flow_{record.outcome}",
            flow_id=record.flow_id,
            code=record.code,
            reason=(record.reason or "").partition("\n")[0],
            action=record.failed_by or record.verdict.get("denied_by"),
        )

    def _output(self, message: Message, record: Execution) -> Output:
        """With less in it where it would be too large. Raises TooLargeError for runs alone."""
        refused: TooLargeError | None = None
        for part in chain([record], smaller(record)):
            try:
                return self._written(message, part)
            except TooLargeError as error:
                refused = error
        assert refused is not None  # noqa: S101 - there was one record at least
        raise refused

    def _written(self, message: Message, record: Execution) -> Output:
        return record_output(
            self._topic,
            record,
            kind="execution",
            event_id=f"{record.flow_id}/{record.leg}",
            key=record.flow_id.encode(),
            source=message,
        )
