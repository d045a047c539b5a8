//! What is forgotten, and when.

use std::time::Duration;

use rusqlite::params;

use super::shape::nanos;
use super::{Journal, JournalError};
use crate::time::Instant;

/// The most rows of one table that one call deletes: the service goes on with its work meanwhile.
const BATCH: u32 = 5_000;

/// How long what is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// Readings.
    pub readings: Duration,
    /// Ticks with all that they rested on, so that they can be replayed.
    pub ticks: Duration,
    /// Ended sequences, intents and outcomes; ended overrides; the log.
    pub log: Duration,
}

impl Default for Retention {
    /// A winter and the next for readings and the log; a hundred days of decisions that can be replayed.
    fn default() -> Retention {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Retention { readings: days(400), ticks: days(100), log: days(400) }
    }
}

impl Journal {
    /// Forgets what is older than it is kept, a bounded number of rows a call; says how many went. Never what is still
    /// needed: the last proven and the original schedule, sequences that have not ended, the newest revision of a policy.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn prune(&self, retention: &Retention, now: Instant) -> Result<usize, JournalError> {
        let before = |kept: Duration| {
            let kept = chrono::Duration::from_std(kept).unwrap_or(chrono::Duration::MAX);
            now.checked_sub_signed(kept).map_or(i64::MIN, nanos)
        };
        let (readings, ticks, log) = (before(retention.readings), before(retention.ticks), before(retention.log));
        let steps = [
            ("ticks", "at < ?1", ticks),
            ("readings", "at < ?1 AND id NOT IN (SELECT readings FROM ticks)", readings),
            ("log", "at < ?1", log),
            ("overrides", "until < ?1", log),
            (
                "intents",
                "at < ?1 AND id < (SELECT MIN(i.id) FROM intents i JOIN sequences s ON s.id = i.sequence
              AND s.site = i.site WHERE s.ended_at IS NULL OR i.at >= ?1)",
                log,
            ),
            ("outcomes", "at < ?1 AND (intent IS NULL OR intent NOT IN (SELECT id FROM intents))", log),
            ("sequences", "ended_at < ?1 AND id NOT IN (SELECT sequence FROM intents)", log),
        ];
        self.transact(|transaction| {
            let mut gone = 0;
            for (table, condition, before) in steps {
                let sql = format!(
                    "DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE {condition} ORDER BY rowid LIMIT ?2)"
                );
                gone += transaction.execute(&sql, params![before, BATCH])?;
            }
            Ok(gone + unused(transaction)?)
        })
    }
}

/// Forgets texts and revisions that no tick rests on any more.
fn unused(connection: &rusqlite::Connection) -> Result<usize, JournalError> {
    let bodies = connection.execute(
        "DELETE FROM bodies WHERE id IN (SELECT id FROM bodies WHERE id NOT IN
           (SELECT memory FROM ticks UNION SELECT situation FROM ticks UNION SELECT decision FROM ticks) LIMIT ?1)",
        [BATCH],
    )?;
    let revisions = connection.execute(
        "DELETE FROM revisions WHERE revision NOT IN (SELECT revision FROM ticks)
           AND first_seen < (SELECT MAX(first_seen) FROM revisions r WHERE r.site = revisions.site)",
        [],
    )?;
    Ok(bodies + revisions)
}
