//! A simulated cloud as an HTTP server on the loopback interface, under a clock that may run fast or stand still.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::answers::Answers;
use super::cloud::{Call, Cloud, CloudOptions};
use super::control::{Control, shown};
use super::endpoint::Query;
use super::severable::{Cut, SeverableListener};
use super::state;
use crate::time::Instant;

/// The largest body that is read, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The longest that a request for the clock is held back, in real time.
const MAX_POLL: Duration = Duration::from_secs(10);

/// How long open requests may take once the server is asked to stop.
const MAX_STOP: Duration = Duration::from_secs(5);

/// The most that a stepped clock moves at once, in seconds.
const MAX_ADVANCE_SECONDS: f64 = 400.0 * 86_400.0;

/// How the AlphaESS cloud is served.
#[derive(Clone)]
pub struct ServeOptions {
    /// The port on 127.0.0.1; 0 for any that is free.
    pub port: u16,
    /// How many times faster than real time its clock runs; 0 for a clock that moves only when it is told to.
    pub speed: f64,
    /// What its clock shows at first.
    pub start: Instant,
    /// How many hours the systems have lived before, so that there is a history to read.
    pub past_hours: u16,
    /// The account.
    pub cloud: CloudOptions,
}

/// An AlphaESS cloud that is being served. Dropping it without [`Running::stop`] stops it as well, a little later.
pub struct Running {
    /// The base URL of the vendor's API: `http://127.0.0.1:PORT/api`.
    pub url: String,
    /// What `--clock` takes: `http://127.0.0.1:PORT`.
    pub clock_url: String,
    /// `appId`
    pub app_id: String,
    /// The secret that signs; it protects nothing but a simulation.
    pub app_secret: String,
    /// The serials of the account.
    pub serials: Vec<String>,
    serving: Serving<Cloud>,
}

/// Any vendor's cloud that is being served. Dropping it without [`Serving::stop`] stops it as well, a little later.
pub struct Serving<C> {
    /// The base URL of the vendor's API.
    pub url: String,
    /// What `--clock` takes: `http://127.0.0.1:PORT`.
    pub clock_url: String,
    cloud: Arc<Mutex<C>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<io::Result<()>>,
}

/// What every request sees.
struct Served<C> {
    cloud: Arc<Mutex<C>>,
    clock: Arc<SimulatedClock>,
    stop: watch::Receiver<bool>,
}

/// A clock that runs at a multiple of real time, and can be moved on besides.
struct SimulatedClock {
    start: Instant,
    began: std::time::Instant,
    speed: f64,
    /// What was added by hand; who waits for the clock watches it.
    added: watch::Sender<chrono::Duration>,
}

/// Serves the simulated AlphaESS cloud until it is told to stop.
///
/// # Errors
/// The port cannot be had.
pub async fn serve(options: ServeOptions) -> io::Result<Running> {
    let ServeOptions { port, speed, start, past_hours, cloud } = options;
    let cloud = Cloud::with_past(cloud, start, past_hours);
    let (app_id, app_secret) = (cloud.app_id().to_owned(), cloud.app_secret().to_owned());
    let serials = cloud.serials().map(str::to_owned).collect();
    let serving = serve_cloud(cloud, port, speed, start).await?;
    let (url, clock_url) = (serving.url.clone(), serving.clock_url.clone());
    Ok(Running { url, clock_url, app_id, app_secret, serials, serving })
}

