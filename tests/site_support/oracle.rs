//! Whether the promises were kept, after every write that reached the cloud and after every tick: worked out from the cloud's
//! store, the exchanges and the journal, and written apart from the product.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use offpeak::device::{Object, Outcome, PerObject, Settings, WriteKind};
use offpeak::journal::{Journal, WriteRecord};
use offpeak::plan::Plan;
use offpeak::policy::Policy;
use offpeak::runner::{Tick, replay};

use super::family::Family;
use super::laid::{Held, Part, Slot, lap, legal};
use super::line::Exchange;
use super::told::Told;

/// A promise that was broken.
#[derive(Clone, Debug)]
pub(crate) struct Violation {
    pub(crate) promise: &'static str,
    pub(crate) at: DateTime<Utc>,
    pub(crate) what: String,
}

/// What is known of one object of the store.
#[derive(Clone, Debug, Default)]
struct Known {
    /// What the engine was last told that it holds.
    told: Option<Part>,
    /// What the engine last made it hold.
    ours: Option<Part>,
    /// Whether the engine's last write to it was answered with a yes.
    vouched: bool,
    /// Someone else's edit that stands there, and how often the engine has read it.
    foreign: Option<(Part, u32)>,
    /// The engine has noticed it and the owner has not answered yet.
    noticed: bool,
    ever_foreign: bool,
    /// A write whose reply was neither yes nor no, and which was not read since.
    unclear: bool,
}

impl Known {
    /// Whether the engine knows that the object holds this, as far as it can be read.
    fn reads(&self, part: &Part) -> bool {
        self.told.as_ref().is_some_and(|told| *told == part.told())
    }

    /// Whether the engine knows all of it, what no read tells included.
    fn knows(&self, part: &Part) -> bool {
        self.reads(part) && (part.told_whole() || self.vouched && self.ours.as_ref() == Some(part))
    }

    /// What the engine made it hold, if it has read that there and nothing else.
    fn standing(&self) -> Option<&Part> {
        self.ours.as_ref().filter(|ours| self.reads(ours))
    }
}

/// How many writes an object had had on a day, and when its last was.
type Before = (usize, Option<DateTime<Utc>>);

pub(crate) struct Oracle {
    family: Family,
    told: Told,
    objects: PerObject<Known>,
    /// Every write that was sent: when, and to which object.
    posts: Vec<(DateTime<Utc>, Object)>,
    /// Of each sequence, how many writes each object had had on the day when it began, and when the last was.
    begun: BTreeMap<i64, PerObject<Before>>,
    last_intent: i64,
    /// Intents on which something was sent.
    used: BTreeSet<i64>,
    /// The minutes that the site's clock has shown.
    minutes: BTreeSet<i64>,
    /// Writes that were called stored.
    proved: BTreeSet<i64>,
    refusals: u32,
    refused_at: Option<DateTime<Utc>>,
    possible: u32,
    /// The sequence that was open after the tick before.
    open: Option<i64>,
    ticks_since_jump: u32,
    /// The last write that changed the grip in force: when, and what the readings said of each rule then.
    changed: Option<(DateTime<Utc>, Vec<bool>)>,
    /// What the store held at the last exchange.
    last: Option<Held>,
    /// Whether exchanges about the schedule are printed.
    talks: bool,
    pub(crate) grants: u32,
    pub(crate) withdrawals: u32,
    pub(crate) foreign_edits: u32,
    pub(crate) violations: Vec<Violation>,
}

/// How long a grip that a reading changed may stay so that readings which hover do not make it flap.
const STEADY: Duration = Duration::minutes(30);

/// Sends to one object within an hour that the policies of the family can need, failures included.
const MOST_AN_HOUR: usize = 14;

/// How long after its intent a write may be sent: a driver may have to read first, in its turn.
const SOON: Duration = Duration::minutes(3);

