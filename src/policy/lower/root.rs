//! The whole file.

use super::include::Part;
use super::{Context, quoted};
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::model::{Action, Limits, Policy, Tariff};
use crate::policy::yaml::Node;
use crate::policy::{Shared, review, sentence};
use crate::time::Zone;

/// The longest name of a site, in characters.
const MAX_SITE: usize = 80;

/// The model of a policy and its files. `None` if anything in them is wrong; why is in the context.
pub(in crate::policy) fn policy(cx: &mut Context<'_>, file: &str, revision: String) -> Option<Policy> {
    let parts = cx.parts();
    let fields = parts.last().filter(|part| part.file == 0).map(|part| &part.fields)?;
    let site = cx.needed(fields, "site").and_then(|node| cx.line(node, "site", "a site", MAX_SITE));
    let zone = cx.needed(fields, "timezone").and_then(|node| timezone(cx, node));
    let device = cx.needed(fields, "device");
    let device = device.and_then(|node| cx.device(node, &key_bytes(fields, "device")));
    let battery = cx.needed(fields, "battery");
    let battery = battery.and_then(|node| cx.battery(node, &key_bytes(fields, "battery")));
    calendars(cx, &parts, zone.as_ref());
    let tariff = tariff(cx, &parts, zone.as_ref());
    let rules = fields.get("rules").map(|node| cx.rules(node)).unwrap_or_default();
    let otherwise = fields.get("otherwise").map(|node| cx.action(node, "otherwise"));
    let limits = match fields.get("limits") {
        Some(node) => cx.limits(node, &key_bytes(fields, "limits")),
        None => Some(Limits::default()),
    };
    let (action, otherwise_place) = otherwise.flatten().unzip();
    let (site, zone, device, battery, tariff, limits) = (site?, zone?, device?, battery?, tariff?, limits?);
    let policy = Policy {
        file: file.to_owned(),
        revision,
        site,
        zone,
        device,
        battery,
        tariff,
        calendars: cx.calendars(),
        rules,
        otherwise: action.unwrap_or(Action::SelfConsume { floor: None }),
        limits,
        observations: std::mem::take(&mut cx.observations),
    };
    review::review(cx, &policy, otherwise_place);
    (!cx.failed()).then_some(policy)
}

/// What a shared file holds, looked at by itself. What is wrong with it is in the context; what it takes from the policies that
/// include it is theirs to know.
pub(in crate::policy) fn shared(cx: &mut Context<'_>) -> Shared {
    cx.apart = true;
    let parts = cx.parts();
    calendars(cx, &parts, None);
    tariff(cx, &parts, None);
    let own = parts.last().filter(|part| part.file == 0).and_then(|part| part.fields.get("rules"));
    let rules = own.map(|node| cx.count_rules(node)).unwrap_or_default();
    let tariff = parts.iter().any(|part| part.fields.get("tariff").is_some());
    Shared { rules, calendars: cx.calendars().len(), tariff }
}

fn calendars(cx: &mut Context<'_>, parts: &[Part<'_>], zone: Option<&Zone>) {
    for part in parts {
        if let Some(node) = part.fields.get("calendars") {
            cx.within(part.file, |cx| cx.read_calendars(node, zone));
        }
    }
}

fn key_bytes(fields: &super::fields::Fields<'_>, key: &str) -> std::ops::Range<usize> {
    fields.entry(key).map(|(key, _)| key.bytes.clone()).unwrap_or_default()
}

/// The tariff of the one file that has one.
fn tariff(cx: &mut Context<'_>, parts: &[Part<'_>], zone: Option<&Zone>) -> Option<Tariff> {
    let mut with = parts.iter().filter(|part| part.fields.get("tariff").is_some());
    let Some(part) = with.next() else {
        if let Some(policy) = parts.last().filter(|_| !cx.incomplete && !cx.apart) {
            cx.needed(&policy.fields, "tariff");
        }
        return None;
    };
    let bytes = key_bytes(&part.fields, "tariff");
    let first = cx.within(part.file, |cx| cx.place(&bytes));
    let mut several = false;
    for again in with {
        several = true;
        let place = cx.within(again.file, |cx| cx.place(&key_bytes(&again.fields, "tariff")));
        let two = Diagnostic::error(Code("duplicate-key"), place, "a policy has one tariff", "a second one");
        let two = two.related(first.clone(), "the first one");
        cx.push(two.help("leave one of them out: only one could count"));
    }
    let node = part.fields.get("tariff")?;
    let tariff = cx.within(part.file, |cx| cx.tariff(node, &bytes, zone));
    // Nobody knows whose bands the rules mean.
    cx.bands_known &= !several;
    tariff
}

fn timezone(cx: &mut Context<'_>, node: &Node) -> Option<Zone> {
    let parse = |text: &str| {
        Zone::named(text).ok_or_else(|| {
            let help = sentence::near_zone(text).map(|zone| format!("did you mean `{zone}`?"));
            let message = format!("{} is not a time zone", quoted(text));
            let label = "expected a name of the tz database, such as `Europe/London`";
            let code = crate::diagnostic::Code("unknown-zone");
            sentence::Problem::new(code, 0..text.len(), message, label).maybe_help(help)
        })
    };
    cx.read(node, "timezone", parse)
}
