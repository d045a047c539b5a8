//! Every course that a write can take, up to a depth: what the vendor says, what the cloud holds, what the disk takes, who
//! else writes, and a kill at every point.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use offpeak::apply::{Command, End, Event, MAX_LOST, MAX_REFUSALS, MAX_SENDS, Machine, SendReply};
use offpeak::device::{
    Attempt, ChargeSettings, DischargeSettings, Object, Outcome, Period, Schedule, Sequence, Settings, Step, TwoWindow,
    WriteKind,
};
use offpeak::time::Instant;

const INTERVAL: Duration = Duration::from_secs(600);

fn start() -> Instant {
    "2026-11-20T20:41:00Z".parse().unwrap()
}

fn charge(cap: u8) -> Settings {
    let window = Period { from: "02:00".parse().unwrap(), to: "05:00".parse().unwrap() };
    Settings::Charge(ChargeSettings { grid_charge: true, windows: [window, Period::UNUSED], cap })
}

fn discharge(floor: u8) -> Settings {
    Settings::Discharge(DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor })
}

fn device() -> TwoWindow {
    match (charge(50), discharge(10)) {
        (Settings::Charge(charge), Settings::Discharge(discharge)) => TwoWindow { charge, discharge },
        _ => panic!("one of each"),
    }
}

fn sequence(steps: &[(Settings, WriteKind)]) -> Sequence {
    let steps = steps.iter().map(|(settings, kind)| Step { settings: *settings, kind: *kind }).collect();
    Sequence { id: 1, reason: "test".to_owned(), before: Schedule::TwoWindow(device()), steps }
}

/// Withdraw, then grant; and the shrunk charge, the discharge object, the whole charge.
fn sequences() -> Vec<Sequence> {
    use WriteKind::{Grant, Withdrawal};
    vec![
        sequence(&[(charge(90), Grant)]),
        sequence(&[(discharge(20), Withdrawal)]),
        sequence(&[(discharge(20), Withdrawal), (charge(90), Grant)]),
        sequence(&[(charge(40), Withdrawal), (discharge(20), Grant), (charge(90), Grant)]),
    ]
}

/// One course of events, with everything that has to be true of it.
#[derive(Clone)]
struct World {
    sequence: Sequence,
    machine: Machine,
    commands: Vec<Command>,
    now: Instant,
    cloud: TwoWindow,
    /// The journal: attempts, as recovery sees them.
    attempts: Vec<Attempt>,
    /// The step whose intent is on the disk and not sent yet.
    durable: Option<usize>,
    /// A send whose reply was not a refusal, and nothing has been read since.
    unread: bool,
    /// A foreign edit has happened.
    foreign: bool,
    sends: Vec<u32>,
    refusals: Vec<u32>,
    proved: Vec<bool>,
    /// Sends of withdrawals that no journal knows of.
    unjournaled: u32,
    end: Option<End>,
    trail: Vec<String>,
}

/// What can go otherwise than well, each counted against the budget of a course.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Well,
    DiskFails,
    Refused,
    LostButStored,
    LostAndGone,
    AcceptedAndGone,
    ReadFails,
    SomeoneElse,
    Kill,
    KillAndGone,
}

impl World {
    fn new(sequence: Sequence) -> World {
        let (machine, commands) = Machine::begin(sequence.clone(), INTERVAL, start());
        let steps = sequence.steps.len();
        World {
            sequence,
            machine,
            commands,
            now: start(),
            cloud: device(),
            attempts: Vec::new(),
            durable: None,
            unread: false,
            foreign: false,
            sends: vec![0; steps],
            refusals: vec![0; steps],
            proved: vec![false; steps],
            unjournaled: 0,
            end: None,
            trail: Vec::new(),
        }
    }

    fn fail(&self, what: &str) -> ! {
        panic!("{what}\n{}", self.trail.join("\n"))
    }

