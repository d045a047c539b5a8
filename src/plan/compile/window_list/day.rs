//! The best that one day can do with so many windows: exact, by going through its pieces.

use super::act::Act;
use super::means::Means;
use super::pieces::{DayPieces, Piece};

/// Extra holds of a day that are looked at, in quarter hours: four hours.
const MOST_EXTRA: usize = 16;

/// The best days, by the number of windows that they take.
#[derive(Clone, Debug)]
pub(crate) struct Solved {
    /// For each number of windows the best day, if there is one that takes exactly so many.
    pub(crate) best: Vec<Option<Best>>,
    steps: Vec<Vec<Option<Node>>>,
    grid: Grid,
}

/// A day that may be chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Best {
    /// Slots that do what is aimed at.
    pub(crate) served: usize,
    /// Slots held that ask for self-consumption.
    pub(crate) extra: usize,
    last: usize,
}

/// How well a day goes up to a piece, and from where it came.
#[derive(Clone, Copy, Debug)]
struct Node {
    served: usize,
    from: usize,
}

/// What tells two ways through the pieces apart, as a place in a table.
#[derive(Clone, Copy, Debug)]
struct Grid {
    acts: usize,
    charge: usize,
    permission: usize,
    extra: usize,
}

/// A place in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    /// What the last piece does.
    act: usize,
    /// Charge windows so far.
    charge: usize,
    /// Permissions so far.
    permission: usize,
    /// Slots of extra hold so far.
    extra: usize,
    /// Whether all pieces so far do the same.
    uniform: bool,
}

/// By which means discharge is permitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Discharge is not restricted: self-consumption takes no window, and nothing can be held.
    Free,
    /// Discharge is restricted to permissions, of which every day has one at least.
    Restricted,
}

/// What a piece costs in windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Window {
    None,
    Charge,
    Permission,
}

/// The best days in which the first so many pieces, in the order in which they come by, do what is aimed at.
pub(crate) fn solve(day: &DayPieces, means: &Means, form: Form, must: usize) -> Solved {
    let grid = Grid {
        acts: day.acts.len(),
        charge: means.charge.min(means.together),
        permission: means.permission.min(means.together),
        extra: if form == Form::Free { 0 } else { means.extra_hold.min(MOST_EXTRA) },
    };
    let mut steps: Vec<Vec<Option<Node>>> = Vec::with_capacity(day.pieces.len());
    for piece in &day.pieces {
        let choices = choices(day, piece, means, form, must);
        let mut step = vec![None; grid.size()];
        match steps.last() {
            None => choices.iter().for_each(|choice| grid.begin(&mut step, choice, means)),
            Some(before) => grid.advance(before, &mut step, &choices, means),
        }
        steps.push(step);
    }
    let best = best(&grid, steps.last().map_or(&[], Vec::as_slice), &day.acts, form, means);
    Solved { best, steps, grid }
}

impl Solved {
    /// The fewest windows with which the day can be.
    pub(crate) fn fewest(&self) -> Option<usize> {
        self.best.iter().position(Option::is_some)
    }

    /// What each piece does in the best day with so many windows, as places in the day's acts.
    pub(crate) fn acts(&self, windows: usize) -> Vec<usize> {
        let Some(best) = self.best.get(windows).copied().flatten() else { return Vec::new() };
        let mut place = best.last;
        let mut acts = Vec::with_capacity(self.steps.len());
        for step in self.steps.iter().rev() {
            acts.push(self.grid.key(place).act);
            place = step.get(place).copied().flatten().map_or(0, |node| node.from);
        }
        acts.reverse();
        acts
    }
}

/// One thing that a piece may do.
#[derive(Clone, Copy, Debug)]
struct Choice {
    act: usize,
    window: Window,
    served: usize,
    extra: usize,
}

fn choices(day: &DayPieces, piece: &Piece, means: &Means, form: Form, must: usize) -> Vec<Choice> {
    let choice = |(place, act): (usize, &Act)| {
        let spare = piece.is_extra(*act);
        let possible = (piece.may(*act, means) || spare_is_granted(piece, *act, means, spare))
            && !(form == Form::Free && *act == Act::Hold);
        let served = piece.aim.is_none_or(|aim| aim == *act) || spare;
        let extra = if spare { piece.slots } else { 0 };
        let serves = if piece.aim.is_some() && served { piece.slots } else { 0 };
        let wanted = served || piece.turn >= must;
        (possible && wanted).then_some(Choice { act: place, window: window(*act, form), served: serves, extra })
    };
    day.acts.iter().enumerate().filter_map(choice).collect()
}

