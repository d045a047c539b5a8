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

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::net::TcpListener;
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;

    const LIMITS: HttpLimits =
        HttpLimits { whole: Duration::from_secs(20), connect: Duration::from_secs(20), reply_bytes: 1000 };

    /// A server on the loopback that hands each connection's request to `answer` and closes after what it returns; `None`
    /// leaves the connection open without a word. Returns its URL, and counts connections.
    fn serve(answer: impl Fn(&str) -> Option<Vec<u8>> + Send + 'static) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/api/", listener.local_addr().expect("an address"));
        let count = Arc::new(AtomicUsize::new(0));
        let seen = count.clone();
        std::thread::spawn(move || {
            let mut silent = Vec::new();
            for mut stream in listener.incoming().flatten() {
                seen.fetch_add(1, Ordering::SeqCst);
                let mut request = Vec::new();
                let mut piece = [0; 4096];
                while !request.ends_with(b"}") && !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut piece) {
                        Ok(read) if read > 0 => request.extend_from_slice(&piece[..read]),
                        _ => break,
                    }
                }
                match answer(&String::from_utf8_lossy(&request)) {
                    Some(bytes) => drop(stream.write_all(&bytes)),
                    None => silent.push(stream),
                }
            }
        });
        (url, count)
    }

    fn post() -> Request {
        Request {
            method: Method::Post,
            path: "updateChargeConfigInfo?x=1".to_owned(),
            headers: vec![("appId".to_owned(), "hush".to_owned())],
            body: Some("{}".to_owned()),
        }
    }

    async fn sent(url: &str, limits: HttpLimits) -> Result<Reply, TransportError> {
        Http::new(url, limits).expect("a server").send(post()).await
    }

    #[tokio::test]
    async fn a_request_goes_out_as_it_is_and_its_reply_comes_back() {
        let (url, _) = serve(|request| {
            let expected = ["POST /api/updateChargeConfigInfo?x=1 HTTP/1.1", "appid: hush", "user-agent: offpeak/"];
            let status = if expected.iter().all(|part| request.contains(part)) { 200 } else { 500 };
            let date = (chrono::Utc::now() + chrono::Duration::hours(1)).to_rfc2822().replace("+0000", "GMT");
            Some(format!("HTTP/1.1 {status} x\r\nDate: {date}\r\nContent-Length: 4\r\n\r\n\"\u{e9}\"").into_bytes())
        });
        let http = Http::new(&url, LIMITS).expect("a server");
        assert_eq!(http.server_ahead(), None);
        assert_eq!(http.send(post()).await, Ok(Reply { status: 200, body: "\"é\"".to_owned() }));
        assert!(http.server_ahead().is_some_and(|ahead| (3590..=3600).contains(&ahead)));
    }

    #[tokio::test]
    async fn statuses_are_handed_on_and_redirects_are_not_followed() {
        for status in [302, 307, 404, 502] {
            let (url, count) = serve(move |_| {
                let head = format!("HTTP/1.1 {status} x\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
                Some(head.into_bytes())
            });
            assert_eq!(sent(&url, LIMITS).await, Ok(Reply { status, body: String::new() }));
            assert_eq!(count.load(Ordering::SeqCst), 1, "{status}");
        }
    }

    #[tokio::test]
    async fn a_reply_is_read_up_to_its_limit_and_no_further() {
        let check = async |reply: Vec<u8>, expect: Result<usize, TransportError>| {
            let (url, _) = serve(move |_| Some(reply.clone()));
            assert_eq!(sent(&url, LIMITS).await.map(|reply| reply.body.len()), expect);
        };
        let head = |length: usize| format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").into_bytes();
        let unsized_head = || b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_vec();
        check([head(1000), vec![b'x'; 1000]].concat(), Ok(1000)).await;
        check(head(1001), Err(TransportError::TooLarge)).await;
        check(head(usize::MAX >> 8), Err(TransportError::TooLarge)).await;
        check([unsized_head(), vec![b'x'; 1000]].concat(), Ok(1000)).await;
        check([unsized_head(), vec![b'x'; 100_000]].concat(), Err(TransportError::TooLarge)).await;
        check([head(3), vec![0xff, 0xfe, b'x']].concat(), Ok("\u{fffd}\u{fffd}x".len())).await;
    }

    #[tokio::test]
    async fn a_connection_that_breaks_may_have_carried_the_request_and_is_not_tried_again() {
        for reply in ["", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n{\"code\":2"] {
            let (url, count) = serve(move |_| Some(reply.as_bytes().to_vec()));
            let error = sent(&url, LIMITS).await.expect_err("no reply");
            assert!(matches!(error, TransportError::Broken(_)), "{reply}: {error:?}");
            assert_eq!(count.load(Ordering::SeqCst), 1, "{reply}");
            assert!(!error.to_string().contains("127.0.0.1"), "{error}");
        }
    }

    #[tokio::test]
    async fn silence_ends_with_the_limit() {
        let (url, _) = serve(|_| None);
        let limits = HttpLimits { whole: Duration::from_millis(150), ..LIMITS };
        assert_eq!(sent(&url, limits).await, Err(TransportError::TimedOut { seconds: 1 }));
    }

    #[tokio::test]
    async fn what_was_never_sent_did_not_arrive() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        drop(listener);
        let error = sent(&url, LIMITS).await.expect_err("nobody listens");
        assert!(matches!(error, TransportError::NotConnected(_)), "{error:?}");
        let (url, count) = serve(|_| None);
        let http = Http::new(&url, LIMITS).expect("a server");
        let bad = Request { headers: vec![("sign".to_owned(), "hush\r\nx: y".to_owned())], ..post() };
        let error = http.send(bad).await.expect_err("no such header");
        assert_eq!(error, TransportError::NotConnected("the header sign cannot be sent".to_owned()));
        assert_eq!(count.load(Ordering::SeqCst), 0);
    }

    #[test]
    fn a_base_url_is_a_plain_address() {
        let check = |base: &str, expect: Result<(), &str>| {
            let found = Http::new(base, LIMITS).map(|_| ()).map_err(|error| error.to_string());
            let expect = expect.map_err(|why| format!("not a URL of the form https://host/path: {why}"));
            assert_eq!(found, expect, "{base}");
        };
        check("https://openapi.alphaess.com/api", Ok(()));
        check("http://127.0.0.1:8080/", Ok(()));
        check("http://[::1]:8080/api", Ok(()));
        check("openapi.alphaess.com", Err("relative URL without a base"));
        check("ftp://x", Err("only http and https can be called"));
        check("https://user:hush@x", Err("credentials never stand in a URL"));
        check("https://x/?a=b", Err("a base URL has no `?` and no `#`"));
    }
}
