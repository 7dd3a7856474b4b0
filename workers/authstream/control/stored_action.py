"""An action as the control log has it, with all that its guest is given: code, secrets, lookups."""

from __future__ import annotations

from authstream.contracts.topics import Topics
from authstream.control.drafts import unpacked
from authstream.control.folder import DeployedAction
from authstream.control.modules import PREFIX
from authstream.control.objects import Spec
from authstream.control.seal import Keyring
from authstream.control.secrets import opened, variables
from authstream.control.store import Store
from authstream.control.tenant_lookups import tenant_lookups


def stored_action(  # noqa: PLR0913 - what a guest is made of, by name
    store: Store,
    ring: Keyring,
    topics: Topics,
    *,
    tenant: str,
    name: str,
    version: int,
    spec: Spec,
) -> DeployedAction:
    """A draft or version, ready to be built, for the process that runs it.

    Raises ControlLogError when a blob is lost, SealError, ConfigurationError.
    """
    view = store.view
    secrets = opened(view, ring, tenant=tenant, action=name)
    return unpacked(
        store,
        spec,
        tenant=tenant,
        name=name,
        version=version,
        topics=topics,
        secrets={secret: secrets[secret] for secret in spec.secrets if secret in secrets},
        variables=variables(view, tenant),
        lookups=tenant_lookups(store, tenant),
        module_secrets={
            module.name: opened(view, ring, tenant=tenant, action=f"{PREFIX}{module.name}")
            for module in spec.modules
        },
    )
