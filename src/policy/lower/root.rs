//! The whole file.

use super::{Context, quoted};
use crate::policy::model::{Action, Limits, Policy};
use crate::policy::yaml::{Node, Value};
use crate::policy::{keys, review, sentence};
use crate::time::Zone;

/// The model of a policy file. `None` if anything in it is wrong; why is in the context.
pub(in crate::policy) fn policy(cx: &mut Context<'_>, root: &Node, file: &str, revision: String) -> Option<Policy> {
    let first = match &root.value {
        Value::Map(entries) => entries.first().map(|(key, _)| key.bytes.clone()),
        Value::Scalar(_) | Value::List(_) => None,
    };
    let owner = first.unwrap_or(0..0);
    let fields = cx.keyed(root, "the policy", &owner, &keys::POLICY)?;
    let version_node = cx.needed(&fields, "offpeak");
    version(cx, version_node);
    let site = cx.needed(&fields, "site").and_then(|node| name(cx, node));
    let zone = cx.needed(&fields, "timezone").and_then(|node| timezone(cx, node));
    let device = cx.needed(&fields, "device");
    let device = device.and_then(|node| cx.device(node, &key_bytes(&fields, "device")));
    let battery = cx.needed(&fields, "battery");
    let battery = battery.and_then(|node| cx.battery(node, &key_bytes(&fields, "battery")));
    if let Some(node) = fields.get("calendars") {
        cx.read_calendars(node);
    }
    let tariff = cx.needed(&fields, "tariff");
    let tariff = tariff.and_then(|node| cx.tariff(node, &key_bytes(&fields, "tariff"), zone.as_ref()));
    let rules = fields.get("rules").map(|node| cx.rules(node)).unwrap_or_default();
    let otherwise = fields.get("otherwise").map(|node| cx.action(node, "otherwise"));
    let limits = match fields.get("limits") {
        Some(node) => cx.limits(node, &key_bytes(&fields, "limits")),
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

fn key_bytes(fields: &super::fields::Fields<'_>, key: &str) -> std::ops::Range<usize> {
    fields.entry(key).map(|(key, _)| key.bytes.clone()).unwrap_or_default()
}

fn version(cx: &mut Context<'_>, node: Option<&Node>) {
    let Some(node) = node else { return };
    let Some(scalar) = cx.scalar(node, "offpeak") else { return };
    if scalar.text != "1" {
        let message = format!("this program reads version 1 of the policy language, not {}", quoted(&scalar.text));
        cx.error_help("version", &node.bytes, message, "expected 1", "write `offpeak: 1`");
    }
}

fn name(cx: &mut Context<'_>, node: &Node) -> Option<String> {
    let name = cx.scalar(node, "site")?.text.trim().to_owned();
    if name.chars().count() <= 80 && !name.chars().any(char::is_control) {
        return Some(name);
    }
    cx.error(
        "bad-name",
        &node.bytes,
        "this is too long for the name of a site",
        "expected one line of at most 80 characters",
    );
    None
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
