-- Instants are nanoseconds since 1970 in UTC. Columns named seal are digests of their row: see seal.rs.

-- Every version that this file has had. Whatever a newer program changes, it keeps this table: with it the version in the
-- file's head can be believed.
CREATE TABLE versions (
    version INTEGER PRIMARY KEY
) STRICT;

-- intents: the number of the newest intent that was known when the loss was found; numbers go on after it.
CREATE TABLE losses (
    id       INTEGER PRIMARY KEY,
    reason   TEXT NOT NULL,
    intents  INTEGER NOT NULL,
    noted_at INTEGER
) STRICT;

CREATE TABLE revisions (
    revision   TEXT PRIMARY KEY,
    site       TEXT NOT NULL,
    file       TEXT NOT NULL,
    first_seen INTEGER NOT NULL,
    text       TEXT NOT NULL
) STRICT;

CREATE TABLE readings (
    id      INTEGER PRIMARY KEY,
    site    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    soc     REAL,
    load    REAL,
    solar   REAL,
    battery REAL,
    grid    REAL,
    ev      REAL,
    stamps  TEXT NOT NULL,
    seal    TEXT NOT NULL
) STRICT;
CREATE INDEX readings_by_time ON readings (site, at);

-- Texts that many ticks share, each once.
CREATE TABLE bodies (
    id     INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    text   TEXT NOT NULL
) STRICT;

CREATE TABLE ticks (
    id        INTEGER PRIMARY KEY,
    site      TEXT NOT NULL,
    at        INTEGER NOT NULL,
    revision  TEXT NOT NULL,
    readings  INTEGER NOT NULL,
    memory    INTEGER NOT NULL,
    situation INTEGER NOT NULL,
    decision  INTEGER NOT NULL,
    seal      TEXT NOT NULL
) STRICT;
CREATE INDEX ticks_by_time ON ticks (site, at);

CREATE TABLE sequences (
    id       INTEGER NOT NULL,
    site     TEXT NOT NULL,
    begun_at INTEGER NOT NULL,
    reason   TEXT NOT NULL,
    before   TEXT NOT NULL,
    steps    TEXT NOT NULL,
    ended_at INTEGER,
    ended    TEXT,
    seal     TEXT NOT NULL,
    PRIMARY KEY (site, id)
) STRICT;

CREATE TABLE intents (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    site     TEXT NOT NULL,
    sequence INTEGER NOT NULL,
    step     INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    object   TEXT NOT NULL,
    kind     TEXT NOT NULL,
    payload  TEXT NOT NULL,
    before   TEXT NOT NULL,
    reason   TEXT NOT NULL,
    seal     TEXT NOT NULL
) STRICT;

CREATE TABLE outcomes (
    id      INTEGER PRIMARY KEY,
    intent  INTEGER,
    site    TEXT NOT NULL,
    at      INTEGER NOT NULL,
    object  TEXT NOT NULL,
    outcome TEXT NOT NULL,
    text    TEXT NOT NULL,
    seal    TEXT NOT NULL
) STRICT;
CREATE INDEX outcomes_by_intent ON outcomes (intent);

-- One row an object: what the device last proved to hold, and what it held before the first write ever.
CREATE TABLE schedules (
    site     TEXT NOT NULL,
    role     TEXT NOT NULL,
    object   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    settings TEXT NOT NULL,
    seal     TEXT NOT NULL,
    PRIMARY KEY (site, role, object)
) STRICT, WITHOUT ROWID;

CREATE TABLE drifts (
    site            TEXT NOT NULL,
    object          TEXT NOT NULL,
    since           INTEGER NOT NULL,
    before          TEXT NOT NULL,
    after           TEXT NOT NULL,
    acknowledged_at INTEGER,
    PRIMARY KEY (site, object)
) STRICT, WITHOUT ROWID;

CREATE TABLE overrides (
    id           INTEGER PRIMARY KEY,
    site         TEXT NOT NULL,
    at           INTEGER NOT NULL,
    action       TEXT NOT NULL,
    until        INTEGER NOT NULL,
    cancelled_at INTEGER
) STRICT;

CREATE TABLE alarms (
    site  TEXT NOT NULL,
    key   TEXT NOT NULL,
    since INTEGER NOT NULL,
    text  TEXT NOT NULL,
    PRIMARY KEY (site, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE memory (
    site  TEXT NOT NULL,
    key   TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (site, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE notes (
    site  TEXT NOT NULL,
    key   TEXT NOT NULL,
    at    INTEGER NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (site, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE log (
    id     INTEGER PRIMARY KEY,
    site   TEXT NOT NULL,
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    object TEXT,
    text   TEXT NOT NULL
) STRICT;
CREATE INDEX log_by_time ON log (site, at);
