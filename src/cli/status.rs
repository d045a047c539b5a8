//! `status`: what holds now, and when the last verified cycle was.

use std::time::Duration;

use serde_json::{Value, json};

use super::args::Site as Options;
use super::form::Format;
use super::output::{Failure, OK, Outcome, print, print_json};
use super::past::{self, Known, Past};
use super::session::Session;
use super::terminal;
use crate::clock::{Clock, SystemClock};
use crate::device::{Object, Settings, Store};
use crate::engine::Source;
use crate::journal::{AlarmRecord, DriftRecord, Loss, OverrideRecord, ScheduleRecord, StateLock, TickRecord};
use crate::report::listing;
use crate::report::moment::{self, rfc3339};
use crate::report::style::Role;
use crate::report::words;
use crate::runner::SERVICE;
use crate::time::{Instant, Zone, elapsed, spoken};

/// A service verifies one cycle each minute, so that something is wrong once the last one is older than this.
const OVERDUE: Duration = Duration::from_secs(5 * 60);

/// Everything that is told of one site.
struct Status {
    known: Known,
    now: Instant,
    tick: Option<TickRecord>,
    verified: Option<Instant>,
    objects: Vec<ObjectStatus>,
    manual: Option<OverrideRecord>,
    alarms: Vec<AlarmRecord>,
    unfinished: bool,
}

/// What is told of one object of the store.
struct ObjectStatus {
    object: Object,
    proven: Option<ScheduleRecord>,
    used: u32,
    drift: Option<DriftRecord>,
}

/// What is told of the state folder.
struct Folder {
    path: String,
    holder: Option<String>,
    loss: Option<Loss>,
    /// What is wrong with no site of its own, such as a policy that is left out.
    alarms: Vec<AlarmRecord>,
}

/// Shows it.
///
/// # Errors
/// The journal cannot be read, or does not know the site.
pub fn run(options: &Options, session: &Session<'_>) -> Outcome {
    let opened = Past::open(session)?;
    let path = session.state()?;
    let Some(past) = opened else {
        let folder = Folder {
            path: path.display().to_string(),
            holder: StateLock::holder(&path)?,
            loss: None,
            alarms: Vec::new(),
        };
        match session.format() {
            Format::Text => print(&past::nothing_yet(&path)),
            Format::Json => print_json(&as_json(&folder, &[])),
        }
        return Ok(OK);
    };
    let sites = past.sites(options.site.as_deref())?;
    let sites = sites.into_iter().map(|known| status(&past, session, known)).collect::<Result<Vec<_>, _>>()?;
    let loss = past.journal.loss(SystemClock::default().now())?;
    let alarms = past.journal.alarms(SERVICE)?;
    let folder = Folder { path: path.display().to_string(), holder: StateLock::holder(&path)?, loss, alarms };
    match session.format() {
        Format::Text if sites.is_empty() => print(&past::nothing_yet(&path)),
        Format::Text if sites.len() > 1 => print(&table(&sites, &folder)),
        Format::Text => print(&sites.iter().map(|site| text(site, &folder)).collect::<String>()),
        Format::Json => print_json(&as_json(&folder, &sites)),
    }
    Ok(OK)
}

fn status(past: &Past, session: &Session<'_>, known: Known) -> Result<Status, Failure> {
    let now = past.now(session, &known)?;
    let (journal, site, zone) = (&past.journal, known.site.as_str(), known.zone());
    let objects = written(past, site)?;
    let objects = objects.iter().map(|object| of_object(past, site, *object, &zone, now));
    Ok(Status {
        now,
        tick: journal.decision_at(site, now)?,
        verified: journal.verified_cycle(site)?,
        objects: objects.collect::<Result<_, _>>()?,
        manual: journal.active_override(site, now)?,
        alarms: journal.alarms(site)?,
        unfinished: journal.unfinished(site)?.is_some(),
        known,
    })
}

/// The objects of the store that a site is written by; those of the two-window store as long as nothing was written.
fn written(past: &Past, site: &str) -> Result<&'static [Object], Failure> {
    let windows = past.journal.proven(site, Object::Windows)?;
    Ok(match windows.map(|record| record.settings) {
        Some(Settings::Windows(list)) => list.store.objects(),
        _ => Store::TwoWindow.objects(),
    })
}

