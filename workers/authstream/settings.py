"""Settings of a process, from `AUTHSTREAM_*` variables: nothing is read elsewhere."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ByteSize, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class SmtpSettings(BaseModel):
    """Where e-mails go (`AUTHSTREAM_SMTP__HOST`, …)."""

    #: The SMTP server.
    host: str = "127.0.0.1"
    #: Its port.
    port: int = 25
    #: Sender of every e-mail.
    sender: str = "no-reply@localhost"
    #: Where the server asks who sends.
    username: str | None = None
    #: Goes with the user name.
    password: SecretStr | None = None
    #: None: STARTTLS when the server offers it.
    start_tls: bool | None = None


class QuotaSettings(BaseModel):
    """What the control plane allows; the defaults are Auth0's (`AUTHSTREAM_QUOTAS__FLOW`, …)."""

    #: Actions of one tenant.
    actions: int = Field(default=100, ge=1)
    #: Versions kept of an action; the oldest that no flow uses goes first.
    versions: int = Field(default=50, ge=2)
    #: Actions in one flow.
    flow: int = Field(default=20, ge=1)
    #: Bytes of an action's code.
    code_bytes: int = Field(default=100_000, ge=1)
    #: Secrets of one action.
    secrets: int = Field(default=30, ge=0)


class AdminSettings(BaseModel):
    """The admin HTTP API (`AUTHSTREAM_ADMIN__PORT`, …)."""

    #: Where it listens.
    host: str = "127.0.0.1"
    #: Its port.
    port: int = 8090
    #: An OpenID issuer whose access tokens are taken too; empty: none.
    oidc_issuer: str = ""
    #: What its tokens must be for.
    oidc_audience: str = ""
    #: Where its public keys are.
    oidc_jwks_url: str = ""
    #: The claim that says the role: viewer, author or operator, or a list with one of them.
    oidc_role_claim: str = "authstream_role"


class LimitSettings(BaseModel):
    """The most that an action's `limits:` may ask for (`AUTHSTREAM_LIMITS__MEMORY`, …)."""

    #: Memory of each guest.
    memory: ByteSize = ByteSize(512 * 2**20)
    #: Threads of each guest.
    threads: int = 256
    #: Open files and sockets of each guest.
    descriptors: int = 1024
    #: Temporary files of each guest.
    temporary: ByteSize = ByteSize(64 * 2**20)


class Settings(BaseSettings):
    """What an operator may set. Every name is a variable with the prefix `AUTHSTREAM_`."""

    model_config = SettingsConfigDict(
        env_prefix="AUTHSTREAM_", env_nested_delimiter="__", frozen=True
    )

    #: Kafka bootstrap servers.
    brokers: str = "127.0.0.1:9092"
    #: Topic prefix; one prefix is one trust domain.
    prefix: str = "auth"
    #: Partitions of every topic of the login path; `topics apply` never changes it later.
    partitions: int = Field(default=4, ge=1)
    #: Copies of each partition that `topics apply` asks for; 3 on a real cluster.
    replication_factor: int = Field(default=1, ge=1)
    #: Copies that must have a record before it counts as written; 2 on a real cluster.
    min_insync_replicas: int = Field(default=1, ge=1)
    #: The broker is librdkafka's mock: no static membership, no topic creation, its own fetch wait.
    embedded: bool = False
    #: A stable name of this process among its replicas, e.g. the pod's name. Empty: dynamic.
    instance: str = ""
    #: Signs routing slips; the same for all workers.
    slip_key: SecretStr | None = None
    #: Keys that seal secrets, `id:base64` of 32 bytes each, by commas; the first seals, all open.
    secret_keys: SecretStr | None = None
    #: A file with more such keys, one a line.
    secret_key_file: str = ""
    #: Signs what this process writes to the control log: base64 of 32 bytes (an Ed25519 seed).
    control_signing_key: SecretStr | None = None
    #: Ed25519 public keys, base64; with any, control records that none of them signed are ignored.
    control_public_keys: tuple[str, ...] = ()
    #: Signs the states of suspended flows, the same for all workers. None: `slip_key` does.
    state_key: SecretStr | None = None
    #: The key that signed states before: for 15 minutes after a change, both are good.
    state_key_before: SecretStr | None = None
    #: How the runner calls a stage: through a Faust agent, or directly (ADR 0004 has both numbers).
    delivery: Literal["agent", "direct"] = "agent"
    #: A file that exists while every stage works, for probes.
    ready_file: str = ""
    #: What is logged: this and what is worse.
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: `json` for machines, `console` for people.
    log_format: Literal["json", "console"] = "json"
    #: How actions are confined; `auto`: the strongest that works here. docs/reference/sandbox.md.
    sandbox: Literal["auto", "namespaces", "landlock", "external", "none"] = "auto"
    #: At `external`: the command that confines whatever follows it, e.g. `runsc … do`.
    sandbox_command: str = ""
    #: A worker that cannot confine actions this well does not start.
    sandbox_min_level: Literal["namespaces", "landlock", "none"] = "none"
    #: Allows `sandbox=none`: actions may then do all that the worker's user may.
    enable_unsafe_code: bool = False
    #: The most that an action may ask for.
    limits: LimitSettings = LimitSettings()
    #: More librdkafka settings, e.g. for TLS and SASL: `{"security.protocol": "SASL_SSL"}`.
    kafka: dict[str, str | int | float | bool] = {}
    #: Where e-mails go.
    smtp: SmtpSettings = SmtpSettings()
    #: What the control plane allows.
    quotas: QuotaSettings = QuotaSettings()
    #: The admin HTTP API.
    admin: AdminSettings = AdminSettings()
