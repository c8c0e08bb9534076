//! What names a stream, how it is called without its secrets, and what ffmpeg is told to open.

use std::ffi::{OsStr, OsString};
use std::process::Command;

use crate::error::{Error, Result};

/// Schemes, what each may go through, and whether that is the network.
const SCHEMES: &[(&str, &str)] = &[
    ("rtsp", "rtsp,rtp,rtcp,udp,tcp"),
    ("rtsps", "rtsps,rtsp,rtp,rtcp,udp,tcp,tls"),
    ("http", "http,tcp,httpproxy"),
    ("https", "https,http,tcp,tls,httpproxy"),
];

/// What may be in them: nothing that reads other files of this machine.
const FORMATS: &str = "rtsp,sdp,mpjpeg,mjpeg,image2pipe,jpeg_pipe,mpegts,hls,mov,matroska,flv,h264,hevc,m4v,ogg,ivf,video4linux2";

/// A camera of this machine or an address on the network.
#[derive(Clone, PartialEq, Eq)]
pub enum Address {
    /// `/dev/videoN`.
    Camera(u32),
    /// As given, secrets and all.
    Net { url: String, scheme: &'static str },
}

impl Address {
    /// `None` for what is no stream.
    ///
    /// # Errors
    /// `Usage` for `camera:` without a number, and an address without a host.
    pub fn of(name: &OsStr) -> Result<Option<Self>> {
        let Some(text) = name.to_str() else { return Ok(None) };
        if let Some(number) = text.strip_prefix("camera:") {
            let wrong = || Error::usage(format!("{text}: expected the number of a camera, as in camera:0"));
            return Ok(Some(Self::Camera(number.parse().map_err(|_| wrong())?)));
        }
        let Some((scheme, rest)) = text.split_once("://") else { return Ok(None) };
        let lower = scheme.to_ascii_lowercase();
        let Some((scheme, _)) = SCHEMES.iter().find(|(name, _)| *name == lower) else { return Ok(None) };
        if host(rest).1.is_empty() {
            return Err(Error::usage(format!("{scheme}://: an address without a host")));
        }
        Ok(Some(Self::Net { url: text.to_owned(), scheme }))
    }

    pub fn is_network(&self) -> bool {
        matches!(self, Self::Net { .. })
    }

    /// What kind of stream it is, as `Origin.format` has it.
    pub fn format(&self) -> &'static str {
        match self {
            Self::Camera(_) => "camera",
            Self::Net { scheme, .. } => scheme,
        }
    }

    /// As people and files are told: without user, password, query and fragment, and without parts of the path that hold
    /// a `=`, where some cameras want the password.
    pub fn shown(&self) -> String {
        match self {
            Self::Camera(number) => format!("camera:{number}"),
            Self::Net { scheme, .. } => format!("{scheme}://{}", self.place()),
        }
    }

    /// The same without its scheme, as the path of an input.
    pub fn place(&self) -> String {
        let url = match self {
            Self::Camera(number) => return number.to_string(),
            Self::Net { url, .. } => url,
        };
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let (_, host, path) = host(rest);
        let path = path.split(['?', '#']).next().unwrap_or_default();
        let parts: Vec<&str> =
            path.split('/').map(|part| if part.contains(['=', '@']) { "…" } else { part }).collect();
        format!("{host}{}", parts.join("/").trim_end_matches('/'))
    }

    /// Words of another program with nothing of the address in them but what is [`Address::shown`].
    pub fn clean(&self, words: &str) -> String {
        let Self::Net { url, .. } = self else { return words.to_owned() };
        let rest = url.split_once("://").map_or("", |(_, rest)| rest);
        let (user, _, path) = host(rest);
        let mut secrets = vec![url.as_str(), rest, user];
        secrets.extend(user.split(':'));
        secrets.extend(path.split_once(['?', '#']).map(|(_, query)| query));
        secrets.extend(path.split(['/', '?', '#', '&']).filter(|part| part.contains(['=', '@'])));
        let mut words = words.replace(url.as_str(), &self.shown());
        // The longest first, so that no part of one is left.
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.len()));
        for secret in secrets.into_iter().filter(|secret| !secret.is_empty()) {
            words = words.replace(secret, "…");
        }
        words
    }

    /// Adds the stream as ffmpeg's input.
    pub fn input(&self, command: &mut Command) {
        // What comes is wanted at once.
        command.args(["-fflags", "nobuffer", "-flags", "low_delay"]);
        command.args(["-probesize", "1000000", "-analyzeduration", "2000000"]);
        command.args(["-format_whitelist", FORMATS]);
        match self {
            Self::Camera(number) => {
                command.args(["-protocol_whitelist", "file", "-f", "video4linux2"]);
                command.args(["-i", &format!("/dev/video{number}")]);
            }
            Self::Net { url, scheme } => {
                let through =
                    SCHEMES.iter().find(|(name, _)| name == scheme).map_or("", |(_, through)| through);
                command.args(["-protocol_whitelist", through]);
                if scheme.starts_with("rtsp") {
                    // Not UDP: frames with holes would look like things.
                    command.args(["-rtsp_transport", "tcp"]);
                }
                command.args(["-i", url]);
            }
        }
    }
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown())
    }
}

