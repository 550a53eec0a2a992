//! The programs that the tests start: this one, told to be a node.

use std::io::BufRead;
use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use actix_rt::{Arbiter, System};
use futures_util::StreamExt;
use playhouse_actors::{Arbiters, Builder, CallOutcome, CallResult, Error, Executor, Runtime};
use playhouse_cluster::{Cluster, ClusterConfig, NodeId, PeerState, PeerStatus, StaticPeers};
use rustix::process::{Resource, Rlimit, Signal, getrlimit, set_parent_process_death_signal, setrlimit};
use tokio::sync::{Semaphore, watch};
use tokio::time::{MissedTickBehavior, interval};

use crate::crowd;
use crate::journal::{Journal, Kind, now};
use crate::service::{Entry, ITEMS, JOURNAL, LONG, Ledger, LedgerClient};

/// Tells this program what it is to be, with arguments for that.
pub(crate) const ROLE: &str = "PLAYHOUSE_CHAOS_ROLE";

/// How many threads share the work of a node.
const THREADS: usize = 2;
/// How often each of them makes a call.
const EVERY: Duration = Duration::from_millis(8);
/// How many calls of each may be in flight: far more than there are unless the machine is too slow for the rate.
const IN_FLIGHT_MAX: u32 = 64;

/// Is what the environment says, until it is told to end. False if that says nothing.
pub(crate) fn play() -> bool {
    let Ok(role) = std::env::var(ROLE) else { return false };
    // Whatever becomes of the test, nothing of it is left behind.
    set_parent_process_death_signal(Some(Signal::KILL)).expect("it can be asked for");
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit }).expect("up to the maximum anybody may");
    let filter = std::env::var("RUST_LOG").unwrap_or_else(|_| "info".into());
    tracing_subscriber::fmt().with_ansi(false).with_env_filter(filter).with_writer(std::io::stderr).init();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match (role.as_str(), arguments.as_slice()) {
        ("replica", [node, listen, journal]) => System::new().block_on(replica(node, listen, Path::new(journal))),
        ("caller", [journal, peers @ ..]) => System::new().block_on(caller(Path::new(journal), peers)),
        ("host", []) => System::new().block_on(crowd::host()),
        ("crowd", [address, connections, calls]) => {
            let number = |text: &String| text.parse().expect("a number");
            System::new().block_on(crowd::crowd(address, number(connections), number(calls)));
        }
        other => panic!("not a role: {other:?}"),
    }
    true
}

pub(crate) fn services(shared: &[Arbiter]) -> Builder {
    let shared = shared.iter().map(Arbiter::handle).collect();
    Runtime::builder(Executor::Arbiters(Arbiters::new(Arbiter::current(), shared)))
}

pub(crate) fn threads() -> Vec<Arbiter> {
    (0..THREADS).map(|_| Arbiter::new()).collect()
}

/// Runs the service, says where, and ends with its input. `hang` stops its control thread, `wake` lets it go on.
async fn replica(node: &str, listen: &str, journal: &Path) {
    assert!(JOURNAL.set(Journal::open(journal)).is_ok(), "it is opened once");
    let shared = threads();
    let runtime = services(&shared).service::<Ledger>().start().await.expect("it starts");
    let listen = vec![listen.parse().expect("an address")];
    let config = ClusterConfig { node: NodeId::new(node), listen, insecure: true, ..ClusterConfig::default() };
    let cluster = Cluster::join(&runtime, config).await.expect("it joins");
    say(&format!("listening {}", cluster.addresses()[0]));
    let executor = runtime.executor().clone();
    thread::spawn(move || {
        let mut hanging: Option<Sender<()>> = None;
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            match line.as_str() {
                "hang" => {
                    let (wake, woken) = mpsc::channel::<()>();
                    hanging = Some(wake);
                    executor.spawn_control(async move {
                        // It ends by an error when the other half is dropped.
                        let _ = woken.recv();
                    });
                }
                "wake" => drop(hanging.take()),
                other => panic!("not a command: {other:?}"),
            }
        }
        std::process::exit(0);
    });
    std::future::pending().await
}

