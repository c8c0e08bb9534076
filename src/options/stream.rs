//! How streams are read and shown.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Streams (inputs such as rtsp://…, http://… and camera:0)")]
pub struct StreamOptions {
    /// End after this long: 90s, 8h. Without it Ctrl-C ends it
    #[arg(long = "for", id = "for", value_name = "DURATION", value_parser = super::duration)]
    #[serde(rename = "for")]
    pub lasting: Option<String>,

    /// Give a stream up when so many connections in a row brought nothing; without it it is tried for ever
    #[arg(long, value_name = "N")]
    pub retries: Option<u32>,

    /// Write what happens at --zones to this file as it happens, a JSON object a line; `-` is standard output [default:
    /// events.jsonl in the run folder]
    #[arg(long, value_name = "FILE")]
    pub events: Option<PathBuf>,

    /// Show what is seen, live, to a browser on this machine: 127.0.0.1:8080
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = loopback)]
    pub live: Option<SocketAddr>,
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address = text.parse::<SocketAddr>().map_err(|_| "expected an address and a port: 127.0.0.1:8080")?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err("only this machine may look (127.0.0.1 or [::1]): what cameras see is nobody else's; from elsewhere go through \
         ssh -L"
        .to_owned())
}
