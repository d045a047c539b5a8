//! The data of a central system: a list in pages, of undocumented order, in the plant's wall clock.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::{Map, Value};

use super::latest::{Latest, stamp};
use crate::time::{Instant, Zone};
use crate::vendor::wire::{kind, number, object};

/// Items that are asked for in one page.
pub(super) const PAGE_SIZE: usize = 100;

/// The most pages that are read for the present.
pub(super) const PAGES_OF_NOW: usize = 3;

/// The most pages that are read for a day: one item a minute.
pub(super) const PAGES_OF_DAY: usize = 15;

/// How far back the newest item is looked for.
const BACK: chrono::Duration = chrono::Duration::hours(2);

/// How far a plant's clock may run fast and its items still be found.
const AHEAD: chrono::Duration = chrono::Duration::minutes(15);

/// One page.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Page {
    /// Its items.
    pub(super) items: Vec<Map<String, Value>>,
    /// How many items all pages have together, if the vendor says.
    pub(super) total: Option<f64>,
}

/// From when to when, by the plant's wall clock, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    from: NaiveDateTime,
    until: NaiveDateTime,
}

impl Page {
    /// Reads the `data` of a reply; null is a page of nothing.
    pub(super) fn parse(data: &Value) -> Result<Page, String> {
        if data.is_null() {
            return Ok(Page::default());
        }
        let fields = object(data, "the page")?;
        let items = match fields.get("datas") {
            Some(Value::Null) => &Vec::new(),
            Some(Value::Array(items)) => items,
            Some(other) => return Err(format!("datas is {}, not a list", kind(other))),
            None => return Err("datas is missing".to_owned()),
        };
        let items = items.iter().map(|item| object(item, "an item").cloned()).collect::<Result<Vec<_>, String>>()?;
        Ok(Page { items, total: number(fields, "total")? })
    }

    /// Whether the list may go on behind this page, of which so many items are known with it.
    pub(super) fn may_go_on(&self, known: usize) -> bool {
        let whole = self.items.len() >= PAGE_SIZE;
        // A cloud may keep its pages shorter than it is asked to: what it says of the total counts more.
        let behind = self.total.map(|total| u32::try_from(known).is_ok_and(|known| f64::from(known) < total));
        !self.items.is_empty() && behind.unwrap_or(whole)
    }
}

impl Span {
    /// The last hours, across midnight, with some room for a clock that runs fast.
    pub(super) fn of_now(zone: &Zone, now: Instant) -> Span {
        let local = zone.local(now);
        let wall = local.date.and_hms_opt(0, 0, 0).unwrap_or_default() + chrono::Duration::minutes(local.minute.into());
        Span { from: wall - BACK, until: wall + AHEAD }
    }

    /// A whole day.
    pub(super) fn of_day(day: NaiveDate) -> Span {
        let at = |hour, minute, second| day.and_hms_opt(hour, minute, second).unwrap_or_default();
        Span { from: at(0, 0, 0), until: at(23, 59, 59) }
    }

    /// As the vendor writes them.
    pub(super) fn texts(self) -> [String; 2] {
        [self.from, self.until].map(|at| at.format("%Y-%m-%d %H:%M:%S").to_string())
    }

    /// Whether a time lies in it.
    pub(super) fn contains(self, at: NaiveDateTime) -> bool {
        (self.from..=self.until).contains(&at)
    }
}

/// The newest of these items; `None` without any.
///
/// # Errors
/// An item that is not what it is documented to be, or has no time: the order of a list is not documented.
pub(super) fn newest(items: &[Map<String, Value>], serial: &str, wanted: &[&str]) -> Result<Option<Latest>, String> {
    let mut newest: Option<(NaiveDateTime, &Map<String, Value>)> = None;
    for item in items {
        let at = stamp(item)?.ok_or("an item has no time")?;
        if newest.is_none_or(|(before, _)| at > before) {
            newest = Some((at, item));
        }
    }
    newest.map(|(_, item)| Latest::parse(item, serial, wanted)).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_is_read_whatever_is_left_out() {
        let check = |data: Value, expect: Result<(usize, Option<f64>), &str>| {
            let page = Page::parse(&data);
            let shown = page.as_ref().map(|page| (page.items.len(), page.total));
            assert_eq!(shown.map_err(String::as_str), expect, "{data}");
        };
        check(json!(null), Ok((0, None)));
        check(
            json!({"datas": [{"pac": 1}, {}], "offset": 0, "pageNo": 1, "pageSize": 100, "total": "2"}),
            Ok((2, Some(2.0))),
        );
        check(json!({"datas": null, "total": 0}), Ok((0, Some(0.0))));
        check(json!({"total": 0}), Err("datas is missing"));
        check(json!([]), Err("the page is a list, not an object"));
        check(json!({"datas": {}}), Err("datas is an object, not a list"));
        check(json!({"datas": [1]}), Err("an item is a number, not an object"));
        check(json!({"datas": [], "total": "many"}), Err("total is “many”, not a number"));
    }

    #[test]
    fn a_list_ends_with_its_total_or_with_a_short_page() {
        let page = |items: usize, total| Page { items: vec![Map::new(); items], total };
        let check = |page: Page, known: usize, expect: bool| assert_eq!(page.may_go_on(known), expect, "{known}");
        check(page(100, Some(150.0)), 100, true);
        check(page(50, Some(150.0)), 150, false);
        check(page(20, Some(150.0)), 120, true);
        check(page(0, Some(150.0)), 100, false);
        check(page(100, None), 100, true);
        check(page(99, None), 99, false);
        check(page(100, Some(f64::MAX)), 100, true);
    }

    #[test]
    fn the_newest_item_counts_in_any_order() {
        let items = |times: &[&str]| -> Vec<Map<String, Value>> {
            let item = |(index, time): (usize, &&str)| json!({"time": time, "vbat": index}).as_object().cloned();
            times.iter().enumerate().filter_map(item).collect()
        };
        let times = ["2026-11-20 20:35:00", "2026-11-20 20:40:00", "2026-11-20 20:30:00"];
        let found = newest(&items(&times), "HPS1", &[]).expect("an item").expect("one");
        assert_eq!(found.fields.get("vbat"), Some(&1.0));
        assert_eq!(newest(&[], "HPS1", &[]), Ok(None));
        assert_eq!(newest(&items(&[""]), "HPS1", &[]), Err("an item has no time".to_owned()));
    }

    #[test]
    fn spans_are_told_in_the_plants_wall_clock() {
        let zone = Zone::named("Europe/Berlin").expect("a zone");
        let span = Span::of_now(&zone, "2026-11-20T23:30:00Z".parse().expect("an instant"));
        assert_eq!(span.texts(), ["2026-11-20 22:30:00", "2026-11-21 00:45:00"]);
        let day = Span::of_day("2026-11-20".parse().expect("a day"));
        assert_eq!(day.texts(), ["2026-11-20 00:00:00", "2026-11-20 23:59:59"]);
        assert!(day.contains("2026-11-20T23:59:59".parse().expect("a time")));
    }
}
