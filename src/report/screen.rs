//! The plan screen: what holds, what will, what would be written and what not, for people.

use std::time::Duration;

use crate::device::{Object, Schedule};
use crate::diagnostic::Place;
use crate::engine::{Decision, Source, Verdict};
use crate::plan::budget::{MayGrant, Refusal};
use crate::plan::{Obstacle, Plan, Span};
use crate::snapshot::Signal;
use crate::time::{Instant, Local, before};

use super::layout::{Line, Piece, Screen, Table, cut};
use super::style::{Role, Style};
use super::wall::Wall;
use super::words;
use super::{Device, course, finding, moment, readings, weighed, writes};

/// Rows of decisions that are shown; the rest is counted.
const MOST_DECISIONS: usize = 12;

/// Rules that could not be judged and are named; the rest is counted.
const MOST_UNKNOWN: usize = 6;

/// The plan screen. `closing` is the last line: what was sent, and what to do.
#[must_use]
pub fn plan_text(plan: &Plan<'_>, device: &Device<'_>, closing: &str, style: Style) -> String {
    let wall = Wall { zone: &plan.policy.zone, now: plan.inputs.now };
    let mut screen = Screen::new(style);
    head(&mut screen, plan, device);
    screen.blank();
    decisions(&mut screen, plan, wall);
    if let Some(weighed) = weighed::text(plan) {
        screen.prose(Line::indent(9), Role::Faint, &weighed, 9);
    }
    course::rows(&mut screen, plan, wall);
    screen.blank();
    for warning in warnings(plan, wall) {
        screen.prose(Line::default().text(Role::Warn, "warning: "), Role::Text, &warning, 9);
    }
    not_known(&mut screen, plan);
    screen.blank();
    let told = writes::pending(&mut screen, plan, wall);
    writes::aftermath(&mut screen, plan, told, wall);
    if !closing.is_empty() {
        screen.prose(Line::default(), Role::Title, closing, 0);
    }
    screen.finish()
}

fn head(screen: &mut Screen, plan: &Plan<'_>, device: &Device<'_>) {
    let policy = plan.policy;
    let now = plan.inputs.now;
    let serial = if device.serial.is_empty() { String::new() } else { format!(" {}", device.serial) };
    let named = format!("{}{}", cut(device.name, 30), cut(&serial, 30));
    let title = Line::default().text(Role::Title, &cut(&policy.site, 30)).text(Role::Text, &format!(" · {named} · "));
    screen.line(&title.text(Role::Text, &moment::full(now, &policy.zone)));
    readings::list(screen, &plan.inputs.readings, now, policy.limits.reading_max_age);
}

fn decisions(screen: &mut Screen, plan: &Plan<'_>, wall: Wall<'_>) {
    let mut rows: Vec<Vec<Piece>> = plan.timeline.spans.iter().map(|span| decision(plan, span, wall)).collect();
    // Two spans may differ in what is programmed and yet say the same; the time is the second cell.
    rows.dedup_by(|row, before| row.iter().skip(2).eq(before.iter().skip(2)));
    let hidden = rows.len().saturating_sub(MOST_DECISIONS);
    rows.truncate(MOST_DECISIONS);
    for (row, label) in rows.iter_mut().zip(["now  ", "next "]) {
        row.first_mut().into_iter().for_each(|cell| cell.1 = label.to_owned());
    }
    screen.table(Table { indent: 2, most: &[5, 20, 34, 48, 32, 22], flex: 3 }, &rows);
    if hidden > 0 {
        let until = wall.short(course::end(plan));
        screen.line(&Line::indent(9).text(Role::Faint, &format!("… and {hidden} more until {until}")));
    }
}

/// Label, time, command, who, where, and whether it is only expected.
fn decision(plan: &Plan<'_>, span: &Span, wall: Wall<'_>) -> Vec<Piece> {
    let expected = &span.expected;
    let (role, note) = match (span.programmable, plan.safe_mode) {
        (true, _) => (Role::Command, ""),
        (false, true) => (Role::Faint, "safe mode: not written"),
        (false, false) => (Role::Faint, "expected only"),
    };
    vec![
        (Role::Faint, String::new()),
        (Role::Text, wall.short(span.from)),
        (role, words::command(expected.command, plan.policy.battery.reserve)),
        (Role::Text, words::source(plan.policy, expected, manual_until(plan), wall)),
        (Role::Faint, place(plan, expected)),
        (Role::Faint, note.to_owned()),
    ]
}

