//! A trial in small, for those who stay in the terminal: money by month, and what was done at each hour. Letters tell what
//! colours do, and no line is wider than 80 columns.

use std::collections::BTreeMap;

use super::backtest::money;
use super::layout::{Line, Piece, Screen};
use super::page::{Kind, Scene, Slot, Way};
use super::style::Role;

/// Columns in which money is drawn.
const PLOT: usize = 58;

/// The most rows of a chart: three years by the month. Of more the newest are shown.
const MOST_ROWS: usize = 36;

/// So many days have a row each; more are shown by the month.
const MOST_DAYS: usize = 31;

/// Hours on the face of a clock.
const HOURS: usize = 24;

/// The share of an hour's time from which on something is as good as always done.
const ALWAYS: f64 = 0.9;

/// What fills the policy's bar.
const BAR: char = '▇';

/// The marks of the ways, the first one on top where several fall together; the policy has the bar.
const MARKS: [(&str, char, Role); 4] = [
    ("optimum", 'o', Role::Good),
    ("none", 'n', Role::Warn),
    ("self_consume", 's', Role::Text),
    ("timer", 't', Role::Text),
];

/// Money by month: the policy as a bar from zero on, the other ways as letters beside it.
pub(super) fn months(screen: &mut Screen, scene: &Scene) {
    let Some(policy) = scene.ways.iter().find(|way| way.code == "policy") else { return };
    let scale = Scale::of(&scene.ways);
    screen.line(&Line::default().text(Role::Faint, &format!("money by month in {}", scene.currency)));
    screen.list(&legend(scene));
    let hidden = scene.months.len().saturating_sub(MOST_ROWS);
    for (index, (year, month)) in scene.months.iter().enumerate().skip(hidden) {
        let cost = policy.months.get(index).copied().unwrap_or_default();
        let mut line = Line::indent(2).text(Role::Text, &format!("{year}-{month:02}  "));
        for (role, text) in runs(&scale.row(scene, index, cost)) {
            line = line.text(role, &text);
        }
        screen.line(&line.text(Role::Command, &format!("{:>10}", money(cost))));
    }
    screen.line(&Line::indent(11).text(Role::Faint, &scale.axis()));
    omitted(screen, hidden, "months");
}

/// What was done at each hour of the clock: a row a day, or a row a month.
pub(super) fn hours(screen: &mut Screen, scene: &Scene) {
    let rows = done(scene);
    if rows.is_empty() {
        return;
    }
    let each = if scene.days.len() <= MOST_DAYS { "day" } else { "month" };
    screen.line(&Line::default().text(Role::Faint, &format!("what was done at each hour, a row a {each}")));
    screen.list(&kinds(&rows));
    let hidden = rows.len().saturating_sub(MOST_ROWS);
    let marks: String = (0..HOURS).step_by(3).map(|hour| format!("{hour:02}    ")).collect();
    screen.line(&Line::indent(14).text(Role::Faint, marks.trim_end()));
    for (name, day) in rows.iter().skip(hidden) {
        let mut line = Line::indent(2).text(Role::Text, &format!("{name:<10}  "));
        let cells: Vec<(Role, char)> = day.0.iter().flat_map(|hour| [cell(hour), cell(hour)]).collect();
        for (role, text) in runs(&cells) {
            line = line.text(role, &text);
        }
        screen.line(&line);
    }
    omitted(screen, hidden, "months");
    screen.line(&Line::indent(2).text(Role::Faint, "a small letter: most of the time, but not nine tenths of it"));
}

fn omitted(screen: &mut Screen, hidden: usize, what: &str) {
    if hidden > 0 {
        screen.line(&Line::indent(2).text(Role::Faint, &format!("and {hidden} {what} before these")));
    }
}

