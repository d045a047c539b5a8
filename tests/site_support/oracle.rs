//! Whether the promises were kept, after every write that reached the cloud and after every tick: worked out from the cloud's
//! store, the exchanges and the journal, and written apart from the product.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use offpeak::device::{Object, Outcome, Settings};
use offpeak::journal::{Journal, WriteRecord};
use offpeak::plan::Plan;
use offpeak::policy::Policy;
use offpeak::runner::{Tick, replay};
use offpeak::simulator::store::{Half, Schedule, Which};

use super::family::{Family, Grip};
use super::laid::{self, adds_grip, grip, lap, legal, overlaps, same};
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
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// What the engine was last told that it holds.
    told: Option<Half>,
    /// What the engine last made it hold.
    ours: Option<Half>,
    /// Someone else's edit that stands there, and how often the engine has read it.
    foreign: Option<(Half, u32)>,
    /// The engine has noticed it and the owner has not answered yet.
    noticed: bool,
    ever_foreign: bool,
    /// A write whose reply was neither yes nor no, and which was not read since.
    unclear: bool,
}

/// How many writes an object had had on a day, and when its last was.
type Before = (usize, Option<DateTime<Utc>>);

pub(crate) struct Oracle {
    family: Family,
    told: Told,
    objects: [Known; 2],
    /// Every write that was sent: when, and to which object.
    posts: Vec<(DateTime<Utc>, Which)>,
    /// Of each sequence, how many writes each object had had on the day when it began, and when the last was.
    begun: BTreeMap<i64, [Before; 2]>,
    last_intent: i64,
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

fn index(which: Which) -> usize {
    usize::from(which == Which::Discharge)
}

fn object(which: Which) -> Object {
    if which == Which::Charge { Object::Charge } else { Object::Discharge }
}

impl Oracle {
    pub(crate) fn new(family: &Family) -> Oracle {
        Oracle {
            family: family.clone(),
            told: Told::new(family),
            objects: [Known::default(); 2],
            posts: Vec::new(),
            begun: BTreeMap::new(),
            last_intent: 0,
            minutes: BTreeSet::new(),
            proved: BTreeSet::new(),
            refusals: 0,
            refused_at: None,
            possible: 0,
            open: None,
            ticks_since_jump: 100,
            changed: None,
            talks: std::env::var_os("OFFPEAK_SITE_SEED").is_some(),
            grants: 0,
            withdrawals: 0,
            foreign_edits: 0,
            violations: Vec::new(),
        }
    }

    /// Someone else has edited the store behind the engine's back.
    pub(crate) fn edited(&mut self, before: &Schedule, after: &Schedule) {
        for which in Which::ALL {
            let (old, new) = (before.half(which), after.half(which));
            if !same(which, old, new) {
                let known = &mut self.objects[index(which)];
                (known.foreign, known.noticed, known.ever_foreign) = (Some((new, 0)), false, true);
                self.foreign_edits += 1;
            }
        }
    }

    /// The journal was lost: its numbers begin again.
    pub(crate) fn journal_lost(&mut self) {
        self.last_intent = 0;
        self.begun.clear();
        self.proved.clear();
    }

    /// The owner has answered.
    pub(crate) fn resumed(&mut self) {
        self.objects.iter_mut().for_each(|known| known.noticed = false);
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
            if self.talks && exchange.object().is_some() {
                println!("{exchange}");
            }
            self.told.hear(exchange, &self.family);
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
        let Some(which) = exchange.object() else { return };
        let at = exchange.at;
        if !exchange.reached {
            return;
        }
        let known = self.objects[index(which)];
        if known.unclear {
            self.blame("P8", at, format!("{which:?} was written again before it was read"));
        }
        if known.noticed && !self.family.reclaim {
            self.blame("P13", at, format!("{which:?} was overwritten although it is someone else's"));
        }
        let intent = intents.iter().find(|write| write.at == at && write.write.settings.object() == object(which));
        match intent {
            None => self.blame("P20", at, format!("{which:?} was written without an intent")),
            Some(write) => self.counted(exchange, which, write),
        }
        self.posts.push((at, which));
        let hour =
            self.posts.iter().filter(|(post, one)| *one == which && *post <= at && at - *post < Duration::hours(1));
        if hour.count() > MOST_AN_HOUR {
            self.blame("P23", at, format!("{which:?} was sent more than {MOST_AN_HOUR} times within an hour"));
        }
        let code = exchange.code();
        let refused = matches!(code, Some(code) if code != 200 && ![6008, 6016, 6026, 6029].contains(&code));
        if refused {
            (self.refusals, self.refused_at) = (self.refusals + 1, Some(at));
        }
        self.objects[index(which)].unclear = !refused && code != Some(200);
        if exchange.stored {
            self.stored(exchange, which);
        }
    }

