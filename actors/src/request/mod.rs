//! The request that a method serves, as far as it is more than the method's arguments: [`Context`].
//!
//! A call that came by HTTP has an [`Exchange`], if anything in the process can ask for it; calls inside the process
//! have none unless the called method takes a context. It travels beside the message and is found through the thread.

mod cookie;
mod current;
mod headers;
mod origin;

use core::net::SocketAddr;
use std::borrow::Cow;
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

pub use cookie::Cookie;
pub(crate) use current::{MethodName, inherited, within};
pub use headers::Headers;
pub use origin::Origin;

use crate::context::CallContext;
use crate::deadline::after;
use crate::error::Error;
use crate::failure::Result;

/// What a method can know of the request that it serves, and say about its answer. A parameter of an `#[api]` method
/// that has this type is no argument: it is filled in by the runtime, and callers do not see it.
///
/// ```
/// # use playhouse_actors::{Context, Result, service};
/// # pub struct Greeter;
/// #[service]
/// impl Greeter {
///     # #[init] fn new() -> Self { Greeter }
///     #[api]
///     async fn greet(&self, name: String, context: Context) -> Result<String> {
///         let german = context.header("accept-language").is_some_and(|languages| languages.starts_with("de"));
///         context.add_header("content-language", if german { "de" } else { "en" })?;
///         Ok(format!("{} {name}", if german { "Hallo" } else { "Hello" }))
///     }
/// }
/// ```
///
/// A call between services has no headers: its context has the id of the request that it is made for, and the caller,
/// also where that is in another process.
/// What a method sets on the answer is sent if the method succeeds and the call came by HTTP; a stream's answer begins
/// with its first item, and what is set later is not sent. In a unit test one makes a context by [`Context::of`] or
/// [`Context::default`], and looks at [`Context::response`] afterwards.
#[derive(Clone, Default)]
pub struct Context {
    exchange: Arc<Exchange>,
    deadline: Option<Instant>,
    attempt: u8,
}

/// What a request says of itself beside its body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    /// The id by which logs know the request; empty if it has none.
    pub id: Box<str>,
    /// Its headers.
    pub headers: Headers,
    /// Who sent it.
    pub peer: Option<SocketAddr>,
}

/// What a method says about its answer beside its result.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHead {
    /// The status, if the method has set one.
    pub status: Option<u16>,
    /// The headers that the method has added.
    pub headers: Headers,
}

/// The method of another service that makes a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The service's name.
    pub service: Cow<'static, str>,
    /// The method's name.
    pub method: Cow<'static, str>,
}

/// How long a call waited and ran.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallTiming {
    /// From its making until a worker began with it.
    pub queue: Duration,
    /// From then until its method ended; zero for a stream, which has not ended when its answer begins.
    pub run: Duration,
}

/// One request and what is to be said in its answer; shared by the gateway and the method.
#[derive(Default)]
pub(crate) struct Exchange {
    head: RequestHead,
    caller: Option<Caller>,
    node: Option<Arc<str>>,
    response: Mutex<ResponseHead>,
    timing: Option<Timing>,
}

/// In nanoseconds.
#[derive(Default)]
struct Timing {
    queue: AtomicU64,
    run: AtomicU64,
}

/// What frames an answer is the gateway's business: a wrong one would make one answer look like two.
const FRAMING: [&str; 8] =
    ["connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade"];

impl Context {
    /// The context of a request: what the gateway makes, and unit tests.
    #[must_use]
    pub fn of(head: RequestHead) -> Self {
        Self { exchange: Arc::new(Exchange { head, ..Exchange::default() }), ..Self::default() }
    }

    /// The same, with a note of how long its call takes: see [`Context::timing`].
    #[must_use]
    pub fn timed(head: RequestHead) -> Self {
        let exchange = Exchange { head, timing: Some(Timing::default()), ..Exchange::default() };
        Self { exchange: Arc::new(exchange), ..Self::default() }
    }

