"""What Keycloak writes down itself: an event in JSON, and a line of its JSON log."""

from __future__ import annotations

from typing import Any

EVENT: dict[str, Any] = {
    "id": "1b6f",
    "time": 1_795_398_455_733,
    "type": "REGISTER",
    "realmId": "r-1",
    "realmName": "shop",
    "clientId": "web",
    "userId": "u-1",
    "ipAddress": "203.0.113.7",
    "error": None,
    "details": {"username": "ada", "email": "ada@example.com"},
}
TRACE, SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
LINE: dict[str, Any] = {
    "timestamp": "2026-11-23T19:00:55.733Z",
    "loggerName": "org.keycloak.events",
    "level": "INFO",
    "message": 'type="UPDATE_PASSWORD", realmId="r-1", realmName="shop", clientId="web", '
    'userId="u-1", ipAddress="203.0.113.7", username="a \\"b\\""',
    "mdc": {"traceId": TRACE, "spanId": SPAN, "sampled": "true"},
}
