//! The HTTP server: its threads, its connections, its end.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, ThreadId};
use std::time::Duration;

use actix_rt::{Arbiter, ArbiterHandle};
use actix_web::dev::{ServerHandle, ServiceRequest, ServiceResponse, fn_service};
use actix_web::{App, Error, HttpServer};
use playhouse_actors::{Runtime, ServiceDescription};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::timeout;

use super::config::GatewayConfig;
use super::error::GatewayError;
use super::figures::Figures;
use super::state::{Phase, Shared};
use super::table::{self, Table};
use super::visit;
use crate::node::Control;
use crate::telemetry::Tracing;

/// Connections of one thread. Beyond that they wait in the backlog: each may hold buffers of 64 KiB and a descriptor.
const CONNECTIONS_MAX: usize = 10_000;

/// Connections that wait to be accepted; the kernel cuts it to its own limit.
const BACKLOG: u32 = 1024;

/// How long an idle connection is kept. Longer than the 60 s of the usual load balancers, so that it is they who close:
/// a server that closes first loses the request that is on its way at that moment.
const KEEP_ALIVE: Duration = Duration::from_secs(75);

/// How long a connection that is to be closed is read on, so that a client that still sends finds its answer.
const DISCONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long the last bytes of answers may take to leave when everything is answered. Idle connections are cut then.
const FLUSH_LIMIT_S: u64 = 1;

/// How long answers may take to be written to slow readers when all calls have ended.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);

/// A running gateway.
pub(crate) struct Gateway {
    shared: Arc<Shared>,
    address: SocketAddr,
    server: ServerHandle,
}

/// A server that has its port and is about to start its threads.
struct Listening {
    address: SocketAddr,
    server: ServerHandle,
    started: UnboundedReceiver<(ThreadId, ArbiterHandle)>,
}

impl Gateway {
    /// Takes the port and starts `threads` threads, which are given back for workers to run on.
    ///
    /// # Errors
    /// See [`GatewayError`].
    pub(crate) async fn start(
        config: &GatewayConfig,
        services: &[&ServiceDescription],
        threads: usize,
        tracing: Tracing,
        control: &Control,
    ) -> Result<(Self, Vec<ArbiterHandle>), GatewayError> {
        let entry = entry(config, services)?;
        table::check_routes(services, &entry)?;
        let shared = Shared::new(config.clone(), entry, Figures::new(services, threads, tracing));
        let listening = {
            let shared = Arc::clone(&shared);
            control.run(move || listen(&shared, threads)).await.map_err(GatewayError::Threads)??
        };
        let Listening { address, server, started } = listening;
        let arbiters = distinct(started, threads).await?;
        Ok((Self { shared, address, server }, arbiters))
    }

    /// Takes calls for all services that run now.
    pub(crate) fn serve(&self, runtime: &Runtime) {
        let table = Table::new(runtime, &self.shared.entry);
        self.shared.figures.watch(runtime);
        self.shared.figures.meters.learn(&table);
        self.shared.set_phase(Phase::Up(table));
    }

    /// Takes no more calls.
    pub(crate) fn refuse(&self) {
        self.shared.set_phase(Phase::Draining);
    }

    /// Waits until the answers are written, then ends.
    pub(crate) async fn finish(self) {
        if timeout(ANSWER_LIMIT, self.shared.all_answered()).await.is_err() {
            tracing::warn!(
                "some clients did not read their answers within {ANSWER_LIMIT:?}, their connections are cut"
            );
        }
        self.server.stop(true).await;
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The service whose methods are at `/<method>`.
    pub(crate) fn entry(&self) -> &str {
        &self.shared.entry
    }
}

/// The name of the entry: the one that was asked for, else that of the last service.
fn entry(config: &GatewayConfig, services: &[&ServiceDescription]) -> Result<String, GatewayError> {
    let last = services.last().ok_or(GatewayError::NoServices)?;
    let Some(entry) = &config.entry else { return Ok(last.name.into()) };
    if services.iter().any(|service| service.name == entry) {
        return Ok(entry.clone());
    }
    let known: Vec<_> = services.iter().map(|service| service.name).collect();
    Err(GatewayError::UnknownEntry { entry: entry.clone(), known: known.join(", ") })
}

/// Starts the server. To be called on the control thread: with an actix system there, its threads are arbiters.
fn listen(shared: &Arc<Shared>, threads: usize) -> Result<Listening, GatewayError> {
    let config = &shared.config;
    let (sender, started) = unbounded_channel();
    let server = HttpServer::new({
        let shared = Arc::clone(shared);
        move || {
            // This runs on each thread of the server, once for each address; nobody listens after the start.
            let _ = sender.send((thread::current().id(), Arbiter::current()));
            let seat = shared.seat();
            App::new().default_service(fn_service(move |request: ServiceRequest| {
                let seat = Arc::clone(&seat);
                async move {
                    let (request, payload) = request.into_parts();
                    let response = visit::answer(seat, &request, payload).await;
                    Ok::<_, Error>(ServiceResponse::new(request, response))
                }
            }))
        }
    })
    .on_connect({
        let shared = Arc::clone(shared);
        move |_, connection| drop(connection.insert(shared.figures.meters.connect()))
    })
    .workers(threads)
    .backlog(BACKLOG)
    .max_connections(CONNECTIONS_MAX)
    .keep_alive(KEEP_ALIVE)
    .client_request_timeout(config.head_timeout)
    .client_disconnect_timeout(DISCONNECT_TIMEOUT)
    // A client that closes its side is gone: its calls are cancelled rather than computed for nobody.
    .h1_allow_half_closed(false)
    .tcp_nodelay(true)
    .shutdown_timeout(FLUSH_LIMIT_S)
    .disable_signals()
    .bind((config.host.as_str(), config.port))
    .map_err(|error| GatewayError::bind(&config.host, config.port, error))?;
    let address = server.addrs().first().copied().ok_or_else(|| no_address(config))?;
    let server = server.run();
    let handle = server.handle();
    actix_rt::spawn(async move {
        if let Err(error) = server.await {
            tracing::error!(%error, "the HTTP server has failed");
        }
    });
    Ok(Listening { address, server: handle, started })
}

/// One handle for each thread, when all have started.
async fn distinct(
    mut started: UnboundedReceiver<(ThreadId, ArbiterHandle)>,
    threads: usize,
) -> Result<Vec<ArbiterHandle>, GatewayError> {
    let mut seen = Vec::new();
    let mut arbiters = Vec::new();
    while arbiters.len() < threads {
        let Some((thread, arbiter)) = started.recv().await else {
            let message = format!("{} of {threads} threads have started", arbiters.len());
            return Err(GatewayError::Threads(io::Error::other(message)));
        };
        if !seen.contains(&thread) {
            seen.push(thread);
            arbiters.push(arbiter);
        }
    }
    Ok(arbiters)
}

fn no_address(config: &GatewayConfig) -> GatewayError {
    let nothing = io::Error::new(io::ErrorKind::AddrNotAvailable, "the name has no address");
    GatewayError::bind(&config.host, config.port, nothing)
}
