"""Looks the user up in the CRM and shares what it found with later actions."""

import json
import urllib.parse
import urllib.request


def on_execute_post_login(event, api):
    question = urllib.parse.urlencode({"email": event.user.email})
    request = urllib.request.Request(
        f"{event.secrets.CRM_URL}/customers?{question}",
        headers={"authorization": f"Bearer {event.secrets.CRM_TOKEN}"},
    )
    with urllib.request.urlopen(request, timeout=2) as response:
        customer = json.load(response)
    print(f"CRM knows the user as {customer['tier']}")
    api.transaction.set_metadata("tier", customer["tier"])
    api.transaction.set_metadata("crm_id", customer["id"])
