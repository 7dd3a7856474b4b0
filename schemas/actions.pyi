"""What an action may use, for editors and type checkers. Rendered by make contracts.

    from __future__ import annotations
    from typing import TYPE_CHECKING
    if TYPE_CHECKING:
        from actions import Event, PostLoginApi

    async def on_execute_post_login(event: Event, api: PostLoginApi) -> None: ...
"""

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Literal, Protocol

class Record(dict[str, Any]):
    """A JSON object: members as attributes and as items."""

    def __getattr__(self, name: str) -> Any: ...

class Answer(Record):
    """To be awaited in an `async def` handler; in a plain one it is the answer itself."""

    def __await__(self) -> Generator[Any, Any, Record]: ...

class Event(Record):
    """The login as its provider published it, with what earlier actions changed."""

    secrets: Record
    configuration: Record

class _CredentialsExchangeApiAccess(Protocol):
    def deny(self, code: Literal["invalid_scope", "invalid_request", "server_error"], reason: str | None = ...) -> CredentialsExchangeApi:
        """Refuses the token."""

class _CredentialsExchangeApiAccessToken(Protocol):
    def set_custom_claim(self, key: str, value: Any) -> CredentialsExchangeApi:
        """Adds a claim to the access token; of several of one name the last counts."""

class _CredentialsExchangeApiTransaction(Protocol):
    def add_target_scope(self, scope: str) -> CredentialsExchangeApi:
        """Adds a scope to those the token will have, as far as the client's grant has it."""
    def remove_target_scope(self, scope: str) -> CredentialsExchangeApi:
        """Removes a scope from those the token will have."""
    def set_target_scopes(self, scopes: Sequence[Any]) -> CredentialsExchangeApi:
        """Sets the scopes the token will have, as far as the client's grant has them."""
    def clear_target_scopes(self) -> CredentialsExchangeApi:
        """The token will have no scope."""

class _CredentialsExchangeApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _CredentialsExchangeApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> CredentialsExchangeApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class CredentialsExchangeApi(Protocol):
    """`api` of the trigger credentials-exchange."""

    @property
    def access(self) -> _CredentialsExchangeApiAccess: ...
    @property
    def access_token(self) -> _CredentialsExchangeApiAccessToken: ...
    @property
    def transaction(self) -> _CredentialsExchangeApiTransaction: ...
    @property
    def cache(self) -> _CredentialsExchangeApiCache: ...
    @property
    def effects(self) -> _CredentialsExchangeApiEffects: ...

class _CustomEmailProviderApiNotification(Protocol):
    def drop(self, reason: str) -> CustomEmailProviderApi:
        """The message could not be sent and is not tried again."""
    def retry(self, reason: str) -> CustomEmailProviderApi:
        """The message could not be sent; it is tried again, five times at most."""

class _CustomEmailProviderApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _CustomEmailProviderApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> CustomEmailProviderApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class CustomEmailProviderApi(Protocol):
    """`api` of the trigger custom-email-provider."""

    @property
    def notification(self) -> _CustomEmailProviderApiNotification: ...
    @property
    def cache(self) -> _CustomEmailProviderApiCache: ...
    @property
    def effects(self) -> _CustomEmailProviderApiEffects: ...

class _CustomPhoneProviderApiNotification(Protocol):
    def drop(self, reason: str) -> CustomPhoneProviderApi:
        """The message could not be sent and is not tried again."""
    def retry(self, reason: str) -> CustomPhoneProviderApi:
        """The message could not be sent; it is tried again, five times at most."""

class _CustomPhoneProviderApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _CustomPhoneProviderApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> CustomPhoneProviderApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class CustomPhoneProviderApi(Protocol):
    """`api` of the trigger custom-phone-provider."""

    @property
    def notification(self) -> _CustomPhoneProviderApiNotification: ...
    @property
    def cache(self) -> _CustomPhoneProviderApiCache: ...
    @property
    def effects(self) -> _CustomPhoneProviderApiEffects: ...

class _CustomTokenExchangeApiAccess(Protocol):
    def deny(self, code: str, reason: str) -> CustomTokenExchangeApi:
        """Refuses the exchange under a code of the action's choice."""
    def reject_invalid_subject_token(self, reason: str) -> CustomTokenExchangeApi:
        """Refuses the exchange as `invalid_request`, as someone may be guessing tokens."""

