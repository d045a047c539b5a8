//! The day's own measurements: newest first, with gaps, repeats and uneven seconds, in the system's wall clock.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};

use super::wire::{check_serial, kind, number, object, text};
use crate::device::access::{HistoryDay, HistoryPoint};
use crate::time::{Instant, Zone};
use crate::units::{Power, Soc};
use crate::vendor::wall::{instant, wall_time};

/// One day as the cloud tells it, oldest first, each time once.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Day {
    /// Wall-clock times with what was measured.
    pub items: Vec<(NaiveDateTime, HistoryPoint)>,
    /// What was told again of one of these times.
    again: Vec<HistoryPoint>,
    /// How many items carried no time of the day.
    unplaced: u32,
}

impl Day {
    /// Reads the `data` of a reply. What carries no time, or a time of another day, cannot be placed and is left out; a
    /// list of which nothing is left is no history. Of two items of one time the one that the cloud lists first counts.
    pub(super) fn parse(data: &Value, serial: &str, day: NaiveDate, zone: &Zone) -> Result<Day, String> {
        let items = match data {
            Value::Null => return Ok(Day::default()),
            Value::Array(items) => items,
            other => return Err(format!("the history is {}, not a list", kind(other))),
        };
        let (mut sorted, mut again, mut unplaced) = (BTreeMap::new(), Vec::new(), 0_u32);
        for item in items {
            let fields = object(item, "an item of the history")?;
            check_serial(fields, serial)?;
            let Some(at) = upload_time(fields)?.filter(|at| at.date() == day) else {
                unplaced = unplaced.saturating_add(1);
                continue;
            };
            let point = point(fields, instant(at, zone))?;
            match sorted.entry(at) {
                Entry::Vacant(place) => drop(place.insert(point)),
                Entry::Occupied(_) => again.push(point),
            }
        }
        if sorted.is_empty() && !items.is_empty() {
            return Err(format!("no item of the history has an uploadTime on {day}"));
        }
        Ok(Day { items: sorted.into_iter().collect(), again, unplaced })
    }

    /// The newest wall-clock time.
    pub(super) fn newest(&self) -> Option<NaiveDateTime> {
        self.items.last().map(|(at, _)| *at)
    }

    /// What was measured, oldest first.
    pub(super) fn points(&self) -> Vec<HistoryPoint> {
        self.items.iter().map(|(_, point)| *point).collect()
    }

    /// The day with all that came.
    pub(super) fn whole(self) -> HistoryDay {
        HistoryDay { points: self.points(), again: self.again, unplaced: self.unplaced }
    }
}

fn upload_time(fields: &Map<String, Value>) -> Result<Option<NaiveDateTime>, String> {
    Ok(text(fields, "uploadTime")?.and_then(|text| wall_time(&text)))
}

