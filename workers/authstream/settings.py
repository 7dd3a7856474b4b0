"""Settings of a process, from `AUTHSTREAM_*` variables and files: nothing is read elsewhere."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field, SecretStr
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

#: A folder of files, each called as a variable and holding its value: variables win.
SECRETS_DIR = "AUTHSTREAM_SECRETS_DIR"


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
    #: None: STARTTLS when the server offers it; false: never; true: or nothing is sent.
    start_tls: bool | None = None
    #: TLS from the first byte on, as on port 465.
    tls: bool = False
    #: A PEM file of authorities that the server's certificate may come from; empty: the system's.
    tls_ca: str = ""
    #: A folder of templates that come before those of the package.
    templates: str = ""


class MetadataSettings(BaseModel):
    """Where users' metadata is written (`AUTHSTREAM_METADATA__SINK`, …)."""

    #: A sink of docs/how-to/metadata.md; `topic`: the provider reads `auth.user-metadata.v1`.
    sink: str = "topic"
    #: The provider's API, a database (`postgresql://…`), or the path of an SQLite file.
    url: str = ""
    #: A token of the provider's API that does not expire.
    token: SecretStr | None = None
    #: For a token by client credentials.
    client_id: str = ""
    #: Goes with the client id.
    client_secret: SecretStr | None = None
    #: The realm, of Keycloak.
    realm: str = ""
    #: The schema of the extension that has both metadata objects, of SCIM.
    scim_schema: str = "urn:ietf:params:scim:schemas:extension:authstream:2.0:User"
    #: Fill in metadata that an event lacks from the profile store; if that fails, go on or fail.
    hydrate: Literal["no", "proceed", "fail"] = "no"
    #: Longest wait of a login for the profile store, milliseconds.
    hydrate_timeout_ms: int = Field(default=300, ge=1)


class LinkSettings(BaseModel):
    """Signed links in e-mails (`AUTHSTREAM_LINKS__KEY`, …)."""

    #: Where the gateway is reached from outside; `/verify` is added.
    url: str = "http://127.0.0.1:8300"
    #: Signs the links; the same for effect workers and gateway, at least 32 characters.
    key: SecretStr | None = None
    #: Hours that a link is good for.
    hours: int = Field(default=24, ge=1)
    #: Where the browser goes once an address is verified; empty: a page of ours.
    then: str = ""


class WebhookSettings(BaseModel):
    """How webhooks are sent (`AUTHSTREAM_WEBHOOK__SECRETS`, …)."""

    #: Signing secrets (Standard Webhooks, `whsec_…`) by host; without one nothing is signed.
    secrets: dict[str, SecretStr] = {}
    #: Networks that are not public but may be posted to, with a port: `["10.1.0.0/16:443"]`.
    private: tuple[str, ...] = ()


class NotifySettings(BaseModel):
    """Where notifications go, as Apprise URLs (`AUTHSTREAM_NOTIFY__SLACK`, …)."""

    #: A Slack webhook: `slack://TokenA/TokenB/TokenC/#channel`.
    slack: SecretStr | None = None
    #: A Microsoft Teams workflow: `workflows://host/workflow/signature`.
    teams: SecretStr | None = None
    #: An SMS service, its recipient written `{to}`: `twilio://sid:token@from/{to}`.
    sms: SecretStr | None = None
    #: More services for the kind `notify`, by the name that orders use: `{"ops": "discord://…"}`.
    services: dict[str, SecretStr] = {}


class EffectSettings(BaseModel):
    """How effects are delivered (`AUTHSTREAM_EFFECTS__CONCURRENCY`, …)."""

    #: Deliveries of one worker to one destination at a time.
    concurrency: int = Field(default=16, ge=1)
    #: Most deliveries a second of one worker to one destination, by kind: `{"email": 10}`.
    rates: dict[str, float] = {}
    #: A kind stands still when more than this share of its last 100 effects was given up.
    dead_ratio: float = Field(default=0.5, gt=0, le=1)


