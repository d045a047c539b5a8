//! A plan as data: everything that it rests on and everything that follows.

use serde_json::{Value, json};

use crate::device::{Object, PerObject, Settings};
use crate::engine::{Decision, Source};
use crate::plan::budget::{MayGrant, Refusal};
use crate::plan::compile::{ChargeUse, Compiled, Deferred};
use crate::plan::diff::{self, Difference};
use crate::plan::orphan::OrphanBound;
use crate::plan::timeline::{Point, Steps};
use crate::plan::{Obstacle, Outlook, Plan, Span};
use crate::policy::Policy;
use crate::snapshot::Signal;
use crate::tariff::PriceSeries;
use crate::time::{ClockTime, Instant};
use crate::units::{Power, Price};

use super::json::{VERSION, command, field, number, of_each, percent, policy, schedule, watts};
use super::moment::rfc3339;
use super::wall::Wall;
use super::why::in_file;
use super::{Device, course, readings, why, words, writes};

/// A plan as JSON. `payload` gives what a write sends, as the vendor spells it.
///
/// The same plan gives the same bytes: keys stand in a fixed order, instants in UTC to the second, numbers without
/// needless digits.
#[must_use]
pub fn plan_json(plan: &Plan<'_>, device: &Device<'_>, payload: &dyn Fn(&Settings) -> Value) -> Value {
    let (inputs, compiled) = (plan.inputs, plan.compiled.as_ref().ok());
    json!({
        "version": VERSION,
        "site": plan.policy.site,
        "device": { "name": device.name, "serial": device.serial },
        "policy": policy(plan),
        "now": rfc3339(inputs.now),
        "zone": plan.policy.zone.name(),
        "horizon": rfc3339(course::end(plan)),
        "readings": readings::readings_json(&inputs.readings, inputs.now, plan.policy.limits.reading_max_age),
        "override": inputs.manual.map(|manual| json!({ "action": words::action(manual.action), "until": rfc3339(manual.until) })),
        "decision": why::decision(plan),
        "rules": why::rules_json(plan),
        "memory": memory(plan),
        "safe_mode": plan.safe_mode,
        "waits_until": compiled.and_then(|compiled| compiled.waits_until).map(rfc3339),
        "timeline": plan.timeline.spans.iter().map(|span| span_json(plan.policy, span)).collect::<Vec<_>>(),
        "course": plan.timeline.course.iter().map(|point| point_json(plan, point)).collect::<Vec<_>>(),
        "prices": prices(plan),
        "clock_changes": plan.policy.zone.changes(inputs.now, course::end(plan)).into_iter().map(rfc3339).collect::<Vec<_>>(),
        "present": inputs.present.as_ref().map(schedule),
        "desired": compiled.map(|compiled| schedule(&compiled.desired)),
        "writes": writes_json(plan, payload),
        "deferred": compiled.map(|compiled| deferred(plan, compiled)),
        "lowering": compiled.map(lowering),
        "orphan": compiled.map(|compiled| orphan(&compiled.bound)),
        "budget": of_each(plan.capability.store, |object| budget(plan, object)),
        "obstacle": plan.compiled.as_ref().err().map(obstacle),
    })
}

fn span_json(policy: &Policy, span: &Span) -> Value {
    let Decision { source, command: expected } = span.expected;
    let rule = match source {
        Source::Rule(index) => policy.rules.get(index),
        Source::Otherwise | Source::Override => None,
    };
    let entry = json!({
        "from": rfc3339(span.from),
        "until": rfc3339(span.until),
        "source": words::source_code(source),
        "rule": rule.map(|rule| &rule.name),
        "line": rule.map(|rule| rule.place.line),
        "command": command(expected),
        "certain": span.certain,
        "committed": command(span.committed),
    });
    in_file(entry, rule)
}

fn point_json(plan: &Plan<'_>, point: &Point) -> Value {
    let Outlook { load, solar, ev, forecast: _ } = &plan.inputs.outlook;
    let taken = |ahead: &Steps, signal: Signal| ahead.at(point.at).map_or_else(|| read(plan, signal), watts);
    json!({
        "at": rfc3339(point.at),
        "soc": point.soc.map(percent),
        "battery": point.battery.map(watts),
        "grid": point.grid.map(watts),
        "load": taken(load, Signal::Load),
        "solar": taken(solar, Signal::Solar),
        "ev": taken(ev, Signal::Ev),
        "import_price": point.import.map(price),
    })
}

/// What a power is taken to be where nothing is known of later: what is read now, if that can be used.
fn read(plan: &Plan<'_>, signal: Signal) -> Value {
    let read = plan.inputs.readings.usable(signal, plan.inputs.now, plan.policy.limits.reading_max_age);
    json!(read.ok().and_then(Power::from_watts).map(watts))
}

fn price(price: Price) -> Value {
    number(price.amount(), 5)
}

fn prices(plan: &Plan<'_>) -> Value {
    let series = |series: &PriceSeries| {
        let slots = series.slots().iter();
        slots
            .map(|slot| json!({ "from": rfc3339(slot.from), "until": rfc3339(slot.until), "price": price(slot.price) }))
            .collect::<Vec<_>>()
    };
    json!({
        "currency": plan.policy.tariff.currency,
        "import": series(&plan.prices.import),
        "export": series(&plan.prices.export),
    })
}

