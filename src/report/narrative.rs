//! Why something holds, as a person would tell it: one paragraph.

use crate::engine::{CalendarStretch, Command, Decision, Finding, Seen, Source, Verdict, stretch};
use crate::plan::Plan;
use crate::policy::model::{CalendarCondition, Condition, Quantity, Rule};
use crate::snapshot::Unknown;
use crate::time::{Instant, elapsed, spoken};

use super::layout::cut;
use super::next::{Rests, next, waits_until};
use super::reason::{Ground, Reason};
use super::wall::Wall;
use super::words;
use super::{course, finding, moment, screen};

/// Reasons that are told one by one; the table has them all.
const MOST_TOLD: usize = 4;

/// Rules that are named together; the rest is counted.
const MOST_NAMED: usize = 3;

/// Seconds in a day.
const DAY: u64 = 86_400;

/// What `soc` is called at the beginning of a sentence.
const STATE_OF_CHARGE: &str = "The state of charge";

/// Since when the same rule has decided the same, as far as the journal tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Since {
    /// The first decision of that kind that was looked at.
    pub at: Instant,
    /// Whether it had begun before, and nobody looked further back.
    pub earlier: bool,
}

/// Rules that do not hold, or cannot be judged, for one and the same reason.
struct Losers<'p> {
    rules: Vec<&'p Rule>,
    found: Finding<'p>,
}

/// The paragraph: what is asked and who decided, why, why not the rules above, and what would change it next.
pub(super) fn paragraph(plan: &Plan<'_>, since: Option<Since>) -> String {
    let wall = Wall { zone: &plan.policy.zone, now: plan.inputs.now };
    let safe = plan.safe_mode && plan.decision.source != Source::Override;
    let mut sentences = vec![opening(plan, safe, wall), decided(plan, since, safe, wall)];
    sentences.extend(losers(plan, wall));
    if safe {
        sentences.push("Safe mode ends once the state of charge can be used again.".to_owned());
    } else {
        sentences.extend(screen::blindness(plan).map(|why| format!("{}.", why.replacen("soc", STATE_OF_CHARGE, 1))));
        sentences.push(outlook(plan, wall));
    }
    sentences.retain(|sentence| !sentence.is_empty());
    sentences.join(" ")
}

/// The stretch of the calendar condition that a finding names.
pub(super) fn calendar_of(plan: &Plan<'_>, found: &Finding<'_>) -> Option<CalendarStretch> {
    let condition = plan.policy.rules.iter().find_map(|rule| named(&rule.when, found))?;
    Some(stretch(plan.policy, condition, plan.inputs.now))
}

/// Since when a condition that remembers has held.
pub(super) fn remembered_since(plan: &Plan<'_>, found: &Finding<'_>) -> Option<Instant> {
    let observation = finding::observation(plan, found)?;
    let records = plan.inputs.memory.records(plan.policy);
    let record = records.into_iter().find(|(key, _)| *key == observation.key)?.1;
    record.since.filter(|_| !found.negated)
}

fn named<'c>(condition: &'c Condition, found: &Finding<'_>) -> Option<&'c CalendarCondition> {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().find_map(|part| named(part, found)),
        Condition::Not(inner) => named(inner, found),
        Condition::Calendar(calendar) => {
            (calendar.place == *found.place && calendar.text == found.text).then_some(calendar)
        }
        Condition::Compare(_) | Condition::NotYetKnown(_) => None,
    }
}

fn opening(plan: &Plan<'_>, safe: bool, wall: Wall<'_>) -> String {
    let time = wall.zone.local(wall.now).time();
    if safe {
        return format!(
            "At {time} the battery is to self-consume, whatever the rules say: the state of charge cannot be used, and the \
             policy asks for safe mode then (`when blind: self-consume`)."
        );
    }
    format!("At {time} the battery is to {}.", asked(plan.decision.command, plan))
}