class _CustomTokenExchangeApiAuthentication(Protocol):
    def set_user_by_id(self, user_id: str) -> CustomTokenExchangeApi:
        """Issues the tokens for this user."""
    def set_user_by_connection(self, connection_name: str, user_attributes: Mapping[str, Any] | None = ..., options: Mapping[str, Any] | None = ..., *, creation_behavior: Literal["create_if_not_exists", "none"] = ..., update_behavior: Literal["replace", "none"] = ...) -> CustomTokenExchangeApi:
        """Issues the tokens for a user of a connection, who may be created or updated."""
    def set_organization(self, organization_id_or_name: str) -> CustomTokenExchangeApi:
        """Issues the tokens for an organization."""
    def set_actor(self, actor: Mapping[str, Any] | None = ..., *, sub: str = ..., type: Any = ..., act: Mapping[str, Any] = ...) -> CustomTokenExchangeApi:
        """Sets the `act` claim: who acts for the user."""

class _CustomTokenExchangeApiUser(Protocol):
    def set_app_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> CustomTokenExchangeApi:
        """Keeps something about the user that they may not change; null removes it."""
    def set_user_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> CustomTokenExchangeApi:
        """Keeps something about the user that they may change; null removes it."""

class _CustomTokenExchangeApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _CustomTokenExchangeApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> CustomTokenExchangeApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class CustomTokenExchangeApi(Protocol):
    """`api` of the trigger custom-token-exchange."""

    @property
    def access(self) -> _CustomTokenExchangeApiAccess: ...
    @property
    def authentication(self) -> _CustomTokenExchangeApiAuthentication: ...
    @property
    def user(self) -> _CustomTokenExchangeApiUser: ...
    @property
    def cache(self) -> _CustomTokenExchangeApiCache: ...
    @property
    def effects(self) -> _CustomTokenExchangeApiEffects: ...

class _EventStreamApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _EventStreamApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> EventStreamApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class EventStreamApi(Protocol):
    """`api` of the trigger event-stream."""

    @property
    def cache(self) -> _EventStreamApiCache: ...
    @property
    def effects(self) -> _EventStreamApiEffects: ...

class _LoginPostIdentifierApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _LoginPostIdentifierApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> LoginPostIdentifierApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class LoginPostIdentifierApi(Protocol):
    """`api` of the trigger login-post-identifier."""

    @property
    def cache(self) -> _LoginPostIdentifierApiCache: ...
    @property
    def effects(self) -> _LoginPostIdentifierApiEffects: ...

class _PasswordHashMigrationApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PasswordHashMigrationApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PasswordHashMigrationApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PasswordHashMigrationApi(Protocol):
    """`api` of the trigger password-hash-migration."""

    @property
    def cache(self) -> _PasswordHashMigrationApiCache: ...
    @property
    def effects(self) -> _PasswordHashMigrationApiEffects: ...

class _PasswordResetPostChallengeApiAccess(Protocol):
    def deny(self, reason: str) -> PasswordResetPostChallengeApi:
        """Denies; the action runs on to its end, later ones do not run."""

class _PasswordResetPostChallengeApiAuthentication(Protocol):
    def challenge_with(self, factor: Mapping[str, Any] | None = ..., options: Mapping[str, Any] | None = ..., *, additional_factors: Sequence[Any] = ...) -> PasswordResetPostChallengeApi:
        """Suspends until the user has proved the factor, or one of the additional ones."""
    def challenge_with_any(self, factors: Sequence[Any]) -> PasswordResetPostChallengeApi:
        """As `challengeWith`; the user chooses the factor."""

class _PasswordResetPostChallengeApiRedirect(Protocol):
    def send_user_to(self, url: str, options: Mapping[str, Any] | None = ..., *, query: Mapping[str, Any] = ...) -> PasswordResetPostChallengeApi:
        """Suspends after this action and sends the browser to a page of yours."""
    def encode_token(self, options: Mapping[str, Any] | None = ..., *, expires_in_seconds: float = ..., payload: Mapping[str, Any] = ..., secret: str = ...) -> str:
        """A signed token (HS256) for the page that the browser is sent to."""
    def validate_token(self, options: Mapping[str, Any] | None = ..., *, secret: str = ..., token_parameter_name: str = ...) -> Record:
        """The payload of the signed token that the page sent back; throws if it is not valid."""

