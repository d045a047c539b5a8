//! What a policy is worth: the screen of a trial.

use std::time::Duration;

use crate::backtest::{Account, Basis, Outcome, RuleOutcome, Standing, Who, Writes};
use crate::history::Findings;
use crate::time::spoken;
use crate::units::{Energy, Power, trimmed};

use super::charts;
use super::layout::{Line, Piece, Screen, Table, cut, width};
use super::page::scene;
use super::style::{Role, Style};

/// Columns of the longest name of a rule.
const NAME: usize = 50;

/// Rules that are shown; the rest is counted.
const MOST_RULES: usize = 40;

/// The screen of a trial.
#[must_use]
pub fn backtest_text(outcome: &Outcome, style: Style) -> String {
    let mut screen = Screen::new(style);
    let scene = scene(outcome);
    head(&mut screen, outcome);
    screen.blank();
    standings(&mut screen, outcome);
    screen.blank();
    verdict(&mut screen, outcome);
    charges(&mut screen, outcome);
    screen.blank();
    months(&mut screen, outcome);
    screen.blank();
    charts::months(&mut screen, &scene);
    screen.blank();
    charts::hours(&mut screen, &scene);
    screen.blank();
    energy(&mut screen, outcome);
    screen.blank();
    rules(&mut screen, outcome);
    findings(&mut screen, &outcome.findings);
    screen.finish()
}

/// What each way through the history is called.
#[must_use]
pub(super) fn who(who: Who) -> &'static str {
    match who {
        Who::NoBattery => "no battery",
        Who::SelfConsumption => "self-consumption",
        Who::Timer => "night timer",
        Who::Policy => "the policy",
        Who::Optimum => "the optimum",
    }
}

/// The same where there are but ten columns.
pub(super) fn short(way: Who) -> &'static str {
    match way {
        Who::SelfConsumption => "self-cons.",
        Who::Timer => "timer",
        other => who(other).trim_start_matches("the "),
    }
}

fn head(screen: &mut Screen, outcome: &Outcome) {
    let track = &outcome.track;
    let (first, last) = (track.days.first(), track.days.last());
    let days = first.zip(last).map_or(String::new(), |(first, last)| format!(" · {first} to {last}"));
    let title = Line::default().text(Role::Title, &cut(&outcome.site, 30));
    let changes = match clock_changes(outcome) {
        0 => String::new(),
        1 => " · the clocks change once".to_owned(),
        2 => " · the clocks change twice".to_owned(),
        count => format!(" · the clocks change {count} times"),
    };
    let (slots, hours) = (outcome.slots, trimmed(track.hours(), 1));
    screen.line(&title.text(Role::Text, &format!("{days} · {slots} slots · {hours} h{changes}")));
    let prices =
        if track.published { "prices of the history, known from noon of the day before" } else { "the tariff's bands" };
    let battery = outcome.battery;
    let (capacity, tick) = (battery.capacity, spoken(outcome.tick));
    let words = format!("battery of {capacity} from {} · a look every {tick} · {prices}", outcome.start);
    screen.prose(Line::default(), Role::Faint, &words, 0);
}

/// How often the clocks changed within the history: as many of its days have 23 or 25 hours.
pub(super) fn clock_changes(outcome: &Outcome) -> usize {
    let pieces = &outcome.track.pieces;
    let ends = pieces.first().zip(pieces.last());
    ends.map_or(0, |(first, last)| outcome.track.zone.changes(first.at, last.at).len())
}

/// How far the forecasts were off that the plan went by: a sentence; `None` where no plan was followed.
pub(super) fn missed(outcome: &Outcome) -> Option<String> {
    let missed = outcome.missed?;
    let kilowatts = |power: Power| format!("{:.2} kW", power.watts() / 1000.0);
    Some(format!(
        "forecasts made at midnight were off by {} of load and {} of sun on average, over {} hours, nights included",
        kilowatts(missed.load.size),
        kilowatts(missed.solar.size),
        missed.hours
    ))
}

/// How the policy reached the battery, and what that took.
pub(super) fn reached(writes: Option<Writes>) -> String {
    match writes {
        Some(Writes { total, per_day_max, apart }) => format!(
            "through schedules: {total} writes, {per_day_max} on the fullest day; the device did something else than commanded for \
             {} h",
            hours(apart)
        ),
        None => "its commands are taken as obeyed at once: no write is counted (--writes does)".to_owned(),
    }
}