class QuotaSettings(BaseModel):
    """What the control plane allows; the defaults are Auth0's (`AUTHSTREAM_QUOTAS__FLOW`, …)."""

    #: Actions of one tenant, deployed or not.
    actions: int = Field(default=100, ge=1)
    #: Modules of one tenant, counted by name.
    modules: int = Field(default=100, ge=0)
    #: Versions kept of an action; the oldest that no flow uses goes first.
    versions: int = Field(default=50, ge=2)
    #: Actions in one flow.
    flow: int = Field(default=20, ge=1)
    #: Bytes of the code of an action or module, packages not counted.
    code_bytes: int = Field(default=100_000, ge=1)
    #: Packages that an action or module names; what those need is not counted.
    dependencies: int = Field(default=10, ge=0)
    #: Modules that one action loads.
    action_modules: int = Field(default=3, ge=0)
    #: Secrets of one action or module.
    secrets: int = Field(default=30, ge=0)
    #: Characters of a secret's name.
    secret_name: int = Field(default=128, ge=1)
    #: Characters of a secret's value.
    secret_value: int = Field(default=4096, ge=1)


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


class ConsoleSettings(BaseModel):
    """The console in the browser (`AUTHSTREAM_CONSOLE__PORT`, …)."""

    #: Where it listens.
    host: str = "127.0.0.1"
    #: Its port.
    port: int = Field(default=8070, ge=0, le=65535)
    #: Where browsers reach it, e.g. `https://actions.example.com`; empty: at its port on loopback.
    url: str = ""
    #: The admin API that it speaks to.
    admin_url: str = "http://127.0.0.1:8090"
    #: A token of the admin API for everybody, without sign-in: for this machine only.
    token: SecretStr | None = None
    #: Minutes until somebody has to sign in again.
    session_minutes: int = Field(default=480, ge=1)
    #: Where a login's trace is shown, e.g. `http://127.0.0.1:16686/trace/{trace_id}`.
    trace_url: str = ""
    #: An OpenID issuer whose access tokens the admin API takes: people sign in there.
    oidc_issuer: str = ""
    #: The console as a client of it; its redirect URI is `URL` with `/sign-in/callback`.
    oidc_client_id: str = ""
    #: Goes with the client id; none for a public client.
    oidc_client_secret: SecretStr | None = None
    #: Scopes to ask for, with what makes the issuer put audience and role into the token.
    oidc_scope: str = "openid profile"


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


class GatewaySettings(BaseModel):
    """How the gateway serves (`AUTHSTREAM_GATEWAY__PORT`, …)."""

    #: The address that the gateway listens at.
    host: str = "127.0.0.1"
    #: Its port.
    port: int = Field(default=8300, ge=0, le=65535)
    #: A PEM file; without one the gateway speaks plain HTTP, for a proxy in front of it.
    tls_certificate: str = ""
    #: The certificate's private key, a PEM file.
    tls_key: str = ""
    #: A PEM file of authorities: callers must then show a certificate of one of them (mTLS).
    client_ca: str = ""
    #: Addresses of proxies whose `X-Forwarded-For` is believed, separated by commas.
    trusted_proxies: str = ""
    #: Calls that may wait for a verdict together; one more is answered by policy at once.
    capacity: int = Field(default=1000, ge=1)


class MetricsSettings(BaseModel):
    """Where a worker's metrics can be scraped (`AUTHSTREAM_METRICS__PORT`, …)."""

    #: The address that `/metrics` listens at; the gateway serves its own beside its other paths.
    host: str = "127.0.0.1"
    #: Its port; 0: none.
    port: int = Field(default=0, ge=0, le=65535)


class ExecutionSettings(BaseModel):
    """What is kept of executions, and where (`AUTHSTREAM_EXECUTIONS__DAYS`, …)."""

    #: What never gets into a record: `{"event.user.email": "hash", "verdict.claims": "drop"}`.
    redact: dict[str, Literal["drop", "hash"]] = {}
    #: Keys the hashes, the same wherever records are made or searched; at least 32 characters.
    hash_key: SecretStr | None = None
    #: Days that records are kept, in the topic and in the index.
    days: int = Field(default=10, ge=1)
    #: The file of the index; empty: one for each cluster in the user's cache folder.
    index: str = ""
    #: The most that the index may be; the oldest executions go first.
    index_size: ByteSize = ByteSize(2**30)
    #: Where a trace is shown; `{trace_id}` stands for its id.
    trace_url: str = "http://127.0.0.1:16686/trace/{trace_id}"


