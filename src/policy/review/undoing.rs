//! Rules that their own action switches off and on again, and values that the battery never has.

use super::super::analysis::Study;
use super::super::lower::Context;
use super::super::model::{Action, Bounds, Comparison, Condition, Edge, Policy, Quantity};
use super::super::sentence::{Measure, written};
use super::conjuncts;
use crate::diagnostic::{Code, Diagnostic};
use crate::snapshot::Signal;
use crate::units::{Power, Soc};

/// What undoes a condition, and how to mend it.
struct Undoing {
    label: String,
    related: String,
    help: &'static str,
}

/// Where an action takes a reading as far as sun and load let it: up or down to a value, in percent or watts.
#[derive(Clone, Copy)]
struct Pull {
    up: bool,
    to: f64,
}

/// Tells of every condition that the rule's own action makes false, if what holds then makes it true again.
pub(super) fn undone(cx: &mut Context<'_>, policy: &Policy, study: Option<&Study<'_>>) {
    for (number, rule) in policy.rules.iter().enumerate() {
        for (part, condition) in conjuncts(&rule.when).into_iter().enumerate() {
            let Some((comparison, bounds)) = compared(condition) else { continue };
            let Quantity::Reading(signal) = comparison.quantity else { continue };
            let Some((pull, undoing)) = undoing(policy, rule.then, signal, comparison, bounds) else { continue };
            let returns = |by: Option<usize>, action: Action| {
                // A rule above that does not look at the reading holds before and after: there this one never wins.
                let apart = by.filter(|by| *by < number).and_then(|by| policy.rules.get(by));
                apart.is_none_or(|above| looks_at(&above.when, comparison.quantity))
                    && reach(policy, signal, action, !pull.up).is_some_and(|to| side(bounds, pull.up).contains(to))
            };
            if study.is_none_or(|study| study.may_turn_to(number, part, &returns)) {
                let message =
                    format!("`{}` undoes this condition: the rule switches itself off and on again", rule.then);
                let place = comparison.place.clone();
                let warning = Diagnostic::warning(Code("self-undoing"), place, message, undoing.label);
                cx.push(warning.related(rule.then_place.clone(), undoing.related).help(undoing.help));
            }
        }
    }
}

/// A comparison with the bounds within which it holds, for one that stands under `not` too.
fn compared(condition: &Condition) -> Option<(&Comparison, Bounds)> {
    match condition {
        Condition::Compare(comparison) => Some((comparison, comparison.bounds)),
        Condition::Not(inner) => match conjuncts(inner).as_slice() {
            [Condition::Compare(comparison)] if comparison.observation.is_none() => {
                let turned = |edge: Edge| Edge { inclusive: !edge.inclusive, ..edge };
                let bounds = comparison.bounds;
                let one_sided = bounds.low.is_none() != bounds.high.is_none();
                let bounds = Bounds { low: bounds.high.map(turned), high: bounds.low.map(turned) };
                one_sided.then_some((comparison, bounds))
            }
            _ => None,
        },
        _ => None,
    }
}

/// How an action undoes a condition, and where it takes the reading.
fn undoing(
    policy: &Policy,
    action: Action,
    signal: Signal,
    comparison: &Comparison,
    bounds: Bounds,
) -> Option<(Pull, Undoing)> {
    let pull = pull(policy, signal, action)?;
    let observation = comparison.observation.and_then(|number| policy.observations.get(number));
    let until = observation.and_then(|observation| observation.until);
    // A latch on the state of charge lasts long enough: that is how such rules are to be written.
    if signal == Signal::Soc && until.is_some() {
        return None;
    }
    let held = side(lasting(bounds, until), pull.up);
    let end = if pull.up { held.high } else { held.low }?;
    (!held.contains(pull.to)).then(|| (pull, told(signal, pull, end, held.contains(0.0))))
}

/// The bounds within which a condition stays true once it is.
fn lasting(bounds: Bounds, until: Option<f64>) -> Bounds {
    let moved = |edge: Edge| until.map_or(edge, |value| Edge { value, inclusive: false });
    Bounds { low: bounds.low.map(moved), high: bounds.high.map(moved) }
}

/// The upper end of bounds alone, or the lower one.
fn side(bounds: Bounds, upper: bool) -> Bounds {
    if upper { Bounds { low: None, ..bounds } } else { Bounds { high: None, ..bounds } }
}

