//! What stored energy is worth over the coming hours. It rests on a forecast, so it is never certain.

use crate::time::Instant;
use crate::units::{Price, Soc};

/// Into how many steps the charge is divided between the reserve and full.
pub const LEVELS: usize = 20;

/// What a stored kWh is worth in one slot of time, and up to where it pays to store or to keep it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SlotWorth {
    /// The first instant.
    pub from: Instant,
    /// The first instant after it.
    pub until: Instant,
    /// What a kWh from the grid costs in it.
    pub import: Price,
    /// What a kWh that is taken from the grid now costs once it is stored.
    pub storing: Price,
    /// What a stored kWh saves if it is used now instead of the grid's.
    pub using: Price,
    /// Below this charge a kWh that is stored now is worth more later than it costs; the reserve if none is.
    pub charge_below: Reach,
    /// Up to this charge a stored kWh is worth more later than it saves now; the reserve if none is.
    pub hold_below: Reach,
    /// The charge below which nothing is used.
    pub reserve: Soc,
    /// What a stored kWh is worth once the slot is over, from the reserve up in equal steps to full: never rising.
    pub levels: [Price; LEVELS],
    /// The same once all slots of the same price that follow this one are over: what is stored in any of them is for later.
    pub beyond: [Price; LEVELS],
}

/// Up to which charge something pays. What is in force is changed only for a gain that is worth a write, so there are three.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reach {
    /// Where it gains as much as a change must: up to here it is begun.
    pub sure: Soc,
    /// Where it gains anything: what is begun is begun up to here.
    pub even: Soc,
    /// Where it loses as much as a change must gain: beyond this it is ended.
    pub near: Soc,
}

/// What a battery is told to do already, as far as a plan could have told it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Standing {
    /// To charge up to a target.
    Charge(Soc),
    /// Not to discharge.
    Hold,
    /// The device's own way.
    OwnWay,
}

/// Why it is not known what stored energy is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lack {
    /// Nobody asked.
    NotAsked,
    /// No price is known for that moment.
    NoPrice,
    /// Load and sun have not been watched for enough days.
    NoForecast,
}

/// What stored energy is worth, slot by slot in order and without holes from now on; or why that is not known. Beside it what
/// stands already over that time.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredWorth {
    slots: Result<Vec<SlotWorth>, Lack>,
    standing: Vec<(Instant, Option<Standing>)>,
}

impl StoredWorth {
    /// From slots in order; without any no price is known. `None` if one begins where the one before it does not end.
    #[must_use]
    pub fn new(slots: Vec<SlotWorth>) -> Option<StoredWorth> {
        let filled = slots.iter().all(|slot| slot.from < slot.until);
        let joined = slots.iter().zip(slots.iter().skip(1)).all(|(one, next)| one.until == next.from);
        (filled && joined).then_some(StoredWorth { slots: Ok(slots), standing: Vec::new() })
    }

    /// Not known.
    #[must_use]
    pub fn unknown(why: Lack) -> StoredWorth {
        StoredWorth { slots: Err(why), standing: Vec::new() }
    }

    /// Takes note of what stands already: from each of these instants, in order, until the next.
    pub fn stand(&mut self, standing: Vec<(Instant, Option<Standing>)>) {
        self.standing = standing;
    }

    /// What stands already at an instant; `None` where that is not known.
    #[must_use]
    pub fn standing(&self, at: Instant) -> Option<Standing> {
        let after = self.standing.partition_point(|(from, _)| *from <= at);
        self.standing.get(after.checked_sub(1)?)?.1
    }

    /// The slot that an instant lies in.
    ///
    /// # Errors
    /// Why nothing is known of it.
    pub fn at(&self, at: Instant) -> Result<&SlotWorth, Lack> {
        let slots = self.slots.as_ref().map_err(|lack| *lack)?;
        let after = slots.partition_point(|slot| slot.from <= at);
        let slot = after.checked_sub(1).and_then(|index| slots.get(index));
        slot.filter(|slot| at < slot.until).ok_or(Lack::NoPrice)
    }

