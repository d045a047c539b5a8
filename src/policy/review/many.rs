//! How many windows a day asks for, beside how many the device holds.

use chrono::NaiveDate;

use super::super::analysis::{Course, Courses, courses};
use super::super::lower::Context;
use super::super::model::{Action, Condition, Policy};
use super::super::refusal::or_periodic;
use crate::device::Capability;
use crate::device::capability::{Level, WindowCapability};
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::units::{Power, Soc};

/// When there is too much on every day.
const EVERY_DAY: &str = "a day";

/// Minutes of a step of the count: no store has a finer grid.
const STEP: i64 = 15;

/// How many of them a day has.
const STEPS: i64 = 96;

/// What holds in one step of a day.
#[derive(Clone, Copy, PartialEq)]
enum Does {
    /// The device's own way, down to a floor.
    Own(Soc),
    Hold,
    Charge(Soc, Option<Power>),
}

/// What is asked of one day.
struct Asked {
    /// The first such day.
    date: NaiveDate,
    /// From midnight to midnight; edges inward, so that a step does the least of what is asked within it.
    steps: Vec<Does>,
    /// The rules that charge and those that hold, in order of the file; what holds otherwise counts as the last.
    charges: Vec<usize>,
    holds: Vec<usize>,
    /// Whether a rule above the last charge, which does not charge, begins or ends it.
    cut: bool,
}

/// Tells when the calendar asks for more windows of one day, or of one week, than the device holds.
pub(super) fn too_many(
    cx: &mut Context<'_>,
    capability: &Capability,
    windows: &WindowCapability,
    policy: &Policy,
    otherwise: Option<&Place>,
) {
    let days = Days::of(policy, windows);
    let mut tell = |rule: Option<usize>, asks: String, held: u8| {
        let place = rule.and_then(|rule| place(policy, rule, otherwise));
        let found = place.map(|place| diagnostic(capability, policy, place, &asks, held));
        found.into_iter().for_each(|diagnostic| cx.push(diagnostic));
    };
    let charge = |asked: &Asked| asked.charges(windows);
    let charged = days.worst(|asked| charge(asked).saturating_sub(usize::from(windows.charge)));
    if let Some(asked) = charged {
        let when = days.when(asked, |other| charge(other) > usize::from(windows.charge));
        let asks = format!("{} asks for {} charge windows {when}", asked.who(), charge(asked));
        tell(asked.charges.last().copied(), asks, windows.charge);
    }
    let beyond = |asked: &Asked| match windows.permission {
        0 => 0,
        _ => asked.permissions(windows).saturating_sub(usize::from(left(asked, windows))),
    };
    let split = days.worst(beyond);
    if let Some(asked) = split {
        let when = match days.when(asked, |other| beyond(other) > 0) {
            when if when == EVERY_DAY => "of a day".to_owned(),
            when => when,
        };
        let asks = format!("this leaves {} stretches {when} to discharge in", asked.permissions(windows));
        tell(asked.holds.last().or(asked.charges.last()).copied(), asks, left(asked, windows));
    }
    let Some(most) = windows.weekly.filter(|_| charged.is_none() && split.is_none()) else { return };
    let week = days.fullest_week(|asked| charge(asked) + asked.permissions(windows));
    if let Some((fullest, first)) = week.filter(|(fullest, _)| *fullest > usize::from(most)) {
        let asks = format!(
            "with the rules above it, this asks for {fullest} windows in the week from {}, counted on each of their days",
            named(first)
        );
        tell(days.sorts.iter().flat_map(|asked| asked.charges.iter().chain(&asked.holds)).max().copied(), asks, most);
    }
}

/// A day as people name it: `Mon 2026-01-05`.
fn named(date: NaiveDate) -> String {
    format!("{} {date}", date.format("%a"))
}

fn diagnostic(capability: &Capability, policy: &Policy, place: Place, asks: &str, held: u8) -> Diagnostic {
    let message = format!("{asks}, and the {} holds {held}", capability.store.name());
    let label = "a window across midnight counts twice";
    let help = format!(
        "the rest is written during the day, as windows end, and costs writes{}",
        or_periodic(policy, "holds more")
    );
    Diagnostic::warning(Code("many-windows"), place, message, label).help(help)
}

