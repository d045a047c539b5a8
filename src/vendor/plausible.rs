//! Whether what the cloud says can be true: pure functions over a sample, the day's history and what was seen before.
//!
//! A doubt never changes a value and never fills one in: the reading keeps what was said and carries its quality. Only a
//! number that no reading can hold (a state of charge of 101 %) leaves no reading at all.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::device::access::HistoryPoint;
use crate::snapshot::{Quality, Reading, Signal, Snapshot};
use crate::time::{Instant, elapsed};
use crate::units::{Energy, Power, Soc};

/// A measured power of the sun this little below zero is the inverter's own draw at night, and is zero.
const SOLAR_NOISE: f64 = 50.0;

/// How far the powers of one sample may miss their balance: the vendor's own samples miss it by 50 to 200 W.
const BALANCE_WATTS: f64 = 300.0;
/// Or this share of the largest of them, since they are not measured at one instant.
const BALANCE_SHARE: f64 = 0.15;

/// A state of charge may be this many points off what the battery's power allows.
const JUMP_POINTS: f64 = 3.0;
/// And this much faster than its nominal power allows.
const JUMP_FACTOR: f64 = 1.25;
/// Readings may be this much further apart in truth than in time of arrival.
const JUMP_LAG: Duration = Duration::from_secs(300);

/// For how long the same numbers are nothing special.
const STILL: Duration = Duration::from_secs(20 * 60);
/// How many of the newest items of the history are compared with numbers that stand still: about a quarter of an hour.
const RECENT: usize = 4;
/// The history moves if its load or sun moves by more than this many watts.
const MOVED_WATTS: f64 = 50.0;
/// Or its state of charge by more than this many points.
const MOVED_POINTS: f64 = 2.0;

/// What a cloud says of the present moment: what is missing is `None`, never zero. Powers in watts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// State of charge in percent.
    pub soc: Option<f64>,
    /// Power that the house draws.
    pub load: Option<f64>,
    /// Power of the sun.
    pub solar: Option<f64>,
    /// Power of the battery: `+` discharge.
    pub battery: Option<f64>,
    /// Power at the meter: `+` import.
    pub grid: Option<f64>,
    /// Power of the chargers.
    pub ev: Option<f64>,
}

/// What the battery can do, for judging jumps of its state of charge.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatteryLimits {
    /// Usable energy between 0 and 100 %.
    pub capacity: Energy,
    /// The most that it takes.
    pub charge_power: Power,
    /// The most that it gives.
    pub discharge_power: Power,
}

/// What is remembered from sample to sample.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Watch {
    /// The last state of charge that was believed, in percent, and when it was measured.
    pub trusted: Option<(f64, Instant)>,
    /// The last one that was not: a jump that repeats itself is a new level.
    pub suspect: Option<(f64, Instant)>,
    /// The last sample, and when these very numbers were first seen.
    pub still: Option<(Sample, Instant)>,
    /// The signals whose last reading failed: their next valid one is not confirmed yet.
    pub failed: BTreeSet<Signal>,
}

impl Watch {
    /// Notes that nothing could be read at all.
    pub fn fail(&mut self) {
        self.failed.extend(Signal::ALL);
    }
}

/// Readings with their quality. `history`: the day's own measurements, oldest first. `measured_at`: how old the readings
/// are; `now`: when they arrived.
pub fn judge(
    sample: Sample,
    history: &[HistoryPoint],
    battery: Option<&BatteryLimits>,
    measured_at: Instant,
    now: Instant,
    watch: &mut Watch,
) -> Snapshot {
    let sample = Sample { solar: sample.solar.map(settled), ..sample };
    let mut doubted: BTreeSet<Signal> =
        [out_of_range(&sample), dead(&sample), unbalanced(&sample)].concat().into_iter().collect();
    let frozen = is_frozen(&sample, history, battery, now, watch);
    let soc = sample.soc.filter(|_| !frozen && !doubted.contains(&Signal::Soc));
    if soc.is_some_and(|soc| soc_doubted(soc, history, battery, measured_at, watch)) {
        doubted.insert(Signal::Soc);
    }
    let mut verdict = Verdict { doubted, frozen, measured_at, failed: &mut watch.failed };
    let power = |value: Option<f64>| value.and_then(Power::from_watts);
    Snapshot {
        soc: verdict.on(Signal::Soc, sample.soc.and_then(Soc::from_percent)),
        solar: verdict.on(Signal::Solar, power(sample.solar)),
        load: verdict.on(Signal::Load, power(sample.load)),
        grid: verdict.on(Signal::Grid, power(sample.grid)),
        battery: verdict.on(Signal::Battery, power(sample.battery)),
        ev: verdict.on(Signal::Ev, power(sample.ev)),
    }
}

