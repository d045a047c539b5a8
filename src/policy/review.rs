//! What a policy asks beside what its device can do, and rules that cannot mean what they say.

use super::lower::Context;
use super::model::{Action, CalendarCondition, Condition, Policy, Quantity, Rule};
use crate::device::Capability;
use crate::device::capability::WindowCapability;
use crate::diagnostic::{Code, Diagnostic, Place};
use crate::snapshot::Signal;
use crate::time::{ClockTime, DailyWindow};
use crate::units::Soc;

/// Looks at a policy whose parts are all valid.
pub(super) fn review(cx: &mut Context<'_>, policy: &Policy, otherwise: Option<Place>) {
    let capability = policy.device.capability();
    if let Some(windows) = capability.windows {
        let rules = policy.rules.iter().map(|rule| (rule.then, rule.then_place.clone()));
        let actions: Vec<(Action, Place)> = rules.chain(otherwise.map(|place| (policy.otherwise, place))).collect();
        for (action, place) in actions {
            possible(cx, &capability, policy, action, &place);
            guarded(cx, &capability, policy, action, &place);
        }
        off_grid(cx, &capability, &windows);
        for rule in &policy.rules {
            too_many_windows(cx, &capability, &windows, rule);
        }
        ceiling(cx, policy);
    }
    for rule in &policy.rules {
        undoes_itself(cx, rule);
    }
    hidden(cx, policy);
}

/// Refuses what the device cannot do, and says what it can.
fn possible(cx: &mut Context<'_>, capability: &Capability, policy: &Policy, action: Action, place: &Place) {
    let device = policy.device.driver().name();
    let store = capability.store.name();
    let mut refuse = |message: String, label: &str, help: String| {
        cx.push(Diagnostic::error(Code("cannot-do"), place.clone(), message, label).help(help));
    };
    match action {
        Action::ChargeTo { power: Some(_), .. } | Action::ChargeToCover { power: Some(_), .. }
            if !capability.charge_power =>
        {
            let without = match action {
                Action::ChargeTo { target, .. } => Action::ChargeTo { target, power: None },
                Action::ChargeToCover { until, .. } => Action::ChargeToCover { until, power: None },
                other => other,
            };
            let message = format!("the {store} of {device} cannot set the power of a charge");
            refuse(message, "this device charges as fast as it can", format!("write `{without}`"));
        }
        Action::DischargeTo { floor, .. } if !capability.forced_discharge => {
            let message = format!("the {store} of {device} cannot force energy out of the battery");
            let serve = Action::SelfConsume { floor: Some(floor) };
            refuse(
                message,
                "this device only serves the house",
                format!("write `{serve}`: the battery covers the house's load down to there"),
            );
        }
        Action::Hold if !capability.hold => {
            let message = format!("the {store} of {device} cannot forbid discharge");
            refuse(
                message,
                "cannot be held",
                "write `self-consume` with a floor: `self-consume down to 80%`".to_owned(),
            );
        }
        Action::ChargeTo { target, .. } if target.percent() < f64::from(least_target(capability)) => {
            let message =
                format!("the {store} of {device} takes no charge target below {} %", least_target(capability));
            let least = least_target(capability);
            refuse(message, "too low a target", format!("write `charge to {least}%`, or `hold` to keep what is there"));
        }
        _ => {}
    }
}

/// The least target that the device is known to take.
fn least_target(capability: &Capability) -> u8 {
    capability.windows.and_then(|windows| windows.target.least()).unwrap_or_default()
}

/// Tells where reserve and ceiling will bound an action.
fn guarded(cx: &mut Context<'_>, capability: &Capability, policy: &Policy, action: Action, place: &Place) {
    let (reserve, ceiling) = (policy.battery.reserve, policy.battery.ceiling);
    let mut tell = |code: &'static str, message: String, help: &str| {
        cx.push(Diagnostic::warning(Code(code), place.clone(), message, "will be bounded").help(help));
    };
    match action {
        Action::ChargeTo { target, .. } if target > ceiling => {
            tell(
                "above-ceiling",
                format!("the ceiling holds: this charges to {ceiling}, not to {target}"),
                "raise `battery: ceiling`, or lower the target",
            );
        }
        Action::SelfConsume { floor: Some(floor) } | Action::DischargeTo { floor, .. } if floor < reserve => {
            tell(
                "below-reserve",
                format!("the reserve holds: this goes down to {reserve}, not to {floor}"),
                "lower `battery: reserve`, or raise the floor",
            );
        }
        Action::ChargeTo { target, .. }
            if target < reserve && target.percent() >= f64::from(least_target(capability)) =>
        {
            tell(
                "below-reserve",
                format!("the target of {target} lies below the reserve of {reserve}"),
                "raise the target: the battery is never commanded below its reserve",
            );
        }
        _ => {}
    }
}

