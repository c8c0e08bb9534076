//! `vision.toml`: options from a file, under those given on the command line.

use std::path::Path;

use clap::ArgMatches;
use clap::parser::ValueSource;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::error::{Error, Kind, Result};

/// The name looked for in the current folder, and nowhere else.
pub const FILE: &str = "vision.toml";

/// Options that name native code: never from a file that merely lies in the current folder, which may be
/// an unpacked archive of a stranger.
const NEVER_FOUND: &[&str] = &["runtime"];

/// Options whose value is a number or a word.
const TEXTS: &[&str] = &["tile", "imgsz", "from", "to"];

/// Puts the values of a file under the options that were not given on the command line. Keys are
/// the long option names; a table named after the command holds options for it alone.
///
/// # Errors
/// `Config` when the file named by `--config` does not exist, is not TOML, or has a key that is no
/// option of `command`, or one that a found file may not set when the file was not named.
pub fn merge<T>(
    options: T,
    matches: &ArgMatches,
    command: &clap::Command,
    explicit: Option<&Path>,
) -> Result<T>
where
    T: Serialize + DeserializeOwned,
{
    let path = explicit.unwrap_or(Path::new(FILE));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound && explicit.is_none() => return Ok(options),
        Err(e) => {
            return Err(Error::new(Kind::Config, format!("{}: cannot be read", path.display())).because(e));
        }
    };
    let invalid = |e: &dyn std::fmt::Display| Error::new(Kind::Config, format!("{}: {e}", path.display()));
    let file: Map<String, Value> = toml::from_str(&text).map_err(|e| invalid(&e))?;
    let Value::Object(mut values) = serde_json::to_value(&options).map_err(|e| invalid(&e))? else {
        return Ok(options);
    };
    let mut own = Map::new();
    let table = file.get(command.get_name()).and_then(Value::as_object);
    let mut keys = file.keys().chain(table.into_iter().flat_map(Map::keys));
    if let Some(key) = keys.find(|key| explicit.is_none() && NEVER_FOUND.contains(&key.as_str())) {
        return Err(invalid(&format!(
            "{key}: names native code and is not taken from a file found in the current folder; give --{key}, or name the file with --config"
        )));
    }
    for (key, value) in file {
        match value {
            Value::Object(table) if key == command.get_name() => own = table,
            // A table of another command.
            Value::Object(_) => {}
            value => set(&mut values, key, value, matches, &invalid)?,
        }
    }
    for (key, value) in own {
        set(&mut values, key, value, matches, &invalid)?;
    }
    serde_json::from_value(Value::Object(values)).map_err(|e| invalid(&e))
}

fn set(
    values: &mut Map<String, Value>,
    key: String,
    value: Value,
    matches: &ArgMatches,
    invalid: &dyn Fn(&dyn std::fmt::Display) -> Error,
) -> Result<()> {
    let Some(current) = values.get(&key) else {
        return Err(invalid(&format!(
            "{key}: no such option; keys are the long option names, without the dashes"
        )));
    };
    // A single value may stand for a list of one, and a number for a text.
    let value = match (current, value) {
        (Value::Array(_), value @ (Value::String(_) | Value::Number(_))) => Value::Array(vec![text(value)]),
        (Value::Array(_), Value::Array(list)) => Value::Array(list.into_iter().map(text).collect()),
        // Options that are absent by default and take a text, such as `tile = 640`.
        (Value::String(_), value @ Value::Number(_)) => text(value),
        (Value::Null, value @ Value::Number(_)) if TEXTS.contains(&key.as_str()) => text(value),
        (_, value) => value,
    };
    let id = key.replace('-', "_");
    let given = matches.try_contains_id(&id).unwrap_or(false)
        && matches!(matches.value_source(&id), Some(ValueSource::CommandLine | ValueSource::EnvVariable));
    if !given {
        values.insert(key, value);
    }
    Ok(())
}

fn text(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::String(number.to_string()),
        other => other,
    }
}
