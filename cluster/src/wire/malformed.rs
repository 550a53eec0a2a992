//! What a peer sent that is no frame of this protocol.

/// Why bytes are no frame. The connection that they came on cannot be used any more.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// The other side speaks something else altogether.
    #[error("it does not speak Playhouse's protocol")]
    NotOurs,
    /// A frame is longer than a frame may be.
    #[error("a frame of kind {kind} of {length} bytes, {limit} are allowed")]
    TooLong {
        /// The frame's kind.
        kind: u8,
        /// What it claims.
        length: usize,
        /// What is allowed.
        limit: usize,
    },
    /// A frame ends before its fields do.
    #[error("a frame {frame} that ends within its {field}")]
    Short {
        /// Which frame.
        frame: &'static str,
        /// Which field.
        field: &'static str,
    },
    /// A field has a value that means nothing.
    #[error("a frame {frame} whose {field} is {value}")]
    Meaningless {
        /// Which frame.
        frame: &'static str,
        /// Which field.
        field: &'static str,
        /// Its value.
        value: String,
    },
    /// A frame that this version does not know and may not skip.
    #[error("a frame of the unknown kind {0}")]
    UnknownKind(u8),
    /// A frame that has no business where it came.
    #[error("a frame {frame} {place}")]
    OutOfPlace {
        /// Which frame.
        frame: &'static str,
        /// Where it came.
        place: &'static str,
    },
}