/// An argument as it may be written down: addresses without their secrets.
pub fn printable(argument: &OsStr) -> OsString {
    match Address::of(argument) {
        Ok(Some(address)) => address.shown().into(),
        // Whatever else has a user before a host.
        _ if argument.to_string_lossy().contains("://") && argument.to_string_lossy().contains('@') => {
            let text = argument.to_string_lossy();
            let (scheme, rest) = text.split_once("://").unwrap_or(("", &text));
            format!("{scheme}://{}", rest.rsplit_once('@').map_or("", |(_, rest)| rest)).into()
        }
        _ => argument.to_owned(),
    }
}

/// User and password, host and port, and the rest of what follows a scheme.
fn host(rest: &str) -> (&str, &str, &str) {
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    // A password may hold a slash, though it should not: the last `@` before a `?` ends it.
    let query = rest.find(['?', '#']).unwrap_or(rest.len());
    match rest[..query].rfind('@').filter(|at| *at < end || rest[..*at].contains(':')) {
        Some(at) => {
            let (user, rest) = (&rest[..at], &rest[at + 1..]);
            let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
            (user, &rest[..end], &rest[end..])
        }
        None => ("", &rest[..end], &rest[end..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Address {
        Address::of(text.as_ref()).expect("an address").expect("a stream")
    }

    #[test]
    fn streams_are_told_from_files() {
        for text in ["rtsp://cam/1", "HTTP://cam:80/v.ts", "https://cam", "camera:3"] {
            assert!(Address::of(text.as_ref()).is_ok_and(|found| found.is_some()), "{text}");
        }
        for text in ["clip.mp4", "file:///etc/passwd", "ftp://x/y", "concat://x", "C:\\x", "-"] {
            assert!(Address::of(text.as_ref()).is_ok_and(|found| found.is_none()), "{text}");
        }
        assert!(
            ["camera:", "camera:x", "rtsp://", "http:///x"].iter().all(|t| Address::of(t.as_ref()).is_err())
        );
    }

    #[test]
    fn secrets_are_not_shown() {
        for (url, shown) in [
            ("rtsp://ann:pa%20ss@cam:554/street/1?token=abc#x", "rtsp://cam:554/street/1"),
            ("rtsp://ann:pa/ss@cam/1", "rtsp://cam/1"),
            ("rtsp://ann:p@ss@cam/1", "rtsp://cam/1"),
            ("rtsp://10.0.0.1:554/user=admin_password=abc_channel=1.sdp", "rtsp://10.0.0.1:554/…"),
            ("http://cam/mjpg/video.mjpg", "http://cam/mjpg/video.mjpg"),
            ("http://cam?key=abc", "http://cam"),
        ] {
            assert_eq!(address(url).shown(), shown);
            assert_eq!(printable(url.as_ref()), shown);
            let told =
                address(url).clean(&format!("[tcp] {url}: Connection refused; abc, ann, pa%20ss, token=abc"));
            for secret in ["pa%20ss", "pa/ss", "p@ss", "token=abc", "key=abc", "password=abc"] {
                assert!(!url.contains(secret) || !told.contains(secret), "{told}");
            }
            assert!(told.contains("Connection refused"));
        }
        assert_eq!(printable("ftp://ann:secret@host/x".as_ref()), "ftp://host/x");
        assert_eq!(printable("a@b.jpg".as_ref()), "a@b.jpg");
    }
}
