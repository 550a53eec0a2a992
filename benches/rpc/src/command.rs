//! What a caller is told to do, line by line.

use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

use crate::measure::{Figures, measure, while_running};
use crate::{Caller, Sample};

/// One line: `echo IN_FLIGHT SECONDS`, `tensor IN_FLIGHT SECONDS BYTES`, or `mixed IN_FLIGHT SECONDS BYTES`, which is
/// `echo` while tensors pass, one after the other.
struct Command {
    case: String,
    in_flight: usize,
    seconds: f64,
    bytes: usize,
}

impl Command {
    fn read(line: &str) -> Self {
        let mut words = line.split_whitespace();
        let case = words.next().expect("a case").to_owned();
        let mut number = || words.next().map_or(0.0, |word| word.parse::<f64>().expect("a number"));
        Self { case, in_flight: number() as usize, seconds: number(), bytes: number() as usize }
    }
}

/// Obeys the lines of the standard input; answers each by one line of JSON.
pub async fn obey(caller: impl Caller) {
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await.expect("text") {
        let figures = carry_out(&caller, &Command::read(&line)).await;
        println!("{}", serde_json::to_string(&figures).expect("it has a form"));
    }
}

async fn carry_out(caller: &impl Caller, command: &Command) -> Figures {
    let tensor = Bytes::from(vec![1_u8; command.bytes]);
    let (echoing, sample) = (caller.clone(), Sample::default());
    let echo = move || {
        let (caller, sample) = (echoing.clone(), sample.clone());
        async move { assert_eq!(caller.echo(sample).await.values.len(), 4) }
    };
    let sending = caller.clone();
    let send = move || {
        let (caller, tensor) = (sending.clone(), tensor.clone());
        async move { assert_eq!(caller.tensor(tensor.clone()).await, Some(tensor.len()), "all of it, from a side with tensors") }
    };
    let &Command { in_flight, seconds, .. } = command;
    match command.case.as_str() {
        "echo" => measure(in_flight, seconds, echo).await,
        "tensor" => measure(in_flight, seconds, send).await,
        "mixed" => while_running(send, measure(in_flight, seconds, echo)).await,
        other => panic!("no case `{other}`"),
    }
}