fn point(fields: &Map<String, Value>, at: Instant) -> Result<HistoryPoint, String> {
    let power = |key| number(fields, key).map(|value| value.and_then(Power::from_watts));
    let (import, export) = (power("gridCharge")?, power("feedIn")?);
    Ok(HistoryPoint {
        at,
        load: power("load")?,
        solar: power("ppv")?,
        soc: number(fields, "cbat")?.and_then(Soc::from_percent).map(Soc::percent),
        grid: import.zip(export).map(|(import, export)| import - export),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn parsed(data: &Value, day: &str) -> Result<Vec<(String, Option<f64>)>, String> {
        let zone = Zone::named("Europe/London").expect("a zone");
        let day = Day::parse(data, "ALB1", day.parse().expect("a day"), &zone)?;
        let shown = |point: HistoryPoint| (point.at.format("%d %H:%M:%S").to_string(), point.soc);
        Ok(day.points().into_iter().map(shown).collect())
    }

    #[test]
    fn a_day_is_sorted_and_each_time_counts_once() {
        let item = |time: &str, soc: f64| json!({"sysSn": "alb1", "uploadTime": time, "cbat": soc});
        let list = json!([
            item("2026-11-20 20:40:07", 41.0),
            item("2026-11-20 20:35:02", 42.0),
            item("2026-11-20 20:35:02", 99.0),
            item("2026-11-20 20:05", 43.0),
            item("2026-11-20T20:10:00.5", 43.5),
            item("2026-11-19 23:55:00", 50.0),
            item("yesterday", 51.0),
            {"cbat": 52.0},
        ]);
        let expect = [("20 20:05:00", 43.0), ("20 20:10:00", 43.5), ("20 20:35:02", 42.0), ("20 20:40:07", 41.0)];
        let expect = expect.map(|(at, soc)| (at.to_owned(), Some(soc)));
        assert_eq!(parsed(&list, "2026-11-20"), Ok(expect.into()));
        let day = "2026-11-20".parse().expect("a day");
        let whole = Day::parse(&list, "ALB1", day, &Zone::utc()).expect("a day").whole();
        assert_eq!(whole.again.iter().map(|point| point.soc).collect::<Vec<_>>(), [Some(99.0)]);
        assert_eq!((whole.points.len(), whole.unplaced), (4, 3), "yesterday's, no time at all, none");
    }

    #[test]
    fn a_repeated_hour_is_read_as_the_older_and_a_skipped_one_as_the_end_of_the_jump() {
        let check = |time: &str, day: &str, expect: &str| {
            let found = parsed(&json!([{"uploadTime": time}]), day).expect("a day");
            assert_eq!(found, [(expect.to_owned(), None)]);
        };
        check("2026-10-25 01:30:10", "2026-10-25", "25 00:30:10");
        check("2026-10-25 02:00:00", "2026-10-25", "25 02:00:00");
        check("2026-03-29 01:30:10", "2026-03-29", "29 01:00:10");
        check("2026-07-01 12:00:00", "2026-07-01", "01 11:00:00");
    }

    #[test]
    fn grid_power_is_import_less_export_and_the_battery_follows() {
        let zone = Zone::utc();
        let check = |item: Value, grid: Option<f64>, battery: Option<f64>| {
            let day = Day::parse(&json!([item]), "ALB1", "2026-11-20".parse().expect("a day"), &zone).expect("a day");
            let point = day.points()[0];
            assert_eq!(point.grid.map(Power::watts), grid);
            assert_eq!(point.battery().map(Power::watts), battery);
        };
        let item = |rest: Value| {
            let mut item = json!({"uploadTime": "2026-11-20 12:00:00", "load": 1200, "ppv": "3200.0"});
            item.as_object_mut().expect("an object").extend(rest.as_object().expect("an object").clone());
            item
        };
        check(item(json!({"gridCharge": 0, "feedIn": 450})), Some(-450.0), Some(-1550.0));
        check(item(json!({"gridCharge": 100.5, "feedIn": 0})), Some(100.5), Some(-2100.5));
        check(item(json!({"gridCharge": null, "feedIn": 0})), None, None);
        check(item(json!({"gridCharge": 0, "feedIn": 0, "load": null})), Some(0.0), None);
    }

    #[test]
    fn what_is_no_history_is_said() {
        let check = |data: Value, expect: Result<usize, &str>| {
            let found = parsed(&data, "2026-11-20");
            assert_eq!(found.as_ref().map(Vec::len).map_err(String::as_str), expect);
        };
        check(json!(null), Ok(0));
        check(json!([]), Ok(0));
        check(json!({}), Err("the history is an object, not a list"));
        check(json!([1]), Err("an item of the history is a number, not an object"));
        check(json!([{"uploadTime": "2026-11-20 12:00:00", "cbat": []}]), Err("cbat is a list, not a number"));
        check(json!([{"sysSn": "X", "uploadTime": ""}]), Err("the reply is about system “X”, not “ALB1”"));
        check(json!([{"cbat": 1}]), Err("no item of the history has an uploadTime on 2026-11-20"));
    }
}
