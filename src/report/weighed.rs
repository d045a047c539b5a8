//! What the plan of least cost weighed: what a stored kWh is worth later against what it costs or saves now.

use serde_json::{Value, json};

use crate::engine::{Command, Weighed};
use crate::plan::Plan;
use crate::units::{Price, trimmed};

use super::json::number;

/// Decimals of a price that are told.
const DECIMALS: usize = 3;

/// `a stored kWh is worth 0.31 GBP later and costs 0.23 to store now`; `None` if no plan of least cost decided.
pub(super) fn text(plan: &Plan<'_>) -> Option<String> {
    let weighed = plan.explanation().weighed?;
    let kept = if weighed.kept { "; a change would gain too little, so what stands stays" } else { "" };
    Some(format!("{}{kept}", sides(plan.decision.command, &weighed, &plan.policy.tariff.currency)))
}

/// Both sides of the scales. Where the grid pays, what saves elsewhere costs.
fn sides(command: Command, weighed: &Weighed, currency: &str) -> String {
    let money = |price: Price| trimmed(price.amount(), DECIMALS);
    let now = |price: Price, paid: &str, earned: &str| {
        let amount = trimmed(price.amount().abs(), DECIMALS);
        if price.amount() < 0.0 { earned.replace('_', &amount) } else { paid.replace('_', &amount) }
    };
    let Weighed { soc, worth, storing, using, .. } = *weighed;
    let worth = money(worth);
    match command {
        Command::ChargeTo { target, .. } if soc < target => {
            let storing = now(storing, "costs _ to store now", "earns _ if it is stored now");
            format!("a stored kWh is worth {worth} {currency} later and {storing}")
        }
        Command::ChargeTo { .. } | Command::Hold => {
            let using = now(using, "saves _ now", "would cost _ if it were used now");
            format!("a stored kWh is worth {worth} {currency} later and {using}")
        }
        Command::SelfConsume { .. } | Command::DischargeTo { .. } => {
            let using =
                now(using, &format!("saves _ {currency} now"), &format!("costs _ {currency} if it is used now"));
            format!("a stored kWh {using} and is worth {worth} later")
        }
    }
}

/// The same as data.
pub(super) fn data(plan: &Plan<'_>) -> Option<Value> {
    let price = |price: Price| number(price.amount(), 5);
    plan.explanation().weighed.map(|weighed| {
        json!({
            "soc": number(weighed.soc.percent(), 1),
            "worth": price(weighed.worth),
            "import_price": price(weighed.import),
            "storing": price(weighed.storing),
            "using": price(weighed.using),
            "kept": weighed.kept,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Soc;

    #[test]
    fn what_the_grid_pays_for_is_not_told_as_a_cost() {
        let soc = |percent| Soc::from_percent(percent).expect("a percentage");
        let price = |amount| Price::per_kwh(amount).expect("a price");
        let check = |command: Command, import: f64, worth: f64, expect: &str| {
            let (storing, using) = (price(import / 0.95), price(import * 0.95));
            let weighed =
                Weighed { soc: soc(40.0), worth: price(worth), import: price(import), storing, using, kept: false };
            assert_eq!(sides(command, &weighed, "EUR"), expect);
        };
        let charge = |target| Command::ChargeTo { target: soc(target), power: None };
        let own_way = Command::SelfConsume { floor: soc(10.0) };
        check(charge(90.0), 0.2, 0.31, "a stored kWh is worth 0.31 EUR later and costs 0.211 to store now");
        check(charge(90.0), -0.1, 0.08, "a stored kWh is worth 0.08 EUR later and earns 0.105 if it is stored now");
        check(charge(40.0), 0.2, 0.31, "a stored kWh is worth 0.31 EUR later and saves 0.19 now");
        check(
            Command::Hold,
            -0.1,
            -0.02,
            "a stored kWh is worth -0.02 EUR later and would cost 0.095 if it were used now",
        );
        check(own_way, 0.2, 0.15, "a stored kWh saves 0.19 EUR now and is worth 0.15 later");
        check(own_way, -0.1, -0.11, "a stored kWh costs 0.095 EUR if it is used now and is worth -0.11 later");
    }
}