/// Where an action takes a reading; `None` where it leaves it alone or nothing can be said. Grid is import, battery is discharge.
fn pull(policy: &Policy, signal: Signal, action: Action) -> Option<Pull> {
    let battery = &policy.battery;
    let most = |power: Option<Power>, limit: Power| power.map_or(limit, |power| power.min(limit)).watts();
    let up = |to: f64| Some(Pull { up: true, to });
    let down = |to: f64| Some(Pull { up: false, to });
    let lowest = |floor: Soc| floor.max(battery.reserve).percent();
    match (signal, action) {
        (Signal::Soc, Action::ChargeTo { target, .. }) => up(target.min(battery.ceiling).percent()),
        (Signal::Soc, Action::SelfConsume { floor }) => down(lowest(floor.unwrap_or(battery.reserve))),
        (Signal::Soc, Action::DischargeTo { floor, .. }) => down(lowest(floor)),
        (Signal::Battery, Action::ChargeTo { power, .. }) => down(-most(power, battery.charge_power)),
        (Signal::Battery, Action::Hold) => down(0.0),
        (Signal::Battery, Action::DischargeTo { power, .. }) => up(most(power, battery.discharge_power)),
        (Signal::Grid, Action::ChargeTo { power, .. }) => up(most(power, battery.charge_power)),
        (Signal::Grid, Action::SelfConsume { .. } | Action::DischargeTo { .. }) => down(0.0),
        _ => None,
    }
}

/// How far up, or down, a reading may come while an action holds; `None` where it does not move that way.
fn reach(policy: &Policy, signal: Signal, action: Action, up: bool) -> Option<f64> {
    let pulled = pull(policy, signal, action);
    match (signal, action) {
        (_, Action::ChargeToCover { .. } | Action::FollowPlan) => None,
        (Signal::Battery, Action::SelfConsume { .. }) if up => Some(policy.battery.discharge_power.watts()),
        (Signal::Battery, Action::SelfConsume { .. }) => Some(-policy.battery.charge_power.watts()),
        // Load comes on top, however much it is.
        (Signal::Grid, Action::ChargeTo { .. } | Action::Hold) if up => Some(f64::INFINITY),
        (Signal::Grid, Action::Hold) => Some(0.0),
        (Signal::Grid | Signal::Battery, _) => pulled.map(|pull| pull.to),
        _ => pulled.filter(|pull| pull.up == up).map(|pull| pull.to),
    }
}

/// Whether a condition looks at a quantity.
fn looks_at(condition: &Condition, quantity: Quantity) -> bool {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().any(|part| looks_at(part, quantity)),
        Condition::Not(inner) => looks_at(inner, quantity),
        Condition::Compare(comparison) => comparison.quantity == quantity,
        Condition::Calendar(_) | Condition::NotYetKnown(_) => false,
    }
}

/// What is told where a reading is taken past the end within which a condition holds; `at_rest` if zero lies within.
fn told(signal: Signal, pull: Pull, end: Edge, at_rest: bool) -> Undoing {
    match (signal, pull.up) {
        (Signal::Soc, true) => of_charge(),
        (Signal::Soc, false) => of_discharge(pull.to),
        (Signal::Grid, true) => of_draw(pull.to, end.value),
        (Signal::Grid, false) => of_serving(),
        (_, false) if !at_rest => of_no_discharge(),
        (_, false) => of_power("takes", "charges", pull.to.abs()),
        (_, true) => of_power("gives", "discharges", pull.to),
    }
}

fn of_charge() -> Undoing {
    Undoing {
        label: "false as soon as the charge has come so far".to_owned(),
        related: "this changes the state of charge".to_owned(),
        help: "leave the condition out: at its target a charge stops by itself and holds; or release it later with `until`",
    }
}

fn of_no_discharge() -> Undoing {
    Undoing {
        label: "false as soon as the battery gives nothing".to_owned(),
        related: "this forbids the battery to give".to_owned(),
        help: "ask for what makes the battery give, such as `load` or `ev`: it stays as it is while the battery rests",
    }
}

fn of_discharge(floor: f64) -> Undoing {
    Undoing {
        label: "false as soon as the battery has come down so far".to_owned(),
        related: format!("this lets the battery come down to {}", written(floor, Measure::Percent)),
        help: "say it in the action, as in `self-consume down to 50%`: at its floor the battery stops by itself; or release it later with `until`",
    }
}

