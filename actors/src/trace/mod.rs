//! Which trace a call belongs to: the trace context of the W3C (<https://www.w3.org/TR/trace-context/>), level 1.

mod header;
mod id;
pub(crate) mod span;
mod state;

use std::sync::Arc;

pub use id::{SpanId, TraceId};
pub use span::SPANS;
use state::clean;

/// Which trace a call belongs to, and the span in it that made the call. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceContext(Arc<Inner>);

#[derive(Debug, PartialEq, Eq)]
struct Inner {
    trace: TraceId,
    span: SpanId,
    flags: u8,
    state: Arc<str>,
}

/// Somebody before has decided that this trace is recorded.
const SAMPLED: u8 = 1;

/// The identifier of the trace is random in its last bytes (level 2): passed on, since those who sample by it rely on it.
const RANDOM: u8 = 2;

impl TraceContext {
    /// A new trace, recorded or not, with its first span.
    #[must_use]
    pub fn start(sampled: bool) -> Self {
        let flags = RANDOM | if sampled { SAMPLED } else { 0 };
        Self(Arc::new(Inner { trace: TraceId::random(), span: SpanId::random(), flags, state: "".into() }))
    }

    /// Reads the headers `traceparent` and `tracestate`; of the second there may be several, in their order. `None` if the
    /// first is not in order, as the specification wants it: the call then begins a trace of its own. A `tracestate` that
    /// is not in order is left out, one that is too long is cut at its end.
    #[must_use]
    pub fn parse<'a>(traceparent: &[u8], tracestate: impl IntoIterator<Item = &'a [u8]>) -> Option<Self> {
        let (trace, span, flags) = header::parse(traceparent)?;
        let state = clean(tracestate).unwrap_or_default().into();
        Some(Self(Arc::new(Inner { trace, span, flags: flags & (SAMPLED | RANDOM), state })))
    }

    /// The context of which another process has sent the parts.
    #[must_use]
    pub fn of_parts(trace: TraceId, span: SpanId, flags: u8, state: &str) -> Self {
        let state = clean([state.as_bytes()]).unwrap_or_default().into();
        Self(Arc::new(Inner { trace, span, flags: flags & (SAMPLED | RANDOM), state }))
    }

    /// A span of the same trace whose parent is this one.
    #[must_use]
    pub fn child(&self) -> Self {
        let Inner { trace, flags, ref state, .. } = *self.0;
        Self(Arc::new(Inner { trace, span: SpanId::random(), flags, state: Arc::clone(state) }))
    }

    /// The header `traceparent` for a call made in this span. Its `tracestate` is [`TraceContext::state`].
    #[must_use]
    pub fn to_header(&self) -> String {
        header::write(self.0.trace, self.0.span, self.0.flags)
    }

    /// The trace.
    #[must_use]
    pub fn trace_id(&self) -> TraceId {
        self.0.trace
    }

    /// The span.
    #[must_use]
    pub fn span_id(&self) -> SpanId {
        self.0.span
    }

    /// The flags of the header `traceparent`.
    #[must_use]
    pub fn flags(&self) -> u8 {
        self.0.flags
    }

    /// Whether somebody before has decided that the trace is recorded.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        self.0.flags & SAMPLED != 0
    }

    /// What others have to say of the trace, to be passed on as `tracestate`; empty if nothing, at most 512 bytes.
    #[must_use]
    pub fn state(&self) -> &str {
        &self.0.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn what_is_read_is_passed_on() {
        let context = TraceContext::parse(PARENT.as_bytes(), [&b"rojo=00f067aa0ba902b7,congo=t61"[..]]).unwrap();
        assert_eq!((context.to_header().as_str(), context.is_sampled()), (PARENT, true));
        let child = context.child();
        assert_eq!((child.trace_id(), child.state()), (context.trace_id(), "rojo=00f067aa0ba902b7,congo=t61"));
        assert_ne!(child.span_id(), context.span_id());
        assert_eq!(child.to_header()[..36], PARENT[..36]);
    }

    #[test]
    fn a_new_trace_says_whether_it_is_recorded() {
        let (recorded, other) = (TraceContext::start(true), TraceContext::start(false));
        assert!(recorded.is_sampled() && !other.is_sampled());
        let read = TraceContext::parse(recorded.to_header().as_bytes(), []).unwrap();
        assert_eq!(read, recorded);
    }

    #[test]
    fn unknown_flags_are_not_passed_on() {
        let context = TraceContext::parse(PARENT.replace("-01", "-ff").as_bytes(), []).unwrap();
        assert!(context.to_header().ends_with("-03"));
    }
}
