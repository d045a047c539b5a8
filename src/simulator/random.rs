//! Chance without state: what is drawn depends on the seed, the stream and a number, never on what was drawn before.

use serde::{Deserialize, Serialize};

/// A seed, and what can be drawn from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chance(u64);

/// What a draw is for: two streams of one seed know nothing of each other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Stream {
    LoadNoise,
    Kettle,
    DayWeather,
    Cloud,
    EvEvening,
    EvStart,
    EvLength,
    MeterNoise,
    UploadSecond,
    ApplyDelay,
    ReplyDelay,
    HistoryGap,
    Entry(u64),
    BurstFault,
    BurstLength,
    BurstGap,
    FieldGap,
    SuccessCode,
    CountersBefore,
}

impl Stream {
    fn number(self) -> u64 {
        match self {
            Stream::LoadNoise => 1,
            Stream::Kettle => 2,
            Stream::DayWeather => 3,
            Stream::Cloud => 4,
            Stream::EvEvening => 5,
            Stream::EvStart => 6,
            Stream::EvLength => 7,
            Stream::MeterNoise => 8,
            Stream::UploadSecond => 9,
            Stream::ApplyDelay => 10,
            Stream::ReplyDelay => 11,
            Stream::HistoryGap => 12,
            Stream::BurstFault => 14,
            Stream::BurstLength => 15,
            Stream::BurstGap => 16,
            Stream::FieldGap => 30,
            Stream::SuccessCode => 31,
            Stream::CountersBefore => 32,
            Stream::Entry(index) => 1000 + index,
        }
    }
}

impl Chance {
    pub(super) fn new(seed: u64) -> Chance {
        Chance(seed)
    }

    /// Another seed for each of several things that grow from this one.
    pub(super) fn branch(self, index: u64) -> Chance {
        Chance(mixed(self.0 ^ mixed(index.wrapping_add(0x5eed))))
    }

    /// Evenly within 0.0..1.0.
    pub(super) fn unit(self, stream: Stream, number: i64) -> f64 {
        (self.bits(stream, number) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Evenly within `low..=high`.
    pub(super) fn between(self, stream: Stream, number: i64, low: i64, high: i64) -> i64 {
        let width = u64::try_from(high.saturating_sub(low).saturating_add(1)).unwrap_or(1).max(1);
        low.saturating_add(i64::try_from(self.bits(stream, number) % width).unwrap_or(0))
    }

    /// A value within 0.0..1.0 that glides from one draw to the next over a period.
    pub(super) fn gliding(self, stream: Stream, number: i64, period: i64) -> f64 {
        let (from, part) = (number.div_euclid(period), number.rem_euclid(period) as f64 / period as f64);
        self.unit(stream, from) * (1.0 - part) + self.unit(stream, from + 1) * part
    }

    fn bits(self, stream: Stream, number: i64) -> u64 {
        mixed(mixed(self.0 ^ mixed(stream.number())) ^ u64::from_le_bytes(number.to_le_bytes()))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014).
fn mixed(seed: u64) -> u64 {
    let step = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let step = (step ^ (step >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let step = (step ^ (step >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    step ^ (step >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_are_even_and_stay_within_their_bounds() {
        let chance = Chance::new(7);
        let mean = (0..10_000).map(|number| chance.unit(Stream::Cloud, number)).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        let drawn: Vec<i64> = (0..1000).map(|number| chance.between(Stream::ApplyDelay, number, 60, 300)).collect();
        assert!(drawn.iter().all(|seconds| (60..=300).contains(seconds)));
        assert!(drawn.iter().any(|seconds| *seconds < 80) && drawn.iter().any(|seconds| *seconds > 280));
    }

    #[test]
    fn streams_and_branches_know_nothing_of_each_other() {
        let chance = Chance::new(7);
        assert_ne!(chance.unit(Stream::Cloud, 1).to_bits(), chance.unit(Stream::Kettle, 1).to_bits());
        assert_ne!(chance.branch(0), chance.branch(1));
        assert_eq!(chance.unit(Stream::Cloud, 1).to_bits(), Chance::new(7).unit(Stream::Cloud, 1).to_bits());
    }
}
