//! The clock that a program under test is given: the simulator's, moved on as soon as the program waits for it.
//!
//! The simulator's clock stands still. Whoever sleeps on it asks the conductor until when, so the test knows what the program
//! waits for, moves the clock there and nowhere else, and no test ever sleeps in the hope that something has happened.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

/// As long as the simulator itself holds back an answer.
const MAX_POLL: Duration = Duration::from_secs(10);

pub(crate) type Instant = DateTime<Utc>;

/// Stands between the program and the simulator.
pub(crate) struct Conductor {
    /// What `--clock` takes.
    pub(crate) url: String,
    simulator: String,
    client: reqwest::Client,
    now: watch::Sender<Instant>,
    waiting: Mutex<BTreeMap<u64, Instant>>,
    changed: Condvar,
    next: Mutex<u64>,
    /// Where writes are held up.
    pub(crate) gate: Gate,
}

/// Holds up writes at one of two points, so that a test can end the program there.
pub(crate) struct Gate {
    hold: Mutex<Option<Point>>,
    arrived: Mutex<u32>,
    open: Semaphore,
}

/// Where a write is held up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// The program has sent it, and the cloud has not got it yet.
    BeforeTheCloud,
    /// The cloud has stored it, and the program does not know yet.
    BeforeTheReply,
}

/// Someone who waits, until they are answered or gone.
struct Waiter<'a>(&'a Conductor, u64);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiting.lock().expect("the waiting").remove(&self.1);
        self.0.changed.notify_all();
    }
}

impl Conductor {
    /// Begins to conduct the simulator at this address, such as `http://127.0.0.1:8480`.
    pub(crate) async fn begin(simulator: &str) -> Arc<Conductor> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().expect("a client");
        let shown = shown(&client, &format!("{simulator}/sim/clock"), false).await.expect("a simulator");
        let conductor = Arc::new(Conductor {
            url: format!("http://{}", listener.local_addr().expect("an address")),
            simulator: simulator.to_owned(),
            client,
            now: watch::channel(shown).0,
            waiting: Mutex::default(),
            changed: Condvar::new(),
            next: Mutex::default(),
            gate: Gate { hold: Mutex::new(None), arrived: Mutex::new(0), open: Semaphore::new(0) },
        });
        let app = Router::new().fallback(answer).with_state(Arc::clone(&conductor));
        tokio::spawn(async move { axum::serve(listener, app).await.expect("a server") });
        conductor
    }

    /// What the simulator's clock shows.
    pub(crate) fn now(&self) -> Instant {
        *self.now.borrow()
    }

    /// Moves the simulator's clock on to this instant.
    pub(crate) async fn move_to(&self, until: Instant) {
        let seconds = (until - self.now()).num_milliseconds() as f64 / 1000.0;
        if seconds > 0.0 {
            let url = format!("{}/sim/advance?seconds={seconds}", self.simulator);
            let now = shown(&self.client, &url, true).await;
            // Without a simulator time goes on all the same.
            self.now.send_replace(now.unwrap_or(until));
        }
    }

    /// Returns as soon as someone begins or ends to wait, or this much real time has passed.
    pub(crate) fn rest(&self, patience: Duration) {
        let waiting = self.waiting.lock().expect("the waiting");
        drop(self.changed.wait_timeout(waiting, patience).expect("the waiting"));
    }

    /// For what the program waits now, soonest first.
    pub(crate) fn waits_now(&self) -> Vec<Instant> {
        let now = self.now();
        let waiting = self.waiting.lock().expect("the waiting");
        let mut waits: Vec<Instant> = waiting.values().copied().filter(|until| *until > now).collect();
        waits.sort_unstable();
        waits
    }

    async fn clock(&self, until: Option<Instant>) -> String {
        if let Some(until) = until {
            let id = {
                let mut next = self.next.lock().expect("a number");
                *next += 1;
                *next
            };
            let mut now = self.now.subscribe();
            self.waiting.lock().expect("the waiting").insert(id, until);
            self.changed.notify_all();
            let _waiter = Waiter(self, id);
            let _late = tokio::time::timeout(MAX_POLL, now.wait_for(|now| *now >= until)).await;
        }
        json!({ "now": self.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true), "speed": 0.0 }).to_string()
    }

    /// Carries a request of the vendor's API to the simulator and the reply back.
    async fn forward(&self, request: Request) -> (u16, String) {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.expect("a body");
        let writes = parts.method != "GET";
        if writes {
            self.gate.pass(Point::BeforeTheCloud).await;
        }
        let path = parts.uri.path_and_query().expect("a path").as_str();
        let mut call = self.client.request(parts.method, format!("{}{path}", self.simulator)).body(body);
        for name in ["appId", "timeStamp", "sign", "Authorization", "Accept-Language", "Content-Type"] {
            call = parts.headers.get(name).into_iter().fold(call, |call, value| call.header(name, value));
        }
        let reply = call.send().await.expect("a reply");
        let (status, text) = (reply.status().as_u16(), reply.text().await.expect("a body"));
        if writes {
            self.gate.pass(Point::BeforeTheReply).await;
        }
        (status, text)
    }
}

impl Gate {
    /// From now on every write is held up here.
    pub(crate) fn hold(&self, point: Point) {
        *self.hold.lock().expect("a gate") = Some(point);
    }

    /// Nothing is held up any more; what waits at the gate stays there.
    pub(crate) fn release(&self) {
        *self.hold.lock().expect("a gate") = None;
    }

    /// How many writes have come to where they are held up.
    pub(crate) fn arrived(&self) -> u32 {
        *self.arrived.lock().expect("a gate")
    }

    async fn pass(&self, point: Point) {
        let held = *self.hold.lock().expect("a gate") == Some(point);
        if held {
            *self.arrived.lock().expect("a gate") += 1;
            // Nobody opens it: whoever sent this is ended while it waits.
            let _permit = self.open.acquire().await;
        }
    }
}

async fn answer(State(conductor): State<Arc<Conductor>>, request: Request) -> Response {
    let uri = request.uri().clone();
    let (status, body) = if uri.path() == "/sim/clock" {
        let until = uri.query().and_then(|query| query.strip_prefix("until="));
        let until = until.map(|until| until.replace("%3A", ":").parse::<Instant>().expect("an instant"));
        (200, conductor.clock(until).await)
    } else if uri.path().starts_with("/html") {
        (200, "<html><body>Welcome to this hotel's network</body></html>".to_owned())
    } else {
        conductor.forward(request).await
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = axum::http::StatusCode::from_u16(status).expect("a status");
    response
}

/// What a clock of the simulator shows in its reply; none where nobody listens.
async fn shown(client: &reqwest::Client, url: &str, post: bool) -> Option<Instant> {
    let request = if post { client.post(url) } else { client.get(url) };
    let text = request.send().await.ok()?.text().await.expect("a body");
    let clock: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    Some(clock["now"].as_str().expect("a now").parse().expect("an instant"))
}
