//! `init`: writes a commented policy to start from.

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;

use serde_json::json;

use super::args::Init as Options;
use super::drivers;
use super::form::Format;
use super::output::{Failure, OK, Outcome, failure, inquire, print, print_json};
use super::session::Session;
use crate::device::Driver;
use crate::diagnostic::{Severity, nearest};
use crate::policy::{self, ImportKind, Template, template};
use crate::time::Zone;
use crate::units::{Price, trimmed};

/// Asks for a word, with what is taken where the answer is empty; `None` where nobody can be asked.
type Inquire<'a> = &'a mut dyn FnMut(&str, &str) -> Option<String>;

/// The answer that there are no cheap hours.
const NO_NIGHT: &str = "none";

/// Writes it.
///
/// # Errors
/// The file is there already, an option cannot be used, or what is asked for would not pass `check`.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let path = options.file.as_path();
    if !options.force && path.symlink_metadata().is_ok() {
        return failure(exists(path));
    }
    let from = settle(options, &mut inquire)?;
    let text = template(&from);
    passes(path, &text)?;
    write(path, &text, options.force)?;
    match session.format() {
        Format::Text => print(&next_steps(path, &from)),
        Format::Json => print_json(&json!({
            "version": 1,
            "file": path.display().to_string(),
            "site": from.site,
            "driver": from.driver.word(),
            "serial": from.serial,
            "timezone": from.zone.name(),
        })),
    }
    Ok(OK)
}

fn exists(path: &Path) -> String {
    format!("{}: is there already; --force writes over it", path.display())
}

/// What is told, asked, or usual.
fn settle(options: &Options, ask: Inquire<'_>) -> Result<Template, Failure> {
    let usual = Template::default();
    let driver = driver(options, ask)?;
    let serial = serial(options, driver, ask)?;
    let zone = zone(options, &usual, ask)?;
    let (currency, import, told) = tariff(options, &usual, ask)?;
    let capacity = match &options.capacity {
        Some(text) => policy::parse_energy(text).map_err(|why| Failure(format!("--capacity {text}: {why}")))?,
        None => usual.capacity,
    };
    let power = match &options.power {
        Some(text) => policy::parse_power(text).map_err(|why| Failure(format!("--power {text}: {why}")))?,
        None => usual.power,
    };
    // The usual price of export goes with the usual prices of import alone.
    let export = usual.export.filter(|_| !told);
    let site = site(&options.file).unwrap_or(usual.site);
    Ok(Template { site, driver, serial, zone, capacity, power, currency, import, export })
}

/// The site is called like the file.
fn site(path: &Path) -> Option<String> {
    let stem = path.file_stem()?.to_string_lossy().trim().to_owned();
    let plain = stem.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '-' | '_' | ' '));
    (plain && !stem.is_empty() && stem.chars().count() <= 40).then_some(stem)
}

fn driver(options: &Options, ask: Inquire<'_>) -> Result<Driver, Failure> {
    let word = match &options.driver {
        Some(word) => word.clone(),
        None => ask("driver: alphaess, atess, or simulated to try without a device", Driver::Simulated.word())
            .unwrap_or_else(|| Driver::Simulated.word().to_owned()),
    };
    drivers::named(&word)
}

fn serial(options: &Options, driver: Driver, ask: Inquire<'_>) -> Result<Option<String>, Failure> {
    if options.serial.is_some() || driver == Driver::Simulated {
        return Ok(options.serial.clone());
    }
    match ask("serial number of the system, as on its label", "").filter(|serial| !serial.is_empty()) {
        Some(serial) => Ok(Some(serial)),
        None if driver == Driver::Atess => failure(
            "which system? Give its serial number with --serial; it stands on the system and in the vendor's app",
        ),
        None => failure(format!(
            "which system? Give its serial number with --serial; `offpeak devices --driver {}` lists those of your account",
            driver.word()
        )),
    }
}