class _PasswordResetPostChallengeApiPrompt(Protocol):
    def render(self, prompt_id: str, prompt_options: Mapping[str, Any] | None = ..., *, fields: Mapping[str, Any] = ..., vars: Mapping[str, Any] = ...) -> PasswordResetPostChallengeApi:
        """Suspends after this action and has the provider show a form."""

class _PasswordResetPostChallengeApiTransaction(Protocol):
    def set_result_url(self, url: str, options: Mapping[str, Any] | None = ..., *, query: Mapping[str, Any] = ...) -> PasswordResetPostChallengeApi:
        """Where the browser goes after the reset."""

class _PasswordResetPostChallengeApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PasswordResetPostChallengeApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PasswordResetPostChallengeApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PasswordResetPostChallengeApi(Protocol):
    """`api` of the trigger password-reset-post-challenge."""

    @property
    def access(self) -> _PasswordResetPostChallengeApiAccess: ...
    @property
    def authentication(self) -> _PasswordResetPostChallengeApiAuthentication: ...
    @property
    def redirect(self) -> _PasswordResetPostChallengeApiRedirect: ...
    @property
    def prompt(self) -> _PasswordResetPostChallengeApiPrompt: ...
    @property
    def transaction(self) -> _PasswordResetPostChallengeApiTransaction: ...
    @property
    def cache(self) -> _PasswordResetPostChallengeApiCache: ...
    @property
    def effects(self) -> _PasswordResetPostChallengeApiEffects: ...

class _PostChangePasswordApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PostChangePasswordApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PostChangePasswordApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PostChangePasswordApi(Protocol):
    """`api` of the trigger post-change-password."""

    @property
    def cache(self) -> _PostChangePasswordApiCache: ...
    @property
    def effects(self) -> _PostChangePasswordApiEffects: ...

class _PostLoginApiAccess(Protocol):
    def deny(self, reason: str) -> PostLoginApi:
        """Denies; the action runs on to its end, later ones do not run."""

class _PostLoginApiValidation(Protocol):
    def error(self, error_code: str, error_message: str) -> PostLoginApi:
        """Stops with an error that the provider's page shows."""

class _PostLoginApiIdToken(Protocol):
    def set_custom_claim(self, key: str, value: Any) -> PostLoginApi:
        """Adds a claim to the ID token; of several of one name the last counts."""

class _PostLoginApiAccessToken(Protocol):
    def set_custom_claim(self, key: str, value: Any) -> PostLoginApi:
        """Adds a claim to the access token; of several of one name the last counts."""
    def add_scope(self, scope: str) -> PostLoginApi:
        """Grants a scope."""
    def remove_scope(self, scope: str) -> PostLoginApi:
        """Takes a granted scope away."""

class _PostLoginApiAuthentication(Protocol):
    def challenge_with(self, factor: Mapping[str, Any] | None = ..., options: Mapping[str, Any] | None = ..., *, additional_factors: Sequence[Any] = ...) -> PostLoginApi:
        """Suspends until the user has proved the factor, or one of the additional ones."""
    def challenge_with_any(self, factors: Sequence[Any]) -> PostLoginApi:
        """As `challengeWith`; the user chooses the factor."""
    def enroll_with(self, factor: Mapping[str, Any] | None = ..., options: Mapping[str, Any] | None = ..., *, additional_factors: Sequence[Any] = ...) -> PostLoginApi:
        """Suspends until the user has enrolled the factor, or one of the additional ones."""
    def enroll_with_any(self, factors: Sequence[Any]) -> PostLoginApi:
        """As `enrollWith`; the user chooses the factor."""
    def record_method(self, provider_url: str) -> PostLoginApi:
        """Records a way of authentication of your own, for `event.authentication.methods`."""
    def set_primary_user(self, primary_user_id: str) -> PostLoginApi:
        """Issues the tokens for the user that the identity was linked to."""

class _PostLoginApiMultifactor(Protocol):
    def enable(self, provider: Literal["any", "none", "guardian", "google-authenticator", "duo"], options: Mapping[str, Any] | None = ..., *, allow_remember_browser: bool = ..., provider_options: Mapping[str, Any] = ...) -> PostLoginApi:
        """Requires a second factor at the end of the flow; `none` skips it."""

