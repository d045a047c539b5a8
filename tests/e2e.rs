//! The real program against the served simulator over HTTP, in accelerated time.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, missing_docs)]
#![allow(clippy::cast_precision_loss, reason = "seconds of a test")]

mod e2e_support;

use offpeak::device::Outcome;

use e2e_support::{House, Setup, at};

#[test]
fn a_night_goes_from_plan_to_effect_and_a_second_plan_is_empty() {
    let house = House::begin(Setup::default());
    house.set_soc(40.0);
    let plan = house.offpeak(&["plan", "home.yaml"]).with_code(2);
    assert!(plan.out.contains("gridCharge"), "{}", plan.out);
    assert_eq!(house.writes().len(), 0, "a plan sends nothing");
    house.offpeak(&["apply", "home.yaml", "--yes"]).with_code(0);
    assert_eq!(house.writes().len(), 1);
    let again = house.offpeak(&["plan", "home.yaml"]).with_code(0);
    assert!(again.out.contains("nothing to send"), "{}", again.out);
    let mut service = house.run(&[]);
    service.live_until(at("2026-11-21T06:00:00Z"));
    assert_eq!(house.writes().len(), 1, "{:?}", house.writes());
    let outcomes: Vec<Outcome> = house.intents()[0].outcomes.iter().map(|(_, outcome, _)| *outcome).collect();
    assert!(outcomes.contains(&Outcome::Effective), "{outcomes:?}");
    assert!(service.terminate().success());
}
