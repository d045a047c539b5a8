//! What happened, line by line.

use rusqlite::{Connection, params};

use super::shape::{instant, nanos, object};
use super::{Journal, JournalError};
use crate::device::Object;
use crate::time::Instant;

/// The longest text of one line, in characters.
const MAX_TEXT: usize = 1000;

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogKind {
    /// Another decision than the one before, or another revision of the policy.
    Decision,
    /// A write was about to go out.
    Intent,
    /// Something became known of a write.
    Outcome,
    /// The owner gave a manual command, or took it back.
    Override,
    /// The owner took note of a drift, or ended an override.
    Resume,
    /// Someone else changed the schedule.
    Drift,
    /// An alarm began or ended.
    Alarm,
    /// What the service says of itself.
    Service,
}

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEntry {
    /// Where.
    pub site: String,
    /// When.
    pub at: Instant,
    /// What kind of thing.
    pub kind: LogKind,
    /// The object of the device's store that it is about, if any.
    pub object: Option<Object>,
    /// One line for people.
    pub text: String,
}

/// Which entries are asked for. An absent or empty part asks nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogFilter {
    /// Only of this site.
    pub site: Option<String>,
    /// Only from this instant on.
    pub from: Option<Instant>,
    /// Only before this instant.
    pub until: Option<Instant>,
    /// Only of these kinds.
    pub kinds: Vec<LogKind>,
}

impl Journal {
    /// The newest entries that pass the filter, oldest first, at most `limit`.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn log(&self, filter: &LogFilter, limit: u32) -> Result<Vec<LogEntry>, JournalError> {
        let kinds: Vec<&str> = filter.kinds.iter().map(|kind| kind.word()).collect();
        let mut statement = self.connection.prepare_cached(
            "SELECT site, at, kind, object, text FROM log
             WHERE (?1 IS NULL OR site = ?1) AND at >= ?2 AND at < ?3
               AND (?4 = '' OR instr(?4, ',' || kind || ',') > 0)
             ORDER BY at DESC, id DESC LIMIT ?5",
        )?;
        let wanted = if kinds.is_empty() { String::new() } else { format!(",{},", kinds.join(",")) };
        let (from, until) = (filter.from.map_or(i64::MIN, nanos), filter.until.map_or(i64::MAX, nanos));
        let mut rows = statement.query(params![filter.site, from, until, wanted, limit])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(entry(row)?);
        }
        entries.reverse();
        Ok(entries)
    }

    /// Journals what the service says of itself: started, stopped, a policy reloaded or refused.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn record_event(&self, site: &str, at: Instant, text: &str) -> Result<(), JournalError> {
        append(&self.connection, site, at, LogKind::Service, None, text)
    }
}

impl LogKind {
    /// Every kind.
    pub const ALL: [LogKind; 8] = [
        LogKind::Decision,
        LogKind::Intent,
        LogKind::Outcome,
        LogKind::Override,
        LogKind::Resume,
        LogKind::Drift,
        LogKind::Alarm,
        LogKind::Service,
    ];

    /// The word for it in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            LogKind::Decision => "decision",
            LogKind::Intent => "intent",
            LogKind::Outcome => "outcome",
            LogKind::Override => "override",
            LogKind::Resume => "resume",
            LogKind::Drift => "drift",
            LogKind::Alarm => "alarm",
            LogKind::Service => "service",
        }
    }
}

/// Adds a line.
pub(super) fn append(
    connection: &Connection,
    site: &str,
    at: Instant,
    kind: LogKind,
    about: Option<Object>,
    text: &str,
) -> Result<(), JournalError> {
    connection
        .prepare_cached("INSERT INTO log (site, at, kind, object, text) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![site, nanos(at), kind.word(), about.map(Object::word), bounded(text)])?;
    Ok(())
}

/// The text on one line, cut to what a line may hold.
pub(super) fn bounded(text: &str) -> String {
    let plain = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    plain.take(MAX_TEXT).collect()
}

fn entry(row: &rusqlite::Row<'_>) -> Result<LogEntry, JournalError> {
    let word: String = row.get(2)?;
    let kind = LogKind::ALL.into_iter().find(|kind| kind.word() == word);
    let about: Option<String> = row.get(3)?;
    Ok(LogEntry {
        site: row.get(0)?,
        at: instant(row.get(1)?),
        kind: kind.ok_or_else(|| JournalError::Damaged("a line of the log".to_owned()))?,
        object: about.as_deref().and_then(object),
        text: row.get(4)?,
    })
}
