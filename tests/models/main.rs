//! The model store as its users meet it: `playhouse models`, run as a process.

#![allow(clippy::unwrap_used)]

mod adding;
mod bench;
mod killing;
mod listing;
mod packages;
mod racing;
mod zips;
