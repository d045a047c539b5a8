//! What the device was proved to hold, what it held before us, and what someone else made of it.

use rusqlite::{Connection, OptionalExtension, params};

use super::shape::{instant, nanos, object, settings_json, settings_parsed};
use super::{Journal, JournalError, LogKind, log, seal};
use crate::device::{Object, Schedule, Settings, Store};
use crate::time::Instant;

/// The note under which the store stands through which a site is written.
const STORE: &str = "store";

/// What stands there instead once the device holds again what it held before.
const RELEASED: &str = "none";

/// The content of an object at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleRecord {
    /// What it held.
    pub settings: Settings,
    /// When that was read.
    pub at: Instant,
}

/// A difference from what was proved, as it was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DriftRecord {
    /// When it was first seen.
    pub since: Instant,
    /// What was last proved there.
    pub from: Settings,
    /// What was found.
    pub to: Settings,
    /// When the owner took note of it by `apply` or `resume`.
    pub acknowledged_at: Option<Instant>,
}

/// A row of `schedules`.
pub(super) struct Row {
    pub(super) site: String,
    pub(super) held: ScheduleRecord,
}

impl Journal {
    /// Journals what was read back from an object after a write or as the basis of one.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn prove(&self, site: &str, settings: &Settings, at: Instant) -> Result<(), JournalError> {
        self.durably(|transaction| {
            let (text, at) = (settings_json(settings)?, nanos(at));
            put(transaction, "INSERT OR REPLACE", site, "proven", settings.object(), at, &text)
        })
    }

    /// What was last proved at an object, if anything.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn proven(&self, site: &str, object: Object) -> Result<Option<ScheduleRecord>, JournalError> {
        one(&self.connection, site, "proven", object)
    }

    /// Journals what the device held before the first write ever made to it, and through which store it is written. Only the
    /// first call for a site does anything; says whether this was it. Where that store was released since and the schedule is
    /// another one's, it is the first again: what was known of the other store is forgotten.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn keep_original(&self, site: &str, schedule: &Schedule, at: Instant) -> Result<bool, JournalError> {
        self.durably(|transaction| {
            let known = original(transaction, site)?.map(|(known, _)| known.store());
            record_store(transaction, site, schedule.store().word(), at)?;
            if known == Some(schedule.store()) {
                return Ok(false);
            }
            if known.is_some() {
                transaction.execute("DELETE FROM schedules WHERE site = ?1", params![site])?;
                transaction.execute("DELETE FROM drifts WHERE site = ?1", params![site])?;
            }
            for settings in schedule.contents() {
                let text = settings_json(&settings)?;
                put(transaction, "INSERT OR IGNORE", site, "original", settings.object(), nanos(at), &text)?;
            }
            Ok(true)
        })
    }

    /// What the device held before the first write ever made to it, and when that was read.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn original(&self, site: &str) -> Result<Option<(Schedule, Instant)>, JournalError> {
        original(&self.connection, site)
    }

    /// The store through which a site was written; `None` if it never was, or was released since.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn store(&self, site: &str) -> Result<Option<Store>, JournalError> {
        match self.note(site, STORE)? {
            Some((_, word)) if word == RELEASED => Ok(None),
            Some((_, word)) => {
                Store::named(&word).map(Some).ok_or_else(|| JournalError::Damaged(format!("the store of {site}")))
            }
            // Before stores were recorded, what was there before the first write told which one it was.
            None => Ok(self.original(site)?.map(|(schedule, _)| schedule.store())),
        }
    }

    /// Journals that the device holds again what it held before the first write: another store may be chosen.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn release_store(&self, site: &str, at: Instant) -> Result<(), JournalError> {
        self.durably(|transaction| record_store(transaction, site, RELEASED, at))
    }

    /// Journals that someone else changed an object; says whether that is news.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn note_drift(&self, site: &str, from: &Settings, to: &Settings, now: Instant) -> Result<bool, JournalError> {
        self.durably(|transaction| {
            let known = drift(transaction, site, to.object())?;
            if known.is_some_and(|known| known.to.same_meaning(to)) {
                return Ok(false);
            }
            transaction.execute(
                "INSERT OR REPLACE INTO drifts (site, object, since, before, after) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![site, to.object().word(), nanos(now), settings_json(from)?, settings_json(to)?],
            )?;
            let text = format!("changed by someone else: {from} → {to}");
            log::append(transaction, site, now, LogKind::Drift, Some(to.object()), &text)?;
            Ok(true)
        })
    }

    /// The drift of an object, acknowledged or not; `None` once it is cleared.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn drift(&self, site: &str, object: Object) -> Result<Option<DriftRecord>, JournalError> {
        drift(&self.connection, site, object)
    }

    /// Forgets the drift of an object: it is as proved again, or what was found there has become the basis of our writes.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn clear_drift(&self, site: &str, object: Object) -> Result<(), JournalError> {
        self.connection.execute("DELETE FROM drifts WHERE site = ?1 AND object = ?2", params![site, object.word()])?;
        Ok(())
    }
}