fn of_power(gives: &str, discharges: &str, power: f64) -> Undoing {
    let power = written(power, Measure::Power);
    Undoing {
        label: format!("false once the battery {gives} {power}"),
        related: format!("this {discharges} with up to {power}"),
        help: "ask for `load` or `solar` instead: what the battery does is no part of them",
    }
}

fn of_draw(drawn: f64, end: f64) -> Undoing {
    let drawn = written(drawn, Measure::Power);
    Undoing {
        label: match end > 0.0 {
            true => format!("false at {} from the grid", written(end, Measure::Power)),
            false => "false as soon as anything comes from the grid".to_owned(),
        },
        related: format!("this draws up to {drawn} from the grid"),
        help: "ask for `load` instead: the charge does not count in it; or charge `at` less power",
    }
}

fn of_serving() -> Undoing {
    Undoing {
        label: "false as soon as the battery serves the house".to_owned(),
        related: "this lets the battery serve the house".to_owned(),
        help: "ask for `load` instead: it stays as it is, whoever serves it",
    }
}

/// Tells of comparisons with values that the battery does not come to.
pub(super) fn beyond(cx: &mut Context<'_>, policy: &Policy, condition: &Condition) {
    match condition {
        Condition::All(parts) | Condition::Any(parts) => parts.iter().for_each(|part| beyond(cx, policy, part)),
        Condition::Not(inner) => beyond(cx, policy, inner),
        Condition::Compare(comparison) => {
            if let Some((message, label, help)) = beyond_battery(policy, comparison) {
                let place = comparison.place.clone();
                cx.push(Diagnostic::warning(Code("beyond-battery"), place, message, label).help(help));
            }
        }
        Condition::Calendar(_) | Condition::NotYetKnown(_) => {}
    }
}

fn beyond_battery(policy: &Policy, comparison: &Comparison) -> Option<(String, &'static str, String)> {
    let Quantity::Reading(signal) = comparison.quantity else { return None };
    let battery = &policy.battery;
    let Bounds { low, high } = comparison.bounds;
    let text = format!("{}: {}", signal.word(), words(&comparison.text, signal.word()));
    let (gives, takes) = (battery.discharge_power.watts(), battery.charge_power.watts());
    match signal {
        Signal::Battery if low.is_some_and(|edge| edge.value > gives || edge.value == gives && !edge.inclusive) => {
            Some((
                format!("`{text}` is more than the battery gives: {}", battery.discharge_power),
                "beyond its discharge power",
                format!("compare with less than {}, or correct `battery: discharge power`", battery.discharge_power),
            ))
        }
        Signal::Battery if high.is_some_and(|edge| edge.value < -takes || edge.value == -takes && !edge.inclusive) => {
            Some((
                format!("`{text}` is more than the battery takes: {}", battery.charge_power),
                "beyond its charge power; `-` is charge",
                format!(
                    "compare with a value above {}, or correct `battery: charge power`",
                    written(-takes, Measure::Power)
                ),
            ))
        }
        Signal::Soc if high.is_some_and(|edge| below(edge.value, edge.inclusive, battery.reserve.percent())) => Some((
            format!("`{text}` lies below the reserve of {}, where no command takes the battery", battery.reserve),
            "true only if the battery empties by itself",
            format!("compare with more than {}, or lower `battery: reserve`", battery.reserve),
        )),
        _ => None,
    }
}

fn below(value: f64, inclusive: bool, reserve: f64) -> bool {
    value < reserve || value == reserve && !inclusive
}

/// A comparison's words without its key.
fn words<'t>(text: &'t str, key: &str) -> &'t str {
    text.strip_prefix(key).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::{Diagnostic, Severity};
    use crate::policy::load;

    const HEAD: &str = "offpeak: 1
