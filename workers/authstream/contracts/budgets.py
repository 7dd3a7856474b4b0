"""How large each part of a record may be, so that no broker refuses one (default limit: 1 MiB)."""

from __future__ import annotations

from datetime import timedelta

#: The event as published, JSON bytes.
EVENT_BYTES = 256 * 1024
#: Tenant and user id together, which every record of a flow carries more than once.
KEY_BYTES = 1024
#: The commands of one action, JSON bytes of all arguments together.
COMMANDS_BYTES = 256 * 1024
#: A whole encoded envelope or verdict, below Kafka's default `max.message.bytes` of 1 048 588.
RECORD_BYTES = 900 * 1024
#: Console output kept for one run, characters (Auth0 keeps 256).
CONSOLE_CHARACTERS = 4 * 1024
#: Error text kept for one run, characters; of its parts the message and the stack, each.
ERROR_CHARACTERS = 1024
#: The name of an error's class, characters.
ERROR_NAME_CHARACTERS = 100
#: `app_metadata` and `user_metadata` of one user, JSON bytes each (Auth0: 32 kB).
METADATA_BYTES = 32 * 1024
#: Metadata writes in a row that may each lead to the event of the next; one more is a loop.
METADATA_HOPS = 5
#: Custom claims of one token, JSON bytes (Auth0: 100 KB, over it the transaction fails).
CLAIMS_BYTES = 100 * 1024
#: Processes of one action in one worker.
GUESTS_PER_ACTION = 16
#: A suspended flow waits this long for its browser; its state is good for one use meanwhile.
STATE_LIFETIME = timedelta(minutes=15)
#: How long a verdict is remembered for de-duplication, broker time.
DECIDED_WINDOW = timedelta(hours=1)
#: One record of the blobs' topic.
BLOB_CHUNK_BYTES = 512 * 1024
#: The JSON of one object in the control log.
OBJECT_BYTES = 256 * 1024