fn standings(screen: &mut Screen, outcome: &Outcome) {
    let row = |cells: [&str; 5], role: Role| {
        let [name, rest @ ..] = cells;
        let mut row = vec![(role, name.to_owned())];
        row.extend(rest.map(|cell| (role, format!("{cell:>12}"))));
        row
    };
    let head = format!("cost in {}", outcome.currency);
    let mut rows = vec![row([&head, "billed", "left over", "worth", "compared"], Role::Faint)];
    for standing in &outcome.standings {
        let Standing { account, .. } = standing;
        let role = if standing.who == Who::Policy { Role::Command } else { Role::Text };
        let (left, worth) = match account.gained.kilowatt_hours() {
            gained if gained.abs() < 0.0005 => (String::new(), String::new()),
            gained => (format!("{gained:+.2} kWh"), signed(gained * outcome.stored_price)),
        };
        let compared = money(account.compared(outcome.stored_price));
        rows.push(row([who(standing.who), &money(account.bill()), &left, &worth, &compared], role));
    }
    if let Some(least) = outcome.least().filter(|_| has_gap(outcome)) {
        rows.push(row(["the bound", "", "", "", &money(least)], Role::Faint));
    }
    screen.table(Table { indent: 2, most: &[20, 12, 12, 12, 12], flex: 0 }, &rows);
}

/// Whether the bound is told apart from the optimum.
fn has_gap(outcome: &Outcome) -> bool {
    outcome.gap > 0.005
}

/// What is billed beside energy, if anything is.
fn charges(screen: &mut Screen, outcome: &Outcome) {
    let Outcome { charges, track, .. } = outcome;
    if charges.is_nothing() {
        return;
    }
    let peak =
        |standing: &Standing| format!("{} {}", who(standing.who), money(charges.peak_of(track, &standing.course)));
    let peaks: Vec<String> = outcome.standings.iter().map(peak).collect();
    let each = money(charges.standing_of(track));
    let (coin, peaks) = (&outcome.currency, peaks.join(", "));
    let words = format!("beside that, in {coin} and in no share: standing charge {each} each; peak charge {peaks}");
    screen.prose(Line::default(), Role::Faint, &words, 2);
}

fn verdict(screen: &mut Screen, outcome: &Outcome) {
    let shares = outcome.shares();
    let saved = |from: Who| Some(outcome.compared(from)? - outcome.compared(Who::Policy)?);
    let against = |from: Who, share: Option<f64>| {
        let saved = saved(from)?;
        let (amount, from) = (format!("{} {}", money(saved.abs()), outcome.currency), who(from));
        if saved < 0.0 {
            return Some(format!("costs {amount} more than {from}"));
        }
        let of = share.map_or(String::new(), |share| format!(", {} of what is attainable", percent(share)));
        Some(format!("saves {amount} against {from}{of}"))
    };
    let told = [against(Who::NoBattery, shares.captured_of_none), against(Who::SelfConsumption, shares.captured)];
    let told: Vec<String> = told.into_iter().flatten().collect();
    screen.prose(Line::default().text(Role::Title, "the policy "), Role::Text, &told.join("; "), 2);
    screen.prose(Line::default(), Role::Faint, &reached(outcome.writes), 2);
    let price = format!("{:.4} {}", outcome.stored_price, outcome.currency);
    let basis = match outcome.basis {
        Basis::Marginal => "what one more would have been worth to the optimum",
        Basis::MeanImport => "the mean price of import less what is lost on the way out",
    };
    let words = format!("a stored kWh that is left over counts {price}, {basis}");
    screen.prose(Line::default(), Role::Faint, &words, 2);
    if let Some(words) = missed(outcome) {
        screen.prose(Line::default(), Role::Faint, &words, 2);
    }
    if has_gap(outcome) {
        let words = "the bound: what no use of the battery undercuts, not even one that changes its direction within a slot or \
                     ends elsewhere; the shares are of what it saves";
        screen.prose(Line::default(), Role::Faint, words, 2);
    }
}

fn months(screen: &mut Screen, outcome: &Outcome) {
    let mut head = vec![(Role::Faint, outcome.currency.clone())];
    head.extend(outcome.standings.iter().map(|standing| (Role::Faint, format!("{:>10}", short(standing.who)))));
    head.push((Role::Faint, "captured".to_owned()));
    let mut rows = vec![head];
    for month in &outcome.months() {
        let (year, number) = month.month;
        let mut row: Vec<Piece> = vec![(Role::Text, format!("{year}-{number:02}"))];
        row.extend(month.compared.iter().map(|cost| (Role::Text, format!("{:>10}", money(*cost)))));
        let share = month.shares.captured_of_none.map_or(String::new(), percent);
        row.push((Role::Good, format!("{share:>8}")));
        rows.push(row);
    }
    screen.table(Table { indent: 2, most: &[7, 10, 10, 10, 10, 10, 8], flex: 0 }, &rows);
    let words = "captured: of what could be saved at most against no battery";
    screen.line(&Line::indent(2).text(Role::Faint, words));
}