class _PostLoginApiUser(Protocol):
    def set_app_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> PostLoginApi:
        """Keeps something about the user that they may not change; null removes it."""
    def set_user_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> PostLoginApi:
        """Keeps something about the user that they may change; null removes it."""

class _PostLoginApiTransaction(Protocol):
    def set_metadata(self, key: str, value: str | float | bool | None) -> PostLoginApi:
        """Shares something with later actions of this transaction; null removes it."""

class _PostLoginApiSession(Protocol):
    def revoke(self, reason: str, options: Mapping[str, Any] | None = ..., *, preserve_refresh_tokens: bool = ...) -> PostLoginApi:
        """Denies and ends the session, with its refresh tokens unless they are preserved."""
    def set_expires_at(self, absolute: float) -> PostLoginApi:
        """Ends it at this time (ms since 1970), never later than before; the earliest call counts."""
    def set_idle_expires_at(self, inactivity: float) -> PostLoginApi:
        """Ends it at this time (ms since 1970) if it is not used; the earliest call counts."""
    def set_cookie_mode(self, mode: Literal["persistent", "non-persistent"]) -> PostLoginApi:
        """Whether the session's cookie outlives the browser; the last call counts."""
    def set_metadata(self, key: str, value: str | None) -> PostLoginApi:
        """Keeps a text with the session; null removes it."""
    def delete_metadata(self, key: str) -> PostLoginApi:
        """Removes one text from the session."""
    def evict_metadata(self) -> PostLoginApi:
        """Removes all texts from the session."""

class _PostLoginApiRefreshToken(Protocol):
    def revoke(self, reason: str) -> PostLoginApi:
        """Denies the exchange and ends the refresh token; only in a refresh-token exchange."""
    def set_expires_at(self, absolute: float) -> PostLoginApi:
        """Ends it at this time (ms since 1970), never later than before; the earliest call counts."""
    def set_idle_expires_at(self, inactivity: float) -> PostLoginApi:
        """Ends it at this time (ms since 1970) if it is not used; the earliest call counts."""
    def set_metadata(self, key: str, value: str | None) -> PostLoginApi:
        """Keeps a text with the refresh token, also before there is one; null removes it."""
    def delete_metadata(self, key: str) -> PostLoginApi:
        """Removes one text from the refresh token."""
    def evict_metadata(self) -> PostLoginApi:
        """Removes all texts from the refresh token."""

class _PostLoginApiRedirect(Protocol):
    def send_user_to(self, url: str, options: Mapping[str, Any] | None = ..., *, query: Mapping[str, Any] = ...) -> PostLoginApi:
        """Suspends after this action and sends the browser to a page of yours."""
    def encode_token(self, options: Mapping[str, Any] | None = ..., *, expires_in_seconds: float = ..., payload: Mapping[str, Any] = ..., secret: str = ...) -> str:
        """A signed token (HS256) for the page that the browser is sent to."""
    def validate_token(self, options: Mapping[str, Any] | None = ..., *, secret: str = ..., token_parameter_name: str = ...) -> Record:
        """The payload of the signed token that the page sent back; throws if it is not valid."""
    def can_redirect(self) -> bool:
        """Whether this transaction can be redirected (deprecated by Auth0)."""

class _PostLoginApiPrompt(Protocol):
    def render(self, prompt_id: str, prompt_options: Mapping[str, Any] | None = ..., *, fields: Mapping[str, Any] = ..., vars: Mapping[str, Any] = ...) -> PostLoginApi:
        """Suspends after this action and has the provider show a form."""

