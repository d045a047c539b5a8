//! Ticks: what was decided, and everything that it rested on, so that it can be decided again to the byte.

use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use super::memory::within;
use super::shape::{DecisionShape, ScheduleShape, SlotShape, Stamps, Values};
use super::shape::{columns, instant, json, nanos, parsed, series, slots, snapshot};
use super::{Journal, JournalError, LogKind, log, seal};
use crate::device::{PerObject, Schedule};
use crate::engine::{Decision, Source};
use crate::snapshot::Snapshot;
use crate::tariff::Prices;
use crate::time::Instant;

/// The longest text of a policy with all its files, in bytes.
const MAX_REVISION: usize = 4 << 20;

/// One tick of one site.
#[derive(Clone, Debug, PartialEq)]
pub struct TickRecord {
    /// The now of the tick.
    pub at: Instant,
    /// The policy's revision; its text is kept by [`Journal::record_revision`].
    pub revision: String,
    /// What was read, when each value was taken, and what was thought of it.
    pub readings: Snapshot,
    /// The prices that were known, as far as they do not follow from the policy.
    pub prices: Prices,
    /// What the engine remembered before the tick, as JSON.
    pub memory: String,
    /// The manual command in force: the action in the policy's words, and its end.
    pub manual: Option<(String, Instant)>,
    /// The device's schedule as it was known.
    pub schedule: Option<Schedule>,
    /// The writes already used that day: of the charge object, of the discharge object.
    pub writes_used: PerObject<u32>,
    /// Whatever else the tick rested on, as JSON: the outlook, targets that were fixed before.
    pub context: String,
    /// What was decided.
    pub decision: Decision,
    /// The name of the rule that won, if one did.
    pub rule: Option<String>,
}

/// One revision of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionRecord {
    /// SHA-256 of its text in hex.
    pub revision: String,
    /// The site.
    pub site: String,
    /// The file's name as it was given.
    pub file: String,
    /// When it was first in force.
    pub first_seen: Instant,
    /// The whole text, with those of the files that it includes.
    pub text: String,
}

/// What a tick rested on that seldom changes.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Situation {
    import: Vec<SlotShape>,
    export: Vec<SlotShape>,
    manual: Option<(String, i64)>,
    schedule: Option<ScheduleShape>,
    writes_used: [u32; 2],
    #[serde(default, skip_serializing_if = "is_zero")]
    windows_used: u32,
    context: String,
}

/// What was decided, with the winner's name.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Verdict {
    decision: DecisionShape,
    rule: Option<String>,
}

impl Journal {
    /// Keeps the text of a revision of a policy, once.
    ///
    /// # Errors
    /// The journal cannot be written, or the text is too long.
    pub fn record_revision(
        &self,
        site: &str,
        file: &str,
        revision: &str,
        text: &str,
        now: Instant,
    ) -> Result<(), JournalError> {
        if text.len() > MAX_REVISION {
            return Err(JournalError::TooLong { what: "the policy", limit: MAX_REVISION });
        }
        self.transact(|transaction| {
            let sql =
                "INSERT OR IGNORE INTO revisions (revision, site, file, first_seen, text) VALUES (?1, ?2, ?3, ?4, ?5)";
            if transaction.execute(sql, params![revision, site, file, nanos(now), text])? > 0 {
                let short: String = revision.chars().take(12).collect();
                log::append(
                    transaction,
                    site,
                    now,
                    LogKind::Service,
                    None,
                    &format!("policy {file}, revision {short}"),
                )?;
            }
            Ok(())
        })
    }

