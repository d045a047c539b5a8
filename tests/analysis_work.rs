//! How far `check` goes: rules that one rule alone hides are found in a policy of any size, and no policy takes long.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::fmt::Write;

use fastrand::Rng;
use offpeak::diagnostic::{Severity, render};
use offpeak::policy::analysis::{Verdict, analyse};
use offpeak::policy::model::Policy;
use offpeak::policy::{Loaded, load};

/// How many rules a policy may have.
const RULES: usize = 200;

/// A policy with these conditions for its rules, which hold and let go in turn.
fn policy_of(conditions: &[String]) -> String {
    let mut text = String::from("offpeak: 1\nsite: home\ntimezone: Europe/London\ndevice: { driver: simulated }\n");
    text.push_str(
        "battery: { capacity: 10 kWh, charge power: 5 kW, discharge power: 5 kW, round trip efficiency: 90% }\n",
    );
    text.push_str(
        "tariff:\n  currency: GBP\n  import: { night: { price: 0.07, time: 23:30-05:30 }, day: { price: 0.27 } }\nrules:\n",
    );
    for (number, when) in conditions.iter().enumerate() {
        let then = if number % 2 == 0 { "hold" } else { "self-consume" };
        writeln!(text, "  - {{ name: r{number}, when: {when}, then: {then} }}").unwrap();
    }
    text
}

fn loaded(text: &str) -> (Policy, Loaded) {
    let mut loaded = load("home.yaml", text);
    let errors = loaded.diagnostics.iter().any(|found| found.severity == Severity::Error);
    assert!(!errors, "{}", render(&loaded.diagnostics, "home.yaml", text, false));
    (loaded.policy.take().unwrap(), loaded)
}

/// Some moments and readings, all of them wanted together.
fn plain(random: &mut Rng) -> String {
    let mut clock = || format!("{:02}:{:02}", random.u8(0..24), random.u8(0..4) * 15);
    let (start, end) = (clock(), clock());
    let end = if start == end { "24:00".to_owned() } else { end };
    let days = random.choice(["mon", "tue-fri", "not sat", "weekends"]).unwrap();
    format!(
        "{{ time: {start}-{end}, days: {days}, soc: below {}%, load: above {} W, solar: below {} W }}",
        random.u8(11..99),
        random.u32(1..9_999),
        random.u32(1..9_999)
    )
}

/// So many alternatives that each remember two things.
fn remembering(random: &mut Rng, alternatives: usize) -> String {
    let mut one = || {
        let low = random.u8(11..50);
        format!(
            "{{ soc: below {low}% until {}%, load: above {} W on average over {} min for {} min }}",
            random.u8(low + 1..99),
            random.u32(1..9_999),
            random.u32(60..900),
            random.u8(10..90)
        )
    };
    let alternatives: Vec<String> = (0..alternatives).map(|_| one()).collect();
    format!("{{ any: [{}] }}", alternatives.join(", "))
}

#[test]
fn a_rule_that_repeats_another_is_found_at_any_size() {
    let check = |title: &str, mut conditions: Vec<String>| {
        *conditions.last_mut().unwrap() = conditions[0].clone();
        let (policy, loaded) = loaded(&policy_of(&conditions));
        let verdicts = analyse(&policy);
        let last = verdicts.last().unwrap();
        assert!(matches!(last, Verdict::Hidden { by } if by.len() == 1), "{title}: {last:?}");
        let hidden = loaded.diagnostics.iter().filter(|found| found.code.0 == "hidden-rule");
        let last = format!("the rule `r{}` never wins", conditions.len() - 1);
        assert!(hidden.into_iter().any(|found| found.message == last), "{title}: it is not told");
    };
    let mut random = Rng::with_seed(1);
    check("plain rules", (0..RULES).map(|_| plain(&mut random)).collect());
    check("latches and means", (0..RULES).map(|_| remembering(&mut random, 8)).collect());
    check("as many conditions as there may be", (0..RULES).map(|_| remembering(&mut random, 12)).collect());
    check("rules of a thousand alternatives", (0..4).map(|_| remembering(&mut random, 600)).collect());
    let windows = |random: &mut Rng, windows: usize| {
        let mut window = || {
            let (hour, start) = (random.u8(0..24), random.u8(0..30));
            let zone = random.choice(["", " UTC", " Asia/Tokyo", " America/New_York", " Asia/Kathmandu"]).unwrap();
            format!("{hour:02}:{start:02}-{hour:02}:{:02}{zone}", start + random.u8(1..30))
        };
        let windows: Vec<String> = (0..windows).map(|_| window()).collect();
        format!("{{ time: [{}], soc: below {}% }}", windows.join(", "), random.u8(11..99))
    };
    check("windows on many clocks", (0..20).map(|_| windows(&mut random, 20)).collect());
}

#[test]
fn a_rule_that_asks_for_more_than_another_is_found_where_the_policy_is_too_large_to_be_laid_out() {
    // Nothing can be laid out: too many of these do not contradict each other.
    let intricate = |number: usize| {
        let pair =
            |one: usize| format!("any: [{{ load: above {one} W for 5 min }}, {{ ev: above {one} W for 7 min }}]");
        let parts: Vec<String> = (1..25).map(|one| format!("{{ {} }}", pair(one))).collect();
        format!("all: [{}], soc: below {number}%", parts.join(", "))
    };
    let conditions = [
        format!("{{ {} }}", intricate(50)),
        format!("{{ {}, days: mon }}", intricate(40)),
        format!("{{ {} }}", intricate(60)),
    ];
    let (policy, _) = loaded(&policy_of(&conditions));
    let verdicts = analyse(&policy);
    assert_eq!(verdicts[1], Verdict::Hidden { by: vec![0] });
    assert_eq!(verdicts[2], Verdict::Undecided, "it is not hidden, and too intricate to say more");
}

#[test]
fn all_rules_of_large_policies_are_decided() {
    let check = |title: &str, conditions: Vec<String>| {
        let (policy, _) = loaded(&policy_of(&conditions));
        let undecided = analyse(&policy).into_iter().filter(|verdict| *verdict == Verdict::Undecided).count();
        assert_eq!(undecided, 0, "{title}");
    };
    let mut random = Rng::with_seed(2);
    check("plain rules", (0..RULES).map(|_| plain(&mut random)).collect());
    check("latches and means", (0..RULES).map(|_| remembering(&mut random, 8)).collect());
}
