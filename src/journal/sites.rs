//! Which sites the journal knows, and under which policy each stands.

use rusqlite::OptionalExtension;

use super::{Journal, JournalError, RevisionRecord};

/// The most sites that are listed.
const MAX_SITES: u32 = 10_000;

impl Journal {
    /// The sites whose policies the journal has seen, by name.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn sites(&self) -> Result<Vec<String>, JournalError> {
        let mut statement =
            self.connection.prepare_cached("SELECT DISTINCT site FROM revisions ORDER BY site LIMIT ?1")?;
        let rows = statement.query_map([MAX_SITES], |row| row.get(0))?;
        Ok(rows.collect::<Result<Vec<String>, rusqlite::Error>>()?)
    }

    /// The revision of a site's policy that is in force: that of the newest tick or, before there is any, the one that was
    /// seen last. Planning with another one puts nothing in force.
    ///
    /// # Errors
    /// The journal cannot be read, or the text is damaged.
    pub fn revision_in_force(&self, site: &str) -> Result<Option<RevisionRecord>, JournalError> {
        let of_ticks = "SELECT revision FROM ticks WHERE site = ?1 AND revision IN (SELECT revision FROM revisions)
                        ORDER BY at DESC, id DESC LIMIT 1";
        let seen = "SELECT revision FROM revisions WHERE site = ?1 ORDER BY first_seen DESC, rowid DESC LIMIT 1";
        for sql in [of_ticks, seen] {
            let found: Option<String> =
                self.connection.prepare_cached(sql)?.query_row([site], |row| row.get(0)).optional()?;
            if let Some(revision) = found {
                return self.revision(&revision);
            }
        }
        Ok(None)
    }
}
