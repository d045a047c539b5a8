//! The file: opened, checked, moved aside when it is damaged.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, Transaction, TransactionBehavior, params};

use super::mark::Mark;
use super::{JournalError, damage, intent, schedule, schema};
use crate::time::Instant;

/// How long one process waits for another's write to the journal.
const BUSY: Duration = Duration::from_secs(5);

/// The size in bytes to which the write-ahead log is cut back.
const WAL_LIMIT: i64 = 16 * 1024 * 1024;

/// How many prepared statements are kept: more than there are, so that none is prepared again at each tick.
const STATEMENTS: usize = 128;

/// The bytes of a database's head.
const HEAD: u64 = 100;

/// The file's name in the state folder.
pub(super) const FILE: &str = "journal.db";

/// The durable memory of one state folder. It may hold several sites.
///
/// What a write to the device rests on (intents, outcomes, what was proved, the original, the owner's commands) is on the disk
/// when its function returns. The rest survives a kill as well; a power cut may lose its last seconds.
///
/// A clone is the same journal over the same connection. The sites of one service share one: each of their functions ends
/// its transaction before it returns and nothing here waits for another task, so that no site ever meets another's lock, and a
/// thousand sites hold three open files.
#[derive(Clone, Debug)]
pub struct Journal {
    pub(super) connection: Rc<Connection>,
    pub(super) mark: Option<Rc<Mark>>,
}

/// That records were lost, so that nobody knows what was written to the device that day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    /// What happened, in one line.
    pub reason: String,
    /// When it was first asked for: grants wait for the local midnight after it.
    pub noted_at: Instant,
}

impl Journal {
    /// Opens the journal of a state folder, creating both if need be. Only the holder of the folder's
    /// [`StateLock`](super::StateLock) may: a damaged file is moved aside as `journal.damaged-<n>.db` and a new one begun,
    /// which [`Journal::loss`] then tells.
    ///
    /// # Errors
    /// The folder or the file cannot be used, or a newer program wrote it.
    pub fn open(dir: &Path) -> Result<Journal, JournalError> {
        std::fs::create_dir_all(dir).map_err(|source| JournalError::File { path: dir.to_path_buf(), source })?;
        let path = dir.join(FILE);
        let mark = Mark::of(dir);
        let known = mark.read();
        let missing = known.is_some() && std::fs::metadata(&path).map_or(true, |file| file.len() == 0);
        let opened = if missing { Err(JournalError::Damaged("the file".to_owned())) } else { checked(&path) };
        let (connection, reason) = match opened {
            Ok(connection) => {
                let reason = behind(&connection, known.unwrap_or_default())?;
                (connection, reason)
            }
            Err(error) if missing => (damage::begin_again(&path)?, Some(format!("{error}: it is gone"))),
            Err(error) if error.is_damage() => (damage::begin_again(&path)?, Some(error.to_string())),
            Err(error) => return Err(error),
        };
        let journal = Journal { connection: Rc::new(connection), mark: Some(Rc::new(mark)) };
        reason.map_or(Ok(()), |reason| journal.note_loss(&reason, known.unwrap_or_default()))?;
        journal.remark()?;
        Ok(journal)
    }

    /// Opens the journal beside a process that may hold the folder: for what is only journaled, and for keeping the pace of
    /// reads. Checks and repairs nothing.
    ///
    /// # Errors
    /// As [`Journal::open`]; a damaged file is an error here.
    pub fn open_beside(dir: &Path) -> Result<Journal, JournalError> {
        std::fs::create_dir_all(dir).map_err(|source| JournalError::File { path: dir.to_path_buf(), source })?;
        Ok(Journal { connection: Rc::new(writable(&dir.join(FILE))?), mark: Some(Rc::new(Mark::of(dir))) })
    }

    /// Opens the journal for reading alone; `None` if there is none yet. It never holds up whoever writes.
    ///
    /// # Errors
    /// The file cannot be used, or another version of the program wrote it.
    pub fn read_only(dir: &Path) -> Result<Option<Journal>, JournalError> {
        let path = dir.join(FILE);
        if !path.exists() {
            return Ok(None);
        }
        let connection = Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(BUSY)?;
        match schema::version(&connection)? {
            0 => Ok(None),
            schema::READABLE..=schema::VERSION => Ok(Some(Journal { connection: Rc::new(connection), mark: None })),
            found => Err(schema::unknown(&connection, found)),
        }
    }

    /// A journal that ends with the process, for what keeps no state.
    ///
    /// # Errors
    /// There is no memory.
    pub fn in_memory() -> Result<Journal, JournalError> {
        let mut connection = Connection::open_in_memory()?;
        schema::migrate(&mut connection)?;
        Ok(Journal { connection: Rc::new(connection), mark: None })
    }