/// What is asked of the battery, after `is to`.
fn asked(command: Command, plan: &Plan<'_>) -> String {
    match command {
        Command::ChargeTo { target, power } => {
            let at_most = power.map_or(String::new(), |power| format!(" with at most {power}"));
            format!("charge to {target}{at_most}, and then hold")
        }
        Command::Hold => "hold: it gives nothing, and the sun may charge it".to_owned(),
        Command::SelfConsume { floor } if floor == plan.policy.battery.reserve => "self-consume".to_owned(),
        command => command.to_string(),
    }
}

fn decided(plan: &Plan<'_>, since: Option<Since>, safe: bool, wall: Wall<'_>) -> String {
    let since = since.map_or(String::new(), |since| {
        format!(" since {}{}", if since.earlier { "before " } else { "" }, begun(since.at, wall))
    });
    match plan.decision.source {
        Source::Rule(index) => {
            let name = plan.policy.rules.get(index).map_or(String::new(), quoted);
            let why = grounds(plan, wall);
            match safe {
                true => format!(
                    "But for that {name} would decide{since}, to {}: {why}.",
                    asked(plan.decision.command, plan)
                ),
                false => format!("The rule {name} decides so{since}: {why}."),
            }
        }
        Source::Otherwise if safe => format!("No rule holds{since} in any case."),
        Source::Otherwise => format!("No rule holds{since}, and this is what the policy says otherwise."),
        Source::Override => {
            let until =
                screen::manual_until(plan).map_or(String::new(), |until| format!(" until {}", wall.short(until)));
            format!("That is the owner's own command, which stands above all rules{until}.")
        }
    }
}

/// What the rule that decided rests on.
fn grounds(plan: &Plan<'_>, wall: Wall<'_>) -> String {
    let grounds: Vec<String> = plan.explanation().grounds.iter().map(|found| ground(plan, found, wall)).collect();
    if grounds.is_empty() { "it asks for nothing, so it always holds".to_owned() } else { grounds.join("; ") }
}

/// A moment that is past: without its day if it is less than a day ago.
fn begun(at: Instant, wall: Wall<'_>) -> String {
    let today = if elapsed(at, wall.now).as_secs() < DAY { at } else { wall.now };
    moment::short(at, today, wall.zone)
}

/// What the rule that decided rests on: since when and until when, or with what value.
fn ground(plan: &Plan<'_>, found: &Finding<'_>, wall: Wall<'_>) -> String {
    let condition = condition(found);
    let memory = finding::observation(plan, found);
    let since = remembered_since(plan, found).map(|at| begun(at, wall));
    let level = finding::level(plan, found);
    match Ground::of(found, memory) {
        Ground::Calendar => {
            let (from, until) = calendar_of(plan, found).map_or((None, None), |found| (found.from, found.until));
            match (from, until) {
                (Some(from), Some(until)) => {
                    format!("{condition} holds from {} until {}", begun(from, wall), wall.short(until))
                }
                (Some(from), None) => format!("{condition} has held since {}", begun(from, wall)),
                (None, Some(until)) => format!("{condition} holds until {}", wall.short(until)),
                (None, None) => format!("{condition} holds"),
            }
        }
        Ground::Latched => {
            let since = since.map_or(String::new(), |since| format!(" since {since}"));
            format!("{condition} has been on{since} and goes off at {}, and {level}", latch_end(plan, found))
        }
        Ground::Held | Ground::Value => match since {
            Some(since) => format!("{condition} has held since {since}, and {level}"),
            None => format!("{condition} holds, as {level}"),
        },
    }
}

/// The value at which a latch is let go.
fn latch_end(plan: &Plan<'_>, found: &Finding<'_>) -> String {
    let observation = finding::observation(plan, found);
    let end = observation.and_then(|observation| Some((observation.quantity, observation.until?)));
    end.map_or(String::new(), |(quantity, until)| words::value(quantity, until, &plan.policy.tariff.currency))
}

