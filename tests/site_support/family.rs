//! A small family of policies drawn by seed, as the text that an owner would write and, apart from the product, as a plain
//! and slow evaluator: what may be gripped at an instant, and why.

use std::fmt::Write as _;

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use offpeak::device::Store;
use offpeak::simulator::atess::{Looks, Shown, SolarFields, Unit};

/// The serial number of the system.
pub(crate) const SERIAL: &str = "SIM000000000001";

/// How firmly an instant may be gripped, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grip {
    SelfConsume,
    Hold,
    Charge(u8),
}

/// Which days a window may begin on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Days {
    All,
    Weekdays,
    Weekends,
}

/// What a rule reads beside the calendar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Read {
    /// Below the first, and then until the second.
    Soc { below: f64, until: f64 },
    /// Above so many watts for so many minutes.
    Ev { above: f64, minutes: i64 },
}

#[derive(Clone, Debug)]
pub(crate) struct Rule {
    /// Minutes of the wall clock; the first larger: across midnight.
    pub(crate) window: Option<(u16, u16)>,
    pub(crate) days: Days,
    pub(crate) read: Option<Read>,
    pub(crate) grip: Grip,
}

/// Where the state of charge comes from.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Soc {
    /// The device tells it.
    Told,
    /// From the battery's voltage, by points of volts and percent.
    Voltage(Vec<(f64, f64)>),
    /// Counted from a point: percent, and what had been charged and discharged then in kWh.
    Counted([f64; 3]),
}

#[derive(Clone, Debug)]
pub(crate) struct Family {
    pub(crate) store: Store,
    /// How an ATESS shows what it measures.
    pub(crate) looks: Looks,
    /// To how many percent an ATESS charges.
    pub(crate) charges_to: u8,
    pub(crate) soc: Soc,
    pub(crate) kind: &'static str,
    pub(crate) zone: Tz,
    pub(crate) reserve: u8,
    pub(crate) ceiling: u8,
    /// `otherwise: self-consume down to`, if another floor than the reserve.
    pub(crate) floor: Option<u8>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) writes_per_day: usize,
    pub(crate) between_minutes: i64,
    pub(crate) ahead_minutes: i64,
    pub(crate) max_age_minutes: i64,
    pub(crate) reclaim: bool,
    pub(crate) safe_when_blind: bool,
}

/// With and without summer time, off the full hour, south of the equator, and one that changes by half an hour.
const ZONES: [Tz; 8] = [
    Tz::Europe__London,
    Tz::Europe__Berlin,
    Tz::America__New_York,
    Tz::Australia__Lord_Howe,
    Tz::Asia__Kolkata,
    Tz::America__St_Johns,
    Tz::Pacific__Auckland,
    Tz::UTC,
];

impl Family {
    /// One of the family, as far as a store can carry it out.
    pub(crate) fn draw(random: &mut fastrand::Rng, store: Store) -> Family {
        let zone = ZONES[random.usize(0..ZONES.len())];
        let (kind, rules) = rules(random);
        let ceiling = if random.u8(0..4) == 0 { 85 } else { 100 };
        let mut family = Family {
            store,
            looks: Looks::default(),
            charges_to: ceiling,
            soc: Soc::Told,
            kind,
            zone,
            reserve: 5 * random.u8(2..5),
            ceiling,
            floor: (random.u8(0..5) == 0).then_some(30),
            rules,
            writes_per_day: random.usize(2..9),
            between_minutes: [10, 10, 30][random.usize(0..3)],
            ahead_minutes: [180, 180, 60, 480][random.usize(0..4)],
            max_age_minutes: [10, 10, 15][random.usize(0..3)],
            reclaim: random.bool(),
            safe_when_blind: random.u8(0..4) == 0,
        };
        if store == Store::AtessString {
            family.become_atess(random);
        }
        family
    }

    /// An ATESS has one target, which is its own, no floor to be set, no car, and a state of charge that has to be worked out.
    fn become_atess(&mut self, random: &mut fastrand::Rng) {
        let shown = |random: &mut fastrand::Rng| Shown { turned: random.bool(), unit: unit(random) };
        self.looks = Looks {
            pac: shown(random),
            meter: shown(random),
            power: unit(random),
            solar: [SolarFields::PpvIsFirst, SolarFields::PpvIsTotal, SolarFields::Ppv1IsTotal][random.usize(0..3)],
            ..Looks::default()
        };
        self.soc = match random.u8(0..3) {
            0 => Soc::Counted([0.0; 3]),
            _ => Soc::Voltage(self.looks.volts.iter().map(|(percent, volts)| (*volts, *percent)).collect()),
        };
        self.floor = None;
        for rule in &mut self.rules {
            if let Some(Read::Ev { .. }) = rule.read {
                (self.kind, rule.read) = ("hold when low", Some(Read::Soc { below: 35.0, until: 45.0 }));
            }
        }
        self.fit_targets();
    }

    /// An ATESS charges as far as it charges.
    pub(crate) fn fit_targets(&mut self) {
        for rule in &mut self.rules {
            if let (Store::AtessString, Grip::Charge(_)) = (self.store, rule.grip) {
                rule.grip = Grip::Charge(self.charges_to);
            }
        }
    }

