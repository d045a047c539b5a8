//! Small things that outlive a restart: the engine's memory, notes on health, and the pace of reads.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, params};

use super::shape::{instant, nanos};
use super::{Journal, JournalError};
use crate::time::Instant;

/// The longest text of one entry, in bytes.
const MAX_VALUE: usize = 256 * 1024;

/// The most entries of one site's memory.
const MAX_ENTRIES: usize = 1000;

/// The most notes that are read at once.
const MAX_NOTES: u32 = 1000;

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

    /// The notes of a key of every site, newest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn notes(&self, key: &str) -> Result<Vec<String>, JournalError> {
        let sql = "SELECT value FROM notes WHERE key = ?1 ORDER BY at DESC, site LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map(params![key, MAX_NOTES], |row| row.get(0))?;
        Ok(rows.collect::<Result<Vec<String>, rusqlite::Error>>()?)
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
}

/// Whether a text is short enough to be kept.
pub(super) fn within(text: &str, what: &'static str) -> Result<(), JournalError> {
    if text.len() > MAX_VALUE { Err(JournalError::TooLong { what, limit: MAX_VALUE }) } else { Ok(()) }
}
