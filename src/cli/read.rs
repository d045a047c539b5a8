//! `read`: one set of fresh readings with their ages, and the schedule on the device.

use std::time::Duration;

use serde_json::json;

use super::args::OnePolicy as Options;
use super::form::Format;
use super::output::{OK, Outcome, print, print_json};
use super::session::Session;
use super::terminal;
use crate::device::window_list::Windows;
use crate::device::{Flag, ListWindow, Schedule, WindowList};
use crate::plan::{Inputs, Obstacle};
use crate::policy::Policy;
use crate::report::moment::{self, rfc3339};
use crate::report::style::Role;
use crate::report::{self, listing};

/// Nothing is planned, so nothing need be looked at ahead.
const HORIZON: Duration = Duration::from_secs(3600);

/// Reads and shows.
///
/// # Errors
/// The policy or the device cannot be used.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let loaded = session.policy(&options.policy)?;
    let (inputs, remark) = session.runtime()?.block_on(async {
        let (mut site, world) = session.reading_site(&loaded).await?;
        let inputs = site.survey(HORIZON).await?;
        site.remember_driver()?;
        if let Some(world) = world {
            world.save()?;
        }
        Ok::<_, super::output::Failure>((inputs, site.remark()))
    })?;
    let policy = &loaded.policy;
    let max_age = policy.limits.reading_max_age;
    match session.format() {
        Format::Text => print(&text(policy, &inputs, remark)),
        Format::Json => print_json(&json!({
            "version": 1,
            "site": policy.site,
            "device": { "name": policy.device.driver().name(), "serial": policy.device.serial },
            "now": rfc3339(inputs.now),
            "readings": report::readings_json(&inputs.readings, inputs.now, max_age),
            "remark": remark,
            "schedule": inputs.present.as_ref().map(listing::schedule_json),
        })),
    }
    Ok(OK)
}

fn text(policy: &Policy, inputs: &Inputs, remark: Option<String>) -> String {
    let style = terminal::style();
    let (device, now) = (&policy.device, inputs.now);
    let title =
        format!("{} · {} {} · {}", policy.site, device.driver().name(), device.serial, moment::full(now, &policy.zone));
    let readings = report::readings_text(&inputs.readings, &policy.zone, now, policy.limits.reading_max_age, style);
    let remark = remark.map_or(String::new(), |remark| format!("{remark}\n\n"));
    let schedule = match (inputs.present, policy.device.capability().can_write()) {
        (Some(schedule), _) => facts(&schedule),
        (None, true) => Vec::new(),
        (None, false) => vec![("none", Role::Text, Obstacle::ReadOnly.to_string())],
    };
    let schedule = if schedule.is_empty() { String::new() } else { listing::facts("schedule", &schedule, style) };
    format!("{title}\n\n{readings}\n{remark}{schedule}")
}

fn facts(schedule: &Schedule) -> Vec<(&'static str, Role, String)> {
    let held = match schedule {
        Schedule::TwoWindow(held) => {
            held.contents().map(|settings| (settings.object().word(), Role::Text, settings.to_string())).to_vec()
        }
        Schedule::Windows(list) => listed(list),
    };
    let oddity = schedule.oddity().map(|oddity| ("odd", Role::Warn, report::words::oddity(oddity)));
    held.into_iter().chain(oddity).collect()
}

/// A list line by line: what is done, whether that is switched on, and when.
fn listed(list: &WindowList) -> Vec<(&'static str, Role, String)> {
    let part = |label: &'static str, flag: Flag, windows: &Windows, level: &str| {
        let switch = match flag {
            Flag::On => "switched on",
            Flag::Off => "switched off",
            Flag::Unread => "the vendor does not tell whether it is switched on",
        };
        let none = windows.is_empty().then(|| format!("no windows; {switch}"));
        let head = none.unwrap_or_else(|| format!("{switch}:"));
        let lines = windows.iter().map(move |window| shown(window, level));
        [head].into_iter().chain(lines).map(move |line| (label, Role::Text, line)).collect::<Vec<_>>()
    };
    let store = ("store", Role::Text, list.store.name().to_owned());
    let charge = part("charge", list.charge, &list.charge_windows, "to");
    let permit = part("discharge only", list.restricted, &list.permissions, "down to");
    [store].into_iter().chain(charge).chain(permit).collect()
}

/// `00:00–05:30 Mon,Tue to 90 % at 5000 W`.
fn shown(window: &ListWindow, level: &str) -> String {
    let bare = ListWindow { limit: None, power: None, ..*window };
    let limit = window.limit.map_or(String::new(), |limit| format!(" {level} {limit} %"));
    let power = window.power.map_or(String::new(), |power| format!(" at {power} W"));
    format!("{bare}{limit}{power}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::style::Style;
    use crate::vendor::alphaess::parse_device_file;

    #[test]
    fn a_list_is_shown_window_by_window() {
        let show = |switches: &str, permissions: &str| {
            let file = format!(
                r#"{{"getTimeChargeBySn": {{"executeCycleType": 1, {switches} "chargeTimeList": [
                {{"beginTime": "00:00", "endTime": "05:30", "weeks": [1, 6], "chargePower": 5000, "chargeLimit": 90}},
                {{"beginTime": "13:00", "endTime": "16:00", "weeks": [1, 2, 3, 4, 5, 6, 7], "chargePower": 800, "chargeLimit": 60}}],
                "dischargeTimeList": [{permissions}]}}}}"#
            );
            let schedule = parse_device_file(&file).expect("a schedule");
            listing::facts("schedule", &facts(&schedule), Style::Plain)
        };
        let evening = r#"{"beginTime": "17:00", "endTime": "00:00", "weeks": [1, 2, 3, 4, 5, 6, 7], "chargePower": 10000, "chargeLimit": 20}"#;
        insta::assert_snapshot!(show(r#""gridChargeCycle": true, "ctrDisCycle": true,"#, evening), @r"
        schedule
          store           periodic store
          charge          switched on:
                          00:00–05:30 Mon,Sat to 90 % at 5000 W
                          13:00–16:00 to 60 % at 800 W
          discharge only  switched on:
                          17:00–00:00 down to 20 % at 10000 W
        ");
        insta::assert_snapshot!(show("", ""), @r"
        schedule
          store           periodic store
          charge          the vendor does not tell whether it is switched on:
                          00:00–05:30 Mon,Sat to 90 % at 5000 W
                          13:00–16:00 to 60 % at 800 W
          discharge only  no windows; the vendor does not tell whether it is switched on
          odd             nobody knows whether the windows are in force: the vendor does not tell, and offpeak has not written
                          them yet
        ");
    }
}
