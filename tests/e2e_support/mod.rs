//! A house with a served simulator, a state folder and the real program.

#![allow(dead_code, reason = "each scenario uses some of it")]

pub(crate) mod conductor;
mod double;

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant as Real};

use offpeak::journal::{AlarmRecord, Journal, LogFilter, LogKind, WriteRecord};
use offpeak::simulator::store::Schedule;
use offpeak::simulator::{Cloud, LogEntry, Region};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use conductor::Conductor;
#[allow(unused_imports, reason = "not every suite holds requests back")]
pub(crate) use conductor::{Instant, Point};
pub(crate) use double::On;
use double::{Behind, Served};

/// The simulator's usual serial.
pub(crate) const SERIAL: &str = "ALS000000000001";

/// The site of every policy here.
pub(crate) const SITE: &str = "home";

/// A secret that is easily found where it should not be.
pub(crate) const SECRET: &str = "e2e-secret-7f3a9c51d0b2";

/// The longest real time that the program may take for one thing, on a machine with other things to do.
const PATIENCE: Duration = Duration::from_secs(60);

/// How long the program may show no sign of life before the clock is moved on all the same.
const SILENCE: Duration = Duration::from_secs(10);

/// How long the program waits for a full minute alone before that is taken for a wait of its tick.
const STILL: Duration = Duration::from_millis(200);

/// What the log says at the end of every tick.
const TICK: &[u8] = b"DEBUG tick: ";

/// How a house begins.
pub(crate) struct Setup {
    pub(crate) on: On,
    /// Which of the AlphaESS stores has an effect.
    pub(crate) region: Region,
    pub(crate) start: &'static str,
    /// How fast the simulator's clock runs by itself; 0 leaves it to the conductor.
    pub(crate) speed: f64,
    pub(crate) seed: u64,
    pub(crate) past_hours: u16,
    /// The policy, with `{url}` where the simulator's goes.
    pub(crate) policy: String,
    /// Whether the vendor's API is reached through the conductor, who can hold up writes.
    pub(crate) gated: bool,
}

impl Default for Setup {
    fn default() -> Setup {
        Setup::on(On::TwoWindow)
    }
}

impl Setup {
    /// A night on this store.
    pub(crate) fn on(on: On) -> Setup {
        let (policy, region) = (on.night(""), on.region());
        Setup { on, region, start: "2026-11-20T20:41:00Z", speed: 0.0, seed: 7, past_hours: 2, policy, gated: false }
    }

    /// The same with these lines under `limits`.
    pub(crate) fn limits(self, limits: &str) -> Setup {
        Setup { policy: self.on.night(limits), ..self }
    }
}

/// A night tariff, with these lines under `limits`.
pub(crate) fn night(limits: &str) -> String {
    let lines: String = limits.split(';').map(|line| format!("  {}\n", line.trim())).collect();
    let limits = if limits.is_empty() { String::new() } else { format!("limits:\n{lines}") };
    format!(
        "offpeak: 1
site: home
timezone: Europe/London
device:
  driver: alphaess
  serial: {SERIAL}
  url: {{url}}
battery:
  capacity: 10.1 kWh
  charge power: 5 kW
  discharge power: 5 kW
  round trip efficiency: 90%
  reserve: 10%
tariff:
  currency: GBP
  import:
    night: {{ price: 0.07, time: 23:30-05:30 }}
    day: {{ price: 0.27 }}
rules:
  - name: Top up at the night rate
    when: {{ tariff: night }}
    then: charge to 90%
{limits}"
    )
}

pub(crate) fn at(text: &str) -> Instant {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// A house.
pub(crate) struct House {
    runtime: Runtime,
    running: Option<Served>,
    behind: Behind,
    pub(crate) on: On,
    pub(crate) conductor: Arc<Conductor>,
    clock: String,
    api: String,
    folder: TempDir,
}

/// What the program answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A `run` under way.
pub(crate) struct Service<'a> {
    house: &'a House,
    child: Child,
    log: PathBuf,
    /// How much of the log has been looked through, and how many ticks it says have ended.
    seen: u64,
    ended: usize,
    beats: Beats,
}

/// The ticks that have to come, of which the log tells each that has ended. A beat during a tick waits for its end, and
/// further ones fall away.
#[derive(Default)]
struct Beats {
    expected: usize,
    queued: bool,
}

