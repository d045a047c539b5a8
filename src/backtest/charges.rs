//! What is billed beside energy: by the day, and by the highest import of a month.

use super::{Course, Track};

/// Seconds over which a peak is the mean: a clock hour.
const HOUR: i64 = 3600;

/// Charges beside energy, in the tariff's currency. They change no share of what is attainable: nothing moves the first, and the
/// optimum is not asked to lower the second.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Charges {
    /// For each local day.
    pub standing: f64,
    /// For each kW of each month's highest import, as the mean over a clock hour.
    pub peak: f64,
}

impl Charges {
    /// Whether there are none.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        *self == Charges::default()
    }

    /// The standing charges of every local day that the track has a part of.
    #[must_use]
    pub fn standing_of(&self, track: &Track) -> f64 {
        self.standing * track.days.iter().map(|_| 1.0).sum::<f64>()
    }

    /// The peak charges of a way through the track.
    #[must_use]
    pub fn peak_of(&self, track: &Track, course: &Course) -> f64 {
        self.peak * peaks(track, course).iter().sum::<f64>()
    }
}

/// The highest import of each month in kW, as the mean over a clock hour; of a longer piece its own mean. An hour of which a part
/// is missing counts what there is.
fn peaks(track: &Track, course: &Course) -> Vec<f64> {
    let mut peaks = vec![0.0_f64; track.months.len()];
    let (mut hour, mut sum) = (None, 0.0);
    for (piece, flow) in track.pieces.iter().zip(&course.flows) {
        let import = flow.import.kilowatt_hours();
        let hours = (f64::from(piece.seconds) / 3600.0).max(1.0);
        let now = (piece.at.timestamp().div_euclid(HOUR), piece.month);
        sum = if hour == Some(now) { sum + import } else { import / hours };
        hour = Some(now);
        if let Some(peak) = peaks.get_mut(piece.month) {
            *peak = peak.max(sum);
        }
    }
    peaks
}
