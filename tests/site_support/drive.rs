//! One site-day by seed: a world with faults, a policy, a clock that jumps, a process that is killed, an owner who edits, and
//! the oracle that looks on.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration as Span;

use chrono::{DateTime, Duration, Utc};
use offpeak::clock::{Clock, VirtualClock};
use offpeak::device::Store;
use offpeak::journal::{Journal, LogFilter};
use offpeak::policy::Policy;
use offpeak::runner::{Hand, Site, Tick};

use super::bug::{Bug, Liar};
use super::double::{Double, device};
use super::family::Family;
use super::line::{Fuse, Line, SiteClock};
use super::oracle::{Oracle, Violation};
use super::{at, load};

/// What one site-day came to.
#[derive(Clone, Debug, Default)]
pub(crate) struct Day {
    pub(crate) seed: u64,
    pub(crate) store: Option<Store>,
    pub(crate) kind: &'static str,
    pub(crate) violations: Vec<Violation>,
    pub(crate) grants: u32,
    pub(crate) withdrawals: u32,
    pub(crate) ticks: u32,
    pub(crate) kills: u32,
    pub(crate) foreign_edits: u32,
    pub(crate) jumps: u32,
    pub(crate) met: BTreeMap<&'static str, u64>,
}

struct Drive {
    random: fastrand::Rng,
    family: Family,
    text: String,
    policy: Policy,
    clock: SiteClock,
    cloud: Arc<Mutex<Double>>,
    line: Line,
    oracle: Oracle,
    scene: Option<Bug>,
    bug: Option<Bug>,
    skewed_until: Option<DateTime<Utc>>,
    day: Day,
}

/// Lives through a site-day with faults in one twentieth of the time.
pub(crate) fn site_day(store: Store, seed: u64) -> Day {
    lived(store, seed, None, false)
}

/// Lives through a site-day under which a bug can show, with or without the bug, until its promise is broken.
pub(crate) fn buggy_day(store: Store, seed: u64, bug: Bug, planted: bool) -> Day {
    lived(store, seed, Some(bug), planted)
}

fn lived(store: Store, seed: u64, scene: Option<Bug>, planted: bool) -> Day {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut family = Family::draw(&mut random, store);
    if let Some(bug) = scene {
        bug.fit(&mut family);
        family.fit_targets();
    }
    let start = start(&mut random, &family);
    let mut drive = Drive::new(seed, random, family, start, scene, planted);
    drive.live(start + Duration::hours(24));
    drive.end(seed)
}

/// Somewhere within three years; one in four on the eve of a clock change, if the zone has any.
fn start(random: &mut fastrand::Rng, family: &Family) -> DateTime<Utc> {
    let begin = at("2026-01-01T00:00:00Z");
    let anywhere = begin + Duration::minutes(random.i64(0..3 * 365 * 1440));
    let zone = family.zone;
    let offset = |then: DateTime<Utc>| then.with_timezone(&zone).format("%z").to_string();
    let changes = |day: &DateTime<Utc>| offset(*day) != offset(*day + Duration::days(1));
    let next = (0..366).map(|day| anywhere + Duration::days(day)).find(changes);
    next.filter(|_| random.u8(0..4) == 0).map_or(anywhere, |day| day + Duration::minutes(random.i64(-300..300)))
}

impl Drive {
    fn new(
        seed: u64,
        mut random: fastrand::Rng,
        mut family: Family,
        start: DateTime<Utc>,
        scene: Option<Bug>,
        planted: bool,
    ) -> Drive {
        let bug = scene.filter(|_| planted);
        let faults = scene.and_then(Bug::faults);
        let cloud = Double::new(&mut random, &mut family, start, faults, seed);
        let cloud = Arc::new(Mutex::new(cloud));
        let text = family.text();
        let policy = load(&text);
        let clock = SiteClock {
            world: VirtualClock::at(start),
            skew_seconds: Arc::new(AtomicI64::new(0)),
            credulous: bug == Some(Bug::ClockBelieved),
        };
        let line = Line::new(Arc::clone(&cloud), clock.clone(), family.store, &policy.device.serial);
        let oracle = Oracle::new(&family);
        let day = Day { seed, store: Some(family.store), kind: family.kind, ..Day::default() };
        Drive { random, family, text, policy, clock, cloud, line, oracle, scene, bug, skewed_until: None, day }
    }

    fn live(&mut self, until: DateTime<Utc>) {
        let folder = (self.bug == Some(Bug::IntentNotDurable)).then(|| tempfile::tempdir().expect("a folder"));
        let mut journal = match &folder {
            Some(folder) => Journal::open(folder.path()).expect("a journal"),
            None => Journal::in_memory().expect("a journal"),
        };
        while self.goes_on(until) {
            let mut site = self.begin(journal);
            let (mut killed, mut first) = (None, true);
            while self.goes_on(until) && killed.is_none() {
                self.world_goes_on(&site);
                if std::mem::take(&mut first) {
                    self.oracle.began();
                }
                if self.bug == Some(Bug::DriftIgnored) {
                    site.journal().resume("home", "a bug", self.clock.now()).expect("a journal");
                }
                let before = folder.as_ref().map(|folder| kept(folder.path()));
                let tick = self.tick(&mut site);
                self.day.ticks += 1;
                if tick.is_some() {
                    self.oracle.tick(site.journal(), &self.policy, &self.line.take(), tick.as_ref());
                    self.next_minute();
                } else {
                    killed = Some(before);
                }
            }
            journal = site.into_journal();
            if let Some(before) = killed {
                if let Some((folder, before)) = folder.as_ref().zip(before) {
                    drop(journal);
                    put_back(folder.path(), &before);
                    journal = Journal::open(folder.path()).expect("a journal");
                }
                self.oracle.tick(&journal, &self.policy, &self.line.take(), None);
                journal = self.after_kill(journal);
            }
        }
        if std::env::var_os("OFFPEAK_SITE_SEED").is_some() {
            println!("{}", self.text);
            for entry in journal.log(&LogFilter::default(), 500).expect("a log") {
                println!("{} {:9} {}", entry.at.format("%d %H:%M:%S"), entry.kind.word(), entry.text);
            }
        }
    }