impl House {
    pub(crate) fn begin(setup: Setup) -> House {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let running = setup.on.serve(&runtime, &setup);
        let conductor = runtime.block_on(Conductor::begin(running.clock_url()));
        let clock = if setup.speed > 0.0 { running.clock_url().to_owned() } else { conductor.url.clone() };
        let gated = format!("{}/{}", conductor.url, setup.on.base());
        let api = if setup.gated { gated } else { running.url().to_owned() };
        let (behind, on) = (running.behind(), setup.on);
        let folder = tempfile::tempdir().expect("a folder");
        let house = House { runtime, running: Some(running), behind, on, conductor, clock, api, folder };
        house.write_policy(&setup.policy);
        house
    }

    /// Writes the policy's file, with the URL of the device.
    pub(crate) fn write_policy(&self, text: &str) {
        let text = text.replace("{url}", &self.api);
        let beside = self.path("home.new");
        std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, self.policy())).expect("a policy");
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn policy(&self) -> PathBuf {
        self.path("home.yaml")
    }

    pub(crate) fn state(&self) -> PathBuf {
        self.path("state")
    }

    pub(crate) fn policy_text(&self) -> String {
        std::fs::read_to_string(self.policy()).expect("a policy")
    }

    /// The cloud of a house with an AlphaESS.
    pub(crate) fn cloud(&self) -> MutexGuard<'_, Cloud> {
        self.behind.alphaess()
    }

    /// Ends the simulator: from now on nobody listens.
    pub(crate) fn end_simulator(&mut self) {
        let running = self.running.take().expect("a simulator");
        self.runtime.block_on(running.stop());
    }

    /// What the simulator's clock shows, where the conductor moves it.
    pub(crate) fn now(&self) -> Instant {
        self.conductor.now()
    }

    /// Moves the clock on by minutes, whatever waits for it.
    pub(crate) fn pass(&self, minutes: i64) {
        self.move_to(self.now() + chrono::Duration::minutes(minutes));
    }

    pub(crate) fn move_to(&self, until: Instant) {
        self.runtime.block_on(self.conductor.move_to(until));
    }

    /// A request to one of the simulator's controls, such as `fault?name=zeros&minutes=5`.
    pub(crate) fn control(&self, path: &str, body: &str) {
        let url = format!("{}/sim/{path}", self.running.as_ref().expect("a simulator").clock_url());
        let client = reqwest::Client::builder().no_proxy().build().expect("a client");
        let reply = self.runtime.block_on(client.post(url).body(body.to_owned()).send()).expect("a reply");
        assert_eq!(reply.status().as_u16(), 200, "{path}");
    }

    /// A fault from now on for so many minutes.
    pub(crate) fn fault(&self, name: &str, minutes: i64) {
        self.control(&format!("fault?name={name}&minutes={minutes}"), "");
    }

    /// Faults as in a list of them.
    pub(crate) fn faults(&self, list: &str) {
        self.behind.set_faults(list);
    }

    /// The state of charge in truth.
    pub(crate) fn soc(&self) -> f64 {
        self.behind.soc()
    }

    pub(crate) fn set_soc(&self, percent: f64) {
        self.behind.set_soc(percent);
    }

    /// What the battery has taken from the grid so far, in kWh.
    pub(crate) fn charged(&self) -> f64 {
        self.behind.charged()
    }

    /// What the device holds in truth.
    pub(crate) fn device(&self) -> String {
        self.behind.device(self.on)
    }

    /// What the cloud stores, whatever the store.
    pub(crate) fn kept(&self) -> String {
        self.behind.stored(self.on).0
    }

    /// Whether what the cloud stores charges from the grid.
    pub(crate) fn charges(&self) -> bool {
        self.behind.stored(self.on).1
    }

    /// Someone else edits the schedule; a word of the alarm about it.
    pub(crate) fn edit(&self) -> &'static str {
        let (path, body, word) = self.on.edit();
        let before = self.kept();
        self.control(path, body);
        assert_ne!(before, self.kept(), "an edit changes something");
        word
    }

    /// What the cloud stores in two windows.
    pub(crate) fn stored(&self) -> Schedule {
        self.cloud().stored(SERIAL).expect("a schedule")
    }

    /// Every request that arrived at the cloud.
    pub(crate) fn log(&self) -> Vec<LogEntry> {
        self.behind.log()
    }

    /// The latest instant that the cloud was told of.
    pub(crate) fn cloud_now(&self) -> Instant {
        self.behind.now()
    }

    /// Every write that arrived at the cloud.
    pub(crate) fn writes(&self) -> Vec<LogEntry> {
        self.log().into_iter().filter(|entry| entry.method != "GET").collect()
    }

    /// How many requests for an endpoint have arrived.
    pub(crate) fn requests(&self, endpoint: &str) -> usize {
        self.log().iter().filter(|entry| entry.endpoint().ends_with(endpoint)).count()
    }

    /// How often a fault had an effect.
    pub(crate) fn met(&self, fault: &str) -> u64 {
        self.behind.met(fault)
    }

    /// The journal, to be looked into.
    pub(crate) fn journal(&self) -> Journal {
        Journal::read_only(&self.state()).expect("a journal").expect("a journal that has been begun")
    }

    /// The journal's intents with what became of them, oldest first.
    pub(crate) fn intents(&self) -> Vec<WriteRecord> {
        let mut writes = self.journal().writes(SITE, 10_000).expect("the writes");
        writes.reverse();
        writes
    }

    /// The journal, if it has been begun.
    pub(crate) fn journal_so_far(&self) -> Option<Journal> {
        Journal::read_only(&self.state()).ok().flatten()
    }

    /// The intents where there may be no journal yet.
    pub(crate) fn intents_so_far(&self) -> Vec<WriteRecord> {
        self.journal_so_far().map_or_else(Vec::new, |journal| journal.writes(SITE, 10).expect("the writes"))
    }

    /// How many writes arrived on the day that begins so many days after this one.
    pub(crate) fn writes_on(&self, first: Instant, day: i64) -> usize {
        let day = chrono::Duration::days(day);
        let span = first + day..first + day + chrono::Duration::days(1);
        self.writes().iter().filter(|write| span.contains(&write.at())).count()
    }

    /// The alarms that hold.
    pub(crate) fn alarms(&self) -> Vec<AlarmRecord> {
        self.journal().alarms(SITE).expect("the alarms")
    }

    /// What the journal's log says of one kind, oldest first, with when.
    pub(crate) fn said(&self, kind: LogKind) -> Vec<(Instant, String)> {
        let filter = LogFilter { site: Some(SITE.to_owned()), kinds: vec![kind], ..LogFilter::default() };
        let log = self.journal().log(&filter, 10_000).expect("the log");
        log.into_iter().map(|entry| (entry.at, entry.text)).collect()
    }

    /// The program with this house's state folder, clock and credentials.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_offpeak"));
        command.args(arguments).args(["--clock", &self.clock]).arg("--state").arg(self.state());
        command.env_clear().current_dir(self.folder.path());
        command.env(self.on.secret_variable(), SECRET);
        if self.on != On::Atess {
            command.env("OFFPEAK_ALPHAESS_APP_ID", self.cloud().app_id());
        }
        command.stdin(Stdio::null());
        command
    }

    /// Runs a verb to its end.
    pub(crate) fn offpeak(&self, arguments: &[&str]) -> Answer {
        self.ended(self.command(arguments), false)
    }

    /// Runs a verb to its end while a service may wait for the clock as well.
    pub(crate) fn offpeak_beside(&self, arguments: &[&str]) -> Answer {
        self.ended(self.command(arguments), true)
    }

    /// Runs a command to its end and moves the clock on wherever it waits.
    pub(crate) fn ended(&self, mut command: Command, beside: bool) -> Answer {
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a program");
        let ending = std::thread::spawn(move || child.wait_with_output().expect("an end"));
        let begun = Real::now();
        while !ending.is_finished() {
            assert!(begun.elapsed() < PATIENCE, "{command:?} does not end");
            self.conductor.rest(Duration::from_millis(2));
            let waits = self.conductor.waits_now();
            let next = waits.into_iter().find(|until| !beside || !is_full_minute(*until));
            next.into_iter().for_each(|until| self.move_to(until));
        }
        let output = ending.join().expect("an end");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
        Answer { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Waits until something holds while the clock stands still but for what a program waits for.
    pub(crate) fn wait_until(&self, what: &str, seen: impl Fn(&House) -> bool) {
        self.wait_while(what, || !seen(self));
    }

    fn wait_while(&self, what: &str, mut goes_on: impl FnMut() -> bool) {
        let (begun, mut still) = (Real::now(), Real::now());
        while goes_on() {
            assert!(begun.elapsed() < PATIENCE, "not seen: {what}");
            self.conductor.rest(Duration::from_millis(1));
            let waits = self.conductor.waits_now();
            // An ATESS is read once a minute, so a tick there waits for full minutes as well: then it waits beside the heartbeat,
            // or, where the heartbeat has ended, for a while alone. A program at work is not hurried.
            let any = self.on == On::Atess && (waits.len() > 1 || still.elapsed() > STILL);
            let next = waits.into_iter().find(|wait| any || !is_full_minute(*wait));
            if let Some(next) = next {
                self.move_to(next);
                still = Real::now();
            }
        }
    }

    /// Begins `run` on the policy.
    pub(crate) fn run(&self, more: &[&str]) -> Service<'_> {
        let chatty = if more.contains(&"--log") { &[][..] } else { &["--log", "debug"] };
        let arguments = [&["run", "home.yaml"], more, chatty].concat();
        let log = self.path("run.log");
        let file = File::options().create(true).append(true).open(&log).expect("a log");
        let seen = file.metadata().expect("a size").len();
        let mut command = self.command(&arguments);
        let child = command.stdout(file.try_clone().expect("a file")).stderr(file).spawn().expect("a program");
        Service { house: self, child, log, seen, ended: 0, beats: Beats { expected: 1, queued: false } }
    }
}

