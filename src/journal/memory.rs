//! Small things that outlive a restart: the engine's memory, notes on health, and the pace of reads.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{OptionalExtension, params};

use super::shape::{instant, nanos};
use super::{Journal, JournalError};
use crate::time::{Instant, elapsed};

/// The longest text of one entry, in bytes.
const MAX_VALUE: usize = 256 * 1024;

/// The most entries of one site's memory.
const MAX_ENTRIES: usize = 1000;

/// The note under which the last whole verified cycle stands.
const CYCLE: &str = "verified cycle";

impl Journal {
    /// What the engine remembers of a site, by the key of the observation, as JSON.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn memory(&self, site: &str) -> Result<BTreeMap<String, String>, JournalError> {
        let mut statement = self.connection.prepare_cached("SELECT key, value FROM memory WHERE site = ?1")?;
        let rows = statement.query_map([site], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<BTreeMap<String, String>, rusqlite::Error>>()?)
    }

    /// Replaces what the engine remembers of a site. What is not named is forgotten.
    ///
    /// # Errors
    /// The journal cannot be written, or the memory is too large.
    pub fn set_memory(&self, site: &str, memory: &BTreeMap<String, String>) -> Result<(), JournalError> {
        if memory.len() > MAX_ENTRIES {
            return Err(JournalError::TooLong { what: "the list of what is remembered", limit: MAX_ENTRIES });
        }
        memory.values().try_for_each(|value| within(value, "what is remembered"))?;
        let before = self.memory(site)?;
        if before == *memory {
            return Ok(());
        }
        self.transact(|transaction| {
            for key in before.keys().filter(|key| !memory.contains_key(*key)) {
                transaction.execute("DELETE FROM memory WHERE site = ?1 AND key = ?2", params![site, key])?;
            }
            let mut put =
                transaction.prepare_cached("INSERT OR REPLACE INTO memory (site, key, value) VALUES (?1, ?2, ?3)")?;
            for (key, value) in memory.iter().filter(|(key, value)| before.get(*key) != Some(*value)) {
                put.execute(params![site, key, value])?;
            }
            Ok(())
        })
    }

    /// Notes something about a site or, with an empty site, about the service itself; a key holds its newest note.
    ///
    /// # Errors
    /// The journal cannot be written, or the note is too long.
    pub fn set_note(&self, site: &str, key: &str, value: &str, at: Instant) -> Result<(), JournalError> {
        within(value, "a note")?;
        let sql = "INSERT OR REPLACE INTO notes (site, key, at, value) VALUES (?1, ?2, ?3, ?4)";
        self.connection.prepare_cached(sql)?.execute(params![site, key, nanos(at), value])?;
        Ok(())
    }

    /// The note of a key and when it was made.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn note(&self, site: &str, key: &str) -> Result<Option<(Instant, String)>, JournalError> {
        let mut statement =
            self.connection.prepare_cached("SELECT at, value FROM notes WHERE site = ?1 AND key = ?2")?;
        let note = |row: &rusqlite::Row<'_>| Ok((instant(row.get(0)?), row.get(1)?));
        Ok(statement.query_row(params![site, key], note).optional()?)
    }

    /// Notes that a whole cycle ran and was verified: what the watchdog is fed on.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn set_verified_cycle(&self, site: &str, at: Instant) -> Result<(), JournalError> {
        self.set_note(site, CYCLE, "", at)
    }

    /// When the last whole verified cycle was.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn verified_cycle(&self, site: &str) -> Result<Option<Instant>, JournalError> {
        Ok(self.note(site, CYCLE)?.map(|(at, _)| at))
    }

    /// Claims a call to an endpoint of a system, for all processes together. `None` if it may go now, and is counted; else
    /// how long to wait before asking again, at most `gap`.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn claim_call(
        &self,
        system: &str,
        endpoint: &str,
        gap: Duration,
        now: Instant,
    ) -> Result<Option<Duration>, JournalError> {
        self.transact(|transaction| {
            let sql = "SELECT at FROM calls WHERE system = ?1 AND endpoint = ?2";
            let last: Option<i64> =
                transaction.query_row(sql, params![system, endpoint], |row| row.get(0)).optional()?;
            let wait = last.map_or(Duration::ZERO, |last| rest(instant(last), gap, now));
            if !wait.is_zero() {
                return Ok(Some(wait));
            }
            transaction.execute(
                "INSERT OR REPLACE INTO calls (system, endpoint, at) VALUES (?1, ?2, ?3)",
                params![system, endpoint, nanos(now)],
            )?;
            Ok(None)
        })
    }
}

/// What is left of a gap. A call from further ahead than the gap was dated by a wrong clock and holds up nothing.
fn rest(last: Instant, gap: Duration, now: Instant) -> Duration {
    if last > now && elapsed(now, last) > gap {
        return Duration::ZERO;
    }
    let ahead = elapsed(now, last);
    gap.saturating_sub(elapsed(last, now)).saturating_add(ahead).min(gap)
}

/// Whether a text is short enough to be kept.
pub(super) fn within(text: &str, what: &'static str) -> Result<(), JournalError> {
    if text.len() > MAX_VALUE { Err(JournalError::TooLong { what, limit: MAX_VALUE }) } else { Ok(()) }
}
