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
    let currency = &plan.policy.tariff.currency;
    let money = |price: Price| trimmed(price.amount(), DECIMALS);
    let Weighed { soc, worth, storing, using, .. } = weighed;
    let (worth, storing, using) = (money(worth), money(storing), money(using));
    Some(match plan.decision.command {
        Command::ChargeTo { target, .. } if soc < target => {
            format!("a stored kWh is worth {worth} {currency} later and costs {storing} to store now")
        }
        Command::ChargeTo { .. } | Command::Hold => {
            format!("a stored kWh is worth {worth} {currency} later and saves {using} now")
        }
        Command::SelfConsume { .. } | Command::DischargeTo { .. } => {
            format!("a stored kWh saves {using} {currency} now and is worth {worth} later")
        }
    })
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
        })
    })
}