impl Answer {
    /// The answer with this exit code, or a panic with all that was said.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Answer {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

impl Service<'_> {
    /// Lets it live until the clock shows this instant, and its tick there has ended.
    pub(crate) fn live_until(&mut self, until: Instant) {
        self.live(until, |_| false);
    }

    /// Lets it live for so many minutes.
    pub(crate) fn live_for(&mut self, minutes: i64) {
        self.live_until(self.house.now() + chrono::Duration::minutes(minutes));
    }

    /// Lets it live until something holds after one of its ticks, for so many minutes at the most. Whether it did.
    pub(crate) fn live_until_seen(&mut self, minutes: i64, seen: impl Fn(&House) -> bool) -> bool {
        self.live(self.house.now() + chrono::Duration::minutes(minutes), seen)
    }

    fn live(&mut self, until: Instant, seen: impl Fn(&House) -> bool) -> bool {
        let mut sign = Real::now();
        loop {
            self.expect_alive();
            assert!(sign.elapsed() < PATIENCE, "the service does nothing:\n{}", self.said());
            let done = self.has_ticked();
            if done && seen(self.house) {
                return true;
            }
            let now = self.house.now();
            if done && now >= until {
                return false;
            }
            let waits = self.house.conductor.waits_now();
            // The heartbeat always waits for a full minute; whoever else waits is the tick.
            let in_tick = waits.len() > 1 || waits.iter().any(|wait| !is_full_minute(*wait));
            let silent = sign.elapsed() > SILENCE;
            match waits.first() {
                Some(next) if in_tick || done || silent => {
                    self.move_to(if done { (*next).min(until) } else { *next }, &waits);
                    sign = Real::now();
                }
                _ => self.house.conductor.rest(Duration::from_millis(1)),
            }
        }
    }

