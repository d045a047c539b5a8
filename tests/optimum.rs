//! The optimum against those who cannot be wrong in the same way: an LP solver, and an exhaustive search.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

mod optimum_support;

use fastrand::Rng;
use offpeak::optimum::solve;
use optimum_support::{Prices, any_slots, any_store, audited, lattice, lp, same};

/// The solver's word on so many random instances, none of which it may give up on but a few.
fn against_the_solver(prices: Prices, count: u64, most: usize) {
    let mut silent = 0;
    for seed in 0..count {
        let mut random = Rng::with_seed(seed);
        let (store, slots) = (any_store(&mut random), any_slots(&mut random, prices, most));
        let what = format!("{prices:?}, seed {seed}");
        let solution = solve(&store, &slots).expect("a start within the window");
        let audited = audited(&store, &slots, &solution, &what);
        assert!(same(audited, solution.cost), "{what}: the schedule costs {audited}, not {}", solution.cost);
        assert!(solution.bound <= solution.cost, "{what}");
        let Some(expect) = lp::least(&store, &slots) else {
            silent += 1;
            continue;
        };
        assert!(same(solution.bound, expect), "{what}: bound {}, solver {expect}", solution.bound);
        if prices == Prices::Usual {
            assert!(same(solution.cost, expect), "{what}: cost {}, solver {expect}", solution.cost);
        }
    }
    assert!(silent * 100 <= count, "the solver gave up on {silent} of {count}");
}

#[test]
fn usual_prices_agree_with_an_lp_solver() {
    against_the_solver(Prices::Usual, 2000, 48);
}

#[test]
fn the_bound_under_negative_prices_agrees_with_an_lp_solver() {
    against_the_solver(Prices::Negative, 1000, 48);
}

#[test]
fn any_prices_agree_with_exhaustive_search() {
    let mut bent = 0;
    for seed in 0..20_000 {
        let mut random = Rng::with_seed(seed);
        let (store, slots) = (lattice::store(&mut random), lattice::slots(&mut random, 24));
        let what = format!("seed {seed}");
        let solution = solve(&store, &slots).expect("a start within the window");
        let (expect, audited) = (lattice::least(&store, &slots), audited(&store, &slots, &solution, &what));
        assert!(same(solution.cost, expect), "{what}: {} against {expect} {store:?} {slots:?}", solution.cost);
        assert!(same(audited, expect), "{what}: the schedule costs {audited}, not {expect}");
        assert!(solution.bound <= expect + 1e-9, "{what}: no bound: {} above {expect}", solution.bound);
        bent += u32::from(solution.gap() > 1e-9);
    }
    assert!(bent > 2000, "only {bent} instances could tell a bound from an optimum");
}
