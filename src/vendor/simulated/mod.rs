//! The simulated cloud within the process: a [`Transport`] over the simulator, and the only product code beside `simulate`
//! and `demo` that reaches it.

mod kept;

pub use kept::{Home, Kept, KeptError};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::transport::{MAX_REPLY_BYTES, Method, Reply, Request, Transport, TransportError};
use crate::clock::Clock;
use crate::simulator::{Answer, Answers, Call, Cloud};

/// When a client would stop waiting, as on the line.
const TIME_OUT: Duration = Duration::from_secs(30);

/// Carries requests to a cloud in this process, whichever vendor's it is, under a clock that may be virtual.
pub struct InProcess<C = Cloud> {
    cloud: Arc<Mutex<C>>,
    clock: Arc<dyn Clock>,
}

impl<C> Clone for InProcess<C> {
    fn clone(&self) -> InProcess<C> {
        InProcess { cloud: Arc::clone(&self.cloud), clock: Arc::clone(&self.clock) }
    }
}

impl<C: Answers> InProcess<C> {
    /// A line to this cloud. Replies take the time that the cloud says, on this clock.
    #[must_use]
    pub fn new(cloud: Arc<Mutex<C>>, clock: Arc<dyn Clock>) -> InProcess<C> {
        InProcess { cloud, clock }
    }

    /// The cloud at the other end.
    #[must_use]
    pub fn cloud(&self) -> Arc<Mutex<C>> {
        Arc::clone(&self.cloud)
    }

    fn handle(&self, request: Request) -> Answer {
        let method = match request.method {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
        };
        let Request { path, headers, body, .. } = request;
        lock(&self.cloud).handle(&Call { method: method.to_owned(), path, headers, body }, self.clock.now())
    }
}

#[async_trait]
impl<C: Answers> Transport for InProcess<C> {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let answer = self.handle(request);
        if answer.lost || answer.delay >= TIME_OUT {
            self.clock.sleep(TIME_OUT).await;
            return Err(TransportError::TimedOut { seconds: TIME_OUT.as_secs() });
        }
        self.clock.sleep(answer.delay).await;
        if answer.body.len() > MAX_REPLY_BYTES {
            return Err(TransportError::TooLarge);
        }
        Ok(Reply { status: answer.status, body: answer.body })
    }
}

/// The cloud, even if whoever held it last broke off: it is a simulation, and stays usable for the next look.
fn lock<C>(cloud: &Mutex<C>) -> MutexGuard<'_, C> {
    cloud.lock().unwrap_or_else(PoisonError::into_inner)
}
