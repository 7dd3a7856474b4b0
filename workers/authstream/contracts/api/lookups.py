"""`api.groups`, `api.roles`, `api.rules`, `api.cache`: what an action may ask."""

from __future__ import annotations

from authstream.contracts.api.method import Method
from authstream.contracts.api.triggers import POST_LOGIN, TRIGGERS
from authstream.contracts.parameter import Parameter, Says

ROLES_PER_PAGE = 100
ROLE_IDS = 100
ROLE_NAMES = 50

_PL = frozenset({POST_LOGIN})
_TAKE = 'The "take" parameter must be a positive integer if provided.'
_FROM = 'The "from" parameter must be a string if provided.'


def _page(at_most: int | None = None) -> Parameter:
    take = Parameter(
        "take",
        ("number",),
        optional=True,
        integer=True,
        minimum=1,
        maximum=at_most,
        says=(Says("types", _TAKE), Says("integer", _TAKE), Says("minimum", _TAKE)),
    )
    start = Parameter("from", ("string",), optional=True, says=(Says("types", _FROM),))
    return Parameter("params", ("object",), optional=True, members=(take, start))


def _names(name: str, at_most: int | None = None) -> Parameter:
    message = f'The "{name}" parameter must be a non-empty array of strings.'
    return Parameter(
        name,
        ("array",),
        min_items=1,
        max_items=at_most,
        items=Parameter("item", ("string",), says=(Says("types", message),)),
        says=(Says("types", message), Says("min_items", message)),
    )


# The cache answers `{"type": "error", "code": …}`.
_CACHE_OPTIONS = Parameter(
    "options",
    ("object",),
    optional=True,
    members=(Parameter("ttl", optional=True), Parameter("expires_at", optional=True)),
)
_SOURCE = "answered from the event or a file of the folder"

METHODS = (
    Method(
        "groups.getUserGroups",
        (_page(),),
        _PL,
        "query",
        chains=False,
        about="A page of the groups the user belongs to: `{groups, next?}`.",
        differs=_SOURCE,
    ),
    Method(
        "groups.hasGroupMembership",
        (_names("groups"),),
        _PL,
        "query",
        chains=False,
        about="For each group, by id or name: `{memberships: {<asked>: {is_member, matches}}}`.",
        differs=f"{_SOURCE}; Auth0 does not publish the members of a membership",
    ),
    Method(
        "roles.getUserEffectiveRoles",
        (_page(ROLES_PER_PAGE),),
        _PL,
        "query",
        chains=False,
        about="A page of the user's roles in this organization: `{roles, next?}`.",
        differs=_SOURCE,
    ),
    Method(
        "roles.getUserEffectiveRolesByIds",
        (_names("ids", ROLE_IDS),),
        _PL,
        "query",
        chains=False,
        about="Those of the user's roles that have one of these ids: `{roles}`.",
        differs=_SOURCE,
    ),
    Method(
        "roles.getUserEffectiveRolesByNames",
        (_names("names", ROLE_NAMES),),
        _PL,
        "query",
        chains=False,
        about="Those of the user's roles that have one of these names: `{roles}`.",
        differs=_SOURCE,
    ),
    Method(
        "rules.wasExecuted",
        (Parameter("ruleId", ("string",)),),
        _PL,
        "local",
        chains=False,
        about="Whether a Rule ran.",
        differs="there are no Rules: true only for those the event names in `lookups.rules`",
    ),
    Method(
        "cache.get",
        (Parameter("key"),),
        TRIGGERS,
        "local",
        chains=False,
        checked=False,
        about="The record `{value, expires_at}`, or nothing.",
    ),
    Method(
        "cache.set",
        (Parameter("key"), Parameter("value"), _CACHE_OPTIONS),
        TRIGGERS,
        "local",
        chains=False,
        checked=False,
        about="Keeps a text for 15 minutes, or as the options say; never throws.",
        differs="kept in one process of the action, gone with it",
    ),
    Method(
        "cache.delete",
        (Parameter("key"),),
        TRIGGERS,
        "local",
        chains=False,
        checked=False,
        about="Removes a record; never throws.",
    ),
)
