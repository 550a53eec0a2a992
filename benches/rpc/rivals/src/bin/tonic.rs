//! gRPC by tonic, with windows that do not hold it up.

use rpc_bench::{Caller, Role, Sample, obey, run};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Response, Status};

mod proto {
    tonic::include_proto!("echo");
}

use proto::echo_client::EchoClient;
use proto::echo_server::{Echo, EchoServer};

const WINDOW: u32 = 4 << 20;

struct Echoing;

#[tonic::async_trait]
impl Echo for Echoing {
    async fn echo(&self, request: Request<proto::Sample>) -> Result<Response<proto::Sample>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

impl Caller for EchoClient<Channel> {
    async fn echo(&self, sample: Sample) -> Sample {
        let Sample { id, name, place, values, urgent } = sample;
        let sample = proto::Sample { id, name, place, values, urgent };
        let answer = EchoClient::echo(&mut self.clone(), sample).await.expect("an answer");
        let proto::Sample { id, name, place, values, urgent } = answer.into_inner();
        Sample { id, name, place, values, urgent }
    }
}

async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("an address"));
    let incoming = tokio_stream::StreamExt::map(TcpListenerStream::new(listener), |stream| {
        stream.inspect(|stream| stream.set_nodelay(true).expect("TCP"))
    });
    let mut server = Server::builder().initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    server.add_service(EchoServer::new(Echoing)).serve_with_incoming(incoming).await.expect("it serves");
}

async fn call(address: &str) {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    let endpoint = endpoint.initial_stream_window_size(WINDOW).initial_connection_window_size(WINDOW);
    obey(EchoClient::new(endpoint.connect().await.expect("a connection"))).await;
}

fn main() {
    run(async {
        match Role::of_arguments() {
            Role::Serve(_) => serve().await,
            Role::Call(address) => call(&address).await,
        }
    });
}