/// Until when the owner's manual command holds, if there is one.
pub(super) fn manual_until(plan: &Plan<'_>) -> Option<Instant> {
    plan.inputs.manual.as_ref().map(|manual| manual.until)
}

/// `home.yaml:28`: where the rule that decided stands.
pub(super) fn place(plan: &Plan<'_>, decision: &Decision) -> String {
    let Source::Rule(index) = decision.source else { return String::new() };
    plan.policy.rules.get(index).map_or(String::new(), |rule| file_line(&plan.policy.file, &rule.place))
}

/// The own name of the file in which a place lies, without its folders, and the line. `file` is the one that was asked for.
pub(super) fn file_line(file: &str, place: &Place) -> String {
    let (file, line) = (place.file.as_deref().unwrap_or(file), place.line);
    let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
    if line == 0 { String::new() } else { format!("{}:{line}", cut(name, 26)) }
}

/// What the owner should look at before anything is sent.
pub(super) fn warnings(plan: &Plan<'_>, wall: Wall<'_>) -> Vec<String> {
    let mut warnings = Vec::new();
    warnings.extend(blindness(plan));
    let oddity = plan.inputs.present.as_ref().and_then(Schedule::oddity);
    warnings.extend(oddity.map(|oddity| format!("on the device {}", words::oddity(oddity))));
    warnings.extend(plan.capability.store.objects().iter().filter_map(|object| drift(plan, *object)));
    warnings.extend(clock_changes(plan, wall));
    warnings
}

/// Someone else's edit that is left alone.
fn drift(plan: &Plan<'_>, object: Object) -> Option<String> {
    let MayGrant::No { why: Refusal::Drift, .. } = writes::permit(plan, object) else { return None };
    Some(format!(
        "someone else changed the {} settings; `on drift: report` leaves them so until `offpeak apply` or `offpeak resume`",
        object.word()
    ))
}

/// The state of charge cannot be used, and what follows from that.
pub(super) fn blindness(plan: &Plan<'_>) -> Option<String> {
    let max_age = plan.policy.limits.reading_max_age;
    let why = plan.inputs.readings.usable(Signal::Soc, plan.inputs.now, max_age).err()?;
    let consequence = if plan.safe_mode {
        "so safe mode holds (`when blind: self-consume`): self-consume, whatever the rules say"
    } else {
        "so no rule that reads it fires; what time alone decides goes on (`when blind: keep`)"
    };
    Some(format!("soc cannot be used ({}), {consequence}", words::unknown(why)))
}

/// A change of the clock within the horizon, which the device may not follow.
fn clock_changes(plan: &Plan<'_>, wall: Wall<'_>) -> Vec<String> {
    let zone = wall.zone;
    let told = zone.changes(wall.now, course::end(plan)).into_iter().map(|at| {
        let before = before(at, Duration::from_secs(1));
        let (old, new) = (Local::with_offset(at, zone.local(before).offset), zone.local(at));
        format!(
            "the clocks change on {} {}: {} {} becomes {} {}. Whether the device's own clock follows is not known: its windows \
             may be off until it does",
            new.weekday(),
            new.date,
            old.time(),
            zone.abbreviation(before),
            new.time(),
            zone.abbreviation(at)
        )
    });
    told.collect()
}

/// Rules that could not be judged, with the condition that left them open.
fn not_known(screen: &mut Screen, plan: &Plan<'_>) {
    let explanation = plan.explanation();
    let mut unknown = Vec::new();
    for (rule, verdict) in plan.policy.rules.iter().zip(&explanation.rules) {
        if let Verdict::Unknown(found) = verdict {
            unknown.push((rule, finding::text(plan, found)));
        }
    }
    for (rule, why) in unknown.iter().take(MOST_UNKNOWN) {
        let head = Line::default().text(Role::Warn, "not known: ");
        screen.prose(head, Role::Text, &format!("\"{}\" ({why})", cut(&rule.name, 64)), 11);
    }
    let more = unknown.len().saturating_sub(MOST_UNKNOWN);
    if more > 0 {
        screen.line(&Line::indent(11).text(Role::Faint, &format!("… and {more} more rules")));
    }
}

/// Why nothing can be planned.
pub(super) fn obstacle(obstacle: &Obstacle, wall: Wall<'_>) -> String {
    match obstacle {
        Obstacle::PresentUnknown | Obstacle::ReadOnly => obstacle.to_string(),
        Obstacle::NotPossible(impossible) => {
            format!("from {} to {} {impossible}", wall.short(impossible.from), wall.short(impossible.until))
        }
    }
}