    /// The same with a deadline: for tests of methods that look at it.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { deadline: Some(after(Instant::now(), timeout)), ..self }
    }

    /// The context of the method that runs on this thread at this moment; an empty one elsewhere. The headers are there
    /// only for methods that have said that they want them, by a parameter or by
    /// [`MethodOptions::context`](crate::MethodOptions::context).
    #[must_use]
    pub fn current() -> Self {
        let call = CallContext::current();
        let (deadline, attempt) = (call.as_ref().map(|call| call.deadline), call.map_or(0, |call| call.attempt));
        Self { exchange: current::current().unwrap_or_default(), deadline, attempt }
    }

    /// Makes calls for this request: those that `work` makes have this context.
    pub async fn scope<F: Future>(self, work: F) -> F::Output {
        let mut work = pin!(work);
        let mut exchange = Some(self.exchange);
        poll_fn(|cx| within(&mut exchange, None, || work.as_mut().poll(cx))).await
    }

    /// All headers of the request.
    #[must_use]
    pub fn headers(&self) -> &Headers {
        &self.exchange.head.headers
    }

    /// A header of the request, whatever the case of its name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().get(name)
    }

    /// A cookie of the request.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.headers().get_all("cookie").filter_map(|value| std::str::from_utf8(value).ok());
        let mut pairs = cookies.flat_map(|cookies| cookies.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.find(|(other, _)| *other == name).map(|(_, value)| value)
    }

    /// Who sent the request: the other end of the connection, which may be a proxy.
    #[must_use]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.exchange.head.peer
    }

    /// The id by which logs know the request: that of the header `x-request-id`, or one that the gateway gave it. `None`
    /// where nothing came by HTTP.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        Some(&*self.exchange.head.id).filter(|id| !id.is_empty())
    }

    /// The method that makes this call, if it is not a client outside.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.exchange.caller.as_ref()
    }

    /// The node that the call came from, if it came from another process: the caller, where no method is.
    #[must_use]
    pub fn node(&self) -> Option<&str> {
        self.exchange.node.as_deref()
    }

    /// How many replicas were tried with this call before this one. The first of them may have run it, if the method is
    /// `idempotent`.
    #[must_use]
    pub fn attempt(&self) -> u8 {
        self.attempt
    }

    /// How long the caller still waits; `None` if there is no limit.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Sets the status of the answer, such as 201.
    ///
    /// # Errors
    /// When it is not between 200 and 399: what fails returns an error, which has its own status.
    pub fn set_status(&self, status: u16) -> Result<()> {
        if !(200..400).contains(&status) {
            return Err(wrong(format!("the status {status} is not one of success: return an error instead")));
        }
        self.respond(|response| response.status = Some(status));
        Ok(())
    }

    /// Adds a header to the answer, beside one of the same name.
    ///
    /// # Errors
    /// When name or value are not what HTTP allows, or when it is a header by which the gateway frames the answer.
    pub fn add_header(&self, name: &str, value: &str) -> Result<()> {
        if !is_token(name) {
            return Err(wrong(format!("{name:?} is not the name of a header")));
        }
        if FRAMING.iter().any(|framing| name.eq_ignore_ascii_case(framing)) {
            return Err(wrong(format!("the header {name} is the gateway's to set")));
        }
        if value.bytes().any(|byte| (byte < 0x20 && byte != b'\t') || byte == 0x7f) {
            return Err(wrong(format!(
                "the value for the header {name} has a line break or another control character"
            )));
        }
        self.respond(|response| response.headers.append(name, value.as_bytes()));
        Ok(())
    }

    /// Sets a cookie.
    ///
    /// # Errors
    /// When its name or its value has characters that cookies cannot have.
    pub fn set_cookie(&self, cookie: &Cookie) -> Result<()> {
        if !cookie.is_valid() {
            let name = &cookie.name;
            return Err(wrong(format!("the cookie {name:?} has characters that cookies cannot have: encode them")));
        }
        self.add_header("set-cookie", &cookie.to_string())
    }

    /// What has been set on the answer so far.
    #[must_use]
    pub fn response(&self) -> ResponseHead {
        self.exchange.response.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long the call has waited and run, if this is noted and it has ended.
    #[must_use]
    pub fn timing(&self) -> Option<CallTiming> {
        let timing = self.exchange.timing.as_ref()?;
        let read = |nanoseconds: &AtomicU64| Duration::from_nanos(nanoseconds.load(Ordering::Relaxed));
        Some(CallTiming { queue: read(&timing.queue), run: read(&timing.run) })
    }

    fn respond(&self, change: impl FnOnce(&mut ResponseHead)) {
        change(&mut self.exchange.response.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Exchange {
    /// That of a call which a method makes.
    fn within(id: Box<str>, caller: Caller) -> Self {
        Self { head: RequestHead { id, ..RequestHead::default() }, caller: Some(caller), ..Self::default() }
    }

    /// Notes how long the call waited.
    pub(crate) fn waited(&self, queue: Duration) {
        if let Some(timing) = &self.timing {
            timing.queue.store(nanoseconds(queue), Ordering::Relaxed);
        }
    }

    /// Notes how long the call ran.
    pub(crate) fn ran_since(&self, started: Instant) {
        if let Some(timing) = &self.timing {
            timing.run.store(nanoseconds(started.elapsed()), Ordering::Relaxed);
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service, self.method)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Exchange { head, caller, .. } = &*self.exchange;
        f.debug_struct("Context").field("request", head).field("caller", caller).finish_non_exhaustive()
    }
}

/// Whether a text is what HTTP calls a token.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn wrong(message: String) -> crate::Failure {
    Error::service("wrong_answer", message).into()
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_read_whatever_is_around_them() {
        let headers = [("cookie", "a=1; b=2=3"), ("Cookie", "c=; a=4")].into_iter().collect();
        let context = Context::of(RequestHead { headers, ..RequestHead::default() });
        let found: Vec<_> = ["a", "b", "c", "d"].into_iter().map(|name| context.cookie(name)).collect();
        assert_eq!(found, [Some("1"), Some("2=3"), Some(""), None]);
    }

    #[test]
    fn an_answer_takes_only_what_http_allows() {
        let context = Context::default();
        for (name, value) in [("", "a"), ("a b", "c"), ("a:", "b"), ("a", "b\r\nc: d"), ("Content-Length", "3")] {
            assert!(context.add_header(name, value).is_err(), "{name:?}: {value:?}");
        }
        for status in [0, 100, 199, 400, 500, 1000] {
            assert!(context.set_status(status).is_err(), "{status}");
        }
        for (name, value) in [("a;b", "c"), ("a", "b; Path=/"), ("a", "b c"), ("", "")] {
            assert!(context.set_cookie(&Cookie::new(name, value)).is_err(), "{name:?}: {value:?}");
        }
        assert_eq!(context.response(), ResponseHead::default());
        context.set_status(201).unwrap();
        context.add_header("x-a", "é\t").unwrap();
        context.set_cookie(&Cookie::new("a", "b").secure().same_site("Lax")).unwrap();
        let headers = [("x-a", "é\t"), ("set-cookie", "a=b; Secure; SameSite=Lax")].into_iter().collect();
        assert_eq!(context.response(), ResponseHead { status: Some(201), headers });
    }

    #[test]
    fn a_panic_gives_the_outer_request_back() {
        let (outer, mut inner) = (Context::of(RequestHead { id: "outer".into(), ..RequestHead::default() }), None);
        within(&mut Some(Arc::clone(&outer.exchange)), Some(("A", "a")), || {
            let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                within(&mut inner, Some(("B", "b")), || panic!("inside"))
            }));
            assert!(panicked.is_err());
            assert_eq!(Context::current().request_id(), Some("outer"));
            let call = inherited(true).unwrap();
            assert_eq!((&*call.head.id, call.caller.as_ref().unwrap().to_string()), ("outer", "A.a".into()));
        });
        assert_eq!(Context::current().request_id(), None);
        assert!(inherited(true).is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn what_remains_is_told() {
        assert_eq!(Context::default().remaining(), None);
        let context = Context::default().with_timeout(Duration::from_secs(3));
        assert_eq!(context.remaining(), Some(Duration::from_secs(3)));
    }
}
