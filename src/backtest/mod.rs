//! What a policy would have cost over a history, beside what was possible: the very engine and the very physics, tick by
//! tick, with prices visible only from their publication on.

mod account;
mod best;
mod charges;
mod compare;
mod foresight;
mod known;
mod mind;
mod missed;
mod outcome;
mod reason;
mod replay;
mod scheduled;
mod track;
mod trial;

pub use account::{Account, Course, Flow};
pub use best::{Bound, MonthBound};
pub use charges::Charges;
pub use compare::{Comparison, Contest, Difference, Held, Lived, Side, Version};
pub use mind::{Mind, Moment, PolicyMind, SelfConsumption, Timer};
pub use outcome::{Basis, Month, Outcome, RuleOutcome, Shares, Shift, Standing, Who};
pub use reason::Reason;
pub use replay::{Ran, replay};
pub use scheduled::{Scheduled, Writes};
pub use track::{Piece, Track, TrackError};
pub use trial::{Done, Job, Options, Trial};