    fn goes_on(&self, until: DateTime<Utc>) -> bool {
        let caught = |bug: Bug| {
            self.oracle.violations.iter().any(|violation| violation.promise == bug.promise(self.family.store))
        };
        self.clock.world.now() < until && !self.bug.is_some_and(caught)
    }

    fn after_kill(&mut self, journal: Journal) -> Journal {
        assert!(self.line.revive(), "only a kill ever waits");
        self.day.kills += 1;
        self.down();
        if self.bug == Some(Bug::BudgetForgotten) {
            self.oracle.journal_lost();
            return Journal::in_memory().expect("a journal");
        }
        journal
    }

    fn end(self, seed: u64) -> Day {
        let met = self.cloud.lock().expect("a cloud").met();
        let Oracle { grants, withdrawals, foreign_edits, violations, .. } = self.oracle;
        Day { seed, met, grants, withdrawals, foreign_edits, violations, ..self.day }
    }

    fn begin(&self, journal: Journal) -> Site {
        let clock: Arc<dyn Clock> = Arc::new(self.clock.clone());
        let kept = journal.note("home", "driver").expect("a journal").map(|(_, text)| text);
        let device = {
            let cloud = self.cloud.lock().expect("a cloud");
            device(
                &cloud,
                Arc::new(self.line.clone()),
                Arc::clone(&clock),
                &self.policy,
                self.day.seed,
                kept.as_deref(),
            )
        };
        let hand = Hand::Writing(Box::new(Liar::new(device, Arc::clone(&clock), self.bug)));
        Site::begin(self.policy.clone(), &self.text, hand, journal, clock).expect("a site")
    }

    /// One tick; nothing if the process was killed in it. Under a virtual clock only a kill ever waits.
    fn tick(&self, site: &mut Site) -> Option<Tick> {
        let mut tick = pin!(site.tick());
        match tick.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(tick) => Some(tick.expect("a tick")),
            Poll::Pending => None,
        }
    }

    fn next_minute(&self) {
        let into = self.clock.world.now().timestamp_millis().rem_euclid(60_000);
        self.clock.world.advance(Span::from_millis(u64::try_from(60_000 - into).expect("a rest of a minute")));
    }

    /// How long the process is down.
    fn down(&mut self) {
        let minutes = match self.random.u8(0..10) {
            0..7 => 1,
            7..9 => self.random.u64(2..60),
            _ => self.random.u64(60..480),
        };
        self.clock.world.advance(Span::from_secs(60 * minutes));
        self.next_minute();
    }

    /// What may happen between two ticks.
    fn world_goes_on(&mut self, site: &Site) {
        let often = match self.scene {
            Some(Bug::BudgetForgotten | Bug::DriftIgnored | Bug::DriftHidden | Bug::IntentNotDurable) => 300,
            _ => 2400,
        };
        let jumpy = self.scene == Some(Bug::ClockBelieved) && self.random.u8(0..4) == 0;
        if jumpy && self.skewed_until.is_none() {
            self.set_skew(if self.clock.skew() == 0 { 200 } else { 0 });
            return;
        }
        match self.random.u32(0..often) {
            0..6 => self.line.set_fuse(Fuse::Exchange(self.random.u32(0..6), self.random.bool())),
            6..14 => self.line.set_fuse(Fuse::Write(self.random.bool())),
            14..18 => self.someone_edits(),
            18..21 => self.clock_jumps(),
            21..40 => {
                site.journal().resume("home", "resume", self.clock.now()).expect("a journal");
                self.oracle.resumed();
            }
            _ => {}
        }
        if self.skewed_until.is_some_and(|until| until <= self.clock.world.now()) {
            self.set_skew(0);
            self.skewed_until = None;
        }
    }

    fn someone_edits(&mut self) {
        let serial = self.policy.device.serial.clone();
        let mut cloud = self.cloud.lock().expect("a cloud");
        let before = cloud.held(&serial);
        cloud.someone_edits(&mut self.random, &serial, self.clock.world.now());
        let after = cloud.held(&serial);
        drop(cloud);
        self.oracle.edited(&before, &after);
    }

    fn clock_jumps(&mut self) {
        let seconds = [-90, 90, 250, -250, 3600, -3600, 86_400, -86_400][self.random.usize(0..8)];
        self.set_skew(seconds);
        let minutes = self.random.i64(2..60);
        self.skewed_until = Some(self.clock.world.now() + Duration::minutes(minutes));
        self.day.jumps += 1;
    }

    fn set_skew(&mut self, seconds: i64) {
        let before = self.clock.skew_seconds.swap(seconds, std::sync::atomic::Ordering::SeqCst);
        self.oracle.jumped(seconds - before);
    }
}

/// The files of a folder.
fn kept(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let files = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    files.map(|path| (path.clone(), std::fs::read(path).expect("a file"))).collect()
}

fn put_back(folder: &Path, files: &[(PathBuf, Vec<u8>)]) {
    kept(folder).into_iter().for_each(|(path, _)| std::fs::remove_file(path).expect("a file"));
    files.iter().for_each(|(path, bytes)| std::fs::write(path, bytes).expect("a file"));
}