fn of_object(past: &Past, site: &str, object: Object, zone: &Zone, now: Instant) -> Result<ObjectStatus, Failure> {
    let (from, until) = zone.day(zone.local(now).date);
    let drift = past.journal.drift(site, object)?;
    Ok(ObjectStatus {
        object,
        proven: past.journal.proven(site, object)?,
        used: past.journal.writes_used(site, object, from, until)?.count,
        drift: drift.filter(|drift| drift.acknowledged_at.is_none()),
    })
}

fn text(status: &Status, folder: &Folder) -> String {
    let zone = status.known.zone();
    let device = status
        .known
        .policy
        .as_ref()
        .map(|policy| format!(" · {} {}", policy.device.driver().name(), policy.device.serial));
    let title = format!("{}{} · {}", status.known.site, device.unwrap_or_default(), moment::full(status.now, &zone));
    let mut facts = vec![now(status, &zone), verified(status), service(folder)];
    facts.extend(manual(status, &zone));
    facts.extend(objects(status, &zone));
    facts.extend(trouble(status, &zone));
    facts.extend(policy(status));
    facts.extend(folder.alarms.iter().map(|alarm| told(alarm, status.now, &zone)));
    facts.extend(folder.loss.as_ref().map(|loss| lost(loss, status.now, &zone)));
    listing::facts(&title, &facts, terminal::style())
}