class _PostLoginApiSamlResponse(Protocol):
    def set_attribute(self, attribute: str, value: str | float | bool | Sequence[Any] | None | None = ...) -> PostLoginApi:
        """Sets an attribute of the assertion; null removes it."""
    def set_audience(self, audience: str) -> PostLoginApi:
        """The audience of the assertion."""
    def set_recipient(self, recipient: str) -> PostLoginApi:
        """The recipient of the assertion."""
    def set_create_upn_claim(self, create_upn_claim: bool) -> PostLoginApi:
        """Whether a UPN claim is made."""
    def set_passthrough_claims_with_no_mapping(self, passthrough_claims_with_no_mapping: bool) -> PostLoginApi:
        """Whether claims without a mapping are passed on."""
    def set_map_unknown_claims_as_is(self, map_unknown_claims_as_is: bool) -> PostLoginApi:
        """Whether those keep their names."""
    def set_map_identities(self, map_identities: bool) -> PostLoginApi:
        """Whether the identities are passed on."""
    def set_signature_algorithm(self, signature_algorithm: Literal["rsa-sha256", "rsa-sha1"]) -> PostLoginApi:
        """How it is signed."""
    def set_digest_algorithm(self, digest_algorithm: Literal["sha256", "sha1"]) -> PostLoginApi:
        """How its digest is made."""
    def set_destination(self, destination: str) -> PostLoginApi:
        """Where the response goes."""
    def set_lifetime_in_seconds(self, lifetime_in_seconds: float) -> PostLoginApi:
        """How long the assertion is valid."""
    def set_sign_response(self, sign_response: bool) -> PostLoginApi:
        """Whether the response is signed instead of the assertion."""
    def set_name_identifier_format(self, name_identifier_format: str | None = ...) -> PostLoginApi:
        """The format of the name identifier."""
    def set_name_identifier_probes(self, name_identifier_probes: Sequence[Any]) -> PostLoginApi:
        """The attributes that may be the name identifier, in order."""
    def set_authn_context_class_ref(self, authn_context_class_ref: str) -> PostLoginApi:
        """The class of authentication."""
    def set_signing_cert(self, signing_cert: str) -> PostLoginApi:
        """The certificate that requests are checked with."""
    def set_include_attribute_name_format(self, include_attribute_name_format: bool) -> PostLoginApi:
        """Whether attributes have a name format."""
    def set_typed_attributes(self, typed_attributes: bool) -> PostLoginApi:
        """Whether attributes have types."""
    def set_encryption_cert(self, encryption_cert: str) -> PostLoginApi:
        """The certificate the assertion is encrypted with."""
    def set_encryption_public_key(self, encryption_public_key: str) -> PostLoginApi:
        """The public key the assertion is encrypted with."""
    def set_cert(self, cert: str) -> PostLoginApi:
        """The certificate of the key it is signed with."""
    def set_key(self, key: str) -> PostLoginApi:
        """The private key it is signed with."""
    def set_relay_state(self, relay_state: str) -> PostLoginApi:
        """The state returned to the service provider."""
    def set_issuer(self, issuer: str) -> PostLoginApi:
        """The issuer of the assertion."""
    def set_encryption_algorithm(self, encryption_algorithm: Literal["aes256-gcm", "aes256-cbc"]) -> PostLoginApi:
        """How it is encrypted."""

class _PostLoginApiGroups(Protocol):
    def get_user_groups(self, params: Mapping[str, Any] | None = ..., *, take: float = ..., from_: str = ...) -> Answer:
        """A page of the groups the user belongs to: `{groups, next?}`."""
    def has_group_membership(self, groups: Sequence[Any]) -> Answer:
        """For each group, by id or name: `{memberships: {<asked>: {is_member, matches}}}`."""

class _PostLoginApiRoles(Protocol):
    def get_user_effective_roles(self, params: Mapping[str, Any] | None = ..., *, take: float = ..., from_: str = ...) -> Answer:
        """A page of the user's roles in this organization: `{roles, next?}`."""
    def get_user_effective_roles_by_ids(self, ids: Sequence[Any]) -> Answer:
        """Those of the user's roles that have one of these ids: `{roles}`."""
    def get_user_effective_roles_by_names(self, names: Sequence[Any]) -> Answer:
        """Those of the user's roles that have one of these names: `{roles}`."""

class _PostLoginApiRules(Protocol):
    def was_executed(self, rule_id: str) -> bool:
        """Whether a Rule ran."""