/// Where a rule says when it holds, or where it stands that something holds otherwise.
fn place(policy: &Policy, rule: usize, otherwise: Option<&Place>) -> Option<Place> {
    let Some(rule) = policy.rules.get(rule) else { return otherwise.cloned() };
    Some(calendar(&rule.when).unwrap_or(&rule.place).clone())
}

/// Where the first calendar condition stands.
fn calendar(condition: &Condition) -> Option<&Place> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(calendar),
        Condition::Not(inner) => calendar(inner),
        Condition::Calendar(calendar) => Some(&calendar.place),
        Condition::Compare(_) | Condition::NotYetKnown(_) => None,
    }
}

/// How many windows to discharge in are left beside those that charge.
fn left(asked: &Asked, windows: &WindowCapability) -> u8 {
    let charge = u8::try_from(asked.charges(windows)).unwrap_or(u8::MAX);
    windows.permission.min(windows.together.saturating_sub(charge))
}

/// What is asked of the days.
struct Days {
    /// Each sort of day once, in order of its first day.
    sorts: Vec<Asked>,
    /// Of which sort each day is, in order; `None` if it was not looked at.
    order: Vec<(NaiveDate, Option<usize>)>,
}

impl Days {
    /// The days by what is asked of them.
    fn of(policy: &Policy, windows: &WindowCapability) -> Days {
        let Courses { sorts, days } = courses(policy);
        let mut asked: Vec<Asked> = Vec::new();
        let mut numbers: Vec<usize> = Vec::new();
        for course in &sorts {
            let day = Asked::of(policy, windows, course);
            let number = asked.iter().position(|known| known.steps == day.steps).unwrap_or(asked.len());
            numbers.push(number);
            if number == asked.len() {
                asked.push(day);
            }
        }
        let order = days.into_iter().map(|(date, sort)| (date, sort.and_then(|sort| numbers.get(sort).copied())));
        Days { order: order.collect(), sorts: asked }
    }

    /// The sort of day that asks for the most beyond what there is; `None` if none does.
    fn worst(&self, beyond: impl Fn(&Asked) -> usize) -> Option<&Asked> {
        let asked = self.sorts.iter().rev().max_by_key(|asked| beyond(asked));
        asked.filter(|asked| beyond(asked) > 0)
    }

    /// When there is too much: a day of that sort, or every day.
    fn when(&self, worst: &Asked, too_much: impl Fn(&Asked) -> bool) -> String {
        let whole = self.order.iter().all(|(_, sort)| sort.is_some());
        match whole && self.sorts.iter().all(too_much) {
            true => EVERY_DAY.to_owned(),
            false => format!("on {}", named(worst.date)),
        }
    }

    /// The most that any seven days in a row ask for, and the first of them, unless they are all alike: those need no
    /// weekdays. Of several such weeks it is the first that begins no sooner than the first sort of day.
    fn fullest_week(&self, count: impl Fn(&Asked) -> usize) -> Option<(usize, NaiveDate)> {
        let counts: Vec<usize> = self.sorts.iter().map(count).collect();
        let of = |sort: Option<usize>| sort.and_then(|sort| counts.get(sort)).copied().unwrap_or_default();
        let present = self.sorts.first().map_or(NaiveDate::MIN, |asked| asked.date);
        let mut fullest: Option<((usize, bool), NaiveDate)> = None;
        for week in self.order.windows(7) {
            let Some((first, alike)) = week.first() else { continue };
            let rank = (week.iter().map(|(_, sort)| of(*sort)).sum::<usize>(), *first >= present);
            let better = fullest.is_none_or(|(best, _)| rank > best);
            if better && week.iter().any(|(_, sort)| sort != alike) {
                fullest = Some((rank, *first));
            }
        }
        fullest.map(|((sum, _), first)| (sum, first))
    }
}

