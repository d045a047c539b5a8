//! What the write protocol tells the owner.

use crate::apply::{Alarm, End};
use crate::device::{Store, WriteKind};

/// An alarm of the write protocol: what happened and what follows.
#[must_use]
pub fn alarm(alarm: &Alarm, store: Store) -> String {
    match alarm {
        Alarm::NoJournal(WriteKind::Grant) => {
            "the journal cannot be written, so nothing is granted; free some space in the state folder, or mend it"
                .to_owned()
        }
        Alarm::NoJournal(WriteKind::Withdrawal) => {
            "the journal cannot be written; a withdrawal goes out all the same".to_owned()
        }
        Alarm::Refused(object) => {
            format!(
                "{}: the vendor refused the write; it is tried again after the interval",
                store.update_endpoint(*object)
            )
        }
        Alarm::NotStored(object) => format!(
            "{}: written, and not there when read back; it is not sent again by itself",
            store.update_endpoint(*object)
        ),
        Alarm::ForeignEdit(drift) => {
            format!(
                "{}: changed by someone else while we wrote: {} → {}",
                drift.to.update_endpoint(),
                drift.from,
                drift.to
            )
        }
    }
}

/// How a sequence of writes ended.
#[must_use]
pub fn end(end: &End, store: Store) -> String {
    match end {
        End::Stored => "stored".to_owned(),
        End::NotBegun => "not begun: the intent could not be journaled".to_owned(),
        End::Refused(object) => format!("refused: {}", store.update_endpoint(*object)),
        End::NotStored(object) => format!("not stored: {}", store.update_endpoint(*object)),
        End::ForeignEdit(drift) => format!("someone else wrote meanwhile: {}", drift.to.update_endpoint()),
    }
}
