//! What is promised of writing.

use std::time::Duration;

use offpeak::device::{DeviceError, Settings, Store, TwoWindow, WindowList, WriteFailure};
use offpeak::snapshot::Signal;

use super::{APPLIED, Bench, Breakage, Meets, assert_error};

pub(crate) async fn what_was_written_reads_back_with_the_same_meaning<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    let store = device.capability().store;
    let samples = bench.samples();
    for object in store.objects() {
        assert!(samples.iter().any(|sample| sample.object() == *object), "no sample of {object:?}");
    }
    for sample in samples {
        bench.clock().advance(Duration::from_secs(300));
        device.write(&sample).await.unwrap_or_else(|failure| panic!("{sample}: {failure}"));
        let calls = bench.line().take();
        assert_eq!(calls.iter().filter(|sent| sent.write).count(), 1, "{sample}: one write");
        bench.clock().advance(Duration::from_secs(3600));
        let held = device.object(sample.object()).await.expect("an object");
        assert!(held.same_meaning(&sample), "{sample}\nreads back as\n{held}");
        bench.clock().advance(Duration::from_secs(300));
        let mut other = bench.device();
        let schedule = other.schedule().await.expect("a schedule");
        assert_eq!(schedule.store(), store);
        let told = schedule.settings(sample.object()).expect("its object");
        assert!(told.same_meaning(&sample), "to a new process {sample}\nreads back as\n{told}");
    }
}

pub(crate) async fn what_was_written_is_what_the_device_does<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    let before = bench.truth(Signal::Battery).expect("a battery");
    assert!(before > -500.0, "it does not charge yet: {before}");
    device.write(&bench.charge_now()).await.expect("written");
    bench.clock().advance(APPLIED);
    device.readings().await.expect("readings");
    let (battery, grid) = (bench.truth(Signal::Battery), bench.truth(Signal::Grid));
    assert!(battery.is_some_and(|battery| battery < -500.0), "the battery charges: {battery:?}");
    assert!(grid.is_some_and(|grid| grid > 500.0), "from the grid: {grid:?}");
}

pub(crate) async fn a_lost_reply_is_an_unknown_outcome_and_one_call<B: Bench>(make: impl Fn() -> B) {
    let unclear = [
        Breakage::Lost,
        Breakage::Severed,
        Breakage::LateStatus(502),
        Breakage::LateStatus(504),
        Breakage::Truncated,
        Breakage::Empty,
        Breakage::WebPage,
        Breakage::Foreign,
        Breakage::Enormous,
        Breakage::Echo,
    ];
    for breakage in unclear {
        let bench = make();
        let mut device = bench.device();
        let sample = bench.charge_now();
        bench.line().break_it(Meets::Writes, breakage);
        let failure = device.write(&sample).await.expect_err("nobody said yes");
        let calls = bench.line().take();
        let WriteFailure::OutcomeUnknown(error) = &failure else { panic!("{breakage:?}: {failure}") };
        assert!(!matches!(error, DeviceError::Permanent { .. }), "{breakage:?}: {error}");
        assert_error(&format!("{breakage:?}"), error, super::parts(error).0, bench.line(), &calls);
        assert_eq!(calls.iter().filter(|sent| sent.write).count(), 1, "{breakage:?}: nothing tries again");
        // It was stored all the same, and a read tells.
        bench.line().mend();
        bench.clock().advance(Duration::from_secs(300));
        let held = device.object(sample.object()).await.expect("an object");
        assert!(held.same_meaning(&sample), "{breakage:?}: {held}");
    }
}

pub(crate) async fn a_no_is_refused_and_stores_nothing<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    let sample = bench.charge_now();
    let before = device.object(sample.object()).await.expect("an object");
    assert!(!before.same_meaning(&sample), "the sample says something new");
    bench.refuse_writes();
    bench.line().take();
    let failure = device.write(&sample).await.expect_err("no");
    let calls = bench.line().take();
    let WriteFailure::Refused(error) = &failure else { panic!("{failure}") };
    assert_error("a no", error, super::parts(error).0, bench.line(), &calls);
    assert_eq!(calls.iter().filter(|sent| sent.write).count(), 1);
    bench.clock().advance(Duration::from_secs(300));
    assert_eq!(device.object(sample.object()).await.expect("an object"), before);
}

pub(crate) async fn another_stores_object_is_refused_before_it_is_sent<B: Bench>(make: impl Fn() -> B) {
    let bench = make();
    let mut device = bench.device();
    let own = device.capability().store;
    let lists = Store::ALL.map(|store| Settings::Windows(WindowList::empty(store)));
    let [charge, discharge] = TwoWindow::NEUTRAL.contents();
    for settings in lists.into_iter().chain([charge, discharge]) {
        let store = match settings {
            Settings::Windows(list) => list.store,
            Settings::Charge(_) | Settings::Discharge(_) => Store::TwoWindow,
        };
        // A list that says it is of the two-window store is of none.
        if store == own && own.objects().contains(&settings.object()) {
            continue;
        }
        let failure = device.write(&settings).await.expect_err("it is not of this store");
        assert!(matches!(failure, WriteFailure::Refused(_)), "{settings:?}: {failure}");
        assert!(!bench.line().take().iter().any(|sent| sent.write), "{settings:?} is not sent");
    }
}

pub(crate) async fn what_never_arrived_is_refused<B: Bench>(make: impl Fn() -> B) {
    for breakage in [Breakage::NotConnected, Breakage::Status(404), Breakage::Status(403)] {
        let bench = make();
        let mut device = bench.device();
        bench.line().break_it(Meets::Writes, breakage);
        let failure = device.write(&bench.charge_now()).await.expect_err("it never arrived");
        assert!(matches!(failure, WriteFailure::Refused(_)), "{breakage:?}: {failure}");
        assert_eq!(bench.line().take().iter().filter(|sent| sent.write).count(), 1, "{breakage:?}");
    }
}