fn energy(screen: &mut Screen, outcome: &Outcome) {
    let head = ["energy in kWh", "import", "export", "charged", "discharged", "lost", "cycles"];
    let mut rows = vec![row_of(&head, Role::Faint)];
    for standing in &outcome.standings {
        let Account { import, export, charged, discharged, .. } = standing.account;
        let energies = [import, export, charged, discharged, standing.account.lost()].map(kilowatt_hours);
        let cycles = format!("{:.1}", standing.account.cycles(&outcome.battery));
        let mut cells = vec![who(standing.who)];
        cells.extend(energies.iter().map(String::as_str));
        cells.push(&cycles);
        let role = if standing.who == Who::Policy { Role::Command } else { Role::Text };
        rows.push(row_of(&cells, role));
    }
    screen.table(Table { indent: 2, most: &[16, 8, 8, 8, 10, 8, 8], flex: 0 }, &rows);
}

fn row_of(cells: &[&str], role: Role) -> Vec<Piece> {
    let numbers = cells.iter().skip(1).zip([8, 8, 8, 10, 8, 8]);
    let numbers = numbers.map(|(cell, wide)| (role, format!("{cell:>wide$}")));
    cells.first().map(|name| (role, (*name).to_owned())).into_iter().chain(numbers).collect()
}

fn rules(screen: &mut Screen, outcome: &Outcome) {
    let widest = outcome.rules.iter().map(|rule| width(&cut(&rule.name, NAME))).max().unwrap_or(0).max(12);
    let cells = |name: &str, held: &str, worth: &str, role: Role| {
        vec![(role, name.to_owned()), (role, format!("{held:>10}")), (role, format!("{worth:>12}"))]
    };
    let mut rows = vec![cells("rule", "hours", &format!("worth in {}", outcome.currency), Role::Faint)];
    for RuleOutcome { name, held, worth } in outcome.rules.iter().take(MOST_RULES) {
        let role = if worth.is_some_and(|worth| worth < -0.005) { Role::Warn } else { Role::Text };
        rows.push(cells(&cut(name, NAME), &hours(*held), &worth.map_or(String::new(), signed), role));
    }
    rows.push(cells("no rule", &hours(outcome.otherwise), "", Role::Faint));
    screen.table(Table { indent: 2, most: &[widest, 10, 12], flex: 0 }, &rows);
    let hidden = outcome.rules.len().saturating_sub(MOST_RULES);
    if hidden > 0 {
        screen.line(&Line::indent(2).text(Role::Faint, &format!("and {hidden} rules more")));
    }
    if !outcome.rules.is_empty() {
        let words = "worth: what the policy would cost more without it, all others as they are";
        screen.line(&Line::indent(2).text(Role::Faint, words));
    }
}

/// What was wrong with the history, a line a kind.
pub(super) fn findings(screen: &mut Screen, findings: &Findings) {
    if findings.iter().next().is_none() {
        return;
    }
    screen.blank();
    let missing = findings.missing();
    let total = if missing > Duration::ZERO { format!(", {} missing in all", spoken(missing)) } else { String::new() };
    screen.line(&Line::default().text(Role::Warn, &format!("the history is not whole{total}")));
    for finding in findings.iter() {
        let place = |place: &crate::history::Place| {
            let line = place.line.map(|line| format!("line {line}"));
            let at = place.at.map(|at| at.format("%Y-%m-%dT%H:%MZ").to_string());
            let words = [line, at, Some(place.words.clone())].into_iter().flatten().filter(|word| !word.is_empty());
            words.collect::<Vec<_>>().join(" ")
        };
        let places: Vec<String> = finding.first.iter().map(place).collect();
        let head = Line::indent(2).text(Role::Text, &format!("{:>6} × {}: ", finding.count, finding.fault));
        screen.prose(head, Role::Faint, &places.join(", "), 11);
    }
}

/// Money to the cent; never `-0.00`.
pub(super) fn money(amount: f64) -> String {
    let text = format!("{amount:.2}");
    if text == "-0.00" { "0.00".to_owned() } else { text }
}

pub(super) fn signed(amount: f64) -> String {
    let text = format!("{amount:+.2}");
    if text == "-0.00" || text == "+0.00" { "0.00".to_owned() } else { text }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

pub(super) fn hours(span: Duration) -> String {
    trimmed(span.as_secs_f64() / 3600.0, 1)
}

fn kilowatt_hours(energy: Energy) -> String {
    let text = format!("{:.1}", energy.kilowatt_hours());
    if text == "-0.0" { "0.0".to_owned() } else { text }
}
