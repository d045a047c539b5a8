//! What a runner holds a device by.

use crate::device::{ReadDevice, WriteDevice};

/// A device to be read, or to be read and written. A dry run is never handed the second.
pub enum Hand {
    /// Reading alone.
    Reading(Box<dyn ReadDevice>),
    /// Reading and writing.
    Writing(Box<dyn WriteDevice>),
}

impl Hand {
    /// The device to be read.
    pub fn reader(&mut self) -> &mut dyn ReadDevice {
        match self {
            Hand::Reading(device) => device.as_mut(),
            Hand::Writing(device) => device.as_mut(),
        }
    }

    /// The device to be written, if this hand may.
    pub fn writer(&mut self) -> Option<&mut dyn WriteDevice> {
        match self {
            Hand::Reading(_) => None,
            Hand::Writing(device) => Some(device.as_mut()),
        }
    }

    /// Whether it may write.
    #[must_use]
    pub fn may_write(&self) -> bool {
        matches!(self, Hand::Writing(_))
    }

    /// What the driver wants remembered until the next process.
    #[must_use]
    pub fn memory(&self) -> String {
        match self {
            Hand::Reading(device) => device.memory(),
            Hand::Writing(device) => device.memory(),
        }
    }
}
