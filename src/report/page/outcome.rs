//! What a trial came to, as what a page shows.

use std::collections::BTreeMap;

use super::scene::{Act, Day, Kind, Scene, Slot, Totals, Way};
use crate::backtest::{Basis, Flow, Outcome, Piece, Standing, Who};
use crate::engine::{Command, Decision, Source};
use crate::report::layout::sentence;
use crate::report::{backtest, words};
use crate::time::{ClockTime, elapsed, spoken};
use crate::units::{Energy, trimmed};

/// What a page shows of a trial.
#[must_use]
pub fn scene(outcome: &Outcome) -> Scene {
    let mut acts = Acts::default();
    let days = days(outcome, &mut acts);
    Scene {
        title: format!("{}: what the policy was worth", outcome.site),
        subtitle: subtitle(outcome),
        notes: notes(outcome),
        currency: outcome.currency.clone(),
        ways: outcome.standings.iter().map(|standing| way(outcome, standing)).collect(),
        months: outcome.track.months.clone(),
        totals: Totals { lead: lead(outcome), rules: rules(outcome) },
        acts: acts.list,
        days,
    }
}

fn subtitle(outcome: &Outcome) -> String {
    let days = outcome.track.days.first().zip(outcome.track.days.last());
    let days = days.map_or(String::new(), |(first, last)| format!("{first} to {last} · "));
    format!(
        "{} · {days}{} h · battery of {} from {} · a look every {}",
        outcome.file,
        trimmed(outcome.track.hours(), 1),
        outcome.battery.capacity,
        outcome.start,
        spoken(outcome.tick)
    )
}

/// The sentence that matters most: what was saved, of what could have been.
fn lead(outcome: &Outcome) -> Option<String> {
    let (none, policy) = (outcome.compared(Who::NoBattery)?, outcome.compared(Who::Policy)?);
    let saved = format!("The policy saved {:.2} {} against no battery", none - policy, outcome.currency);
    Some(match (outcome.least(), outcome.shares().captured_of_none) {
        (Some(least), Some(share)) => {
            format!(
                "{saved}: {:.1} % of the {:.2} that perfect foresight could have saved.",
                share * 100.0,
                none - least
            )
        }
        _ => format!("{saved}."),
    })
}

/// How what is left in the battery was priced, and what of the history was not used.
fn notes(outcome: &Outcome) -> Vec<String> {
    let basis = match outcome.basis {
        Basis::Marginal => "what one more stored kWh would have been worth to the optimum",
        Basis::MeanImport => "the mean price of import less what is lost on the way out",
    };
    let price = format!(
        "Energy left in the battery at the end is priced at {:.4} {} a stored kWh: {basis}.",
        outcome.stored_price, outcome.currency
    );
    let held = format!("{}.", sentence(&backtest::reached(outcome.writes)));
    let missed = backtest::missed(outcome).map(|words| format!("{}.", sentence(&words)));
    let findings = outcome.findings.iter().map(|found| format!("The history: {} × {}.", found.count, found.fault));
    [price, held].into_iter().chain(missed).chain(findings).collect()
}

fn way(outcome: &Outcome, standing: &Standing) -> Way {
    Way {
        code: standing.who.code().to_owned(),
        name: backtest::who(standing.who).to_owned(),
        cost: standing.account.compared(outcome.stored_price),
        months: outcome.by_month(standing),
        import: standing.account.import.kilowatt_hours(),
        export: standing.account.export.kilowatt_hours(),
        cycles: standing.account.cycles(&outcome.battery),
    }
}

fn rules(outcome: &Outcome) -> Vec<(String, f64, Option<f64>)> {
    let rule = |rule: &crate::backtest::RuleOutcome| (rule.name.clone(), rule.held.as_secs_f64() / 3600.0, rule.worth);
    outcome.rules.iter().map(rule).collect()
}

/// Everything that was done, each once.
#[derive(Default)]
struct Acts {
    list: Vec<Act>,
    known: BTreeMap<(String, String), usize>,
}

impl Acts {
    fn position(&mut self, outcome: &Outcome, decision: Decision) -> usize {
        let words = words::command(decision.command, outcome.battery.reserve);
        let rule = match decision.source {
            Source::Rule(index) => outcome.rules.get(index).map_or(String::new(), |rule| rule.name.clone()),
            Source::Otherwise => "no rule matched".to_owned(),
            Source::Override => "the owner's command".to_owned(),
        };
        let list = &mut self.list;
        *self.known.entry((words, rule)).or_insert_with_key(|(words, rule)| {
            list.push(Act { kind: kind(decision.command), words: words.clone(), rule: rule.clone() });
            list.len() - 1
        })
    }
}

fn kind(command: Command) -> Kind {
    match command {
        Command::ChargeTo { .. } => Kind::Charge,
        Command::Hold => Kind::Hold,
        Command::SelfConsume { .. } => Kind::SelfConsume,
        Command::DischargeTo { .. } => Kind::Discharge,
    }
}

/// The days of the policy's way; none if it was not tried.
fn days(outcome: &Outcome, acts: &mut Acts) -> Vec<Day> {
    let Some(policy) = outcome.of(Who::Policy) else { return Vec::new() };
    let best = outcome.of(Who::Optimum).map(|optimum| optimum.course.flows.as_slice()).unwrap_or_default();
    let mut days: Vec<Day> = outcome.track.days.iter().map(|date| Day { date: *date, slots: Vec::new() }).collect();
    for (index, (piece, flow)) in outcome.track.pieces.iter().zip(&policy.course.flows).enumerate() {
        let (Some(decision), Some(day)) = (flow.decision, days.get_mut(piece.day)) else { continue };
        let act = acts.position(outcome, decision);
        let begin = outcome.track.zone.earliest(day.date, ClockTime::MIDNIGHT);
        let time = outcome.track.zone.local(piece.at).time();
        day.slots.push(Slot {
            since: minutes(elapsed(begin, piece.at).as_secs()),
            clock: time.minutes(),
            act,
            best: best.get(index).map(|flow| soc(outcome, flow)),
            ..slot(outcome, piece, flow)
        });
    }
    days.retain(|day| !day.slots.is_empty());
    days
}

/// What a slot shows of the powers, the prices and the charge.
fn slot(outcome: &Outcome, piece: &Piece, flow: &Flow) -> Slot {
    let hours = f64::from(piece.seconds) / 3600.0;
    let watts = |energy: Energy| if hours > 0.0 { energy.watt_hours() / hours } else { 0.0 };
    Slot {
        since: 0,
        clock: 0,
        minutes: minutes(u64::from(piece.seconds)),
        import: piece.import.amount(),
        export: piece.export.amount(),
        load: piece.load.watts(),
        solar: piece.solar.watts(),
        battery: watts(flow.discharged) - watts(flow.charged),
        grid: watts(flow.import) - watts(flow.export),
        soc: soc(outcome, flow),
        best: None,
        act: 0,
    }
}

/// % at the end of a flow.
fn soc(outcome: &Outcome, flow: &Flow) -> f64 {
    let capacity = outcome.battery.capacity.watt_hours();
    if capacity > 0.0 { flow.stored.watt_hours() / capacity * 100.0 } else { 0.0 }
}

fn minutes(seconds: u64) -> u16 {
    u16::try_from(seconds / 60).unwrap_or(u16::MAX)
}
