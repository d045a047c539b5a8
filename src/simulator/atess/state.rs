//! The saved form of the ATESS cloud: JSON text that holds a whole account with its plants.

use serde::Serialize;

use super::cloud::Cloud;

/// The largest state that is read, in bytes.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// The version of the saved form.
const VERSION: u64 = 1;

/// The key under which the version stands.
const MARK: &str = "offpeak simulator of ATESS";

#[derive(Serialize)]
struct Saved<'a> {
    #[serde(rename = "offpeak simulator of ATESS")]
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
        if state.get(MARK).and_then(serde_json::Value::as_u64) != Some(VERSION) {
            return Err(format!("this is not a state of the ATESS simulator of version {VERSION}"));
        }
        let cloud = state.get_mut("cloud").map(serde_json::Value::take).unwrap_or_default();
        let cloud: Cloud =
            serde_json::from_value(cloud).map_err(|error| format!("the simulator's state is damaged: {error}"))?;
        if cloud.is_sound() { Ok(cloud) } else { Err("the simulator's state holds impossible values".to_owned()) }
    }
}