    /// A revision of a policy, if it is still kept. Its text is checked against its digest.
    ///
    /// # Errors
    /// The journal cannot be read, or the text is damaged.
    pub fn revision(&self, revision: &str) -> Result<Option<RevisionRecord>, JournalError> {
        let sql = "SELECT revision, site, file, first_seen, text FROM revisions WHERE revision = ?1";
        let record = |row: &Row<'_>| {
            Ok(RevisionRecord {
                revision: row.get(0)?,
                site: row.get(1)?,
                file: row.get(2)?,
                first_seen: instant(row.get(3)?),
                text: row.get(4)?,
            })
        };
        let found = self.connection.prepare_cached(sql)?.query_row([revision], record).optional()?;
        match found {
            Some(found) if seal::digest(&found.text) != found.revision => {
                Err(JournalError::Damaged(format!("revision {revision}")))
            }
            found => Ok(found),
        }
    }

    /// Journals a tick. What is the same as at the tick before is stored once.
    ///
    /// # Errors
    /// The journal cannot be written, or a text is too long.
    pub fn record_tick(&self, site: &str, tick: &TickRecord) -> Result<(), JournalError> {
        within(&tick.memory, "what is remembered")?;
        within(&tick.context, "what the tick rests on")?;
        self.transact(|transaction| {
            let readings = put_readings(transaction, site, tick)?;
            let memory = put_body(transaction, &tick.memory)?;
            let situation = put_body(transaction, &json(&situation(tick))?)?;
            let verdict = Verdict { decision: DecisionShape::from(&tick.decision), rule: tick.rule.clone() };
            let decision = put_body(transaction, &json(&verdict)?)?;
            log_change(transaction, site, tick, decision)?;
            put_tick(transaction, site, tick, [readings, memory, situation, decision])
        })
    }

    /// The last tick of a site at or before an instant, if one is still kept.
    ///
    /// # Errors
    /// The journal cannot be read, or the record is damaged.
    pub fn decision_at(&self, site: &str, at: Instant) -> Result<Option<TickRecord>, JournalError> {
        let sql = format!("{TICK} WHERE site = ?1 AND at <= ?2 ORDER BY at DESC, id DESC LIMIT 1");
        self.one_tick(&sql, params![site, nanos(at)])
    }

    /// The first tick of a site after an instant, if there is one: how a replay walks through the journal.
    ///
    /// # Errors
    /// The journal cannot be read, or the record is damaged.
    pub fn decision_after(&self, site: &str, at: Instant) -> Result<Option<TickRecord>, JournalError> {
        let sql = format!("{TICK} WHERE site = ?1 AND at > ?2 ORDER BY at, id LIMIT 1");
        self.one_tick(&sql, params![site, nanos(at)])
    }

    /// The readings of a site within a span and when they were read, oldest first: at most `limit`, the newest.
    ///
    /// # Errors
    /// The journal cannot be read, or a record is damaged.
    pub fn readings(
        &self,
        site: &str,
        from: Instant,
        until: Instant,
        limit: u32,
    ) -> Result<Vec<(Instant, Snapshot)>, JournalError> {
        let sql = format!("{READINGS} WHERE site = ?1 AND at >= ?2 AND at < ?3 ORDER BY at DESC, id DESC LIMIT ?4");
        let mut statement = self.connection.prepare_cached(&sql)?;
        let mut rows = statement.query(params![site, nanos(from), nanos(until), limit])?;
        let mut readings = Vec::new();
        while let Some(row) = rows.next()? {
            readings.push(readings_row(row)?);
        }
        readings.reverse();
        Ok(readings)
    }

    fn one_tick(&self, sql: &str, parameters: impl rusqlite::Params) -> Result<Option<TickRecord>, JournalError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let found = statement.query_row(parameters, |row| Ok(tick_row(&self.connection, row))).optional()?;
        found.transpose()
    }
}

const READINGS: &str = "SELECT site, at, soc, load, solar, battery, grid, ev, stamps, seal FROM readings";
const TICK: &str = "SELECT site, at, revision, readings, memory, situation, decision, seal FROM ticks";

/// The row of these readings: the one of the tick before if nothing has changed since.
fn put_readings(connection: &Connection, site: &str, tick: &TickRecord) -> Result<i64, JournalError> {
    let (values, stamps) = columns(&tick.readings);
    let stamps = json(&stamps)?;
    let last = "SELECT id, soc, load, solar, battery, grid, ev, stamps FROM readings WHERE site = ?1
                ORDER BY at DESC, id DESC LIMIT 1";
    let known = |row: &Row<'_>| Ok((row.get::<_, i64>(0)?, six(row, 1)?, row.get::<_, String>(7)?));
    let last = connection.prepare_cached(last)?.query_row([site], known).optional()?;
    if let Some((id, _, _)) = last.filter(|(_, before, then)| *before == values && *then == stamps) {
        return Ok(id);
    }
    let at = nanos(tick.at);
    let [soc, load, solar, battery, grid, ev] = values;
    let seal = seal::seal(&[site, &at.to_string(), &json(&values)?, &stamps]);
    let sql = "INSERT INTO readings (site, at, soc, load, solar, battery, grid, ev, stamps, seal)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    connection.prepare_cached(sql)?.execute(params![site, at, soc, load, solar, battery, grid, ev, stamps, seal])?;
    Ok(connection.last_insert_rowid())
}

/// The row of a text, which many ticks may share.
fn put_body(connection: &Connection, text: &str) -> Result<i64, JournalError> {
    let digest = seal::digest(text);
    let known = connection.prepare_cached("SELECT id FROM bodies WHERE digest = ?1")?;
    let mut known = known;
    if let Some(id) = known.query_row([&digest], |row| row.get(0)).optional()? {
        return Ok(id);
    }
    connection.prepare_cached("INSERT INTO bodies (digest, text) VALUES (?1, ?2)")?.execute(params![digest, text])?;
    Ok(connection.last_insert_rowid())
}

fn put_tick(connection: &Connection, site: &str, tick: &TickRecord, rows: [i64; 4]) -> Result<(), JournalError> {
    let at = nanos(tick.at);
    let [readings, memory, situation, decision] = rows;
    let seal = tick_seal(site, at, &tick.revision, rows);
    let sql = "INSERT INTO ticks (site, at, revision, readings, memory, situation, decision, seal)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    connection.prepare_cached(sql)?.execute(params![
        site,
        at,
        tick.revision,
        readings,
        memory,
        situation,
        decision,
        seal
    ])?;
    Ok(())
}