/// Tells where the clock of the device is coarser than that of the policy.
fn off_grid(cx: &mut Context<'_>, capability: &Capability, windows: &WindowCapability) {
    let grid = windows.grid_minutes;
    let mut found: Vec<Diagnostic> = Vec::new();
    for seen in cx.read_windows() {
        let off = |time: ClockTime| !time.minutes().is_multiple_of(grid);
        if !off(seen.window.start()) && !off(seen.window.end()) {
            continue;
        }
        let message = format!("the {} knows only every {grid} minutes of the clock", capability.store.name());
        let label = snapped(&seen.window, grid).map_or_else(
            || "nothing is left of this window on the device".to_owned(),
            |(start, end)| format!("programmed ahead as {start}-{end}"),
        );
        let help = "edges are moved inward, so that the device never does more than the rule asks";
        found.push(Diagnostic::warning(Code("off-grid"), seen.place.clone(), message, label).help(help));
    }
    found.into_iter().for_each(|diagnostic| cx.push(diagnostic));
}

/// The window with its edges moved inward to the grid; `None` if nothing is left of it.
fn snapped(window: &DailyWindow, grid: u16) -> Option<(ClockTime, ClockTime)> {
    let (start, end) = (window.start().minutes(), window.end().minutes());
    let length = if end > start { end - start } else { end + 1440 - start };
    let later = start.div_ceil(grid) * grid;
    let earlier = end / grid * grid;
    let lost = (later - start) + (end - earlier);
    let later = ClockTime::from_minutes(if later == 1440 { 0 } else { later })?;
    let earlier = ClockTime::from_minutes(if earlier == 0 { 1440 } else { earlier })?;
    (lost < length).then_some((later, earlier))
}

/// Tells when one charge rule alone needs more windows of the day than the device holds.
fn too_many_windows(cx: &mut Context<'_>, capability: &Capability, windows: &WindowCapability, rule: &Rule) {
    if !matches!(rule.then, Action::ChargeTo { .. }) {
        return;
    }
    let Some(calendar) = conjuncts(&rule.when).into_iter().find_map(as_calendar) else { return };
    let asked = &calendar.test.windows;
    let needed: usize = asked
        .iter()
        .map(|window| if window.crosses_midnight() && window.end() != ClockTime::END_OF_DAY { 2 } else { 1 })
        .sum();
    let held = windows.charge;
    if needed > usize::from(held) && asked.len() > 1 {
        let message =
            format!("this asks for {needed} charge windows a day, and the {} holds {held}", capability.store.name());
        let warning = Diagnostic::warning(
            Code("many-windows"),
            calendar.place.clone(),
            message,
            "a window across midnight counts twice",
        );
        cx.push(warning.help("the rest is written during the day, as windows end, and costs writes"));
    }
}

/// The sun may pass a ceiling that the device cannot hold.
fn ceiling(cx: &mut Context<'_>, policy: &Policy) {
    if let Some(place) = cx.ceiling.clone().filter(|_| policy.battery.ceiling < Soc::FULL) {
        let message = format!("the ceiling of {} bounds charging from the grid only", policy.battery.ceiling);
        let label = format!("{} cannot stop the sun from charging", policy.device.driver().name());
        let warning = Diagnostic::warning(Code("ceiling-grid-only"), place, message, label);
        cx.push(warning.help("leave `ceiling` out if that is not what you want to say"));
    }
}

