//! A policy to start from.

use super::fmt;
use super::model::Driver;
use super::sentence::{Measure, written};
use crate::time::{ClockTime, DailyWindow, Zone};
use crate::units::{Energy, Power, Price};

/// What has to be known to write a first policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    /// The site's name.
    pub site: String,
    /// Whose device.
    pub driver: Driver,
    /// Its serial number; not needed for the simulated device.
    pub serial: Option<String>,
    /// The zone of the site.
    pub zone: Zone,
    /// Usable energy of the battery.
    pub capacity: Energy,
    /// Power of the battery in either direction.
    pub power: Power,
    /// An ISO 4217 code.
    pub currency: String,
    /// What import costs.
    pub import: ImportKind,
    /// What export earns, if anything.
    pub export: Option<Price>,
}

/// A kind of tariff to start from.
#[derive(Clone, Debug, PartialEq)]
pub enum ImportKind {
    /// One price at all times.
    Flat(Price),
    /// A cheap window each night.
    Night {
        /// When the cheap price holds.
        window: DailyWindow,
        /// The cheap price.
        night: Price,
        /// The price for the rest of the time.
        day: Price,
    },
}

impl Default for Template {
    /// A simulated house in London with a cheap night.
    fn default() -> Template {
        Template {
            site: "home".to_owned(),
            driver: Driver::Simulated,
            serial: None,
            zone: Zone::named("Europe/London").unwrap_or_else(Zone::utc),
            capacity: Energy::from_watt_hours(10_100.0).unwrap_or_default(),
            power: Power::from_watts(5_000.0).unwrap_or_default(),
            currency: "GBP".to_owned(),
            import: night_tariff(),
            export: Price::per_kwh(0.15),
        }
    }
}

/// 0.07 from 23:30 to 05:30, and 0.27 for the rest of the time.
fn night_tariff() -> ImportKind {
    let price = |amount| Price::per_kwh(amount).unwrap_or_default();
    let time = |hour, minute| ClockTime::new(hour, minute);
    let window = time(23, 30).zip(time(5, 30)).and_then(|(start, end)| DailyWindow::new(start, end, None));
    match window {
        Some(window) => ImportKind::Night { window, night: price(0.07), day: price(0.27) },
        None => ImportKind::Flat(price(0.27)),
    }
}

/// A commented policy that passes `check`, to be made one's own.
#[must_use]
pub fn template(from: &Template) -> String {
    let text = format!("{}\n{}\n{}\n{}\n{}", head(from), device(from), battery(from), tariff(from), rules(from));
    fmt::canonical("the template", &text).unwrap_or(text)
}

fn head(from: &Template) -> String {
    format!(
        "# What the battery of this site is to do, and when. `offpeak check` reads this file, `offpeak plan` shows what it\n\
         # would write to the device, `offpeak apply` writes it, `offpeak run` keeps doing so.\n\
         offpeak: 1                        # version of this language\n\
         site: {}\n\
         timezone: {}\n",
        text(&from.site),
        from.zone.name()
    )
}

fn device(from: &Template) -> String {
    let serial = from.serial.as_ref().map(|serial| format!("  serial: {}\n", text(serial))).unwrap_or_default();
    let credentials = match from.driver {
        Driver::AlphaEss => {
            "  # Credentials never stand here: set OFFPEAK_ALPHAESS_APP_ID and OFFPEAK_ALPHAESS_APP_SECRET, or write them into\n  \
             # credentials.yaml of mode 0600 in the configuration folder.\n"
        }
        Driver::Atess => {
            "  model: string                   # string | central\n  \
             # Credentials never stand here: set OFFPEAK_ATESS_TOKEN, or write it into credentials.yaml of mode 0600 in the\n  \
             # configuration folder. The vendor documents neither signs nor units: `offpeak calibrate` proposes `readings:`.\n"
        }
        Driver::Simulated => "",
    };
    format!("device:\n  driver: {}\n{serial}{credentials}", from.driver.word())
}

