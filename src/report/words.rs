//! The words of everything that is decided, each with one meaning, and the codes of the same in JSON.
//!
//! Words may be improved at any time. Codes are stable: a program may branch on them.

use std::time::Duration;

use crate::apply::Unseen;
use crate::device::capability::Midnight;
use crate::device::{Capability, Driver, Grip, Object, Oddity, Outcome, Store, WriteKind};
use crate::engine::{Command, Decision, Source, Verdict};
use crate::plan::budget::Refusal;
use crate::plan::compile::{ChargeUse, Lowering, Reason};
use crate::policy::Policy;
use crate::policy::model::{Action, Quantity};
use crate::snapshot::{Quality, Signal, Unknown};
use crate::time::{Instant, spoken};
use crate::units::{Power, Price, Soc, trimmed};

use super::wall::Wall;

/// Why a value cannot be used.
#[must_use]
pub fn unknown(why: Unknown) -> &'static str {
    match why {
        Unknown::NoReading => "no reading",
        Unknown::TooOld => "too old",
        Unknown::Implausible => "implausible",
        Unknown::Frozen => "frozen",
        Unknown::Unconfirmed => "not confirmed yet",
        Unknown::NoPrice => "no price known",
        Unknown::NoForecast => "no forecast yet: load and sun were watched on too few days",
        Unknown::TooFewSamples => "not watched long enough",
        Unknown::NotYetKnown => "not known to this version",
    }
}

/// The code of [`unknown`].
#[must_use]
pub fn unknown_code(why: Unknown) -> &'static str {
    match why {
        Unknown::NoReading => "no-reading",
        Unknown::TooOld => "too-old",
        Unknown::Implausible => "implausible",
        Unknown::Frozen => "frozen",
        Unknown::Unconfirmed => "unconfirmed",
        Unknown::NoPrice => "no-price",
        Unknown::NoForecast => "no-forecast",
        Unknown::TooFewSamples => "too-few-samples",
        Unknown::NotYetKnown => "not-yet-known",
    }
}

/// The code of what is thought of a reading.
#[must_use]
pub fn quality_code(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "good",
        Quality::Implausible => "implausible",
        Quality::Frozen => "frozen",
        Quality::Unconfirmed => "unconfirmed",
    }
}

/// What became of a rule.
#[must_use]
pub fn verdict(verdict: &Verdict<'_>) -> &'static str {
    match verdict {
        Verdict::Won => "won",
        Verdict::NotReached => "not reached",
        Verdict::Failed(_) => "not true",
        Verdict::Unknown(_) => "not known",
    }
}

/// The code of [`verdict`].
#[must_use]
pub fn verdict_code(verdict: &Verdict<'_>) -> &'static str {
    match verdict {
        Verdict::Won => "won",
        Verdict::NotReached => "not-reached",
        Verdict::Failed(_) => "failed",
        Verdict::Unknown(_) => "unknown",
    }
}

/// Why no grant may be sent to an object of a store.
#[must_use]
pub fn refusal(why: Refusal, (store, object): (Store, Object), until: Option<Instant>, wall: Wall<'_>) -> String {
    let endpoint = store.update_endpoint(object);
    let again = until.map_or(String::new(), |until| format!("; possible again at {}", wall.short(until)));
    match why {
        Refusal::Budget { limit: limit @ 0..=1, .. } => {
            format!("the limit is {limit} a day for {endpoint}, and the last one is kept for a withdrawal")
        }
        Refusal::Budget { used, limit } => {
            format!(
                "today's writes of {endpoint} are used up: {used} of {limit} sent, the last one is kept for a withdrawal{again}"
            )
        }
        Refusal::Interval { last } => {
            format!("the last write of {endpoint} was sent at {}, too short a time ago{again}", wall.short(last))
        }
        Refusal::Uncounted => format!("the journal was lost today, so nobody knows how many writes were sent{again}"),
        Refusal::Drift => {
            format!("the {} settings stay as someone else set them", object.word())
        }
        Refusal::Blind => "the readings are not fit to ask more of the device".to_owned(),
        Refusal::Clock => "the clock of this machine jumped, and is not believed yet".to_owned(),
    }
}

/// The code of [`refusal`].
#[must_use]
pub fn refusal_code(why: Refusal) -> &'static str {
    match why {
        Refusal::Budget { .. } => "budget-used",
        Refusal::Interval { .. } => "interval",
        Refusal::Uncounted => "uncounted",
        Refusal::Drift => "drift",
        Refusal::Blind => "blind",
        Refusal::Clock => "clock",
    }
}

/// What the owner or time must bring before grants are possible again, where time alone does not tell.
#[must_use]
pub fn remedy(why: Refusal) -> Option<&'static str> {
    match why {
        Refusal::Budget { limit: 0..=1, .. } => Some("never under this limit"),
        Refusal::Drift => Some("after `offpeak apply` or `offpeak resume`"),
        Refusal::Blind => Some("once the readings can be used again"),
        Refusal::Clock => Some("once two ticks in a row agree with the clock"),
        Refusal::Budget { .. } | Refusal::Interval { .. } | Refusal::Uncounted => None,
    }
}

