//! `override`: a manual command above all rules for a while. It is journaled alone; whoever runs the site acts on it.
//! The module cannot bear the verb's name, which Rust reserves.

use std::time::Duration;

use serde_json::json;

use super::args::Override as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, print, print_json};
use super::past::{Known, Past, unusable};
use super::session::Session;
use super::when;
use crate::journal::{Journal, StateLock};
use crate::policy::{self, Action, Policy};
use crate::report::moment::{self, rfc3339};
use crate::time::{Instant, after, elapsed, spoken};

/// The longest time that a manual command holds: nobody remembers an older one.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Journals it.
///
/// # Errors
/// The action or its end cannot be used, the device cannot do it, or the journal does not know the site.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let past = Past::must_open(session)?;
    let known = past.site(options.site.as_deref())?;
    let policy = known.policy()?;
    let action = action(&options.action, policy)?;
    let now = past.now(session, &known)?;
    let until = until(options, policy, now)?;
    let journal = Journal::open_beside(&past.folder).map_err(|error| unusable(&past.folder, &error))?;
    journal.begin_override(&known.site, &action.to_string(), until, now)?;
    let holder = StateLock::holder(&past.folder)?;
    let bound = bound(action, policy);
    match session.format() {
        Format::Text => print(&text(&known, action, [now, until], bound.as_deref(), holder.as_deref())),
        Format::Json => print_json(&json!({
            "version": 1,
            "site": known.site,
            "action": action.to_string(),
            "at": rfc3339(now),
            "until": rfc3339(until),
            "bound": bound,
            "holder": holder,
        })),
    }
    Ok(OK)
}

fn text(
    known: &Known,
    action: Action,
    [now, until]: [Instant; 2],
    bound: Option<&str>,
    holder: Option<&str>,
) -> String {
    let zone = known.zone();
    let mut text = format!(
        "{}: {action} until {} (for {}), above all rules\n",
        known.site,
        moment::full(until, &zone),
        spoken(whole_minutes(elapsed(now, until)))
    );
    text.extend(bound.map(|bound| format!("{bound}\n")));
    text.push_str(&acts(holder));
    text.push_str("\n`offpeak resume` ends it earlier.");
    text
}

/// A span as it is told: nobody counts seconds beside minutes.
fn whole_minutes(span: Duration) -> Duration {
    let seconds = span.as_secs();
    Duration::from_secs(if seconds < 60 { seconds } else { seconds / 60 * 60 })
}

/// Who acts on what was journaled.
pub fn acts(holder: Option<&str>) -> String {
    match holder {
        Some(holder) => format!("the service ({holder}) acts on it at its next tick, within a minute."),
        None => "no service runs: nothing happens before `offpeak run POLICY` or `offpeak apply POLICY`.".to_owned(),
    }
}

fn action(text: &str, policy: &Policy) -> Result<Action, Failure> {
    let action = policy::parse_action(text).map_err(Failure)?;
    if let Action::ChargeToCover { .. } = action {
        return failure(format!("`{action}` needs a forecast and cannot be commanded; write `charge to 80%`"));
    }
    match policy::read_only(policy).or_else(|| policy::refusal(action, policy)) {
        Some(refusal) => failure(format!("`{action}`: {}; {}", refusal.message, refusal.instead)),
        None => Ok(action),
    }
}

/// How reserve and ceiling, which stand above every command, bound this one.
fn bound(action: Action, policy: &Policy) -> Option<String> {
    let (reserve, ceiling) = (policy.battery.reserve, policy.battery.ceiling);
    match action {
        Action::ChargeTo { target, .. } if target > ceiling => {
            Some(format!("the ceiling holds: this charges to {ceiling}, not to {target}"))
        }
        Action::ChargeTo { target, .. } if target < reserve => {
            Some(format!("the target of {target} lies below the reserve of {reserve}, which holds"))
        }
        Action::SelfConsume { floor: Some(floor) } | Action::DischargeTo { floor, .. } if floor < reserve => {
            Some(format!("the reserve holds: this goes down to {reserve}, not to {floor}"))
        }
        _ => None,
    }
}

