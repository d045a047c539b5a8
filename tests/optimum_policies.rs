//! P25, honest money: whatever a policy says and whatever the prices are, every slot's energy and money add up, and nothing costs
//! less than the optimum. What looks at it is shown bugs first, each of which it must see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod optimum_support;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::time::Duration;

use fastrand::Rng;
use offpeak::backtest::{Course, Done, Job, Options, PolicyMind, Track, Trial, Who, replay};
use offpeak::history::{Findings, History, Priced, Row, Slot};
use offpeak::optimum;
use offpeak::policy::model::Battery;
use offpeak::policy::{self, Policy};
use offpeak::time::{Instant, elapsed};
use offpeak::units::{Energy, Soc};
use optimum_support::{between, hour, kwh, one_of, price, real, share};

const TICK: Duration = Duration::from_secs(300);

/// What a watt hour is to the audit: nothing that is a thousand times less.
const NEAR: f64 = 1e-3;

fn percent(percent: f64) -> Soc {
    Soc::from_percent(percent).expect("a state of charge")
}

/// Hours of load less sun with their prices, from an instant on.
fn history(from: &str, hours: &[optimum::Slot]) -> History {
    let from: Instant = from.parse().expect("an instant");
    let row = |(slot, index): (&optimum::Slot, i64)| Row {
        line: 2,
        start: from + chrono::Duration::hours(index),
        load: slot.load,
        solar: slot.solar,
        import: Some(slot.import),
        export: Some(slot.export),
    };
    let rows = hours.iter().zip(0..).map(row).collect();
    History::from_rows(rows, Priced { import: true, export: true }, Findings::default()).expect("a history")
}

/// A policy of a battery of 10 kWh, 4 kW in and 3 kW out.
fn home(battery: &str, rules: &str) -> Policy {
    let text = format!(
        "offpeak: 1\nsite: home\ntimezone: Europe/Berlin\ndevice: {{ driver: simulated }}\n\
         battery: {{ capacity: 10 kWh, charge power: 4 kW, discharge power: 3 kW, {battery} }}\n\
         tariff: {{ currency: EUR, import: {{ price: 0.3 }}, export: {{ price: 0.08 }} }}\nrules:\n{rules}"
    );
    let loaded = policy::load("home.yaml", &text);
    loaded.policy.unwrap_or_else(|| panic!("{:#?}\n{text}", loaded.diagnostics))
}

fn options(start: f64, writes: bool) -> Options {
    Options { start: percent(start), tick: TICK, writes }
}

/// The optimum's way, how far the true one may be below it, and what a stored kWh is worth to it.
fn best(policy: &Policy, history: &History, start: f64) -> (Course, f64, f64) {
    let trial = Trial::new(policy, history, options(start, false)).expect("priced");
    match trial.run(Job::Standing(Who::Optimum)) {
        Done::Optimum(standing, bound) => (standing.course, bound.gap, bound.worth),
        other => panic!("no optimum: {other:?}"),
    }
}

/// What a course says that it did and paid, to be audited.
struct Claim {
    course: Course,
    paid: f64,
    earned: f64,
}

impl Claim {
    fn of(course: Course, track: &Track) -> Claim {
        let account = course.account(track);
        Claim { course, paid: account.paid, earned: account.earned }
    }

    /// The bill, less what is stored more than at the beginning at this price.
    fn compared(&self, worth: f64) -> f64 {
        self.paid - self.earned - (self.course.end() - self.course.start).kilowatt_hours() * worth
    }
}

/// The history's own word on a stretch of time: the slot that it lies in, and how much of it the stretch is.
fn told(history: &History, at: Instant, seconds: u32) -> (&Slot, f64) {
    let behind = history.slots().partition_point(|slot| slot.from <= at);
    let slot = &history.slots()[behind - 1];
    (slot, f64::from(seconds) / elapsed(slot.from, slot.until).as_secs_f64())
}