impl Oracle {
    pub(crate) fn new(family: &Family) -> Oracle {
        Oracle {
            family: family.clone(),
            told: Told::new(family),
            objects: PerObject::default(),
            posts: Vec::new(),
            begun: BTreeMap::new(),
            last_intent: 0,
            used: BTreeSet::new(),
            minutes: BTreeSet::new(),
            proved: BTreeSet::new(),
            refusals: 0,
            refused_at: None,
            possible: 0,
            open: None,
            ticks_since_jump: 100,
            changed: None,
            last: None,
            talks: std::env::var_os("OFFPEAK_SITE_SEED").is_some(),
            grants: 0,
            withdrawals: 0,
            foreign_edits: 0,
            violations: Vec::new(),
        }
    }

    fn objects(&self) -> &'static [Object] {
        self.family.store.objects()
    }

    /// Someone else has edited the store behind the engine's back.
    pub(crate) fn edited(&mut self, before: &Held, after: &Held) {
        for object in self.objects() {
            let (old, new) = (before.part(*object), after.part(*object));
            if !old.looks_same(&new) {
                let known = self.objects.of_mut(*object);
                (known.foreign, known.noticed, known.ever_foreign) = (Some((new, 0)), false, true);
                self.foreign_edits += 1;
            }
        }
    }

    /// The journal was lost: its numbers begin again.
    pub(crate) fn journal_lost(&mut self) {
        self.last_intent = 0;
        self.used.clear();
        self.begun.clear();
        self.proved.clear();
    }

    /// The owner has answered.
    pub(crate) fn resumed(&mut self) {
        self.objects().iter().for_each(|object| self.objects.of_mut(*object).noticed = false);
    }

    /// A process looks at the clock for the first time: it cannot know that it was set before.
    pub(crate) fn began(&mut self) {
        self.ticks_since_jump = 100;
    }

    /// The site's clock has been set.
    pub(crate) fn jumped(&mut self, seconds: i64) {
        if seconds.abs() > 60 {
            self.ticks_since_jump = 0;
        }
    }

    /// What a tick did, whether it came to its end or was killed.
    pub(crate) fn tick(&mut self, journal: &Journal, policy: &Policy, exchanges: &[Exchange], done: Option<&Tick>) {
        let first = self.violations.len();
        let intents = self.new_intents(journal, exchanges);
        let open = journal.unfinished("home").expect("a journal").map(|unfinished| unfinished.sequence.id);
        let mut written: Vec<&Exchange> = Vec::new();
        for exchange in exchanges {
            if self.talks {
                println!("{exchange}");
            }
            self.told.hear(exchange, &self.family);
            self.last = Some(exchange.after.clone());
            if exchange.write {
                self.wrote(exchange, &intents);
                written.extend(exchange.stored.then_some(exchange));
            } else if exchange.before != exchange.after {
                self.read(exchange);
                self.edited(&exchange.before, &exchange.after);
            } else {
                self.read(exchange);
            }
        }
        self.order(&written);
        self.proofs(journal, exchanges);
        self.pair(open, exchanges);
        if let Some(tick) = done {
            self.told.end_tick();
            self.ownership(journal, tick.at);
            self.standing(tick);
            self.plan_again(journal, policy, tick, written.len());
        } else {
            self.told.killed();
        }
        self.ticks_since_jump = self.ticks_since_jump.saturating_add(1);
        self.violations.truncate(first + 20);
    }

    fn blame(&mut self, promise: &'static str, at: DateTime<Utc>, what: String) {
        self.violations.push(Violation { promise, at, what });
    }

    fn new_intents(&mut self, journal: &Journal, exchanges: &[Exchange]) -> Vec<WriteRecord> {
        if !exchanges.iter().any(|exchange| exchange.write) {
            return Vec::new();
        }
        let mut intents = journal.writes("home", 40).expect("a journal");
        intents.retain(|write| write.id > self.last_intent);
        intents.reverse();
        self.last_intent = intents.last().map_or(self.last_intent, |write| write.id);
        intents
    }

    /// One write that was sent, perhaps into the void.
    fn wrote(&mut self, exchange: &Exchange, intents: &[WriteRecord]) {
        let Some(object) = exchange.object() else { return };
        let at = exchange.at;
        if !exchange.reached {
            return;
        }
        let known = self.objects.of(object);
        if known.unclear {
            self.blame("P8", at, format!("{object:?} was written again before it was read"));
        }
        if self.objects.of(object).noticed && !self.family.reclaim {
            self.blame("P13", at, format!("{object:?} was overwritten although it is someone else's"));
        }
        let fits = |write: &&WriteRecord| {
            let soon = write.at <= at && at - write.at < SOON && write.write.settings.object() == object;
            soon && !self.used.contains(&write.id)
        };
        let intent = intents.iter().rfind(fits);
        match intent {
            None => self.blame("P20", at, format!("{object:?} was written without an intent")),
            Some(write) => {
                self.used.insert(write.id);
                self.counted(exchange, object, write);
            }
        }
        // A driver that reads first sends later than it was told to.
        self.posts.push((intent.map_or(at, |write| write.at), object));
        let hour =
            self.posts.iter().filter(|(post, one)| *one == object && *post <= at && at - *post < Duration::hours(1));
        if hour.count() > MOST_AN_HOUR {
            self.blame("P23", at, format!("{object:?} was sent more than {MOST_AN_HOUR} times within an hour"));
        }
        if exchange.refused() {
            (self.refusals, self.refused_at) = (self.refusals + 1, Some(at));
        }
        let known = self.objects.of_mut(object);
        known.unclear = !exchange.refused() && !exchange.accepted();
        if exchange.stored {
            self.stored(exchange, object, intent.map_or(at, |write| write.at));
        } else if !exchange.refused() {
            known.vouched = false;
        }
    }

    /// Budget and interval gate the beginning of a sequence.
    fn counted(&mut self, exchange: &Exchange, object: Object, write: &WriteRecord) {
        let at = write.at;
        let begins = !self.begun.contains_key(&write.sequence);
        if begins {
            let today = at.with_timezone(&self.family.zone).date_naive();
            let of = |object: Object| {
                let all = self.posts.iter().filter(|(_, one)| *one == object);
                let day = all.clone().filter(|(at, _)| at.with_timezone(&self.family.zone).date_naive() == today);
                Ok::<Before, ()>((day.count(), all.map(|(at, _)| *at).max()))
            };
            self.begun.insert(write.sequence, PerObject::try_of(of).expect("counts"));
        }
        let grants = exchange.before.adds_grip(&exchange.after, self.family.reserve);
        if !(grants && exchange.stored) {
            return;
        }
        let (used, last) = *self.begun[&write.sequence].of(object);
        let limit = self.family.writes_per_day;
        if used + 2 > limit {
            self.blame(
                "P10",
                at,
                format!("{object:?} was granted although {used} of {limit} writes of the day were used"),
            );
        }
        let between = Duration::minutes(self.family.between_minutes) - Duration::seconds(1);
        if begins && last.is_some_and(|last| last <= at && at - last < between) {
            self.blame("P10", at, format!("{object:?} was granted {last:?} after the write before"));
        }
        if self.ticks_since_jump < 2 {
            self.blame("P16", at, format!("{object:?} was granted by a clock that has just jumped"));
        }
        let owner = self.objects.of(object).knows(&exchange.before.part(object));
        if write.write.kind == WriteKind::Withdrawal && owner && !exchange.before.odd() {
            self.blame("P12", at, format!("{object:?}: a grant passed as a withdrawal"));
        }
    }

    /// What the store holds after one of our writes.
    fn stored(&mut self, exchange: &Exchange, object: Object, planned_at: DateTime<Utc>) {
        let at = exchange.at;
        let (before, after) = (&exchange.before, &exchange.after);
        let (was, is) = (before.part(object), after.part(object));
        let known = self.objects.of(object).clone();
        let race = known.told.as_ref().is_some_and(|told| !told.looks_same(&was));
        if before.adds_grip(after, self.family.reserve) {
            self.grants += 1;
        } else {
            self.withdrawals += 1;
        }
        let unknown = !was.told_whole() && !known.knows(&was);
        if was.same(&is) && !race && !unknown {
            self.blame("P10", at, format!("{object:?} was written without any difference: {is:?}"));
        }
        if is.odd() {
            self.blame("P6", at, format!("{object:?} is off the grid or wraps: {is:?}"));
        }
        let seen = |other: &&Object| {
            let part = before.part(**other);
            !part.odd() && self.objects.of(**other).told.as_ref().is_some_and(|told| told.looks_same(&part))
        };
        let others = self.objects().iter().filter(|other| **other != object);
        if after.overlaps() && others.clone().count() == others.filter(seen).count() {
            self.blame("P6", at, "a charge window and a permission overlap".to_owned());
        }
        if !race && before.rest() != after.rest() {
            self.blame("P13", at, "a setting that is not mapped was changed".to_owned());
        }
        self.bounds(at, &is, &was);
        self.orphan(planned_at, object, before, after);
        let now = lap(self.family.store, self.family.zone, at)[0];
        if before.grip(now) != after.grip(now) {
            self.changed = Some((at, self.told.facts(&self.family, at)));
        }
        let known = self.objects.of_mut(object);
        (known.ours, known.foreign, known.noticed) = (Some(is), None, false);
        known.vouched = exchange.accepted();
    }

    /// P5: never below the reserve, never above the ceiling; and no target or floor that nobody asks for.
    fn bounds(&mut self, at: DateTime<Utc>, is: &Part, was: &Part) {
        let family = &self.family;
        let floor = |percent: u8| match percent {
            _ if percent < family.reserve => Some(("P5", "a floor below the reserve", percent)),
            _ if percent > family.highest_floor() => Some(("P6", "a floor that nobody asks for", percent)),
            _ => None,
        };
        let target = |percent: u8| match percent {
            _ if percent > family.ceiling => Some(("P5", "a target above the ceiling", percent)),
            10 => None,
            _ if was.targets(false).contains(&percent) || family.targets().contains(&percent) => None,
            _ => Some(("P6", "a target that nobody asks for", percent)),
        };
        let wrong = is.floors().into_iter().find_map(floor).or_else(|| is.targets(true).into_iter().find_map(target));
        if let Some((promise, what, percent)) = wrong {
            self.blame(promise, at, format!("{what}: {percent} %"));
        }
    }

    /// P6: were the engine to die now. P4: a grip that only a rule justifies whose reading cannot be used.
    fn orphan(&mut self, at: DateTime<Utc>, object: Object, before: &Held, after: &Held) {
        let facts = self.told.facts(&self.family, at);
        let every: Vec<bool> = self.family.rules.iter().map(|rule| rule.read.is_some()).collect();
        for slot in lap(self.family.store, self.family.zone, at) {
            let then = slot.at;
            let grip_now = after.grip(slot);
            let ours = after.grips(object, slot) || grip_now > before.grip(slot);
            if !ours || legal(grip_now, self.family.allowed(then, at, &facts)) {
                continue;
            }
            let blind = legal(grip_now, self.family.allowed(then, at, &every));
            let promise = if blind { "P4" } else { "P6" };
            let planned = self.family.planned(then);
            self.blame(
                promise,
                at,
                format!("{object:?}: {grip_now:?} at {then}, where {planned:?} is planned ({facts:?}; {})", self.told),
            );
            return;
        }
    }

    fn read(&mut self, exchange: &Exchange) {
        let Some(object) = exchange.tells() else { return };
        let held = exchange.before.part(object);
        let known = self.objects.of_mut(object);
        (known.told, known.unclear) = (Some(held.told()), false);
        // Whoever put back what was ours has taken the matter off the table.
        known.noticed &= known.ours.as_ref().is_none_or(|ours| !ours.looks_same(&held));
        if let Some((foreign, reads)) = &mut known.foreign
            && foreign.looks_same(&held)
        {
            *reads += 1;
        }
    }

    /// P12: withdraw before grant, unless the other order would let a window and a permission overlap.
    fn order(&mut self, written: &[&Exchange]) {
        for pair in written.windows(2) {
            let [first, second] = [pair[0], pair[1]];
            let (Some(one), Some(two)) = (first.object(), second.object()) else { continue };
            let reserve = self.family.reserve;
            let grants = first.before.adds_grip(&first.after, reserve);
            let withdraws = !second.before.adds_grip(&second.after, reserve);
            let other = first.before.with(second.after.part(two));
            let could = one != two && !other.overlaps() && !first.before.adds_grip(&other, reserve);
            if grants && withdraws && could && first.after == second.before && !first.before.odd() {
                self.blame("P12", second.at, format!("{one:?} was granted before {two:?} was withdrawn"));
            }
        }
    }

    /// P8: what is called stored was read back.
    fn proofs(&mut self, journal: &Journal, exchanges: &[Exchange]) {
        if !exchanges.iter().any(|exchange| exchange.object().is_some()) {
            return;
        }
        let newest = journal.writes("home", 6).expect("a journal");
        let stored = |write: &WriteRecord| {
            let outcome = write.outcomes.iter().find(|(_, outcome, _)| *outcome == Outcome::Stored);
            outcome.map(|(at, _, _)| (write.id, write.write.settings.object(), *at))
        };
        let proofs: Vec<_> = newest.iter().filter_map(stored).collect();
        for (id, object, at) in proofs {
            if !self.proved.insert(id) {
                continue;
            }
            let read = |exchange: &&Exchange| exchange.at <= at && exchange.tells() == Some(object);
            let posted = |exchange: &&Exchange| exchange.write && exchange.object() == Some(object);
            let last = exchanges.iter().rfind(|exchange| read(exchange) || posted(exchange) && exchange.at <= at);
            if last.is_none_or(|exchange| exchange.write) {
                self.blame("P8", at, format!("write {id} to {object:?} is called stored, and nobody has read it"));
            }
        }
    }

    /// P12, P7: a sequence that has begun ends within two ticks in which a write is possible.
    fn pair(&mut self, open: Option<i64>, exchanges: &[Exchange]) {
        let Some(last) = exchanges.last() else { return };
        let same = open.is_some() && std::mem::replace(&mut self.open, open) == open;
        if !same {
            (self.possible, self.refusals, self.refused_at) = (0, 0, None);
            return;
        }
        let rest = Duration::minutes(self.family.between_minutes << self.refusals.saturating_sub(1).min(5));
        let rested = self.refused_at.is_none_or(|at| last.at >= at + rest || last.at < at);
        let reads = exchanges.iter().any(|exchange| exchange.tells().is_some());
        let clean = exchanges.iter().all(Exchange::accepted);
        self.possible += u32::from(rested && clean && reads);
        if self.possible > 2 {
            self.blame("P12", last.at, "a sequence was neither finished nor undone".to_owned());
            self.possible = 0;
        }
    }

    /// P13: an edit is noticed within two reads, and our own echo never is one.
    fn ownership(&mut self, journal: &Journal, at: DateTime<Utc>) {
        for object in self.objects() {
            let drift = journal.drift("home", *object).expect("a journal");
            let proven = journal.proven("home", *object).expect("a journal").is_some();
            let known = self.objects.of(*object).clone();
            if drift.is_some() && !known.ever_foreign {
                self.blame("P13", at, format!("{object:?}: our own echo is called foreign"));
            }
            let other = |part: &Part| known.ours.as_ref().is_none_or(|ours| !ours.looks_same(part));
            let stands = known.foreign.filter(|(part, _)| other(part));
            if proven && drift.is_none() && stands.as_ref().is_some_and(|(_, reads)| *reads > 2) {
                self.blame("P13", at, format!("{object:?}: someone else's edit was read {stands:?} and not noticed"));
                self.objects.of_mut(*object).foreign = None;
            }
            let answered = drift.as_ref().is_some_and(|drift| drift.acknowledged_at.is_some());
            let known = self.objects.of_mut(*object);
            if drift.is_none() {
                known.noticed = false;
            } else if !answered && known.foreign.is_some() {
                known.noticed = true;
            }
        }
    }

    /// P6 between writes: nothing pending, everything ours, and yet a grip within `program ahead` that nothing asks for.
    /// P11 asks that a grip which a reading changed stay for half an hour, and `when blind: keep` that it stay while the
    /// readings fail: what was asked for at that change excuses it.
    fn standing(&mut self, tick: &Tick) {
        let calm = tick.verified && tick.pending == 0 && tick.sent.is_empty() && self.ticks_since_jump > 2;
        let Some(held) = self.ours().filter(|_| calm) else { return };
        let facts = self.told.facts(&self.family, tick.at);
        let blind =
            !self.family.safe_when_blind && self.told.is_blind_for_less_than(tick.at, self.family.ahead_minutes);
        let kept = self.changed.iter().find(|(at, _)| blind || tick.at - *at < STEADY + SOON);
        let ahead = tick.at + Duration::minutes(self.family.ahead_minutes);
        let lap = lap(self.family.store, self.family.zone, tick.at);
        for slot in lap.into_iter().take_while(|slot| slot.at <= ahead) {
            let Slot { at: then, .. } = slot;
            let held = held.grip(slot);
            let asks = |facts: &Vec<bool>| legal(held, self.family.allowed(then, tick.at, facts));
            if !asks(&facts) && !kept.is_some_and(|(_, facts)| asks(facts)) {
                self.blame("P6", tick.at, format!("{held:?} stands at {then}, which nothing asks for ({facts:?})"));
                return;
            }
        }
    }

    /// What stands on the store, if all of it is what the engine made and has read there.
    fn ours(&self) -> Option<Held> {
        let last = self.last.as_ref()?;
        let parts = self.objects().iter().map(|object| self.objects.of(*object).standing().cloned());
        Some(parts.collect::<Option<Vec<Part>>>()?.into_iter().fold(last.clone(), |held, part| held.with(part)))
    }

    /// P10: plan, apply, plan again from the same moment is empty; P19: the moment replays to the byte.
    fn plan_again(&mut self, journal: &Journal, policy: &Policy, tick: &Tick, stored: usize) {
        // A clock that was set back shows a minute twice: which of its two records is this tick's?
        let once = self.minutes.insert(tick.at.timestamp().div_euclid(60));
        let whole = once && !tick.sent.is_empty() && tick.verified && stored == tick.sent.len();
        if !whole {
            return;
        }
        let Some(record) = journal.decision_after("home", tick.at - Duration::seconds(1)).expect("a journal") else {
            return;
        };
        let mut replayed = replay(journal, &record).expect("a replay");
        if !replayed.same {
            self.blame("P19", tick.at, "the tick does not replay to the byte".to_owned());
        }
        replayed.inputs.present = tick.schedule;
        let plan = Plan::make(policy, &replayed.inputs);
        let foreign = self.objects().iter().any(|object| self.objects.of(*object).foreign.is_some());
        if !plan.writes().is_empty() && !foreign {
            let shown = |settings: &[Settings]| settings.iter().map(Settings::to_string).collect::<Vec<_>>().join(", ");
            let again: Vec<Settings> = plan.writes().iter().map(|write| write.settings).collect();
            self.blame("P10", tick.at, format!("after {} the same plan writes {}", shown(&tick.sent), shown(&again)));
        }
    }
}
