//! Several trials at a glance, a line each.

use crate::backtest::{Outcome, Who};

use super::backtest::{money, percent, short};
use super::layout::{Line, Piece, Screen, Table, cut};
use super::style::{Role, Style};

/// Columns of the longest name.
const NAME: usize = 24;

/// The ways in the order of their columns.
const WAYS: [Who; 5] = [Who::NoBattery, Who::SelfConsumption, Who::Timer, Who::Policy, Who::Optimum];

/// What remains of a trial when its course is forgotten.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    site: String,
    file: String,
    currency: String,
    costs: [Option<f64>; WAYS.len()],
    captured: Option<f64>,
    is_whole: bool,
}

impl Brief {
    /// What remains of a trial.
    #[must_use]
    pub fn of(outcome: &Outcome) -> Brief {
        Brief {
            site: outcome.site.clone(),
            file: outcome.file.clone(),
            currency: outcome.currency.clone(),
            costs: WAYS.map(|who| outcome.compared(who)),
            captured: outcome.shares().captured_of_none,
            is_whole: outcome.findings.iter().next().is_none(),
        }
    }
}

/// The trials at a glance: by site, or by file where a site stands there twice; added up where that means something.
#[must_use]
pub fn backtests_text(briefs: &[Brief], style: Style) -> String {
    let mut screen = Screen::new(style);
    let mut sites: Vec<&str> = briefs.iter().map(|brief| brief.site.as_str()).collect();
    sites.sort_unstable();
    sites.dedup();
    let by_site = sites.len() == briefs.len();
    let currency = briefs.first().map(|brief| brief.currency.as_str()).unwrap_or_default();
    let one_currency = briefs.iter().all(|brief| brief.currency == currency);
    let mut rows = vec![head(if one_currency { currency } else { "" })];
    for brief in briefs {
        let name = if by_site { &brief.site } else { &brief.file };
        let coin = if one_currency { String::new() } else { format!(" {}", brief.currency) };
        let mark = if brief.is_whole { "" } else { " *" };
        let name = format!("{}{coin}{mark}", cut(name, NAME));
        rows.push(row(&name, brief.costs, brief.captured, Role::Text));
    }
    if by_site && one_currency && briefs.len() > 1 {
        let sum = |way: usize| briefs.iter().map(|brief| brief.costs.get(way).copied().flatten()).sum::<Option<f64>>();
        let costs: [Option<f64>; WAYS.len()] = std::array::from_fn(sum);
        rows.push(row("together", costs, None, Role::Command));
    }
    screen.table(Table { indent: 0, most: &[NAME + 6, 10, 10, 10, 10, 10, 8], flex: 0 }, &rows);
    screen.line(&Line::default().text(Role::Faint, "captured: of what could be saved at most against no battery"));
    if briefs.iter().any(|brief| !brief.is_whole) {
        let words = "*: its history is not whole; `offpeak backtest` of this policy alone tells what is missing";
        screen.line(&Line::default().text(Role::Warn, words));
    }
    screen.finish()
}

fn head(currency: &str) -> Vec<Piece> {
    let ways = WAYS.map(|who| (Role::Faint, format!("{:>10}", short(who))));
    let name = if currency.is_empty() { "cost".to_owned() } else { format!("cost in {currency}") };
    let captured = (Role::Faint, "captured".to_owned());
    std::iter::once((Role::Faint, name)).chain(ways).chain([captured]).collect()
}

fn row(name: &str, costs: [Option<f64>; WAYS.len()], captured: Option<f64>, role: Role) -> Vec<Piece> {
    let costs = costs.map(|cost| (role, format!("{:>10}", cost.map_or(String::new(), money))));
    let captured = (Role::Good, format!("{:>8}", captured.map_or(String::new(), percent)));
    std::iter::once((role, name.to_owned())).chain(costs).chain([captured]).collect()
}
