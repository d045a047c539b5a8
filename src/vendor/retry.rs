//! When a read that failed is tried again. Writes are never tried again.

use std::time::Duration;

/// How often and how soon a read that failed in passing is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// Calls in all, the first included.
    pub attempts: u32,
    /// The pause after the first failure; it doubles with each further one.
    pub pause: Duration,
    /// No pause is longer than this before jitter.
    pub longest: Duration,
}

impl Retries {
    /// One call and no more.
    pub const NONE: Retries = Retries { attempts: 1, pause: Duration::ZERO, longest: Duration::ZERO };

    /// The pause after so many failed calls, or `None` when it is time to give up.
    ///
    /// `jitter` is a share from 0 to 1: the pause is lengthened by at most a quarter, never shortened, so that it cannot
    /// fall below what the vendor asks for.
    #[must_use]
    pub fn pause_after(&self, failed: u32, jitter: f64) -> Option<Duration> {
        if failed >= self.attempts {
            return None;
        }
        let doubled = self.pause.saturating_mul(2_u32.saturating_pow(failed.saturating_sub(1)));
        Some(doubled.min(self.longest).mul_f64(1.0 + 0.25 * jitter.clamp(0.0, 1.0)))
    }
}

impl Default for Retries {
    /// Three calls, 10 s and 20 s apart.
    fn default() -> Retries {
        Retries { attempts: 3, pause: Duration::from_secs(10), longest: Duration::from_secs(60) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound_and_end() {
        let check = |retries: Retries, jitter: f64, expect: &[f64]| {
            let pauses = (1..100).map_while(|failed| retries.pause_after(failed, jitter));
            assert_eq!(pauses.map(|pause| pause.as_secs_f64()).collect::<Vec<_>>(), expect);
        };
        check(Retries::default(), 0.0, &[10.0, 20.0]);
        check(Retries::default(), 1.0, &[12.5, 25.0]);
        check(Retries::default(), f64::INFINITY, &[12.5, 25.0]);
        check(Retries { attempts: 6, ..Retries::default() }, 0.0, &[10.0, 20.0, 40.0, 60.0, 60.0]);
        check(Retries::NONE, 0.0, &[]);
        check(Retries { attempts: 0, ..Retries::default() }, 0.0, &[]);
    }
}