fn record_store(connection: &Connection, site: &str, word: &str, at: Instant) -> Result<(), JournalError> {
    let sql = "INSERT OR REPLACE INTO notes (site, key, at, value) VALUES (?1, ?2, ?3, ?4)";
    connection.execute(sql, params![site, STORE, nanos(at), word])?;
    Ok(())
}

/// Reads every row, of whatever role, and so checks it.
pub(super) fn verify(connection: &Connection) -> Result<(), JournalError> {
    rows(connection, "TRUE")?.into_iter().try_for_each(|row| row.map(drop))
}

/// The originals, each sound or damaged.
pub(super) fn originals(connection: &Connection) -> Result<Vec<Result<Row, JournalError>>, JournalError> {
    rows(connection, "role = 'original'")
}

fn rows(connection: &Connection, condition: &str) -> Result<Vec<Result<Row, JournalError>>, JournalError> {
    let sql = format!("SELECT site, role, object, at, settings, seal FROM schedules WHERE {condition}");
    let mut statement = connection.prepare(&sql)?;
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        rows.push(sound(row));
    }
    Ok(rows)
}

/// Puts back an original that was saved from a damaged file.
pub(super) fn put_original(connection: &Connection, row: &Row) -> Result<(), JournalError> {
    let (settings, at) = (row.held.settings, nanos(row.held.at));
    put(connection, "INSERT OR IGNORE", &row.site, "original", settings.object(), at, &settings_json(&settings)?)
}

fn put(
    connection: &Connection,
    verb: &str,
    site: &str,
    role: &str,
    object: Object,
    at: i64,
    settings: &str,
) -> Result<(), JournalError> {
    let sql = format!("{verb} INTO schedules (site, role, object, at, settings, seal) VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
    let seal = seal::seal(&[site, role, object.word(), &at.to_string(), settings]);
    connection.execute(&sql, params![site, role, object.word(), at, settings, seal])?;
    Ok(())
}

fn sound(row: &rusqlite::Row<'_>) -> Result<Row, JournalError> {
    let (site, role, word): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (at, settings, found): (i64, String, String) = (row.get(3)?, row.get(4)?, row.get(5)?);
    let what = format!("the {role} schedule of {site}");
    seal::check(&found, &[&site, &role, &word, &at.to_string(), &settings], &what)?;
    let settings = settings_parsed(&settings, &what)?;
    if object(&word) != Some(settings.object()) {
        return Err(JournalError::Damaged(what));
    }
    Ok(Row { site, held: ScheduleRecord { settings, at: instant(at) } })
}

fn one(
    connection: &Connection,
    site: &str,
    role: &str,
    object: Object,
) -> Result<Option<ScheduleRecord>, JournalError> {
    let sql =
        "SELECT site, role, object, at, settings, seal FROM schedules WHERE site = ?1 AND role = ?2 AND object = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    let row = statement.query_row(params![site, role, object.word()], |row| Ok(sound(row))).optional()?;
    row.transpose().map(|row| row.map(|row| row.held))
}

fn original(connection: &Connection, site: &str) -> Result<Option<(Schedule, Instant)>, JournalError> {
    let kept = Object::ALL.map(|object| one(connection, site, "original", object));
    let kept: Vec<ScheduleRecord> = kept.into_iter().filter_map(Result::transpose).collect::<Result<_, _>>()?;
    let read_at = kept.iter().map(|record| record.at).max();
    let contents: Vec<Settings> = kept.iter().map(|record| record.settings).collect();
    Ok(Schedule::of(&contents).zip(read_at))
}

fn drift(connection: &Connection, site: &str, object: Object) -> Result<Option<DriftRecord>, JournalError> {
    let sql = "SELECT since, before, after, acknowledged_at FROM drifts WHERE site = ?1 AND object = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let columns = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    let found: Option<(i64, String, String, Option<i64>)> =
        statement.query_row(params![site, object.word()], columns).optional()?;
    let Some((since, before, after, acknowledged_at)) = found else { return Ok(None) };
    Ok(Some(DriftRecord {
        since: instant(since),
        from: settings_parsed(&before, "a drift")?,
        to: settings_parsed(&after, "a drift")?,
        acknowledged_at: acknowledged_at.map(instant),
    }))
}
