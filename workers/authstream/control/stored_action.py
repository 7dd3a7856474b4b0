"""A version of an action out of the control log, with all that its guest is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from authstream.contracts.topics import Topics
from authstream.control.drafts import unpacked
from authstream.control.folder import DeployedAction
from authstream.control.modules import PREFIX
from authstream.control.objects import Spec
from authstream.control.seal import Keyring
from authstream.control.secrets import opened, variables
from authstream.control.store import Store
from authstream.control.tenant_lookups import tenant_lookups

#: The values of the secrets of an action, or of a module as `actions:<name>`.
SecretsOf = Callable[[str], Mapping[str, str]]


def opened_secrets(store: Store, ring: Keyring, tenant: str) -> SecretsOf:
    """Opens the secrets of a tenant's actions and modules. Raises SealError when it is called."""

    def values(owner: str) -> Mapping[str, str]:
        return opened(store.view, ring, tenant=tenant, action=owner)

    return values


def stored_action(  # noqa: PLR0913 - what an action is found by, by name
    store: Store,
    spec: Spec,
    *,
    tenant: str,
    name: str,
    version: int,
    topics: Topics,
    secrets_of: SecretsOf,
) -> DeployedAction:
    """An action as the log has it, its code in a folder.

    Raises ControlLogError when a blob is lost, ConfigurationError for code that cannot be, and
    what `secrets_of` raises.
    """
    known = secrets_of(name)
    return unpacked(
        store,
        spec,
        tenant=tenant,
        name=name,
        version=version,
        topics=topics,
        secrets={one: known[one] for one in spec.secrets if one in known},
        variables=variables(store.view, tenant),
        lookups=tenant_lookups(store, tenant),
        module_secrets={one.name: secrets_of(f"{PREFIX}{one.name}") for one in spec.modules},
    )
