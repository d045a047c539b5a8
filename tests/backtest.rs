//! What a backtest promises: energy is conserved, the engine decides as it does live, and known costs are met.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod measurements;

use std::fmt::Write as _;
use std::time::Duration;

use measurements::measurements;
use offpeak::backtest::{
    Course, Done, Job, Mind, Moment, Options, Outcome, PolicyMind, SelfConsumption, Standing, Track, Trial, Who, replay,
};
use offpeak::engine::{Command, Decision, Memory, Situation, Source, evaluate};
use offpeak::feed::history;
use offpeak::history::{Findings, History, Priced, Row};
use offpeak::policy::model::Battery;
use offpeak::policy::{self, Policy};
use offpeak::snapshot::{Reading, Snapshot};
use offpeak::time::Instant;
use offpeak::units::{Energy, Power, Price, Soc};
use proptest::prelude::*;

const FIVE_MINUTES: Duration = Duration::from_secs(300);

fn at(text: &str) -> Instant {
    text.parse().expect("an instant")
}

fn percent(percent: f64) -> Soc {
    Soc::from_percent(percent).expect("a state of charge")
}

fn kwh(amount: f64) -> Energy {
    Energy::from_watt_hours(amount * 1000.0).expect("an energy")
}

fn loaded(text: &str) -> Policy {
    let loaded = policy::load("home.yaml", text);
    loaded.policy.unwrap_or_else(|| panic!("{:#?}", loaded.diagnostics))
}

/// A policy of a battery of 10 kWh with these rules, under a night tariff.
fn home(rules: &str) -> Policy {
    home_with("driver: simulated", rules)
}

/// The same with another device.
fn home_with(device: &str, rules: &str) -> Policy {
    loaded(&format!(
        "offpeak: 1
site: home
timezone: Europe/Berlin
device: {{ {device} }}
battery:
  capacity: 10 kWh
  charge power: 5 kW
  discharge power: 5 kW
  charge efficiency: 95%
  discharge efficiency: 95%
  reserve: 0%
tariff:
  currency: EUR
  import:
    night: {{ price: 0.10, time: 00:00-06:00 }}
    day: {{ price: 0.30 }}
  export: {{ price: 0.08 }}
{rules}"
    ))
}

fn tried(policy: &Policy, history: &History, start: f64) -> Outcome {
    let trial = Trial::new(policy, history, Options { start: percent(start), tick: FIVE_MINUTES, writes: false })
        .expect("priced");
    let done = trial.jobs().into_iter().map(|job: Job| trial.run(job)).collect();
    trial.outcome(done)
}

fn billed(outcome: &Outcome, who: Who) -> f64 {
    outcome.of(who).expect("tried").account.bill()
}

/// A year of a German home, measured; `None` where the file is not at hand.
fn konstanz(kind: &str) -> Option<History> {
    let path = measurements(&format!("history_konstanz_2016_{kind}.csv.gz"));
    path.map(|path| history::open(&path).expect("a history"))
}

fn cents(amount: f64) -> f64 {
    (amount * 100.0).round() / 100.0
}

#[test]
fn reference_costs_of_a_measured_year_are_met_to_a_cent() {
    let check = |kind: &str, none: f64, greedy: f64, best: f64| {
        let Some(history) = konstanz(kind) else { return };
        let outcome = tried(&home(""), &history, 50.0);
        assert_eq!(cents(billed(&outcome, Who::NoBattery)), none, "{kind}");
        assert_eq!(cents(billed(&outcome, Who::SelfConsumption)), greedy, "{kind}");
        assert_eq!(outcome.of(Who::SelfConsumption).expect("tried").course.end().watt_hours(), 0.0);
        assert_eq!(cents(billed(&outcome, Who::Optimum)), best, "{kind}");
        assert_eq!(outcome.of(Who::Optimum).expect("tried").course.end().watt_hours().round(), 5000.0);
    };
    check("spot", 106.31, -71.82, -80.89);
    check("spread", 76.41, -84.12, -144.72);
}

