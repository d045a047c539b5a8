//! What a change to a policy changes: both live through the same history, and where they command otherwise is told.

use std::time::Duration;

use super::outcome::{Shift, worth_stored};
use super::reason::{Reason, reason};
use super::{Account, Options, PolicyMind, Ran, Scheduled, Track, TrackError, Writes, replay};
use crate::engine::{Command, Decision, Source};
use crate::history::{Findings, History};
use crate::policy::Policy;
use crate::time::{Instant, Zone};
use crate::units::{Energy, Power, Soc};

/// Two policies over one history.
#[derive(Debug)]
pub struct Contest<'a> {
    old: &'a Policy,
    new: &'a Policy,
    history: &'a History,
    options: Options,
    tracks: [Track; 2],
}

/// What the comparison of two policies came to. Money is in the currency of the new one.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The policy as it was.
    pub old: Side,
    /// The policy as it is to be.
    pub new: Side,
    /// The currency.
    pub currency: String,
    /// The site's zone.
    pub zone: Zone,
    /// The first day and the last.
    pub days: Option<(chrono::NaiveDate, chrono::NaiveDate)>,
    /// How long the history is.
    pub lived: Duration,
    /// For how long the two command otherwise.
    pub differs: Duration,
    /// Where they do, grouped by what held on either side, the longest first.
    pub groups: Vec<Difference>,
    /// What differs while both command the same: the battery comes from elsewhere, or the tariffs differ.
    pub elsewhere: Shift,
    /// What a stored kWh that is left over is priced at.
    pub stored_price: f64,
    /// What was wrong with the history.
    pub findings: Findings,
}

/// One of two policies.
#[derive(Clone, Debug, PartialEq)]
pub struct Side {
    /// Its file as it was given.
    pub file: String,
    /// Its battery's reserve.
    pub reserve: Soc,
    /// What flowed and what it cost.
    pub account: Account,
    /// What was written; `None` where commands were taken as obeyed at once.
    pub writes: Option<Writes>,
}

/// Which of two policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// As it was.
    Old,
    /// As it is to be.
    New,
}

/// One policy's way through the history.
#[derive(Clone, Debug)]
pub struct Lived {
    ran: Vec<Ran>,
    account: Account,
    writes: Option<Writes>,
}

/// Where two policies command otherwise, by what held on either side.
#[derive(Clone, Debug, PartialEq)]
pub struct Difference {
    /// What held under the old policy.
    pub old: Held,
    /// What held under the new one.
    pub new: Held,
    /// Why.
    pub reason: Reason,
    /// For how long in all.
    pub span: Duration,
    /// In how many stretches.
    pub times: u64,
    /// When first.
    pub first: Instant,
    /// What changed in flows and money.
    pub shift: Shift,
}

/// What held: the rule, if one did, and its command.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// The rule's name; `None` where no rule held.
    pub rule: Option<String>,
    /// What it commands.
    pub command: Command,
}

/// A group that is being added up.
struct Group {
    old: Decision,
    new: Decision,
    seconds: u64,
    times: u64,
    first: Instant,
    shift: Shift,
}

