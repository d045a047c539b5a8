//! The tables, and how an older journal is brought up to them.

use rusqlite::{Connection, TransactionBehavior};

use super::JournalError;

/// The version that this program writes.
pub(super) const VERSION: i64 = 2;

/// Marks the file as ours: `OFPK` in ASCII.
pub(super) const APPLICATION: i64 = 0x4f46_504b;

/// Each migration leads from the version of its position to the next. A released one is never changed.
const MIGRATIONS: [&str; 2] = [include_str!("schema_1.sql"), include_str!("schema_2.sql")];

/// The oldest version whose tables can be read as they are.
pub(super) const READABLE: i64 = 1;

/// Brings the file up to [`VERSION`], in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), JournalError> {
    if version(connection)? == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    let Some(from) = usize::try_from(found).ok().filter(|from| *from <= MIGRATIONS.len()) else {
        return Err(unknown(&transaction, found));
    };
    for (version, migration) in (1_i64..).zip(MIGRATIONS).skip(from) {
        transaction.execute_batch(migration)?;
        transaction.execute("INSERT INTO versions (version) VALUES (?1)", [version])?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.commit()?;
    Ok(())
}

/// What to make of a version that this program does not know: the file's own list tells whether it ever had it.
pub(super) fn unknown(connection: &Connection, found: i64) -> JournalError {
    let listed = connection.query_row("SELECT MAX(version) FROM versions", [], |row| row.get::<_, i64>(0));
    if listed.is_ok_and(|listed| listed == found) {
        JournalError::Newer { found, known: VERSION }
    } else {
        JournalError::Damaged("the version of the file".to_owned())
    }
}

/// The version of a file; 0 for an empty one.
pub(super) fn version(connection: &Connection) -> Result<i64, JournalError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

/// Whether the file has the very tables that the migrations make: SQLite does not check the words in which it keeps them.
pub(super) fn is_intact(connection: &Connection) -> Result<bool, JournalError> {
    let mut fresh = Connection::open_in_memory()?;
    migrate(&mut fresh)?;
    Ok(words(connection)? == words(&fresh)?)
}

fn words(connection: &Connection) -> Result<Vec<(String, Option<String>)>, JournalError> {
    let mut statement =
        connection.prepare("SELECT type || ' ' || name || ' ' || tbl_name, sql FROM sqlite_schema ORDER BY 1")?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<Vec<(String, Option<String>)>, rusqlite::Error>>()?)
}
