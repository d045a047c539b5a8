//! The line between a driver and its simulated cloud: it counts every call, and breaks the next reply in a named way.

use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use offpeak::clock::{Clock, VirtualClock};
use offpeak::time::Instant;
use offpeak::vendor::transport::{Method, Reply, Request, Transport, TransportError};
use serde_json::{Value, json};

/// A way in which a reply, or the line, is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Breakage {
    /// The body ends in its middle.
    Truncated,
    /// There is no body.
    Empty,
    /// A page of HTML with status 200, as of a hotel's network.
    WebPage,
    /// JSON without an envelope.
    Bare,
    /// A reply as of another vendor.
    Foreign,
    /// The envelope says yes, and its data are of another shape.
    OtherShape,
    /// Every number and text of the data is an object.
    Mistyped,
    /// Every number and text of the data is a text that is no number and no time.
    Nonsense,
    /// Larger than what is read.
    Enormous,
    /// Every number and text of the data is null.
    Nulls,
    /// The data are of another system, where they name theirs.
    OtherSerial,
    /// The cloud's words repeat the credentials under a code that nobody knows.
    Echo,
    /// A status instead of a reply; the request did not reach the cloud.
    Status(u16),
    /// A status instead of a reply, after the cloud dealt with the request.
    LateStatus(u16),
    /// The cloud dealt with the request and its reply never came.
    Lost,
    /// As `Lost`, but the connection broke.
    Severed,
    /// No connection was made.
    NotConnected,
}

/// Which calls a breakage meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meets {
    /// The next read alone.
    NextRead,
    /// Every read from now on.
    Reads,
    /// Every write from now on.
    Writes,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) at: Instant,
    pub(crate) endpoint: String,
    pub(crate) write: bool,
    /// Whether a breakage met it.
    pub(crate) broken: bool,
    /// Whether the reply that the driver got was another than the cloud's.
    pub(crate) changed: bool,
}

/// See the module.
pub(crate) struct Line {
    inner: Arc<dyn Transport>,
    clock: VirtualClock,
    serial: String,
    secrets: Vec<String>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    sent: Vec<Sent>,
    breakage: Option<(Meets, Breakage)>,
}

impl Line {
    /// A line in front of a cloud. What the system is called and what is secret is needed to break replies with it.
    pub(crate) fn new(inner: Arc<dyn Transport>, clock: VirtualClock, serial: &str, secrets: &[&str]) -> Arc<Line> {
        let secrets = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        Arc::new(Line { inner, clock, serial: serial.to_owned(), secrets, state: Mutex::default() })
    }

    pub(crate) fn secrets(&self) -> &[String] {
        &self.secrets
    }

    pub(crate) fn break_it(&self, meets: Meets, breakage: Breakage) {
        self.state().breakage = Some((meets, breakage));
    }

    pub(crate) fn mend(&self) {
        self.state().breakage = None;
    }

    /// The calls since the last look.
    pub(crate) fn take(&self) -> Vec<Sent> {
        std::mem::take(&mut self.state().sent)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("a line")
    }

    /// What breaks this call; what meets one call is used up by it.
    fn breakage(&self, write: bool) -> Option<Breakage> {
        let mut state = self.state();
        let (meets, breakage) = state.breakage?;
        let met = write == (meets == Meets::Writes);
        if met && meets == Meets::NextRead {
            state.breakage = None;
        }
        met.then_some(breakage)
    }

    fn rewritten(&self, breakage: Breakage, body: &str) -> Result<String, TransportError> {
        let with = |change: &dyn Fn(&mut Value)| {
            let mut whole: Value = serde_json::from_str(body).expect("the cloud speaks JSON");
            change(whole.get_mut("data").expect("an envelope"));
            whole.to_string()
        };
        Ok(match breakage {
            Breakage::Truncated => body.chars().take(body.chars().count() / 2).collect(),
            Breakage::Empty => String::new(),
            Breakage::WebPage => "<html><body>Welcome! Please sign in.</body></html>".to_owned(),
            Breakage::Bare => "[1, 2, 3]".to_owned(),
            Breakage::Foreign => json!({ "status": "OK", "result": { "soc": 0, "power": 0 } }).to_string(),
            Breakage::OtherShape => with(&|data| *data = json!("see attachment")),
            Breakage::Mistyped => with(&|data| self.leaves(data, &json!({ "value": 1 }))),
            Breakage::Nonsense => with(&|data| self.leaves(data, &json!("N/A"))),
            Breakage::Nulls => with(&|data| self.leaves(data, &Value::Null)),
            Breakage::OtherSerial => body.replace(&self.serial, "SOMEONEELSES001"),
            Breakage::Echo => json!({ "code": 7777, "msg": self.secrets.join(" "), "data": null }).to_string(),
            Breakage::Enormous => return Err(TransportError::TooLarge),
            Breakage::Lost => return Err(TransportError::TimedOut { seconds: 30 }),
            Breakage::Severed => return Err(TransportError::Broken("reset by the other side".to_owned())),
            Breakage::NotConnected | Breakage::Status(_) | Breakage::LateStatus(_) => body.to_owned(),
        })
    }

    /// Puts this in the place of everything that is neither a list nor an object nor null, but for the system's name.
    fn leaves(&self, value: &mut Value, by: &Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.leaves(item, by)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.leaves(field, by)),
            Value::Null => {}
            Value::String(text) if *text == self.serial => {}
            leaf => *leaf = by.clone(),
        }
    }

    async fn carry(&self, request: Request, breakage: Option<Breakage>) -> (Result<Reply, TransportError>, bool) {
        let away = |status| Ok(Reply { status, body: "<html>no</html>".to_owned() });
        match breakage {
            Some(Breakage::NotConnected) => (Err(TransportError::NotConnected("no route".to_owned())), true),
            Some(Breakage::Status(status)) => (away(status), true),
            _ => {
                let reply = self.inner.send(request).await;
                let (Some(breakage), Ok(Reply { status, body })) = (breakage, &reply) else { return (reply, false) };
                if let Breakage::LateStatus(status) = breakage {
                    return (away(status), true);
                }
                let broken = self.rewritten(breakage, body);
                let changed = broken.as_ref() != Ok(body);
                (broken.map(|body| Reply { status: *status, body }), changed)
            }
        }
    }
}

#[async_trait]
impl Transport for Line {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let write = request.method != Method::Get;
        let endpoint = request.path.split('?').next().unwrap_or_default().to_owned();
        let breakage = self.breakage(write);
        let at = self.clock.now();
        let (reply, changed) = self.carry(request, breakage).await;
        self.state().sent.push(Sent { at, endpoint, write, broken: breakage.is_some(), changed });
        reply
    }
}
