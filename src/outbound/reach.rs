//! How a peer is reached: where it is, what lets us in, and by whose connections.

use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, Response};
use http_body_util::Full;
use playhouse_actors::TokenSource;

use super::address::Address;
use super::token::Token;
use super::transport::{Incoming, Transport, Unanswered};

/// How a peer is reached. Whatever is sent to it goes through here.
pub(super) struct Reach {
    pub(super) address: Address,
    pub(super) token: Option<Token>,
    pub(super) transport: Arc<Transport>,
}

impl Reach {
    /// Sends a request; resolves when the head of the answer is there. See [`Transport::send`].
    pub(super) async fn send(&self, mut request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unanswered> {
        if let Some(token) = self.token.as_ref().and_then(Token::header) {
            request.headers_mut().insert(AUTHORIZATION, token);
        }
        self.transport.send(request).await
    }

    /// Reads a token again that may have been replaced.
    pub(super) fn renew(&self) {
        self.token.iter().for_each(Token::renew);
    }

    /// Where the token is.
    pub(super) fn token_source(&self) -> Option<&TokenSource> {
        self.token.as_ref().map(Token::source)
    }
}