impl<'a> Contest<'a> {
    /// Lays the history before both policies.
    ///
    /// # Errors
    /// A price is missing, or the two count in different currencies.
    pub fn new(
        old: &'a Policy,
        new: &'a Policy,
        history: &'a History,
        options: Options,
    ) -> Result<Contest<'a>, TrackError> {
        let [one, other] = [old, new].map(|policy| &policy.tariff.currency);
        if one != other {
            return Err(TrackError::Currencies(one.clone(), other.clone()));
        }
        let tracks = [Track::new(history, old, &[new])?, Track::new(history, new, &[old])?];
        Ok(Contest { old, new, history, options, tracks })
    }

    /// Lives through the history with one of the two; `look` is told of every tick. Neither needs the other, so the two may be
    /// lived through beside each other.
    #[must_use]
    pub fn live(&self, version: Version, mut look: impl FnMut(&Ran)) -> Lived {
        let [old_track, new_track] = &self.tracks;
        let (policy, track) = match version {
            Version::Old => (self.old, old_track),
            Version::New => (self.new, new_track),
        };
        let mut ran = Vec::new();
        let (account, writes) = self.replayed(policy, track, |tick| {
            ran.push(*tick);
            look(tick);
        });
        Lived { ran, account, writes }
    }

    /// Tells where the two differ, each lived through.
    #[must_use]
    pub fn comparison(&self, old: Lived, new: Lived) -> Comparison {
        let mut sums = Sums::default();
        for (before, after) in old.ran.iter().zip(&new.ran) {
            sums.note(before, after, self.tick_shift(before, after));
        }
        let mut groups: Vec<Difference> = sums.groups.into_iter().map(|group| self.difference(group)).collect();
        groups.sort_by_key(|group| std::cmp::Reverse(group.span));
        let [_, track] = &self.tracks;
        Comparison {
            old: Side::of(self.old, &old),
            new: Side::of(self.new, &new),
            currency: self.new.tariff.currency.clone(),
            zone: self.new.zone.clone(),
            days: track.days.first().copied().zip(track.days.last().copied()),
            lived: Duration::from_secs(old.ran.iter().map(|ran| u64::from(ran.seconds)).sum()),
            differs: groups.iter().map(|group| group.span).sum(),
            groups,
            elsewhere: sums.elsewhere,
            stored_price: worth_stored(track, &self.new.battery),
            findings: self.history.findings().clone(),
        }
    }

    /// Lives through the history twice and tells where the two differ.
    #[must_use]
    pub fn run(&self) -> Comparison {
        self.comparison(self.live(Version::Old, |_| {}), self.live(Version::New, |_| {}))
    }

    /// How many local days are lived through with each.
    #[must_use]
    pub fn days(&self) -> usize {
        let [_, track] = &self.tracks;
        track.days.len()
    }

    fn replayed(&self, policy: &Policy, track: &Track, look: impl FnMut(&Ran)) -> (Account, Option<Writes>) {
        let Options { start, tick, writes } = self.options;
        if writes {
            let mut mind = Scheduled::new(policy, track, tick);
            let course = replay(track, &policy.battery, start, tick, &mut mind, look);
            return (course.account(track), Some(mind.writes()));
        }
        let mut mind = PolicyMind::new(policy, track, tick);
        (replay(track, &policy.battery, start, tick, &mut mind, look).account(track), None)
    }

    /// What one tick changed.
    fn tick_shift(&self, old: &Ran, new: &Ran) -> Shift {
        let span = Duration::from_secs(u64::from(new.seconds));
        let [old_track, new_track] = &self.tracks;
        let flows = |ran: &Ran, track: &Track| {
            let import = ran.grid.max(Power::ZERO).over(span);
            let export = (-ran.grid).max(Power::ZERO).over(span);
            let prices = track.pieces.get(ran.index).map(|piece| (piece.import.amount(), piece.export.amount()));
            let (paid, earned) = prices.unwrap_or_default();
            Shift { import, export, money: import.kilowatt_hours() * paid - export.kilowatt_hours() * earned }
        };
        flows(new, new_track).less(flows(old, old_track))
    }

    fn difference(&self, group: Group) -> Difference {
        Difference {
            old: held(self.old, group.old),
            new: held(self.new, group.new),
            reason: reason(self.old, self.new, group.old, group.new),
            span: Duration::from_secs(group.seconds),
            times: group.times,
            first: group.first,
            shift: group.shift,
        }
    }
}

impl Side {
    fn of(policy: &Policy, lived: &Lived) -> Side {
        let Lived { account, writes, .. } = *lived;
        Side { file: policy.file.clone(), reserve: policy.battery.reserve, account, writes }
    }
}

impl Comparison {
    /// Whether the two do the same: they never command otherwise, and nothing flows otherwise.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let flows = |side: &Side| [side.account.import, side.account.export].map(Energy::watt_hours);
        let apart = flows(&self.old).iter().zip(flows(&self.new)).any(|(old, new)| (old - new).abs() >= 1.0);
        self.groups.is_empty() && !apart
    }

    /// What the new policy costs more than the old one, with what either leaves over priced.
    #[must_use]
    pub fn dearer_by(&self) -> f64 {
        self.new.account.compared(self.stored_price) - self.old.account.compared(self.stored_price)
    }
}

/// The sums of a comparison on its way.
#[derive(Default)]
struct Sums {
    groups: Vec<Group>,
    elsewhere: Shift,
    /// The group of the tick before, if the two commanded otherwise then.
    open: Option<usize>,
}

impl Sums {
    fn note(&mut self, old: &Ran, new: &Ran, shift: Shift) {
        let (before, after) = (old.decision, new.decision);
        if before.command == after.command {
            self.elsewhere = self.elsewhere.and(shift);
            self.open = None;
            return;
        }
        let index = self.place(before, after, new.at);
        let begins = self.open != Some(index);
        self.open = Some(index);
        if let Some(group) = self.groups.get_mut(index) {
            group.seconds += u64::from(new.seconds);
            group.times += u64::from(begins);
            group.shift = group.shift.and(shift);
        }
    }

    /// Where the group of two decisions stands. There are no more than pairs of rules.
    fn place(&mut self, old: Decision, new: Decision, first: Instant) -> usize {
        let found = self.groups.iter().position(|group| group.old == old && group.new == new);
        found.unwrap_or_else(|| {
            self.groups.push(Group { old, new, seconds: 0, times: 0, first, shift: Shift::default() });
            self.groups.len() - 1
        })
    }
}

fn held(policy: &Policy, decision: Decision) -> Held {
    let rule = match decision.source {
        Source::Rule(index) => policy.rules.get(index).map(|rule| rule.name.clone()),
        Source::Otherwise | Source::Override => None,
    };
    Held { rule, command: decision.command }
}
