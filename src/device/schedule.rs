//! What a device is to hold, whatever kind of store holds it: the normal form that the rest of the program speaks.

use chrono::Weekday;

use super::store::Store;
use super::two_window::{ChargeSettings, DischargeSettings, Period, QUARTERS, TwoWindow};
use super::window_list::WindowList;

/// The whole schedule of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a few of them live at a time, and a copy is the simplest to reason about"
)]
pub enum Schedule {
    /// Two objects that are written apart.
    TwoWindow(TwoWindow),
    /// One object with lists of windows, written as a whole.
    Windows(WindowList),
}

/// One object of a store: what one write replaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Object {
    /// The charge object of the two-window store.
    Charge,
    /// The discharge object of the two-window store.
    Discharge,
    /// All windows of a store that holds them in one object.
    Windows,
}

/// The content of one object: what one write sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(
    clippy::large_enum_variant,
    reason = "a few of them live at a time, and a copy is the simplest to reason about"
)]
pub enum Settings {
    /// The charge object.
    Charge(ChargeSettings),
    /// The discharge object.
    Discharge(DischargeSettings),
    /// The windows.
    Windows(WindowList),
}

/// How firmly a quarter hour is held, in order of grip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grip {
    /// The device's own way.
    SelfConsume,
    /// No discharge.
    Hold,
    /// Charge to this many percent, then no discharge.
    Charge(u8),
}

/// What a schedule means through one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// Each quarter hour, counted from 00:00 of the wall clock.
    pub quarters: [Cell; QUARTERS],
}

/// What a schedule means in one quarter hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// How firmly it is held.
    pub grip: Grip,
    /// The floor of self-consumption in percent; `None` where the device's own holds, which the store does not tell.
    pub floor: Option<u8>,
}

/// Why the meaning of a schedule is not known: the device's behaviour is undocumented or ignores it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Oddity {
    /// A window begins or ends off the grid: the device ignores it and may hold anything.
    OffGrid(Object, Period),
    /// A window runs across midnight.
    Wraps(Object, Period),
    /// A charge window and a permission overlap, or two windows of one kind that do not agree.
    Overlap,
    /// Whether the windows are in force cannot be read from the device, and nobody here has written them.
    FlagsUnread,
    /// Discharge is restricted, and a day has no permission at all.
    DayWithoutPermission(Weekday),
}

/// One value for each object of any store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PerObject<T> {
    /// For the charge object.
    pub charge: T,
    /// For the discharge object.
    pub discharge: T,
    /// For the windows in one object.
    pub windows: T,
}

impl<T> PerObject<T> {
    /// The values that a function gives.
    ///
    /// # Errors
    /// The first error of the function.
    pub fn try_of<E>(mut of: impl FnMut(Object) -> Result<T, E>) -> Result<PerObject<T>, E> {
        Ok(PerObject { charge: of(Object::Charge)?, discharge: of(Object::Discharge)?, windows: of(Object::Windows)? })
    }

    /// The value for one object.
    pub fn of(&self, object: Object) -> &T {
        match object {
            Object::Charge => &self.charge,
            Object::Discharge => &self.discharge,
            Object::Windows => &self.windows,
        }
    }

    /// The value for one object, to be changed.
    pub fn of_mut(&mut self, object: Object) -> &mut T {
        match object {
            Object::Charge => &mut self.charge,
            Object::Discharge => &mut self.discharge,
            Object::Windows => &mut self.windows,
        }
    }
}

/// The days of a week, in order.
pub const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

impl Schedule {
    /// The schedule of which these are the objects; `None` if they are not all of one store.
    #[must_use]
    pub fn of(settings: &[Settings]) -> Option<Schedule> {
        match settings {
            [Settings::Charge(charge), Settings::Discharge(discharge)] => {
                Some(Schedule::TwoWindow(TwoWindow { charge: *charge, discharge: *discharge }))
            }
            [Settings::Windows(list)] => Some(Schedule::Windows(*list)),
            _ => None,
        }
    }

    /// The kind of store that holds it.
    #[must_use]
    pub fn store(&self) -> Store {
        match self {
            Schedule::TwoWindow(_) => Store::TwoWindow,
            Schedule::Windows(list) => list.store,
        }
    }

    /// The content of each of its objects, in the order of [`Store::objects`].
    #[must_use]
    pub fn contents(&self) -> Vec<Settings> {
        match self {
            Schedule::TwoWindow(schedule) => schedule.contents().to_vec(),
            Schedule::Windows(list) => vec![Settings::Windows(*list)],
        }
    }

    /// The content of one object; `None` if its store has no such object.
    #[must_use]
    pub fn settings(&self, object: Object) -> Option<Settings> {
        self.contents().into_iter().find(|settings| settings.object() == object)
    }