    /// What `device:` says.
    fn device(&self) -> String {
        let (store, looks) = (self.store.word(), &self.looks);
        if self.store != Store::AtessString {
            return format!("{{ driver: simulated, store: {store} }}\n");
        }
        let word = |unit: Unit| if unit == Unit::Watts { "W" } else { "kW" };
        let sign = |shown: Shown, words: [&'static str; 2]| words[usize::from(shown.turned)];
        let solar = match looks.solar {
            SolarFields::PpvIsFirst => "sum of: [ppv1, ppv2, ppv3]",
            SolarFields::PpvIsTotal => "field: ppv",
            SolarFields::Ppv1IsTotal => "field: ppv1",
        };
        let soc = match &self.soc {
            Soc::Counted([percent, charged, discharged]) => {
                format!("counted from: {percent:.2}%, charged: {charged:.2} kWh, discharged: {discharged:.2} kWh")
            }
            Soc::Voltage(points) => {
                let points: Vec<String> =
                    points.iter().map(|(volts, percent)| format!("{volts}: {percent}%")).collect();
                format!("voltage: {{ {} }}", points.join(", "))
            }
            Soc::Told => panic!("an ATESS does not tell it"),
        };
        format!(
            "\n  driver: atess\n  serial: {SERIAL}\n  model: {store}\n  readings:\n    \
             battery: {{ field: pac, positive: {}, unit: {} }}\n    \
             grid: {{ field: meterPower, positive: {}, unit: {} }}\n    \
             load: {{ field: loadActivePower, unit: {power} }}\n    solar: {{ {solar}, unit: {power} }}\n    \
             soc: {{ {soc} }}\n  settings:\n    \
             charge: {{ periods: [valleyPeriodTime1, valleyPeriodTime2], enable: chargeEnable, charges to: {}% }}\n    \
             permission: {{ periods: [peakPeriodTime1, peakPeriodTime2], enable: dischargeEnable }}\n",
            sign(looks.pac, ["discharge", "charge"]),
            word(looks.pac.unit),
            sign(looks.meter, ["import", "export"]),
            word(looks.meter.unit),
            self.charges_to,
            power = word(looks.power),
        )
    }

    /// The policy file.
    pub(crate) fn text(&self) -> String {
        let mut text = format!(
            "offpeak: 1\nsite: home\ntimezone: {}\ndevice: {}battery:\n  capacity: 10.1 kWh\n  \
             charge power: 5 kW\n  discharge power: 5 kW\n  round trip efficiency: 90%\n  reserve: {}%\n  ceiling: {}%\n\
             tariff:\n  currency: GBP\n  import:\n    flat: {{ price: 0.27 }}\nrules:\n",
            self.zone.name(),
            self.device(),
            self.reserve,
            self.ceiling
        );
        for (number, rule) in self.rules.iter().enumerate() {
            rule.put(number, &mut text);
        }
        let floor = self.floor.map(|floor| format!(" down to {floor}%")).unwrap_or_default();
        let drift = if self.reclaim { "reclaim" } else { "report" };
        let blind = if self.safe_when_blind { "self-consume" } else { "keep" };
        let _ = write!(
            text,
            "otherwise: self-consume{floor}\nlimits:\n  reading max age: {} min\n  writes per day: {}\n  time between \
             writes: {} min\n  program ahead: {} min\n  on drift: {drift}\n  when blind: {blind}\n",
            self.max_age_minutes, self.writes_per_day, self.between_minutes, self.ahead_minutes
        );
        text
    }

    /// What follows at an instant from the calendar alone.
    pub(crate) fn planned(&self, at: DateTime<Utc>) -> Grip {
        let by_time = self.rules.iter().filter(|rule| rule.read.is_none());
        self.capped(by_time.into_iter().find(|rule| rule.in_time(at, self.zone)).map_or(Grip::SelfConsume, |r| r.grip))
    }

    /// The most that may be gripped at an instant, given which of the rules that read are true in fact at `now`: such a rule
    /// may be programmed for as long as its window goes on from now without a break.
    pub(crate) fn allowed(&self, at: DateTime<Utc>, now: DateTime<Utc>, in_fact: &[bool]) -> Grip {
        let reading = self.rules.iter().zip(in_fact).filter(|(rule, fact)| rule.read.is_some() && **fact);
        let lasting =
            reading.filter(|(rule, _)| rule.lasts(now, at, self.zone)).map(|(rule, _)| self.capped(rule.grip));
        lasting.fold(self.planned(at), Grip::max)
    }

    /// The targets that a charge may have.
    pub(crate) fn targets(&self) -> Vec<u8> {
        let target = |rule: &Rule| match self.capped(rule.grip) {
            Grip::Charge(target) => Some(target),
            _ => None,
        };
        self.rules.iter().filter_map(target).collect()
    }

    /// The largest floor that anything asks.
    pub(crate) fn highest_floor(&self) -> u8 {
        self.floor.unwrap_or(0).max(self.reserve)
    }

    fn capped(&self, grip: Grip) -> Grip {
        match grip {
            Grip::Charge(target) => Grip::Charge(target.min(self.ceiling)),
            other => other,
        }
    }
}

impl Rule {
    fn put(&self, number: usize, text: &mut String) {
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let _ = write!(text, "  - name: rule {number}\n    when:\n");
        if let Some((from, to)) = self.window {
            let _ = writeln!(text, "      time: {}-{}", clock(from), clock(to));
        }
        match self.days {
            Days::All => {}
            Days::Weekdays => text.push_str("      days: weekdays\n"),
            Days::Weekends => text.push_str("      days: weekends\n"),
        }
        match self.read {
            Some(Read::Soc { below, until }) => {
                let _ = writeln!(text, "      soc: below {below}% until {until}%");
            }
            Some(Read::Ev { above, minutes }) => {
                let _ = writeln!(text, "      ev: above {above} W for {minutes} min");
            }
            None => {}
        }
        match self.grip {
            Grip::Charge(target) => {
                let _ = writeln!(text, "    then: charge to {target}%");
            }
            Grip::Hold => text.push_str("    then: hold\n"),
            Grip::SelfConsume => text.push_str("    then: self-consume\n"),
        }
    }

