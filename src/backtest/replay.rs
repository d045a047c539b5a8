//! A battery's way through a track, tick by tick.

use std::time::Duration;

use super::{Course, Flow, Mind, Moment, Piece, Track};
use crate::battery::{self, Behaviour};
use crate::engine::Decision;
use crate::policy::model::Battery;
use crate::time::Instant;
use crate::units::{Energy, Power, Soc};

/// One tick that was lived through.
#[derive(Clone, Copy, Debug)]
pub struct Ran {
    /// When it began.
    pub at: Instant,
    /// How long it was.
    pub seconds: u32,
    /// The position of its piece in the track.
    pub index: usize,
    /// What held.
    pub decision: Decision,
    /// State of charge at its end.
    pub soc: Soc,
    /// Power at the meter: `+` import, `-` export.
    pub grid: Power,
}

/// The state that one tick hands to the next.
struct State {
    soc: Soc,
    grid: Option<Power>,
    battery: Option<Power>,
}

/// Lives through a track. A tick begins at each whole multiple of `tick` since the epoch, and wherever a piece does; over a
/// gap the battery keeps what it has. `look` is told of every tick.
pub fn replay(
    track: &Track,
    battery: &Battery,
    start: Soc,
    tick: Duration,
    mind: &mut impl Mind,
    mut look: impl FnMut(&Ran),
) -> Course {
    let tick = i64::try_from(tick.as_secs()).unwrap_or(i64::MAX).max(1);
    let mut state = State { soc: start, grid: None, battery: None };
    let mut flows = Vec::with_capacity(track.pieces.len());
    let mut ended = None;
    for (index, piece) in track.pieces.iter().enumerate() {
        if ended != Some(piece.at) {
            (state.grid, state.battery) = (None, None);
        }
        let mut flow = Flow {
            import: Energy::ZERO,
            export: Energy::ZERO,
            charged: Energy::ZERO,
            discharged: Energy::ZERO,
            stored: Energy::ZERO,
            decision: None,
        };
        for (at, seconds) in ticks(piece, tick) {
            let edge = piece.edge && at == piece.at;
            let State { soc, grid, battery: power } = state;
            let decision = mind.decide(&Moment { at, piece, index, edge, soc, grid, battery: power });
            flow.decision.get_or_insert(decision);
            let span = Duration::from_secs(u64::from(seconds));
            let Piece { load, solar, .. } = *piece;
            let step = battery::step(battery, soc, decision.command, load, solar, span, Behaviour::default());
            flow.add(step.grid.over(span), step.battery.over(span));
            state = State { soc: step.soc, grid: Some(step.grid), battery: Some(step.battery) };
            look(&Ran { at, seconds, index, decision, soc: step.soc, grid: step.grid });
        }
        flow.stored = state.soc.of(battery.capacity);
        flows.push(flow);
        ended = Some(piece.at + chrono::Duration::seconds(i64::from(piece.seconds)));
    }
    Course { start: start.of(battery.capacity), flows }
}

/// The ticks of a piece: when each begins and how long it is.
fn ticks(piece: &Piece, tick: i64) -> impl Iterator<Item = (Instant, u32)> {
    let end = piece.at.timestamp() + i64::from(piece.seconds);
    let mut from = piece.at;
    std::iter::from_fn(move || {
        let begin = from.timestamp();
        let length = (begin.div_euclid(tick) + 1).saturating_mul(tick).min(end) - begin;
        let seconds = u32::try_from(length).ok().filter(|seconds| *seconds > 0)?;
        let at = from;
        from += chrono::Duration::seconds(length);
        Some((at, seconds))
    })
}

impl Flow {
    fn add(&mut self, grid: Energy, battery: Energy) {
        self.import = self.import + grid.max(Energy::ZERO);
        self.export = self.export + (-grid).max(Energy::ZERO);
        self.discharged = self.discharged + battery.max(Energy::ZERO);
        self.charged = self.charged + (-battery).max(Energy::ZERO);
    }
}