/// Whether an extra hold takes no more than may be granted.
fn spare_is_granted(piece: &Piece, act: Act, means: &Means, spare: bool) -> bool {
    spare && piece.bound.is_none_or(|stands| !act.takes_more_than(stands, means.least_floor))
}

fn window(act: Act, form: Form) -> Window {
    match (act, form) {
        (Act::Charge { .. }, _) => Window::Charge,
        (Act::SelfConsume(_), Form::Restricted) => Window::Permission,
        (Act::SelfConsume(_), Form::Free) | (Act::Hold, _) => Window::None,
    }
}

impl Grid {
    fn size(&self) -> usize {
        self.acts * (self.charge + 1) * (self.permission + 1) * (self.extra + 1) * 2
    }

    fn place(&self, key: Key) -> usize {
        let windows = (key.act * (self.charge + 1) + key.charge) * (self.permission + 1) + key.permission;
        (windows * (self.extra + 1) + key.extra) * 2 + usize::from(key.uniform)
    }

    fn key(&self, place: usize) -> Key {
        let (uniform, rest) = (place % 2 == 1, place / 2);
        let (extra, rest) = (rest % (self.extra + 1), rest / (self.extra + 1));
        let (permission, rest) = (rest % (self.permission + 1), rest / (self.permission + 1));
        Key { act: rest / (self.charge + 1), charge: rest % (self.charge + 1), permission, extra, uniform }
    }

    fn begin(&self, step: &mut [Option<Node>], choice: &Choice, means: &Means) {
        let (charge, permission) = counted(choice.window);
        let key = Key { act: choice.act, charge, permission, extra: choice.extra, uniform: true };
        self.enter(step, key, Node { served: choice.served, from: 0 }, means);
    }

    fn advance(&self, before: &[Option<Node>], step: &mut [Option<Node>], choices: &[Choice], means: &Means) {
        for (from, node) in before.iter().enumerate().filter_map(|(from, node)| node.map(|node| (from, node))) {
            let key = self.key(from);
            for choice in choices {
                let goes_on = choice.act == key.act;
                let (charge, permission) = if goes_on { (0, 0) } else { counted(choice.window) };
                let key = Key {
                    act: choice.act,
                    charge: key.charge + charge,
                    permission: key.permission + permission,
                    extra: key.extra + choice.extra,
                    uniform: key.uniform && goes_on,
                };
                self.enter(step, key, Node { served: node.served + choice.served, from }, means);
            }
        }
    }

    fn enter(&self, step: &mut [Option<Node>], key: Key, node: Node, means: &Means) {
        let fits = key.charge <= self.charge && key.permission <= self.permission && key.extra <= self.extra;
        if !fits || key.charge + key.permission > means.together {
            return;
        }
        if let Some(place) = step.get_mut(self.place(key))
            && place.is_none_or(|other| other.served < node.served)
        {
            *place = Some(node);
        }
    }
}

fn counted(window: Window) -> (usize, usize) {
    (usize::from(window == Window::Charge), usize::from(window == Window::Permission))
}

/// The best ends of the day, by their windows. A whole day in one window would be spelled 00:00–00:00, which means unused:
/// so it takes two.
fn best(grid: &Grid, ends: &[Option<Node>], acts: &[Act], form: Form, means: &Means) -> Vec<Option<Best>> {
    let mut best: Vec<Option<Best>> = vec![None; means.together + 1];
    for (last, node) in ends.iter().enumerate().filter_map(|(last, node)| node.map(|node| (last, node))) {
        let key = grid.key(last);
        let whole = acts.get(key.act).map_or(Window::None, |act| window(*act, form));
        let (charge, permission) = if key.uniform { counted(whole) } else { (0, 0) };
        let (charge, permission) = (key.charge + charge, key.permission + permission);
        let bare = form == Form::Restricted && permission == 0;
        let found = Best { served: node.served, extra: key.extra, last };
        if bare || charge > grid.charge || permission > grid.permission {
            continue;
        }
        if let Some(place) = best.get_mut(charge + permission)
            && place.is_none_or(|other| found.is_better_than(other))
        {
            *place = Some(found);
        }
    }
    best
}

impl Best {
    /// More that is served, then less extra hold.
    fn is_better_than(&self, other: Best) -> bool {
        (self.served, other.extra) > (other.served, self.extra)
    }
}
