//! A row of bars: a course of numbers at a glance.

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// One bar a value, between the lowest and the highest of a scale; a blank where nothing is known.
///
/// A value on a scale without extent draws a bar of middle height.
#[must_use]
pub fn spark(values: &[Option<f64>], low: f64, high: f64) -> String {
    values.iter().map(|value| value.map_or(' ', |value| bar(value, low, high))).collect()
}

/// The lowest and the highest of the known values.
#[must_use]
pub fn extent(values: &[Option<f64>]) -> Option<(f64, f64)> {
    let known = values.iter().flatten().copied();
    known.fold(None, |extent, value| {
        let (low, high) = extent.unwrap_or((value, value));
        Some((f64::min(low, value), f64::max(high, value)))
    })
}

fn bar(value: f64, low: f64, high: f64) -> char {
    let share = if high > low { ((value - low) / (high - low)).clamp(0.0, 1.0) } else { 0.5 };
    let height = [1.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0].iter().filter(|step| share * 14.0 >= **step).count();
    BARS.get(height).copied().unwrap_or('█')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_rise_with_their_values_and_holes_stay_blank() {
        let values: Vec<Option<f64>> = (0..=7).map(|value| Some(f64::from(value))).collect();
        assert_eq!(spark(&values, 0.0, 7.0), "▁▂▃▄▅▆▇█");
        assert_eq!(spark(&[Some(-5.0), None, Some(500.0)], 0.0, 100.0), "▁ █");
        assert_eq!(spark(&[Some(3.0)], 3.0, 3.0), "▅");
        assert_eq!(extent(&[None, Some(2.0), Some(-1.0)]), Some((-1.0, 2.0)));
        assert_eq!(extent(&[None]), None);
    }
}
