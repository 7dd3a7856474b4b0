"""The names of all topics, and what each is for; `topics/*.yaml` is rendered from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from authstream.contracts.slug import slug

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
#: How long an effect waits in a delay topic, by the name that the topic has.
DELAYS = {
    "5s": timedelta(seconds=5),
    "1m": timedelta(minutes=1),
    "10m": timedelta(minutes=10),
}
#: Deadlines and windows count in the broker's time: a producer's clock may be wrong, or lie.
BROKER_TIME = {"message.timestamp.type": "LogAppendTime"}


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """How a topic is created.

    `pattern` has `<trigger>`, `<action>`, `<kind>` or `<delay>` where names vary.
    """

    pattern: str
    description: str
    written_by: str
    read_by: str
    #: None: kept for ever.
    retention: timedelta | None
    #: None: as many as `AUTHSTREAM_PARTITIONS` says; all of those are equal in number.
    partitions: int | None = None
    compacted: bool = False
    value: str = "authstream.Envelope"
    key: str = "the flow's key: tenant and user, or flow id"

    def config(self) -> dict[str, str]:
        """Topic settings as Kafka spells them."""
        return {**BROKER_TIME, **self._cleanup()}

    def _cleanup(self) -> dict[str, str]:
        if self.compacted:
            return {"cleanup.policy": "compact"}
        if self.retention is None:
            return {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
        millis = int(self.retention / timedelta(milliseconds=1))
        # A segment is deleted whole: it must roll well before its records expire.
        return {
            "cleanup.policy": "delete",
            "retention.ms": str(millis),
            "segment.ms": str(millis // 4),
        }


CATALOG: tuple[TopicSpec, ...] = (
    TopicSpec(
        "<trigger>.requested.v1",
        "Login events as providers publish them.",
        "providers, SDK, gateway, ingest, effect.redelivery",
        "entry, effect.redelivery",
        7 * DAY,
        value="JSON or authstream.LoginEvent",
        key="the provider's choice",
    ),
    TopicSpec(
        "action.<action>.v1",
        "Envelopes waiting for one action.",
        "entry, action, resume",
        "action",
        DAY,
    ),
    TopicSpec(
        "denied.v1",
        "Flows that an action denied; ends the flow early.",
        "action",
        "assemble, anyone who watches denials",
        7 * DAY,
    ),
    TopicSpec(
        "assemble.v1",
        "Flows ready to be folded to a verdict.",
        "entry, action, resume, gateway, any stage on failure",
        "assemble",
        DAY,
    ),
    TopicSpec(
        "suspended.v1",
        "Flows that wait for their browser; a state points at one record.",
        "action",
        "resume, by point reads",
        DAY,
    ),
    TopicSpec(
        "resume.v1",
        "Browsers that came back. A record goes to the partition that its state names.",
        "gateway, SDK",
        "resume",
        DAY,
        value="JSON or authstream.Resume",
        key="the flow id",
    ),
    TopicSpec(
        "<trigger>.decided.v1",
        "Verdicts. The first record of a leg is the verdict.",
        "assemble",
        "assemble, fanout, metadata, providers, anyone",
        7 * DAY,
        value="authstream.Verdict",
    ),
    TopicSpec(
        "replies.v1",
        "Verdicts on their way to the caller that waits.",
        "fanout, resume, metadata",
        "gateway, SDK",
        HOUR,
        value="authstream.Verdict",
    ),
    TopicSpec(
        "user-metadata.v1",
        "Metadata merge patches, in order for each user.",
        "fanout",
        "metadata, entry",
        7 * DAY,
        value="authstream.MetadataPatch",
    ),
    TopicSpec(
        "user-metadata.done.v1",
        "Metadata patches applied or given up, by id.",
        "metadata",
        "metadata, entry, console",
        7 * DAY,
        value="authstream.PatchDone",
        key="the patch's",
    ),
    TopicSpec(
        "effects.<kind>.v1",
        "Side effects to deliver.",
        "fanout, effect",
        "effect",
        7 * DAY,
        value="authstream.Effect",
        key="the order's own key, else the flow's",
    ),
    TopicSpec(
        "effects.<kind>.retry-<delay>.v1",
        "Side effects that wait so long for another try.",
        "effect",
        "effect.retry-<delay>",
        7 * DAY,
        value="authstream.Effect",
        key="the effect's",
    ),
    TopicSpec(
        "effects.<kind>.done.v1",
        "Side effects delivered or given up, by id.",
        "effect",
        "effect, console",
        7 * DAY,
        value="authstream.EffectDone",
        key="the effect's",
    ),
    TopicSpec(
        "redelivery.v1",
        "Events whose flow failed, to be published again when their time has come.",
        "fanout, effect.retry-<delay>",
        "effect.redelivery",
        7 * DAY,
        value="authstream.Redelivery",
        key="the id of the event to publish",
    ),
    TopicSpec(
        "redelivery.retry-<delay>.v1",
        "Events to publish again that wait so long at least.",
        "effect.redelivery",
        "effect.retry-<delay>",
        7 * DAY,
        value="authstream.Redelivery",
        key="the id of the event to publish",
    ),
    TopicSpec(
        "executions.v1",
        "What ran in each flow, for how long, with what result.",
        "assemble",
        "canary, console, CLI",
        10 * DAY,
        value="authstream.Execution",
        key="the flow id",
    ),
    TopicSpec(
        "answers.v1",
        "What the gateway really told each provider.",
        "gateway",
        "console, CLI",
        10 * DAY,
        value="authstream.Answered",
        key="the flow id",
    ),
    TopicSpec(
        "dead-letter.v1",
        "Records that could not be processed, with reason and origin.",
        "any stage",
        "operator",
        7 * DAY,
        value="the original bytes",
        key="the original key",
    ),
    TopicSpec(
        "control.v1",
        "Actions, flows, sealed secrets: every revision of every object. Read from offset 0.",
        "control plane, canary",
        "every process",
        None,
        partitions=1,
        value="authstream.ControlRecord",
        key="<kind>/<tenant>/<name>",
    ),
    TopicSpec(
        "blobs.v1",
        "Code and locks of actions in chunks of at most 512 kB.",
        "control plane",
        "workers",
        None,
        partitions=1,
        compacted=True,
        value="a part of the content",
        key="blob/<sha256>/<n>",
    ),
)


@dataclass(frozen=True, slots=True)
class Topics:
    """Topic names under one prefix, which is one trust domain."""

    prefix: str = "auth"

    def _name(self, rest: str) -> str:
        return f"{self.prefix}.{rest}.v1"

    def requested(self, trigger: str) -> str:
        """Where providers publish."""
        return self._name(f"{trigger}.requested")

    def trigger_of(self, requested: str) -> str:
        """The trigger of a `requested` topic."""
        return requested.removeprefix(f"{self.prefix}.").removesuffix(".requested.v1")

    def action(self, tenant: str, action: str) -> str:
        """Where an action takes its envelopes from."""
        return self._name(f"action.{slug(tenant, action)}")

    def decided(self, trigger: str) -> str:
        """Where verdicts are."""
        return self._name(f"{trigger}.decided")

    def is_decided(self, topic: str) -> bool:
        """Whether a topic holds verdicts."""
        return topic.startswith(f"{self.prefix}.") and topic.endswith(".decided.v1")

    def effects(self, kind: str) -> str:
        """Where effects of a kind wait for delivery."""
        return self._name(f"effects.{kind}")

    def effects_retry(self, kind: str, delay: str) -> str:
        """Where effects of a kind wait for another try; `delay` is a name in `DELAYS`."""
        return self._name(f"effects.{kind}.retry-{delay}")

    def effects_done(self, kind: str) -> str:
        """Where delivered effects of a kind are recorded."""
        return self._name(f"effects.{kind}.done")

    def redelivery_retry(self, delay: str) -> str:
        """Where events wait that are to be published again; `delay` is a name in `DELAYS`."""
        return self._name(f"redelivery.retry-{delay}")

    @property
    def redelivery(self) -> str:
        """Events to publish again."""
        return self._name("redelivery")

    @property
    def denied(self) -> str:
        """Flows that were denied."""
        return self._name("denied")

    @property
    def assemble(self) -> str:
        """Flows ready to be decided."""
        return self._name("assemble")

    @property
    def suspended(self) -> str:
        """Flows that wait for their browser."""
        return self._name("suspended")

    @property
    def resume(self) -> str:
        """Browsers that came back."""
        return self._name("resume")

    @property
    def replies(self) -> str:
        """Answers for callers that wait."""
        return self._name("replies")

    @property
    def user_metadata(self) -> str:
        """Metadata patches."""
        return self._name("user-metadata")

    @property
    def user_metadata_done(self) -> str:
        """Metadata patches that were applied or given up."""
        return self._name("user-metadata.done")

    @property
    def executions(self) -> str:
        """Records of executions."""
        return self._name("executions")

    @property
    def answers(self) -> str:
        """What callers were told."""
        return self._name("answers")

    @property
    def dead_letter(self) -> str:
        """Records set aside."""
        return self._name("dead-letter")

    @property
    def control(self) -> str:
        """Every revision of every object of the control plane."""
        return self._name("control")

    @property
    def blobs(self) -> str:
        """Code and locks."""
        return self._name("blobs")
