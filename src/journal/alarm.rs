//! Alarms: told once when they begin, once when they end.

use rusqlite::{OptionalExtension, params};

use super::shape::{instant, nanos};
use super::{Journal, JournalError, LogKind, log};
use crate::time::Instant;

/// The most alarms of one site at a time.
const MAX_ALARMS: u32 = 100;

/// An alarm that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmRecord {
    /// What it is about: one alarm a key.
    pub key: String,
    /// Since when.
    pub since: Instant,
    /// One line for people, as it was when the alarm began.
    pub text: String,
}

impl Journal {
    /// Journals that an alarm holds; says whether it is new, so that the owner is to be told.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn raise_alarm(&self, site: &str, key: &str, text: &str, now: Instant) -> Result<bool, JournalError> {
        self.transact(|transaction| {
            let added = transaction.execute(
                "INSERT INTO alarms (site, key, since, text) SELECT ?1, ?2, ?3, ?4
                 WHERE (SELECT COUNT(*) FROM alarms WHERE site = ?1) < ?5 ON CONFLICT DO NOTHING",
                params![site, log::bounded(key), nanos(now), log::bounded(text), MAX_ALARMS],
            )?;
            if added > 0 {
                log::append(transaction, site, now, LogKind::Alarm, None, text)?;
            }
            Ok(added > 0)
        })
    }

    /// Journals that an alarm no longer holds; gives it if it did, so that the owner is to be told.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn clear_alarm(&self, site: &str, key: &str, now: Instant) -> Result<Option<AlarmRecord>, JournalError> {
        self.transact(|transaction| {
            let sql = "DELETE FROM alarms WHERE site = ?1 AND key = ?2 RETURNING key, since, text";
            let ended = transaction.query_row(sql, params![site, log::bounded(key)], record).optional()?;
            if let Some(alarm) = &ended {
                log::append(transaction, site, now, LogKind::Alarm, None, &format!("over: {}", alarm.text))?;
            }
            Ok(ended)
        })
    }

    /// The alarms that hold, oldest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn alarms(&self, site: &str) -> Result<Vec<AlarmRecord>, JournalError> {
        let sql = "SELECT key, since, text FROM alarms WHERE site = ?1 ORDER BY since, key";
        let mut statement = self.connection.prepare_cached(sql)?;
        let rows = statement.query_map([site], record)?;
        Ok(rows.collect::<Result<Vec<AlarmRecord>, rusqlite::Error>>()?)
    }
}

fn record(row: &rusqlite::Row<'_>) -> rusqlite::Result<AlarmRecord> {
    Ok(AlarmRecord { key: row.get(0)?, since: instant(row.get(1)?), text: row.get(2)? })
}