/// Latches and durations; the looks behind an average are counted.
fn memory(plan: &Plan<'_>) -> Value {
    let records = plan.inputs.memory.records(plan.policy);
    let one = |(key, record): &(String, crate::engine::Remembered)| {
        json!({
            "condition": key,
            "latched": record.latched,
            "since": record.since.map(rfc3339),
            "seen": record.seen.map(|(at, value)| json!({ "at": rfc3339(at), "value": number(value, 5) })),
            "samples": record.course.len(),
        })
    };
    records.iter().map(one).collect()
}

fn writes_json(plan: &Plan<'_>, payload: &dyn Fn(&Settings) -> Value) -> Value {
    let Some(mut held) = plan.inputs.present else { return Value::Array(Vec::new()) };
    let mut sent = PerObject::<usize>::default();
    let writes = plan.writes().iter().map(|write| {
        let object = write.settings.object();
        let count = sent.of_mut(object);
        *count += 1;
        let difference = diff::of_write(&held, &write.settings);
        held = held.with(write.settings);
        json!({
            "endpoint": write.settings.update_endpoint(),
            "kind": words::kind(write.kind),
            "left_today": writes::left_after(plan, object, *count),
            "changes": changes(&difference),
            "payload": payload(&write.settings),
        })
    });
    writes.collect()
}

fn changes(difference: &Difference) -> Value {
    let changes = difference.changes.iter();
    changes.map(|change| json!({ "field": change.field, "from": field(change.from), "to": field(change.to) })).collect()
}

fn deferred(plan: &Plan<'_>, compiled: &Compiled) -> Value {
    let wall = Wall { zone: &plan.policy.zone, now: plan.inputs.now };
    let one = |deferred: &Deferred| {
        json!({
            "from": rfc3339(deferred.from),
            "until": rfc3339(deferred.until),
            "asked": command(deferred.asked),
            "does": words::grip_code(deferred.does),
            "reason": words::reason_code(deferred.why),
            "text": writes::why(plan, deferred, wall),
            "due": rfc3339(deferred.due),
        })
    };
    compiled.deferred.iter().map(one).collect()
}

fn lowering(compiled: &Compiled) -> Value {
    let target = match compiled.lowering.charge {
        ChargeUse::Charge(target) => Some(target),
        ChargeUse::Targets { most, .. } => Some(most),
        ChargeUse::Nothing | ChargeUse::Hold => None,
    };
    json!({
        "charge_windows": words::charge_use_code(compiled.lowering.charge),
        "target": target,
        "discharge_restricted": compiled.lowering.restricted,
    })
}

fn orphan(bound: &OrphanBound) -> Value {
    let ranges = |ranges: &[(ClockTime, ClockTime)]| {
        let one = |(from, to): &(ClockTime, ClockTime)| json!({ "from": from.to_string(), "to": to.to_string() });
        ranges.iter().map(one).collect::<Vec<_>>()
    };
    let mut orphan = json!({
        "charge": ranges(&bound.charge),
        "target": bound.target,
        "hold": ranges(&bound.hold),
        "floor": bound.floor,
        "charge_minutes": bound.charge_minutes,
        "without_discharge_minutes": bound.without_discharge_minutes,
        "unasked_minutes": bound.unasked_minutes,
        "text": bound.to_string(),
    });
    // Only schedules with weekdays have days that differ.
    if let (Some(fields), Some(day)) = (orphan.as_object_mut(), bound.worst) {
        fields.insert("day".to_owned(), json!(day.to_string()));
    }
    orphan
}

fn budget(plan: &Plan<'_>, object: Object) -> Value {
    let planned = plan.writes().iter().filter(|write| write.settings.object() == object).count();
    let (refusal, until) = match writes::permit(plan, object) {
        MayGrant::Yes { .. } => (None, None),
        MayGrant::No { why, until } => (Some(why), until),
    };
    let refused = if plan.safe_mode { Some(Refusal::Blind) } else { refusal };
    json!({
        "endpoint": plan.capability.store.update_endpoint(object),
        "used_today": writes::used(plan, object),
        "limit": plan.policy.limits.writes_per_day,
        "left_after": writes::left_after(plan, object, planned),
        "may_grant": refused.is_none(),
        "refusal": refused.map(words::refusal_code),
        "until": until.map(rfc3339),
    })
}

fn obstacle(obstacle: &Obstacle) -> Value {
    let (code, span): (_, Option<(Instant, Instant)>) = match obstacle {
        Obstacle::PresentUnknown => ("schedule-unknown", None),
        Obstacle::ReadOnly => ("read-only", None),
        Obstacle::NotPossible(impossible) => ("not-possible", Some((impossible.from, impossible.until))),
    };
    json!({
        "code": code,
        "text": obstacle.to_string(),
        "from": span.map(|(from, _)| rfc3339(from)),
        "until": span.map(|(_, until)| rfc3339(until)),
    })
}
