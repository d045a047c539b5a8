//! Requests over HTTP.

use std::error::Error;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use reqwest::header::{DATE, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Client, Response, Url, redirect};

use super::transport::{MAX_REPLY_BYTES, Method, Reply, Request, Transport, TransportError};
use crate::time::Instant;

/// The longest reason that is taken from the network library, in characters.
const MAX_REASON: usize = 200;

/// No server has said what time it is.
const UNSAID: i64 = i64::MIN;

/// How long to wait, and for how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HttpLimits {
    /// From the first byte of the request to the last of the reply.
    pub whole: Duration,
    /// For the connection alone.
    pub connect: Duration,
    /// The largest reply that is read, in bytes.
    pub reply_bytes: usize,
}

/// Why a base URL cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// It is no URL, or not one that can be called.
    #[error("not a URL of the form https://host/path: {0}")]
    Url(String),
    /// The machine offers no way to make calls, such as without root certificates.
    #[error("no HTTP client: {0}")]
    Client(String),
}

/// A server behind a base URL.
#[derive(Debug)]
pub struct Http {
    client: Client,
    base: String,
    limits: HttpLimits,
    /// Seconds that the server's clock was ahead at the last reply.
    ahead: AtomicI64,
}

impl Default for HttpLimits {
    /// 30 s in all, as slow replies of the vendors' clouds take up to 20 s; 10 s for the connection.
    fn default() -> HttpLimits {
        HttpLimits { whole: Duration::from_secs(30), connect: Duration::from_secs(10), reply_bytes: MAX_REPLY_BYTES }
    }
}

impl Http {
    /// A server behind this base URL. Redirects are not followed, since a signature is meant for one address, and
    /// connections are not kept: whether a request arrived is then never a matter of an old connection.
    ///
    /// # Errors
    /// Why the URL or the machine cannot be used.
    pub fn new(base: &str, limits: HttpLimits) -> Result<Http, HttpError> {
        let url = checked(base)?;
        let mut builder = Client::builder()
            .user_agent(concat!("offpeak/", env!("CARGO_PKG_VERSION")))
            .timeout(limits.whole)
            .connect_timeout(limits.connect)
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0);
        if is_loopback(&url) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| HttpError::Client(deepest(&error)))?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        Ok(Http { client, base, limits, ahead: AtomicI64::new(UNSAID) })
    }

    /// Reads the body piece by piece and stops where it is too large.
    async fn body(&self, mut response: Response) -> Result<String, TransportError> {
        let limit = self.limits.reply_bytes;
        if response.content_length().is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > limit)) {
            return Err(TransportError::TooLarge);
        }
        let mut bytes = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(|error| self.failure(&error))? {
            if bytes.len() + piece.len() > limit {
                return Err(TransportError::TooLarge);
            }
            bytes.extend_from_slice(&piece);
        }
        Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// Tells apart what surely did not arrive from what may have.
    fn failure(&self, error: &reqwest::Error) -> TransportError {
        if error.is_connect() || error.is_builder() {
            TransportError::NotConnected(deepest(error))
        } else if error.is_timeout() {
            TransportError::TimedOut {
                seconds: self.limits.whole.as_millis().div_ceil(1000).try_into().unwrap_or(u64::MAX),
            }
        } else {
            TransportError::Broken(deepest(error))
        }
    }

    /// Notes what time the server says it is.
    fn note_time(&self, headers: &HeaderMap) {
        let date = headers.get(DATE).and_then(|date| date.to_str().ok());
        if let Some(server) = date.and_then(|date| chrono::DateTime::parse_from_rfc2822(date).ok()) {
            let now: Instant = SystemTime::now().into();
            self.ahead.store((server.to_utc() - now).num_seconds(), Ordering::Relaxed);
        }
    }
}

#[async_trait]
impl Transport for Http {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let url = format!("{}/{}", self.base, request.path);
        let method = match request.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
        };
        let mut builder = self.client.request(method, url).headers(headers(&request.headers)?);
        if let Some(body) = request.body {
            builder = builder.body(body);
        }
        let response = builder.send().await.map_err(|error| self.failure(&error))?;
        self.note_time(response.headers());
        let status = response.status().as_u16();
        Ok(Reply { status, body: self.body(response).await? })
    }

    fn server_ahead(&self) -> Option<i64> {
        Some(self.ahead.load(Ordering::Relaxed)).filter(|ahead| *ahead != UNSAID)
    }
}

/// The headers, marked so that nothing logs them.
fn headers(pairs: &[(String, String)]) -> Result<HeaderMap, TransportError> {
    let mut map = HeaderMap::new();
    for (name, value) in pairs {
        let unusable = |_| TransportError::NotConnected(format!("the header {name} cannot be sent"));
        let mut value = HeaderValue::from_str(value).map_err(|error| unusable(error.to_string()))?;
        value.set_sensitive(true);
        map.insert(HeaderName::from_bytes(name.as_bytes()).map_err(|error| unusable(error.to_string()))?, value);
    }
    Ok(map)
}

/// A base URL without user, query or fragment, over HTTP or HTTPS.
fn checked(base: &str) -> Result<Url, HttpError> {
    let url = Url::parse(base.trim()).map_err(|error| HttpError::Url(error.to_string()))?;
    let refuse = |why: &str| Err(HttpError::Url(why.to_owned()));
    if !matches!(url.scheme(), "http" | "https") {
        return refuse("only http and https can be called");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return refuse("credentials never stand in a URL");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return refuse("a base URL has no `?` and no `#`");
    }
    Ok(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// The innermost reason of an error, which says what happened; the outer ones quote the URL.
fn deepest(error: &reqwest::Error) -> String {
    let mut reason: &dyn Error = error;
    for _ in 0..16 {
        match reason.source() {
            Some(source) => reason = source,
            None => break,
        }
    }
    reason.to_string().chars().filter(|letter| !letter.is_control()).take(MAX_REASON).collect()
}
