//! Windows of rules beside the device's clock.

use super::super::lower::Context;
use crate::device::Capability;
use crate::device::capability::WindowCapability;
use crate::diagnostic::{Code, Diagnostic};
use crate::time::{ClockTime, DailyWindow};

/// Tells where the clock of the device is coarser than that of the policy.
pub(super) fn off_grid(cx: &mut Context<'_>, capability: &Capability, windows: &WindowCapability) {
    let grid = windows.grid_minutes;
    let mut found: Vec<Diagnostic> = Vec::new();
    for seen in cx.read_windows() {
        let off = |time: ClockTime| !time.minutes().is_multiple_of(grid);
        if !off(seen.window.start()) && !off(seen.window.end()) {
            continue;
        }
        let message = format!("the {} knows only every {grid} minutes of the clock", capability.store.name());
        found.push(match snapped(&seen.window, grid) {
            Some((start, end)) => {
                let label = format!("programmed ahead as {start}-{end}");
                let help = "edges are moved inward, so that the device never does more than the rule asks";
                Diagnostic::warning(Code("off-grid"), seen.place.clone(), message, label).help(help)
            }
            None => {
                let label = "nothing is left of this window on the device";
                let help =
                    format!("let it take a whole quarter hour of the clock, such as {}", whole(&seen.window, grid));
                Diagnostic::warning(Code("vanishing-window"), seen.place.clone(), message, label).help(help)
            }
        });
    }
    found.into_iter().for_each(|diagnostic| cx.push(diagnostic));
}

/// The window with its edges moved inward to the grid; `None` if nothing is left of it.
fn snapped(window: &DailyWindow, grid: u16) -> Option<(ClockTime, ClockTime)> {
    let (start, end) = (window.start().minutes(), window.end().minutes());
    let length = if end > start { end - start } else { end + 1440 - start };
    let later = start.div_ceil(grid) * grid;
    let earlier = end / grid * grid;
    let lost = (later - start) + (end - earlier);
    let later = ClockTime::from_minutes(if later == 1440 { 0 } else { later })?;
    let earlier = ClockTime::from_minutes(if earlier == 0 { 1440 } else { earlier })?;
    (lost < length).then_some((later, earlier))
}

/// The stretch of the grid in which a window begins.
fn whole(window: &DailyWindow, grid: u16) -> String {
    let start = window.start().minutes() / grid * grid;
    let time = |minutes: u16| ClockTime::from_minutes(minutes).unwrap_or(ClockTime::MIDNIGHT);
    format!("{}-{}", time(start), time((start + grid).min(1440)))
}