fn battery(from: &Template) -> String {
    let power = written(from.power.watts(), Measure::Power);
    format!(
        "battery:\n  \
           capacity: {}              # usable, as the data sheet says\n  \
           charge power: {power}\n  \
           discharge power: {power}\n  \
           round trip efficiency: 90%\n  \
           reserve: 10%                    # never below, whatever a rule says\n",
        written(from.capacity.watt_hours(), Measure::Energy)
    )
}

fn tariff(from: &Template) -> String {
    let price = |price: Price| written(price.amount(), Measure::Price);
    let import = match &from.import {
        ImportKind::Flat(amount) => format!("  import: {{ price: {} }}\n", price(*amount)),
        ImportKind::Night { window, night, day } => format!(
            "  import:\n    \
               night: {{ price: {}, time: {window} }}\n    \
               day: {{ price: {} }}          # the rest of the time\n",
            price(*night),
            price(*day)
        ),
    };
    let export = from.export.map(|amount| format!("  export: {{ price: {} }}\n", price(amount))).unwrap_or_default();
    format!("tariff:\n  currency: {}                   # prices are per kWh\n{import}{export}", from.currency)
}

fn rules(from: &Template) -> String {
    let heading = "# The first rule whose conditions all hold wins. Any key of `when` may be left out; all that stand must hold.\n";
    let rules = match from.import {
        ImportKind::Night { .. } => {
            "rules:\n  \
             - name: Top up at the night rate\n    \
               when: { tariff: night }\n    \
               then: charge to 90%           # reaches 90%, then holds there until the rule ends\n\n  \
             # - name: Do not feed the car from the house battery\n  \
             #   when: { ev: above 1 kW for 5 min }\n  \
             #   then: hold\n"
        }
        ImportKind::Flat(_) => {
            "rules:\n  \
             - name: Keep some for the evening\n    \
               when: { time: 12:00-16:00, soc: below 40% until 50% }\n    \
               then: hold                    # no discharge; the sun may charge\n"
        }
    };
    format!(
        "{heading}{rules}\notherwise: self-consume           # the device's own way: sun first, then the battery, then the grid\n"
    )
}

/// A text as a YAML value: plain where nothing about it is special, else in quotes.
fn text(value: &str) -> String {
    let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ' '));
    let safe = plain
        && value.starts_with(|c: char| c.is_ascii_alphanumeric())
        && !value.eq_ignore_ascii_case("null")
        && !value.ends_with(' ');
    if safe { value.to_owned() } else { serde_json::Value::from(value).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::render;
    use crate::policy::load;

    fn check(from: &Template) {
        let text = template(from);
        let loaded = load("home.yaml", &text);
        assert!(loaded.diagnostics.is_empty(), "{}", render(&loaded.diagnostics, "home.yaml", &text, false));
        let policy = loaded.policy.expect("a policy");
        assert_eq!(
            (&policy.site, policy.zone, policy.battery.capacity),
            (&from.site, from.zone.clone(), from.capacity)
        );
        assert_eq!(policy.battery.charge_power, from.power);
    }

    #[test]
    fn every_template_passes_without_a_word() {
        check(&Template::default());
        check(&Template { export: None, ..Template::default() });
        check(&Template { import: ImportKind::Flat(Price::per_kwh(0.3).expect("a price")), ..Template::default() });
        check(&Template {
            site: "Mum's: \"house\" # 2\u{e9}".to_owned(),
            driver: Driver::AlphaEss,
            serial: Some("ALB011020015002".to_owned()),
            zone: Zone::named("Australia/Sydney").expect("a zone"),
            capacity: Energy::from_watt_hours(5_700.0).expect("an energy"),
            power: Power::from_watts(2_999.5).expect("a power"),
            currency: "AUD".to_owned(),
            ..Template::default()
        });
    }

    #[test]
    fn the_template_reads_like_a_sentence() {
        insta::assert_snapshot!(template(&Template::default()));
    }
}