/// What is wrong with a claim, by nothing but the history and the battery's plate. A battery that keeps to one direction in
/// each tick stores and gives to the watt hour what its efficiencies leave.
fn faults(history: &History, battery: &Battery, track: &Track, claim: &Claim) -> BTreeSet<&'static str> {
    let mut faults = BTreeSet::new();
    let mut fault = |what, is: bool| is.then(|| faults.insert(what));
    let (mut stored, mut paid, mut earned) = (claim.course.start, 0.0, 0.0);
    fault("time", claim.course.flows.len() != track.pieces.len());
    for (piece, flow) in track.pieces.iter().zip(&claim.course.flows) {
        let (slot, part) = told(history, piece.at, piece.seconds);
        let comes = slot.solar * part + flow.import + flow.discharged;
        let goes = slot.load * part + flow.export + flow.charged;
        fault("balance", (comes - goes).watt_hours().abs() > NEAR);
        let into = flow.charged.watt_hours() * battery.charge_efficiency.factor();
        let out = flow.discharged.watt_hours() / battery.discharge_efficiency.factor();
        fault("store", ((flow.stored - stored).watt_hours() - (into - out)).abs() > NEAR);
        fault("room", !(-NEAR..=battery.capacity.watt_hours() + NEAR).contains(&flow.stored.watt_hours()));
        let span = Duration::from_secs(u64::from(piece.seconds));
        let over = |energy: Energy, most| (energy - most).watt_hours() > NEAR;
        fault("power", over(flow.charged, battery.charge_power.over(span)));
        fault("power", over(flow.discharged, battery.discharge_power.over(span)));
        fault("sign", [flow.import, flow.export, flow.charged, flow.discharged].iter().any(|one| *one < Energy::ZERO));
        paid += flow.import.kilowatt_hours() * slot.import.expect("priced").amount();
        earned += flow.export.kilowatt_hours() * slot.export.expect("priced").amount();
        stored = flow.stored;
    }
    fault("bill", (paid - claim.paid).abs() > 1e-6 || (earned - claim.earned).abs() > 1e-6);
    faults
}

/// One policy's claim and the optimum's, before they are audited.
struct Books {
    policy: Policy,
    history: History,
    track: Track,
    /// The physics that the policy's battery has.
    battery: Battery,
    /// What the optimum is told of the policy and of the history.
    told: (Policy, History),
}

impl Books {
    /// Four days of a home with a little sun, dear evenings and a night that is cheaper hour by hour.
    fn new() -> Books {
        let policy = home(
            "charge efficiency: 97%, discharge efficiency: 90%, reserve: 10%, ceiling: 60%",
            "  - { name: night, when: { time: 02:00-05:00 }, then: charge to 60% }\n",
        );
        let hours: Vec<optimum::Slot> = (0..96)
            .map(|number| match number % 24 {
                night @ 0..6 => hour(0.4, 0.12 - 0.01 * f64::from(night), 0.02),
                9..16 => hour(-2.5, 0.3, 0.02),
                evening @ 16..23 => hour(1.1, 0.3 + 0.01 * f64::from(evening), 0.02),
                _ => hour(0.3, 0.28, 0.02),
            })
            .collect();
        let history = history("2026-03-26T23:00:00Z", &hours);
        let track = Track::new(&history, &policy, &[]).expect("priced");
        Books { battery: policy.battery, told: (policy.clone(), history.clone()), policy, history, track }
    }

    /// What is found wrong once the claims are made, and changed.
    fn audited(self, change: fn(&mut Claim, &mut f64)) -> String {
        let mut mind = PolicyMind::new(&self.policy, &self.track, TICK);
        let course = replay(&self.track, &self.battery, percent(70.0), TICK, &mut mind, |_| {});
        let mut claim = Claim::of(course, &self.track);
        let (course, gap, mut worth) = best(&self.told.0, &self.told.1, 70.0);
        let optimum = Claim::of(course, &Track::new(&self.told.1, &self.told.0, &[]).expect("priced"));
        change(&mut claim, &mut worth);
        let look = |claim| faults(&self.history, &self.policy.battery, &self.track, claim);
        let mut found: Vec<String> = look(&claim).into_iter().map(str::to_owned).collect();
        found.extend(look(&optimum).into_iter().map(|fault| format!("optimum's {fault}")));
        let beaten = claim.compared(worth) < optimum.compared(worth) - gap - 1e-6;
        found.extend(beaten.then(|| "beats the optimum".to_owned()));
        found.join(", ")
    }
}