fn zone(options: &Options, usual: &Template, ask: Inquire<'_>) -> Result<Zone, Failure> {
    let name = match &options.timezone {
        Some(name) => name.clone(),
        None => match ask("time zone of the site", usual.zone.name()) {
            Some(name) => name,
            None => return Ok(usual.zone.clone()),
        },
    };
    Zone::named(&name).ok_or_else(|| {
        let near = nearest(&name, Zone::names()).map_or(String::new(), |near| format!("; did you mean {near}?"));
        Failure(format!("--timezone {name}: no such time zone: expected a name such as Europe/London{near}"))
    })
}

/// The currency, what import costs, and whether the owner told any of it.
fn tariff(options: &Options, usual: &Template, ask: Inquire<'_>) -> Result<(String, ImportKind, bool), Failure> {
    let currency = options.currency.clone();
    let flags = [&options.currency, &options.night, &options.night_price, &options.day_price];
    let told = flags.iter().any(|flag| flag.is_some());
    let night = match (&options.night, told) {
        (Some(night), _) => night.clone(),
        (None, true) if options.night_price.is_none() && options.day_price.is_some() => NO_NIGHT.to_owned(),
        (None, true) => "23:30-05:30".to_owned(),
        (None, false) => match ask("cheap hours each night, or none", "23:30-05:30") {
            Some(night) => night,
            None => return Ok((usual.currency.clone(), usual.import.clone(), false)),
        },
    };
    let currency = currency
        .or_else(|| if told { None } else { ask("currency of your tariff", &usual.currency) })
        .unwrap_or_else(|| usual.currency.clone());
    let import = if night == NO_NIGHT {
        ImportKind::Flat(price("--day-price", options.day_price.as_ref(), "price of a kWh", "0.27", ask)?)
    } else {
        ImportKind::Night {
            window: policy::parse_window(&night).map_err(|why| Failure(format!("--night {night}: {why}")))?,
            night: price("--night-price", options.night_price.as_ref(), "price of a kWh in them", "0.07", ask)?,
            day: price("--day-price", options.day_price.as_ref(), "price of a kWh otherwise", "0.27", ask)?,
        }
    };
    Ok((currency, import, true))
}

fn price(flag: &str, told: Option<&String>, question: &str, usual: &str, ask: Inquire<'_>) -> Result<Price, Failure> {
    let text = told.cloned().or_else(|| ask(question, usual)).unwrap_or_else(|| usual.to_owned());
    policy::parse_price(&text).map_err(|why| Failure(format!("{flag} {text}: {why}")))
}

/// Refuses what `check` would.
fn passes(path: &Path, text: &str) -> Result<(), Failure> {
    let loaded = policy::load(&path.display().to_string(), text);
    match loaded.diagnostics.iter().find(|found| found.severity == Severity::Error) {
        None => Ok(()),
        Some(found) => {
            let help = found.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
            failure(format!("nothing was written: {}{help}", found.message))
        }
    }
}

fn write(path: &Path, text: &str, force: bool) -> Result<(), Failure> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AlreadyExists => Failure(exists(path)),
        _ => Failure(format!("{}: {error}", path.display())),
    };
    if !force {
        let mut file = OpenOptions::new().write(true).create_new(true).open(path).map_err(failed)?;
        return file.write_all(text.as_bytes()).map_err(failed);
    }
    let beside = path.with_extension("new");
    std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, path)).map_err(failed)
}

