//! What the cloud told of the battery and the car, and whether a rule may rest on it: worked out from the replies alone.

use std::fmt;

use chrono::{DateTime, Duration, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::family::{Family, Read, Soc};
use super::line::Exchange;

/// The time that a tick may take, and a look at the history may lag.
const SLACK: Duration = Duration::minutes(3);

/// How long after a leap of the state of charge a driver need not believe it.
const LEAP: Duration = Duration::minutes(4);

/// How many items of a history, newest first, are looked at.
const NEWEST: usize = 4;

/// One signal of the newest reply.
#[derive(Clone, Copy, Debug, Default)]
struct Signal {
    value: Option<f64>,
    /// Valid readings in a row.
    streak: u32,
}

/// What was told, and the memory of each rule that reads.
pub(crate) struct Told {
    zone: Tz,
    max_age: Duration,
    soc: Signal,
    ev: Signal,
    told_at: Option<DateTime<Utc>>,
    newest: Option<DateTime<Utc>>,
    history_soc: Option<f64>,
    /// The newest fields of a device whose data bear their own time.
    fields: Option<Value>,
    /// Their newest stamp.
    stamp: Option<DateTime<Utc>>,
    /// When a state of charge that had to be worked out last went up or down by more than a battery can.
    leapt: Option<DateTime<Utc>>,
    armed: Vec<bool>,
    since: Vec<Option<DateTime<Utc>>>,
    answered: bool,
    /// Whether data were asked for in this tick: a driver with a slow pace may take the last reply again.
    asked: bool,
    /// Whether a tick without asking counts as one without an answer.
    asks_always: bool,
}

impl Told {
    pub(crate) fn new(family: &Family) -> Told {
        let healthy = Signal { value: None, streak: 1 };
        Told {
            zone: family.zone,
            max_age: Duration::minutes(family.max_age_minutes),
            soc: healthy,
            ev: healthy,
            told_at: None,
            newest: None,
            history_soc: None,
            fields: None,
            stamp: None,
            leapt: None,
            armed: vec![false; family.rules.len()],
            since: vec![None; family.rules.len()],
            answered: false,
            asked: false,
            asks_always: family.soc == Soc::Told,
        }
    }

    /// Takes in one reply.
    pub(crate) fn hear(&mut self, exchange: &Exchange, family: &Family) {
        self.asked |= exchange.endpoint == "data-last-small";
        match (exchange.endpoint.as_str(), exchange.data()) {
            ("getLastPowerData", Some(data)) if data.is_object() => self.power(exchange.at, data, family),
            ("getOneDayPowerBySn", Some(Value::Array(items))) => self.history(items),
            ("data-last-small", Some(data)) if data.is_object() && exchange.is_about_us(data) => {
                self.latest(exchange.at, data, family);
            }
            _ => {}
        }
    }

    /// A tick has ended: without an answer in it, health begins anew.
    pub(crate) fn end_tick(&mut self) {
        let asked = std::mem::take(&mut self.asked) || self.asks_always;
        if !std::mem::take(&mut self.answered) && asked {
            (self.soc.streak, self.ev.streak) = (0, 0);
        }
    }

    /// A kill in the middle of a tick may take the memory of its failures along.
    pub(crate) fn killed(&mut self) {
        self.answered = true;
        (self.soc.streak, self.ev.streak) = (self.soc.streak.max(1), self.ev.streak.max(1));
    }

    /// Whether each rule that reads may be true in fact.
    pub(crate) fn facts(&self, family: &Family, now: DateTime<Utc>) -> Vec<bool> {
        let fact = |(index, rule): (usize, &super::family::Rule)| match rule.read {
            None => false,
            Some(Read::Soc { below, until }) => {
                let value = self.usable(self.soc, now);
                value.is_some_and(|soc| soc < below || self.armed[index] && soc < until)
            }
            Some(Read::Ev { above, minutes }) => {
                let long = self.since[index].is_some_and(|since| now - since >= Duration::minutes(minutes) - SLACK / 2);
                long && self.usable(self.ev, now).is_some_and(|watts| watts > above)
            }
        };
        family.rules.iter().enumerate().map(fact).collect()
    }

    /// Whether the state of charge cannot be used or need not be believed yet, and was measured less than so many minutes ago.
    pub(crate) fn is_blind_for_less_than(&self, now: DateTime<Utc>, minutes: i64) -> bool {
        let lately = self.newest.is_some_and(|at| now - at < Duration::minutes(minutes));
        let leapt = self.leapt.is_some_and(|at| now - at < LEAP);
        lately && (leapt || self.usable(self.soc, now).is_none())
    }

    fn usable(&self, signal: Signal, now: DateTime<Utc>) -> Option<f64> {
        let measured = self.newest?.min(self.told_at?);
        let fresh = now - measured <= self.max_age + SLACK;
        signal.value.filter(|_| fresh && signal.streak >= 2)
    }

    fn power(&mut self, at: DateTime<Utc>, data: &Value, family: &Family) {
        let number = |name: &str| number(data.get(name)?);
        let dead = ["pload", "pgrid", "pbat", "ppv"].iter().all(|name| number(name) == Some(0.0));
        let zero = number("soc") == Some(0.0) && self.history_soc.is_some_and(|soc| soc > 3.0);
        let soc = number("soc").filter(|soc| (0.0..=100.0).contains(soc) && !zero && !(dead && *soc == 0.0));
        let car = number("pev").filter(|watts| *watts >= 0.0 && !dead);
        self.signals(at, soc, car, family);
    }

    /// Data that bear their own time, from which the state of charge has to be worked out.
    fn latest(&mut self, at: DateTime<Utc>, data: &Value, family: &Family) {
        let number = |name: &str| number(data.get(name)?);
        let soc = match &family.soc {
            Soc::Told => panic!("this device does not tell it"),
            Soc::Voltage(points) => number("vbat").and_then(|volts| on_the_curve(points, volts)),
            Soc::Counted([percent, charged, discharged]) => {
                let now = number("ebatChargeTotal").zip(number("ebatDischargeTotal"));
                let on = |(charge, discharge): &(f64, f64)| charge >= charged && discharge >= discharged;
                now.filter(on).map(|(charge, discharge)| {
                    let efficiency = 0.9_f64.sqrt();
                    let gained = (charge - charged) * efficiency - (discharge - discharged) / efficiency;
                    percent + gained / 10.1 * 100.0
                })
            }
        };
        let stamp = data["time"].as_str().and_then(|text| self.instant(text));
        // What is newer than at the look before was measured since then, whatever the two clocks say.
        let news = match (stamp, self.stamp) {
            (Some(stamp), Some(before)) => stamp > before,
            (Some(_), None) => false,
            (None, _) => self.fields.as_ref() != Some(data),
        };
        let since = if news { self.told_at.or(Some(at)) } else { None };
        self.newest = self.newest.max(stamp.map(|stamp| stamp.min(at))).max(since);
        self.stamp = stamp.or(self.stamp);
        self.fields = Some(data.clone());
        let soc = soc.map(|soc| soc.clamp(0.0, 100.0));
        let leaps = soc.zip(self.soc.value).is_some_and(|(soc, before)| (soc - before).abs() > 1.5);
        self.leapt = if leaps { Some(at) } else { self.leapt };
        self.signals(at, soc, None, family);
    }

    fn signals(&mut self, at: DateTime<Utc>, soc: Option<f64>, car: Option<f64>, family: &Family) {
        (self.told_at, self.answered) = (Some(at), true);
        for (signal, value) in [(&mut self.soc, soc), (&mut self.ev, car)] {
            *signal = Signal { value, streak: if value.is_some() { signal.streak + 1 } else { 0 } };
        }
        for (index, rule) in family.rules.iter().enumerate() {
            match rule.read {
                Some(Read::Soc { below, until }) => match soc {
                    Some(soc) if soc < below => self.armed[index] = true,
                    // What is not believed yet need not let go.
                    Some(soc) if soc >= until && self.soc.streak >= 2 => self.armed[index] = false,
                    _ => {}
                },
                Some(Read::Ev { above, .. }) => match car {
                    Some(watts) if watts > above => self.since[index] = self.since[index].or(Some(at)),
                    Some(_) => self.since[index] = None,
                    None => {}
                },
                None => {}
            }
        }
    }

    fn instant(&self, text: &str) -> Option<DateTime<Utc>> {
        let wall = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").ok()?;
        Some(self.zone.from_local_datetime(&wall).latest()?.with_timezone(&Utc))
    }

    fn history(&mut self, items: &[Value]) {
        let stamp = |item: &Value| Some((self.instant(item.get("uploadTime")?.as_str()?)?, number(item.get("cbat")?)));
        if let Some((at, soc)) = items.iter().take(NEWEST).filter_map(stamp).max_by_key(|(at, _)| *at) {
            self.newest = self.newest.max(Some(at));
            self.history_soc = soc;
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "soc {:?}, car {:?}, told {:?}, measured {:?}", self.soc, self.ev, self.told_at, self.newest)
    }
}

/// By straight lines between points of volts and percent; nothing beyond them.
fn on_the_curve(points: &[(f64, f64)], volts: f64) -> Option<f64> {
    points.windows(2).find_map(|pair| {
        let [(low, from), (high, to)] = [pair[0], pair[1]];
        (low..=high).contains(&volts).then(|| from + (to - from) * (volts - low) / (high - low))
    })
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}