    /// Budget and interval gate the beginning of a sequence.
    fn counted(&mut self, exchange: &Exchange, which: Which, write: &WriteRecord) {
        let at = exchange.at;
        let begins = !self.begun.contains_key(&write.sequence);
        if begins {
            let today = at.with_timezone(&self.family.zone).date_naive();
            let of = |which: Which| {
                let all = self.posts.iter().filter(|(_, one)| *one == which);
                let day = all.clone().filter(|(at, _)| at.with_timezone(&self.family.zone).date_naive() == today);
                (day.count(), all.map(|(at, _)| *at).max())
            };
            self.begun.insert(write.sequence, [of(Which::Charge), of(Which::Discharge)]);
        }
        let grants = adds_grip(&exchange.before, &exchange.after, self.family.reserve);
        if !(grants && exchange.stored) {
            return;
        }
        let (used, last) = self.begun[&write.sequence][index(which)];
        let limit = self.family.writes_per_day;
        if used + 2 > limit {
            self.blame(
                "P10",
                at,
                format!("{which:?} was granted although {used} of {limit} writes of the day were used"),
            );
        }
        let between = Duration::minutes(self.family.between_minutes) - Duration::seconds(1);
        if begins && last.is_some_and(|last| last <= at && at - last < between) {
            self.blame("P10", at, format!("{which:?} was granted {last:?} after the write before"));
        }
        if self.ticks_since_jump < 2 {
            self.blame("P16", at, format!("{which:?} was granted by a clock that has just jumped"));
        }
        let owner = self.objects[index(which)].told == Some(exchange.before.half(which));
        if write.write.kind == offpeak::device::WriteKind::Withdrawal && owner && !laid_odd(&exchange.before) {
            self.blame("P12", at, format!("{which:?}: a grant passed as a withdrawal"));
        }
    }

    /// What the store holds after one of our writes.
    fn stored(&mut self, exchange: &Exchange, which: Which) {
        let at = exchange.at;
        let (before, after) = (exchange.before, exchange.after);
        let known = self.objects[index(which)];
        let other = if which == Which::Charge { Which::Discharge } else { Which::Charge };
        let race = known.told.is_some_and(|told| !same(which, told, before.half(which)));
        if adds_grip(&before, &after, self.family.reserve) {
            self.grants += 1;
        } else {
            self.withdrawals += 1;
        }
        if same(which, before.half(which), after.half(which)) && !race {
            self.blame("P10", at, format!("{which:?} was written without any difference: {:?}", after.half(which)));
        }
        if laid::odd(after.half(which)) {
            self.blame("P6", at, format!("{which:?} is off the grid or wraps: {:?}", after.half(which)));
        }
        let other_seen = self.objects[index(other)].told.is_some_and(|told| same(other, told, before.half(other)));
        if overlaps(&after) && other_seen && !laid::odd(after.half(other)) {
            self.blame("P6", at, "a charge window and a permission overlap".to_owned());
        }
        self.bounds(at, which, after.half(which), before.half(which));
        self.orphan(at, which, &before, &after);
        let (_, quarter) = lap(self.family.zone, at)[0];
        if grip(&before, quarter) != grip(&after, quarter) {
            self.changed = Some((at, self.told.facts(&self.family, at)));
        }
        let known = &mut self.objects[index(which)];
        (known.ours, known.foreign, known.noticed) = (Some(after.half(which)), None, false);
    }

    /// P5: never below the reserve, never above the ceiling; and no target or floor that nobody asks for.
    fn bounds(&mut self, at: DateTime<Utc>, which: Which, half: Half, before: Half) {
        let (percent, family) = (half.percent, &self.family);
        let targets = family.targets();
        let wrong = match which {
            Which::Discharge if percent < family.reserve => Some(("P5", "a floor below the reserve")),
            Which::Discharge if percent > family.highest_floor() => Some(("P6", "a floor that nobody asks for")),
            Which::Charge if !half.enabled => None,
            Which::Charge if percent > family.ceiling => Some(("P5", "a target above the ceiling")),
            Which::Charge if percent != 10 && percent != before.percent && !targets.contains(&percent) => {
                Some(("P6", "a target that nobody asks for"))
            }
            _ => None,
        };
        if let Some((promise, what)) = wrong {
            self.blame(promise, at, format!("{what}: {percent} %"));
        }
    }

    /// P6: were the engine to die now. P4: a grip that only a rule justifies whose reading cannot be used.
    fn orphan(&mut self, at: DateTime<Utc>, which: Which, before: &Schedule, after: &Schedule) {
        let facts = self.told.facts(&self.family, at);
        let every: Vec<bool> = self.family.rules.iter().map(|rule| rule.read.is_some()).collect();
        for (then, quarter) in lap(self.family.zone, at) {
            let grip_now = grip(after, quarter);
            let here = match which {
                Which::Charge => laid::charges(after.charge, quarter),
                Which::Discharge => grip_now == Grip::Hold,
            };
            let ours = here || grip_now > grip(before, quarter);
            if !ours || legal(grip_now, self.family.allowed(then, at, &facts)) {
                continue;
            }
            let blind = legal(grip_now, self.family.allowed(then, at, &every));
            let promise = if blind { "P4" } else { "P6" };
            let planned = self.family.planned(then);
            self.blame(
                promise,
                at,
                format!("{which:?}: {grip_now:?} at {then}, where {planned:?} is planned ({facts:?})"),
            );
            return;
        }
    }

