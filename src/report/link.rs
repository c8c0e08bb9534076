//! Links from a report to files beside it: relative, so that a moved tree still works, and escaped.

use std::fmt::Write;
use std::path::{Component, Path};

/// Formats that browsers show and that hold one picture.
const SHOWN: [&str; 8] = ["jpg", "jpeg", "jpe", "jfif", "png", "webp", "bmp", "avif"];

/// Whether a browser is likely to show a file of this name.
pub fn is_shown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| SHOWN.iter().any(|shown| extension.eq_ignore_ascii_case(shown)))
}

/// `to` as seen from the folder `from`; both absolute and free of links and dots. `None` where the way
/// would lead through the root of the file system: that is a path of this machine, not of a tree of files.
pub fn relative(from: &Path, to: &Path) -> Option<String> {
    let names = |path: &Path| -> Option<Vec<Vec<u8>>> {
        let name = |part: Component| match part {
            Component::RootDir => None,
            Component::Normal(name) => Some(Some(name.as_encoded_bytes().to_vec())),
            _ => Some(None),
        };
        path.components().filter_map(name).collect()
    };
    let (from, to) = (names(from)?, names(to)?);
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return None;
    }
    let up = from[common..].iter().map(|_| "..".to_owned());
    let down = to[common..].iter().map(|name| escaped(name));
    Some(up.chain(down).collect::<Vec<_>>().join("/"))
}

/// A relative path as it stands in a link.
pub fn link(path: &Path) -> String {
    let name = |part: Component| match part {
        Component::Normal(name) => Some(escaped(name.as_encoded_bytes())),
        _ => None,
    };
    path.components().filter_map(name).collect::<Vec<_>>().join("/")
}

/// Every byte that is not unreserved in a URL (RFC 3986, 2.3) as `%XX`: names that are not UTF-8 too.
fn escaped(name: &[u8]) -> String {
    let mut text = String::with_capacity(name.len());
    for byte in name {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                text.push(char::from(*byte))
            }
            // Writing to a String does not fail.
            _ => drop(write!(text, "%{byte:02X}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_relative_and_escaped() {
        let of = |from: &str, to: &str| relative(Path::new(from), Path::new(to));
        assert_eq!(of("/d/run", "/d/photos/a b.jpg").as_deref(), Some("../photos/a%20b.jpg"));
        assert_eq!(of("/d/run", "/d/run/javascript:x").as_deref(), Some("javascript%3Ax"));
        assert_eq!(of("/d/run", "/e/a.jpg"), None);
        assert_eq!(link(Path::new("images/\"><b>/ä.jpg")), "images/%22%3E%3Cb%3E/%C3%A4.jpg");
    }

    #[test]
    fn pages_and_videos_are_not_shown_by_browsers() {
        assert!(is_shown(Path::new("a/b.JPG")) && is_shown(Path::new("b.webp")));
        assert!(!is_shown(Path::new("b.tif")) && !is_shown(Path::new("jpg")));
    }
}
