//! Intents before writes, and what became of them.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::shape::{ScheduleShape, StepShape, instant, json, kind, nanos, object, outcome, parsed};
use super::shape::{settings_json, settings_parsed};
use super::{Journal, JournalError, LogKind, log, seal};
use crate::device::{Attempt, Object, Outcome, Sequence, Settings, Step};
use crate::time::Instant;

/// The most intents of one sequence that are read back: no sequence makes more.
const MAX_ATTEMPTS: usize = 100;

/// A sequence that was begun and not ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The sequence.
    pub sequence: Sequence,
    /// When its first intent was journaled.
    pub begun_at: Instant,
    /// What was tried, in the order of the intents.
    pub attempts: Vec<Attempt>,
}

/// What has been written to an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WritesUsed {
    /// Intents of the asked-for span. Each may have reached the vendor.
    pub count: u32,
    /// When the last intent was journaled, in or before the span.
    pub last: Option<Instant>,
    /// When the last intent of a grant was journaled, in or before the span.
    pub last_grant: Option<Instant>,
    /// When the vendor last refused a write, in or before the span.
    pub last_refused: Option<Instant>,
}

/// One intent and all that became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WriteRecord {
    /// The intent's number.
    pub id: i64,
    /// The sequence's number.
    pub sequence: i64,
    /// Which step of the sequence, counted from 0.
    pub step: usize,
    /// When it was intended.
    pub at: Instant,
    /// What was to be written, and whether that takes more grip or less.
    pub write: Step,
    /// What the object held before.
    pub before: Settings,
    /// Why.
    pub reason: String,
    /// When what became known of it, and in which words, oldest first.
    pub outcomes: Vec<(Instant, Outcome, String)>,
}

impl Journal {
    /// A number for a new sequence.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn next_sequence(&self) -> Result<i64, JournalError> {
        let sql = "SELECT COALESCE(MAX(id), 0) + 1 FROM sequences";
        Ok(self.connection.query_row(sql, [], |row| row.get(0))?)
    }

    /// Journals that a step of a sequence is about to be sent, and with the first such intent the sequence itself, which
    /// takes the place of any other that has not ended. When this returns the intent's number, the intent is on the disk; before that nothing may be granted.
    ///
    /// # Errors
    /// The journal cannot be written, or the sequence has no such step.
    pub fn record_intent(
        &self,
        site: &str,
        sequence: &Sequence,
        step: usize,
        at: Instant,
    ) -> Result<i64, JournalError> {
        let no_step = || JournalError::Damaged(format!("sequence {}", sequence.id));
        let write = *sequence.steps.get(step).ok_or_else(no_step)?;
        let before = sequence.before_step(step).ok_or_else(no_step)?;
        let id = self.durably(|transaction| {
            put_sequence(transaction, site, sequence, at)?;
            let id = last_id(transaction)? + 1;
            put_intent(transaction, id, site, sequence, (step, write, before), at)?;
            let text = format!("{} intended: {} → {} ({})", write.kind.word(), before, write.settings, sequence.reason);
            log::append(transaction, site, at, LogKind::Intent, Some(write.settings.object()), &text)?;
            Ok(id)
        })?;
        self.remark()?;
        Ok(id)
    }

    /// Journals what became of a write. `intent` is `None` for a withdrawal that went out though its intent could not be
    /// journaled. `text` is for people: what the vendor said, what was read.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn record_outcome(
        &self,
        site: &str,
        intent: Option<i64>,
        object: Object,
        at: Instant,
        outcome: Outcome,
        text: &str,
    ) -> Result<(), JournalError> {
        let text = log::bounded(text);
        self.durably(|transaction| {
            put_outcome(transaction, site, intent, object, at, outcome, &text)?;
            let line =
                if text.is_empty() { outcome.words().to_owned() } else { format!("{}: {text}", outcome.words()) };
            log::append(transaction, site, at, LogKind::Outcome, Some(object), &line)
        })
    }

    /// Journals that a sequence needs nothing more, and how it ended.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn end_sequence(&self, site: &str, id: i64, at: Instant, how: &str) -> Result<(), JournalError> {
        self.durably(|transaction| end(transaction, "id = ?2", (site, id), at, how))
    }

    /// The newest sequence that was begun and not ended: what a restart has to take up first.
    ///
    /// # Errors
    /// The journal cannot be read, or the sequence is damaged.
    pub fn unfinished(&self, site: &str) -> Result<Option<Unfinished>, JournalError> {
        let sql = format!("{SEQUENCE} WHERE site = ?1 AND ended_at IS NULL ORDER BY id DESC LIMIT 1");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let Some(found) = statement.query_row([site], |row| Ok(sequence(row))).optional()? else { return Ok(None) };
        let (sequence, begun_at) = found?;
        let of = format!("{INTENT} WHERE site = ?1 AND sequence = ?2 ORDER BY id LIMIT {MAX_ATTEMPTS}");
        let writes = writes(&self.connection, &of, params![site, sequence.id])?;
        let attempts = writes.iter().map(attempt).collect();
        Ok(Some(Unfinished { sequence, begun_at, attempts }))
    }

    /// What has been written to an object within a local day, which the caller gives as its two ends, and when the last
    /// writes were.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn writes_used(
        &self,
        site: &str,
        object: Object,
        from: Instant,
        until: Instant,
    ) -> Result<WritesUsed, JournalError> {
        let intents = "FROM intents WHERE site = ?1 AND object = ?2";
        let sql = format!(
            "SELECT (SELECT COUNT(*) {intents} AND at >= ?3 AND at < ?4),
                    (SELECT MAX(at) {intents} AND at < ?4),
                    (SELECT MAX(at) {intents} AND at < ?4 AND kind = 'grant'),
                    (SELECT MAX(at) FROM outcomes WHERE site = ?1 AND object = ?2 AND at < ?4 AND outcome = 'refused')"
        );
        let last = |at: Option<i64>| at.map(instant);
        let used = |row: &Row<'_>| {
            Ok(WritesUsed {
                count: row.get(0)?,
                last: last(row.get(1)?),
                last_grant: last(row.get(2)?),
                last_refused: last(row.get(3)?),
            })
        };
        let mut statement = self.connection.prepare_cached(&sql)?;
        Ok(statement.query_row(params![site, object.word(), nanos(from), nanos(until)], used)?)
    }

    /// The newest intents with all that became of them, newest first, at most `limit`.
    ///
    /// # Errors
    /// The journal cannot be read, or a record is damaged.
    pub fn writes(&self, site: &str, limit: u32) -> Result<Vec<WriteRecord>, JournalError> {
        let sql = format!("{INTENT} WHERE site = ?1 ORDER BY id DESC LIMIT ?2");
        writes(&self.connection, &sql, params![site, limit])
    }
}

