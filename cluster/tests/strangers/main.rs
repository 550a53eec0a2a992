//! What a node puts up with: strangers, and peers that break the protocol. Each costs a bounded amount and at most its
//! own connection, while a peer that keeps to the rules is served on.

#![allow(clippy::unwrap_used)]

mod calls;
mod first_words;
mod frames;
mod log;
mod stranger;
mod target;
