//! What would be written, what waits and why, and what would happen if nobody came back.

use crate::device::{Capability, Grip, Object, Schedule, Settings, Step, WriteKind};
use crate::engine::Command;
use crate::plan::budget::MayGrant;
use crate::plan::compile::{Compiled, Deferred, Reason};
use crate::plan::diff::{self, Change};
use crate::plan::{Obstacle, Plan};
use crate::snapshot::Signal;
use crate::time::{Instant, before, spoken};

use super::capability;
use super::layout::{Line, Screen};
use super::screen;
use super::style::Role;
use super::wall::Wall;
use super::words;

/// What waits and is told; the rest is counted.
const MOST_DEFERRED: usize = 6;

/// The writes, or why there are none. Returns what was said of what waits, so that it need not be said again.
pub(super) fn pending(screen: &mut Screen, plan: &Plan<'_>, wall: Wall<'_>) -> Option<Reason> {
    let writes = plan.writes();
    let (Some(mut schedule), [_, ..]) = (plan.inputs.present, writes) else {
        let (why, told) = why_none(plan, wall);
        let head = Line::default().text(Role::Title, "writes: none").text(Role::Text, " — ");
        screen.prose(head, Role::Text, &why, 2);
        return told;
    };
    let head = Line::default().text(Role::Title, "writes");
    match writes {
        [one] => screen.line(&head.text(Role::Faint, &format!(" ({})", left(plan, writes, one, 0)))),
        _ => screen.line(&head.text(Role::Faint, &format!(": {}, in this order", writes.len()))),
    }
    for (index, write) in writes.iter().enumerate() {
        screen.line(&endpoint(plan, &schedule, writes, write, index));
        changes(screen, &schedule, write);
        schedule = schedule.with(write.settings);
    }
    None
}

/// What waits, by which means the schedule does what it does, and what would happen if nobody came back.
pub(super) fn aftermath(screen: &mut Screen, plan: &Plan<'_>, told: Option<Reason>, wall: Wall<'_>) {
    let compiled = match &plan.compiled {
        Ok(compiled) => compiled,
        Err(Obstacle::NotPossible(_) | Obstacle::ReadOnly) => return cite(screen, plan),
        Err(Obstacle::PresentUnknown) => return,
    };
    let lowering = format!(" {}", words::lowering(compiled.lowering));
    let mut line = Line::default();
    if compiled.deferred.is_empty() {
        line = line.text(Role::Title, "deferred:").text(Role::Text, " nothing · ");
    } else {
        deferred(screen, plan, compiled, told, wall);
    }
    screen.line(&line.text(Role::Title, "how:").text(Role::Text, &lowering));
    let when = if compiled.writes.is_empty() { "now" } else { "after this" };
    let head = Line::default().text(Role::Title, &format!("if offpeak stopped {when}:")).text(Role::Text, " ");
    screen.prose(head, Role::Text, &orphan(plan, compiled), 2);
}

/// `charges to 90 % every night 23:30–05:30 (6 h without discharge a day), nothing else`, and what of it nobody asks for.
pub(super) fn orphan(plan: &Plan<'_>, compiled: &Compiled) -> String {
    let bound = &compiled.bound;
    let raised = bound.floor.filter(|floor| f64::from(*floor) > plan.policy.battery.reserve.percent() + 0.5);
    let floor = raised.map_or(String::new(), |floor| format!("; the floor stays at {floor} %"));
    match bound.unasked_minutes {
        0 => format!("{bound}{floor}"),
        unasked => {
            let unasked = words::hours(unasked);
            format!("{bound}; {unasked} of that in the coming day is more than the rules ask{floor}")
        }
    }
}