const SEQUENCE: &str = "SELECT id, site, begun_at, reason, before, steps, ended_at, ended, seal FROM sequences";
const INTENT: &str = "SELECT id, site, sequence, step, at, object, kind, payload, before, reason, seal FROM intents";
const OUTCOME: &str = "SELECT intent, site, at, object, outcome, text, seal FROM outcomes";

/// The number of the newest intent there ever was, pruned or not.
pub(super) fn last_id(connection: &Connection) -> Result<i64, JournalError> {
    let sql = "SELECT MAX(COALESCE((SELECT MAX(id) FROM intents), 0),
                          COALESCE((SELECT MAX(seq) FROM sqlite_sequence WHERE name = 'intents'), 0))";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// Makes the next intent's number larger than this one.
pub(super) fn skip_to(connection: &Connection, id: i64) -> Result<(), JournalError> {
    if last_id(connection)? < id {
        connection.execute("DELETE FROM sqlite_sequence WHERE name = 'intents'", [])?;
        connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('intents', ?1)", [id])?;
    }
    Ok(())
}

/// Reads every row of the three tables, and so checks it; and that no intent is missing between the others.
pub(super) fn verify(connection: &Connection) -> Result<(), JournalError> {
    let mut statement = connection.prepare(SEQUENCE)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        sequence(row)?;
    }
    let mut statement = connection.prepare(OUTCOME)?;
    let mut found = statement.query([])?;
    while let Some(row) = found.next()? {
        outcome_row(row)?;
    }
    let writes = writes(connection, &format!("{INTENT} ORDER BY id"), [])?;
    let mut known = connection.prepare("SELECT 1 FROM losses WHERE intents = ?1")?;
    for (one, next) in writes.iter().zip(writes.iter().skip(1)) {
        if next.id != one.id + 1 && !known.exists([next.id - 1])? {
            return Err(JournalError::Damaged("the list of intents".to_owned()));
        }
    }
    Ok(())
}