/// What is thought of one sample.
struct Verdict<'a> {
    doubted: BTreeSet<Signal>,
    frozen: bool,
    measured_at: Instant,
    failed: &'a mut BTreeSet<Signal>,
}

impl Verdict<'_> {
    /// The reading of one signal, and the memory of whether it failed.
    fn on<T>(&mut self, signal: Signal, value: Option<T>) -> Option<Reading<T>> {
        let quality = if self.doubted.contains(&signal) {
            Quality::Implausible
        } else if self.frozen {
            Quality::Frozen
        } else if self.failed.contains(&signal) {
            Quality::Unconfirmed
        } else {
            Quality::Good
        };
        if value.is_some() && matches!(quality, Quality::Good | Quality::Unconfirmed) {
            self.failed.remove(&signal);
        } else {
            self.failed.insert(signal);
        }
        value.map(|value| Reading { value, taken_at: self.measured_at, quality })
    }
}

/// The sun's power without the inverter's own draw at night.
fn settled(watts: f64) -> f64 {
    if (-SOLAR_NOISE..0.0).contains(&watts) { 0.0 } else { watts }
}

/// Signals whose number no such signal can have.
fn out_of_range(sample: &Sample) -> Vec<Signal> {
    let impossible = [
        (Signal::Soc, sample.soc.is_some_and(|soc| Soc::from_percent(soc).is_none())),
        (Signal::Load, sample.load.is_some_and(|watts| watts < 0.0)),
        (Signal::Solar, sample.solar.is_some_and(|watts| watts < 0.0)),
        (Signal::Ev, sample.ev.is_some_and(|watts| watts < 0.0)),
    ];
    impossible.into_iter().filter(|(_, impossible)| *impossible).map(|(signal, _)| signal).collect()
}

/// All powers, if each of them is zero: a house that is read draws something from somewhere. With a state of charge of
/// zero beside them, that too.
fn dead(sample: &Sample) -> Vec<Signal> {
    let all_zero = [sample.load, sample.grid, sample.battery].iter().all(|watts| *watts == Some(0.0));
    if !all_zero || sample.solar.is_some_and(|watts| watts != 0.0) {
        return Vec::new();
    }
    let powers = Signal::ALL.into_iter().filter(|signal| *signal != Signal::Soc);
    powers.chain((sample.soc == Some(0.0)).then_some(Signal::Soc)).collect()
}

/// The four powers, if they are all there and do not add up: load = sun + battery + meter. Whether the chargers are part
/// of the load is not known of every system, so either sum will do.
fn unbalanced(sample: &Sample) -> Vec<Signal> {
    let (Some(load), Some(solar), Some(battery), Some(grid)) = (sample.load, sample.solar, sample.battery, sample.grid)
    else {
        return Vec::new();
    };
    let largest = [load, solar, battery, grid].into_iter().map(f64::abs).fold(0.0, f64::max);
    let tolerance = BALANCE_WATTS.max(BALANCE_SHARE * largest);
    let missing = solar + battery + grid - load;
    let balanced = [missing, missing - sample.ev.unwrap_or(0.0)].iter().any(|watts| watts.abs() <= tolerance);
    let involved = [Signal::Load, Signal::Solar, Signal::Battery, Signal::Grid];
    if balanced { Vec::new() } else { involved.into() }
}

/// Whether a state of charge cannot be: zero beside a history that is not, or a jump that the battery has no power for.
/// A jump that repeats itself is a new level (batteries recalibrate), unless it is to zero, which is what faults say.
fn soc_doubted(
    soc: f64,
    history: &[HistoryPoint],
    battery: Option<&BatteryLimits>,
    measured_at: Instant,
    watch: &mut Watch,
) -> bool {
    let twin = history.iter().rev().take(RECENT).find_map(|point| point.soc);
    if soc == 0.0 && twin.is_some_and(|twin| twin > JUMP_POINTS) {
        return true;
    }
    let near =
        |seen: Option<(f64, Instant)>| seen.is_none_or(|(before, at)| reachable(before, soc, at, measured_at, battery));
    let repeated = soc > 0.0 && watch.suspect.is_some() && near(watch.suspect);
    let believed = near(watch.trusted) || repeated;
    if believed {
        (watch.trusted, watch.suspect) = (Some((soc, measured_at)), None);
    } else {
        watch.suspect = Some((soc, measured_at));
    }
    !believed
}