    /// The command that needs an answer, after those that need none have been carried out.
    fn pending(&mut self) -> Option<Command> {
        while !self.commands.is_empty() {
            let command = self.commands.remove(0);
            self.trail.push(format!("  {command:?}"));
            match command {
                Command::Record { step, outcome } => self.record(step, outcome),
                Command::Prove(proof) => {
                    if Schedule::TwoWindow(self.cloud).settings(proof.object()) != Some(proof.settings()) {
                        self.fail("a proof of what the cloud does not hold");
                    }
                    let step = self.proved.iter().position(|proved| !proved).unwrap();
                    self.proved[step] = true;
                }
                Command::Alarm(_) => {}
                Command::Done(end) => {
                    if end == End::Stored && self.proved.contains(&false) {
                        self.fail("done without proof of every step");
                    }
                    self.end = Some(end);
                    return None;
                }
                command => return Some(command),
            }
        }
        self.fail("the machine asked for nothing and has not ended")
    }

    fn record(&mut self, step: usize, outcome: Outcome) {
        let last = self.attempts.iter_mut().rev().find(|attempt| attempt.step == step);
        if let Some(attempt) = last {
            attempt.outcome = Some(outcome);
        }
    }

    fn choices(command: &Command) -> &'static [Choice] {
        match command {
            Command::RecordIntent(_) => &[Choice::Well, Choice::DiskFails, Choice::Kill],
            Command::Send(_) => &[
                Choice::Well,
                Choice::Refused,
                Choice::LostButStored,
                Choice::LostAndGone,
                Choice::AcceptedAndGone,
                Choice::Kill,
                Choice::KillAndGone,
            ],
            Command::ReadBack(_) => &[Choice::Well, Choice::ReadFails, Choice::SomeoneElse, Choice::Kill],
            _ => &[Choice::Well, Choice::Kill],
        }
    }

    fn take(&mut self, command: &Command, choice: Choice) {
        self.trail.push(format!("{command:?} ⇒ {choice:?}"));
        match *command {
            Command::RecordIntent(intent) => self.intend(intent.step, choice),
            Command::Send(settings) => self.send(settings, choice),
            Command::ReadBack(object) => self.read(object, choice),
            _ => self.wait(choice),
        }
    }

    fn intend(&mut self, step: usize, choice: Choice) {
        if choice == Choice::DiskFails {
            return self.tell(Event::IntentFailed);
        }
        self.attempts.push(Attempt { step, at: self.now, outcome: None });
        self.durable = Some(step);
        if choice == Choice::Kill { self.restart() } else { self.tell(Event::IntentDurable) }
    }

    fn send(&mut self, settings: Settings, choice: Choice) {
        let step = self.proved.iter().position(|proved| !proved).unwrap();
        let write = self.sequence.steps[step];
        if write.settings != settings {
            self.fail("sent what is not the present step");
        }
        if self.unread {
            self.fail("two sends without a read between them");
        }
        if write.kind == WriteKind::Grant && self.durable != Some(step) {
            self.fail("a grant without a durable intent");
        }
        self.unjournaled += u32::from(self.durable.is_none());
        self.durable = None;
        if choice == Choice::Refused {
            self.refusals[step] += 1;
            if self.refusals[step] > MAX_REFUSALS {
                self.fail("refused once too often");
            }
            return self.tell(Event::SendReply(SendReply::Refused));
        }
        self.sends[step] += 1;
        if self.sends[step] > MAX_SENDS + MAX_LOST + self.unjournaled {
            self.fail("sent once too often");
        }
        self.unread = true;
        if matches!(choice, Choice::Well | Choice::LostButStored | Choice::Kill) {
            self.cloud = self.cloud.with(settings);
        }
        match choice {
            Choice::Kill | Choice::KillAndGone => self.restart(),
            Choice::Well | Choice::AcceptedAndGone => self.tell(Event::SendReply(SendReply::Accepted)),
            _ => self.tell(Event::SendReply(SendReply::Unknown)),
        }
    }

    fn read(&mut self, object: Object, choice: Choice) {
        if choice == Choice::Kill {
            return self.restart();
        }
        if choice == Choice::ReadFails {
            return self.tell(Event::ReadBackReply(None));
        }
        if choice == Choice::SomeoneElse {
            self.foreign = true;
            self.cloud = self.cloud.with(if object == Object::Charge { charge(77) } else { discharge(77) });
        }
        self.unread = false;
        self.tell(Event::ReadBackReply(Schedule::TwoWindow(self.cloud).settings(object)));
    }

    fn wait(&mut self, choice: Choice) {
        if !self.machine.is_waiting() {
            self.fail("awaits a tick and is not waiting");
        }
        if choice == Choice::Kill {
            return self.restart();
        }
        self.now += chrono::Duration::minutes(1);
        self.tell(Event::Tick(self.now));
    }

    fn tell(&mut self, event: Event) {
        self.commands = self.machine.on(event);
    }

    /// The process is killed and started again: all that is left is the journal and the cloud.
    fn restart(&mut self) {
        self.durable = None;
        if self.attempts.is_empty() {
            // Nothing tells of a sequence, so the next plan begins with a read, and with what that finds.
            self.unread = false;
            self.sequence.before = Schedule::TwoWindow(self.cloud);
            self.proved.fill(false);
            (self.machine, self.commands) = Machine::begin(self.sequence.clone(), INTERVAL, self.now);
            return;
        }
        let newest = self.attempts.iter().map(|attempt| attempt.step).max().unwrap_or_default();
        let stored = |step: usize| {
            step < newest || self.attempts.iter().any(|a| a.step == step && a.outcome == Some(Outcome::Stored))
        };
        self.proved = (0..self.proved.len()).map(stored).collect();
        (self.machine, self.commands) = Machine::recover(self.sequence.clone(), &self.attempts, INTERVAL, self.now);
    }

    /// From here on everything goes well: how many ticks until it has ended.
    fn settle(mut self) -> (u32, World) {
        let mut ticks = 0;
        for _ in 0..2000 {
            let Some(command) = self.pending() else { return (ticks, self) };
            ticks += u32::from(command == Command::AwaitNextTick);
            self.take(&command, Choice::Well);
        }
        self.fail("it never ends")
    }
}