#[test]
fn planted_bugs_are_caught() {
    let mut table = String::new();
    let mut plant = |name: &str, books: fn(&mut Books), change: fn(&mut Claim, &mut f64)| {
        assert_eq!(Books::new().audited(|_, _| ()), "", "without a bug");
        let mut planted = Books::new();
        books(&mut planted);
        let caught = planted.audited(change);
        assert!(!caught.is_empty(), "{name} is not caught");
        writeln!(table, "{name:<50} {caught}").expect("written");
    };
    let honest = |_: &mut Books| ();
    plant("a battery that gains 1 %", |books| books.battery.discharge_efficiency = share(0.909), |_, _| ());
    plant(
        "the efficiencies on each other's side",
        |books| {
            let Battery { charge_efficiency: into, discharge_efficiency: out, .. } = books.battery;
            (books.battery.charge_efficiency, books.battery.discharge_efficiency) = (out, into);
        },
        |_, _| (),
    );
    plant(
        "a battery that is stronger than its plate",
        |books| books.battery.charge_power = books.battery.charge_power * 1.1,
        |_, _| (),
    );
    plant("flows told one tick late", honest, |claim, _| claim.course.flows.rotate_right(1));
    plant("the last flow forgotten", honest, |claim, _| {
        claim.course.flows.pop();
    });
    plant(
        "the price of the slot before",
        |books| {
            let before: Vec<_> = books.track.pieces.iter().map(|piece| piece.import).collect();
            books.track.pieces.iter_mut().skip(1).zip(before).for_each(|(piece, import)| piece.import = import);
        },
        |_, _| (),
    );
    plant(
        "export billed at the price of import",
        |books| books.track.pieces.iter_mut().for_each(|piece| piece.export = piece.import),
        |_, _| (),
    );
    plant("what is left over is worth nothing", honest, |_, worth| *worth = 0.0);
    plant("what is left over is worth too much", honest, |claim, worth| {
        claim.course.flows.last_mut().expect("a flow").stored = kwh(9.0);
        *worth *= 2.0;
    });
    plant(
        "an optimum that loses more than the battery",
        |books| books.told.0.battery.charge_efficiency = share(0.8),
        |_, _| (),
    );
    plant(
        "an optimum that keeps the sun below the ceiling",
        |books| books.told.0.battery.capacity = kwh(7.0),
        |_, _| (),
    );
    plant("an optimum that sees the sun an hour late", |books| books.told.1 = shifted(&books.history), |_, _| ());
    insta::assert_snapshot!(table);
}

/// The same hours, with the sun of the hour before.
fn shifted(history: &History) -> History {
    let slots = history.slots();
    let sun = slots.iter().take(1).chain(slots).map(|slot| slot.solar);
    let hours = slots.iter().zip(sun).map(|(slot, solar)| optimum::Slot {
        span: Duration::from_secs(3600),
        load: slot.load,
        solar,
        import: slot.import.expect("priced"),
        export: slot.export.expect("priced"),
    });
    self::history("2026-03-26T23:00:00Z", &hours.collect::<Vec<_>>())
}

/// A battery's plate and some rules that command it this way and that.
fn any_policy(random: &mut Rng, follows: bool) -> Policy {
    let efficiency = |random: &mut Rng| one_of(random, &[100, 97, 90, 75]);
    let battery = format!(
        "charge efficiency: {}%, discharge efficiency: {}%, reserve: {}%, ceiling: {}%",
        efficiency(random),
        efficiency(random),
        one_of(random, &[0, 10, 30]),
        one_of(random, &[60, 80, 100]),
    );
    let when = [
        "time: 00:00-06:00",
        "time: 17:00-20:00",
        "days: weekends",
        "import price: below 0.12",
        "import price: below 0",
        "export price: above 0.1",
        "soc: below 40%",
        "soc: below 30% until 70%",
        "load: above 1 kW for 10 min",
        "solar: above 800 W on average over 30 min",
        "grid: above 2 kW",
    ];
    let then = ["charge to 60%", "charge to 95%", "hold", "self-consume", "self-consume down to 45%"];
    let mut rules = String::new();
    for number in 0..random.usize(1..6) {
        let (one, not) = (one_of(random, &when), one_of(random, &when));
        writeln!(
            rules,
            "  - {{ name: rule {number}, when: {{ {one}, not: {{ {not} }} }}, then: {} }}",
            one_of(random, &then)
        )
        .expect("written");
    }
    if follows {
        rules.push_str("  - { name: plan, when: {}, then: follow the cheapest plan }\n");
    }
    home(&battery, &rules)
}