    /// The schedule after a write. The content of another store's object changes nothing.
    #[must_use]
    pub fn with(self, settings: Settings) -> Schedule {
        match (self, settings) {
            (Schedule::TwoWindow(schedule), settings) => Schedule::TwoWindow(schedule.with(settings)),
            (Schedule::Windows(own), Settings::Windows(list)) if own.store == list.store => Schedule::Windows(list),
            (Schedule::Windows(_), _) => self,
        }
    }

    /// What the schedule means to the device on a day of the week.
    ///
    /// # Errors
    /// What makes its meaning unknown.
    pub fn day(&self, weekday: Weekday) -> Result<Day, Oddity> {
        match self {
            Schedule::TwoWindow(schedule) => {
                let meaning = schedule.meaning()?;
                Ok(Day { quarters: meaning.quarters.map(|grip| Cell { grip, floor: Some(meaning.floor) }) })
            }
            Schedule::Windows(list) => list.day(weekday),
        }
    }

    /// Whether two schedules are the same to the device. Schedules of unknown meaning are the same only to the letter.
    #[must_use]
    pub fn same_meaning(&self, other: &Schedule) -> bool {
        match (self, other) {
            (Schedule::TwoWindow(one), Schedule::TwoWindow(two)) => one.same_meaning(two),
            (Schedule::Windows(one), Schedule::Windows(two)) => one.same_meaning(two),
            _ => false,
        }
    }

    /// Why the meaning of the schedule is not known, if it is not.
    #[must_use]
    pub fn oddity(&self) -> Option<Oddity> {
        match self {
            Schedule::TwoWindow(schedule) => schedule.oddity(),
            Schedule::Windows(list) => list.oddity(),
        }
    }

    /// The same, with what cannot be read from the device taken from what was last proved there: whether the windows are in
    /// force. Where the windows are not the proved ones, nothing is known of that.
    #[must_use]
    pub fn recalling(self, proven: Option<&Settings>) -> Schedule {
        match (self, proven) {
            (Schedule::Windows(list), Some(Settings::Windows(proven))) => Schedule::Windows(list.recalling(proven)),
            _ => self,
        }
    }

    /// Whether something of it that decides its meaning cannot be read from the device and is not known otherwise.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        self.contents().iter().any(Settings::is_unread)
    }

    /// The same with what is unread as it was in all likelihood: windows were there to be in force.
    #[must_use]
    pub fn presumed(self) -> Schedule {
        match self {
            Schedule::TwoWindow(_) => self,
            Schedule::Windows(list) => Schedule::Windows(list.presumed()),
        }
    }
}

impl Settings {
    /// Which object this is the content of.
    #[must_use]
    pub fn object(&self) -> Object {
        match self {
            Settings::Charge(_) => Object::Charge,
            Settings::Discharge(_) => Object::Discharge,
            Settings::Windows(_) => Object::Windows,
        }
    }

    /// The vendor's name of the endpoint that replaces the object.
    #[must_use]
    pub fn update_endpoint(&self) -> &'static str {
        let store = match self {
            Settings::Charge(_) | Settings::Discharge(_) => Store::TwoWindow,
            Settings::Windows(list) => list.store,
        };
        store.update_endpoint(self.object())
    }

    /// Whether something of it that decides its meaning cannot be read from the device and is not known otherwise.
    #[must_use]
    pub fn is_unread(&self) -> bool {
        matches!(self, Settings::Windows(list) if list.is_unread())
    }

    /// The same, with what cannot be read from the device taken from what was sent there, if it is that.
    #[must_use]
    pub fn recalling(self, sent: &Settings) -> Settings {
        match (self, sent) {
            (Settings::Windows(list), Settings::Windows(sent)) => Settings::Windows(list.recalling(sent)),
            _ => self,
        }
    }

    /// Whether two contents of one object are the same to the device, whatever the other object holds. Contents of unknown
    /// meaning are the same only to the letter.
    #[must_use]
    pub fn same_meaning(&self, other: &Settings) -> bool {
        match (self, other) {
            (Settings::Windows(one), Settings::Windows(two)) => one.same_meaning(two),
            _ => {
                self.object() == other.object()
                    && TwoWindow::NEUTRAL.with(*self).same_meaning(&TwoWindow::NEUTRAL.with(*other))
            }
        }
    }
}

impl Object {
    /// Every object of any store.
    pub const ALL: [Object; 3] = [Object::Charge, Object::Discharge, Object::Windows];

    /// The word for it in output.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Object::Charge => "charge",
            Object::Discharge => "discharge",
            Object::Windows => "windows",
        }
    }
}

impl Day {
    /// A quarter hour of the day, counted from 00:00; `None` past the last.
    #[must_use]
    pub fn cell(&self, quarter: usize) -> Option<Cell> {
        self.quarters.get(quarter).copied()
    }
}
