//! `vision grade`: sheets of answers.

use clap::{ArgMatches, Command};

use super::{Entry, rehearse, sheet};
use crate::error::{Error, Result};

const ABOUT: &str = "Make sheets of answers, print them and rehearse with them";

pub const ENTRY: Entry = Entry { command, run };

const SUBCOMMANDS: &[Entry] = &[sheet::ENTRY, rehearse::ENTRY];

fn command() -> Command {
    let subcommands = SUBCOMMANDS.iter().map(|entry| (entry.command)());
    Command::new("grade")
        .about(ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(subcommands)
}

fn run(matches: &ArgMatches) -> Result<u8> {
    let (name, own) = matches.subcommand().ok_or_else(|| Error::usage("see vision grade --help"))?;
    let entry = SUBCOMMANDS.iter().find(|entry| (entry.command)().get_name() == name);
    let entry = entry.ok_or_else(|| Error::usage(format!("{name}: no such command")))?;
    (entry.run)(own)
}
