//! What is known of a stream while it is watched, and its closing record.

use std::path::Path;
use std::time::Instant;

use serde_json::{Value, json};

use crate::error::{Error, Kind};
use crate::input::Identity;
use crate::live::follow::Follow;
use crate::live::{Address, Counts};
use crate::perform::setup::Prepared;
use crate::record::{Failure, INPUT_SCHEMA, InputRecord, Status};

/// `rtsp` and `cam:554/street`; the same twice, without what makes them different, gets a number.
pub(super) fn identities(addresses: &[Address]) -> Vec<Identity> {
    let mut identities: Vec<Identity> = Vec::new();
    for address in addresses {
        let taken = |identity: &Identity| identities.iter().any(|other| other.id == identity.id);
        let named = |n: u32| {
            let place = if n < 2 { address.place() } else { format!("{}-{n}", address.place()) };
            Identity::new(address.format(), Path::new(&place))
        };
        let own = (1..).map(named).find(|identity| !taken(identity));
        identities.extend(own);
    }
    identities
}

/// What is known of a stream.
pub(super) struct Seen {
    pub shown: String,
    pub format: &'static str,
    pub identity: Identity,
    pub follow: Option<Follow>,
    pub items: u32,
    pub failed: u32,
    pub connections: u32,
    /// Why it was lost last.
    pub lost: Option<String>,
    pub gave_up: bool,
    pub counts: Counts,
}

impl Seen {
    pub fn new(address: &Address, identity: &Identity, prepared: &Prepared) -> Self {
        Self {
            shown: address.shown(),
            format: address.format(),
            identity: identity.clone(),
            follow: prepared.tracking.as_ref().map(Follow::new),
            items: 0,
            failed: 0,
            connections: 0,
            lost: None,
            gave_up: false,
            counts: Counts::default(),
        }
    }

    /// For `run.json`.
    pub fn told(&self) -> Value {
        json!({
            "stream": self.shown,
            "frames": self.counts.arrived,
            "looked_at": self.items + self.failed,
            "dropped": self.counts.dropped,
            "connections": self.connections,
            "lost": self.lost,
        })
    }

    pub fn closing(&self) -> InputRecord {
        let why = || self.lost.clone().unwrap_or_else(|| "no frame came".to_owned());
        let error = (self.gave_up || self.items == 0)
            .then(|| Failure::from(&Error::new(Kind::Unreadable, format!("{}: {}", self.shown, why()))));
        let status = match (&error, self.failed, self.items) {
            (_, _, 0) => Status::Failed,
            (None, 0, _) => Status::Done,
            _ => Status::Partial,
        };
        let input = self.identity.record(None);
        InputRecord { schema: INPUT_SCHEMA.into(), input, items: self.items, status, error }
    }

    /// How it goes, for people.
    pub fn going(&self, counts: Counts, begun: Instant) -> String {
        let rate = f64::from(self.items) / begun.elapsed().as_secs_f64().max(1e-3);
        format!(
            "{}: {} frames looked at, {rate:.1} a second; {} of {} dropped",
            self.shown, self.items, counts.dropped, counts.arrived
        )
    }
}
