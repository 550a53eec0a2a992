//! A network of its own for each test: a namespace for every node, and one for the switch between them, so that nothing
//! is changed in the network of the machine. Needs root, iproute2 and nftables.

use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// What all namespaces of these tests begin with. The identifier of the process that has made them follows.
const PREFIX: &str = "playhouse-chaos-";

/// Nodes that reach each other through one switch. Goes with its namespaces.
pub(crate) struct Network {
    name: String,
    nodes: usize,
}

/// How a node is cut off from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// It neither hears nor is heard.
    BothWays,
    /// It is heard, and hears nothing.
    Deaf,
    /// It hears, and is not heard.
    Mute,
    /// Its link is down on the side of the switch.
    Unplugged,
}

impl Network {
    /// Makes a network of so many nodes.
    ///
    /// # Errors
    /// Why it cannot: what is missing, or not permitted.
    pub(crate) fn new(nodes: usize) -> Result<Self, String> {
        static MADE: AtomicU32 = AtomicU32::new(0);
        remove_leftovers();
        let name = format!("{PREFIX}{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        // From here on it is removed, however far it comes.
        let network = Self { name, nodes };
        let switch = network.switch();
        ip(&["netns", "add", &switch])?;
        ip(&["-n", &switch, "link", "add", "switch", "type", "bridge"])?;
        ip(&["-n", &switch, "link", "set", "switch", "up"])?;
        (0..nodes).try_for_each(|node| network.plug_in(node))?;
        Ok(network)
    }

    fn plug_in(&self, node: usize) -> Result<(), String> {
        let (switch, namespace, port) = (self.switch(), self.namespace(node), port(node));
        ip(&["netns", "add", &namespace])?;
        ip(&["-n", &switch, "link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns", &namespace])?;
        ip(&["-n", &switch, "link", "set", &port, "master", "switch", "up"])?;
        ip(&["-n", &namespace, "addr", "add", &format!("{}/24", self.host(node)), "dev", "eth0"])?;
        ip(&["-n", &namespace, "link", "set", "eth0", "up"])?;
        ip(&["-n", &namespace, "link", "set", "lo", "up"])?;
        // Seen to work here, so that a machine that does not permit it is found out at once.
        self.filter(node, "")
    }

    /// The address of a node.
    pub(crate) fn host(&self, node: usize) -> String {
        format!("10.77.0.{}", node + 1)
    }

    /// What starts a program on a node.
    pub(crate) fn on(&self, node: usize) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(node)]);
        command
    }

    /// Cuts a node off, without a word to anybody.
    pub(crate) fn cut(&self, node: usize, cut: Cut) {
        const DEAF: &str = "add chain inet cut in { type filter hook input priority 0; policy drop; };";
        const MUTE: &str = "add chain inet cut out { type filter hook output priority 0; policy drop; };";
        let done = match cut {
            Cut::BothWays => self.filter(node, &format!("{DEAF} {MUTE}")),
            Cut::Deaf => self.filter(node, DEAF),
            Cut::Mute => self.filter(node, MUTE),
            Cut::Unplugged => ip(&["-n", &self.switch(), "link", "set", &port(node), "down"]),
        };
        done.unwrap_or_else(|error| panic!("{cut:?}: {error}"));
    }

    /// Undoes whatever cuts a node off.
    pub(crate) fn heal(&self, node: usize) {
        let done = self.filter(node, "").and_then(|()| ip(&["-n", &self.switch(), "link", "set", &port(node), "up"]));
        done.unwrap_or_else(|error| panic!("{error}"));
    }

    /// Gives a node these rules in place of those that it has.
    fn filter(&self, node: usize, rules: &str) -> Result<(), String> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.namespace(node), "nft", "-f", "-"]);
        run(command, &format!("flush ruleset; add table inet cut; {rules}"))
    }

    fn namespace(&self, node: usize) -> String {
        format!("{}-{node}", self.name)
    }

    fn switch(&self) -> String {
        format!("{}-switch", self.name)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        let namespaces = (0..self.nodes).map(|node| self.namespace(node)).chain([self.switch()]);
        // Those that were never made are no loss.
        namespaces.for_each(|namespace| drop(ip(&["netns", "delete", &namespace])));
    }
}

/// Removes namespaces of test runs that were killed: their processes are gone.
fn remove_leftovers() {
    let Ok(output) = Command::new("ip").args(["netns", "list"]).output() else { return };
    let names = String::from_utf8_lossy(&output.stdout).into_owned();
    for name in names.lines().filter_map(|line| line.split_whitespace().next()) {
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|owner| !std::path::Path::new("/proc").join(owner).exists()) {
            drop(ip(&["netns", "delete", name]));
        }
    }
}

/// The end of a node's link at the switch.
fn port(node: usize) -> String {
    format!("port{node}")
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("ip");
    command.args(arguments);
    run(command, "")
}

fn run(mut command: Command, input: &str) -> Result<(), String> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().map_err(|error| format!("cannot start `ip`, of iproute2: {error}"))?;
    // A program that ends without reading says why by its status.
    drop(child.stdin.take().expect("it is piped").write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let words: Vec<_> = command.get_args().map(|argument| argument.to_string_lossy()).collect();
    Err(format!("`ip {}`: {}", words.join(" "), String::from_utf8_lossy(&output.stderr).trim()))
}
