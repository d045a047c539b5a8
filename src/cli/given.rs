//! Readings that the owner gives instead of the device's: `soc=40% load=400W`.

use super::output::{Failure, failure};
use crate::diagnostic::nearest;
use crate::follow::HORIZON;
use crate::forecast::Forecast;
use crate::plan::Outlook;
use crate::plan::timeline::Steps;
use crate::policy;
use crate::snapshot::{Reading, Signal, Snapshot};
use crate::time::{Instant, after};
use crate::units::{Power, Soc};

/// The most that may be given.
const MAX_GIVEN: usize = 32;

/// What is given: readings taken now, and load, sun and car that stay as they are.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Given {
    /// The readings.
    pub readings: Snapshot,
    /// What they are taken to stay.
    pub outlook: Outlook,
}

/// Reads `signal=value` words; commas may join them. A signal that is not given, or is `unknown`, has no reading. None is given
/// twice.
///
/// # Errors
/// The first word that cannot be understood, and what was expected.
pub fn given(words: &[String], now: Instant) -> Result<Given, Failure> {
    let mut given = Given::default();
    let words: Vec<&str> = words.iter().flat_map(|word| word.split(',')).collect();
    if words.len() > MAX_GIVEN {
        return failure(format!("--given: more than {MAX_GIVEN} values"));
    }
    let mut seen: Vec<Signal> = Vec::new();
    for word in words {
        let Some((name, value)) = word.split_once('=') else {
            return failure(format!("--given '{}': expected SIGNAL=VALUE, such as soc=40%", word.trim()));
        };
        let (name, value) = (name.trim(), value.trim());
        let signal = signal(name)?;
        if seen.contains(&signal) {
            return failure(format!("--given {name}={value}: {name} is given twice"));
        }
        seen.push(signal);
        if value != "unknown" {
            take(&mut given, signal, name, value, now)?;
        }
    }
    if let Some((load, solar)) = given.readings.load.zip(given.readings.solar) {
        given.outlook.forecast = Forecast::certain(now, after(now, HORIZON), load.value, solar.value);
    }
    Ok(given)
}

fn signal(name: &str) -> Result<Signal, Failure> {
    let words = Signal::ALL.map(Signal::word);
    let found = Signal::ALL.into_iter().find(|signal| signal.word() == name);
    found.map_or_else(
        || {
            let near = nearest(name, words).map_or(String::new(), |near| format!("; did you mean {near}?"));
            failure(format!("--given {name}: no such signal: expected one of {}{near}", words.join(", ")))
        },
        Ok,
    )
}

fn take(given: &mut Given, signal: Signal, name: &str, value: &str, now: Instant) -> Result<(), Failure> {
    let bad = |why: String| Failure(format!("--given {name}={value}: {why}"));
    if signal == Signal::Soc {
        let soc: Soc = policy::parse_percent(value).map_err(bad)?;
        given.readings.soc = Some(Reading::good(soc, now));
        return Ok(());
    }
    let power: Power = policy::parse_power(value).map_err(bad)?;
    if power.watts() < 0.0 && !matches!(signal, Signal::Grid | Signal::Battery) {
        return Err(bad(format!("{name} is never below 0")));
    }
    let reading = Some(Reading::good(power, now));
    let (slot, outlook) = match signal {
        Signal::Soc | Signal::Grid => (&mut given.readings.grid, None),
        Signal::Battery => (&mut given.readings.battery, None),
        Signal::Load => (&mut given.readings.load, Some(&mut given.outlook.load)),
        Signal::Solar => (&mut given.readings.solar, Some(&mut given.outlook.solar)),
        Signal::Ev => (&mut given.readings.ev, Some(&mut given.outlook.ev)),
    };
    *slot = reading;
    if let Some(steps) = outlook {
        *steps = Steps::constant(now, power);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_readings_are_read_and_mistakes_are_named() {
        let now = "2026-11-20T20:41:00Z".parse().expect("an instant");
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        let read = given(&words("soc=41% load=430W,solar=0W ev=unknown grid=-1.2kW"), now).expect("readings");
        assert_eq!(read.readings.soc.map(|soc| soc.value.percent()), Some(41.0));
        assert_eq!(read.readings.grid.map(|grid| grid.value.watts()), Some(-1200.0));
        assert_eq!(read.readings.ev, None);
        assert_eq!(read.outlook.load.at(now).map(Power::watts), Some(430.0));
        let fails = |text: &str, expect: &str| {
            let Err(Failure(why)) = given(&words(text), now) else { panic!("{text}") };
            assert!(why.contains(expect), "{why}");
        };
        fails("sco=41%", "did you mean soc?");
        fails("soc", "expected SIGNAL=VALUE");
        fails("soc=41", "--given soc=41");
        fails("load=3kWh", "--given load=3kWh");
        fails("soc=141%", "--given soc=141%");
        fails("load=-5W", "load is never below 0");
        fails("soc=50% soc=60%", "--given soc=60%: soc is given twice");
        fails("soc=50% soc=unknown", "soc is given twice");
        fails("", "--given '': expected SIGNAL=VALUE");
        fails("soc=50%,", "--given '': expected SIGNAL=VALUE");
    }
}