site: home
timezone: Europe/London
device: { driver: alphaess, serial: ALB011020015002 }
tariff: { currency: GBP, import: { night: { price: 0.07, time: 23:30-05:30 }, day: { price: 0.27 } } }
";

    /// How often a code is told of some rules, each `CONDITION -> ACTION`, where something holds otherwise.
    fn told(code: &str, ceiling: u8, rules: &str, otherwise: &str) -> usize {
        let rule = |(number, rule): (usize, &str)| {
            let (when, then) = rule.split_once(" -> ").expect("a condition and an action");
            format!("  - {{ name: r{number}, when: {{ {when} }}, then: {then} }}\n")
        };
        let rules: String = rules.split("; ").enumerate().map(rule).collect();
        let battery = "capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90%";
        let text = format!(
            "{HEAD}battery: {{ {battery}, reserve: 10%, ceiling: {ceiling}% }}\nrules:\n{rules}otherwise: {otherwise}\n"
        );
        let loaded = load("home.yaml", &text);
        let stops = |found: &&Diagnostic| found.severity == Severity::Error && found.code.0 != "cannot-do";
        assert_eq!(loaded.diagnostics.iter().find(stops), None, "{text}");
        loaded.diagnostics.iter().filter(|found| found.code.0 == code).count()
    }

    #[test]
    fn a_rule_that_its_own_action_switches_is_told_and_no_other() {
        let check = |rules: &str, otherwise: &str, expect: usize| {
            assert_eq!(told("self-undoing", 100, rules, otherwise), expect, "{rules} otherwise {otherwise}");
        };
        // The state of charge.
        check("soc: below 90% -> charge to 90%", "self-consume", 1);
        check("any: [{ soc: below 90% }] -> charge to 90%", "self-consume", 1);
        check("not: { any: [{ soc: at least 90% }] } -> charge to 90%", "self-consume", 1);
        check("soc: below 90% -> charge to 80%", "self-consume", 0);
        check("soc: at most 90% -> charge to 90%", "self-consume", 0);
        check("soc: below 90% until 95% -> charge to 100%", "self-consume", 0);
        check("soc: below 90% -> charge to 90%", "hold", 0);
        check("soc: below 90% -> charge to 90%", "self-consume down to 95%", 0);
        check("soc: above 50% -> self-consume", "charge to 90%", 1);
        check("soc: above 50% -> self-consume", "charge to 50%", 0);
        check("soc: above 50% -> self-consume down to 60%", "charge to 90%", 0);
        check("soc: above 50% -> self-consume", "hold", 0);
        // A rule above that does not look at the state of charge leaves nothing to switch.
        check("tariff: night -> charge to 90%; soc: above 50% -> self-consume", "hold", 0);
        check("soc: above 50% -> self-consume; tariff: night -> charge to 90%", "hold", 1);
        // The battery's power.
        check("battery: above 3 kW -> hold", "self-consume", 1);
        check("battery: at least 0 W -> hold", "self-consume", 0);
        check("battery: at least 0 W -> charge to 90%", "self-consume", 1);
        check("battery: above -1 kW -> charge to 90%", "self-consume", 1);
        check("battery: above -1 kW -> charge to 90% at 500 W", "self-consume", 0);
        check("battery: above 1 kW until -2 kW -> charge to 90% at 1 kW", "self-consume", 0);
        // The grid's.
        check("grid: below 100 W -> charge to 90%", "self-consume", 1);
        check("grid: at most 0 W -> charge to 90%", "self-consume", 1);
        check("grid: below 0 W -> charge to 90%", "self-consume", 0);
        check("grid: below 2 kW -> charge to 90% at 1 kW", "self-consume", 0);
        check("grid: above 3 kW until 1 kW -> self-consume", "hold", 1);
        check("grid: at least 0 W -> self-consume", "hold", 0);
    }

    #[test]
    fn a_charge_goes_no_further_than_the_ceiling() {
        assert_eq!(told("self-undoing", 80, "soc: below 90% -> charge to 100%", "self-consume"), 0);
        assert_eq!(told("self-undoing", 80, "soc: below 80% -> charge to 100%", "self-consume"), 1);
    }

    #[test]
    fn a_value_beyond_the_battery_is_mended_by_one_within() {
        let check = |when: &str, expect: &str| {
            let text = format!(
                "{HEAD}battery: {{ capacity: 10 kWh, charge power: 5 kW, discharge power: 4 kW, round trip efficiency: 90% }}\n\
                 rules:\n  - {{ name: a, when: {{ {when} }}, then: hold }}\n"
            );
            let found = load("home.yaml", &text).diagnostics;
            let helps: Vec<&str> = found.iter().filter_map(|found| found.help.as_deref()).collect();
            assert!(helps.iter().any(|help| help.starts_with(expect)), "{when}: {helps:?}");
        };
        check("battery: below -5 kW", "compare with a value above -5 kW, ");
        check("battery: above 4 kW", "compare with less than 4 kW, ");
    }
}