fn until(options: &Options, policy: &Policy, now: Instant) -> Result<Instant, Failure> {
    let zone = &policy.zone;
    let until = match (&options.duration, &options.until) {
        (Some(span), _) => {
            after(now, policy::parse_duration(span).map_err(|why| Failure(format!("--for {span}: {why}")))?)
        }
        (None, Some(time)) => {
            when::next(time, now, zone).map_err(|Failure(why)| Failure(format!("--until {time}: {why}")))?
        }
        (None, None) => return failure("say how long: --for 2h, or --until 18:00"),
    };
    if until <= now {
        return failure(format!("{} is over: it is {}", moment::full(until, zone), moment::full(now, zone)));
    }
    if elapsed(now, until) > LONGEST {
        return failure("an override holds for at most 7 days; what is to last longer belongs into a rule");
    }
    Ok(until)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> Policy {
        let text = include_str!("../../rules/simulated-home.yaml").replace("ceiling: 100%", "ceiling: 95%");
        policy::load("home.yaml", &text).policy.expect("a policy")
    }

    #[test]
    fn what_the_device_cannot_do_is_refused_with_a_way_out() {
        let policy = policy();
        let check = |text: &str, expect: &str| {
            let Err(Failure(why)) = action(text, &policy) else { panic!("{text}") };
            assert!(why.contains(expect), "{why}");
        };
        check("charge to 80% at 3 kW", "cannot set the power of a charge; write `charge to 80%`");
        check("discharge to 30%", "write `self-consume down to 30%`");
        check("charge to 5%", "below 10 %");
        check("charge to cover load until 09:00", "needs a forecast");
        check("chrage to 80%", "did you mean `charge to 80%`?");
        for good in ["charge to 80%", "hold", "self-consume", "self-consume down to 30%"] {
            assert!(action(good, &policy).is_ok(), "{good}");
        }
    }

    #[test]
    fn p5_reserve_and_ceiling_are_named_where_they_bound_a_command() {
        let policy = policy();
        let check = |text: &str, expect: Option<&str>| {
            let found = bound(action(text, &policy).expect("an action"), &policy);
            assert_eq!(found.as_deref(), expect, "{text}");
        };
        check("charge to 100%", Some("the ceiling holds: this charges to 95 %, not to 100 %"));
        check("self-consume down to 5%", Some("the reserve holds: this goes down to 10 %, not to 5 %"));
        check("charge to 80%", None);
        check("hold", None);
    }

    #[test]
    fn a_command_ends_in_the_future_and_within_a_week() {
        let (policy, now) = (policy(), "2026-11-20T20:41:00Z".parse().expect("an instant"));
        let ends = |duration: Option<&str>, time: Option<&str>| {
            let (duration, until_) = (duration.map(str::to_owned), time.map(str::to_owned));
            let options = Options { action: "hold".to_owned(), duration, until: until_, site: None };
            until(&options, &policy, now).map(rfc3339).map_err(|Failure(why)| why)
        };
        assert_eq!(ends(Some("2h"), None).as_deref(), Ok("2026-11-20T22:41:00Z"));
        assert_eq!(ends(None, Some("18:00")).as_deref(), Ok("2026-11-21T18:00:00Z"));
        assert_eq!(ends(Some("168h"), None).as_deref(), Ok("2026-11-27T20:41:00Z"));
        let fails = |duration, time, expect: &str| {
            let why = ends(duration, time).expect_err("no end");
            assert!(why.contains(expect), "{why}");
        };
        fails(Some("169h"), None, "at most 7 days");
        fails(Some("0 min"), None, "");
        fails(Some("soon"), None, "--for soon");
        fails(None, Some("2026-11-20 20:00"), "is over");
        fails(None, Some("25:00"), "--until 25:00");
    }
}