/// Serves any vendor's cloud until it is told to stop, on a port of 127.0.0.1 (0 for any that is free), by a clock that
/// begins at `start` and runs `speed` times as fast as real time.
///
/// # Errors
/// The port cannot be had.
pub async fn serve_cloud<C: Answers>(mut cloud: C, port: u16, speed: f64, start: Instant) -> io::Result<Serving<C>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let address = listener.local_addr()?;
    cloud.forgive(forgiven(sound(speed)));
    let cloud = Arc::new(Mutex::new(cloud));
    let (stop, stopped) = watch::channel(false);
    let clock = Arc::new(SimulatedClock::new(start, sound(speed)));
    let served = Served { cloud: Arc::clone(&cloud), clock, stop: stopped.clone() };
    let app = Router::new().fallback(answer::<C>).with_state(served);
    let service = app.into_make_service_with_connect_info::<Cut>();
    let server = axum::serve(SeverableListener(listener), service).with_graceful_shutdown(ended(stopped));
    let task = tokio::spawn(async move { server.await });
    let clock_url = format!("http://{address}");
    Ok(Serving { url: format!("{clock_url}/{}", C::BASE), clock_url, cloud, stop, task })
}

impl Running {
    /// The cloud itself, for a look behind the API.
    #[must_use]
    pub fn cloud(&self) -> Arc<Mutex<Cloud>> {
        self.serving.cloud()
    }

    /// Stops listening, lets open requests end for at most five seconds, and returns the cloud.
    pub async fn stop(self) -> Arc<Mutex<Cloud>> {
        self.serving.stop().await
    }
}

impl<C: Answers> Serving<C> {
    /// The cloud itself, for a look behind the API.
    #[must_use]
    pub fn cloud(&self) -> Arc<Mutex<C>> {
        Arc::clone(&self.cloud)
    }

    /// Stops listening, lets open requests end for at most five seconds, and returns the cloud.
    pub async fn stop(mut self) -> Arc<Mutex<C>> {
        self.stop.send_replace(true);
        if tokio::time::timeout(MAX_STOP, &mut self.task).await.is_err() {
            self.task.abort();
        }
        self.cloud
    }
}

impl SimulatedClock {
    fn new(start: Instant, speed: f64) -> SimulatedClock {
        let (added, _) = watch::channel(chrono::Duration::zero());
        SimulatedClock { start, began: std::time::Instant::now(), speed, added }
    }

    fn now(&self) -> Instant {
        let run = Duration::try_from_secs_f64(self.began.elapsed().as_secs_f64() * self.speed).unwrap_or_default();
        let run = chrono::Duration::from_std(run).unwrap_or_default();
        let now = self.start.checked_add_signed(run).and_then(|now| now.checked_add_signed(*self.added.borrow()));
        now.unwrap_or(state::LATEST).min(state::LATEST)
    }

    /// Moves the clock on by seconds, at most 400 days at once.
    fn add(&self, seconds: f64) {
        let span = Duration::try_from_secs_f64(seconds.clamp(0.0, MAX_ADVANCE_SECONDS)).unwrap_or_default();
        let span = chrono::Duration::from_std(span).unwrap_or_default();
        self.added.send_modify(|added| *added = added.checked_add(&span).unwrap_or(*added));
    }

    /// How long a span of this clock takes; none where it does not run.
    fn real(&self, span: Duration) -> Option<Duration> {
        if self.speed > 0.0 { Duration::try_from_secs_f64(span.as_secs_f64() / self.speed).ok() } else { None }
    }

    /// Returns when the clock has reached an instant, or after ten seconds of real time.
    async fn reach(&self, until: Instant) {
        let deadline = tokio::time::Instant::now() + MAX_POLL;
        let mut added = self.added.subscribe();
        while self.now() < until {
            let left = (until - self.now()).to_std().unwrap_or_default();
            let wake = self.real(left).map_or(deadline, |real| deadline.min(tokio::time::Instant::now() + real));
            tokio::select! {
                () = tokio::time::sleep_until(wake) => if wake >= deadline { return },
                changed = added.changed() => if changed.is_err() { return },
            }
        }
    }
}

fn sound(speed: f64) -> f64 {
    if speed.is_finite() { speed.clamp(0.0, 1e6) } else { 1.0 }
}