#[test]
fn a_flat_tariff_costs_what_is_known_of_it() {
    let Some(history) = konstanz("spot") else { return };
    let rows = history.slots().iter().zip(1..);
    let rows = rows.map(|(slot, line)| Row {
        line,
        start: slot.from,
        load: slot.load,
        solar: slot.solar,
        import: None,
        export: None,
    });
    let history = History::from_rows(rows.collect(), Priced::default(), Findings::default()).expect("a history");
    let mut policy = home("");
    policy.tariff.import.remove(0);
    let outcome = tried(&policy, &history, 50.0);
    assert_eq!(cents(billed(&outcome, Who::NoBattery)), 409.55);
    assert_eq!(cents(billed(&outcome, Who::SelfConsumption)), 109.37);
    assert_eq!(cents(billed(&outcome, Who::Optimum)), 110.80);
    // But for what is left over the two are the same, so there is nothing to attain.
    let apart = outcome.compared(Who::SelfConsumption).expect("tried") - outcome.compared(Who::Optimum).expect("tried");
    assert!((0.0..0.005).contains(&(apart + 1e-9)), "{apart}");
    assert_eq!(outcome.shares().captured, None);
}

#[test]
fn no_policy_beats_the_optimum_on_measured_years() {
    for kind in ["spot", "spread"] {
        let Some(history) = konstanz(kind) else { return };
        for rules in [NIGHT, MANY_RULES, CHEAP] {
            let outcome = tried(&home(rules), &history, 50.0);
            let [policy, best] = [Who::Policy, Who::Optimum].map(|who| outcome.compared(who).expect("tried"));
            assert!(policy >= best - outcome.gap - 1e-6, "{policy} beats {best}");
            let shares = outcome.months().into_iter().map(|month| month.shares).chain([outcome.shares()]);
            for share in shares.flat_map(|shares| [shares.captured, shares.captured_of_none]).flatten() {
                assert!(share.is_finite() && share <= 1.0 + 1e-6, "{kind}: {share} of what is attainable");
            }
        }
    }
}

#[test]
fn a_policy_that_follows_the_cheapest_plan_is_worth_more_than_a_plain_planner() {
    let follow = "rules: [{ name: Follow, when: {}, then: follow the cheapest plan }]\n";
    let tried = |kind: &str| Some(tried(&home(follow), &konstanz(kind)?, 50.0));
    let (Some(spread), Some(spot)) = (tried("spread"), tried("spot")) else { return };
    let [none, policy, best] =
        [Who::NoBattery, Who::Policy, Who::Optimum].map(|who| spread.compared(who).expect("tried"));
    let share = (none - policy) / (none - best);
    assert!((0.88..1.0).contains(&share), "{share}");
    let (policy, own_way) = (billed(&spot, Who::Policy), billed(&spot, Who::SelfConsumption));
    assert!(policy < own_way, "{policy} against {own_way}");
    let unknown: f64 = spread.otherwise.as_secs_f64() / 86_400.0;
    assert!((3.0..4.5).contains(&unknown), "no plan before three days were seen: {unknown} days");
}

/// Buys where it is cheap, keeps where it is rather cheap.
const CHEAP: &str = "rules:
  - name: Fill up when it is cheap
    when: { import price: below 0.12, months: oct-mar }
    then: charge to 80%
  - name: Fill up when it costs nothing
    when: { import price: below 0 }
    then: charge to 100%
  - name: Keep it while it is rather cheap
    when: { import price: below 0.15, soc: below 50%, months: oct-mar }
    then: hold
";

/// Slots of a given length from an instant on, each with load and sun in kWh.
fn slots(from: &str, minutes: i64, energies: &[(f64, f64)]) -> History {
    let rows = energies.iter().zip(0i64..).map(|((load, solar), index)| Row {
        line: u64::try_from(index).expect("small") + 2,
        start: at(from) + chrono::Duration::minutes(minutes * index),
        load: kwh(*load),
        solar: kwh(*solar),
        import: None,
        export: None,
    });
    History::from_rows(rows.collect(), Priced::default(), Findings::default()).expect("a history")
}