/// Whether the battery can have got from one state of charge to the other. Without its limits nothing is judged.
fn reachable(from: f64, to: f64, at: Instant, until: Instant, battery: Option<&BatteryLimits>) -> bool {
    let Some(battery) = battery.filter(|battery| battery.capacity > Energy::ZERO) else { return true };
    let power = if to > from { battery.charge_power } else { battery.discharge_power };
    let moved = power.over(elapsed(at, until) + JUMP_LAG).watt_hours() / battery.capacity.watt_hours() * 100.0;
    (to - from).abs() <= moved * JUMP_FACTOR + JUMP_POINTS
}

/// Whether the numbers have stood still for so long that they are a repetition: while the history moves, or while the
/// battery's power would have moved its state of charge.
fn is_frozen(
    sample: &Sample,
    history: &[HistoryPoint],
    battery: Option<&BatteryLimits>,
    now: Instant,
    watch: &mut Watch,
) -> bool {
    let since = match watch.still {
        Some((before, since)) if before == *sample && since <= now => since,
        _ => now,
    };
    watch.still = Some((*sample, since));
    let still_for = elapsed(since, now);
    let empty = *sample == Sample::default();
    !empty && still_for >= STILL && (moves(sample, history) || should_have_moved(sample, battery, still_for))
}

/// Whether the newest part of the history moves in anything that the sample has.
fn moves(sample: &Sample, history: &[HistoryPoint]) -> bool {
    let spread = |value: fn(&HistoryPoint) -> Option<f64>| {
        let values: Vec<f64> = history.iter().rev().take(RECENT).filter_map(value).collect();
        let (least, most) = values.iter().fold((f64::MAX, f64::MIN), |(least, most), v| (least.min(*v), most.max(*v)));
        most - least
    };
    (sample.load.is_some() && spread(|point| point.load.map(Power::watts)) > MOVED_WATTS)
        || (sample.solar.is_some() && spread(|point| point.solar.map(Power::watts)) > MOVED_WATTS)
        || (sample.soc.is_some() && spread(|point| point.soc) > MOVED_POINTS)
}