    /// The last loss of records, if there ever was one. Now becomes the moment at which it was noted, if it was not before.
    ///
    /// # Errors
    /// The journal cannot be written.
    pub fn loss(&self, now: Instant) -> Result<Option<Loss>, JournalError> {
        let at = super::shape::nanos(now);
        if !self.connection.is_readonly(rusqlite::MAIN_DB)? {
            self.connection.execute("UPDATE losses SET noted_at = ?1 WHERE noted_at IS NULL", [at])?;
        }
        let mut last = self.connection.prepare_cached(
            "SELECT reason, noted_at FROM losses WHERE noted_at IS NOT NULL ORDER BY noted_at DESC, id DESC LIMIT 1",
        )?;
        let loss =
            |row: &rusqlite::Row<'_>| Ok(Loss { reason: row.get(0)?, noted_at: super::shape::instant(row.get(1)?) });
        Ok(last.query_row([], loss).optional()?)
    }

    /// One transaction that is on the disk when this returns, and with it all before it.
    pub(super) fn durably<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        self.connection.pragma_update(None, "synchronous", "FULL")?;
        let done = self.transact(work);
        self.connection.pragma_update(None, "synchronous", "NORMAL")?;
        done
    }

    /// One transaction: all of it or nothing. A kill loses none of it; a power cut may lose the last few.
    pub(super) fn transact<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, JournalError>,
    ) -> Result<T, JournalError> {
        let transaction = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)?;
        let done = work(&transaction)?;
        transaction.commit()?;
        Ok(done)
    }

    /// Writes beside the file how many intents it holds, so that an older file is noticed.
    pub(super) fn remark(&self) -> Result<(), JournalError> {
        self.mark.as_ref().map_or(Ok(()), |mark| mark.write(intent::last_id(&self.connection)?))
    }

    /// What is in doubt after a loss goes: what was proved. Numbers of intents go on after the last that was known.
    fn note_loss(&self, reason: &str, known: i64) -> Result<(), JournalError> {
        self.durably(|transaction| {
            transaction.execute("INSERT INTO losses (reason, intents) VALUES (?1, ?2)", params![reason, known])?;
            transaction.execute("DELETE FROM schedules WHERE role = 'proven'", [])?;
            intent::skip_to(transaction, known)
        })
    }
}

/// A connection for writing to a file that is brought up to the present version.
pub(super) fn writable(path: &Path) -> Result<Connection, JournalError> {
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    connection.query_row("PRAGMA journal_mode = WAL", [], |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    connection.query_row(&format!("PRAGMA journal_size_limit = {WAL_LIMIT}"), [], |_| Ok(()))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    schema::migrate(&mut connection)?;
    Ok(connection)
}

/// A connection to a file in which nothing is damaged.
fn checked(path: &Path) -> Result<Connection, JournalError> {
    if !plausible(path).map_err(|source| JournalError::File { path: path.to_path_buf(), source })? {
        return Err(JournalError::Damaged("the head of the file".to_owned()));
    }
    let connection = writable(path)?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if application != schema::APPLICATION || verdict != "ok" {
        return Err(JournalError::Damaged(format!("the file ({verdict})")));
    }
    if !schema::is_intact(&connection)? {
        return Err(JournalError::Damaged("the list of tables".to_owned()));
    }
    for table in ["sequences", "intents", "outcomes", "losses"] {
        let check = format!("PRAGMA integrity_check({table})");
        let verdict: String = connection.query_row(&check, [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(JournalError::Damaged(format!("the table {table} ({verdict})")));
        }
    }
    intent::verify(&connection)?;
    schedule::verify(&connection)?;
    Ok(connection)
}

/// Whether the file is absent, empty, or begins as a database does that SQLite would write to: a changed version byte makes
/// it read-only, and a stump of a head passes for empty.
fn plausible(path: &Path) -> std::io::Result<bool> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(true),
        file => file?,
    };
    let mut head = Vec::new();
    file.take(HEAD).read_to_end(&mut head)?;
    let whole = u64::try_from(head.len()).is_ok_and(|length| length == HEAD);
    let versions = head.get(18..20).is_some_and(|versions| versions.iter().all(|version| matches!(version, 1 | 2)));
    Ok(head.is_empty() || whole && head.starts_with(b"SQLite format 3\0") && versions)
}

/// Whether the file holds fewer intents than were once in it.
fn behind(connection: &Connection, known: i64) -> Result<Option<String>, JournalError> {
    let found = intent::last_id(connection)?;
    Ok((found < known).then(|| format!("journal: the newest {} intents are missing", known - found)))
}
