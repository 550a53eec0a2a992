//! The bare echo, over TCP or, at a path, over a unix socket.

use rpc_bench::bare::{Caller, Halves, answer, tcp, unix};
use rpc_bench::{Role, obey, run};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

async fn accept(path: Option<String>) -> Halves {
    match path {
        Some(path) => {
            drop(std::fs::remove_file(&path));
            let listener = UnixListener::bind(&path).expect("a path");
            println!("{path}");
            unix(listener.accept().await.expect("a connection").0)
        }
        None => {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            println!("{}", listener.local_addr().expect("an address"));
            tcp(listener.accept().await.expect("a connection").0)
        }
    }
}

async fn connect(address: &str) -> Halves {
    match address.starts_with('/') {
        true => unix(UnixStream::connect(address).await.expect("a connection")),
        false => tcp(TcpStream::connect(address).await.expect("a connection")),
    }
}

fn main() {
    run(async {
        match Role::of_arguments() {
            Role::Serve(path) => answer(accept(path).await).await,
            Role::Call(address) => obey(Caller::new(connect(&address).await)).await,
        }
    });
}