type Fact = (&'static str, Role, String);

fn now(status: &Status, zone: &Zone) -> Fact {
    let Some(tick) = &status.tick else {
        return ("now", Role::Faint, "nothing decided yet: no `offpeak run` has ticked here".to_owned());
    };
    let at = moment::short(tick.at, status.now, zone);
    ("now", Role::Command, format!("{} (decided {at})", decided(status)))
}

/// What was decided last, and who decided it.
fn decided(status: &Status) -> String {
    let Some(tick) = &status.tick else { return String::new() };
    let policy = status.known.policy.as_ref();
    let command = policy.map_or_else(
        || tick.decision.command.to_string(),
        |policy| words::command(tick.decision.command, policy.battery.reserve),
    );
    format!("{command}: {}", who(tick))
}

/// Who decided.
fn who(tick: &TickRecord) -> String {
    match (tick.decision.source, &tick.rule) {
        (Source::Rule(_), Some(name)) => name.clone(),
        (Source::Rule(position), None) => format!("rule {}", position.saturating_add(1)),
        (Source::Otherwise, _) => "no rule matched".to_owned(),
        (Source::Override, _) => "override".to_owned(),
    }
}

fn verified(status: &Status) -> Fact {
    let Some(at) = status.verified else {
        return ("verified", Role::Warn, "no cycle was verified yet".to_owned());
    };
    let age = elapsed(at, status.now);
    let words = format!("last verified cycle {}", ago(age));
    if age <= OVERDUE {
        return ("verified", Role::Good, words);
    }
    let loud = format!("{words}: OVERDUE, a service verifies one each minute; see `offpeak log`");
    ("verified", Role::Warn, loud)
}

/// `1 min ago`, `just now`.
fn ago(age: Duration) -> String {
    let seconds = age.as_secs();
    match seconds {
        0..60 => "just now".to_owned(),
        60..172_800 => format!("{} ago", spoken(Duration::from_secs(seconds / 60 * 60))),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

fn service(folder: &Folder) -> Fact {
    match &folder.holder {
        Some(holder) => ("service", Role::Good, holder.clone()),
        None => ("service", Role::Warn, "nobody holds the state folder: no service runs".to_owned()),
    }
}

fn manual(status: &Status, zone: &Zone) -> Option<Fact> {
    let manual = status.manual.as_ref()?;
    let until = moment::short(manual.until, status.now, zone);
    Some(("override", Role::Command, format!("{} until {until}; `offpeak resume` ends it", manual.action)))
}

fn objects(status: &Status, zone: &Zone) -> Vec<Fact> {
    let schedule = status.objects.iter().map(|one| match &one.proven {
        Some(proven) => {
            let at = moment::short(proven.at, status.now, zone);
            ("schedule", Role::Text, format!("{} (read {at})", proven.settings))
        }
        None => ("schedule", Role::Faint, format!("{}: nothing was proved yet", one.object.word())),
    });
    let limit = status.known.policy.as_ref().map(|policy| policy.limits.writes_per_day);
    let used = status.objects.iter().map(|one| match limit {
        Some(limit) => format!("{} {} of {limit}", one.object.word(), one.used),
        None => format!("{} {}", one.object.word(), one.used),
    });
    let writes = ("writes today", Role::Text, used.collect::<Vec<_>>().join(" · "));
    schedule.chain([writes]).collect()
}

fn trouble(status: &Status, zone: &Zone) -> Vec<Fact> {
    let short = |at: Instant| moment::short(at, status.now, zone);
    let mut facts = Vec::new();
    if status.unfinished {
        facts.push(("writes", Role::Warn, "a sequence of writes is not finished; the next tick goes on".to_owned()));
    }
    facts.extend(status.objects.iter().filter_map(|one| one.drift.as_ref()).map(|drift| {
        let then = "`offpeak resume` or `offpeak apply` takes it back";
        let text = format!("someone else, since {}: {} → {}; {then}", short(drift.since), drift.from, drift.to);
        ("drift", Role::Warn, text)
    }));
    facts.extend(status.alarms.iter().map(|alarm| told(alarm, status.now, zone)));
    facts
}

fn told(alarm: &AlarmRecord, now: Instant, zone: &Zone) -> Fact {
    ("alarms", Role::Warn, format!("since {}: {}", moment::short(alarm.since, now, zone), alarm.text))
}

fn policy(status: &Status) -> Option<Fact> {
    let revision = status.tick.as_ref().map(|tick| tick.revision.as_str());
    match (&status.known.policy, revision) {
        (Some(policy), _) => {
            Some(("policy", Role::Text, format!("{}, revision {}", policy.file, past::short(&policy.revision))))
        }
        (None, Some(revision)) => {
            Some(("policy", Role::Warn, format!("revision {}, whose text is not known", past::short(revision))))
        }
        (None, None) => None,
    }
}

/// A loss holds back grants until the local midnight after it was noticed.
fn lost(loss: &Loss, now: Instant, zone: &Zone) -> Fact {
    let at = moment::full(loss.noted_at, zone);
    let today = zone.local(loss.noted_at).date == zone.local(now).date;
    let then =
        if today { "; nothing is granted before midnight, since nobody knows what was written today" } else { "" };
    let role = if today { Role::Warn } else { Role::Faint };
    ("journal", role, format!("records were lost, noticed {at} ({}){then}", loss.reason))
}

/// The widest of each column of the table, in characters.
const COLUMNS: [usize; 7] = [24, 44, 6, 14, 22, 14, 24];

/// All sites, a line each, below what concerns them all.
fn table(sites: &[Status], folder: &Folder) -> String {
    let style = terminal::style();
    let (now, zone) = sites.first().map_or((Instant::default(), Zone::utc()), |site| (site.now, site.known.zone()));
    let mut facts = vec![service(folder)];
    facts.extend(folder.alarms.iter().map(|alarm| told(alarm, now, &zone)));
    facts.extend(folder.loss.as_ref().map(|loss| lost(loss, now, &zone)));
    let title = listing::facts(&format!("{} sites", sites.len()), &facts, style);
    let heads = ["site", "now", "soc", "schedule read", "verified", "writes today", "alarms"];
    let heads = heads.map(|head| (Role::Faint, head.to_owned())).to_vec();
    let rows: Vec<Vec<listing::Cell>> = [heads].into_iter().chain(sites.iter().map(row)).collect();
    let more = "`offpeak status --site NAME` tells more of one\n";
    format!("{title}\n{}\n{more}", listing::table(&rows, &COLUMNS, 1, style))
}

fn row(status: &Status) -> Vec<listing::Cell> {
    let zone = status.known.zone();
    let absent = || (Role::Faint, "–".to_owned());
    let tick = status.tick.as_ref();
    let soc = tick.and_then(|tick| tick.readings.soc).map(|soc| format!("{:.0} %", soc.value.percent()));
    let read = status.objects.iter().filter_map(|one| one.proven).map(|proven| proven.at).min();
    let age = status.verified.map(|at| elapsed(at, status.now));
    let limit = status.known.policy.as_ref().map(|policy| policy.limits.writes_per_day);
    let used: Vec<String> = status.objects.iter().map(|one| one.used.to_string()).collect();
    let limit = limit.map_or(String::new(), |limit| format!(" of {limit}"));
    vec![
        (Role::Text, status.known.site.clone()),
        tick.map_or_else(absent, |_| (Role::Command, decided(status))),
        soc.map_or_else(absent, |soc| (Role::Text, soc)),
        read.map_or_else(absent, |at| (Role::Text, moment::short(at, status.now, &zone))),
        age.map_or((Role::Warn, "never".to_owned()), |age| match age <= OVERDUE {
            true => (Role::Good, ago(age)),
            false => (Role::Warn, format!("OVERDUE {}", ago(age))),
        }),
        (Role::Text, format!("{}{limit}", used.join(" · "))),
        wrong(status).map_or_else(absent, |wrong| (Role::Warn, wrong)),
    ]
}

/// What is wrong with a site, in a word or two.
fn wrong(status: &Status) -> Option<String> {
    let drifts = status.objects.iter().filter(|one| one.drift.is_some()).count();
    let keys = status.alarms.iter().map(|alarm| alarm.key.as_str()).filter(|key| !key.starts_with("drift "));
    let words: Vec<&str> = keys.chain((drifts > 0).then_some("drift")).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn as_json(folder: &Folder, sites: &[Status]) -> Value {
    json!({
        "version": 1,
        "state": folder.path,
        "holder": folder.holder,
        "loss": folder.loss.as_ref().map(|loss| json!({ "reason": loss.reason, "noted_at": rfc3339(loss.noted_at) })),
        "alarms": folder.alarms.iter().map(alarm_json).collect::<Vec<_>>(),
        "sites": sites.iter().map(site_json).collect::<Vec<_>>(),
    })
}

fn site_json(status: &Status) -> Value {
    let policy = status.known.policy.as_ref();
    let limit = policy.map(|policy| policy.limits.writes_per_day);
    json!({
        "site": status.known.site,
        "now": rfc3339(status.now),
        "policy": policy.map(|policy| json!({ "file": policy.file, "revision": policy.revision })),
        "tick": status.tick.as_ref().map(tick_json),
        "verified": status.verified.map(|at| {
            let age = elapsed(at, status.now);
            json!({ "at": rfc3339(at), "age_seconds": age.as_secs(), "overdue": age > OVERDUE })
        }),
        "override": status.manual.as_ref().map(|manual| json!({
            "action": manual.action, "at": rfc3339(manual.at), "until": rfc3339(manual.until),
        })),
        "objects": status.objects.iter().map(|one| (one.object.word().to_owned(), object_json(one, limit))).collect::<serde_json::Map<_, _>>(),
        "unfinished": status.unfinished,
        "alarms": status.alarms.iter().map(alarm_json).collect::<Vec<_>>(),
    })
}

fn alarm_json(alarm: &AlarmRecord) -> Value {
    json!({ "key": alarm.key, "since": rfc3339(alarm.since), "text": alarm.text })
}

fn tick_json(tick: &TickRecord) -> Value {
    json!({
        "at": rfc3339(tick.at),
        "revision": tick.revision,
        "source": words::source_code(tick.decision.source),
        "rule": tick.rule,
        "command": listing::command_json(tick.decision.command),
    })
}

fn object_json(one: &ObjectStatus, limit: Option<u32>) -> Value {
    json!({
        "proven": one.proven.map(|proven| json!({ "at": rfc3339(proven.at), "text": proven.settings.to_string() })),
        "used_today": one.used,
        "limit": limit,
        "drift": one.drift.as_ref().map(|drift| json!({
            "since": rfc3339(drift.since), "from": drift.from.to_string(), "to": drift.to.to_string(),
        })),
    })
}
