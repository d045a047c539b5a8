//! What is promised of reading.

use std::time::Duration;

use offpeak::clock::Clock;
use offpeak::device::{DeviceError, ReadDevice, WriteDevice};
use offpeak::snapshot::Signal;
use offpeak::time::Zone;

use super::{Bench, Breakage, Meets, Sent, assert_error, parts};

/// What can be read, each as a name and a way to do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Read {
    Readings,
    Schedule,
}

async fn read(device: &mut Box<dyn WriteDevice>, what: Read) -> Result<(), DeviceError> {
    match what {
        Read::Readings => device.readings().await.map(|_| ()),
        Read::Schedule => device.schedule().await.map(|_| ()),
    }
}

fn measured(device: &dyn WriteDevice) -> Vec<Signal> {
    ReadDevice::capability(device).readings.iter().map(|measured| measured.signal).collect()
}

pub(crate) async fn readings_are_the_truth_with_our_units_and_signs<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    let signals = measured(&*device);
    assert!(!signals.is_empty(), "a driver measures something");
    let (mut seen, mut signs) = (Vec::new(), Vec::new());
    for _ in 0..40 {
        let snapshot = device.readings().await.expect("readings");
        for signal in Signal::ALL {
            let Some(reading) = snapshot.reading(signal) else { continue };
            assert!(signals.contains(&signal), "{signal:?} is read and not in the table");
            let truth = bench.truth(signal).expect("what is read is true of something");
            let off = (reading.value - truth).abs();
            assert!(off <= bench.tolerance(signal), "{signal:?} is {} and in truth {truth}", reading.value);
            assert!(reading.taken_at <= bench.clock().now(), "{signal:?} is of a time to come");
            seen.push(signal);
            signs.extend([(signal, truth > 200.0), (signal, truth >= -200.0)]);
        }
        bench.clock().advance(Duration::from_secs(25 * 60));
    }
    for signal in signals {
        assert!(seen.contains(&signal), "{signal:?} is in the table and never read");
    }
    for signal in [Signal::Battery, Signal::Grid].into_iter().filter(|signal| seen.contains(signal)) {
        assert!(signs.contains(&(signal, true)) && signs.contains(&(signal, false)), "{signal:?} went one way only");
    }
}

pub(crate) async fn what_is_null_is_absent_and_never_zero<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    for _ in 0..2 {
        bench.line().break_it(Meets::NextRead, Breakage::Nulls);
        let snapshot = device.readings().await.expect("nulls are routine");
        for signal in Signal::ALL {
            assert_eq!(snapshot.reading(signal), None, "{signal:?}");
        }
        bench.clock().advance(Duration::from_secs(300));
    }
    assert!(
        device.readings().await.expect("readings").reading(Signal::Battery).is_some(),
        "it is read again after that"
    );
}

pub(crate) async fn what_is_not_understood_is_malformed_and_names_its_endpoint<B: Bench>(make: impl Fn() -> B) {
    let breakages = [
        Breakage::Truncated,
        Breakage::Empty,
        Breakage::WebPage,
        Breakage::Bare,
        Breakage::Foreign,
        Breakage::OtherShape,
        Breakage::Mistyped,
        Breakage::Nonsense,
        Breakage::Enormous,
    ];
    let mut met = 0;
    for what in [Read::Readings, Read::Schedule] {
        for breakage in breakages {
            let bench = make();
            let mut device = bench.device();
            bench.line().break_it(Meets::NextRead, breakage);
            let read_once = read(&mut device, what).await;
            let calls = bench.line().take();
            if !calls.iter().any(|sent| sent.changed) {
                continue;
            }
            met += 1;
            let error = read_once.expect_err(&format!("{what:?}, {breakage:?}"));
            assert_error(&format!("{what:?}, {breakage:?}"), &error, "malformed", bench.line(), &calls);
            assert_eq!(calls.len(), 1, "{what:?}, {breakage:?}: it is not asked again");
            bench.clock().advance(Duration::from_secs(300));
            read(&mut device, what).await.expect("the next one is understood");
        }
    }
    assert!(met >= 2 * breakages.len() - 2, "the breakages change replies: {met}");
}

pub(crate) async fn a_reply_of_another_system_is_not_taken<B: Bench>(make: impl Fn() -> B) {
    for what in [Read::Readings, Read::Schedule] {
        let bench = make();
        let mut device = bench.device();
        bench.line().break_it(Meets::Reads, Breakage::OtherSerial);
        let outcome = read(&mut device, what).await;
        let calls = bench.line().take();
        if calls.iter().any(|sent| sent.changed) {
            let error = outcome.expect_err(&format!("{what:?} of someone else"));
            assert_error(&format!("{what:?}"), &error, "malformed", bench.line(), &calls);
        }
    }
}

pub(crate) async fn what_may_pass_is_tried_again_within_a_bound<B: Bench>(make: impl Fn() -> B) {
    let passing = [Breakage::Status(502), Breakage::Lost, Breakage::Severed, Breakage::NotConnected];
    for what in [Read::Readings, Read::Schedule] {
        for breakage in passing {
            let bench = make();
            let mut device = bench.device();
            let gap = device.capability().limits.between_reads;
            bench.line().break_it(Meets::Reads, breakage);
            let error = read(&mut device, what).await.expect_err("nothing comes back");
            let calls = bench.line().take();
            assert_error(&format!("{what:?}, {breakage:?}"), &error, "transient", bench.line(), &calls);
            assert!(calls.len() <= bench.most_calls(), "{what:?}, {breakage:?}: {} calls", calls.len());
            assert_paced(&calls, gap);
            bench.line().mend();
            bench.clock().advance(Duration::from_secs(300));
            read(&mut device, what).await.expect("it works again");
        }
    }
}

