//! What a plant uploads: the values of one moment, and the history that the cloud makes of them.

use std::collections::VecDeque;

use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use serde::{Deserialize, Serialize};

use super::counters::Counters;
use crate::simulator::state;
use crate::simulator::world::{Flows, Wall};

/// How many items the history keeps: four days, one every five minutes.
const KEPT: usize = 4 * 288;

/// What the cloud knows of a plant at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Live {
    /// When it was measured, in seconds of Unix time.
    pub(super) second: i64,
    /// Days since 1970-01-01 on the plant's clock.
    pub(super) day: i32,
    /// Seconds since midnight on the plant's clock.
    pub(super) second_of_day: i64,
    /// Power.
    pub(super) flows: Flows,
    /// State of charge in percent.
    pub(super) soc: f64,
    /// Counted since midnight.
    pub(super) today: Counters,
    /// Counted in all.
    pub(super) total: Counters,
}

/// The items of a plant's history, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct History(VecDeque<Live>);

impl Live {
    /// Moves its time, and not its values.
    pub(super) fn at(&self, second: i64, wall: Wall) -> Live {
        Live { second, day: wall.day, second_of_day: wall.second, ..*self }
    }

    /// The plant's wall clock.
    pub(super) fn time(&self) -> NaiveDateTime {
        let date = NaiveDate::from_epoch_days(self.day).unwrap_or_default();
        let second = u32::try_from(self.second_of_day).unwrap_or_default();
        date.and_time(NaiveTime::from_num_seconds_from_midnight_opt(second, 0).unwrap_or_default())
    }

    pub(super) fn is_sound(&self) -> bool {
        let Flows { solar, load, ev, battery, grid } = self.flows;
        state::is_sensible(self.second)
            && (0..86_400).contains(&self.second_of_day)
            && (-1..=85_000).contains(&self.day)
            && (0.0..=100.0).contains(&self.soc)
            && [solar, load, ev, battery, grid].iter().all(|watts| watts.abs() <= 1e9)
            && self.today.is_sound()
            && self.total.is_sound()
    }
}

impl History {
    pub(super) fn push(&mut self, live: Live) {
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(live);
    }

    /// The items between two times of the plant's clock, both inclusive, newest first.
    pub(super) fn between(&self, from: NaiveDateTime, until: NaiveDateTime) -> impl Iterator<Item = &Live> {
        self.0.iter().rev().filter(move |live| (from..=until).contains(&live.time()))
    }

    pub(super) fn is_sound(&self) -> bool {
        self.0.len() <= KEPT && self.0.iter().all(Live::is_sound)
    }
}
