//! A policy put on trial over a history: the jobs that can be done beside each other, and what they come to together.

use std::time::Duration;

use super::outcome::{Basis, Outcome, RuleOutcome, Standing, Who, worth_stored};
use super::{Account, Course, PolicyMind, SelfConsumption, Timer, Track, TrackError, replay};
use crate::engine::Source;
use crate::history::History;
use crate::policy::Policy;
use crate::units::Soc;

/// What may be chosen of a trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Options {
    /// The state of charge at the beginning.
    pub start: Soc,
    /// The time between two looks.
    pub tick: Duration,
}

/// A policy and the history that it is tried on.
#[derive(Debug)]
pub struct Trial<'a> {
    policy: &'a Policy,
    history: &'a History,
    options: Options,
    track: Track,
}

/// One way through the history. Jobs know nothing of each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// One of those that are compared.
    Standing(Who),
    /// The policy without the rule at this position.
    Without(usize),
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// One of those that are compared, and of the policy for how long each rule won; what no rule won comes last.
    Standing(Standing, Vec<Duration>),
    /// The sums of the policy without the rule at this position.
    Without(usize, Account),
}

impl<'a> Trial<'a> {
    /// A trial of a policy.
    ///
    /// # Errors
    /// A price is missing.
    pub fn new(policy: &'a Policy, history: &'a History, options: Options) -> Result<Trial<'a>, TrackError> {
        Ok(Trial { policy, history, options, track: Track::new(history, policy, &[])? })
    }

    /// The history in pieces.
    #[must_use]
    pub fn track(&self) -> &Track {
        &self.track
    }

    /// Everything that is to be done.
    #[must_use]
    pub fn jobs(&self) -> Vec<Job> {
        let standings = [Who::NoBattery, Who::SelfConsumption, Who::Timer, Who::Policy].map(Job::Standing);
        standings.into_iter().chain((0..self.policy.rules.len()).map(Job::Without)).collect()
    }

    /// Does one job.
    #[must_use]
    pub fn run(&self, job: Job) -> Done {
        match job {
            Job::Standing(who) => {
                let (course, held) = self.course(who);
                Done::Standing(Standing::new(who, course, &self.track), held)
            }
            Job::Without(rule) => {
                let mut policy = self.policy.clone();
                if rule < policy.rules.len() {
                    policy.rules.remove(rule);
                }
                Done::Without(rule, self.replayed(&policy).0.account(&self.track))
            }
        }
    }

    /// What the jobs came to together, in whatever order they were done.
    #[must_use]
    pub fn outcome(self, done: Vec<Done>) -> Outcome {
        let mut standings = Vec::new();
        let mut without = Vec::new();
        let mut held = Vec::new();
        for done in done {
            match done {
                Done::Standing(standing, hours) => {
                    if standing.who == Who::Policy {
                        held = hours;
                    }
                    standings.push(standing);
                }
                Done::Without(rule, account) => without.push((rule, account)),
            }
        }
        standings.sort_by_key(|standing| standing.who);
        let (stored_price, basis) = self.stored_price();
        let policy = standings.iter().find(|standing| standing.who == Who::Policy);
        let cost = policy.map(|standing| standing.account.compared(stored_price));
        let rule = |(index, rule): (usize, &crate::policy::Rule)| {
            let left_out = without.iter().find(|(without, _)| *without == index);
            let left_out = left_out.map(|(_, account)| account.compared(stored_price));
            RuleOutcome {
                name: rule.name.clone(),
                held: held.get(index).copied().unwrap_or_default(),
                worth: left_out.zip(cost).map(|(without, with)| without - with),
            }
        };
        Outcome {
            file: self.policy.file.clone(),
            site: self.policy.site.clone(),
            currency: self.policy.tariff.currency.clone(),
            battery: self.policy.battery,
            start: self.options.start,
            tick: self.options.tick,
            slots: self.history.slots().len(),
            findings: self.history.findings().clone(),
            standings,
            stored_price,
            basis,
            gap: 0.0,
            rules: self.policy.rules.iter().enumerate().map(rule).collect(),
            otherwise: held.last().copied().unwrap_or_default(),
            track: self.track,
        }
    }

    fn course(&self, who: Who) -> (Course, Vec<Duration>) {
        let battery = &self.policy.battery;
        let Options { start, tick } = self.options;
        let course = match who {
            Who::NoBattery | Who::Optimum => Course::without_battery(&self.track),
            Who::SelfConsumption => {
                replay(&self.track, battery, start, tick, &mut SelfConsumption(battery.reserve), |_| {})
            }
            Who::Timer => replay(&self.track, battery, start, tick, &mut Timer::new(battery, &self.track), |_| {}),
            Who::Policy => return self.replayed(self.policy),
        };
        (course, Vec::new())
    }

    /// A policy's way through the history, and for how long each of its rules won; what no rule won comes last.
    fn replayed(&self, policy: &Policy) -> (Course, Vec<Duration>) {
        let Options { start, tick } = self.options;
        let mut seconds = vec![0u64; policy.rules.len() + 1];
        let mut mind = PolicyMind::new(policy, &self.track, tick);
        let course = replay(&self.track, &policy.battery, start, tick, &mut mind, |ran| {
            let index = match ran.decision.source {
                Source::Rule(index) => index,
                Source::Otherwise | Source::Override => policy.rules.len(),
            };
            if let Some(sum) = seconds.get_mut(index) {
                *sum += u64::from(ran.seconds);
            }
        });
        (course, seconds.into_iter().map(Duration::from_secs).collect())
    }

    /// What a stored kWh is priced at.
    fn stored_price(&self) -> (f64, Basis) {
        (worth_stored(&self.track, &self.policy.battery), Basis::MeanImport)
    }
}