/// The ways with their marks.
fn legend(scene: &Scene) -> Vec<Piece> {
    let name = |code: &str| scene.ways.iter().find(|way| way.code == code).map(|way| way.name.clone());
    let bar = name("policy").map(|name| (Role::Command, format!("{BAR} {name}")));
    let order = ["none", "self_consume", "timer", "optimum"];
    let marks = order.into_iter().filter_map(|code| MARKS.into_iter().find(|(known, ..)| *known == code));
    let marks = marks.filter_map(|(code, mark, role)| Some((role, format!("{mark} {}", name(code)?))));
    bar.into_iter().chain(marks).collect()
}

/// From money to columns.
struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    fn of(ways: &[Way]) -> Scale {
        let costs = || ways.iter().flat_map(|way| way.months.iter().copied()).filter(|cost| cost.is_finite());
        let (low, high) = (costs().fold(0.0, f64::min), costs().fold(0.0, f64::max));
        if high > low { Scale { low, high } } else { Scale { low: 0.0, high: 1.0 } }
    }

    /// The column of an amount.
    fn column(&self, cost: f64) -> usize {
        let share = ((cost - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        (1..PLOT).take_while(|column| to_float(*column) - 0.5 <= share * to_float(PLOT - 1)).count()
    }

    /// One month: zero, the policy's bar, the marks of the others.
    fn row(&self, scene: &Scene, month: usize, policy: f64) -> Vec<(Role, char)> {
        let (zero, end) = (self.column(0.0), self.column(policy));
        let bar = zero.min(end)..=zero.max(end);
        let is_drawn = policy.abs() >= (self.high - self.low) / to_float(PLOT) / 2.0;
        let plain = |column: usize| match column {
            column if is_drawn && bar.contains(&column) => (Role::Command, BAR),
            column if column == zero => (Role::Faint, '│'),
            _ => (Role::Text, ' '),
        };
        let mut row: Vec<(Role, char)> = (0..PLOT).map(plain).collect();
        for (code, mark, role) in MARKS.into_iter().rev() {
            let cost = scene.ways.iter().find(|way| way.code == code).and_then(|way| way.months.get(month));
            if let Some(cell) = cost.and_then(|cost| row.get_mut(self.column(*cost))) {
                *cell = (role, mark);
            }
        }
        row
    }

    /// The lowest amount, zero and the highest, each about where it lies.
    fn axis(&self) -> String {
        let zero = self.column(0.0);
        let low = if self.low < 0.0 { money(self.low) } else { String::new() };
        let mut axis = low.clone();
        if zero > low.len() || low.is_empty() {
            axis = format!("{low}{}0", " ".repeat(zero.saturating_sub(low.len())));
        }
        let high = if self.high > 0.0 { money(self.high) } else { String::new() };
        let room = PLOT.saturating_sub(axis.len() + 1);
        if high.len() <= room { format!("{axis} {high:>room$}") } else { axis }
    }
}

fn to_float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::from(u32::MAX), f64::from)
}

/// Minutes of each kind at each hour of the clock.
#[derive(Clone, Copy, Debug, Default)]
struct Face([[u32; Kind::ALL.len()]; HOURS]);

impl Face {
    fn add(&mut self, slot: &Slot, kind: Kind) {
        let (mut clock, mut left) = (usize::from(slot.clock), usize::from(slot.minutes));
        while left > 0 {
            let part = (60 - clock % 60).min(left);
            let place = Kind::ALL.iter().position(|known| *known == kind);
            let hour = self.0.get_mut(clock / 60 % HOURS);
            if let Some(minutes) = hour.zip(place).and_then(|(hour, place)| hour.get_mut(place)) {
                *minutes = minutes.saturating_add(u32::try_from(part).unwrap_or(u32::MAX));
            }
            (clock, left) = (clock + part, left - part);
        }
    }
}

