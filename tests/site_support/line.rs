//! The line between a driver and the simulated cloud: it notes every exchange with the store before and after it, and it can
//! be cut for ever in the middle of one, as a killed process experiences it.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use offpeak::clock::{Clock, VirtualClock};
use offpeak::device::{Object, Store};
use offpeak::time::Instant;
use offpeak::vendor::simulated::InProcess;
use offpeak::vendor::transport::{Method, Reply, Request, Transport, TransportError};
use serde_json::Value;

use super::double::Double;
use super::laid::Held;

/// One exchange, as the cloud saw it and as the driver did.
#[derive(Clone, Debug)]
pub(crate) struct Exchange {
    /// When it was sent, by the site's clock.
    pub(crate) at: Instant,
    pub(crate) store: Store,
    pub(crate) serial: String,
    pub(crate) endpoint: String,
    pub(crate) write: bool,
    /// Whether it reached the cloud at all.
    pub(crate) reached: bool,
    /// Whether the cloud stored something on its account.
    pub(crate) stored: bool,
    pub(crate) before: Held,
    pub(crate) after: Held,
    /// The HTTP status that was delivered, if one was.
    pub(crate) status: Option<u16>,
    /// The envelope that was delivered, if one was.
    pub(crate) reply: Option<Value>,
}

/// When the process is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fuse {
    None,
    /// At the so-many-th exchange from now, before or after the cloud has it.
    Exchange(u32, bool),
    /// At the next write, before or after the cloud has it.
    Write(bool),
}

#[derive(Clone)]
pub(crate) struct Line {
    inner: InProcess<Double>,
    store: Store,
    serial: String,
    clock: SiteClock,
    state: Arc<Mutex<State>>,
}

struct State {
    seen: Vec<Exchange>,
    fuse: Fuse,
    dead: bool,
}

/// The clock of the site's machine: the world's, and what it is off by.
#[derive(Clone)]
pub(crate) struct SiteClock {
    pub(crate) world: VirtualClock,
    pub(crate) skew_seconds: Arc<AtomicI64>,
    /// A planted bug: the time that has passed is taken from the shown time.
    pub(crate) credulous: bool,
}

impl SiteClock {
    pub(crate) fn skew(&self) -> i64 {
        self.skew_seconds.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Clock for SiteClock {
    fn now(&self) -> Instant {
        self.world.now() + chrono::Duration::seconds(self.skew())
    }

    fn uptime(&self) -> Duration {
        if self.credulous {
            return Duration::from_millis(u64::try_from(self.now().timestamp_millis()).expect("a time"));
        }
        self.world.uptime()
    }

    async fn sleep(&self, span: Duration) {
        self.world.sleep(span).await;
    }
}

impl Line {
    pub(crate) fn new(cloud: Arc<Mutex<Double>>, clock: SiteClock, store: Store, serial: &str) -> Line {
        let inner = InProcess::new(cloud, Arc::new(clock.world.clone()));
        let state = State { seen: Vec::new(), fuse: Fuse::None, dead: false };
        Line { inner, store, serial: serial.to_owned(), clock, state: Arc::new(Mutex::new(state)) }
    }

    /// What was exchanged since the last call.
    pub(crate) fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut self.state.lock().expect("a line").seen)
    }

    pub(crate) fn set_fuse(&self, fuse: Fuse) {
        self.state.lock().expect("a line").fuse = fuse;
    }

    /// Joins the line again after a kill; whether there was one.
    pub(crate) fn revive(&self) -> bool {
        let mut state = self.state.lock().expect("a line");
        state.fuse = if state.dead { Fuse::None } else { state.fuse };
        std::mem::take(&mut state.dead)
    }

    fn held(&self) -> Held {
        self.inner.cloud().lock().expect("a cloud").held(&self.serial)
    }

