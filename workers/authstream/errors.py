"""The one hierarchy of errors: every message says what happened, to what, and what to do."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar


class AuthstreamError(Exception):
    """Anything Authstream raises on purpose; `code` is stable, in dead letters and verdicts too."""

    code: ClassVar[str] = "error"
    #: Exit status of the command line when this error ends a command (sysexits.h).
    exit_status: ClassVar[int] = 1


class ConfigurationError(AuthstreamError):
    """A setting, a flow file or an action folder is wrong."""

    code = "configuration"
    exit_status = 78


class TopicMismatchError(ConfigurationError):
    """A topic is missing or has another number of partitions than the design requires."""

    code = "topic_mismatch"


class AccessDeniedError(ConfigurationError):
    """The cluster does not allow our principal what this process needs."""

    code = "access_denied"


class BrokerUnreachableError(AuthstreamError):
    """No broker answered in time."""

    code = "broker_unreachable"
    exit_status = 69


class RegistryError(AuthstreamError):
    """The schema registry did not answer, or did not do what was asked."""

    code = "schema_registry"
    exit_status = 69


class BackPressureError(AuthstreamError):
    """More is published than the broker takes; the event was not published."""

    code = "back_pressure"
    exit_status = 75


class ProduceError(AuthstreamError):
    """The broker refused a record for good; nothing was acknowledged, so it will be tried again."""

    code = "produce_failed"
    exit_status = 74


class FencedError(AuthstreamError):
    """Another process runs under this instance id; this one must stop and stay stopped."""

    code = "fenced"
    exit_status = 77


class RecordError(AuthstreamError):
    """One record cannot be processed; it goes to the dead letters and its caller is answered."""

    code = "invalid_record"
    exit_status = 65


class UndecodableError(RecordError):
    """The bytes of a record are not what its topic carries."""

    code = "undecodable"


class UnknownSchemaError(UndecodableError):
    """The record was written under a schema that this version has never seen."""

    code = "unknown_schema"


class InvalidEventError(RecordError):
    """A login event does not have the members its trigger requires."""

    code = "invalid_event"


class UnwritableError(RecordError):
    """A record of ours cannot be written as it is."""


class TooLargeError(UnwritableError):
    """A record or one of its parts is over its budget (`contracts/budgets.py`)."""

    code = "too_large"


class NotInReleaseError(UnwritableError):
    """A record says what the release that AUTHSTREAM_WRITE_AS names cannot read."""

    code = "not_in_release"


class HandlerTimeoutError(RecordError):
    """A stage did not finish a record within its time."""

    code = "handler_timeout"


class PoisonError(RecordError):
    """A record ended the worker three times and is set aside."""

    code = "poison"


class UnsignedSlipError(RecordError):
    """The routing slip was not made by an entry stage that holds our key."""

    code = "unsigned_slip"


class StateError(AuthstreamError):
    """A suspended flow is not resumed: the state that was brought for it is not good for that."""

    code = "state_refused"
    exit_status = 65


class StateInvalidError(StateError):
    """The state is not one of ours, or somebody changed it."""

    code = "state_invalid"


class StateForeignError(StateError):
    """The state belongs to another installation, another flow, or a key that is no longer valid."""

    code = "state_foreign"


class StateExpiredError(StateError):
    """The browser came back too late: the state, or the flow that waited for it, is gone."""

    code = "state_expired"


class StateUsedError(StateError):
    """The state was used before, and not by this browser."""

    code = "state_used"


class StaleLegError(RecordError):
    """A leg is older than the window in which verdicts are remembered, so it is never decided."""

    code = "stale_leg"


class InvalidCallError(AuthstreamError):
    """A provider's call does not have the form of its protocol."""

    code = "invalid_call"


class UnauthenticatedError(AuthstreamError):
    """A call does not prove that the provider of its connection made it."""

    code = "unauthenticated"


class DeliveryError(AuthstreamError):
    """An effect could not be delivered; `permanent` says whether another try can help.

    `retry_after` is how long the destination asks to be left alone, if it said so; `down` says
    whether others will meet the same, as they will unless only this recipient is the matter.
    """

    code = "delivery_failed"

    def __init__(
        self,
        message: str,
        *,
        permanent: bool,
        retry_after: timedelta | None = None,
        down: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after
        self.down = not permanent if down is None else down


class DroppedError(DeliveryError):
    """Whoever delivers decided that an effect is not to be sent: it is done, nothing failed."""

    code = "delivery_dropped"

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True, down=False)


class ConflictError(AuthstreamError):
    """Somebody else changed the object meanwhile, or what it is used by forbids the change."""

    code = "conflict"
    exit_status = 73


class NotFoundError(AuthstreamError):
    """There is no such action, version, flow, secret, token or dead letter."""

    code = "not_found"
    exit_status = 66


class ControlLogError(ConfigurationError):
    """The control log cannot be trusted: it does not begin at its first record."""

    code = "control_log"


class SealError(ConfigurationError):
    """A secret cannot be sealed or opened with the keys that are configured."""

    code = "seal"
