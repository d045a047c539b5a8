//! The year as a picture: a column a day, an hour a row, a colour for what was done.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike, NaiveDate};

use super::svg::{escape, number, rectangle, text};
use super::{Kind, Scene};

/// Pixels of a day across, of an hour down, and of what stands beside.
const HOUR: f64 = 9.0;
const LEFT: f64 = 40.0;
const TOP: f64 = 18.0;
/// All columns together are about as wide as this, and a column no wider than that.
const WIDE: f64 = 920.0;
const WIDEST: f64 = 40.0;

/// The legend and the picture.
pub(super) fn heat(scene: &Scene) -> String {
    let (Some(first), Some(last)) = (scene.days.first(), scene.days.last()) else { return String::new() };
    let count = days_between(first.date, last.date) + 1.0;
    let column = (WIDE / count).min(WIDEST);
    let (width, height) = (LEFT + count * column + 4.0, TOP + 24.0 * HOUR + 4.0);
    let mut picture = format!(
        "{}<div class=\"wide\"><svg viewBox=\"0 0 {} {}\" role=\"img\" id=\"year\" data-left=\"{LEFT}\" \
         data-column=\"{column:.4}\" data-first=\"{}\">\n<title>What was done at each hour of each day</title>\n",
        legend(scene),
        number(width),
        number(height),
        first.date
    );
    for (kind, path) in paths(scene, first.date, column) {
        picture.push_str(&format!("<path class=\"{}\" d=\"{path}\"/>\n", kind.code()));
    }
    picture.push_str(&months(first.date, last.date, column));
    for hour in [0_u8, 6, 12, 18, 24] {
        let y = TOP + f64::from(hour) * HOUR;
        picture.push_str(&text(LEFT - 4.0, y + 4.0, "end", &format!("{hour:02}:00")));
    }
    picture.push_str("</svg></div>\n");
    picture
}

/// What the colours mean that are there.
fn legend(scene: &Scene) -> String {
    let acts = scene.days.iter().flat_map(|day| &day.slots).filter_map(|slot| scene.acts.get(slot.act));
    let done: BTreeSet<Kind> = acts.map(|act| act.kind).collect();
    let entry = |kind: &Kind| format!("<span class=\"key\"><i class=\"{}\"></i>{}</span>\n", kind.code(), kind.words());
    format!("<p class=\"legend\">{}</p>\n", done.iter().map(entry).collect::<String>())
}

/// One path for each kind: what a day does on end is one rectangle.
fn paths(scene: &Scene, first: NaiveDate, column: f64) -> BTreeMap<Kind, String> {
    let mut paths: BTreeMap<Kind, String> = BTreeMap::new();
    for day in &scene.days {
        let x = LEFT + days_between(first, day.date) * column;
        let mut run: Option<(Kind, u16, u16)> = None;
        let mut end = |run: (Kind, u16, u16)| {
            let (kind, from, until) = run;
            let (y, height) = (TOP + f64::from(from) / 60.0 * HOUR, f64::from(until - from) / 60.0 * HOUR);
            paths.entry(kind).or_default().push_str(&rectangle(x, y, column, height));
        };
        for slot in &day.slots {
            let Some(act) = scene.acts.get(slot.act) else { continue };
            let until = slot.clock.saturating_add(slot.minutes).min(24 * 60);
            match run {
                Some((kind, from, ended)) if kind == act.kind && ended == slot.clock => run = Some((kind, from, until)),
                other => {
                    other.into_iter().for_each(&mut end);
                    run = Some((act.kind, slot.clock, until));
                }
            }
        }
        run.into_iter().for_each(&mut end);
    }
    paths
}

/// A mark and a name for each month.
fn months(first: NaiveDate, last: NaiveDate, column: f64) -> String {
    let begins = first.iter_days().take_while(|day| *day <= last).filter(|day| day.day() == 1 || *day == first);
    let mut marks = String::new();
    let mut free = f64::MIN;
    for day in begins {
        let x = LEFT + days_between(first, day) * column;
        let bottom = TOP + 24.0 * HOUR;
        marks.push_str(&format!(
            "<path class=\"mark\" d=\"M{x} {y}V{bottom}\"/>\n",
            x = number(x),
            y = number(TOP - 4.0),
            bottom = number(bottom)
        ));
        let name = day.format("%b %Y").to_string();
        if x >= free {
            marks.push_str(&text(x + 2.0, TOP - 6.0, "start", &escape(&name)));
            free = x + 56.0;
        }
    }
    marks
}

fn days_between(first: NaiveDate, day: NaiveDate) -> f64 {
    f64::from(i32::try_from((day - first).num_days()).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::super::scene::tests::two_days;
    use super::*;

    #[test]
    fn a_day_is_as_many_rectangles_as_it_changes_its_mind() {
        let scene = two_days();
        let paths = paths(&scene, scene.days[0].date, 10.0);
        let count = |kind| paths[&kind].matches('M').count();
        assert_eq!((count(Kind::Charge), count(Kind::SelfConsume)), (2, 2));
        assert!(paths[&Kind::Charge].starts_with("M40 18h10v54h-10z"), "{}", paths[&Kind::Charge]);
    }

    #[test]
    fn the_legend_tells_what_is_there() {
        let legend = legend(&two_days());
        assert!(legend.contains("charge from the grid<") && legend.contains("self-consume<"), "{legend}");
        assert!(!legend.contains("discharge"), "what was never done has no colour");
    }

    #[test]
    fn nothing_is_drawn_of_nothing() {
        let scene = Scene { days: Vec::new(), ..two_days() };
        assert_eq!(heat(&scene), "");
    }
}
