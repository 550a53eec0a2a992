//! velo's unary calls over its TCP transport, with MessagePack in them.

use std::net::TcpListener;
use std::sync::Arc;

use rpc_bench::{Caller, Role, Sample, obey, run};
use velo::transports::tcp::TcpTransportBuilder;
use velo::{Handler, InstanceId, PeerInfo, Velo};

#[derive(Clone)]
struct Calling {
    velo: Arc<Velo>,
    server: InstanceId,
}

impl Caller for Calling {
    async fn echo(&self, sample: Sample) -> Sample {
        let payload = rmp_serde::to_vec_named(&sample).expect("it has a form");
        let call = self.velo.unary("echo").expect("a name").raw_payload(payload.into()).instance(self.server);
        rmp_serde::from_slice(&call.send().await.expect("an answer")).expect("a sample")
    }
}

async fn velo() -> Arc<Velo> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let transport = TcpTransportBuilder::new().from_listener(listener).expect("TCP").build().expect("a transport");
    Arc::new(Velo::builder().add_transport(Arc::new(transport)).build().await.expect("it starts"))
}

async fn serve() {
    let velo = velo().await;
    let echo = Handler::unary_handler("echo", |context| {
        let sample: Sample = rmp_serde::from_slice(&context.payload)?;
        Ok(Some(rmp_serde::to_vec_named(&sample)?.into()))
    });
    velo.register_handler(echo.build()).expect("a name");
    // A peer has to be known before it can be answered.
    let known = Arc::clone(&velo);
    let hello = Handler::unary_handler("hello", move |context| {
        known.register_peer(serde_json::from_slice(&context.payload)?)?;
        Ok(None)
    });
    velo.register_handler(hello.build()).expect("a name");
    println!("{}", serde_json::to_string(&velo.peer_info()).expect("it has a form"));
    std::future::pending::<()>().await;
}

async fn call(server: &str) {
    let velo = velo().await;
    let server: PeerInfo = serde_json::from_str(server).expect("a peer");
    let id = server.instance_id();
    velo.register_peer(server).expect("a peer");
    let hello = serde_json::to_vec(&velo.peer_info()).expect("it has a form");
    let hello = velo.unary("hello").expect("a name").raw_payload(hello.into()).instance(id);
    hello.send().await.expect("an answer");
    obey(Calling { velo, server: id }).await;
}

fn main() {
    run(async {
        match Role::of_arguments() {
            Role::Serve(_) => serve().await,
            Role::Call(address) => call(&address).await,
        }
    });
}
