//! Calls between two processes, beside a bare echo: length-prefixed MessagePack on tokio's TCP, one buffer and one write
//! for all that has gathered, at both ends. Each process has one core; ours has everything on that a program has.
//!
//! `cargo bench -p playhouse-cluster --bench calls` prints one table. The two take turns, several times: what counts is
//! their ratio in one run.

mod bare;
mod measure;
mod ours;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use measure::Figures;
use serde::{Deserialize, Serialize};

/// Which side of which a process is.
const SIDE: &str = "PLAYHOUSE_BENCH_SIDE";
/// How often the two take turns.
const ROUNDS: usize = 3;
/// How many calls are in flight.
const IN_FLIGHT: [usize; 4] = [1, 64, 256, 1024];
/// How many tensors of a megabyte are.
const TENSORS: [usize; 2] = [1, 8];

/// A message of about 100 bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Sample {
    id: u64,
    name: String,
    place: String,
    values: Vec<f32>,
    urgent: bool,
}

impl Sample {
    fn new() -> Self {
        Self {
            id: 1 << 40,
            name: "sepal and petal".into(),
            place: "somewhere".into(),
            values: vec![5.1, 3.5, 1.4, 0.2],
            urgent: false,
        }
    }
}

/// A process that answers; ended when it is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Server {
    fn start(side: &str) -> Self {
        let program = std::env::current_exe().expect("this program");
        let mut command = Command::new("taskset");
        command.args(["-c", "1"]).arg(program).env(SIDE, side).stdout(Stdio::piped());
        let mut process = command.spawn().expect("taskset, of util-linux");
        let output = BufReader::new(process.stdout.take().expect("it was piped"));
        let address = output.lines().next().expect("a line").expect("text");
        Self { process, address }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

#[expect(clippy::print_stdout, reason = "the table is what it is for")]
fn main() {
    match std::env::var(SIDE).as_deref() {
        Ok("bare") => return bare::serve(),
        Ok("ours") => return ours::serve("127.0.0.1:0"),
        Ok("unix") => return ours::serve(&format!("unix:@playhouse-bench-{}", std::process::id())),
        _ => {}
    }
    let pinned = Command::new("taskset").args(["-cp", "0", &std::process::id().to_string()]).output();
    assert!(pinned.is_ok(), "taskset, of util-linux");
    let sides: [(&str, fn(&Server) -> Vec<Figures>); 3] =
        [("bare", bare::measure), ("ours", ours::measure), ("unix", ours::measure)];
    let mut all: Vec<Vec<Vec<Figures>>> = vec![Vec::new(); sides.len()];
    for _ in 0..ROUNDS {
        for (side, measure) in &sides {
            let server = Server::start(side);
            let index = sides.iter().position(|(name, _)| name == side).expect("it is one");
            all[index].push(measure(&server));
        }
    }
    let best = |index: usize, line: usize| all[index].iter().map(|round| round[line]).reduce(Figures::better);
    println!(
        "{:24} {:>12} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "", "per second", "p50 us", "p99 us", "cpu here", "there", "ratio"
    );
    let lines = IN_FLIGHT.iter().map(|count| format!("{count} x 100 B"));
    let lines: Vec<_> = lines.chain(TENSORS.iter().map(|count| format!("{count} x 1 MiB"))).collect();
    for (line, what) in lines.iter().enumerate() {
        for (index, (side, _)) in sides.iter().enumerate() {
            let (figures, bare) = (best(index, line).expect("a round"), best(0, line).expect("a round"));
            let ratio = figures.per_second / bare.per_second;
            println!("{:24} {figures} {ratio:7.2}", format!("{what} {side}"));
        }
    }
}
