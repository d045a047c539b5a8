//! The windows of a week, shared out among its days.

use super::day::{Best, Solved};

/// So many windows given to the days so far.
#[derive(Clone, Debug)]
struct Share {
    /// Slots that do what is aimed at.
    served: usize,
    /// Slots held that ask for self-consumption.
    extra: usize,
    /// The windows of each day.
    windows: Vec<usize>,
}

/// How many windows each day takes so that most is served by no more than so many in all, with the least extra hold, and the
/// fewest windows.
pub(crate) fn share(days: &[Solved], most: usize) -> Option<Vec<usize>> {
    let nothing = Share { served: 0, extra: 0, windows: Vec::new() };
    let mut table: Vec<Option<Share>> = vec![None; most + 1];
    if let Some(first) = table.first_mut() {
        *first = Some(nothing);
    }
    for day in days {
        table = with(&table, day);
    }
    let better = |best: Option<Share>, share: Share| match best {
        Some(best) if !share.is_better_than(&best) => Some(best),
        _ => Some(share),
    };
    table.into_iter().flatten().fold(None, better).map(|share| share.windows)
}

/// The best shares with one day more, by the windows that they take.
fn with(table: &[Option<Share>], day: &Solved) -> Vec<Option<Share>> {
    let mut next: Vec<Option<Share>> = vec![None; table.len()];
    for (used, share) in table.iter().enumerate().filter_map(|(used, share)| Some((used, share.as_ref()?))) {
        for (windows, best) in day.best.iter().enumerate().filter_map(|(windows, best)| Some((windows, (*best)?))) {
            let Some(place) = next.get_mut(used + windows) else { continue };
            let more = share.with(windows, best);
            if place.as_ref().is_none_or(|other| more.is_better_than(other)) {
                *place = Some(more);
            }
        }
    }
    next
}

impl Share {
    fn with(&self, windows: usize, best: Best) -> Share {
        let windows = self.windows.iter().copied().chain([windows]).collect();
        Share { served: self.served + best.served, extra: self.extra + best.extra, windows }
    }

    /// More that is served, then less extra hold.
    fn is_better_than(&self, other: &Share) -> bool {
        (self.served, other.extra) > (other.served, self.extra)
    }
}
