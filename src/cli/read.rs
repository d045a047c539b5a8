//! `read`: one set of fresh readings with their ages, and the schedule on the device.

use std::time::Duration;

use serde_json::json;

use super::args::{Format, OnePolicy as Options};
use super::output::{OK, Outcome, print, print_json};
use super::session::Session;
use super::terminal;
use crate::device::Schedule;
use crate::plan::Inputs;
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
    let inputs = session.runtime()?.block_on(async {
        let (mut site, world) = session.reading_site(&loaded).await?;
        let inputs = site.survey(HORIZON).await?;
        site.remember_driver()?;
        if let Some(world) = world {
            world.save()?;
        }
        Ok::<_, super::output::Failure>(inputs)
    })?;
    let policy = &loaded.policy;
    let max_age = policy.limits.reading_max_age;
    match session.format() {
        Format::Text => print(&text(policy, &inputs)),
        Format::Json => print_json(&json!({
            "version": 1,
            "site": policy.site,
            "device": { "name": policy.device.driver().name(), "serial": policy.device.serial },
            "now": rfc3339(inputs.now),
            "readings": report::readings_json(&inputs.readings, inputs.now, max_age),
            "schedule": inputs.present.as_ref().map(listing::schedule_json),
        })),
    }
    Ok(OK)
}

fn text(policy: &Policy, inputs: &Inputs) -> String {
    let style = terminal::style();
    let (device, now) = (&policy.device, inputs.now);
    let title =
        format!("{} · {} {} · {}", policy.site, device.driver().name(), device.serial, moment::full(now, &policy.zone));
    let readings = report::readings_text(&inputs.readings, &policy.zone, now, policy.limits.reading_max_age, style);
    let schedule = inputs.present.map(|schedule| listing::facts("schedule", &facts(&schedule), style));
    format!("{title}\n\n{readings}\n{}", schedule.unwrap_or_default())
}

fn facts(schedule: &Schedule) -> Vec<(&'static str, Role, String)> {
    let settings =
        schedule.contents().into_iter().map(|settings| (settings.object().word(), Role::Text, settings.to_string()));
    let oddity = schedule.oddity().map(|oddity| ("odd", Role::Warn, report::words::oddity(oddity)));
    settings.into_iter().chain(oddity).collect()
}