impl Asked {
    fn of(policy: &Policy, windows: &WindowCapability, course: &Course) -> Asked {
        let last = policy.rules.len();
        let action = |rule: usize| policy.rules.get(rule).map_or(policy.otherwise, |rule| rule.then);
        let mut steps: Vec<Option<Does>> = (0..STEPS).map(|_| None).collect();
        let (mut charges, mut holds) = (Vec::new(), Vec::new());
        for span in &course.spans {
            let rule = span.rule.unwrap_or(last);
            let does = does(policy, windows, action(rule));
            match does {
                Does::Charge(..) => charges.push(rule),
                Does::Hold => holds.push(rule),
                Does::Own(_) => {}
            }
            let first = usize::try_from(span.from / STEP).unwrap_or_default();
            let until = usize::try_from((span.until + STEP - 1) / STEP).unwrap_or_default();
            for step in steps.iter_mut().take(until).skip(first) {
                *step = Some(step.map_or(does, |before| if does.grip() < before.grip() { does } else { before }));
            }
        }
        for rules in [&mut charges, &mut holds] {
            rules.sort_unstable();
            rules.dedup();
        }
        let ends = |one: Option<usize>, other: Option<usize>| {
            let (one, other) = (one.unwrap_or(last), other.unwrap_or(last));
            charges.last() == Some(&other) && one < other && !charges.contains(&one)
        };
        let cut = course.spans.windows(2).any(|pair| match pair {
            [one, other] => ends(one.rule, other.rule) || ends(other.rule, one.rule),
            _ => false,
        });
        let steps = steps.into_iter().map(|step| step.unwrap_or(Does::Own(policy.battery.reserve))).collect();
        Asked { date: course.date, steps, charges, holds, cut }
    }

    /// Who asks for its charges, at the place of the last of them.
    fn who(&self) -> &'static str {
        match self.charges.as_slice() {
            [_, _, ..] => "with the charges above it, this",
            _ if self.cut => "with the rules above it, this",
            _ => "this",
        }
    }

    /// How many windows it takes to charge. Where each has a target of its own, another target is another window.
    fn charges(&self, windows: &WindowCapability) -> usize {
        let each = matches!(windows.target, Level::Each { .. });
        self.runs(|step| matches!(step, Does::Charge(..)), each)
    }

    /// How many permissions it takes to discharge in the rest of the day. Where each has a floor of its own they are always
    /// there, and another floor is another window.
    fn permissions(&self, windows: &WindowCapability) -> usize {
        let each = matches!(windows.floor, Level::Each { .. });
        let held = self.steps.contains(&Does::Hold);
        match self.runs(|step| matches!(step, Does::Own(_)), each) {
            // 00:00–00:00 means unused, so a whole day takes two.
            1 if each && self.steps.iter().all(|step| matches!(step, Does::Own(_))) => 2,
            runs if each || held => runs,
            _ => 0,
        }
    }

    /// How many stretches do this; where each is set by itself, those that differ are apart.
    fn runs(&self, counted: impl Fn(Does) -> bool, each: bool) -> usize {
        let mut before = None;
        let begins = |step: &&Does| {
            let goes_on = before.replace(**step).is_some_and(|last| counted(last) && (!each || last == **step));
            counted(**step) && !goes_on
        };
        self.steps.iter().filter(begins).count()
    }
}

impl Does {
    fn grip(self) -> u8 {
        match self {
            Does::Own(_) => 0,
            Does::Hold => 1,
            Does::Charge(..) => 2,
        }
    }
}

/// What an action comes to on the device: a charge below its least target is a hold at most.
fn does(policy: &Policy, windows: &WindowCapability, action: Action) -> Does {
    let reserve = policy.battery.reserve;
    let own = |floor: Option<Soc>| Does::Own(floor.unwrap_or(reserve).max(reserve));
    match action {
        Action::ChargeTo { target, power } => {
            let target = target.min(policy.battery.ceiling);
            match windows.target.least() {
                Some(least) if target.percent() < f64::from(least) => Does::Hold,
                _ => Does::Charge(target, power),
            }
        }
        Action::Hold => Does::Hold,
        Action::SelfConsume { floor } => own(floor),
        Action::DischargeTo { floor, .. } => own(Some(floor)),
        Action::ChargeToCover { .. } | Action::FollowPlan => own(None),
    }
}