/// A row of `sequences`.
struct SequenceColumns {
    id: i64,
    site: String,
    begun_at: i64,
    reason: String,
    before: String,
    steps: String,
    ended: Option<(i64, String)>,
}

impl SequenceColumns {
    fn seal(&self) -> String {
        let (at, how) = self.ended.as_ref().map_or((String::new(), ""), |(at, how)| (at.to_string(), how));
        let (id, begun_at) = (self.id.to_string(), self.begun_at.to_string());
        seal::seal(&[&id, &self.site, &begun_at, &self.reason, &self.before, &self.steps, &at, how])
    }

    fn put(&self, connection: &Connection) -> Result<(), JournalError> {
        let (at, how) = self.ended.as_ref().map_or((None, None), |(at, how)| (Some(at), Some(how)));
        connection.execute(
            "INSERT OR REPLACE INTO sequences (id, site, begun_at, reason, before, steps, ended_at, ended, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            params![self.id, self.site, self.begun_at, self.reason, self.before, self.steps, at, how, self.seal()],
        )?;
        Ok(())
    }
}

fn put_sequence(connection: &Connection, site: &str, sequence: &Sequence, at: Instant) -> Result<(), JournalError> {
    let known = "SELECT 1 FROM sequences WHERE site = ?1 AND id = ?2";
    if connection.prepare_cached(known)?.exists(params![site, sequence.id])? {
        return Ok(());
    }
    end(connection, "id <> ?2", (site, sequence.id), at, "another took its place")?;
    let columns = SequenceColumns {
        id: sequence.id,
        site: site.to_owned(),
        begun_at: nanos(at),
        reason: log::bounded(&sequence.reason),
        before: json(&ScheduleShape::from(&sequence.before))?,
        steps: json(&sequence.steps.iter().map(StepShape::from).collect::<Vec<StepShape>>())?,
        ended: None,
    };
    columns.put(connection)
}

/// Ends the open sequences of a site whose number passes the condition.
fn end(
    connection: &Connection,
    condition: &str,
    (site, id): (&str, i64),
    at: Instant,
    how: &str,
) -> Result<(), JournalError> {
    let sql = format!("{SEQUENCE} WHERE site = ?1 AND {condition} AND ended_at IS NULL");
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map(params![site, id], |row| Ok(sequence_columns(row)))?;
    let open = rows.collect::<Result<Vec<Result<SequenceColumns, JournalError>>, rusqlite::Error>>()?;
    for columns in open {
        let ended = Some((nanos(at), log::bounded(how)));
        SequenceColumns { ended, ..columns? }.put(connection)?;
    }
    Ok(())
}

fn put_intent(
    connection: &Connection,
    id: i64,
    site: &str,
    sequence: &Sequence,
    (step, write, before): (usize, Step, Settings),
    at: Instant,
) -> Result<(), JournalError> {
    let (number, step) = (sequence.id.to_string(), i64::try_from(step).unwrap_or(i64::MAX));
    let (object, kind) = (write.settings.object().word(), write.kind.word());
    let (payload, before) = (settings_json(&write.settings)?, settings_json(&before)?);
    let (reason, at) = (log::bounded(&sequence.reason), nanos(at));
    let (id_text, step_text, at_text) = (id.to_string(), step.to_string(), at.to_string());
    let seal = seal::seal(&[&id_text, site, &number, &step_text, &at_text, object, kind, &payload, &before, &reason]);
    connection.execute(
        "INSERT INTO intents (id, site, sequence, step, at, object, kind, payload, before, reason, seal)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        params![id, site, sequence.id, step, at, object, kind, payload, before, reason, seal],
    )?;
    Ok(())
}

fn put_outcome(
    connection: &Connection,
    site: &str,
    intent: Option<i64>,
    object: Object,
    at: Instant,
    outcome: Outcome,
    text: &str,
) -> Result<(), JournalError> {
    let (number, at) = (intent.unwrap_or_default().to_string(), nanos(at));
    let seal = seal::seal(&[&number, site, &at.to_string(), object.word(), outcome.words(), text]);
    connection.execute(
        "INSERT INTO outcomes (intent, site, at, object, outcome, text, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![intent, site, at, object.word(), outcome.words(), text, seal],
    )?;
    Ok(())
}

