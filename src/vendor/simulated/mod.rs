//! The simulated cloud within the process: a [`Transport`] over the simulator, and the only product code beside `simulate`
//! and `demo` that reaches it.

mod kept;

pub use kept::{Home, Kept, KeptError};

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::transport::{Method, Reply, Request, Transport, TransportError};
use crate::clock::Clock;
use crate::simulator::{Answer, Call, Cloud};

/// When a client would stop waiting, as on the line.
const TIME_OUT: Duration = Duration::from_secs(30);

/// Carries requests to a cloud in this process, under a clock that may be virtual.
#[derive(Clone)]
pub struct InProcess {
    cloud: Arc<Mutex<Cloud>>,
    clock: Arc<dyn Clock>,
}

impl InProcess {
    /// A line to this cloud. Replies take the time that the cloud says, on this clock.
    #[must_use]
    pub fn new(cloud: Arc<Mutex<Cloud>>, clock: Arc<dyn Clock>) -> InProcess {
        InProcess { cloud, clock }
    }

    /// The cloud at the other end.
    #[must_use]
    pub fn cloud(&self) -> Arc<Mutex<Cloud>> {
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
impl Transport for InProcess {
    async fn send(&self, request: Request) -> Result<Reply, TransportError> {
        let answer = self.handle(request);
        if answer.lost || answer.delay >= TIME_OUT {
            self.clock.sleep(TIME_OUT).await;
            return Err(TransportError::TimedOut { seconds: TIME_OUT.as_secs() });
        }
        self.clock.sleep(answer.delay).await;
        Ok(Reply { status: answer.status, body: answer.body })
    }
}

/// The cloud, even if whoever held it last broke off: it is a simulation, and stays usable for the next look.
fn lock(cloud: &Mutex<Cloud>) -> MutexGuard<'_, Cloud> {
    cloud.lock().unwrap_or_else(PoisonError::into_inner)
}
