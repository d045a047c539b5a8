//! The service loop: the only holder of a writing device, the journal's writer and the clock.
//!
//! A [`Site`] is one policy with its device and its journal; [`Site::tick`] is all that happens to it once a minute, and the
//! very same code runs live, in the demo and in the simulation of faulty days.

mod beside;
mod company;
mod connect;
mod credence;
mod due;
mod effect;
mod gather;
mod ground;
mod hand;
mod heartbeat;
mod leave;
mod look;
mod member;
mod outlook;
mod protocol;
mod record;
mod replay;
mod roster;
mod service;
mod site;
mod store;
mod survey;
mod tick;

pub use beside::Beside;
pub use company::SERVICE;
pub use connect::{ConnectError, Links, Way, account, payload, reading, sampled, seeded_world, world, writing};
pub use credence::Credence;
pub use due::{Due, LastRun, due};
pub use gather::{Remembrance, driver_memory, manual_command};
pub use ground::{Ground, SettleError};
pub use hand::Hand;
pub use heartbeat::Pulse;
pub use leave::presumption;
pub use outlook::outlook;
pub use replay::{ReplayError, Replayed, replay};
pub use roster::{is_policy, is_tests, policies_in};
pub use service::{Service, ServiceError};
pub use site::{DRIVER_NOTE, Site, SiteError};
pub use store::{Conflict, WantedBy, as_recorded, choose};
pub use survey::{Applied, SurveyError};
pub use tick::Tick;
