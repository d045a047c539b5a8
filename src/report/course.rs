//! The course of the battery and of the price over the horizon, each as a row of bars with what there is to tell of it.

use std::time::Duration;

use crate::plan::{Plan, Timeline};
use crate::tariff::PriceSlot;
use crate::time::{Instant, after, elapsed};
use crate::units::{Price, trimmed};

use super::layout::{Line, Screen};
use super::spark::{extent, spark};
use super::style::Role;
use super::words::Wall;

/// Bars of a row: one an hour up to two days, fewer for more.
const MOST_BARS: u64 = 48;

/// Percent by which the charge must pass both its ends before its turning points are told.
const TELLING: f64 = 5.0;

/// Changes of the price that are told one by one; beyond, the lowest and the highest are.
const MOST_CHANGES: usize = 3;

/// The two rows.
pub(super) fn rows(screen: &mut Screen, plan: &Plan<'_>, wall: Wall<'_>) {
    let starts = starts(plan);
    let soc: Vec<Option<f64>> = starts.iter().map(|at| soc_at(&plan.timeline, *at)).collect();
    row(screen, "soc", &spark(&soc, 0.0, 100.0), &soc_words(&plan.timeline, wall));
    let prices: Vec<Option<f64>> = starts.iter().map(|at| plan.prices.import.at(*at).map(Price::amount)).collect();
    let (low, high) = extent(&prices).unwrap_or_default();
    row(screen, "price", &spark(&prices, low, high), &price_words(plan, wall));
}

/// The end of what was projected.
pub(super) fn end(plan: &Plan<'_>) -> Instant {
    plan.timeline.spans.last().map_or(plan.inputs.now, |span| span.until)
}

fn row(screen: &mut Screen, name: &str, bars: &str, said: &str) {
    let bars = if bars.trim().is_empty() { String::new() } else { format!("{bars}   ") };
    let line = Line::indent(2).text(Role::Faint, &format!("{name:<5}  "));
    screen.line(&line.text(Role::Good, &bars).text(Role::Text, said));
}

fn starts(plan: &Plan<'_>) -> Vec<Instant> {
    let whole = elapsed(plan.inputs.now, end(plan));
    let bars = u32::try_from((whole.as_secs() / 3600).clamp(1, MOST_BARS)).unwrap_or(1);
    let step: Duration = whole / bars;
    (0..bars).map(|index| after(plan.inputs.now, step * index)).collect()
}

fn soc_at(timeline: &Timeline, at: Instant) -> Option<f64> {
    let later = timeline.course.partition_point(|point| point.at <= at);
    let point = timeline.course.get(later.checked_sub(1)?)?;
    point.soc.map(|soc| soc.percent())
}

/// `41 → 12 % · high 90 % at 02:15`.
fn soc_words(timeline: &Timeline, wall: Wall<'_>) -> String {
    let known: Vec<(Instant, f64)> =
        timeline.course.iter().filter_map(|point| Some((point.at, point.soc?.percent()))).collect();
    let (Some((_, first)), Some((_, last))) = (known.first().copied(), known.last().copied()) else {
        return "unknown: its present value cannot be used".to_owned();
    };
    let mut words = format!("{} → {} %", trimmed(first, 0), trimmed(last, 0));
    let lowest = known.iter().copied().reduce(|one, next| if next.1 < one.1 { next } else { one });
    let highest = known.iter().copied().reduce(|one, next| if next.1 > one.1 { next } else { one });
    let mut turns: Vec<(&str, Instant, f64)> = Vec::new();
    turns.extend(highest.filter(|(_, soc)| *soc >= first.max(last) + TELLING).map(|(at, soc)| ("high", at, soc)));
    turns.extend(lowest.filter(|(_, soc)| *soc <= first.min(last) - TELLING).map(|(at, soc)| ("low", at, soc)));
    turns.sort_by_key(|(_, at, _)| *at);
    for (name, at, soc) in turns {
        words.push_str(&format!(" · {name} {} % at {}", trimmed(soc, 0), wall.short(at)));
    }
    words
}

/// `0.27 GBP/kWh · 0.07 from 23:30 to 05:30`; with many changes the lowest and the highest.
fn price_words(plan: &Plan<'_>, wall: Wall<'_>) -> String {
    let end = end(plan);
    let now = plan.inputs.now;
    let slots = plan.prices.import.slots().iter().filter(|slot| slot.from < end && slot.until > now);
    let slots: Vec<PriceSlot> = slots.copied().collect();
    if slots.is_empty() {
        return "unknown: no price is known for these hours".to_owned();
    }
    let present = plan.prices.import.at(now);
    let currency = &plan.policy.tariff.currency;
    let mut words = present.map_or(format!("unknown now, {currency}/kWh"), |price| format!("{price} {currency}/kWh"));
    let others: Vec<&PriceSlot> = slots.iter().filter(|slot| Some(slot.price) != present).collect();
    if others.len() <= MOST_CHANGES {
        for slot in others {
            let until = if slot.until < end { format!(" to {}", wall.short(slot.until)) } else { String::new() };
            words.push_str(&format!(" · {} from {}{until}", slot.price, wall.short(slot.from.max(now))));
        }
    } else {
        words.push_str(&extremes(&slots, wall));
    }
    words
}

fn extremes(slots: &[PriceSlot], wall: Wall<'_>) -> String {
    let amount = |slot: &PriceSlot| slot.price.amount();
    let lowest = slots.iter().reduce(|one, next| if amount(next) < amount(one) { next } else { one });
    let highest = slots.iter().reduce(|one, next| if amount(next) > amount(one) { next } else { one });
    let said = |name: &str, slot: Option<&PriceSlot>| {
        slot.map_or(String::new(), |slot| format!(" · {name} {} at {}", slot.price, wall.short(slot.from)))
    };
    format!("{}{}", said("lowest", lowest), said("highest", highest))
}
