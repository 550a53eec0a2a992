//! Very many calls in flight over very many connections, and what that takes in memory.
//!
//! A bounded number of them by itself; `PLAYHOUSE_CROWD="1000 10000"` asks for 1,000 connections and 10,000 calls.

use std::io::BufRead;
use std::sync::Arc;
use std::thread;

use futures_util::future::join_all;
use playhouse_actors::{Result, service};
use playhouse_cluster::{Cluster, ClusterConfig, PeerState, StaticPeers};
use tokio::sync::Semaphore;

use crate::process::{Holds, Process};
use crate::roles::{say, services, threads};

pub(crate) const TESTS: &[(&str, fn())] = &[("crowd", a_crowd_takes_bounded_memory)];

/// How many connections and calls there are, unless the environment says so.
const USUAL: (usize, usize) = (100, 1000);
/// How much memory may be taken for each connection, and for each call, on either side: some times what was measured.
const CONNECTION_MAX_KIB: u64 = 64;
const CALL_MAX_KIB: u64 = 8;
/// What allocators and tables may take beside.
const BESIDE_KIB: u64 = 8 << 10;

/// Opened once for all calls that wait.
static DOORS: Semaphore = Semaphore::const_new(0);

/// Where calls wait until the doors are opened.
struct Hall;

#[service(workers = 1, traffic(max_concurrency = 16384, timeout = "120s"))]
impl Hall {
    #[init]
    fn new() -> Self {
        Hall
    }

    #[api]
    async fn wait(&self, text: String) -> Result<String> {
        drop(DOORS.acquire().await);
        Ok(text)
    }
}

/// Runs the service. Says how many calls there are when it is asked, and opens the doors when it is told to.
pub(crate) async fn host() {
    let shared = threads();
    let runtime = services(&shared).service::<Hall>().start().await.expect("it starts");
    let config = ClusterConfig { listen: vec!["127.0.0.1:0".parse().expect("an address")], ..ClusterConfig::default() };
    let cluster = Cluster::join(&runtime, config).await.expect("it joins");
    say(&format!("listening {}", cluster.addresses()[0]));
    thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(std::result::Result::ok) {
            match line.as_str() {
                "count" => say(&format!("admitted {}", runtime.stats()[0].admitted)),
                "open" => DOORS.add_permits(Semaphore::MAX_PERMITS),
                other => panic!("not a command: {other:?}"),
            }
        }
        std::process::exit(0);
    });
    std::future::pending().await
}

/// Makes all calls at once, over so many connections, as often as its input has lines.
pub(crate) async fn crowd(address: &str, connections: usize, calls: usize) {
    let shared = threads();
    let runtime = services(&shared).elsewhere("Hall").start().await.expect("it starts");
    let discovery = Arc::new(StaticPeers::new([address.parse().expect("an address")]));
    let data_connections = Some(connections);
    let config = ClusterConfig { discovery, data_connections, ..ClusterConfig::default() };
    say("started");
    let cluster = Cluster::join(&runtime, config).await.expect("it joins");
    let all =
        |state: &PeerState| matches!(state, PeerState::Connected { connections: there, .. } if *there == connections);
    cluster.until(|peers| peers.iter().any(|peer| all(&peer.state) && peer.offers("Hall"))).await;
    say("connected");
    let client: HallClient = runtime.client().expect("it is known");
    // This thread has no connection of its own, so that calls are spread over all of them.
    let answers = join_all((0..calls).map(|number| client.wait(number.to_string()))).await;
    let own = answers.into_iter().enumerate().filter(|(number, answer)| answer.as_ref() == Ok(&number.to_string()));
    say(&format!("answered {}", own.count()));
    std::io::stdin().lock().lines().for_each(drop);
}

fn a_crowd_takes_bounded_memory() {
    let asked = std::env::var("PLAYHOUSE_CROWD").ok();
    let asked = asked.map(|asked| asked.split(' ').map(|word| word.parse().unwrap()).collect::<Vec<usize>>());
    let (connections, calls) = asked.map_or(USUAL, |numbers| (numbers[0], numbers[1]));
    let folder = tempfile::tempdir().unwrap();
    let mut host = Process::start(None, "host", &[], &folder.path().join("host.log"));
    let address = host.says("listening ");
    let numbers = [connections.to_string(), calls.to_string()];
    let arguments = [&address, &numbers[0], &numbers[1]];
    let mut crowd = Process::start(None, "crowd", &arguments.map(String::as_str), &folder.path().join("crowd.log"));
    crowd.says("started");
    let holds = |host: &Process, crowd: &Process| [host.holds(), crowd.holds()];
    let alone = holds(&host, &crowd);
    crowd.says("connected");
    let connected = holds(&host, &crowd);
    loop {
        host.command("count");
        if host.says("admitted ") == calls.to_string() {
            break;
        }
    }
    let waiting = holds(&host, &crowd);
    host.command("open");
    assert_eq!(crowd.says("answered "), calls.to_string(), "{}{}", host.log(), crowd.log());
    let answered = holds(&host, &crowd);
    report(connections, calls, [alone, connected, waiting, answered]);
    crowd.end_input();
    crowd.wait();
    let bound = connections as u64 * CONNECTION_MAX_KIB + calls as u64 * CALL_MAX_KIB + BESIDE_KIB;
    for (alone, waiting) in alone.iter().zip(&waiting) {
        assert!(waiting.files >= alone.files + connections, "{alone:?}, {waiting:?}");
        assert!(waiting.memory_kib <= alone.memory_kib + bound, "{alone:?}, {waiting:?}, at most {bound} KiB more");
    }
}

#[expect(clippy::print_stdout, reason = "figures are what it is for")]
fn report(connections: usize, calls: usize, held: [[Holds; 2]; 4]) {
    println!("{calls} calls in flight over {connections} connections: KiB of who answers and of who calls");
    for (when, [host, crowd]) in ["before", "connected", "in flight", "answered"].iter().zip(held) {
        println!("  {when:10} {:9} {:9}", host.memory_kib, crowd.memory_kib);
    }
}