    /// Moves the clock on; the heartbeat beats at each full minute that it waits for.
    fn move_to(&mut self, until: Instant, waits: &[Instant]) {
        let beats = waits.iter().any(|wait| is_full_minute(*wait) && *wait <= until);
        if beats && self.has_ticked() {
            self.beats.expected += 1;
        } else if beats {
            self.beats.queued = true;
        }
        self.house.move_to(until);
    }

    /// Whether every tick that had to come has ended.
    fn has_ticked(&mut self) -> bool {
        let ended = self.ended_ticks();
        if ended >= self.beats.expected && std::mem::take(&mut self.beats.queued) {
            self.beats.expected += 1;
        }
        ended >= self.beats.expected
    }

    fn ended_ticks(&mut self) -> usize {
        let mut file = File::open(&self.log).expect("a log");
        file.seek(SeekFrom::Start(self.seen)).expect("a place in the log");
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("a log");
        // A line that is not whole yet is looked at next time.
        bytes.truncate(bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1));
        self.seen += bytes.len() as u64;
        self.ended += bytes.windows(TICK.len()).filter(|window| *window == TICK).count();
        self.ended
    }

    /// Waits until something holds while the clock stands still but for what a tick waits for.
    pub(crate) fn wait_until(&mut self, what: &str, seen: impl Fn(&House) -> bool) {
        self.house.wait_while(what, || {
            self.expect_alive();
            !seen(self.house)
        });
    }

    fn expect_alive(&mut self) {
        if let Some(status) = self.child.try_wait().expect("a status") {
            panic!("the service ended, {status}:\n{}", self.said());
        }
    }

    /// What it has said on stdout and stderr.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("a kill");
        self.child.wait().expect("an end");
    }

    /// Sends a signal by its name, such as `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("a kill").success());
    }

    /// Ends it by SIGTERM.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        self.signal("TERM");
        let mut status = None;
        self.house.wait_while("an end by SIGTERM", || {
            status = self.child.try_wait().expect("a status");
            status.is_none()
        });
        status.expect("a status")
    }
}

impl Drop for Service<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_full_minute(at: Instant) -> bool {
    at.timestamp_millis().rem_euclid(60_000) == 0
}

/// Every file under a folder.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