/// The two days of `docs/backtest.md`, hour by hour.
fn two_days() -> History {
    let day = |hour: usize| match hour {
        0..6 => (0.4, 0.0),
        6..9 => (1.0, 0.0),
        9..15 => (0.5, 1.5),
        15..18 => (0.5, 0.0),
        18..22 => (1.5, 0.0),
        _ => (0.5, 0.0),
    };
    let hours: Vec<(f64, f64)> = (0..48).map(|hour| day(hour % 24)).collect();
    slots("2026-01-14T23:00:00Z", 60, &hours)
}

const NIGHT: &str = "rules:
  - name: Fill up at night
    when: { tariff: night }
    then: charge to 60%
";

#[test]
fn two_days_come_to_what_a_hand_makes_of_them() {
    let outcome = tried(&home(NIGHT), &two_days(), 20.0);
    let cost = |who| (billed(&outcome, who) * 1e4).round() / 1e4;
    // See docs/backtest.md for the sums.
    assert_eq!(cost(Who::NoBattery), 6.42);
    assert_eq!(cost(Who::SelfConsumption), 3.941);
    assert_eq!(cost(Who::Timer), 1.8358);
    assert_eq!(cost(Who::Policy), 1.7636);
    assert_eq!(cost(Who::Optimum), 1.9988);
    assert_eq!((outcome.stored_price * 1e4).round() / 1e4, 0.285);
    let share = |share: Option<f64>| (share.expect("attainable") * 1e4).round() / 1e4;
    assert_eq!([outcome.shares().captured, outcome.shares().captured_of_none].map(share), [0.8667, 0.9243]);
    let policy = outcome.of(Who::Policy).expect("tried");
    let stored = |hour: usize| (policy.course.flows[hour - 1].stored.watt_hours() * 10.0).round() / 10.0;
    let marks = [1, 6, 9, 15, 18, 22, 24, 30, 48].map(stored);
    assert_eq!(marks, [6000.0, 6000.0, 2842.1, 8542.1, 6963.2, 647.4, 0.0, 6000.0, 0.0]);
}

/// Decides by the engine's front door at every tick: nothing is prepared, nothing is left out.
struct Plainly<'a> {
    policy: &'a Policy,
    track: &'a Track,
    memory: Memory,
}

impl Mind for Plainly<'_> {
    fn decide(&mut self, moment: &Moment<'_>) -> Decision {
        let reading = |power: Option<Power>| power.map(|power| Reading::good(power, moment.at));
        let snapshot = Snapshot {
            soc: Some(Reading::good(moment.soc, moment.at)),
            load: reading(Some(moment.piece.load)),
            solar: reading(Some(moment.piece.solar)),
            grid: reading(moment.grid),
            battery: reading(moment.battery),
            ev: None,
        };
        let prices = &self.track.prices;
        let situation = Situation { snapshot: &snapshot, prices, manual: None, now: moment.at };
        self.memory.observe(self.policy, &situation);
        evaluate(self.policy, &situation, &self.memory)
    }
}

const MANY_RULES: &str = "rules:
  - name: Winter night
    when: { tariff: night, months: nov-feb }
    then: charge to 90%
  - name: Low
    when: { soc: below 30% until 45%, time: 05:00-17:00 }
    then: hold
  - name: Sunny
    when: { solar: above 800 W on average over 30 min, soc: above 70% }
    then: self-consume down to 20%
  - name: Weekend
    when: { days: weekends, time: 22:30-01:45, soc: below 80% }
    then: charge to 70%
  - name: Big load
    when:
      any:
        - load: above 2 kW for 10 min
        - grid: above 3 kW
    then: hold
  - name: Night
    when: { tariff: night, not: { soc: above 50% } }
    then: charge to 50%
";

/// A year of a seeded house, by slots of so many minutes.
fn seeded(seed: u64, minutes: i64, count: usize, from: &str) -> History {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u32::try_from(state >> 32).expect("32 bits")
    };
    let mut share = move || f64::from(next()) / f64::from(u32::MAX);
    let hours = f64::from(i32::try_from(minutes).expect("small")) / 60.0;
    let energies: Vec<(f64, f64)> =
        (0..count).map(|_| (share().powi(4) * 6.0 * hours, (share() - 0.6).max(0.0) * 10.0 * hours)).collect();
    slots(from, minutes, &energies)
}