class SchemaRegistrySettings(BaseModel):
    """A registry with Confluent's API (`AUTHSTREAM_SCHEMA_REGISTRY__URL`, …)."""

    model_config = ConfigDict(frozen=True)

    #: Its address; empty: none, and public records are framed as Avro's single objects.
    url: str = ""
    #: Where it asks who calls.
    username: str = ""
    #: Goes with the user name.
    password: SecretStr | None = None
    #: A PEM file of authorities that its certificate may come from; empty: the system's.
    ca: str = ""
    #: false: records framed for it are read but not written, the first step of the way there.
    write: bool = True


class Settings(BaseSettings):
    """What an operator may set. Every name is a variable with the prefix `AUTHSTREAM_`."""

    model_config = SettingsConfigDict(
        env_prefix="AUTHSTREAM_", env_nested_delimiter="__", frozen=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - part of the hook
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Variables, then files as container platforms mount secrets."""
        folder = os.environ.get(SECRETS_DIR)
        if not folder:
            return init_settings, env_settings, dotenv_settings, file_secret_settings
        files = NestedSecretsSettingsSource(
            file_secret_settings, secrets_dir=folder, secrets_dir_missing="error"
        )
        return init_settings, env_settings, dotenv_settings, files

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
    #: Where what stages remember is kept for a restart, one folder a worker; it may be deleted at
    #: any time. Empty: a supervised worker's own temporary folder, else in memory.
    state_folder: str = ""
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
    #: Serves a worker's `/livez` and `/readyz` over HTTP: `127.0.0.1:8081`. Empty: nothing.
    probes: str = ""
    #: What is logged: this and what is worse.
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    #: The same for single components, by the `component` of their lines: `{"consumer": "debug"}`.
    log_levels: dict[str, Literal["debug", "info", "warning", "error", "off"]] = {}
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
    #: A folder of files called like these variables, each with one's value; variables win.
    secrets_dir: str = ""
    #: More librdkafka settings, e.g. for TLS and SASL: `{"security.protocol": "SASL_SSL"}`.
    kafka: dict[str, str | int | float | bool] = {}
    #: The older release that records are written for while its processes run: `0.1.0`.
    write_as: str = ""
    #: Where schemas of public records are registered.
    schema_registry: SchemaRegistrySettings = SchemaRegistrySettings()
    #: Secrets of connections by name, in place of those in `.secrets.yaml`: `{"hydra": ["…"]}`.
    connection_secrets: dict[str, tuple[SecretStr, ...]] = {}
    #: How the gateway serves.
    gateway: GatewaySettings = GatewaySettings()
    #: Where e-mails go.
    smtp: SmtpSettings = SmtpSettings()
    #: What the control plane allows.
    quotas: QuotaSettings = QuotaSettings()
    #: The admin HTTP API.
    admin: AdminSettings = AdminSettings()
    #: The console in the browser.
    console: ConsoleSettings = ConsoleSettings()
    #: Where a worker's metrics can be scraped.
    metrics: MetricsSettings = MetricsSettings()
    #: How effects are delivered.
    effects: EffectSettings = EffectSettings()
    #: Where users' metadata is written.
    metadata: MetadataSettings = MetadataSettings()
    #: Signed links in e-mails.
    links: LinkSettings = LinkSettings()
    #: How webhooks are sent.
    webhook: WebhookSettings = WebhookSettings()
    #: Where notifications go.
    notify: NotifySettings = NotifySettings()
    #: Topics that the effect `kafka` may write to, `*` for any characters; none of our own.
    forward_topics: tuple[str, ...] = ()
    #: What is kept of executions, and where.
    executions: ExecutionSettings = ExecutionSettings()
