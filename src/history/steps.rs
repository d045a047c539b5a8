//! How long slots are of which only the starts are known.

/// A step counts as the history's own if so many in a row keep it: two single holes in a row look like one.
const RUN: usize = 4;

/// The length of each slot in seconds, from starts in ascending order without repeats: the distance to the next start where
/// the history keeps that step there, else the step kept before it, and never more than the distance. A single start has none.
pub(super) fn lengths(starts: &[i64]) -> Vec<u64> {
    let gaps: Vec<u64> = starts.iter().zip(starts.iter().skip(1)).map(|(one, next)| one.abs_diff(*next)).collect();
    let runs = runs(&gaps);
    // A short file may keep no step as long; a step that is seen but once is none.
    let whole = RUN.min(runs.iter().copied().max().unwrap_or_default()).max(2);
    let first = gaps.iter().zip(&runs).find(|(_, run)| **run >= whole).map(|(gap, _)| *gap);
    let mut step = first.or_else(|| gaps.iter().copied().min()).unwrap_or_default();
    let mut lengths = Vec::with_capacity(starts.len());
    for (gap, run) in gaps.iter().zip(&runs) {
        if *run >= whole {
            step = *gap;
        }
        lengths.push(step.min(*gap));
    }
    if !starts.is_empty() {
        lengths.push(step);
    }
    lengths
}

/// For each distance, how many equal ones stand in a row around it.
fn runs(gaps: &[u64]) -> Vec<usize> {
    gaps.chunk_by(|one, next| one == next).flat_map(|chunk| std::iter::repeat_n(chunk.len(), chunk.len())).collect()
}
