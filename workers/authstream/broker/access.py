"""Rights on a cluster: grants them, and finds what our own principal lacks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, Final

from confluent_kafka import KafkaError, KafkaException, TopicCollection, admin

from authstream.broker.kafka_config import client_config
from authstream.contracts.access import Operation, Right
from authstream.errors import AccessDeniedError, BrokerUnreachableError
from authstream.settings import Settings

#: Documented there, which its annotations do not know.
_KAFKA: Final[Any] = admin
#: What a broker answers to who may not do something.
DENIED: Final = frozenset(
    {
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
    }
)
#: The controller writes a rule, and brokers learn of it: at once, or seconds later when busy.
EFFECTIVE_WITHIN: Final = timedelta(seconds=30)
_REQUEST_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.05
_ANY_HOST: Final = "*"
_OPERATIONS: Final[dict[Operation, Any]] = {
    Operation.READ: _KAFKA.AclOperation.READ,
    Operation.WRITE: _KAFKA.AclOperation.WRITE,
    Operation.DESCRIBE: _KAFKA.AclOperation.DESCRIBE,
    Operation.CREATE: _KAFKA.AclOperation.CREATE,
    Operation.ALL: _KAFKA.AclOperation.ALL,
}


def denied(operation: Operation, resource: str, *, who: str) -> AccessDeniedError:
    """The error of a right that was lacking when it was needed."""
    return AccessDeniedError(
        f"{who} may not {operation} {resource}: grant it, "
        "`authstream topics acls` says all that a process needs"
    )


class KafkaAccess:
    """Access control lists of one cluster."""

    def __init__(self, settings: Settings) -> None:
        self._admin: Any = admin.AdminClient(client_config(settings))  # annotated in part

    def grant(self, principal: str, rights: Iterable[Right]) -> int:
        """Allow a principal these, from any host, and wait until that is in effect; how many.

        What is there already stays. Raises AccessDeniedError when we may not alter the cluster's
        rights, BrokerUnreachableError.
        """
        bindings = {_binding(principal, right) for right in rights}
        answers: dict[Any, Any] = self._admin.create_acls(
            list(bindings), request_timeout=_REQUEST_SECONDS
        )
        for answer in answers.values():
            _result(answer, "the cluster's access control lists")
        deadline = time.monotonic() + EFFECTIVE_WITHIN.total_seconds()
        while not bindings <= self._granted(principal):
            if time.monotonic() > deadline:
                raise BrokerUnreachableError(
                    f"the rights of {principal} are written, but not in effect after "
                    f"{EFFECTIVE_WITHIN.total_seconds():.0f} s: look at the cluster's controller"
                )
            time.sleep(_POLL_SECONDS)
        return len(bindings)

    def _granted(self, principal: str) -> set[Any]:
        """The rules of a principal that the broker goes by."""
        every = _KAFKA.AclBindingFilter(
            _KAFKA.ResourceType.ANY,
            None,
            _KAFKA.ResourcePatternType.ANY,
            principal,
            None,
            _KAFKA.AclOperation.ANY,
            _KAFKA.AclPermissionType.ANY,
        )
        found = self._admin.describe_acls(every, request_timeout=_REQUEST_SECONDS)
        return set(_result(found, "the cluster's access control lists"))

    def lacking(self, needed: Sequence[Right], *, groups: Sequence[str]) -> list[str]:
        """What our principal may not do, a line each. Topics that are not there are no matter here.

        Of rights to all names with a prefix those are looked at that exist. Raises
        BrokerUnreachableError.
        """
        wanted = self._concrete(needed)
        found = [
            f"{operation} topic {name}"
            for name, allowed in self._topics(sorted({name for name, _ in wanted}))
            for operation in sorted(one for topic, one in wanted if topic == name)
            if _OPERATIONS[operation] not in allowed
        ]
        found += [f"Read group {name}" for name in groups if not self._may_join(name)]
        return found

    def _concrete(self, needed: Sequence[Right]) -> set[tuple[str, Operation]]:
        """Topic names with one operation each."""
        try:
            there: list[str] = list(self._admin.list_topics(timeout=_REQUEST_SECONDS).topics)
        except KafkaException as error:
            raise _unanswered(error, "the list of topics") from error
        topics = [right for right in needed if right.resource == "Topic"]
        literal = {(right.name, right.operation) for right in topics if not right.prefixed}
        return literal | {
            (name, right.operation)
            for right in topics
            if right.prefixed
            for name in there
            if name.startswith(right.name)
        }

    def _topics(self, names: Sequence[str]) -> Iterator[tuple[str, list[Any]]]:
        """What we may do with each topic that there is."""
        answers: dict[str, Any] = self._admin.describe_topics(
            TopicCollection(list(names)),
            include_authorized_operations=True,
            request_timeout=_REQUEST_SECONDS,
        )
        for name, answer in answers.items():
            try:
                yield name, answer.result(_REQUEST_SECONDS).authorized_operations or []
            except KafkaException as error:
                if error.args[0].code() in DENIED:
                    yield name, []
                elif error.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                    raise _unanswered(error, f"topic {name}") from error

    def _may_join(self, group: str) -> bool:
        """Who may Read a group may describe it; a group that is not there yet is told empty."""
        answers: dict[str, Any] = self._admin.describe_consumer_groups(
            [group], include_authorized_operations=True, request_timeout=_REQUEST_SECONDS
        )
        try:
            allowed = answers[group].result(_REQUEST_SECONDS).authorized_operations
        except KafkaException as error:
            # Anything else is a coordinator on its way: who joins will hear of it.
            return error.args[0].code() not in DENIED
        return not allowed or _KAFKA.AclOperation.READ in allowed


def _binding(principal: str, right: Right) -> Any:  # noqa: ANN401 - as _KAFKA
    return _KAFKA.AclBinding(
        _KAFKA.ResourceType.TOPIC if right.resource == "Topic" else _KAFKA.ResourceType.GROUP,
        right.name,
        _KAFKA.ResourcePatternType.PREFIXED
        if right.prefixed
        else _KAFKA.ResourcePatternType.LITERAL,
        principal,
        _ANY_HOST,
        _OPERATIONS[right.operation],
        _KAFKA.AclPermissionType.ALLOW,
    )


def _result(answer: Any, what: str) -> Any:  # noqa: ANN401 - annotated in part
    try:
        return answer.result(_REQUEST_SECONDS)
    except KafkaException as error:
        raise _unanswered(error, what) from error


def _unanswered(error: KafkaException, what: str) -> AccessDeniedError | BrokerUnreachableError:
    found: KafkaError = error.args[0]
    if found.code() in DENIED:
        return AccessDeniedError(f"{what}: {found.str()}; ask with an administrator's principal")
    return BrokerUnreachableError(
        f"no answer about {what}: {found.str()}; is the broker reachable?"
    )
