//! The saved form of the simulator: JSON text that holds a whole cloud with its systems and their worlds.

use serde::Serialize;

use super::cloud::Cloud;
use crate::time::Instant;

/// The largest state that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The version of the saved form.
const VERSION: u64 = 1;

/// The end of simulated time: 2200-01-01, so that sums of a few days cannot overflow anything.
pub(super) const LATEST: Instant = match Instant::from_timestamp(END, 0) {
    Some(instant) => instant,
    None => Instant::MAX_UTC,
};

const END: i64 = 7_258_118_400;

/// The saved form.
#[derive(Serialize)]
struct Saved<'a> {
    #[serde(rename = "offpeak simulator")]
    version: u64,
    cloud: &'a Cloud,
}

impl Cloud {
    /// The whole state as JSON text. Only the newest part of the request log is kept.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(&Saved { version: VERSION, cloud: self }).unwrap_or_default()
    }

    /// A cloud from the JSON text that [`Cloud::to_json`] gave.
    ///
    /// # Errors
    /// Why the text is not such a state.
    pub fn from_json(text: &str) -> Result<Cloud, String> {
        if text.len() > MAX_BYTES {
            return Err(format!("the simulator's state is larger than {MAX_BYTES} bytes"));
        }
        let mut state: serde_json::Value =
            serde_json::from_str(text).map_err(|error| format!("the simulator's state is not JSON: {error}"))?;
        if state.get("offpeak simulator").and_then(serde_json::Value::as_u64) != Some(VERSION) {
            return Err(format!("this is not a simulator's state of version {VERSION}"));
        }
        let cloud = state.get_mut("cloud").map(serde_json::Value::take).unwrap_or_default();
        let mut cloud: Cloud =
            serde_json::from_value(cloud).map_err(|error| format!("the simulator's state is damaged: {error}"))?;
        if !cloud.is_sound() {
            return Err("the simulator's state holds impossible values".to_owned());
        }
        cloud.refresh();
        Ok(cloud)
    }
}

/// The instant of a second of Unix time.
pub(super) fn instant(second: i64) -> Instant {
    Instant::from_timestamp(second, 0).unwrap_or_default()
}

/// Whether a second of Unix time lies between 1970 and 2200.
pub(super) fn is_sensible(second: i64) -> bool {
    (0..=END).contains(&second)
}

/// A zone is saved by its name.
pub(super) mod zone {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::time::Zone;

    pub(in crate::simulator) fn serialize<S: Serializer>(zone: &Zone, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(zone.name())
    }

    pub(in crate::simulator) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Zone, D::Error> {
        let name = String::deserialize(from)?;
        Zone::named(&name).ok_or_else(|| Error::custom(format!("no time zone `{name}`")))
    }
}
