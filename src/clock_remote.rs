//! The clock of a served simulation, so that a whole program lives in accelerated time.

use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant as Monotonic};

use async_trait::async_trait;
use reqwest::{Client, Url};
use serde::Deserialize;

use crate::clock::Clock;
use crate::time::{Instant, elapsed};

/// How long one question to the simulator may take; it holds back its answer for at most ten seconds.
const TIME_OUT: Duration = Duration::from_secs(15);

/// The longest real pause between two questions.
const MAX_PAUSE: Duration = Duration::from_secs(10);

/// The longest that a sleep may last in real time while the clock stands still or the simulator does not answer.
const MAX_STANDSTILL: Duration = Duration::from_secs(600);

/// The longest that can be slept at once, in the simulator's time: ten years.
const MAX_SLEEP: Duration = Duration::from_secs(3650 * 86_400);

/// The clock of a simulator on this machine.
#[derive(Debug)]
pub struct RemoteClock {
    client: Client,
    url: Url,
    known: Mutex<Known>,
    begun: Instant,
}

/// What the clock showed at a moment of our own, and how fast it runs since.
#[derive(Clone, Copy, Debug)]
struct Known {
    shown: Instant,
    at: Monotonic,
    speed: f64,
}

/// The simulator's answer.
#[derive(Deserialize)]
struct Reply {
    now: String,
    speed: f64,
}

impl RemoteClock {
    /// The clock of the simulator at this URL, such as `http://127.0.0.1:8080`.
    ///
    /// # Errors
    /// The URL is not one of this machine's loopback interface, or no simulator answers there.
    pub async fn connect(url: &str) -> Result<RemoteClock, String> {
        let url = clock_url(url)?;
        let client = Client::builder().timeout(TIME_OUT).no_proxy().build();
        let client = client.map_err(|error| format!("no HTTP client: {error}"))?;
        let known = ask(&client, &url, None).await?;
        Ok(RemoteClock { client, url, known: Mutex::new(known), begun: known.now() })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks for the time and takes it over, but never goes back.
    async fn synchronise(&self, until: Option<Instant>) -> Result<(), String> {
        let fresh = ask(&self.client, &self.url, until).await?;
        let mut known = self.known();
        let before = known.now();
        *known = if fresh.now() < before { Known { shown: before, at: Monotonic::now(), ..fresh } } else { fresh };
        Ok(())
    }

    /// Waits for a part of the time that is left, and asks again.
    async fn wait_towards(&self, until: Instant) {
        let known = *self.known();
        let left = (until - known.now()).to_std().unwrap_or_default();
        let stands = known.speed <= 0.0;
        if !stands {
            let real = Duration::try_from_secs_f64(left.as_secs_f64() / known.speed).unwrap_or(MAX_PAUSE);
            tokio::time::sleep(real.min(MAX_PAUSE)).await;
        }
        if self.synchronise(stands.then_some(until)).await.is_err() {
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    }
}

#[async_trait]
impl Clock for RemoteClock {
    fn now(&self) -> Instant {
        let now = self.known().now();
        Instant::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }

    /// The simulator's clock never jumps: what it shows is what has passed.
    fn uptime(&self) -> Duration {
        elapsed(self.begun, self.now())
    }

    /// Returns early where the clock has not moved for ten minutes of real time.
    async fn sleep(&self, span: Duration) {
        // The clock tells whole milliseconds, so a part of one would never be seen to be reached while it stands still.
        let millis = span.min(MAX_SLEEP).as_nanos().div_ceil(1_000_000);
        let span = chrono::Duration::milliseconds(i64::try_from(millis).unwrap_or_default());
        let until = self.now().checked_add_signed(span).unwrap_or(Instant::MAX_UTC);
        let (mut seen, mut moved) = (self.now(), Monotonic::now());
        while self.now() < until && moved.elapsed() < MAX_STANDSTILL {
            self.wait_towards(until).await;
            if self.now() > seen {
                (seen, moved) = (self.now(), Monotonic::now());
            }
        }
    }
}

impl Known {
    fn now(&self) -> Instant {
        let run = Duration::try_from_secs_f64(self.at.elapsed().as_secs_f64() * self.speed).unwrap_or_default();
        let run = chrono::Duration::from_std(run).unwrap_or_default();
        self.shown.checked_add_signed(run).unwrap_or(self.shown)
    }
}

/// The URL of the clock from that of the simulator, with or without the base of the vendor's API.
fn clock_url(url: &str) -> Result<Url, String> {
    let mut parsed = Url::parse(url).map_err(|error| format!("`{url}` is not a URL: {error}"))?;
    if parsed.scheme() != "http" || !is_loopback(&parsed) {
        return Err(format!("`{url}` is not an http URL of this machine's loopback interface, such as 127.0.0.1"));
    }
    parsed.set_path("/sim/clock");
    parsed.set_query(None);
    Ok(parsed)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

async fn ask(client: &Client, url: &Url, until: Option<Instant>) -> Result<Known, String> {
    let mut url = url.clone();
    if let Some(until) = until {
        url.query_pairs_mut().append_pair("until", &until.to_rfc3339_opts(chrono::SecondsFormat::Millis, true));
    }
    let asked = Monotonic::now();
    let answer = client.get(url).send().await.and_then(reqwest::Response::error_for_status);
    let answer = answer.map_err(|error| format!("no simulator's clock: {error}"))?;
    let Reply { now, speed } = answer.json().await.map_err(|error| format!("not a simulator's clock: {error}"))?;
    let shown = now.parse().map_err(|error| format!("not a simulator's clock: `{now}`: {error}"))?;
    // An answer that was held back was true when it was sent, one that was not, half way through.
    let at = if until.is_some() { Monotonic::now() } else { asked + asked.elapsed() / 2 };
    if (0.0..=1e6).contains(&speed) {
        Ok(Known { shown, at, speed })
    } else {
        Err(format!("not a simulator's clock: a speed of {speed}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_clock_of_this_machine_is_believed() {
        let check = |url: &str, expect: Option<&str>| {
            assert_eq!(clock_url(url).ok().as_ref().map(Url::as_str), expect, "{url}");
        };
        check("http://127.0.0.1:8080", Some("http://127.0.0.1:8080/sim/clock"));
        check("http://127.0.0.1:8080/api?x=1", Some("http://127.0.0.1:8080/sim/clock"));
        check("http://localhost:8080/", Some("http://localhost:8080/sim/clock"));
        check("http://[::1]:8080", Some("http://[::1]:8080/sim/clock"));
        for bad in ["http://192.168.0.2:8080", "http://example.com", "https://127.0.0.1", "file:///etc", "clock", ""] {
            check(bad, None);
        }
    }
}
