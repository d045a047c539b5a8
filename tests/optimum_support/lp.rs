//! The same question as a linear program, answered by an interior-point solver.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{
    DefaultSettingsBuilder, DefaultSolver, IPSolver, NonnegativeConeT, SolverStatus, SupportedConeT, ZeroConeT,
};
use offpeak::optimum::{End, Slot, Store};

/// The columns of one slot: what is taken, what is given, import, export, what is stored at its end.
const COLUMNS: usize = 5;

/// A linear program under construction, in the solver's form: minimise q·x with A·x + s = b, s in a cone.
#[derive(Default)]
struct Program {
    cost: Vec<f64>,
    rows: Vec<usize>,
    columns: Vec<usize>,
    values: Vec<f64>,
    right: Vec<f64>,
}

impl Program {
    fn row(&mut self, terms: &[(usize, f64)], right: f64) {
        for (column, value) in terms {
            self.rows.push(self.right.len());
            self.columns.push(*column);
            self.values.push(*value);
        }
        self.right.push(right);
    }
}

/// How a slot may mix charging and discharging.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Mixing {
    /// As it likes. For usual prices no mixture pays, so this is the optimum.
    Free,
    /// Each for its share of the time. This is the least under any prices of which import is not below export.
    ForItsTime,
}

/// The least cost. Needs import at or above export in each slot. `None` if the solver gives up.
pub(crate) fn least(store: &Store, slots: &[Slot], mixing: Mixing) -> Option<f64> {
    let mut program = Program { cost: vec![0.0; COLUMNS * slots.len()], ..Program::default() };
    equalities(&mut program, store, slots);
    let equal = program.right.len();
    inequalities(&mut program, store, slots, mixing);
    let at_least = program.right.len() - equal;
    for (number, slot) in slots.iter().enumerate() {
        program.cost[COLUMNS * number + 2] = slot.import.amount();
        program.cost[COLUMNS * number + 3] = -slot.export.amount();
    }
    if let (End::Worth(price), Some(last)) = (store.end, program.cost.last_mut()) {
        *last -= price.amount();
    }
    minimum(program, &[ZeroConeT(equal), NonnegativeConeT(at_least)])
}

fn equalities(program: &mut Program, store: &Store, slots: &[Slot]) {
    let (into, out) = (store.charge_efficiency.factor(), store.discharge_efficiency.factor());
    for (number, slot) in slots.iter().enumerate() {
        let [taken, given, import, export, stored] = columns(number);
        let need = (slot.load - slot.solar).kilowatt_hours();
        program.row(&[(import, 1.0), (export, -1.0), (given, 1.0), (taken, -1.0)], need);
        let moved = [(stored, 1.0), (taken, -into), (given, 1.0 / out)];
        if number == 0 {
            program.row(&moved, store.start.kilowatt_hours());
        } else {
            program.row(&[moved[0], moved[1], moved[2], (stored - COLUMNS, -1.0)], 0.0);
        }
    }
}

fn inequalities(program: &mut Program, store: &Store, slots: &[Slot], mixing: Mixing) {
    let capacity = store.capacity.kilowatt_hours();
    let last = slots.len().saturating_sub(1);
    for (number, slot) in slots.iter().enumerate() {
        let [taken, given, import, export, stored] = columns(number);
        let need = (slot.load - slot.solar).kilowatt_hours();
        let mut most_in = store.charge_power.over(slot.span).kilowatt_hours();
        let mut most_out = store.discharge_power.over(slot.span).kilowatt_hours();
        if !store.grid_charging {
            most_in = most_in.min((-need).max(0.0));
        }
        if !store.may_export {
            most_out = most_out.min(need.max(0.0));
        }
        for column in [taken, given, import, export] {
            program.row(&[(column, -1.0)], 0.0);
        }
        program.row(&[(taken, 1.0)], most_in);
        program.row(&[(given, 1.0)], most_out);
        if mixing == Mixing::ForItsTime && most_in > 0.0 && most_out > 0.0 {
            program.row(&[(taken, 1.0 / most_in), (given, 1.0 / most_out)], 1.0);
        }
        program.row(&[(stored, 1.0)], capacity);
        let floor = if number == last && store.end == End::NotBelowStart { store.start.kilowatt_hours() } else { 0.0 };
        program.row(&[(stored, -1.0)], -floor);
    }
}

fn columns(number: usize) -> [usize; COLUMNS] {
    let first = COLUMNS * number;
    [first, first + 1, first + 2, first + 3, first + 4]
}

fn minimum(program: Program, cones: &[SupportedConeT<f64>]) -> Option<f64> {
    let (height, width) = (program.right.len(), program.cost.len());
    let matrix = CscMatrix::new_from_triplets(height, width, program.rows, program.columns, program.values);
    let settings = DefaultSettingsBuilder::default().verbose(false).build().expect("settings");
    let nothing = CscMatrix::zeros((width, width));
    let mut solver =
        DefaultSolver::new(&nothing, &program.cost, &matrix, &program.right, cones, settings).expect("a program");
    solver.solve();
    let solved = matches!(solver.solution.status, SolverStatus::Solved | SolverStatus::AlmostSolved);
    solved.then_some(solver.solution.obj_val)
}