/// Why a schedule does something else than is asked. `needs` is the object that what is asked would need.
#[must_use]
pub fn reason(why: Reason, needs: (&Capability, Object), until: Option<Instant>, wall: Wall<'_>) -> String {
    let (capability, object) = needs;
    match why {
        Reason::MayNotGrant(why) => refusal(why, (capability.store, object), until, wall),
        Reason::LeftOver => "left over from a day that asked for it".into(),
        Reason::Repeats => {
            let lap = if capability.repeats_after_days() == 1 { "day" } else { "week" };
            format!("a window repeats every {lap}, and within a {lap} this time of day is to do something else")
        }
        Reason::Target { asked, held } => {
            format!("one target serves all charge windows: {asked} % is asked here, {held} % is set")
        }
        Reason::LeastTarget { least } => format!("the device takes no target below {least} %"),
        Reason::Floor { asked, held } => {
            format!("one floor serves the whole day: {asked} % is asked here, {held} % at another time")
        }
        Reason::ChargeWindows { needed, most } => {
            let twice = across_midnight(capability);
            format!("the day would take {needed} charge windows, the device has {most}{twice}")
        }
        Reason::Permissions { needed, most } => {
            let twice = across_midnight(capability);
            format!("the day would take {needed} windows that permit discharge, the device has {most}{twice}")
        }
        Reason::DayWindows { needed, most } => {
            let twice = across_midnight(capability);
            format!("the day would take {needed} windows, the device has {most}{twice}")
        }
        Reason::WeekWindows { needed, most } => {
            format!("the week would take {needed} windows, each counted on each of its days; the device has {most}")
        }
        Reason::LastPermission => {
            "a day without any window that permits discharge would not be held at all, so a quarter hour at its end stays permitted".into()
        }
        Reason::RepeatsWeekly => {
            "a window repeats every week, and this time of the week is to do something else at another time".into()
        }
        Reason::OnlyTarget { asked, does } => {
            format!("{asked} % is asked here, and the device charges to {does} % by a limit of its own, never less")
        }
        Reason::LeastFloor { least } => format!("the device takes no floor below {least} %"),
        Reason::OwnFloor { asked } => {
            format!("{asked} % is asked here, and the device keeps a floor of its own that cannot be set")
        }
        Reason::Waits => "it would cost a write that is not due yet, or stands in the way of what comes first".into(),
    }
}

/// How a window across midnight counts.
fn across_midnight(capability: &Capability) -> &'static str {
    match capability.windows.map(|windows| windows.midnight) {
        Some(Midnight::Split) => " (across midnight counts twice)",
        None => "",
    }
}

/// The code of [`reason`].
#[must_use]
pub fn reason_code(why: Reason) -> &'static str {
    match why {
        Reason::MayNotGrant(why) => refusal_code(why),
        Reason::LeftOver => "left-over",
        Reason::Repeats => "repeats",
        Reason::Target { .. } => "target",
        Reason::LeastTarget { .. } => "least-target",
        Reason::Floor { .. } => "floor",
        Reason::ChargeWindows { .. } => "charge-windows",
        Reason::Permissions { .. } => "permissions",
        Reason::DayWindows { .. } => "day-windows",
        Reason::WeekWindows { .. } => "week-windows",
        Reason::LastPermission => "last-permission",
        Reason::RepeatsWeekly => "repeats-weekly",
        Reason::OnlyTarget { .. } => "only-target",
        Reason::LeastFloor { .. } => "least-floor",
        Reason::OwnFloor { .. } => "own-floor",
        Reason::Waits => "waits",
    }
}

/// What a command does, as the plan says it: a charge holds once its target is reached; the reserve goes without saying.
#[must_use]
pub fn command(command: Command, reserve: Soc) -> String {
    match command {
        Command::ChargeTo { .. } => format!("{command}, then hold"),
        Command::SelfConsume { floor } if floor == reserve => "self-consume".to_owned(),
        _ => command.to_string(),
    }
}

/// The code of a command.
#[must_use]
pub fn command_code(command: Command) -> &'static str {
    match command {
        Command::ChargeTo { .. } => "charge",
        Command::Hold => "hold",
        Command::SelfConsume { .. } => "self-consume",
        Command::DischargeTo { .. } => "discharge",
    }
}

