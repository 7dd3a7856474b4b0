"""Secrets and variables over HTTP; a secret goes in and never comes out."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, SecretStr

from authstream.control import described
from authstream.control.objects import VARIABLE
from authstream.control.secrets import Secrets
from authstream.gateway.admin.callers import Author, Viewer
from authstream.gateway.admin.exchange import Expected, Page, Pages

router = APIRouter(prefix="/v1/admin/tenants/{tenant}", tags=["secrets"])


class SecretBody(BaseModel):
    """A value; it is sealed at once."""

    model_config = ConfigDict(extra="forbid")

    value: SecretStr


class VariableBody(BaseModel):
    """A plain value, any JSON."""

    model_config = ConfigDict(extra="forbid")

    value: Any


Name = Annotated[str, "the name"]


@router.get("/actions/{action}/secrets")
def list_secrets(door: Viewer, tenant: str, action: str, pages: Pages) -> Page:
    """Names, and who set them when; never a value."""
    found = Secrets(door, tenant).all(action)
    return pages.page(found, lambda one: one.key.name, described.secret)


@router.put("/actions/{action}/secrets/{name}", status_code=204)
def set_secret(
    door: Author, tenant: str, action: str, name: Name, body: SecretBody, expected: Expected
) -> None:
    """Set a value. Workers use it within a second."""
    Secrets(door, tenant).put(action, name, body.value.get_secret_value(), after=expected)


@router.delete("/actions/{action}/secrets/{name}", status_code=204)
def delete_secret(door: Author, tenant: str, action: str, name: Name, expected: Expected) -> None:
    """Forget a value."""
    Secrets(door, tenant).delete(action, name, after=expected)


@router.get("/variables")
def list_variables(door: Viewer, tenant: str, pages: Pages) -> Page:
    """The plain values of a tenant, by name."""
    return pages.page(
        door.view.of_kind(VARIABLE, tenant), lambda one: one.key.name, described.variable
    )


@router.put("/variables/{name}", status_code=204)
def set_variable(
    door: Author, tenant: str, name: Name, body: VariableBody, expected: Expected
) -> None:
    """Set a plain value for every action of the tenant."""
    Secrets(door, tenant).set_variable(name, body.value, after=expected)


@router.delete("/variables/{name}", status_code=204)
def delete_variable(door: Author, tenant: str, name: Name, expected: Expected) -> None:
    """Take a plain value away."""
    Secrets(door, tenant).delete_variable(name, after=expected)