/// Calls at a fixed rate, whatever the answers, until it is told to finish; says so when every call has ended.
async fn caller(journal: &Path, peers: &[String]) {
    let journal = Journal::open(journal);
    let shared = threads();
    let runtime = services(&shared).elsewhere("Ledger").start().await.expect("it starts");
    let addresses = peers.iter().map(|peer| peer.parse().expect("an address"));
    let discovery = Arc::new(StaticPeers::new(addresses));
    let config = ClusterConfig { discovery, insecure: true, ..ClusterConfig::default() };
    let cluster = Cluster::join(&runtime, config).await.expect("it joins");
    cluster.until(|known| known.iter().filter(|peer| peer.offers("Ledger")).count() == peers.len()).await;
    let ended = until_told();
    let (journal, finished) = (Arc::new(journal), Arc::new(Semaphore::new(0)));
    for (index, thread) in (0_u64..).zip(&shared) {
        let client: LedgerClient = runtime.client().expect("it is known");
        let (journal, ended, finished) = (Arc::clone(&journal), ended.clone(), Arc::clone(&finished));
        thread.spawn_fn(move || {
            drop(actix_rt::spawn(async move {
                make_calls(index, client, journal, ended).await;
                finished.add_permits(1);
            }));
        });
    }
    tokio::select! {
        () = tell_of_peers(&cluster) => {}
        _ = finished.acquire_many(THREADS as u32) => {}
    }
    say("finished");
    // Its input ends it, when the test has looked at it.
    std::future::pending().await
}

/// Ends when the input has a line. The process ends with the input.
fn until_told() -> watch::Receiver<()> {
    let (end, ended) = watch::channel(());
    thread::spawn(move || {
        let mut lines = std::io::stdin().lock().lines();
        let _ = lines.next();
        drop(end);
        lines.for_each(drop);
        std::process::exit(0);
    });
    ended
}

/// Says whenever a peer can be called or cannot any more.
async fn tell_of_peers(cluster: &Cluster) {
    let mut known = std::collections::BTreeMap::new();
    let tell = |peers: &[PeerStatus]| {
        for peer in peers {
            let Some(address) = &peer.address else { continue };
            let up = peer.offers("Ledger");
            if known.insert(address.clone(), up) == Some(up) {
                continue;
            }
            match &peer.state {
                PeerState::Unreachable { reason, .. } => say(&format!("down {address} {} {reason}", now())),
                _ if up => say(&format!("up {address} {}", now())),
                _ => say(&format!("down {address} {} without connections", now())),
            }
        }
        false
    };
    cluster.until(tell).await;
}

async fn make_calls(index: u64, client: LedgerClient, journal: Arc<Journal>, mut ended: watch::Receiver<()>) {
    let (client, room) = (Rc::new(client), Arc::new(Semaphore::new(IN_FLIGHT_MAX as usize)));
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for number in 0_u64.. {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = ended.changed() => break,
        }
        // Two callers of one test differ in their processes.
        let id = (u64::from(std::process::id()) << 32) + number * THREADS as u64 + index;
        let permit = Arc::clone(&room).acquire_owned().await.expect("it is not closed");
        let (client, journal) = (Rc::clone(&client), Arc::clone(&journal));
        drop(actix_rt::spawn(async move {
            make_call(id, kind_of(number), &client, &journal).await;
            drop(permit);
        }));
    }
    drop(room.acquire_many(IN_FLIGHT_MAX).await.expect("it is not closed"));
}

fn kind_of(number: u64) -> Kind {
    match number % 16 {
        0..7 => Kind::Enter,
        7 => Kind::Store,
        8..14 => Kind::Look,
        _ => Kind::List,
    }
}

async fn make_call(id: u64, kind: Kind, client: &LedgerClient, journal: &Journal) {
    journal.begun(id, kind);
    let answer = match kind {
        Kind::Enter => client.enter(id).await,
        Kind::Store => client.store(id, vec![7_u8; LONG].into()).await,
        Kind::Look => client.look(id).await,
        Kind::List => list(id, client).await,
    };
    let outcome = format!("{:?}", CallOutcome::of(&answer));
    if let Err(error) = &answer {
        tracing::info!(id, %error, "a call has failed");
    }
    match answer {
        Ok((answered, process)) if answered == id => journal.ended(id, &outcome, process),
        Ok((_, process)) => journal.ended(id, "AnswerOfAnother", process),
        Err(_) => journal.ended(id, &outcome, 0),
    }
}

/// The entry that all items of a stream have to be.
async fn list(id: u64, client: &LedgerClient) -> CallResult<Entry> {
    let items: Vec<_> = client.list(id).await?.collect().await;
    let items = items.into_iter().collect::<CallResult<Vec<_>>>()?;
    match items.as_slice() {
        [first, rest @ ..] if items.len() == ITEMS && rest.iter().all(|item| item == first) => Ok(*first),
        other => Err(Error::service("torn", format!("a stream ended well with {other:?}"))),
    }
}

#[expect(clippy::print_stdout, reason = "how the test learns of it")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
