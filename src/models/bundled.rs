//! The models that are built into the program.

use std::path::Path;

pub(super) struct Bundled {
    pub name: &'static str,
    pub weights: &'static [u8],
    pub description: &'static str,
}

/// To add one: its files in `models/` and a row here.
pub(super) static ALL: [Bundled; 3] = [
    Bundled {
        name: "nanodet-g-416",
        weights: include_bytes!("../../models/nanodet-g-416.onnx"),
        description: include_str!("../../models/nanodet-g-416.toml"),
    },
    Bundled {
        name: "efficientnet-lite0-224",
        weights: include_bytes!("../../models/efficientnet-lite0-224.onnx"),
        description: include_str!("../../models/efficientnet-lite0-224.toml"),
    },
    Bundled {
        name: "digits-28",
        weights: include_bytes!("../../models/digits-28.onnx"),
        description: include_str!("../../models/digits-28.toml"),
    },
];

pub(super) fn find(name: &Path) -> Option<&'static Bundled> {
    ALL.iter().find(|model| name.as_os_str() == model.name)
}
