//! What a rule asks for: `charge to 90% at 3 kW`.

use std::fmt;
use std::ops::Range;

use super::Problem;
use super::quantity::{Measure, measured, written};
use super::token::Cursor;
use crate::diagnostic::{Code, nearest};
use crate::policy::model::Action;
use crate::time::ClockTime;
use crate::units::{Power, Soc};

/// Every action as people may look for it.
const ACTIONS: &str = "`charge to 90%`, `hold`, `self-consume`, `self-consume down to 20%`, `discharge to 30%`, `charge to cover load until 09:00` or `follow the cheapest plan`";

/// An action of the policy language.
///
/// # Errors
/// What is wrong with it, and where.
pub fn parse_action(text: &str) -> Result<Action, Problem> {
    let mut cursor = Cursor::new(text)?;
    let action = action(&mut cursor)?;
    cursor.end(Code("bad-action"), "expected the action to end here").map_err(|problem| trailing(problem, &action))?;
    Ok(action)
}

fn action(cursor: &mut Cursor<'_>) -> Result<Action, Problem> {
    let start = cursor.start();
    if cursor.eat("hold") {
        return Ok(Action::Hold);
    }
    if cursor.eat("self-consume") {
        let floor = if cursor.eat("down to") { Some(soc(cursor)?) } else { None };
        return Ok(Action::SelfConsume { floor });
    }
    if cursor.eat("follow the cheapest plan") {
        return Ok(Action::FollowPlan);
    }
    if cursor.eat("charge to cover") {
        return cover(cursor);
    }
    if cursor.eat("charge to") {
        return Ok(Action::ChargeTo { target: soc(cursor)?, power: at_power(cursor)? });
    }
    if cursor.eat("discharge to") {
        return Ok(Action::DischargeTo { floor: soc(cursor)?, power: at_power(cursor)? });
    }
    Err(unknown(cursor, start))
}

fn cover(cursor: &mut Cursor<'_>) -> Result<Action, Problem> {
    if !cursor.eat("load until") {
        let message = "what is covered is not said";
        return Err(Problem::new(Code("bad-action"), cursor.here(), message, "expected `load until` and a time")
            .help("write `charge to cover load until 09:00`"));
    }
    let here = cursor.here();
    let token = cursor.take();
    let until = token.and_then(|token| token.text.parse::<ClockTime>().ok());
    let Some(until) = until else {
        return Err(Problem::new(Code("bad-time"), here, "a time is missing here", "expected a time such as `09:00`"));
    };
    Ok(Action::ChargeToCover { until, power: at_power(cursor)? })
}

fn soc(cursor: &mut Cursor<'_>) -> Result<Soc, Problem> {
    let here = cursor.here();
    let percent = measured(cursor, Measure::Percent)?;
    Soc::from_percent(percent)
        .ok_or_else(|| Problem::new(Code("out-of-range"), here, "out of range", "expected 0% to 100%"))
}

fn at_power(cursor: &mut Cursor<'_>) -> Result<Option<Power>, Problem> {
    if !cursor.eat("at") {
        return Ok(None);
    }
    let start = cursor.start();
    let watts = measured(cursor, Measure::Power)?;
    let power = Power::from_watts(watts).filter(|power| power.watts() > 0.0);
    let bytes = cursor.since(start);
    power.map(Some).ok_or_else(|| {
        Problem::new(Code("out-of-range"), bytes, "this power is out of range", "expected more than 0 W, at most 10 MW")
    })
}

/// What was meant by a beginning that is no action.
fn unknown(cursor: &Cursor<'_>, start: usize) -> Problem {
    let rest = cursor.rest();
    let bytes: Range<usize> = start..start + rest.len();
    let first = rest.split_whitespace().next().unwrap_or_default();
    let second = rest.split_whitespace().nth(1).unwrap_or_default();
    let given = rest.split_whitespace().find(|word| word.ends_with('%'));
    let (high, low) = (given.unwrap_or("90%"), given.unwrap_or("30%"));
    let help = match first.to_lowercase().as_str() {
        "" => None,
        "charge" if second == "to" => None,
        "charge" => Some(format!("write `charge to {high}`: an action says how far")),
        "discharge" => Some(format!("write `discharge to {low}`: an action says how far")),
        "self" | "selfconsume" | "self_consume" | "auto" | "idle" | "normal" => Some("write `self-consume`".to_owned()),
        "stop" | "wait" | "pause" | "keep" | "block" => {
            Some("write `hold`: no discharge, the sun may charge".to_owned())
        }
        "follow" | "cheapest" | "optimise" | "optimize" | "optimal" | "plan" => {
            Some("write `follow the cheapest plan`".to_owned())
        }
        "export" | "sell" => Some("write `discharge to 30%`, for devices that can force energy out".to_owned()),
        _ => nearest(first, ["charge", "hold", "self-consume", "discharge"]).map(|word| match word {
            "charge" => format!("did you mean `charge to {high}`?"),
            "discharge" => format!("did you mean `discharge to {low}`?"),
            word => format!("did you mean `{word}`?"),
        }),
    };
    let message =
        if rest.is_empty() { "an action is missing here".to_owned() } else { format!("`{rest}` is not an action") };
    let help = help.unwrap_or_else(|| format!("an action is {ACTIONS}"));
    Problem::new(Code("bad-action"), bytes, message, "expected an action").help(help)
}

/// What was meant by words after an action that is complete.
fn trailing(problem: Problem, action: &Action) -> Problem {
    let help = match action {
        Action::FollowPlan => "`follow the cheapest plan` stands alone; reserve and ceiling bound it".to_owned(),
        Action::Hold => "`hold` stands alone; the rule's `when` says how long it lasts".to_owned(),
        Action::SelfConsume { floor: None } => "a floor is written `self-consume down to 20%`".to_owned(),
        Action::ChargeTo { power: None, .. } | Action::DischargeTo { power: None, .. } => {
            "a power is written `at 3 kW`; the rule's `when` says how long it lasts".to_owned()
        }
        _ => "the rule's `when` says how long an action lasts".to_owned(),
    };
    problem.help(help)
}

impl fmt::Display for Action {
    /// The action as a policy has it; reading it gives the same action again.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let percent = |soc: &Soc| written(soc.percent(), Measure::Percent);
        let at = |power: &Option<Power>| {
            power.map(|power| format!(" at {}", written(power.watts(), Measure::Power))).unwrap_or_default()
        };
        match self {
            Action::ChargeTo { target, power } => write!(f, "charge to {}{}", percent(target), at(power)),
            Action::ChargeToCover { until, power } => write!(f, "charge to cover load until {until}{}", at(power)),
            Action::FollowPlan => f.write_str("follow the cheapest plan"),
            Action::Hold => f.write_str("hold"),
            Action::SelfConsume { floor: None } => f.write_str("self-consume"),
            Action::SelfConsume { floor: Some(floor) } => write!(f, "self-consume down to {}", percent(floor)),
            Action::DischargeTo { floor, power } => write!(f, "discharge to {}{}", percent(floor), at(power)),
        }
    }
}
