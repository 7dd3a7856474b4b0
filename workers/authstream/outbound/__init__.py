"""Ways out to other systems, which effect kinds and metadata sinks share: HTTP, SMTP, Apprise."""