/// A fast clock makes much of the small delays of real sockets, so the limit on reads forgives 20 ms of real time.
fn forgiven(speed: f64) -> u32 {
    let forgiven = Duration::try_from_secs_f64(speed * 0.02).unwrap_or_default().as_secs();
    u32::try_from(forgiven).unwrap_or(u32::MAX)
}

async fn ended(mut stop: watch::Receiver<bool>) {
    // An error means that whoever could have stopped the server is gone, which ends it as well.
    let _gone = stop.wait_for(|stopped| *stopped).await;
}

async fn answer<C: Answers>(
    State(served): State<Served<C>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
    let Ok(bytes) = to_bytes(body, MAX_BODY_BYTES).await else {
        return response(413, "text/plain", "the body is too large\n".to_owned());
    };
    let body = String::from_utf8_lossy(&bytes).into_owned();
    let method = parts.method.as_str().to_owned();
    if path.starts_with("/sim/") {
        let (status, body) = served.control(&method, &path, &body).await;
        return response(status, "application/json", body);
    }
    let header = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers = parts.headers.iter().map(header).collect();
    let body = if body.is_empty() { None } else { Some(body) };
    served.vendor(Call { method, path, headers, body }, &cut).await
}

impl<C> Clone for Served<C> {
    fn clone(&self) -> Served<C> {
        Served { cloud: Arc::clone(&self.cloud), clock: Arc::clone(&self.clock), stop: self.stop.clone() }
    }
}

impl<C: Answers> Served<C> {
    async fn vendor(&self, call: Call, cut: &Cut) -> Response {
        let answer = lock(&self.cloud).handle(&call, self.clock.now());
        if let Some(delay) = self.clock.real(answer.delay) {
            tokio::time::sleep(delay).await;
        }
        if answer.lost {
            cut.sever();
        }
        let kind = if answer.status == 200 { "application/json;charset=UTF-8" } else { "text/html" };
        response(answer.status, kind, answer.body)
    }

    async fn control(&self, method: &str, path: &str, body: &str) -> Control {
        let query = Query::of(path);
        match (method, query.endpoint.as_str()) {
            ("GET", "sim/clock") => self.clock(&query).await,
            ("POST", "sim/advance") => self.advance(&query),
            (_, "sim/clock" | "sim/advance") => (405, "wrong verb\n".to_owned()),
            _ => lock(&self.cloud).control(method, path, body, self.clock.now()),
        }
    }

    /// What the clock shows; with `until`, once it has reached that instant.
    async fn clock(&self, query: &Query) -> Control {
        if let Some(until) = query.value("until") {
            let Ok(until) = until.parse::<Instant>() else {
                return (400, "`until` is an instant like 2026-11-20T12:00:00Z\n".to_owned());
            };
            let mut stop = self.stop.clone();
            tokio::select! {
                () = self.clock.reach(until) => (),
                _ = stop.wait_for(|stopped| *stopped) => (),
            }
        }
        (200, self.clock_body())
    }

    fn advance(&self, query: &Query) -> Control {
        let seconds = query.value("seconds").and_then(|seconds| seconds.parse::<f64>().ok());
        let Some(seconds) = seconds.filter(|seconds| (0.0..=MAX_ADVANCE_SECONDS).contains(seconds)) else {
            return (400, format!("`seconds` is a number from 0 to {MAX_ADVANCE_SECONDS}\n"));
        };
        self.clock.add(seconds);
        lock(&self.cloud).advance(self.clock.now());
        (200, self.clock_body())
    }

    fn clock_body(&self) -> String {
        json!({ "now": shown(self.clock.now()), "speed": self.clock.speed }).to_string()
    }
}

/// The cloud, even if a request broke off while it held it.
fn lock<C>(cloud: &Mutex<C>) -> MutexGuard<'_, C> {
    cloud.lock().unwrap_or_else(PoisonError::into_inner)
}

fn response(status: u16, kind: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().insert("content-type", axum::http::HeaderValue::from_static(kind));
    response
}
