//! Folders that files are still coming into: which inputs are taken, and which stay as they were.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::{Input, List};
use crate::error::{Error, Kind};

impl List<'_> {
    /// Leaves out what is new in folders where something changed within `quiet`, by the time of the last change of
    /// state, which copying cannot set to that of the original as it can the time of writing. What was worked on before
    /// stays as it was then, also where it is gone.
    pub(super) fn settle(&self, inputs: &mut Vec<Input>, quiet: Duration) {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let since = now.saturating_sub(quiet).as_nanos();
        let fresh = |input: &&Input| {
            input.stat.is_some_and(|stat| stat.ctime.try_into().is_ok_and(|at: u128| at > since))
        };
        let busy: HashSet<PathBuf> =
            inputs.iter().filter(fresh).filter_map(|input| Some(input.file.parent()?.to_owned())).collect();
        let former: HashSet<&str> = self.former.iter().map(|(identity, _)| identity.id.as_str()).collect();
        inputs.retain_mut(|input| {
            if input.file.parent().is_none_or(|folder| !busy.contains(folder)) {
                return true;
            }
            let before = (self.known)(&input.identity.id);
            input.stat = before.or(input.stat);
            before.is_some() || former.contains(input.identity.id.as_str())
        });
        let listed: HashSet<String> = inputs.iter().map(|input| input.identity.id.clone()).collect();
        for (identity, file) in self.former.iter().filter(|(identity, _)| !listed.contains(&identity.id)) {
            let stat = (self.known)(&identity.id);
            let gone = || {
                let message =
                    format!("{}: it is gone, and was not read while it was there", identity.shown());
                Error::new(Kind::NotFound, message)
            };
            let failure = stat.is_none().then(gone);
            inputs.push(Input { identity: identity.clone(), file: file.clone(), stat, failure });
        }
    }
}
