"""The flow that logins are replayed against: a folder's, a revision's, or with other versions."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from authstream.apps.control import opened
from authstream.apps.live_flows import bindings_of
from authstream.apps.stages import loaded
from authstream.broker.kafka_topics import KafkaTopics
from authstream.contracts.control import ObjectKey
from authstream.contracts.slug import DEFAULT_TENANT
from authstream.contracts.topics import Topics
from authstream.control.folder import DeployedAction, Folder
from authstream.control.modules import PREFIX
from authstream.control.objects import (
    ACTION,
    FLOW,
    VERSION,
    ActionObject,
    BoundAction,
    FlowObject,
    Spec,
    VersionObject,
    version_name,
)
from authstream.control.seal import keyring
from authstream.control.store import Store
from authstream.control.stored_action import SecretsOf, opened_secrets, stored_action
from authstream.engine.plan import Flow
from authstream.errors import ConfigurationError, NotFoundError
from authstream.settings import Settings

DRAFT = "draft"
_VERSION = re.compile(rf"(?P<action>.+)@(?P<version>\d+|{DRAFT})")


@dataclass(frozen=True, slots=True)
class Against:
    """What somebody named: a folder, a revision of the flow, or versions of some of its actions."""

    folder: Path | None = None
    revision: int | None = None
    #: By action; None: its draft.
    versions: Mapping[str, int | None] | None = None


def against(said: Sequence[str]) -> Against:
    """From a command line. Raises ConfigurationError for what is none of them."""
    if len(said) == 1 and said[0].isdigit():
        return Against(revision=int(said[0]))
    if len(said) == 1 and Path(said[0]).is_dir():
        return Against(folder=Path(said[0]))
    found = [(one, _VERSION.fullmatch(one)) for one in said]
    wrong = [one for one, match in found if match is None]
    if wrong or not found:
        raise ConfigurationError(
            f"{', '.join(wrong) or 'nothing'} is no candidate: give a folder, a revision of the"
            f" flow, or ACTION@VERSION and ACTION@{DRAFT}, as many as you like"
        )
    return Against(
        versions={
            match["action"]: None if match["version"] == DRAFT else int(match["version"])
            for _, match in found
            if match is not None
        }
    )


@contextmanager
def candidates(settings: Settings, tenant: str, trigger: str) -> Generator[Candidates]:
    """Those of a cluster, which may have no control log.

    Raises BrokerUnreachableError, ControlLogError.
    """
    there = Topics(settings.prefix).control in KafkaTopics(settings).partitions()
    with ExitStack() as open_:
        store = open_.enter_context(opened(settings)) if there else None
        yield Candidates(settings, tenant, trigger, store)


class Candidates:
    """Flows of one tenant for one trigger, out of the control log where there is one."""

    def __init__(self, settings: Settings, tenant: str, trigger: str, store: Store | None) -> None:
        self._settings = settings
        self._topics = Topics(settings.prefix)
        self._key = ObjectKey(FLOW, tenant, trigger)
        self._store = store

    def named(self, said: Against) -> Folder:
        """What somebody named. Raises ConfigurationError, NotFoundError, SealError."""
        if said.folder is not None:
            return self._folder(said.folder)
        return self._stored(self._flow(said.revision), said.versions or {})

    def deployed(self) -> Folder:
        """What is deployed. Raises NotFoundError."""
        return self.named(Against())

    def alone(self, action: str, version: int | None) -> Folder:
        """A flow of nothing but one action; no version is its draft. Raises as `named` does."""
        bound = BoundAction(action=action, version=version or 0)
        return self._stored(
            FlowObject(owner=self._key.tenant, bindings=(bound,)), {action: version}
        )

    def serves(self, folder: Folder, tenant: str) -> bool:
        """Whether the flow runs for logins of a tenant, which may have one of its own."""
        own = self._key.tenant
        if tenant == own or own != DEFAULT_TENANT:
            return tenant == own
        place = (tenant, self._key.name)
        stored = self._store and self._store.view.find(ObjectKey(FLOW, *place))
        return place not in folder.flows and stored is None

    def _folder(self, path: Path) -> Folder:
        """A folder's, with the secrets that apply would leave as they are."""
        found = loaded(path, self._settings, missing_secret="")
        place = (self._key.tenant, self._key.name)
        flow = found.flows.get(place) or found.flows.get((DEFAULT_TENANT, self._key.name))
        if flow is None:
            raise ConfigurationError(f"{path} has no flow for {self._key.name}: add one to flows/")
        actions = {name: self._with_secrets(one) for name, one in found.actions.items()}
        return replace(found, actions=actions, flows={**found.flows, place: flow})

    def _with_secrets(self, action: DeployedAction) -> DeployedAction:
        if self._store is None:
            return action
        known = self._secrets_of(self._store, self._key.tenant)
        modules = tuple(
            replace(one, secrets=_filled(one.secrets, known, f"{PREFIX}{one.name}"))
            for one in action.modules
        )
        secrets = _filled(action.secrets, known, action.name)
        return replace(action, secrets=secrets, modules=modules)

    def _secrets_of(self, store: Store, tenant: str) -> SecretsOf:
        """The real ones where their key is here, else none."""
        ring = keyring(self._settings)
        return opened_secrets(store, ring, tenant) if len(ring) else lambda _owner: {}

    def _flow(self, revision: int | None) -> FlowObject:
        view = self._known().view
        if revision is None:
            return view.get(self._key).read(FlowObject)
        for entry in view.trail():
            record = entry.record
            if (record.key, record.revision, entry.fate) == (self._key, revision, "won"):
                return replace(view.get(self._key), record=record).read(FlowObject)
        raise NotFoundError(f"{self._key} has no revision {revision}: see authstream flows show")

    def _stored(self, flow: FlowObject, versions: Mapping[str, int | None]) -> Folder:
        unknown = versions.keys() - {bound.action for bound in flow.bindings if bound.enabled}
        if unknown:
            raise ConfigurationError(
                f"{min(unknown)} does not run in {self._key}: replay against a folder that binds it"
            )
        pinned = flow.model_copy(
            update={"bindings": tuple(_pinned(bound, versions) for bound in flow.bindings)}
        )
        actions = {
            bound.action: self._action(flow.owner, bound, versions.get(bound.action, bound.version))
            for bound in pinned.bindings
            if bound.enabled
        }
        tenant, trigger = self._key.tenant, self._key.name
        bindings = bindings_of(pinned, self._topics)
        return Folder(actions, {(tenant, trigger): Flow(tenant, trigger, bindings)})

    def _action(self, owner: str, bound: BoundAction, version: int | None) -> DeployedAction:
        store = self._known()
        return stored_action(
            store,
            self._spec(owner, bound.action, version),
            tenant=owner,
            name=bound.action,
            version=bound.version,
            topics=self._topics,
            secrets_of=self._secrets_of(store, owner),
        )

    def _spec(self, owner: str, action: str, version: int | None) -> Spec:
        view = self._known().view
        if version is None:
            return view.get(ObjectKey(ACTION, owner, action)).read(ActionObject).draft
        key = ObjectKey(VERSION, owner, version_name(action, version))
        return view.get(key).read(VersionObject).spec

    def _known(self) -> Store:
        if self._store is None:
            raise ConfigurationError(
                f"there is no topic {self._topics.control}, so nothing but a folder can be"
                " replayed against: give one"
            )
        return self._store


def _filled(values: Mapping[str, str], known: SecretsOf, owner: str) -> Mapping[str, str]:
    """Values, those that are missing as the log has them."""
    if all(values.values()):
        return values
    there = known(owner)
    return {name: value or there.get(name, "") for name, value in values.items()}


def _pinned(bound: BoundAction, versions: Mapping[str, int | None]) -> BoundAction:
    """One version for everybody: a draft is version 0, a canary's share gets no other."""
    number = versions.get(bound.action, bound.version) or 0
    return bound.model_copy(update={"version": number, "canary": None})
