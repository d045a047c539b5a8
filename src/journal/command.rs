//! What the owner commands: overrides, and taking note.

use rusqlite::{OptionalExtension, params};

use super::shape::{instant, nanos};
use super::{Journal, JournalError, LogKind, log};
use crate::time::Instant;

/// The longest action that is journaled, in bytes.
const MAX_ACTION: usize = 500;

/// A manual command that stands above all rules until it expires.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverrideRecord {
    /// What is asked, in the words of the policy language.
    pub action: String,
    /// When it was given.
    pub at: Instant,
    /// The first instant at which it no longer holds.
    pub until: Instant,
}

/// What `resume` ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    /// Whether an override was in force.
    pub override_cancelled: bool,
    /// How many drifts were waiting to be acknowledged.
    pub drifts_acknowledged: usize,
}

impl Journal {
    /// Journals a manual command, which replaces any other.
    ///
    /// # Errors
    /// The journal cannot be written, or the action is too long.
    pub fn begin_override(&self, site: &str, action: &str, until: Instant, now: Instant) -> Result<(), JournalError> {
        if action.len() > MAX_ACTION {
            return Err(JournalError::TooLong { what: "the action", limit: MAX_ACTION });
        }
        self.durably(|transaction| {
            cancel(transaction, site, now)?;
            transaction.execute(
                "INSERT INTO overrides (site, at, action, until) VALUES (?1, ?2, ?3, ?4)",
                params![site, nanos(now), action, nanos(until)],
            )?;
            log::append(transaction, site, now, LogKind::Override, None, &format!("override: {action}"))
        })
    }

    /// The manual command in force, if any.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn active_override(&self, site: &str, now: Instant) -> Result<Option<OverrideRecord>, JournalError> {
        let sql = "SELECT action, at, until FROM overrides
                   WHERE site = ?1 AND cancelled_at IS NULL AND until > ?2 ORDER BY id DESC LIMIT 1";
        let record = |row: &rusqlite::Row<'_>| {
            Ok(OverrideRecord { action: row.get(0)?, at: instant(row.get(1)?), until: instant(row.get(2)?) })
        };
        let mut statement = self.connection.prepare_cached(sql)?;
        Ok(statement.query_row(params![site, nanos(now)], record).optional()?)
    }

    /// Journals the owner's word that the rules hold again: the override ends, and what someone else wrote may be
    /// overwritten. `who` names the verb: `resume`, `apply`.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn resume(&self, site: &str, who: &str, now: Instant) -> Result<Resumed, JournalError> {
        self.durably(|transaction| {
            let override_cancelled = cancel(transaction, site, now)? > 0;
            let drifts_acknowledged = transaction.execute(
                "UPDATE drifts SET acknowledged_at = ?2 WHERE site = ?1 AND acknowledged_at IS NULL",
                params![site, nanos(now)],
            )?;
            let text = match (override_cancelled, drifts_acknowledged) {
                (true, 0) => format!("{who}: the override ends"),
                (true, _) => format!("{who}: the override ends, and someone else's change is taken note of"),
                (false, 0) => format!("{who}: nothing was waiting"),
                (false, _) => format!("{who}: someone else's change is taken note of"),
            };
            log::append(transaction, site, now, LogKind::Resume, None, &text)?;
            Ok(Resumed { override_cancelled, drifts_acknowledged })
        })
    }

    /// Journals the owner's word that what someone else wrote may be overwritten; says how many changes that were.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn acknowledge(&self, site: &str, who: &str, now: Instant) -> Result<usize, JournalError> {
        self.transact(|transaction| {
            let count = transaction.execute(
                "UPDATE drifts SET acknowledged_at = ?2 WHERE site = ?1 AND acknowledged_at IS NULL",
                params![site, nanos(now)],
            )?;
            if count > 0 {
                let text = format!("{who}: someone else's change is taken note of");
                log::append(transaction, site, now, LogKind::Resume, None, &text)?;
            }
            Ok(count)
        })
    }
}

/// Ends the override in force and says how many that were.
fn cancel(connection: &rusqlite::Connection, site: &str, now: Instant) -> Result<usize, JournalError> {
    let sql = "UPDATE overrides SET cancelled_at = ?2 WHERE site = ?1 AND cancelled_at IS NULL AND until > ?2";
    Ok(connection.execute(sql, params![site, nanos(now)])?)
}
