//! The course of the battery and of the price over the horizon, each as a row of bars with what there is to tell of it.

use std::time::Duration;

use unicode_width::UnicodeWidthStr;

use crate::plan::compile::{Deferred, Reason};
use crate::plan::{Plan, Timeline};
use crate::tariff::PriceSlot;
use crate::time::{Instant, after, elapsed};
use crate::units::{Price, trimmed};

use super::layout::{Line, Screen, WIDTH};
use super::spark::{extent, spark};
use super::style::Role;
use super::wall::Wall;

/// Bars of a row: one an hour up to two days, fewer for more.
const MOST_BARS: u64 = 48;

/// Percent by which the charge must pass both its ends before its turning points are told.
const TELLING: f64 = 5.0;

/// Columns before the bars of a row.
const BEFORE_BARS: usize = 9;

/// Columns between the bars of a row and what is said.
const AFTER_BARS: usize = 3;

/// The two rows.
pub(super) fn rows(screen: &mut Screen, plan: &Plan<'_>, wall: Wall<'_>) {
    let starts = starts(plan);
    let soc: Vec<Option<f64>> = starts.iter().map(|at| soc_at(&plan.timeline, *at)).collect();
    row(screen, "soc", &spark(&soc, 0.0, 100.0), &soc_words(plan, wall));
    let prices: Vec<Option<f64>> = starts.iter().map(|at| plan.prices.import.at(*at).map(Price::amount)).collect();
    let (low, high) = extent(&prices).unwrap_or_default();
    row(screen, "price", &spark(&prices, low, high), &price_words(plan, wall, starts.len()));
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
fn soc_words(plan: &Plan<'_>, wall: Wall<'_>) -> String {
    let known: Vec<(Instant, f64)> =
        plan.timeline.course.iter().filter_map(|point| Some((point.at, point.soc?.percent()))).collect();
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
    words.push_str(if is_followed(plan) { "" } else { " · if the rules were followed" });
    words
}

/// Whether the device will do what the rules ask: nothing of it is refused.
fn is_followed(plan: &Plan<'_>) -> bool {
    let refused = |deferred: &Deferred| matches!(deferred.why, Reason::MayNotGrant(_));
    !plan.safe_mode && plan.compiled.as_ref().is_ok_and(|compiled| !compiled.deferred.iter().any(refused))
}

/// `0.27 GBP/kWh · 0.07 at 23:30–05:30`; where that takes too much room the lowest and the highest.
fn price_words(plan: &Plan<'_>, wall: Wall<'_>, bars: usize) -> String {
    let end = end(plan);
    let now = plan.inputs.now;
    let slots = plan.prices.import.slots().iter().filter(|slot| slot.from < end && slot.until > now);
    let slots: Vec<PriceSlot> = slots.copied().collect();
    if slots.is_empty() {
        return "unknown: no price is known for these hours".to_owned();
    }
    let present = plan.prices.import.at(now);
    let currency = &plan.policy.tariff.currency;
    let head = present.map_or(format!("unknown now, {currency}/kWh"), |price| format!("{price} {currency}/kWh"));
    let others: Vec<PriceSlot> = slots.iter().filter(|slot| Some(slot.price) != present).copied().collect();
    let told = format!("{head}{}", each_price(&others, end, wall));
    let room = WIDTH.saturating_sub(BEFORE_BARS + bars + AFTER_BARS);
    if told.width() <= room { told } else { format!("{head}{}", extremes(&slots, wall)) }
}

/// Each price once, with all of its times.
fn each_price(slots: &[PriceSlot], end: Instant, wall: Wall<'_>) -> String {
    let mut told: Vec<Price> = Vec::new();
    let mut words = String::new();
    for slot in slots {
        if told.contains(&slot.price) {
            continue;
        }
        told.push(slot.price);
        let times = slots.iter().filter(|other| other.price == slot.price);
        let (open, closed): (Vec<&PriceSlot>, Vec<&PriceSlot>) = times.partition(|time| time.until >= end);
        let closed: Vec<String> = closed.iter().map(|time| wall.span(time.from, time.until)).collect();
        let closed = Some(format!("at {}", closed.join(" and "))).filter(|_| !closed.is_empty());
        let open = open.first().map(|time| format!("from {}", wall.short(time.from)));
        let times: Vec<String> = [closed, open].into_iter().flatten().collect();
        words.push_str(&format!(" · {} {}", slot.price, times.join(" and ")));
    }
    words
}

fn extremes(slots: &[PriceSlot], wall: Wall<'_>) -> String {
    let amount = |slot: &PriceSlot| slot.price.amount();
    let lowest = slots.iter().reduce(|one, next| if amount(next) < amount(one) { next } else { one });
    let highest = slots.iter().reduce(|one, next| if amount(next) > amount(one) { next } else { one });
    let said = |name: &str, slot: Option<&PriceSlot>| {
        let when = |slot: &PriceSlot| match slot.from <= wall.now {
            true => "now".to_owned(),
            false => format!("at {}", wall.short(slot.from)),
        };
        slot.map_or(String::new(), |slot| format!(" · {name} {} {}", slot.price, when(slot)))
    };
    format!("{}{}", said("lowest", lowest), said("highest", highest))
}