/// The rows by their names.
fn done(scene: &Scene) -> Vec<(String, Face)> {
    let form = if scene.days.len() <= MOST_DAYS { "%Y-%m-%d" } else { "%Y-%m" };
    let mut rows: BTreeMap<String, Face> = BTreeMap::new();
    for day in &scene.days {
        let face = rows.entry(day.date.format(form).to_string()).or_default();
        for slot in &day.slots {
            if let Some(act) = scene.acts.get(slot.act) {
                face.add(slot, act.kind);
            }
        }
    }
    rows.into_iter().collect()
}

/// What was done in most of an hour's minutes, as a letter: a capital where it was as good as always. Where two were done
/// equally long the one that asks more of the grid counts.
fn cell(minutes: &[u32; Kind::ALL.len()]) -> (Role, char) {
    let all: u32 = minutes.iter().sum();
    let most = Kind::ALL.iter().zip(minutes).rev().max_by_key(|(_, minutes)| **minutes);
    match most.filter(|(_, minutes)| **minutes > 0) {
        Some((kind, minutes)) => {
            let (role, letter) = letter(*kind);
            let always = f64::from(*minutes) >= ALWAYS * f64::from(all);
            (role, if always { letter } else { letter.to_ascii_lowercase() })
        }
        None => (Role::Text, ' '),
    }
}

fn letter(kind: Kind) -> (Role, char) {
    match kind {
        Kind::Charge => (Role::Command, 'C'),
        Kind::Hold => (Role::Warn, 'H'),
        Kind::SelfConsume => (Role::Faint, '.'),
        Kind::Discharge => (Role::Good, 'D'),
    }
}

/// What was done at all.
fn kinds(rows: &[(String, Face)]) -> Vec<Piece> {
    let is_done = |place: usize| rows.iter().flat_map(|(_, face)| face.0).any(|hour| hour.get(place) > Some(&0));
    let kinds = Kind::ALL.into_iter().enumerate().filter(|(place, _)| is_done(*place));
    let piece = |(_, kind): (usize, Kind)| {
        let (role, letter) = letter(kind);
        (role, format!("{letter} {}", kind.words()))
    };
    kinds.map(piece).collect()
}

/// Cells of one role on end as one piece.
fn runs(cells: &[(Role, char)]) -> Vec<Piece> {
    let chunks = cells.chunk_by(|one, next| one.0 == next.0);
    chunks
        .filter_map(|chunk| Some((chunk.first()?.0, chunk.iter().map(|(_, letter)| *letter).collect::<String>())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_letter_of_an_hour_is_what_was_done_most() {
        let check = |minutes: [u32; 4], expect: char| assert_eq!(cell(&minutes).1, expect, "{minutes:?}");
        check([60, 0, 0, 0], 'C');
        check([55, 5, 0, 0], 'C');
        check([30, 0, 30, 0], 'c');
        check([0, 20, 0, 40], 'd');
        check([0, 0, 600, 0], '.');
        check([0, 0, 0, 0], ' ');
    }

    #[test]
    fn columns_go_from_the_lowest_to_the_highest() {
        let scale = Scale { low: -20.0, high: 37.0 };
        let check = |cost: f64, expect: usize| assert_eq!(scale.column(cost), expect, "{cost}");
        check(-20.0, 0);
        check(0.0, 20);
        check(37.0, PLOT - 1);
        check(900.0, PLOT - 1);
        check(f64::NAN, 0);
        assert_eq!(scale.axis().chars().count(), PLOT);
    }

    #[test]
    fn a_long_slot_is_spread_over_its_hours() {
        let mut face = Face::default();
        let (import, export, load, solar, battery, grid, soc) = (0.3, 0.1, 500.0, 0.0, 0.0, 500.0, 40.0);
        let (since, clock, minutes) = (23 * 60 + 30, 23 * 60 + 30, 60);
        let slot = Slot { since, clock, minutes, import, export, load, solar, battery, grid, soc, best: None, act: 0 };
        face.add(&slot, Kind::Hold);
        assert_eq!((face.0[23], face.0[0]), ([0, 30, 0, 0], [0, 30, 0, 0]));
    }
}