#[test]
fn the_short_way_through_a_policy_decides_as_the_engine_does() {
    let mut texts: Vec<String> = vec![MANY_RULES.to_owned()];
    texts.push(MANY_RULES.replace("months: nov-feb", "days: [mon, not weekdays]"));
    texts.push(MANY_RULES.replace("time: 05:00-17:00", "time: 00:30-07:30 UTC, dates: 2026-03-20..2026-03-29"));
    texts.push(MANY_RULES.replace("when: { tariff: night, months: nov-feb }", "when: { tariff: day, days: sun }"));
    for (text, seed) in texts.iter().zip(1..) {
        let policy = home(text);
        for (minutes, from) in [(60, "2026-03-25T00:00:00Z"), (5, "2026-10-23T00:00:00Z"), (15, "2026-02-26T00:15:00Z")]
        {
            let history = seeded(seed, minutes, 6 * 24 * 12, from);
            let track = Track::new(&history, &policy, &[]).expect("priced");
            let live = |mind: &mut dyn FnMut(&Moment<'_>) -> Decision| {
                struct By<'a>(&'a mut dyn FnMut(&Moment<'_>) -> Decision);
                impl Mind for By<'_> {
                    fn decide(&mut self, moment: &Moment<'_>) -> Decision {
                        (self.0)(moment)
                    }
                }
                let mut decisions = Vec::new();
                let look = |ran: &offpeak::backtest::Ran| decisions.push((ran.at, ran.decision));
                replay(&track, &policy.battery, percent(50.0), FIVE_MINUTES, &mut By(mind), look);
                decisions
            };
            let mut short = PolicyMind::new(&policy, &track, FIVE_MINUTES);
            let mut plain = Plainly { policy: &policy, track: &track, memory: Memory::empty(&policy) };
            let (short, plain) = (live(&mut |moment| short.decide(moment)), live(&mut |moment| plain.decide(moment)));
            let apart = short.iter().zip(&plain).find(|(short, plain)| short != plain);
            assert_eq!(apart, None, "seed {seed}, {minutes} min from {from}");
            let sources: std::collections::BTreeSet<String> =
                short.iter().map(|(_, decision)| format!("{:?}", decision.source)).collect();
            assert!(sources.len() > 2, "these decide too little to tell: {sources:?}");
        }
    }
}

/// Commands from a list, one after the other, whatever is read.
struct Whim(Vec<Command>, usize);

impl Mind for Whim {
    fn decide(&mut self, _: &Moment<'_>) -> Decision {
        self.1 += 1;
        Decision { source: Source::Otherwise, command: self.0[self.1 % self.0.len()] }
    }
}

fn command() -> impl Strategy<Value = Command> {
    let soc = || (0.0..=100.0).prop_map(percent);
    let power = || prop::option::of((0.0..8000.0).prop_map(|watts| Power::from_watts(watts).expect("a power")));
    prop_oneof![
        Just(Command::Hold),
        soc().prop_map(|floor| Command::SelfConsume { floor }),
        (soc(), power()).prop_map(|(target, power)| Command::ChargeTo { target, power }),
        (soc(), power()).prop_map(|(floor, power)| Command::DischargeTo { floor, power }),
    ]
}

