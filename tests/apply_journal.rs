//! The protocol with a real journal beneath it: killed at every point, it is taken up from what the journal remembers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use std::time::Duration;

use offpeak::apply::{Command, End, Event, Machine, SendReply};
use offpeak::device::{
    ChargeSettings, DischargeSettings, Object, Outcome, Period, Schedule, Sequence, Settings, Step, TwoWindow,
    WriteKind,
};
use offpeak::journal::Journal;
use offpeak::time::Instant;

const INTERVAL: Duration = Duration::from_secs(600);

fn minutes(minutes: i64) -> Instant {
    "2026-11-20T20:41:00Z".parse::<Instant>().unwrap() + chrono::Duration::minutes(minutes)
}

fn schedule(cap: u8, floor: u8) -> TwoWindow {
    let window = Period { from: "02:00".parse().unwrap(), to: "05:00".parse().unwrap() };
    TwoWindow {
        charge: ChargeSettings { grid_charge: true, windows: [window, Period::UNUSED], cap },
        discharge: DischargeSettings { restricted: false, windows: [Period::UNUSED; 2], floor },
    }
}

fn pair(id: i64) -> Sequence {
    let wanted = schedule(90, 20);
    let steps = vec![
        Step { settings: Settings::Discharge(wanted.discharge), kind: WriteKind::Withdrawal },
        Step { settings: Settings::Charge(wanted.charge), kind: WriteKind::Grant },
    ];
    Sequence { id, reason: "night".to_owned(), before: Schedule::TwoWindow(schedule(50, 10)), steps }
}

/// A service that may be killed before or after any single thing that it does.
struct Service {
    journal: Journal,
    cloud: TwoWindow,
    sends: Vec<Settings>,
    intent: Option<i64>,
    minute: i64,
    /// How many more things it may do.
    left: u32,
    journaled: bool,
}

impl Service {
    fn new(left: u32) -> Service {
        let journal = Journal::in_memory().unwrap();
        Service { journal, cloud: schedule(50, 10), sends: Vec::new(), intent: None, minute: 0, left, journaled: true }
    }

    /// Runs until the sequence has ended, or until it is killed.
    fn run(&mut self, mut machine: Machine, mut commands: Vec<Command>) -> Option<End> {
        while let Some(command) = (!commands.is_empty()).then(|| commands.remove(0)) {
            self.left = self.left.checked_sub(1)?;
            let event = match command {
                Command::Done(end) => {
                    let _ = self.journal.end_sequence("home", machine.sequence().id, self.now(), "");
                    return Some(end);
                }
                command => self.carry_out(&machine, command),
            };
            if let Some(event) = event {
                self.left = self.left.checked_sub(1)?;
                commands.extend(machine.on(event));
            }
        }
        panic!("neither ended nor killed")
    }

    fn carry_out(&mut self, machine: &Machine, command: Command) -> Option<Event> {
        match command {
            Command::RecordIntent(intent) if self.journaled => {
                let recorded = self.journal.record_intent("home", machine.sequence(), intent.step, self.now());
                self.intent = recorded.as_ref().ok().copied();
                Some(if recorded.is_ok() { Event::IntentDurable } else { Event::IntentFailed })
            }
            Command::RecordIntent(_) => {
                self.intent = None;
                Some(Event::IntentFailed)
            }
            Command::Send(settings) => {
                self.sends.push(settings);
                self.cloud = self.cloud.with(settings);
                Some(Event::SendReply(SendReply::Accepted))
            }
            Command::ReadBack(object) => Some(Event::ReadBackReply(Schedule::TwoWindow(self.cloud).settings(object))),
            Command::Record { step, outcome } => {
                let object = machine.sequence().steps[step].settings.object();
                let now = self.now();
                self.journal.record_outcome("home", self.intent, object, now, outcome, "").unwrap();
                None
            }
            Command::Prove(proof) => {
                self.journal.prove("home", &proof.settings(), self.now()).unwrap();
                None
            }
            Command::Alarm(_) | Command::Done(_) => None,
            Command::AwaitNextTick => {
                self.minute += 1;
                Some(Event::Tick(self.now()))
            }
        }
    }

    fn now(&self) -> Instant {
        minutes(self.minute)
    }

    fn begin(&mut self) -> Option<End> {
        let sequence = pair(self.journal.next_sequence().unwrap());
        let (machine, commands) = Machine::begin(sequence, INTERVAL, self.now());
        self.run(machine, commands)
    }

    /// What a restart does first.
    fn take_up(&mut self) -> Option<End> {
        self.minute += 1;
        let unfinished = self.journal.unfinished("home").unwrap()?;
        self.intent = self.journal.writes("home", 1).unwrap().first().map(|write| write.id);
        let (machine, commands) = Machine::recover(unfinished.sequence, &unfinished.attempts, INTERVAL, self.now());
        self.run(machine, commands)
    }
}

#[test]
fn p7_killed_at_every_point_it_is_taken_up_from_the_journal() {
    let mut killed = 0;
    for left in 0..200 {
        let mut service = Service::new(left);
        let whole = service.begin();
        if whole.is_none() {
            killed += 1;
            service.left = u32::MAX;
            let begun = service.journal.unfinished("home").unwrap().is_some();
            assert_eq!(service.take_up(), begun.then_some(End::Stored), "killed after {left}");
            assert_eq!(begun, service.cloud == schedule(90, 20), "killed after {left}: all or nothing");
            assert!(service.sends.len() <= 2, "killed after {left}: nothing is sent twice that was stored");
            assert!(service.minute <= 2, "killed after {left}: within two ticks");
        }
        assert_eq!(service.journal.unfinished("home").unwrap(), None, "killed after {left}");
    }
    assert!((10..200).contains(&killed), "{killed} points");
}

#[test]
fn p7_killed_twice_it_is_still_taken_up() {
    for first in 1..30 {
        for second in 0..20 {
            let mut service = Service::new(first);
            let mut end = service.begin();
            for left in [second, u32::MAX] {
                if end.is_none() {
                    service.left = left;
                    end = service.take_up();
                }
            }
            assert!(
                end == Some(End::Stored) || service.sends.is_empty(),
                "{first}, {second}: {end:?} {:?}",
                service.journal.writes("home", 9)
            );
            assert!(service.sends.len() <= 2, "{first}, {second}");
        }
    }
}

#[test]
fn p20_with_no_journal_the_withdrawal_goes_out_and_the_grant_waits() {
    let mut service = Service::new(50);
    service.journaled = false;
    assert_eq!(service.begin(), None, "it waits until it is stopped");
    assert_eq!(service.sends, [Settings::Discharge(schedule(90, 20).discharge)]);
    assert_eq!(service.journal.writes("home", 10).unwrap(), []);
    let proven = service.journal.proven("home", Object::Discharge).unwrap();
    assert_eq!(proven.map(|proven| proven.settings), Some(Settings::Discharge(schedule(90, 20).discharge)));
    let lines: Vec<String> =
        service.journal.log(&offpeak::journal::LogFilter::default(), 10).unwrap().into_iter().map(|e| e.text).collect();
    assert_eq!(lines, [Outcome::Accepted.words(), Outcome::Stored.words()], "the withdrawal is logged");
}
