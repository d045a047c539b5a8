//! One HTTP exchange, so that a driver neither knows nor cares whether a socket lies between it and the cloud.

use std::fmt;

use async_trait::async_trait;

/// The largest reply that is read, in bytes.
pub const MAX_REPLY_BYTES: usize = 4 * 1024 * 1024;

/// What is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// GET, POST or PUT.
    pub method: Method,
    /// The path with its query, relative to the base URL and without a leading slash: `getLastPowerData?sysSn=…`.
    pub path: String,
    /// Header names and values, the vendor's own included.
    pub headers: Vec<(String, String)>,
    /// The JSON body.
    pub body: Option<String>,
}

/// The verbs that the vendors use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Write.
    Post,
    /// Replace.
    Put,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body as text.
    pub body: String,
}

/// Why nothing came back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// The request may have arrived.
    #[error("no reply within {seconds} s")]
    TimedOut {
        /// How long was waited.
        seconds: u64,
    },
    /// No connection was made, so nothing arrived.
    #[error("could not connect: {0}")]
    NotConnected(String),
    /// The connection broke after it was made: the request may have arrived.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The reply was larger than [`MAX_REPLY_BYTES`].
    #[error("the reply is larger than {MAX_REPLY_BYTES} bytes")]
    TooLarge,
}

/// Whatever carries a request to a cloud and brings the reply.
#[async_trait]
pub trait Transport: Send + Sync {
    /// One exchange, without any retry.
    async fn send(&self, request: Request) -> Result<Reply, TransportError>;

    /// How many seconds the server's clock was ahead of this machine's at the last reply, if the server said: what a
    /// cloud that refuses a time stamp leaves unsaid.
    fn server_ahead(&self) -> Option<i64> {
        None
    }
}

/// An endpoint with its query, percent-encoded.
pub(super) fn path(endpoint: &str, query: &[(&str, &str)]) -> String {
    let pairs: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if pairs.is_empty() { endpoint.to_owned() } else { format!("{endpoint}?{}", pairs.join("&")) }
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

impl fmt::Debug for Request {
    /// Header values are left out: they carry credentials and signatures.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let mut shown = f.debug_struct("Request");
        shown.field("method", &self.method).field("path", &self.path).field("headers", &names);
        shown.field("body", &self.body).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_cannot_change_the_query() {
        assert_eq!(path("getEssList", &[]), "getEssList");
        let query = [("sysSn", "A&b=ü/?#"), ("queryDate", "2026-11-20")];
        assert_eq!(path("x", &query), "x?sysSn=A%26b%3D%C3%BC%2F%3F%23&queryDate=2026-11-20");
    }
}
