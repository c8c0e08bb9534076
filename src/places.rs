//! Where `vision` keeps what it installs: the runtime and the user's own models.

use std::path::PathBuf;

use etcetera::BaseStrategy;

/// `<data>/vision`, where `<data>` is the platform's folder (`$XDG_DATA_HOME`, else
/// `~/.local/share` on Linux). It need not exist. `None` where the user has no home folder.
pub fn data_folder() -> Option<PathBuf> {
    Some(etcetera::choose_base_strategy().ok()?.data_dir().join("vision"))
}

/// Folders of installed runtimes, one per version.
pub fn runtime_folder() -> Option<PathBuf> {
    Some(data_folder()?.join("runtime"))
}

/// How this machine runs models best, as measured; may be removed at any time.
pub fn tuning_file() -> Option<PathBuf> {
    Some(data_folder()?.join("tuning.json"))
}

/// The user's own models, found by their names.
pub fn models_folder() -> Option<PathBuf> {
    Some(data_folder()?.join("models"))
}