class _PostLoginApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PostLoginApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PostLoginApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PostLoginApi(Protocol):
    """`api` of the trigger post-login."""

    @property
    def access(self) -> _PostLoginApiAccess: ...
    @property
    def validation(self) -> _PostLoginApiValidation: ...
    @property
    def id_token(self) -> _PostLoginApiIdToken: ...
    @property
    def access_token(self) -> _PostLoginApiAccessToken: ...
    @property
    def authentication(self) -> _PostLoginApiAuthentication: ...
    @property
    def multifactor(self) -> _PostLoginApiMultifactor: ...
    @property
    def user(self) -> _PostLoginApiUser: ...
    @property
    def transaction(self) -> _PostLoginApiTransaction: ...
    @property
    def session(self) -> _PostLoginApiSession: ...
    @property
    def refresh_token(self) -> _PostLoginApiRefreshToken: ...
    @property
    def redirect(self) -> _PostLoginApiRedirect: ...
    @property
    def prompt(self) -> _PostLoginApiPrompt: ...
    @property
    def saml_response(self) -> _PostLoginApiSamlResponse: ...
    @property
    def groups(self) -> _PostLoginApiGroups: ...
    @property
    def roles(self) -> _PostLoginApiRoles: ...
    @property
    def rules(self) -> _PostLoginApiRules: ...
    @property
    def cache(self) -> _PostLoginApiCache: ...
    @property
    def effects(self) -> _PostLoginApiEffects: ...

class _PostUserRegistrationApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PostUserRegistrationApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PostUserRegistrationApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PostUserRegistrationApi(Protocol):
    """`api` of the trigger post-user-registration."""

    @property
    def cache(self) -> _PostUserRegistrationApiCache: ...
    @property
    def effects(self) -> _PostUserRegistrationApiEffects: ...

class _PreUserRegistrationApiAccess(Protocol):
    def deny(self, reason: str, user_message: str | None = ...) -> PreUserRegistrationApi:
        """Refuses the signup; only `userMessage` may be shown to the user."""

class _PreUserRegistrationApiValidation(Protocol):
    def error(self, error_code: str, error_message: str) -> PreUserRegistrationApi:
        """Stops with an error that the provider's page shows."""

class _PreUserRegistrationApiUser(Protocol):
    def set_app_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> PreUserRegistrationApi:
        """Keeps something about the user that they may not change; null removes it."""
    def set_user_metadata(self, key: str | Mapping[str, Any], value: Any = ...) -> PreUserRegistrationApi:
        """Keeps something about the user that they may change; null removes it."""

class _PreUserRegistrationApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _PreUserRegistrationApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> PreUserRegistrationApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class PreUserRegistrationApi(Protocol):
    """`api` of the trigger pre-user-registration."""

    @property
    def access(self) -> _PreUserRegistrationApiAccess: ...
    @property
    def validation(self) -> _PreUserRegistrationApiValidation: ...
    @property
    def user(self) -> _PreUserRegistrationApiUser: ...
    @property
    def cache(self) -> _PreUserRegistrationApiCache: ...
    @property
    def effects(self) -> _PreUserRegistrationApiEffects: ...

class _SendPhoneMessageApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _SendPhoneMessageApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> SendPhoneMessageApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class SendPhoneMessageApi(Protocol):
    """`api` of the trigger send-phone-message."""

    @property
    def cache(self) -> _SendPhoneMessageApiCache: ...
    @property
    def effects(self) -> _SendPhoneMessageApiEffects: ...

class _SignupPostIdentifierApiCache(Protocol):
    def get(self, key: Any) -> Record | None:
        """The record `{value, expires_at}`, or nothing."""
    def set(self, key: Any, value: Any, options: Mapping[str, Any] | None = ..., *, ttl: Any = ..., expires_at: Any = ...) -> Record:
        """Keeps a text for 15 minutes, or as the options say; never throws."""
    def delete(self, key: Any) -> Record:
        """Removes a record; never throws."""

class _SignupPostIdentifierApiEffects(Protocol):
    def send(self, kind: str, payload: Mapping[str, Any], options: Mapping[str, Any] | None = ..., *, on: Literal["allowed", "denied", "always", "suspended"] = ..., key: str = ..., delay: float = ...) -> SignupPostIdentifierApi:
        """Orders a side effect, delivered after the verdict under a stable id."""

class SignupPostIdentifierApi(Protocol):
    """`api` of the trigger signup-post-identifier."""

    @property
    def cache(self) -> _SignupPostIdentifierApiCache: ...
    @property
    def effects(self) -> _SignupPostIdentifierApiEffects: ...
