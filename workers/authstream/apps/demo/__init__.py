"""The demo: a CRM, a mailbox, a trace collector, a dozen logins, and what came of them."""