#[derive(Default)]
struct Counts {
    courses: u64,
    ended: u64,
    stored: u64,
}

/// Follows every course with at most so many troubles in so many answers, and lets each settle.
fn explore(mut world: World, depth: u32, troubles: u32, counts: &mut Counts) {
    let Some(command) = world.pending() else {
        counts.ended += 1;
        counts.stored += u64::from(world.end == Some(End::Stored));
        return;
    };
    counts.courses += 1;
    let mut whole = world.clone();
    whole.take(&command, Choice::Well);
    settles(whole);
    if depth == 0 {
        return;
    }
    for choice in World::choices(&command) {
        let cost = u32::from(*choice != Choice::Well);
        if cost <= troubles {
            let mut next = world.clone();
            next.take(&command, *choice);
            explore(next, depth - 1, troubles - cost, counts);
        }
    }
}

/// Once nothing goes wrong any more, a sequence ends; within two ticks unless the vendor refused and has to be waited for.
fn settles(world: World) {
    let refused = world.refusals.iter().any(|refusals| *refusals > 0);
    let (ticks, world) = world.settle();
    if !refused && ticks > 2 {
        world.fail("not within two ticks");
    }
    let all = world.sequence.steps.iter().fold(device(), |schedule, step| schedule.with(step.settings));
    if world.end == Some(End::Stored) && !world.foreign && world.cloud != all {
        world.fail("stored, but the cloud holds something else");
    }
    let harmless = |end: End| !matches!(end, End::ForeignEdit(_)) || world.foreign;
    if !world.end.is_some_and(harmless) {
        world.fail("our own echo was called foreign");
    }
}

#[test]
fn p7_p8_p12_p20_hold_on_every_course_up_to_a_depth() {
    for sequence in sequences() {
        let mut counts = Counts::default();
        let steps = sequence.steps.len();
        explore(World::new(sequence), 14, 4, &mut counts);
        println!("{steps} steps: {} courses, {} ended, {} of them stored", counts.courses, counts.ended, counts.stored);
        assert!(counts.stored > 0 && counts.stored < counts.ended);
    }
}

#[test]
fn p7_a_kill_at_every_single_point_converges_within_two_ticks() {
    for sequence in sequences() {
        let mut world = World::new(sequence);
        for _ in 0..50 {
            let Some(command) = world.pending() else { break };
            let mut killed = world.clone();
            killed.take(&command, Choice::Kill);
            let (ticks, killed) = killed.settle();
            assert_eq!(killed.end, Some(End::Stored), "{}", killed.trail.join("\n"));
            assert!(ticks <= 2);
            world.take(&command, Choice::Well);
        }
        assert_eq!(world.end, Some(End::Stored));
    }
}