    fn read(&mut self, exchange: &Exchange) {
        let Some(which) = exchange.tells() else { return };
        let held = exchange.before.half(which);
        let known = &mut self.objects[index(which)];
        (known.told, known.unclear) = (Some(held), false);
        if let Some((foreign, reads)) = &mut known.foreign
            && same(which, *foreign, held)
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
            let grants = adds_grip(&first.before, &first.after, reserve);
            let withdraws = !adds_grip(&second.before, &second.after, reserve);
            let mut other = first.before;
            other.set(two, second.after.half(two));
            let could = one != two && !overlaps(&other) && !adds_grip(&first.before, &other, reserve);
            if grants && withdraws && could && first.after == second.before && !laid_odd(&first.before) {
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
        for (id, which, at) in proofs {
            if !self.proved.insert(id) {
                continue;
            }
            let read = |exchange: &&Exchange| exchange.at <= at && exchange.tells().map(object) == Some(which);
            let posted = |exchange: &&Exchange| exchange.write && exchange.object().map(object) == Some(which);
            let last = exchanges.iter().rfind(|exchange| read(exchange) || posted(exchange) && exchange.at <= at);
            if last.is_none_or(|exchange| exchange.write) {
                self.blame("P8", at, format!("write {id} to {which:?} is called stored, and nobody has read it"));
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
        let clean = exchanges.iter().all(|exchange| exchange.code() == Some(200));
        self.possible += u32::from(rested && clean && reads);
        if self.possible > 2 {
            self.blame("P12", last.at, "a sequence was neither finished nor undone".to_owned());
            self.possible = 0;
        }
    }

    /// P13: an edit is noticed within two reads, and our own echo never is one.
    fn ownership(&mut self, journal: &Journal, at: DateTime<Utc>) {
        for which in Which::ALL {
            let drift = journal.drift("home", object(which)).expect("a journal");
            let proven = journal.proven("home", object(which)).expect("a journal").is_some();
            let known = self.objects[index(which)];
            if drift.is_some() && !known.ever_foreign {
                self.blame("P13", at, format!("{which:?}: our own echo is called foreign"));
            }
            let stands = known.foreign.filter(|(half, _)| known.ours.is_none_or(|ours| !same(which, ours, *half)));
            if proven && drift.is_none() && stands.is_some_and(|(_, reads)| reads > 2) {
                self.blame("P13", at, format!("{which:?}: someone else's edit was read {stands:?} and not noticed"));
                self.objects[index(which)].foreign = None;
            }
            let answered = drift.is_some_and(|drift| drift.acknowledged_at.is_some());
            if drift.is_none() {
                self.objects[index(which)].noticed = false;
            } else if !answered && known.foreign.is_some() {
                self.objects[index(which)].noticed = true;
            }
        }
    }

    /// P6 between writes: nothing pending, everything ours, and yet a grip within `program ahead` that nothing asks for.
    /// P11 asks that a grip which a reading changed stay for half an hour: what was asked for at that change excuses it.
    fn standing(&mut self, tick: &Tick) {
        let [charge, discharge] = self.objects.map(|known| known.ours.filter(|ours| known.told == Some(*ours)));
        let calm = tick.verified && tick.pending == 0 && tick.sent.is_empty() && self.ticks_since_jump > 2;
        let (true, Some(charge), Some(discharge)) = (calm, charge, discharge) else { return };
        let schedule = Schedule { charge, discharge };
        let facts = self.told.facts(&self.family, tick.at);
        let kept = self.changed.iter().find(|(at, _)| tick.at - *at < STEADY);
        let ahead = tick.at + Duration::minutes(self.family.ahead_minutes);
        for (then, quarter) in lap(self.family.zone, tick.at).into_iter().take_while(|(then, _)| *then <= ahead) {
            let held = grip(&schedule, quarter);
            let excused = |(_, facts): &(_, Vec<bool>)| legal(held, self.family.allowed(then, tick.at, facts));
            if !legal(held, self.family.allowed(then, tick.at, &facts)) && !kept.is_some_and(excused) {
                self.blame("P6", tick.at, format!("{held:?} stands at {then}, which nothing asks for ({facts:?})"));
                return;
            }
        }
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
        let foreign = self.objects.iter().any(|known| known.foreign.is_some());
        if !plan.writes().is_empty() && !foreign {
            let shown = |settings: &[Settings]| settings.iter().map(Settings::to_string).collect::<Vec<_>>().join(", ");
            let again: Vec<Settings> = plan.writes().iter().map(|write| write.settings).collect();
            self.blame("P10", tick.at, format!("after {} the same plan writes {}", shown(&tick.sent), shown(&again)));
        }
    }
}

fn laid_odd(schedule: &Schedule) -> bool {
    laid::odd(schedule.charge) || laid::odd(schedule.discharge) || overlaps(schedule)
}