/// Tells of a charge that switches its own rule off at its target or before, to begin again soon after.
fn undoes_itself(cx: &mut Context<'_>, rule: &Rule) {
    let Action::ChargeTo { target, .. } = rule.then else { return };
    for condition in conjuncts(&rule.when) {
        let Condition::Compare(comparison) = condition else { continue };
        let bounded = comparison.bounds.high.is_some_and(|edge| edge.value <= target.percent());
        if comparison.quantity == Quantity::Reading(Signal::Soc) && comparison.observation.is_none() && bounded {
            let message = format!("`{}` undoes this condition: the rule switches itself off and on again", rule.then);
            let warning = Diagnostic::warning(
                Code("self-undoing"),
                comparison.place.clone(),
                message,
                "false as soon as the charge has come so far",
            );
            let warning = warning.related(rule.then_place.clone(), "this changes the state of charge");
            cx.push(warning.help("leave the condition out: at its target a charge stops by itself and holds; or release it later with `until`"));
        }
    }
}

/// Tells of rules that never win, because a rule above them holds whenever they do.
fn hidden(cx: &mut Context<'_>, policy: &Policy) {
    let asked: Vec<Vec<Asked<'_>>> =
        policy.rules.iter().map(|rule| conjuncts(&rule.when).into_iter().map(asked).collect()).collect();
    for (number, (rule, own)) in policy.rules.iter().zip(&asked).enumerate() {
        let mut above = policy.rules.iter().zip(&asked).take(number);
        let covers = |others: &[Asked<'_>]| others.iter().all(|other| own.iter().any(|one| covers(other, one)));
        let hiding =
            above.find(|(hiding, others)| !matches!(hiding.then, Action::ChargeToCover { .. }) && covers(others));
        let Some((hiding, _)) = hiding else { continue };
        let message = format!("the rule `{}` never wins", rule.name);
        let warning =
            Diagnostic::warning(Code("hidden-rule"), rule.place.clone(), message, "hidden by a rule above it");
        let warning =
            warning.related(hiding.place.clone(), "whenever the other holds, this one does too, and it comes first");
        cx.push(warning.help("the first rule whose conditions all hold wins: put the narrower rule first"));
    }
}

/// What one condition asks: its calendar keys, or else its meaning in words.
struct Asked<'p> {
    calendar: Option<&'p CalendarCondition>,
    meaning: String,
}

fn asked(condition: &Condition) -> Asked<'_> {
    Asked { calendar: as_calendar(condition), meaning: meaning(condition) }
}

/// Whether the first surely holds whenever the second does.
fn covers(wide: &Asked<'_>, narrow: &Asked<'_>) -> bool {
    let (Some(one), Some(other)) = (wide.calendar, narrow.calendar) else { return wide.meaning == narrow.meaning };
    let same_windows = one.test.windows == other.test.windows && one.bands == other.bands;
    let bands = one.bands.is_empty() || one.bands == other.bands;
    let windows = one.test.windows.is_empty() || one.test.windows == other.test.windows;
    let every_day = one.test.days.is_empty() && one.test.months.is_none() && one.test.dates.is_empty();
    // Day tests are judged on the day on which the window began, so they compare only beside the same windows and bands.
    let days = one.test.days.is_empty() || one.test.days == other.test.days;
    let months = one.test.months.is_none() || one.test.months == other.test.months;
    let dates = one.test.dates.is_empty() || one.test.dates == other.test.dates;
    bands && windows && every_day || same_windows && days && months && dates
}

/// The conditions that must all hold.
fn conjuncts(condition: &Condition) -> Vec<&Condition> {
    match condition {
        Condition::All(all) => all.iter().flat_map(conjuncts).collect(),
        other => vec![other],
    }
}

fn as_calendar(condition: &Condition) -> Option<&CalendarCondition> {
    match condition {
        Condition::Calendar(calendar) => Some(calendar),
        _ => None,
    }
}

/// What a condition asks, without the place where it does so.
fn meaning(condition: &Condition) -> String {
    let list = |conditions: &[Condition]| conditions.iter().map(meaning).collect::<Vec<String>>().join(", ");
    match condition {
        Condition::All(all) => format!("all [{}]", list(all)),
        Condition::Any(any) => format!("any [{}]", list(any)),
        Condition::Not(inner) => format!("not [{}]", meaning(inner)),
        Condition::Calendar(calendar) => format!("{:?} {:?}", calendar.bands, calendar.test),
        Condition::Compare(one) => format!("{:?} {:?} {:?}", one.quantity, one.bounds, one.observation),
        Condition::NotYetKnown(one) => one.text.clone(),
    }
}