fn tick_seal(site: &str, at: i64, revision: &str, rows: [i64; 4]) -> String {
    let [readings, memory, situation, decision] = rows.map(|row| row.to_string());
    seal::seal(&[site, &at.to_string(), revision, &readings, &memory, &situation, &decision])
}

/// A line in the log where the decision or the policy is another than at the tick before.
fn log_change(connection: &Connection, site: &str, tick: &TickRecord, decision: i64) -> Result<(), JournalError> {
    let last = "SELECT decision, revision FROM ticks WHERE site = ?1 AND at <= ?2 ORDER BY at DESC, id DESC LIMIT 1";
    let columns = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
    let before: Option<(i64, String)> =
        connection.prepare_cached(last)?.query_row(params![site, nanos(tick.at)], columns).optional()?;
    if before.is_some_and(|(before, revision)| before == decision && revision == tick.revision) {
        return Ok(());
    }
    let who = match (&tick.decision.source, &tick.rule) {
        (Source::Rule(_), Some(name)) => name.clone(),
        (Source::Rule(position), None) => format!("rule {}", position + 1),
        (Source::Otherwise, _) => "no rule matched".to_owned(),
        (Source::Override, _) => "override".to_owned(),
    };
    log::append(connection, site, tick.at, LogKind::Decision, None, &format!("{} ({who})", tick.decision.command))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(count: &u32) -> bool {
    *count == 0
}

fn situation(tick: &TickRecord) -> Situation {
    Situation {
        import: slots(&tick.prices.import),
        export: slots(&tick.prices.export),
        manual: tick.manual.as_ref().map(|(action, until)| (action.clone(), nanos(*until))),
        schedule: tick.schedule.as_ref().map(ScheduleShape::from),
        writes_used: [tick.writes_used.charge, tick.writes_used.discharge],
        windows_used: tick.writes_used.windows,
        context: tick.context.clone(),
    }
}

fn tick_row(connection: &Connection, row: &Row<'_>) -> Result<TickRecord, JournalError> {
    let (site, at, revision): (String, i64, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let rows: [i64; 4] = [row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?];
    let damaged = || JournalError::Damaged(format!("the tick of {}", instant(at)));
    if tick_seal(&site, at, &revision, rows) != row.get::<_, String>(7)? {
        return Err(damaged());
    }
    let [readings, memory, situation, decision] = rows;
    let sql = format!("{READINGS} WHERE id = ?1");
    let readings = connection.prepare_cached(&sql)?.query_row([readings], |row| Ok(readings_row(row)))?;
    let situation: Situation = parsed(&body(connection, situation)?, "a tick's situation")?;
    let verdict: Verdict = parsed(&body(connection, decision)?, "a decision")?;
    let import = series(situation.import).ok_or_else(damaged)?;
    let export = series(situation.export).ok_or_else(damaged)?;
    let [charge, discharge] = situation.writes_used;
    let schedule = situation.schedule.map(|shape| shape.schedule().ok_or_else(damaged)).transpose()?;
    Ok(TickRecord {
        at: instant(at),
        revision,
        readings: readings?.1,
        prices: Prices { import, export, ..Prices::default() },
        memory: body(connection, memory)?,
        manual: situation.manual.map(|(action, until)| (action, instant(until))),
        schedule,
        writes_used: PerObject { charge, discharge, windows: situation.windows_used },
        context: situation.context,
        decision: verdict.decision.decision().ok_or_else(damaged)?,
        rule: verdict.rule,
    })
}

/// The text of a row, checked against its digest.
fn body(connection: &Connection, id: i64) -> Result<String, JournalError> {
    let mut statement = connection.prepare_cached("SELECT digest, text FROM bodies WHERE id = ?1")?;
    let (digest, text): (String, String) = statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if seal::digest(&text) == digest {
        Ok(text)
    } else {
        Err(JournalError::Damaged("what a tick rested on".to_owned()))
    }
}

fn readings_row(row: &Row<'_>) -> Result<(Instant, Snapshot), JournalError> {
    let (site, at): (String, i64) = (row.get(0)?, row.get(1)?);
    let (values, stamps) = (six(row, 2)?, row.get::<_, String>(8)?);
    let what = format!("the readings of {}", instant(at));
    seal::check(&row.get::<_, String>(9)?, &[&site, &at.to_string(), &json(&values)?, &stamps], &what)?;
    let stamps: Stamps = parsed(&stamps, &what)?;
    Ok((instant(at), snapshot(values, &stamps).ok_or(JournalError::Damaged(what))?))
}

/// Six columns of readings, in the order of [`Signal::ALL`](crate::snapshot::Signal::ALL).
fn six(row: &Row<'_>, first: usize) -> rusqlite::Result<Values> {
    let column = |offset: usize| row.get(first + offset);
    Ok([column(0)?, column(1)?, column(2)?, column(3)?, column(4)?, column(5)?])
}