/// Why a change waits though nothing forbids it.
fn waiting(plan: &Plan<'_>) -> &'static str {
    let max_age = plan.policy.limits.reading_max_age;
    match plan.inputs.readings.usable(Signal::Soc, plan.inputs.now, max_age) {
        Ok(_) => "a reading changed the schedule a short time ago; so that it does not flap, it stays as it is",
        Err(_) => "the readings fail, and `when blind: keep` keeps what they decided",
    }
}

/// Why nothing is to be written, and which reason of what waits was told by that.
fn why_none(plan: &Plan<'_>, wall: Wall<'_>) -> (String, Option<Reason>) {
    let compiled = match &plan.compiled {
        Ok(compiled) => compiled,
        Err(obstacle) => return (screen::obstacle(obstacle, wall), None),
    };
    if let Some(until) = compiled.waits_until {
        return (format!("{} until {}", waiting(plan), wall.short(until)), None);
    }
    let refused = compiled.deferred.iter().find(|deferred| matches!(deferred.why, Reason::MayNotGrant(_)));
    let will_be = compiled.deferred.iter().filter(|deferred| !lasts(deferred.why));
    let next = will_be.map(|deferred| deferred.due).min().filter(|due| *due > plan.inputs.now);
    match (refused, next) {
        (Some(refused), _) => (why(plan, refused, wall), Some(refused.why)),
        (None, Some(next)) => (format!("nothing is due before {}", wall.short(next)), None),
        (None, None) if compiled.deferred.is_empty() => ("the device already is as it should be".to_owned(), None),
        (None, None) => ("the device already does what can be done now".to_owned(), None),
    }
}

fn endpoint(plan: &Plan<'_>, before: &Schedule, writes: &[Step], write: &Step, index: usize) -> Line {
    let number = if writes.len() > 1 { format!("{}. ", index + 1) } else { String::new() };
    let meaning = if keeps_reserve(before, write) { "keeps the reserve" } else { words::kind_meaning(write.kind) };
    let kind = format!("{}: {meaning}", words::kind(write.kind));
    let line = Line::indent(2).text(Role::Text, &number).text(Role::Command, write.settings.update_endpoint());
    let line = line.text(Role::Faint, &format!("  {kind}"));
    if writes.len() > 1 { line.text(Role::Faint, &format!(" ({})", left(plan, writes, write, index))) } else { line }
}

/// Whether a write is a withdrawal by courtesy: it raises the floor, but no further than the reserve.
fn keeps_reserve(before: &Schedule, write: &Step) -> bool {
    match (before.settings(Object::Discharge), write.settings) {
        (Some(Settings::Discharge(from)), Settings::Discharge(to)) => {
            write.kind == WriteKind::Withdrawal && to.floor > from.floor
        }
        _ => false,
    }
}

fn changes(screen: &mut Screen, before: &Schedule, write: &Step) {
    let difference = diff::of_write(before, &write.settings);
    for Change { field, from, to } in &difference.changes {
        let line = Line::indent(4).text(Role::Warn, "~").text(Role::Text, &format!(" {field:<11}  "));
        let line = line.text(Role::Faint, &format!("{:<11}  → ", from.to_string()));
        screen.line(&line.text(Role::Good, &to.to_string()));
    }
    if difference.changes.is_empty() {
        screen.line(&Line::indent(4).text(Role::Faint, "the same fields again"));
    }
}

/// `5 of 6 left today after this`.
fn left(plan: &Plan<'_>, writes: &[Step], write: &Step, index: usize) -> String {
    let object = write.settings.object();
    let sent = writes.iter().take(index + 1).filter(|write| write.settings.object() == object).count();
    let left = left_after(plan, object, sent);
    format!("{left} of {} left today after this", plan.policy.limits.writes_per_day)
}

/// Writes of this local day that are left to an object after so many more.
pub(super) fn left_after(plan: &Plan<'_>, object: Object, more: usize) -> u32 {
    let more = u32::try_from(more).unwrap_or(u32::MAX);
    plan.policy.limits.writes_per_day.saturating_sub(used(plan, object)).saturating_sub(more)
}

/// Writes of this local day that an object has had.
pub(super) fn used(plan: &Plan<'_>, object: Object) -> u32 {
    *plan.inputs.used.of(object)
}

fn deferred(screen: &mut Screen, plan: &Plan<'_>, compiled: &Compiled, mut told: Option<Reason>, wall: Wall<'_>) {
    screen.line(&Line::default().text(Role::Title, "deferred"));
    let when = if compiled.writes.is_empty() { "as it stands" } else { "after this" };
    let first = compiled.deferred.iter().map(|deferred| deferred.due).min();
    for deferred in compiled.deferred.iter().take(MOST_DEFERRED) {
        let asked = words::command(deferred.asked, plan.policy.battery.reserve);
        let line = Line::indent(2).text(Role::Text, &wall.span(deferred.from, deferred.until)).text(Role::Text, "  ");
        let line = line.text(Role::Command, &asked);
        screen.line(&line.text(Role::Faint, &format!(" ({when} the device {})", does(deferred))));
        let why = if told == Some(deferred.why) {
            "for the same reason".to_owned()
        } else if waits_for_its_time(plan, deferred) {
            format!("it begins later than `program ahead` ({})", spoken(plan.policy.limits.program_ahead))
        } else {
            words::reason(deferred.why, needed(plan, deferred), None, wall)
        };
        told = Some(deferred.why);
        screen.prose(Line::indent(6), Role::Text, &format!("{why} · {}", due(plan, deferred, first, wall)), 6);
    }
    let hidden = compiled.deferred.iter().skip(MOST_DEFERRED);
    if let (more @ 1.., Some(last)) = (hidden.clone().count(), hidden.last()) {
        let text = format!("… and {more} more until {}", wall.short(last.until));
        screen.line(&Line::indent(2).text(Role::Faint, &text));
    }
    if compiled.deferred.iter().any(|deferred| rests_on_device(deferred.why)) {
        cite(screen, plan);
    }
}

/// Where it stands what the device can do.
fn cite(screen: &mut Screen, plan: &Plan<'_>) {
    let text = format!("what this device can do: {}", capability::anchor(plan.capability.store));
    screen.line(&Line::indent(2).text(Role::Faint, &text));
}

/// Whether another kind of device could do it.
fn rests_on_device(why: Reason) -> bool {
    !matches!(why, Reason::MayNotGrant(_) | Reason::LeftOver | Reason::Waits)
}

/// What the device does instead; where the floor is all that differs, down to which.
fn does(deferred: &Deferred) -> String {
    let instead = words::grip(deferred.does);
    match deferred.asked {
        Command::SelfConsume { .. } if deferred.does == Grip::SelfConsume => {
            deferred.floor.map_or(instead.clone(), |floor| format!("{instead} down to {floor} %"))
        }
        _ => instead,
    }
}

/// Whether nothing but time stands between this and its write.
fn waits_for_its_time(plan: &Plan<'_>, deferred: &Deferred) -> bool {
    deferred.why == Reason::Waits && deferred.due == before(deferred.from, plan.policy.limits.program_ahead)
}

/// Why something waits, in words.
pub(super) fn why(plan: &Plan<'_>, deferred: &Deferred, wall: Wall<'_>) -> String {
    let needs = needed(plan, deferred);
    let until = match permit(plan, needs.1) {
        MayGrant::No { until, .. } => until,
        MayGrant::Yes { .. } => None,
    };
    words::reason(deferred.why, needs, until, wall)
}

/// When something that waits will be programmed, in words. `first` is when the first of all is.
fn due(plan: &Plan<'_>, deferred: &Deferred, first: Option<Instant>, wall: Wall<'_>) -> String {
    let remedy = match deferred.why {
        Reason::MayNotGrant(refusal) => words::remedy(refusal),
        _ => None,
    };
    match remedy {
        Some(remedy) => format!("will be programmed {remedy}"),
        None if cannot(deferred.why) => "cannot be programmed".to_owned(),
        None if lasts(deferred.why) => "will be programmed once a whole day asks for no lower one".to_owned(),
        None if deferred.due >= deferred.until => "too late for this time".to_owned(),
        None if deferred.due <= plan.inputs.now => "will be programmed as soon as it fits".to_owned(),
        None if deferred.why == Reason::LeftOver => format!("will be changed at {}", wall.short(deferred.due)),
        None if conflicts(deferred.why) => {
            format!("programmed not before {}", wall.short(deferred.due))
        }
        // Whoever writes a whole week at once writes what comes later with what comes first, as far as it fits.
        None if plan.capability.store.objects() == [Object::Windows]
            && first.is_some_and(|first| first < deferred.due) =>
        {
            format!("will be programmed by {}", wall.short(deferred.due))
        }
        None => format!("will be programmed at {}", wall.short(deferred.due)),
    }
}

/// Whether something else that is asked stands in its way: what else is asked by then may do so too.
fn conflicts(why: Reason) -> bool {
    matches!(
        why,
        Reason::Permissions { .. }
            | Reason::ChargeWindows { .. }
            | Reason::DayWindows { .. }
            | Reason::WeekWindows { .. }
            | Reason::LastPermission
            | Reason::Target { .. }
            | Reason::Repeats
            | Reason::RepeatsWeekly
    )
}

/// Whether no time can be told for something that waits: what stands in its way lasts as long as the policy asks for both.
fn lasts(why: Reason) -> bool {
    cannot(why) || matches!(why, Reason::Floor { .. })
}

/// Whether the device can never do it.
fn cannot(why: Reason) -> bool {
    matches!(
        why,
        Reason::LeastTarget { .. } | Reason::OnlyTarget { .. } | Reason::LeastFloor { .. } | Reason::OwnFloor { .. }
    )
}

/// The object that what is deferred would need.
pub(super) fn needed<'a>(plan: &'a Plan<'_>, deferred: &Deferred) -> (&'a Capability, Object) {
    let capability = &plan.capability;
    let object = match deferred.asked {
        _ if capability.store.objects() == [Object::Windows] => Object::Windows,
        Command::ChargeTo { .. } => Object::Charge,
        Command::Hold | Command::SelfConsume { .. } | Command::DischargeTo { .. } => Object::Discharge,
    };
    (capability, object)
}

/// What may be granted to an object.
pub(super) fn permit(plan: &Plan<'_>, object: Object) -> MayGrant {
    *plan.inputs.permits.of(object)
}
