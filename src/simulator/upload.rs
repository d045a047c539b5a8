//! What a device uploads every five minutes, and the history that the cloud makes of it.

use std::collections::VecDeque;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::numbers::Numbers;
use super::random::{Chance, Stream};
use super::world::{Flows, Wall};

/// Nominal seconds between two uploads.
const INTERVAL: i64 = 300;

/// How many uploads are kept: about nine days.
const KEPT: usize = 9 * 288;

/// What the cloud knows of a system at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Live {
    /// When it was measured, in seconds of Unix time.
    pub(super) second: i64,
    /// Power.
    pub(super) flows: Flows,
    /// State of charge in percent.
    pub(super) soc: f64,
}

/// One upload with its time on the device's clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Upload {
    day: i32,
    second_of_day: i64,
    live: Live,
    /// Its JSON in the system's usual numbers: a day is asked for 288 times a day, and rendered once.
    #[serde(skip)]
    text: String,
}

/// The uploads of a system, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct History(VecDeque<Upload>);

/// The second of Unix time, within the minute that begins at `second`, at which the device uploads; most minutes have none.
pub(super) fn due(chance: Chance, second: i64) -> Option<i64> {
    let slot = second.div_euclid(INTERVAL);
    let at = slot * INTERVAL + chance.between(Stream::UploadSecond, slot, 0, 47);
    (second..second + 60).contains(&at).then_some(at)
}

impl History {
    pub(super) fn push(&mut self, serial: &str, numbers: Numbers, wall: Wall, live: Live) {
        let mut upload = Upload { day: wall.day, second_of_day: wall.second, live, text: String::new() };
        upload.text = upload.render(serial, numbers);
        if self.0.len() >= KEPT {
            self.0.pop_front();
        }
        self.0.push_back(upload);
    }

    /// Renders every upload, after the history was read from a file.
    pub(super) fn refresh(&mut self, serial: &str, numbers: Numbers) {
        self.0.iter_mut().for_each(|upload| upload.text = upload.render(serial, numbers));
    }

    pub(super) fn is_sound(&self) -> bool {
        self.0.len() <= KEPT && self.0.iter().all(|upload| (0..86_400).contains(&upload.second_of_day))
    }

    /// The JSON array of one day of the device's clock, newest first; other numbers than the usual ones are rendered anew.
    pub(super) fn of_day(&self, serial: &str, day: i32, other_numbers: Option<Numbers>) -> String {
        let mut list = String::from("[");
        for upload in self.0.iter().rev().filter(|upload| upload.day == day) {
            if list.len() > 1 {
                list.push(',');
            }
            match other_numbers {
                None => list.push_str(&upload.text),
                Some(numbers) => list.push_str(&upload.render(serial, numbers)),
            }
        }
        list.push(']');
        list
    }
}

impl Upload {
    fn render(&self, serial: &str, numbers: Numbers) -> String {
        let Flows { solar, load, ev, grid, .. } = self.live.flows;
        let date = NaiveDate::from_epoch_days(self.day).unwrap_or_default();
        let (hour, minute, second) = (self.second_of_day / 3600, self.second_of_day / 60 % 60, self.second_of_day % 60);
        json!({
            "sysSn": serial,
            "uploadTime": format!("{date} {hour:02}:{minute:02}:{second:02}"),
            "ppv": numbers.value(solar, 0),
            "load": numbers.value(load, 0),
            "cbat": numbers.value(self.live.soc, 1),
            "feedIn": numbers.value((-grid).max(0.0), 0),
            "gridCharge": numbers.value(grid.max(0.0), 0),
            "pchargingPile": numbers.value(ev, 0),
        })
        .to_string()
    }
}