/// Why not the rules above the one that decided.
fn losers(plan: &Plan<'_>, wall: Wall<'_>) -> Vec<String> {
    let explanation = plan.explanation();
    let (mut timed, mut others): (Vec<Losers<'_>>, Vec<Losers<'_>>) = (Vec::new(), Vec::new());
    for (rule, verdict) in plan.policy.rules.iter().zip(&explanation.rules) {
        let (Verdict::Failed(found) | Verdict::Unknown(found)) = verdict else { continue };
        if found.seen == Seen::Calendar {
            timed.push(Losers { rules: vec![rule], found: *found });
        } else if let Some(alike) = others.iter_mut().find(|others| is_alike(&others.found, found)) {
            alike.rules.push(rule);
        } else {
            others.push(Losers { rules: vec![rule], found: *found });
        }
    }
    let mut told: Vec<String> = others.iter().take(MOST_TOLD).map(|losers| lost_by(plan, losers, wall)).collect();
    told.extend(another_time(plan, &timed, wall));
    let more: usize = others.iter().skip(MOST_TOLD).map(|losers| losers.rules.len()).sum();
    if more > 0 {
        let rules = if more == 1 { "rule that does not hold is" } else { "rules that do not hold are" };
        told.push(format!("{more} more {rules} in the table."));
    }
    told
}

/// Whether two findings are told in the same words.
fn is_alike(one: &Finding<'_>, other: &Finding<'_>) -> bool {
    let words = |found: &Finding<'_>| (found.negated, found.alone, Reason::of(found));
    !one.text.is_empty() && one.text == other.text && words(one) == words(other)
}

/// Why rules do not hold, where that is no matter of time alone.
fn lost_by(plan: &Plan<'_>, losers: &Losers<'_>, wall: Wall<'_>) -> String {
    let found = &losers.found;
    let (names, asks) = (named_all(losers.rules.iter().copied()), condition(found));
    let one = losers.rules.len() == 1;
    let (does, holds, it, ask) = if one { ("does", "holds", "it", "asks") } else { ("do", "hold", "they", "ask") };
    let whom = if one { "it" } else { "each" };
    let alone = if found.alone { format!("; nothing else keeps {whom} from holding") } else { String::new() };
    match Reason::of(found) {
        Reason::HeldTooShort => {
            format!("{names} {does} not hold yet: {it} {ask} for {asks}, and {}.", so_far(plan, found, wall))
        }
        Reason::Nothing => format!("{names} never {holds}: none of its conditions can."),
        Reason::Unknown(why) => {
            let why = unknown(plan, found, why);
            format!("Whether {names} {holds} is not known, so {it} {does} not: {it} {ask} for {asks}, and {why}.")
        }
        Reason::Calendar | Reason::Value => {
            let (level, gap) = (finding::level(plan, found), gap(plan, found));
            format!("{names} {does} not hold: {it} {ask} for {asks}, and {level}{gap}{alone}.")
        }
    }
}

/// `ev is 7.2 kW (2 min old), but for 2 min of 5 min only; if it stays so, the rule holds from 14:23`
fn so_far(plan: &Plan<'_>, found: &Finding<'_>, wall: Wall<'_>) -> String {
    let level = finding::level(plan, found);
    let hold = finding::observation(plan, found).and_then(|observation| observation.hold);
    let (Seen::Value { held: Some(held), .. }, Some(hold)) = (found.seen, hold) else { return level };
    let then = waits_until(plan, found).filter(|_| found.alone);
    let then = then.map_or(String::new(), |at| format!("; if it stays so, the rule holds from {}", wall.short(at)));
    format!("{level}, but for {} of {} only{then}", spoken(held), spoken(hold))
}

/// What is to be said where a value lies between the two of a latch that is off.
fn gap(plan: &Plan<'_>, found: &Finding<'_>) -> &'static str {
    let observation = finding::observation(plan, found).filter(|_| !found.negated);
    let (Some(observation), Seen::Value { value, .. }) = (observation, found.seen) else { return "" };
    let Some(until) = observation.until else { return "" };
    let between = match (observation.bounds.low, observation.bounds.high) {
        (None, Some(high)) => value >= high.value && value < until,
        (Some(low), None) => value <= low.value && value > until,
        _ => false,
    };
    if between { ": between its two values it stays as it was, which is off" } else { "" }
}