/// Some days of a home: measured where that is at hand, with usual prices, spread ones, or those of a market that were
/// often negative; else made up.
fn any_days(random: &mut Rng, days: usize) -> (String, History) {
    let kind = one_of(random, &["spot", "spread", "negative", "made up"]);
    let year = if kind == "made up" { None } else { real::konstanz(if kind == "spread" { kind } else { "spot" }) };
    let market = if kind == "negative" { real::day_ahead() } else { None };
    let year = match (year, market) {
        (Some(year), Some(market)) => real::repriced(&year, |number, _| (market[number] + 0.02, market[number])),
        (Some(year), None) if kind != "negative" => year,
        _ => (0..24 * 366).map(|_| made_up(random)).collect(),
    };
    let first = random.usize(..year.len() / 24 - days);
    let from: Instant = "2015-12-31T23:00:00Z".parse().expect("an instant");
    let from = from + chrono::Duration::days(i64::try_from(first).expect("small"));
    let hours = &year[first * 24..(first + days) * 24];
    (format!("{kind} from {from}"), history(&from.to_rfc3339(), hours))
}

/// An hour whose export may not pay more than its import, and either may be negative.
fn made_up(random: &mut Rng) -> optimum::Slot {
    let import = between(random, -0.2, 0.5);
    let slot = hour(between(random, -4.0, 3.0), import, import.min(between(random, -0.1, 0.3)));
    optimum::Slot { import: price(import), ..slot }
}

/// As many random policies over as many days each; each begins anywhere, also above its ceiling and below its reserve.
fn money_is_honest(seeds: std::ops::Range<u64>, days: usize, writes: bool) {
    for seed in seeds {
        let mut random = Rng::with_seed(seed);
        let policy = any_policy(&mut random, seed % 3 == 0);
        let (kind, history) = any_days(&mut random, days);
        let start = one_of(&mut random, &[0.0, 5.0, 50.0, 95.0, 100.0]);
        let what = format!("seed {seed}, {kind}, from {start} %");
        let trial = Trial::new(&policy, &history, options(start, writes)).expect("priced");
        let Done::Policy(standing, _, written) = trial.run(Job::Standing(Who::Policy)) else { panic!("{what}") };
        assert_eq!(written.is_some(), writes, "{what}");
        let (course, gap, worth) = best(&policy, &history, start);
        let [claim, optimum] = [standing.course, course].map(|course| Claim::of(course, trial.track()));
        for (whose, claim) in [("the policy", &claim), ("the optimum", &optimum)] {
            let faults = faults(&history, &policy.battery, trial.track(), claim);
            assert!(faults.is_empty(), "{what}: {whose}: {faults:?}");
        }
        let (cost, least) = (claim.compared(worth), optimum.compared(worth) - gap);
        assert!(cost >= least - 1e-6, "{what}: {cost} beats {least}");
        let lowest = |course: &Course| course.flows.iter().map(|flow| flow.stored).fold(course.start, Energy::min);
        let reserve = policy.battery.reserve.min(percent(start)).of(policy.battery.capacity);
        assert!((lowest(&claim.course) - reserve).watt_hours() > -NEAR, "{what}: below the reserve");
        assert!((lowest(&optimum.course) - reserve).watt_hours() > -NEAR, "{what}: the optimum is below the reserve");
        assert!((optimum.course.end() - optimum.course.start).watt_hours() > -NEAR, "{what}: the optimum borrows");
    }
}

#[test]
fn no_policy_beats_the_optimum_and_every_slot_adds_up() {
    money_is_honest(0..150, 12, false);
}

#[test]
fn no_policy_does_so_through_schedules_either() {
    money_is_honest(1000..1012, 4, true);
}