/// Whether the battery's power would have moved its state of charge in this time.
fn should_have_moved(sample: &Sample, battery: Option<&BatteryLimits>, still_for: Duration) -> bool {
    let power = sample.battery.and_then(Power::from_watts).filter(|_| sample.soc.is_some());
    let (Some(power), Some(battery)) = (power, battery) else { return false };
    power.over(still_for).watt_hours().abs() > battery.capacity.watt_hours() * JUMP_POINTS / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: BatteryLimits =
        BatteryLimits { capacity: Energy::ZERO, charge_power: Power::ZERO, discharge_power: Power::ZERO };

    fn limits() -> BatteryLimits {
        let power = |watts| Power::from_watts(watts).expect("a power");
        let capacity = Energy::from_watt_hours(10_000.0).expect("an energy");
        BatteryLimits { capacity, charge_power: power(5000.0), discharge_power: power(5000.0) }
    }

    fn at(minute: i64) -> Instant {
        Instant::from_timestamp(1_795_000_000 + minute * 60, 0).expect("an instant")
    }

    /// An evening: the battery carries the house.
    const EVENING: Sample = Sample {
        soc: Some(56.0),
        load: Some(1275.0),
        solar: Some(0.0),
        battery: Some(1264.0),
        grid: Some(11.0),
        ev: Some(0.0),
    };

    fn point(minute: i64, load: f64, soc: f64) -> HistoryPoint {
        HistoryPoint { at: at(minute), load: Power::from_watts(load), solar: None, soc: Some(soc), grid: None }
    }

    /// The qualities in the order of [`Signal::ALL`], one letter each: `-` absent.
    fn letters(snapshot: &Snapshot) -> String {
        let letter = |signal| match snapshot.reading(signal).map(|reading| reading.quality) {
            None => '-',
            Some(Quality::Good) => 'g',
            Some(Quality::Implausible) => 'i',
            Some(Quality::Frozen) => 'f',
            Some(Quality::Unconfirmed) => 'u',
        };
        Signal::ALL.map(letter).iter().collect()
    }

    fn once(sample: Sample, history: &[HistoryPoint]) -> String {
        letters(&judge(sample, history, Some(&limits()), at(0), at(0), &mut Watch::default()))
    }

    /// Judges a state of charge a minute, and shows its quality after each.
    fn socs(values: &[f64]) -> String {
        let mut watch = Watch::default();
        let judged = values.iter().zip(0..).map(|(soc, minute)| {
            let sample = Sample { soc: Some(*soc), ..EVENING };
            letters(&judge(sample, &[], Some(&limits()), at(minute), at(minute), &mut watch)).remove(0)
        });
        judged.collect()
    }

    #[test]
    fn each_doubt_falls_on_the_signals_it_is_about() {
        let check = |what: &str, sample: Sample, expect: &str| assert_eq!(once(sample, &[]), expect, "{what}");
        check("an evening", EVENING, "gggggg");
        check("nothing at all", Sample::default(), "------");
        check("soc alone", Sample { soc: Some(40.0), ..Sample::default() }, "g-----");
        check("soc beyond 100", Sample { soc: Some(100.1), ..EVENING }, "-ggggg");
        check("soc below 0", Sample { soc: Some(-0.1), ..EVENING }, "-ggggg");
        check("a negative load", Sample { load: Some(-1.0), battery: Some(-12.0), ..EVENING }, "gigggg");
        check("a negative charger", Sample { ev: Some(-1.0), ..EVENING }, "gggggi");
        check("the inverter's own draw", Sample { solar: Some(-12.0), ..EVENING }, "gggggg");
        check("a negative sun", Sample { solar: Some(-51.0), ..EVENING }, "ggiggg");
        check("beyond any power", Sample { grid: Some(1e9), load: None, ..EVENING }, "g-gg-g");
        check(
            "the vendor's invented sample",
            Sample { battery: Some(500.0), grid: Some(-450.0), load: Some(1200.0), solar: Some(3200.0), ..EVENING },
            "giiiig",
        );
        check("chargers beside the load", Sample { grid: Some(7011.0), ev: Some(7000.0), ..EVENING }, "gggggg");
        check("within the tolerance", Sample { grid: Some(300.0), ..EVENING }, "gggggg");
        let zeros =
            Sample { soc: Some(0.0), load: Some(0.0), solar: Some(0.0), battery: Some(0.0), grid: Some(0.0), ev: None };
        check("all zeros", zeros, "iiiii-");
        check("powers zero", Sample { soc: Some(56.0), ..zeros }, "giiii-");
        check("zeros without a meter", Sample { grid: None, ..zeros }, "gggg--");
    }

    #[test]
    fn a_small_negative_sun_is_none_and_other_values_are_never_changed() {
        let values = |sample| {
            let snapshot = judge(sample, &[], None, at(0), at(0), &mut Watch::default());
            Signal::ALL.map(|signal| snapshot.reading(signal).map(|reading| reading.value))
        };
        let night = Sample { solar: Some(-12.0), ..EVENING };
        assert_eq!(values(night), [Some(56.0), Some(1275.0), Some(0.0), Some(1264.0), Some(11.0), Some(0.0)]);
        let odd = Sample { load: Some(-400.0), solar: Some(-60.0), ..EVENING };
        assert_eq!(values(odd)[1..3], [Some(-400.0), Some(-60.0)]);
    }

    #[test]
    fn a_state_of_charge_of_zero_beside_a_living_history_is_doubted() {
        let zero = Sample { soc: Some(0.0), ..EVENING };
        assert_eq!(once(zero, &[point(-5, 400.0, 57.0)]), "iggggg");
        assert_eq!(once(zero, &[point(-5, 400.0, 2.0)]), "gggggg");
        assert_eq!(once(zero, &[]), "gggggg");
    }

    #[test]
    fn jumps_are_doubted_until_they_repeat_and_zeros_never_repeat_into_truth() {
        let check = |values: &[f64], expect: &str| assert_eq!(socs(values), expect, "{values:?}");
        check(&[56.0, 56.4, 60.0, 52.0], "gggg");
        check(&[56.0, 90.0, 90.0, 90.0], "giug");
        check(&[56.0, 90.0, 56.0, 56.0], "giug");
        check(&[56.0, 0.0, 0.0, 0.0, 56.0, 56.0], "giiiug");
        check(&[56.0, 90.0, 20.0, 90.0], "giii");
    }

    #[test]
    fn a_jump_that_time_allows_is_none() {
        let mut watch = Watch::default();
        let mut judged = |soc: f64, minute: i64| {
            let sample = Sample { soc: Some(soc), ..EVENING };
            letters(&judge(sample, &[], Some(&limits()), at(minute), at(minute), &mut watch)).remove(0)
        };
        assert_eq!((judged(10.0, 0), judged(90.0, 120), judged(10.0, 130)), ('g', 'g', 'i'));
        assert!(reachable(0.0, 100.0, at(0), at(0), Some(&LIMITS)), "a capacity of nothing judges nothing");
        assert!(reachable(0.0, 100.0, at(0), at(0), None));
    }

    #[test]
    fn healthy_again_is_two_valid_readings_in_a_row() {
        let mut watch = Watch::default();
        let mut judged = |sample, minute| letters(&judge(sample, &[], None, at(minute), at(minute), &mut watch));
        assert_eq!(judged(EVENING, 0), "gggggg");
        assert_eq!(judged(Sample::default(), 1), "------");
        assert_eq!(judged(EVENING, 2), "uuuuuu");
        assert_eq!(judged(EVENING, 3), "gggggg");
        watch.fail();
        let mut judged = |sample, minute| letters(&judge(sample, &[], None, at(minute), at(minute), &mut watch));
        assert_eq!(judged(Sample { load: Some(-1.0), ..EVENING }, 4), "uiiiiu");
        assert_eq!(judged(EVENING, 5), "guuuug");
    }

    #[test]
    fn numbers_that_stand_still_while_the_house_moves_are_frozen() {
        let moving = [point(0, 400.0, 56.0), point(5, 900.0, 56.0), point(10, 400.0, 56.0)];
        let resting = [point(0, 400.0, 56.0), point(5, 410.0, 56.0), point(10, 400.0, 56.0)];
        let idle = Sample { battery: Some(0.0), grid: Some(1275.0), ..EVENING };
        let check = |what: &str, sample: Sample, history: &[HistoryPoint], minutes: i64, expect: &str| {
            let mut watch = Watch::default();
            judge(sample, history, Some(&limits()), at(0), at(0), &mut watch);
            let after = judge(sample, history, Some(&limits()), at(minutes), at(minutes), &mut watch);
            assert_eq!(letters(&after), expect, "{what}");
        };
        check("the history moves", idle, &moving, 20, "ffffff");
        check("not for long enough", idle, &moving, 19, "gggggg");
        check("the history rests too", idle, &resting, 600, "gggggg");
        check("no history", idle, &[], 600, "gggggg");
        let mut sunny = resting;
        sunny[0].solar = Power::from_watts(100.0);
        sunny[1].solar = Power::from_watts(900.0);
        check("the sun moves", idle, &sunny, 20, "ffffff");
        let soc_alone = Sample { soc: Some(56.0), ..Sample::default() };
        check("what moves is not in the sample", soc_alone, &moving, 600, "g-----");
        let mut charging = resting;
        charging[2].soc = Some(58.5);
        check("the state of charge moves", soc_alone, &charging, 20, "f-----");
        check("the battery would have moved", EVENING, &[], 20, "ffffff");
        check("nothing to stand still", Sample::default(), &moving, 600, "------");
    }

    #[test]
    fn numbers_that_move_again_are_believed_after_two() {
        let mut watch = Watch::default();
        let mut judged = |load: f64, minute: i64| {
            let sample = Sample { load: Some(load), ..EVENING };
            letters(&judge(sample, &[], Some(&limits()), at(minute), at(minute), &mut watch))
        };
        let seen = [judged(1275.0, 0), judged(1275.0, 30), judged(1300.0, 31), judged(1275.0, 32)];
        assert_eq!(seen, ["gggggg", "ffffff", "uuuuuu", "gggggg"]);
    }
}
