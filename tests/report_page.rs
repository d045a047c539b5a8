//! The page of a backtest in a real browser: headless Chromium, as Debian packages it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::process::Command;

use offpeak::report::page::{Act, Day, Kind, Scene, Slot, Totals, Way, page};

/// Where the browser may be.
const BROWSERS: [&str; 3] = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// What the browser makes of a page, and what it complained of; `None` with a plain message where there is no browser.
fn opened(page: &str, hash: &str) -> Option<(String, String)> {
    let Some(browser) = BROWSERS.into_iter().find(|browser| Path::new(browser).exists()) else {
        println!("skipped: no Chromium on this machine (apt-get install chromium)");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("report.html");
    std::fs::write(&file, page).unwrap();
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
        .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
        .args(["--enable-logging=stderr", "--v=0", "--virtual-time-budget=3000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("browser").display()))
        .arg(format!("file://{}{hash}", file.display()))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let complaints = String::from_utf8_lossy(&output.stderr);
    let complaints =
        complaints.lines().filter(|line| line.contains("CONSOLE")).map(|line| format!("{line}\n")).collect();
    Some((String::from_utf8_lossy(&output.stdout).into_owned(), complaints))
}

/// A night tariff over these days, each of so many hours.
fn scene(days: &[(&str, u16)]) -> Scene {
    let slot = |hour: u16| {
        let night = hour < 6;
        Slot {
            since: hour * 60,
            clock: hour % 24 * 60,
            minutes: 60,
            import: if night { 0.07 } else { 0.27 },
            export: 0.05,
            load: 500.0,
            solar: if (10..14).contains(&hour) { 2900.0 } else { 0.0 },
            battery: if night { -1500.0 } else { 300.0 },
            grid: if night { 2000.0 } else { 200.0 },
            soc: if night { 30.0 + 10.0 * f64::from(hour) } else { 90.0 - 3.0 * f64::from(hour) },
            best: Some(50.0 + f64::from(hour)),
            act: usize::from(!night),
        }
    };
    let day = |(date, hours): &(&str, u16)| Day { date: date.parse().unwrap(), slots: (0..*hours).map(slot).collect() };
    let way = |code: &str, name: &str, cost: f64| Way {
        code: code.to_owned(),
        name: name.to_owned(),
        cost,
        months: vec![cost],
        import: 20.0,
        export: 1.5,
        cycles: 0.8,
    };
    let act = |kind, words: &str, rule: &str| Act { kind, words: words.to_owned(), rule: rule.to_owned() };
    Scene {
        title: "home & <garden>".to_owned(),
        subtitle: "three days".to_owned(),
        notes: Vec::new(),
        currency: "GBP".to_owned(),
        ways: vec![way("none", "no battery", 4.5), way("policy", "the policy", -0.25)],
        months: vec![(2026, 10)],
        totals: Totals::default(),
        acts: vec![
            act(Kind::Charge, "charge to 90 %, then hold", "Top up <b>now</b> \"quick\""),
            act(Kind::SelfConsume, "self-consume", "no rule matched"),
        ],
        days: days.iter().map(day).collect(),
    }
}

#[test]
fn a_browser_draws_the_day_that_is_asked_for_and_has_nothing_to_complain_of() {
    let page = page(&scene(&[("2026-10-24", 24), ("2026-10-25", 25), ("2026-10-27", 23)]));
    let check = |hash: &str, shown: &str, title: &str, hours: &str| {
        let Some((dom, complaints)) = opened(&page, hash) else { return };
        assert_eq!(complaints, "");
        assert!(dom.contains(&format!("data-shown=\"{shown}\"")), "{hash}");
        assert!(dom.contains(&format!("<h3 id=\"shown\">{title}</h3>")), "{hash}");
        assert!(dom.contains(&format!("{hours} h known")), "{hash}");
        assert_eq!(dom.matches("class=\"line soc\"").count(), 1, "{hash}");
        assert!(dom.contains("Top up &lt;b&gt;now&lt;/b&gt;"), "a rule's name is text");
        assert!(!dom.contains("NaN") && !dom.contains("undefined"), "{hash}");
    };
    check("", "2026-10-25", "Sunday 25 October 2026", "25");
    check("#2026-10-24", "2026-10-24", "Saturday 24 October 2026", "24");
    // Nothing is known of the 26th: the day before it is shown.
    check("#2026-10-26", "2026-10-25", "Sunday 25 October 2026", "25");
    check("#2027-01-01", "2026-10-27", "Tuesday 27 October 2026", "23");
}

#[test]
fn a_page_without_a_day_is_a_page() {
    let Some((dom, complaints)) = opened(&page(&scene(&[])), "") else { return };
    assert_eq!(complaints, "");
    assert!(dom.contains("no battery"));
}