/// What an owner or a rule asks for, in the policy's words.
#[must_use]
pub fn action(action: Action) -> String {
    let at = |power: Option<Power>| power.map_or(String::new(), |power| format!(" at {power}"));
    match action {
        Action::ChargeTo { target, power } => format!("charge to {target}{}", at(power)),
        Action::ChargeToCover { until, power } => format!("charge to cover load until {until}{}", at(power)),
        Action::FollowPlan => "follow the cheapest plan".to_owned(),
        Action::Hold => "hold".to_owned(),
        Action::SelfConsume { floor: None } => "self-consume".to_owned(),
        Action::SelfConsume { floor: Some(floor) } => format!("self-consume down to {floor}"),
        Action::DischargeTo { floor, power } => format!("discharge to {floor}{}", at(power)),
    }
}

/// Who decided: a rule's name, nobody, or the owner by hand.
#[must_use]
pub fn source(policy: &Policy, decision: &Decision, manual_until: Option<Instant>, wall: Wall<'_>) -> String {
    match decision.source {
        Source::Rule(index) => policy.rules.get(index).map_or_else(|| "a rule".to_owned(), |rule| rule.name.clone()),
        Source::Otherwise => "no rule matched".to_owned(),
        Source::Override => {
            manual_until.map_or("override".to_owned(), |until| format!("override until {}", wall.short(until)))
        }
    }
}

/// The code of who decided.
#[must_use]
pub fn source_code(source: Source) -> &'static str {
    match source {
        Source::Rule(_) => "rule",
        Source::Otherwise => "otherwise",
        Source::Override => "override",
    }
}

/// Why a device never tells a signal, and what the owner can do about it.
#[must_use]
pub fn unmeasured(driver: Driver, signal: Signal) -> String {
    match (driver, signal) {
        (Driver::Atess, Signal::Soc) => "the ATESS has no state of charge; map `soc:`".to_owned(),
        (Driver::Atess, Signal::Solar | Signal::Load | Signal::Grid | Signal::Battery) => {
            format!("nobody has told which field of the ATESS is {}; map `{}:`", signal.noun(), signal.word())
        }
        _ => format!("the device does not measure {}", signal.noun()),
    }
}

/// What a device does by its schedule.
#[must_use]
pub fn grip(grip: Grip) -> String {
    match grip {
        Grip::SelfConsume => "self-consumes".to_owned(),
        Grip::Hold => "holds".to_owned(),
        Grip::Charge(target) => format!("charges to {target} %"),
    }
}

/// The code of a grip.
#[must_use]
pub fn grip_code(grip: Grip) -> &'static str {
    match grip {
        Grip::SelfConsume => "self-consume",
        Grip::Hold => "hold",
        Grip::Charge(_) => "charge",
    }
}

/// By which means a schedule does what it does.
#[must_use]
pub fn lowering(lowering: Lowering) -> String {
    let charge = match lowering.charge {
        ChargeUse::Nothing => "no charge window".to_owned(),
        ChargeUse::Charge(_) => "charge windows".to_owned(),
        ChargeUse::Targets { least, most } => format!("charge windows to {least} % up to {most} %"),
        ChargeUse::Hold => "charge windows that only hold".to_owned(),
    };
    let discharge = if lowering.restricted { "discharge only in its windows" } else { "discharge unrestricted" };
    format!("{charge}, {discharge}")
}

/// The code of how charge windows are used.
#[must_use]
pub fn charge_use_code(charge: ChargeUse) -> &'static str {
    match charge {
        ChargeUse::Nothing => "none",
        ChargeUse::Charge(_) | ChargeUse::Targets { .. } => "charge",
        ChargeUse::Hold => "hold",
    }
}

/// Whether a write takes more grip; the same word as [`WriteKind::word`].
#[must_use]
pub fn kind(kind: WriteKind) -> &'static str {
    match kind {
        WriteKind::Grant => WriteKind::Grant.word(),
        WriteKind::Withdrawal => WriteKind::Withdrawal.word(),
    }
}

/// What a kind of write means.
#[must_use]
pub fn kind_meaning(kind: WriteKind) -> &'static str {
    match kind {
        WriteKind::Grant => "asks more of the device",
        WriteKind::Withdrawal => "asks less of the device",
    }
}

/// What the outcome of a write means.
#[must_use]
pub fn outcome_meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "the vendor said yes, which proves nothing else",
        Outcome::Refused => "the vendor said no: nothing was stored",
        Outcome::Unknown => "the reply was lost: it is read before anything is sent again",
        Outcome::Stored => "read back: the cloud holds it",
        Outcome::NotStored => "read back: the cloud does not hold it",
        Outcome::Effective => "the battery moved as commanded",
        Outcome::NotEffective => "the battery should have moved and did not",
        Outcome::NotObservable => "nothing needed to move, or nothing was seen",
    }
}