    /// Whether window and days hold. A window across midnight belongs to the day on which it starts.
    pub(crate) fn in_time(&self, at: DateTime<Utc>, zone: Tz) -> bool {
        let local = at.with_timezone(&zone);
        let minute = u16::try_from(local.hour() * 60 + local.minute()).expect("a minute");
        let today = local.weekday();
        let day = match self.window {
            None => Some(today),
            Some((from, to)) if from < to => (from..to).contains(&minute).then_some(today),
            Some((from, _)) if minute >= from => Some(today),
            Some((_, to)) => (minute < to).then_some(today.pred()),
        };
        day.is_some_and(|day| self.days.hold(day))
    }

    /// Whether window and days hold at every quarter hour from one instant to another.
    fn lasts(&self, from: DateTime<Utc>, until: DateTime<Utc>, zone: Tz) -> bool {
        let mut at = from;
        while at < until {
            if !self.in_time(at, zone) {
                return false;
            }
            at += chrono::Duration::minutes(15);
        }
        self.in_time(until, zone)
    }
}

impl Days {
    fn hold(self, day: Weekday) -> bool {
        let weekend = matches!(day, Weekday::Sat | Weekday::Sun);
        match self {
            Days::All => true,
            Days::Weekdays => !weekend,
            Days::Weekends => weekend,
        }
    }
}

fn unit(random: &mut fastrand::Rng) -> Unit {
    if random.bool() { Unit::Watts } else { Unit::Kilowatts }
}

/// The rules of one member of the family.
fn rules(random: &mut fastrand::Rng) -> (&'static str, Vec<Rule>) {
    let quarter = |random: &mut fastrand::Rng, from: u16, to: u16| 15 * random.u16(from * 4..to * 4) % 1440;
    let by_time = |window, grip| Rule { window: Some(window), days: Days::All, read: None, grip };
    let target = |random: &mut fastrand::Rng| 5 * random.u8(8..21);
    let night = |random: &mut fastrand::Rng| {
        let window = (quarter(random, 21, 26), quarter(random, 4, 8));
        by_time(window, Grip::Charge(target(random)))
    };
    let evening = |random: &mut fastrand::Rng, grip| by_time((quarter(random, 12, 15), quarter(random, 16, 19)), grip);
    let ev = Read::Ev { above: 1000.0, minutes: 5 };
    match random.u8(0..8) {
        0 => ("night charge", vec![night(random)]),
        1 => ("charge and hold", vec![night(random), evening(random, Grip::Hold)]),
        2 => {
            ("car guard", vec![night(random), Rule { window: None, days: Days::All, read: Some(ev), grip: Grip::Hold }])
        }
        3 => {
            let below = f64::from(5 * random.u8(8..15));
            let read = Some(Read::Soc { below, until: below + 5.0 });
            ("latched hold", vec![night(random), Rule { read, ..evening(random, Grip::Hold) }])
        }
        4 => {
            let noon = Rule { grip: Grip::Charge(target(random)), ..evening(random, Grip::Hold) };
            ("two charges", vec![night(random), noon])
        }
        5 => (
            "weekday hold",
            vec![
                Rule { days: Days::Weekdays, ..night(random) },
                Rule { days: Days::Weekdays, ..evening(random, Grip::Hold) },
            ],
        ),
        6 => {
            let weekend = Rule { days: Days::Weekends, ..night(random) };
            ("weekend charge", vec![weekend, evening(random, Grip::Hold)])
        }
        _ => {
            let read = Some(Read::Soc { below: 40.0, until: 60.0 });
            let low = Rule { window: None, days: Days::All, read, grip: Grip::Charge(target(random).max(60)) };
            let two = by_time((quarter(random, 6, 8), quarter(random, 9, 11)), Grip::Hold);
            ("charge when low", vec![two, evening(random, Grip::Hold), low])
        }
    }
}
