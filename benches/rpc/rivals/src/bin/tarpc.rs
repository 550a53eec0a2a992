//! tarpc with bincode, its fastest codec.

use futures_util::StreamExt;
use rpc_bench::{Caller, Role, Sample, obey, run};
use serde::{Deserialize, Serialize};
use tarpc::serde_transport::Transport;
use tarpc::server::{BaseChannel, Channel};
use tarpc::tokio_serde::formats::Bincode;
use tarpc::tokio_util::codec::LengthDelimitedCodec;
use tarpc::{client, context, server};
use tokio::net::{TcpListener, TcpStream};

/// Above the number of calls in flight.
const QUEUE: usize = 4096;

#[tarpc::service]
trait Echo {
    async fn echo(sample: Sample) -> Sample;
}

#[derive(Clone)]
struct Echoing;

impl Echo for Echoing {
    async fn echo(self, _: context::Context, sample: Sample) -> Sample {
        sample
    }
}

impl Caller for EchoClient {
    async fn echo(&self, sample: Sample) -> Sample {
        EchoClient::echo(self, context::current(), sample).await.expect("an answer")
    }
}

fn transport<In: for<'a> Deserialize<'a>, Out: Serialize>(
    stream: TcpStream,
) -> Transport<TcpStream, In, Out, Bincode<In, Out>> {
    stream.set_nodelay(true).expect("TCP");
    tarpc::serde_transport::new(LengthDelimitedCodec::builder().new_framed(stream), Bincode::default())
}

async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let (stream, _) = listener.accept().await.expect("a connection");
    let channel = BaseChannel::new(server::Config { pending_response_buffer: QUEUE }, transport(stream));
    let answers = channel.execute(Echoing.serve());
    answers.for_each(|answer| async { drop(tokio::spawn(answer)) }).await;
}

async fn call(address: &str) {
    let mut config = client::Config::default();
    (config.max_in_flight_requests, config.pending_request_buffer) = (QUEUE, QUEUE);
    let stream = TcpStream::connect(address).await.expect("a connection");
    obey(EchoClient::new(config, transport(stream)).spawn()).await;
}

fn main() {
    run(async {
        match Role::of_arguments() {
            Role::Serve(_) => serve().await,
            Role::Call(address) => call(&address).await,
        }
    });
}
