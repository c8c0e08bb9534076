//! `vision models pull`, `add` and `remove`: what is fetched arrives whole or leaves nothing behind.
#![cfg(unix)]

#[path = "../common/mod.rs"]
mod common;

mod https;
mod own;
mod published;
mod tools;
mod wheels;
