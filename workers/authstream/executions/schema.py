"""The tables of the index: narrow ones to search, bodies apart, words of logs, and tallies."""

from __future__ import annotations

#: A file of another number is made anew: everything in it comes from topics.
VERSION = 3
TABLES = """
CREATE TABLE origin (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE positions (
    topic TEXT, partition INTEGER, offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)
) WITHOUT ROWID;
CREATE TABLE legs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    flow_id TEXT NOT NULL, leg INTEGER NOT NULL, late INTEGER NOT NULL,
    tenant TEXT NOT NULL, trigger TEXT NOT NULL, subject TEXT, client TEXT,
    outcome TEXT NOT NULL, code TEXT, reason TEXT,
    requested_at INTEGER NOT NULL, decided_at INTEGER NOT NULL, written_at INTEGER NOT NULL,
    trace_id TEXT
);
CREATE UNIQUE INDEX legs_of_flow ON legs (flow_id, leg, late);
CREATE INDEX legs_by_time ON legs (written_at, number);
CREATE INDEX legs_by_subject ON legs (subject, written_at, number);
CREATE INDEX legs_by_client ON legs (client, written_at, number);
CREATE INDEX legs_by_tenant ON legs (tenant, written_at, number);
CREATE INDEX legs_by_trigger ON legs (trigger, written_at, number);
CREATE INDEX legs_by_outcome ON legs (outcome, written_at, number);
CREATE TABLE bodies (number INTEGER PRIMARY KEY, body BLOB NOT NULL);
CREATE TABLE runs (
    number INTEGER, position INTEGER, action TEXT NOT NULL, ms REAL NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (number, position)
) WITHOUT ROWID;
CREATE INDEX runs_by_action ON runs (action, ms, number);
CREATE TABLE notes (
    flow_id TEXT, kind TEXT, id TEXT, at INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (flow_id, kind, id)
) WITHOUT ROWID;
CREATE INDEX notes_by_time ON notes (at);
CREATE TABLE tallies (
    minute INTEGER, tenant TEXT, trigger TEXT, kind TEXT, name TEXT, ended TEXT, band INTEGER,
    count INTEGER NOT NULL,
    PRIMARY KEY (kind, minute, tenant, trigger, name, ended, band)
) WITHOUT ROWID;
CREATE TABLE calls (
    connection TEXT PRIMARY KEY, at INTEGER NOT NULL, body TEXT NOT NULL
) WITHOUT ROWID;
CREATE VIRTUAL TABLE words USING fts5(said);
"""
NAMES = ("words", "calls", "tallies", "notes", "runs", "bodies", "legs", "positions", "origin")
