//! What the nodes run: a service that writes down every call before it answers it.

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use playhouse_actors::{Bytes, Error, Result, service};

use crate::journal::Journal;

/// How many items a stream has.
pub(crate) const ITEMS: usize = 5;
/// How many bytes a long call carries.
pub(crate) const LONG: usize = 1 << 20;
/// How long a call takes: long enough for several to be in flight at each replica, whenever it is lost.
const WORK: Duration = Duration::from_millis(60);

/// Where calls are written down, once the program has opened it.
pub(crate) static JOURNAL: OnceLock<Journal> = OnceLock::new();

/// Writes down every call, which are told apart by their identifiers, and answers with who has done so.
pub(crate) struct Ledger;

/// The identifier of a call, and the process that has run it.
pub(crate) type Entry = (u64, u32);

#[service(workers = 2, traffic(max_concurrency = 4096, timeout = "15s"))]
impl Ledger {
    #[init]
    fn new() -> Self {
        Ledger
    }

    /// To be done once at most.
    #[api]
    async fn enter(&self, id: u64) -> Result<Entry> {
        let entry = written(id);
        tokio::time::sleep(WORK).await;
        Ok(entry)
    }

    /// To be done once at most, and much longer than what is sent at once.
    #[api]
    async fn store(&self, id: u64, bytes: Bytes) -> Result<Entry> {
        if bytes.len() != LONG {
            return Err(Error::malformed(format!("{} bytes have come of {LONG}", bytes.len())).into());
        }
        let entry = written(id);
        tokio::time::sleep(WORK).await;
        Ok(entry)
    }

    /// May be done again.
    #[api(idempotent)]
    async fn look(&self, id: u64) -> Result<Entry> {
        let entry = written(id);
        tokio::time::sleep(WORK).await;
        Ok(entry)
    }

    /// As many items as are expected, and no more.
    #[api]
    fn list(&self, id: u64) -> impl Stream<Item = Result<Entry>> {
        let entry = written(id);
        stream::iter(0..ITEMS).then(move |_| async move {
            tokio::time::sleep(WORK / 4).await;
            Ok(entry)
        })
    }
}

fn written(id: u64) -> Entry {
    let process = std::process::id();
    JOURNAL.get().expect("it was opened before the service was started").ran(id, process);
    (id, process)
}