/// Why a condition cannot be judged.
fn unknown(plan: &Plan<'_>, found: &Finding<'_>, why: Unknown) -> String {
    match (found.seen, why) {
        (_, Unknown::NoPrice) => "no price is known".to_owned(),
        (_, Unknown::NoForecast) => "no forecast is known".to_owned(),
        (_, Unknown::TooFewSamples) => "that has not been watched long enough".to_owned(),
        (Seen::Missing { quantity, value: Some(value), age: Some(age), .. }, why) => {
            let said = words::value(quantity, value, &plan.policy.tariff.currency);
            let aged = if age.as_secs() < 60 { "new".to_owned() } else { moment::age(age) };
            let matter = match why {
                Unknown::TooOld if age.is_zero() => "dated ahead of now".to_owned(),
                Unknown::TooOld => {
                    format!("too old: at most {} are believed", spoken(plan.policy.limits.reading_max_age))
                }
                why => words::unknown(why).to_owned(),
            };
            format!("the reading of {}, {said}, is {aged} and {matter}", words::quantity(quantity))
        }
        (Seen::Missing { quantity: Quantity::Reading(signal), .. }, Unknown::NoReading)
            if plan.capability.measures(signal) =>
        {
            format!("there is no reading of {}", signal.word())
        }
        _ => finding::seen(plan, found),
    }
}

/// The rules whose time it is not, in one sentence.
fn another_time(plan: &Plan<'_>, timed: &[Losers<'_>], wall: Wall<'_>) -> Option<String> {
    let begins = |losers: &Losers<'_>| calendar_of(plan, &losers.found).and_then(|found| found.until);
    let names = |losers: &[Losers<'_>]| named_all(losers.iter().flat_map(|losers| losers.rules.iter().copied()));
    match timed {
        [] => None,
        [only] => {
            let next = match begins(only) {
                Some(at) => format!("next from {}", wall.short(at)),
                None => "not within eight days".to_owned(),
            };
            Some(format!("{} is for another time: {}, {next}.", names(timed), condition(&only.found)))
        }
        several => {
            let next = several.iter().filter_map(|losers| Some((begins(losers)?, losers))).min_by_key(|(at, _)| *at);
            let next = next.map_or(String::new(), |(at, losers)| {
                format!("; the next of them is {}, from {}", names(std::slice::from_ref(losers)), wall.short(at))
            });
            Some(format!("{} are for another time{next}.", names(several)))
        }
    }
}

/// `"a", "b", "c" and 3 more`
fn named_all<'r>(rules: impl Iterator<Item = &'r Rule> + Clone) -> String {
    let mut names: Vec<String> = rules.clone().take(MOST_NAMED).map(quoted).collect();
    let more = rules.count().saturating_sub(MOST_NAMED);
    names.extend((more > 0).then(|| format!("{more} more")));
    joined(&names)
}

/// What would change it next, as far as that is known.
fn outlook(plan: &Plan<'_>, wall: Wall<'_>) -> String {
    let Some(next) = next(plan) else {
        return format!("Nothing that is known now changes it before {}.", wall.short(course::end(plan)));
    };
    let (at, then) = (wall.short(next.at), decides(plan, &next.decision));
    match next.rests {
        Rests::Nothing => format!("At {at} that ends: then {then}."),
        Rests::NoOtherReading => format!("From {at}, unless a reading changes it, {then}."),
        Rests::Outlook => format!("If load, sun and car go on as expected, that ends at about {at}: then {then}."),
        Rests::StayingReadings => format!("If the readings stay as they are, that ends at {at}: then {then}."),
    }
}

fn decides(plan: &Plan<'_>, decision: &Decision) -> String {
    let asked = asked(decision.command, plan);
    match decision.source {
        Source::Rule(index) => {
            let name = plan.policy.rules.get(index).map_or(String::new(), quoted);
            format!("{name} decides, to {asked}")
        }
        Source::Otherwise => format!("no rule holds, and the battery is to {asked}"),
        Source::Override => format!("the owner's command holds, to {asked}"),
    }
}

/// The condition as written, between ticks.
fn condition(found: &Finding<'_>) -> String {
    format!("`{}`", finding::condition(found))
}

fn quoted(rule: &Rule) -> String {
    format!("\"{}\"", cut(&rule.name, 60))
}

/// `a`, `a and b`, `a, b and c`
fn joined(parts: &[String]) -> String {
    match parts.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::new(),
    }
}
