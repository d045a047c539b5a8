//! A policy put on trial over a history: the jobs that can be done beside each other, and what they come to together.

use std::time::Duration;

use super::best::{Bound, best};
use super::missed::missed;
use super::outcome::{Basis, Outcome, RuleOutcome, Standing, Who, worth_stored};
use super::{
    Account, Charges, Course, Mind, PolicyMind, Scheduled, SelfConsumption, Timer, Track, TrackError, Writes, replay,
};
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
    /// Whether the policy reaches the battery through the compiler and the budget of writes, as it does live; else its
    /// commands are obeyed at once.
    pub writes: bool,
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
    /// The policy without the rule at this position, its commands obeyed at once; past the last rule, with all of them.
    Without(usize),
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq)]
pub enum Done {
    /// One of those that are compared.
    Standing(Standing),
    /// The policy, for how long each rule won (what no rule won comes last), and what was written if that was asked.
    Policy(Standing, Vec<Duration>, Option<Writes>),
    /// The optimum, and what nobody undercuts.
    Optimum(Standing, Bound),
    /// The optimum of a battery that is none.
    Nothing,
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
        // The longest first.
        let standings =
            [Who::Optimum, Who::Policy, Who::NoBattery, Who::SelfConsumption, Who::Timer].map(Job::Standing);
        let left_out = self.policy.rules.len() + usize::from(self.options.writes);
        standings.into_iter().chain((0..left_out).map(Job::Without)).collect()
    }

    /// Does one job.
    #[must_use]
    pub fn run(&self, job: Job) -> Done {
        match job {
            Job::Standing(Who::Optimum) => self.optimum(),
            Job::Standing(Who::Policy) => self.policy(),
            Job::Standing(who) => Done::Standing(Standing::new(who, self.course(who), &self.track)),
            Job::Without(rule) => {
                let mut policy = self.policy.clone();
                if rule < policy.rules.len() {
                    policy.rules.remove(rule);
                }
                let mut mind = PolicyMind::new(&policy, &self.track, self.options.tick);
                Done::Without(rule, self.replayed(&policy, &mut mind).0.account(&self.track))
            }
        }
    }

    /// What the jobs came to together, in whatever order they were done.
    #[must_use]
    pub fn outcome(self, done: Vec<Done>) -> Outcome {
        let mut standings = Vec::new();
        let mut without = Vec::new();
        let mut held = Vec::new();
        let mut writes = None;
        let (mut gap, mut bounds) = (0.0, Vec::new());
        let (mut stored_price, mut basis) = (worth_stored(&self.track, &self.policy.battery), Basis::MeanImport);
        for done in done {
            match done {
                Done::Standing(standing) => standings.push(standing),
                Done::Policy(standing, hours, written) => {
                    (held, writes) = (hours, written);
                    standings.push(standing);
                }
                Done::Optimum(standing, bound) => {
                    (gap, stored_price, basis) = (bound.gap, bound.worth, Basis::Marginal);
                    bounds = bound.months;
                    standings.push(standing);
                }
                Done::Without(rule, account) => without.push((rule, account)),
                Done::Nothing => {}
            }
        }
        standings.sort_by_key(|standing| standing.who);
        let policy = standings.iter().find(|standing| standing.who == Who::Policy).map(|standing| standing.account);
        let obeyed = without.iter().find(|(rule, _)| *rule == self.policy.rules.len()).map(|(_, account)| *account);
        let cost = obeyed.or(policy).map(|account| account.compared(stored_price));
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
            gap,
            bounds,
            writes,
            charges: Charges::default(),
            missed: if self.policy.follows_plan() { missed(&self.track) } else { None },
            rules: self.policy.rules.iter().enumerate().map(rule).collect(),
            otherwise: held.last().copied().unwrap_or_default(),
            track: self.track,
        }
    }

    fn optimum(&self) -> Done {
        let best = best(&self.track, &self.policy.battery, self.options.start);
        best.map_or(Done::Nothing, |best| {
            Done::Optimum(Standing::new(Who::Optimum, best.course, &self.track), best.bound)
        })
    }

    fn policy(&self) -> Done {
        let (policy, tick) = (self.policy, self.options.tick);
        let standing = |course| Standing::new(Who::Policy, course, &self.track);
        if self.options.writes {
            let mut mind = Scheduled::new(policy, &self.track, tick);
            let (course, held) = self.replayed(policy, &mut mind);
            return Done::Policy(standing(course), held, Some(mind.writes()));
        }
        let (course, held) = self.replayed(policy, &mut PolicyMind::new(policy, &self.track, tick));
        Done::Policy(standing(course), held, None)
    }

    /// The ways that ask no policy.
    fn course(&self, who: Who) -> Course {
        let battery = &self.policy.battery;
        let Options { start, tick, .. } = self.options;
        match who {
            Who::NoBattery | Who::Optimum | Who::Policy => Course::without_battery(&self.track),
            Who::SelfConsumption => {
                replay(&self.track, battery, start, tick, &mut SelfConsumption(battery.reserve), |_| {})
            }
            Who::Timer => replay(&self.track, battery, start, tick, &mut Timer::new(battery, &self.track), |_| {}),
        }
    }

    /// A policy's way through the history, and for how long each of its rules won; what no rule won comes last.
    fn replayed(&self, policy: &Policy, mind: &mut impl Mind) -> (Course, Vec<Duration>) {
        let Options { start, tick, .. } = self.options;
        let mut seconds = vec![0u64; policy.rules.len() + 1];
        let course = replay(&self.track, &policy.battery, start, tick, mind, |ran| {
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
}