    /// Whether the process dies now, and whether the request still goes out.
    fn burns(&self, write: bool) -> Option<bool> {
        let mut state = self.state.lock().expect("a line");
        let (fuse, burns) = match state.fuse {
            Fuse::None => (Fuse::None, None),
            Fuse::Exchange(0, passes) => (Fuse::None, Some(passes)),
            Fuse::Exchange(left, passes) => (Fuse::Exchange(left - 1, passes), None),
            Fuse::Write(passes) => (state.fuse, write.then_some(passes)),
        };
        state.fuse = fuse;
        state.dead |= burns.is_some();
        burns
    }
}

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let write = request.method != Method::Get;
        let burns = self.burns(write);
        let path = request.path.split('?').next().unwrap_or_default();
        let before = self.held();
        let mut exchange = Exchange {
            at: self.clock.now(),
            store: self.store,
            serial: self.serial.clone(),
            endpoint: path.rsplit('/').next().unwrap_or_default().to_owned(),
            write,
            reached: false,
            stored: false,
            after: before.clone(),
            before,
            status: None,
            reply: None,
        };
        if burns == Some(false) {
            self.state.lock().expect("a line").seen.push(exchange);
            return std::future::pending().await;
        }
        let reply = self.inner.send(request).await;
        exchange.reached = true;
        exchange.after = self.held();
        exchange.stored = self.inner.cloud().lock().expect("a cloud").has_just_stored();
        if burns.is_none() {
            exchange.status = reply.as_ref().ok().map(|reply| reply.status);
            let body = reply.as_ref().ok().filter(|reply| reply.status == 200);
            exchange.reply = body.and_then(|reply| serde_json::from_str(&reply.body).ok());
        }
        self.state.lock().expect("a line").seen.push(exchange);
        if burns.is_some() {
            return std::future::pending().await;
        }
        reply
    }
}

impl Exchange {
    /// The code of the envelope that was delivered.
    pub(crate) fn code(&self) -> Option<i64> {
        let code = self.reply.as_ref()?.get("code")?;
        code.as_i64().or_else(|| code.as_str()?.parse().ok())
    }

    /// Whether it was answered with a yes.
    pub(crate) fn accepted(&self) -> bool {
        match (self.store, self.code()) {
            (Store::AtessString, Some(code)) => code == 200 || code == 0,
            (_, code) => code == Some(200),
        }
    }

    /// Whether it was answered with a plain no: nothing was stored.
    pub(crate) fn refused(&self) -> bool {
        match (self.store, self.code()) {
            (Store::AtessString, None) => self.status.is_some_and(|status| [403, 404, 405, 429].contains(&status)),
            (Store::AtessString, Some(code)) => [400, 401, 403, 404, 429].contains(&code),
            (_, Some(code)) => code != 200 && ![6008, 6016, 6026, 6029].contains(&code),
            (_, None) => false,
        }
    }

    /// Whether data do not say that they are another device's.
    pub(crate) fn is_about_us(&self, data: &Value) -> bool {
        data.get("deviceSn").is_none_or(|serial| serial.is_null() || *serial == *self.serial)
    }

    /// The data of a reply that says yes.
    pub(crate) fn data(&self) -> Option<&Value> {
        self.reply.as_ref().filter(|_| self.accepted())?.get("data")
    }

    /// The object that this exchange reads or writes.
    pub(crate) fn object(&self) -> Option<Object> {
        match self.endpoint.as_str() {
            "getChargeConfigInfo" | "updateChargeConfigInfo" => Some(Object::Charge),
            "getDisChargeConfigInfo" | "updateDisChargeConfigInfo" => Some(Object::Discharge),
            "getTimeChargeBySn" | "setTimeChargeBySn" | "small-setting" => Some(Object::Windows),
            _ => None,
        }
    }

    /// Whether the driver was told what an object holds.
    pub(crate) fn tells(&self) -> Option<Object> {
        let whole = self.data().is_some_and(|data| data.is_object() && self.is_about_us(data));
        self.object().filter(|_| !self.write && whole)
    }
}

impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, code) = (self.at.format("%d %H:%M:%S%.3f"), self.code());
        write!(f, "{at} {} reached {} stored {} code {code:?}: ", self.endpoint, self.reached, self.stored)?;
        match self.object() {
            Some(object) => write!(f, "{:?}", self.after.part(object)),
            None => {
                let tells = ["soc", "pev", "vbat", "ebatChargeTotal", "ebatDischargeTotal", "time"];
                let told = tells.iter().filter_map(|name| Some((name, self.data()?.get(name)?)));
                told.into_iter().try_for_each(|(name, value)| write!(f, "{name} {value} "))
            }
        }
    }
}