pub(crate) async fn too_fast_is_said_and_heeded<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    bench.line().break_it(Meets::Reads, Breakage::Status(429));
    let error = device.readings().await.expect_err("too fast");
    let calls = bench.line().take();
    assert_error("429", &error, "too fast", bench.line(), &calls);
    assert_eq!(calls.len(), 1, "it is not asked again at once");
    let again = device.readings().await;
    let again_calls = bench.line().take();
    let waited = again_calls.first().map(|sent| sent.at - calls[0].at);
    let gap = chrono::Duration::from_std(device.capability().limits.between_reads).expect("a span");
    assert!(waited.is_none_or(|waited| waited >= gap), "{waited:?}");
    assert!(again.is_err());
}

pub(crate) async fn no_error_tells_a_secret<B: Bench>(make: impl Fn() -> B) {
    for what in [Read::Readings, Read::Schedule] {
        let bench = make();
        assert!(!bench.line().secrets().is_empty(), "a driver has credentials");
        let mut device = bench.device();
        bench.line().break_it(Meets::Reads, Breakage::Echo);
        let error = read(&mut device, what).await.expect_err("an unknown code");
        let calls = bench.line().take();
        let (kind, ..) = parts(&error);
        assert_error("an unknown code", &error, kind, bench.line(), &calls);
    }
}

pub(crate) async fn calls_keep_their_pace_also_across_processes<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    let gap = device.capability().limits.between_reads;
    for _ in 0..6 {
        device.readings().await.expect("readings");
        device.schedule().await.expect("a schedule");
        bench.clock().advance(Duration::from_secs(7));
    }
    let mut next = bench.device();
    next.heed(&device.memory());
    next.readings().await.expect("readings");
    next.schedule().await.expect("a schedule");
    // And what the second one did is heeded by the first.
    device.heed(&next.memory());
    device.readings().await.expect("readings");
    let calls = bench.line().take();
    assert!(calls.len() >= 8, "{}", calls.len());
    assert_paced(&calls, gap);
}

pub(crate) async fn a_memory_that_is_not_understood_changes_nothing<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    device.readings().await.expect("readings");
    let before = device.memory();
    for strange in ["", "{}", "null", "[1]", "offpeak", &"[".repeat(100_000), &before[..before.len() / 2]] {
        device.heed(strange);
        assert_eq!(device.memory(), before, "after {:.20}", strange);
    }
    device.heed(&before);
    assert_eq!(device.memory(), before, "its own memory tells it nothing new");
}

pub(crate) async fn nothing_is_called_twice_for_one_answer<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    for what in [Read::Readings, Read::Schedule] {
        read(&mut device, what).await.expect("an answer");
        let calls = bench.line().take();
        let mut endpoints: Vec<&str> = calls.iter().map(|sent| sent.endpoint.as_str()).collect();
        endpoints.sort_unstable();
        endpoints.dedup();
        assert_eq!(endpoints.len(), calls.len(), "{what:?}: {calls:?}");
        assert!(calls.iter().all(|sent| !sent.write), "{what:?} writes nothing");
    }
}

pub(crate) async fn a_device_that_is_not_heard_gives_readings_that_age<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    let max_age = Duration::from_secs(10 * 60);
    let usable =
        |snapshot: &offpeak::snapshot::Snapshot, signal| snapshot.usable(signal, bench.clock().now(), max_age).is_ok();
    for _ in 0..3 {
        device.readings().await.expect("readings");
        bench.clock().advance(Duration::from_secs(300));
    }
    let living = device.readings().await.expect("readings");
    assert!(usable(&living, Signal::Battery), "a living device is believed: {living:?}");
    bench.silence();
    for _ in 0..8 {
        bench.clock().advance(Duration::from_secs(300));
        let _ = device.readings().await;
    }
    if let Ok(silent) = device.readings().await {
        for signal in Signal::ALL {
            assert!(!usable(&silent, signal), "{signal:?} of 40 min ago is believed");
        }
    }
}

pub(crate) async fn the_history_goes_forward<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    bench.clock().advance(Duration::from_secs(6 * 3600));
    device.readings().await.expect("readings");
    bench.clock().advance(Duration::from_secs(300));
    let zone = Zone::named("Europe/London").expect("a zone");
    let today = zone.local(bench.clock().now()).date;
    let points = device.history(today).await.expect("a history, or none").points;
    assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at), "oldest first, each time once");
    for point in &points {
        assert_eq!(zone.local(point.at).date, today);
        assert!(point.at <= bench.clock().now());
        assert!(point.soc.is_none_or(|soc| (0.0..=100.0).contains(&soc)), "{point:?}");
    }
}

/// Asserts that calls of one endpoint are so far apart.
fn assert_paced(calls: &[Sent], gap: Duration) {
    let gap = chrono::Duration::from_std(gap).expect("a span");
    for (index, sent) in calls.iter().enumerate().filter(|(_, sent)| !sent.write) {
        let before = calls.iter().take(index).rev().find(|before| before.endpoint == sent.endpoint && !before.write);
        if let Some(before) = before {
            assert!(sent.at - before.at >= gap, "{} after {}", sent.endpoint, sent.at - before.at);
        }
    }
}