fn sequence_columns(row: &Row<'_>) -> Result<SequenceColumns, JournalError> {
    let (ended_at, how): (Option<i64>, Option<String>) = (row.get(6)?, row.get(7)?);
    let columns = SequenceColumns {
        id: row.get(0)?,
        site: row.get(1)?,
        begun_at: row.get(2)?,
        reason: row.get(3)?,
        before: row.get(4)?,
        steps: row.get(5)?,
        ended: ended_at.zip(how),
    };
    let sound = columns.seal() == row.get::<_, String>(8)?;
    if sound { Ok(columns) } else { Err(JournalError::Damaged(format!("sequence {}", columns.id))) }
}

fn sequence(row: &Row<'_>) -> Result<(Sequence, Instant), JournalError> {
    let columns = sequence_columns(row)?;
    let what = format!("sequence {}", columns.id);
    let damaged = || JournalError::Damaged(what.clone());
    let before = parsed::<ScheduleShape>(&columns.before, &what)?.schedule().ok_or_else(damaged)?;
    let shapes: Vec<StepShape> = parsed(&columns.steps, &what)?;
    let steps = shapes.into_iter().map(StepShape::step).collect::<Option<Vec<Step>>>().ok_or_else(damaged)?;
    Ok((Sequence { id: columns.id, reason: columns.reason, before, steps }, instant(columns.begun_at)))
}

fn intent(row: &Row<'_>) -> Result<WriteRecord, JournalError> {
    let (id, site, sequence): (i64, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (step, at): (i64, i64) = (row.get(3)?, row.get(4)?);
    let (object_word, kind_word): (String, String) = (row.get(5)?, row.get(6)?);
    let (payload, before, reason): (String, String, String) = (row.get(7)?, row.get(8)?, row.get(9)?);
    let what = format!("intent {id}");
    let numbers = [id, sequence, step, at].map(|number| number.to_string());
    let [id_text, sequence_text, step_text, at_text] = &numbers;
    let columns =
        [id_text, &site, sequence_text, step_text, at_text, &object_word, &kind_word, &payload, &before, &reason];
    seal::check(&row.get::<_, String>(10)?, &columns.map(String::as_str), &what)?;
    let settings = settings_parsed(&payload, &what)?;
    let kind = kind(&kind_word).ok_or_else(|| JournalError::Damaged(what.clone()))?;
    let step = usize::try_from(step).map_err(|_| JournalError::Damaged(what.clone()))?;
    let (write, before) = (Step { settings, kind }, settings_parsed(&before, &what)?);
    Ok(WriteRecord { id, sequence, step, at: instant(at), write, before, reason, outcomes: Vec::new() })
}

fn outcome_row(row: &Row<'_>) -> Result<(Instant, Outcome, String), JournalError> {
    let (intent, site, at): (Option<i64>, String, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (object_word, words, text): (String, String, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
    let number = intent.unwrap_or_default().to_string();
    let what = format!("an outcome of intent {number}");
    let columns = [number.as_str(), &site, &at.to_string(), &object_word, &words, &text].map(str::to_owned);
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    seal::check(&row.get::<_, String>(6)?, &columns, &what)?;
    let known = outcome(&words).filter(|_| object(&object_word).is_some());
    Ok((instant(at), known.ok_or(JournalError::Damaged(what))?, text))
}

/// Intents with their outcomes.
fn writes(
    connection: &Connection,
    sql: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<WriteRecord>, JournalError> {
    let mut statement = connection.prepare(sql)?;
    let mut found = statement.query(parameters)?;
    let mut outcomes = connection.prepare(&format!("{OUTCOME} WHERE intent = ?1 ORDER BY id"))?;
    let mut writes = Vec::new();
    while let Some(row) = found.next()? {
        let mut write = intent(row)?;
        let mut rows = outcomes.query([write.id])?;
        while let Some(row) = rows.next()? {
            write.outcomes.push(outcome_row(row)?);
        }
        writes.push(write);
    }
    Ok(writes)
}

/// What recovery needs to know of an intent: the last word on the exchange, not on its effect.
fn attempt(write: &WriteRecord) -> Attempt {
    let effect =
        |outcome: &Outcome| matches!(outcome, Outcome::Effective | Outcome::NotEffective | Outcome::NotObservable);
    let mut known = write.outcomes.iter().rev().map(|(_, outcome, _)| *outcome);
    Attempt { step: write.step, at: write.at, outcome: known.find(|outcome| !effect(outcome)) }
}
