"""The record that resumes a flow, as the gateway, the SDK and `authstream test` write it."""

from __future__ import annotations

from authstream.contracts import headers as h
from authstream.contracts.avro import encode
from authstream.contracts.headers import Headers
from authstream.contracts.resume import Resume
from authstream.contracts.topics import Topics
from authstream.engine.ports import Output
from authstream.engine.state import unverified


def resume_record(topics: Topics, resume: Resume, headers: Headers) -> Output:
    """The record, for the partition where its flow waits; `headers` say who waits for the verdict.

    Raises StateInvalidError for a state that cannot be read, TooLargeError for a huge request.
    """
    waits = unverified(resume.state)
    said = {
        h.CE_ID: f"{waits.flow_id}/{waits.leg}",
        h.CE_SOURCE: "authstream",
        h.CE_TYPE: "authstream.resume.v1",
        h.CE_SPECVERSION: "1.0",
        h.CONTENT_TYPE: h.AVRO_TYPE.decode(),
    }
    return Output(
        topics.resume,
        waits.flow_id.encode(),
        encode(resume),
        (*h.make(said), *headers),
        waits.partition,
    )