fn next_steps(path: &Path, from: &Template) -> String {
    let file = path.display();
    let prices = match &from.import {
        ImportKind::Flat(price) => format!("{} at all times", trimmed(price.amount(), 5)),
        ImportKind::Night { window, night, day } => {
            format!("{} from {window}, else {}", trimmed(night.amount(), 5), trimmed(day.amount(), 5))
        }
    };
    let credentials = match from.driver {
        Driver::Simulated | Driver::Atess => "",
        Driver::AlphaEss => "  offpeak devices            are the credentials right, and the serial number?\n",
    };
    format!(
        "wrote {file}: {driver}, {zone}, {prices} {currency}/kWh. Put your own figures in, then:\n\
         {credentials}  \
           offpeak check {file}    any mistakes?\n  \
           offpeak plan {file}     what would be written, and why; sends nothing\n  \
           offpeak apply {file}    write it, once you agree\n  \
           offpeak run {file}      keep doing so",
        driver = from.driver.name(),
        zone = from.zone.name(),
        currency = from.currency,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            file: "home.yaml".into(),
            driver: None,
            serial: None,
            timezone: None,
            night: None,
            currency: None,
            night_price: None,
            day_price: None,
            capacity: None,
            power: None,
            force: false,
        }
    }

    fn some(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn written(options: &Options, answers: &[&str]) -> Result<String, String> {
        let mut answers = answers.iter();
        let mut asked = |_: &str, usual: &str| {
            answers.next().map(|answer| if answer.is_empty() { usual.to_owned() } else { (*answer).to_owned() })
        };
        let from = settle(options, &mut asked).map_err(|Failure(why)| why)?;
        assert!(answers.next().is_none(), "asked for too little");
        let text = template(&from);
        passes(&options.file, &text).map_err(|Failure(why)| why)?;
        let diagnostics = policy::load("home.yaml", &text).diagnostics;
        assert!(diagnostics.is_empty(), "{diagnostics:?}\n{text}");
        Ok(text)
    }

    #[test]
    fn without_a_terminal_and_options_a_simulated_house_is_written() {
        let text = written(&options(), &[]).expect("a policy");
        assert!(text.contains("driver: simulated") && text.contains("site: home"), "{text}");
    }

    #[test]
    fn every_answer_finds_its_place() {
        let text = written(&options(), &["alphaess", "ALB1", "Europe/Berlin", "01:00-05:00", "EUR", "0.18", "0.35"]);
        let text = text.expect("a policy");
        for part in ["driver: alphaess", "serial: ALB1", "Europe/Berlin", "01:00-05:00", "EUR", "0.18", "0.35"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains("export"), "nobody told what export earns");
        let text = written(&options(), &["", "", "none", "", "0.3"]).expect("a policy");
        assert!(text.contains("import: { price: 0.3 }"), "{text}");
    }

    #[test]
    fn an_atess_begins_with_nothing_mapped() {
        let from = Options { driver: some("atess"), serial: some("HPS1"), ..options() };
        let from = settle(&from, &mut |_: &str, _: &str| None).unwrap_or_else(|Failure(why)| panic!("{why}"));
        let loaded = policy::load("home.yaml", &template(&from));
        let codes: Vec<&str> = loaded.diagnostics.iter().map(|diagnostic| diagnostic.code.0).collect();
        assert_eq!(codes, ["read-only", "no-readings"]);
        assert!(loaded.policy.is_some());
    }

    #[test]
    fn every_option_finds_its_place_and_a_wrong_one_is_named() {
        let all = Options {
            driver: some("alphaess"),
            serial: some("ALB2"),
            timezone: some("Australia/Sydney"),
            night: some("00:00-06:00"),
            currency: some("AUD"),
            night_price: some("0.08"),
            day_price: some("0.4"),
            capacity: some("5.7 kWh"),
            power: some("3 kW"),
            ..options()
        };
        let text = written(&all, &[]).expect("a policy");
        for part in ["ALB2", "Australia/Sydney", "00:00-06:00", "AUD", "0.08", "0.4", "5.7 kWh", "3 kW"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let fails = |options: Options, expect: &str| {
            let why = written(&options, &[]).expect_err("no policy");
            assert!(why.contains(expect), "{why}");
        };
        fails(Options { driver: some("alphaes"), ..options() }, "did you mean alphaess?");
        fails(Options { driver: some("atess"), ..options() }, "in the vendor's app");
        fails(Options { driver: some("alphaess"), ..options() }, "--serial");
        fails(Options { driver: some("alphaess"), serial: some("A B"), ..options() }, "not a serial number");
        fails(Options { timezone: some("Europe/Londn"), ..options() }, "did you mean Europe/London?");
        fails(Options { night: some("23:30"), ..options() }, "--night 23:30");
        fails(Options { currency: some("pounds"), ..options() }, "nothing was written");
        fails(Options { day_price: some("cheap"), ..options() }, "--day-price cheap");
        fails(Options { capacity: some("10 kW"), ..options() }, "--capacity 10 kW");
        fails(Options { power: some("3"), ..options() }, "--power 3");
    }
}