/// The code of the outcome of a write.
#[must_use]
pub fn outcome_code(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Accepted => "accepted",
        Outcome::Refused => "refused",
        Outcome::Unknown => "outcome-unknown",
        Outcome::Stored => "stored",
        Outcome::NotStored => "not-stored",
        Outcome::Effective => "effective",
        Outcome::NotEffective => "not-effective",
        Outcome::NotObservable => "not-observable",
    }
}

/// Why the effect of a write cannot be seen.
#[must_use]
pub fn unseen(why: Unseen) -> &'static str {
    match why {
        Unseen::NoReading => "no fresh reading to judge by",
        Unseen::AtTarget => "the charge is at its target",
        Unseen::AtFloor => "the battery is at its floor",
        Unseen::NothingToCover => "the sun covers the load",
        Unseen::SunFills => "the sun alone gives all that the battery takes",
    }
}

/// The code of [`unseen`].
#[must_use]
pub fn unseen_code(why: Unseen) -> &'static str {
    match why {
        Unseen::NoReading => "no-reading",
        Unseen::AtTarget => "at-target",
        Unseen::AtFloor => "at-floor",
        Unseen::NothingToCover => "nothing-to-cover",
        Unseen::SunFills => "sun-fills",
    }
}

/// Why the meaning of a schedule is not known.
#[must_use]
pub fn oddity(oddity: Oddity) -> String {
    let window = |object: Object| match object {
        Object::Charge => "the charge window",
        Object::Discharge => "the discharge window",
        Object::Windows => "the window",
    };
    match oddity {
        Oddity::OffGrid(object, period) => {
            format!("{} {period} is off the quarter hours, so the device ignores it", window(object))
        }
        Oddity::Wraps(object, period) => {
            format!("{} {period} runs across midnight, and nobody knows what the device makes of that", window(object))
        }
        Oddity::Overlap => {
            "a charge window and a discharge window overlap, and nobody knows which the device follows".to_owned()
        }
        Oddity::FlagsUnread => {
            "nobody knows whether the windows are in force: the vendor does not tell, and offpeak has not written \
                                them yet"
                .to_owned()
        }
        Oddity::DayWithoutPermission(day) => {
            format!(
                "discharge is restricted and {day} has no discharge window, and nobody knows what the device makes of that"
            )
        }
    }
}

/// The code of [`oddity`].
#[must_use]
pub fn oddity_code(oddity: Oddity) -> &'static str {
    match oddity {
        Oddity::OffGrid(..) => "off-grid",
        Oddity::Wraps(..) => "wraps",
        Oddity::Overlap => "overlap",
        Oddity::FlagsUnread => "flags-unread",
        Oddity::DayWithoutPermission(_) => "day-without-permission",
    }
}

/// The name of a quantity, as it stands before `is`.
#[must_use]
pub fn quantity(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Reading(signal) => signal.word(),
        Quantity::ImportPrice => "import price",
        Quantity::ExportPrice => "export price",
    }
}

/// The code of a quantity.
#[must_use]
pub fn quantity_code(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Reading(signal) => signal.word(),
        Quantity::ImportPrice => "import-price",
        Quantity::ExportPrice => "export-price",
    }
}

/// The unit of a quantity's value in JSON.
#[must_use]
pub fn unit(quantity: Quantity, currency: &str) -> String {
    match quantity {
        Quantity::Reading(Signal::Soc) => "%".to_owned(),
        Quantity::Reading(_) => "W".to_owned(),
        Quantity::ImportPrice | Quantity::ExportPrice => format!("{currency}/kWh"),
    }
}

/// A quantity's value with its unit: `71 %`, `1.2 kW`, `0.27 GBP`.
#[must_use]
pub fn value(quantity: Quantity, value: f64, currency: &str) -> String {
    let bare = || trimmed(value, 2);
    match quantity {
        Quantity::Reading(Signal::Soc) => format!("{} %", trimmed(value, 1)),
        Quantity::Reading(_) => Power::from_watts(value).map_or_else(bare, |power| power.to_string()),
        Quantity::ImportPrice | Quantity::ExportPrice => {
            let amount = Price::per_kwh(value).map_or_else(bare, |price| price.to_string());
            format!("{amount} {currency}")
        }
    }
}

/// Hours and minutes from minutes: `6 h`, `1 h 30 min`.
#[must_use]
pub fn hours(minutes: u32) -> String {
    spoken(Duration::from_secs(u64::from(minutes) * 60))
}