    /// The slots in order; none where nothing is known.
    #[must_use]
    pub fn slots(&self) -> &[SlotWorth] {
        self.slots.as_deref().unwrap_or_default()
    }
}

impl Default for StoredWorth {
    /// Nobody asked.
    fn default() -> StoredWorth {
        StoredWorth::unknown(Lack::NotAsked)
    }
}

impl SlotWorth {
    /// What the next kWh would be worth if it were stored on top of this charge.
    #[must_use]
    pub fn of_next(&self, soc: Soc) -> Price {
        self.level(&self.beyond, |top| soc.percent() < top)
    }

    /// What the kWh is worth that would be used next.
    #[must_use]
    pub fn of_last(&self, soc: Soc) -> Price {
        self.level(&self.levels, |top| soc.percent() <= top)
    }

    /// The worth of the first level whose upper end passes, else of the last.
    fn level(&self, levels: &[Price; LEVELS], passes: impl Fn(f64) -> bool) -> Price {
        let width = (100.0 - self.reserve.percent()) / f64::from(u32::try_from(LEVELS).unwrap_or(1));
        let tops = (1..).map(|count| self.reserve.percent() + width * f64::from(count));
        let found = levels.iter().zip(tops).find(|(_, top)| passes(*top)).map(|(level, _)| *level);
        found.or(levels.last().copied()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(time: &str) -> Instant {
        format!("2026-01-15T{time}:00Z").parse().expect("an instant")
    }

    fn slot(from: &str, until: &str) -> SlotWorth {
        let price = |amount| Price::per_kwh(amount).expect("a price");
        let mut levels = [price(0.1); LEVELS];
        levels[0] = price(0.4);
        let reserve = Soc::from_percent(20.0).expect("a percentage");
        SlotWorth {
            from: at(from),
            until: at(until),
            import: price(0.2),
            storing: price(0.21),
            using: price(0.19),
            charge_below: Reach { sure: reserve, even: reserve, near: reserve },
            hold_below: Reach { sure: reserve, even: reserve, near: reserve },
            reserve,
            levels,
            beyond: levels,
        }
    }

    #[test]
    fn what_is_not_known_says_why() {
        let known = StoredWorth::new(vec![slot("01:00", "02:00"), slot("02:00", "03:00")]).expect("in order");
        let check = |worth: &StoredWorth, time: &str, expect: Result<Instant, Lack>| {
            assert_eq!(worth.at(at(time)).map(|slot| slot.from), expect, "{time}");
        };
        check(&known, "00:59", Err(Lack::NoPrice));
        check(&known, "01:00", Ok(at("01:00")));
        check(&known, "02:59", Ok(at("02:00")));
        check(&known, "03:00", Err(Lack::NoPrice));
        check(&StoredWorth::unknown(Lack::NoForecast), "01:00", Err(Lack::NoForecast));
        check(&StoredWorth::default(), "01:00", Err(Lack::NotAsked));
        assert_eq!(StoredWorth::new(vec![slot("01:00", "02:00"), slot("02:30", "03:00")]), None);
        assert_eq!(StoredWorth::new(vec![slot("01:00", "01:00")]), None);
    }

    #[test]
    fn the_worth_is_that_of_the_next_kilowatt_hour() {
        let slot = slot("01:00", "02:00");
        let next = |percent| slot.of_next(Soc::from_percent(percent).expect("a percentage")).amount();
        assert_eq!((next(0.0), next(20.0), next(23.9)), (0.4, 0.4, 0.4));
        assert_eq!((next(24.0), next(60.0), next(100.0)), (0.1, 0.1, 0.1));
        let last = |percent| slot.of_last(Soc::from_percent(percent).expect("a percentage")).amount();
        assert_eq!((last(0.0), last(24.0), last(24.1), last(100.0)), (0.4, 0.4, 0.1, 0.1));
    }
}