fn battery() -> impl Strategy<Value = Battery> {
    let efficiency =
        || (50.0..=100.0).prop_map(|share| offpeak::units::Fraction::from_percent(share).expect("a share"));
    let power = || (0.0..9000.0).prop_map(|watts| Power::from_watts(watts).expect("a power"));
    (0.1..30.0, power(), power(), efficiency(), efficiency()).prop_map(|(capacity, charge, discharge, into, out)| {
        Battery {
            capacity: kwh(capacity),
            charge_power: charge,
            discharge_power: discharge,
            charge_efficiency: into,
            discharge_efficiency: out,
            reserve: percent(0.0),
            ceiling: percent(100.0),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    /// What comes in goes out, on every piece and to far below a watt hour; what is lost is never less than nothing.
    #[test]
    fn energy_is_conserved_on_every_slot(
        battery in battery(),
        commands in prop::collection::vec(command(), 1..6),
        energies in prop::collection::vec((0.0..8.0, 0.0..8.0), 2..40),
        minutes in prop::sample::select(vec![5i64, 15, 30, 60]),
        start in 0.0..=100.0,
    ) {
        let policy = home("");
        let history = slots("2026-03-28T20:00:00Z", minutes, &energies);
        let track = Track::new(&history, &policy, &[]).expect("priced");
        let course = replay(&track, &battery, percent(start), FIVE_MINUTES, &mut Whim(commands, 0), |_| {});
        conserved(&track, &battery, &course)?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    /// Whatever is commanded, and at whatever prices: with what is left over priced, nothing costs less than the optimum.
    #[test]
    fn nothing_beats_the_optimum(
        battery in battery(),
        commands in prop::collection::vec(command(), 1..8),
        hours in prop::collection::vec((0.0..4.0, 0.0..6.0, -0.2..0.6, -0.1..0.5), 2..60),
        start in 0.0..=100.0,
    ) {
        let rows = hours.iter().zip(0i64..).map(|((load, solar, import, export), index): (&(f64, f64, f64, f64), i64)| Row {
            line: 2,
            start: at("2026-03-31T10:00:00Z") + chrono::Duration::hours(index),
            load: kwh(*load),
            solar: kwh(*solar),
            import: Price::per_kwh(*import),
            export: Price::per_kwh(*export),
        });
        let priced = Priced { import: true, export: true };
        let history = History::from_rows(rows.collect(), priced, Findings::default()).expect("a history");
        let mut policy = home("");
        policy.battery = battery;
        let outcome = tried(&policy, &history, start);
        let course =
            replay(&outcome.track, &battery, percent(start), FIVE_MINUTES, &mut Whim(commands, 0), |_| {});
        let whim = Standing::new(Who::Policy, course, &outcome.track);
        let best = outcome.least().expect("a battery");
        for standing in outcome.standings.iter().chain([&whim]) {
            let cost = standing.account.compared(outcome.stored_price);
            let months = outcome.by_month(standing);
            prop_assert!(cost >= best - 1e-6, "{:?}: {cost} beats {best}", standing.who);
            prop_assert!((cost - months.iter().sum::<f64>()).abs() < 1e-6, "{:?}: {cost} in all, {months:?}", standing.who);
            for (month, bound) in months.iter().zip(&outcome.bounds) {
                prop_assert!(*month >= bound.least - 1e-6, "{:?}: {month} beats {bound:?}", standing.who);
            }
        }
        let bounds = outcome.bounds.iter().map(|bound| bound.least).sum::<f64>();
        prop_assert!((bounds - best).abs() < 1e-6, "{bounds} by months, {best} in all");
    }
}

/// What paid for the price of export being above that of import, and for changing direction within an hour, counts in the bound.
#[test]
fn nothing_beats_the_bound_where_export_pays_more_than_import() {
    let check = |rules: &str, tariff: &str, hours: &[(f64, f64)], start: f64, tick: u64| {
        let policy = loaded(&format!(
            "offpeak: 1
site: home
timezone: Europe/London
device: {{ driver: simulated }}
battery: {{ capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90%, reserve: 10% }}
tariff:
  currency: GBP
{tariff}
{rules}"
        ));
        let history = slots("2026-01-12T05:00:00Z", 60, hours);
        let options = Options { start: percent(start), tick: Duration::from_secs(tick * 60), writes: false };
        let trial = Trial::new(&policy, &history, options).expect("priced");
        let done = trial.jobs().into_iter().map(|job: Job| trial.run(job)).collect();
        let outcome = trial.outcome(done);
        let [policy, optimum] = [Who::Policy, Who::Optimum].map(|who| outcome.compared(who).expect("tried"));
        assert!(policy >= outcome.least().expect("a battery") - 1e-9, "{policy} beats {optimum} less {}", outcome.gap);
        let share = outcome.shares().captured_of_none;
        assert!(share.is_none_or(|share| share <= 1.0 + 1e-9), "{share:?}");
    };
    let rules = "rules: [ { name: night, when: { tariff: night }, then: charge to 100% } ]";
    let bands = "  import:
    night: { price: 0.07, time: 23:30-05:30 }
    day: { price: 0.27 }
  export: { price: 0.15 }";
    for tick in [1, 5, 60] {
        check(rules, bands, &[(0.0, 2.0), (2.0, 0.0)], 90.0, tick);
        check(rules, bands, &[(0.0, 2.0), (2.0, 0.0), (0.0, 0.0)], 95.0, tick);
        let rules = "rules: [ { name: always, when: {}, then: charge to 60% } ]";
        check(rules, "  import: { price: 0.05 }\n  export: { price: 0.10 }", &[(0.3, 1.6), (0.1, 0.0)], 10.0, tick);
    }
}

fn conserved(track: &Track, battery: &Battery, course: &Course) -> Result<(), TestCaseError> {
    let mut stored = course.start;
    for (piece, flow) in track.pieces.iter().zip(&course.flows) {
        let span = Duration::from_secs(u64::from(piece.seconds));
        let comes = piece.solar.over(span) + flow.import + flow.discharged;
        let goes = piece.load.over(span) + flow.export + flow.charged;
        prop_assert!((comes - goes).watt_hours().abs() < 1e-3, "{comes:?} is not {goes:?} at {}", piece.at);
        let gained = (flow.stored - stored).watt_hours();
        let into = flow.charged.watt_hours() * battery.charge_efficiency.factor();
        let out = flow.discharged.watt_hours() / battery.discharge_efficiency.factor();
        // A tick in which the battery turns round counts its mean, which loses less than what truly flowed.
        prop_assert!(gained <= into - out + 1e-3, "stored {gained}, moved {}", into - out);
        prop_assert!((-1e-6..=battery.capacity.watt_hours() + 1e-6).contains(&flow.stored.watt_hours()));
        stored = flow.stored;
    }
    let whole: f64 = track.pieces.iter().map(|piece| f64::from(piece.seconds)).sum();
    prop_assert!(whole > 0.0);
    Ok(())
}

#[test]
fn days_of_a_clock_change_are_lived_through_in_their_own_length() {
    let check = |from: &str, hours: usize, expect: f64| {
        let history = slots(from, 60, &vec![(1.0, 0.0); hours]);
        let policy = home(NIGHT);
        let track = Track::new(&history, &policy, &[]).expect("priced");
        let outcome = tried(&policy, &history, 0.0);
        assert_eq!(outcome.rules[0].held.as_secs_f64() / 3600.0, expect, "{from}");
        assert_eq!(track.days.len(), 1, "{from}");
    };
    check("2026-03-28T23:00:00Z", 23, 5.0);
    check("2026-10-24T22:00:00Z", 25, 7.0);
    check("2026-06-09T22:00:00Z", 24, 6.0);
}

#[test]
fn over_a_gap_the_battery_keeps_what_it_has_and_nothing_is_billed() {
    let mut text = "start,load_kwh,pv_kwh\n".to_owned();
    for hour in (0..6).chain(12..18) {
        writeln!(text, "2026-06-10T{hour:02}:00:00Z,1,0").expect("written");
    }
    let history = history::read(text.as_bytes()).expect("a history");
    let outcome = tried(&home(""), &history, 100.0);
    assert_eq!(outcome.findings.missing(), Duration::from_secs(6 * 3600));
    let own = outcome.of(Who::SelfConsumption).expect("tried");
    let stored: Vec<f64> = own.course.flows.iter().map(|flow| flow.stored.watt_hours().round()).collect();
    assert_eq!(stored[..7], [8947.0, 7895.0, 6842.0, 5789.0, 4737.0, 3684.0, 2632.0]);
    assert_eq!(cents(billed(&outcome, Who::NoBattery)), cents(4.0 * 0.10 + 8.0 * 0.30));
}

#[test]
fn a_rule_is_worth_what_the_policy_loses_without_it() {
    let rules = format!(
        "{NIGHT}  - name: Waste it
    when: {{ time: 09:00-15:00 }}
    then: hold
"
    );
    let history = seeded(3, 60, 24 * 60, "2026-01-01T00:00:00Z");
    let outcome = tried(&home(&rules), &history, 50.0);
    let without = tried(&home(NIGHT), &history, 50.0);
    let worth = outcome.rules[1].worth.expect("asked");
    let expect = without.compared(Who::Policy).expect("tried") - outcome.compared(Who::Policy).expect("tried");
    assert!((worth - expect).abs() < 1e-9, "{worth} {expect}");
    let held: Duration = outcome.rules.iter().map(|rule| rule.held).sum::<Duration>() + outcome.otherwise;
    assert_eq!(held.as_secs(), 60 * 24 * 3600);
}

#[test]
fn through_schedules_the_device_does_what_it_can_hold_and_writes_are_counted() {
    let mut policy = home(NIGHT);
    policy.battery.reserve = percent(10.0);
    let history = two_days();
    let options = |writes| Options { start: percent(20.0), tick: FIVE_MINUTES, writes };
    let outcome = |writes| {
        let trial = Trial::new(&policy, &history, options(writes)).expect("priced");
        let done = trial.jobs().into_iter().map(|job| trial.run(job)).collect();
        trial.outcome(done)
    };
    let (commands, schedules) = (outcome(false), outcome(true));
    assert_eq!(commands.writes, None);
    let writes = schedules.writes.expect("counted");
    assert!((1..=4).contains(&writes.total), "{writes:?}");
    assert!(u64::from(writes.per_day_max) <= writes.total);
    assert!(writes.apart < Duration::from_secs(3600), "{writes:?}");
    let apart = billed(&schedules, Who::Policy) - billed(&commands, Who::Policy);
    assert!(apart.abs() < 0.05, "{apart}");
    // What a rule is worth is told of its commands, whichever way the policy is lived through.
    assert_eq!(schedules.rules[0].worth.map(cents), commands.rules[0].worth.map(cents));
}

#[test]
fn through_schedules_a_window_charges_with_its_own_power() {
    let most = |rule: &str| {
        let text = NIGHT.replace("charge to 60%", rule);
        let policy = home_with("driver: simulated, store: periodic", &text);
        let options = Options { start: percent(20.0), tick: FIVE_MINUTES, writes: true };
        let history = two_days();
        let trial = Trial::new(&policy, &history, options).expect("priced");
        let Done::Policy(standing, ..) = trial.run(Job::Standing(Who::Policy)) else { panic!("no policy") };
        let night = standing.course.flows.iter().take(5);
        night.map(|flow| flow.charged.watt_hours().round()).fold(0.0, f64::max)
    };
    assert_eq!(most("charge to 90%"), 5000.0);
    assert_eq!(most("charge to 90% at 2 kW"), 2000.0);
}

#[test]
fn prices_of_the_history_replace_the_tariff_and_what_has_no_price_is_said() {
    let rows = (0..4i64).map(|hour| Row {
        line: 2,
        start: at("2026-01-15T00:00:00Z") + chrono::Duration::hours(hour),
        load: kwh(1.0),
        solar: kwh(0.0),
        import: Price::per_kwh(-0.05),
        export: None,
    });
    let priced = Priced { import: true, export: false };
    let history = History::from_rows(rows.collect(), priced, Findings::default()).expect("a history");
    let mut policy = home("");
    assert_eq!(cents(billed(&tried(&policy, &history, 0.0), Who::NoBattery)), -0.2);
    policy.tariff.export.clear();
    let trial = Trial::new(&policy, &history, Options { start: percent(0.0), tick: FIVE_MINUTES, writes: false });
    let error = trial.map(|_| ()).expect_err("no price of export").to_string();
    assert!(error.contains("what export earns"), "{error}");
}

#[test]
fn self_consumption_is_what_the_device_does_by_itself() {
    let history = seeded(5, 15, 4 * 24 * 10, "2026-05-01T00:00:00Z");
    let policy = home("");
    let track = Track::new(&history, &policy, &[]).expect("priced");
    let mut own = SelfConsumption(policy.battery.reserve);
    let course = replay(&track, &policy.battery, percent(50.0), FIVE_MINUTES, &mut own, |_| {});
    let outcome = tried(&policy, &history, 50.0);
    assert_eq!(outcome.of(Who::Policy).expect("tried").account, course.account(&track));
}
