//! `limits:`

use std::ops::Range;
use std::time::Duration;

use super::fields::Fields;
use super::{Context, quoted};
use crate::policy::keys::{self, WRITES_PER_DAY};
use crate::policy::model::Limits;
use crate::policy::sentence::duration;
use crate::policy::yaml::Node;
use crate::time::spoken;

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 3600);

impl Context<'_> {
    /// The limits, with defaults for what is not said.
    pub(super) fn limits(&mut self, node: &Node, owner: &Range<usize>) -> Option<Limits> {
        let fields = self.keyed(node, "limits", owner, &keys::LIMITS)?;
        let default = Limits::default();
        let reading_max_age = self.span(&fields, "reading max age", default.reading_max_age, MINUTE);
        let writes_per_day = self.writes(&fields, default.writes_per_day);
        let time_between_writes = self.span(&fields, "time between writes", default.time_between_writes, MINUTE);
        let program_ahead = self.span(&fields, "program ahead", default.program_ahead, Duration::ZERO);
        let extra_hold = self.span(&fields, "extra hold", default.extra_hold, Duration::ZERO);
        let when_blind = self.word(&fields, "when blind", default.when_blind, &keys::WHEN_BLIND);
        let on_drift = self.word(&fields, "on drift", default.on_drift, &keys::ON_DRIFT);
        let on_exit = self.word(&fields, "on exit", default.on_exit, &keys::ON_EXIT);
        Some(Limits {
            reading_max_age: reading_max_age?,
            writes_per_day: writes_per_day?,
            time_between_writes: time_between_writes?,
            program_ahead: program_ahead?,
            when_blind: when_blind?,
            on_drift: on_drift?,
            on_exit: on_exit?,
            extra_hold: extra_hold?,
        })
    }

    fn span(&mut self, fields: &Fields<'_>, key: &str, default: Duration, least: Duration) -> Option<Duration> {
        let Some(node) = fields.get(key) else { return Some(default) };
        let span = self.read(node, key, duration)?;
        if (least..=DAY).contains(&span) {
            return Some(span);
        }
        let message = format!("{} is out of range for `{key}`", spoken(span));
        let label = format!("expected {} to 24 h", if least.is_zero() { "0 h".to_owned() } else { spoken(least) });
        self.error("out-of-range", &node.bytes, message, label);
        None
    }

    fn writes(&mut self, fields: &Fields<'_>, default: u32) -> Option<u32> {
        let Some(node) = fields.get("writes per day") else { return Some(default) };
        let text = &self.scalar(node, "writes per day")?.text;
        let (least, most) = WRITES_PER_DAY;
        let digits = text.len() <= 4 && text.bytes().all(|b| b.is_ascii_digit());
        let number = digits.then(|| text.parse::<u32>().ok()).flatten();
        if let Some(number) = number.filter(|number| (least..=most).contains(number)) {
            return Some(number);
        }
        let message = if number.is_some() {
            format!("{} is out of range", quoted(text))
        } else {
            format!("{} is not a count", quoted(text))
        };
        let help = "a grant never takes the last write of a day, which is kept for letting go: with fewer than 2 nothing could be granted";
        let code = if number.is_some() { "out-of-range" } else { "bad-value" };
        self.error_help(code, &node.bytes, message, format!("expected a whole number from {least} to {most}"), help);
        None
    }

    fn word<T: Copy>(&mut self, fields: &Fields<'_>, key: &str, default: T, words: &[(&str, T)]) -> Option<T> {
        fields.get(key).map_or(Some(default), |node| self.choice(node, key, words))
    }
}
