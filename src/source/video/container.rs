//! Containers of videos: their magic numbers, and what ffmpeg calls what reads them.

/// A container that is recognised by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    Mp4,
    Matroska,
    Avi,
    MpegTs,
    MpegPs,
    Flv,
    Asf,
    Ogg,
    Ivf,
    Y4m,
}

struct Row {
    container: Container,
    /// Stands in `Origin.format`.
    name: &'static str,
    /// ffmpeg's demuxer (`ffmpeg -demuxers`).
    demuxer: &'static str,
    sniff: fn(&[u8]) -> bool,
}

/// A new one is a row here.
const CONTAINERS: &[Row] = &[
    Row { container: Container::Mp4, name: "mp4", demuxer: "mov", sniff: mp4 },
    Row { container: Container::Matroska, name: "matroska", demuxer: "matroska", sniff: matroska },
    Row { container: Container::Avi, name: "avi", demuxer: "avi", sniff: avi },
    Row { container: Container::MpegTs, name: "mpegts", demuxer: "mpegts", sniff: mpeg_ts },
    Row { container: Container::MpegPs, name: "mpegps", demuxer: "mpeg", sniff: mpeg_ps },
    Row {
        container: Container::Flv,
        name: "flv",
        demuxer: "flv",
        sniff: |head| head.starts_with(b"FLV\x01"),
    },
    Row { container: Container::Asf, name: "asf", demuxer: "asf", sniff: asf },
    Row { container: Container::Ogg, name: "ogg", demuxer: "ogg", sniff: theora },
    Row { container: Container::Ivf, name: "ivf", demuxer: "ivf", sniff: |head| head.starts_with(b"DKIF") },
    Row { container: Container::Y4m, name: "y4m", demuxer: "yuv4mpegpipe", sniff: y4m },
];

/// Names that promise a video. Not `.ts` and `.mts`, which are TypeScript's, too.
const EXTENSIONS: &[&str] = &[
    "mp4", "m4v", "mov", "qt", "3gp", "3g2", "mkv", "webm", "avi", "ts", "m2ts", "mts", "mpg", "mpeg", "vob",
    "flv", "wmv", "asf", "ogv", "ivf", "y4m",
];

/// Whether a file's name promises a video.
pub fn names_video(file: &std::path::Path) -> bool {
    let extension = file.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    EXTENSIONS.contains(&extension.as_str())
}

impl Container {
    /// Whether frames of one stream may come in several sizes: broadcasts and calls do that, and OpenCV's reader goes on
    /// with the first size.
    pub fn may_change_size(self) -> bool {
        matches!(self, Self::MpegTs | Self::MpegPs | Self::Flv | Self::Matroska | Self::Ivf)
    }

    pub fn of(head: &[u8]) -> Option<Self> {
        CONTAINERS.iter().find(|row| (row.sniff)(head)).map(|row| row.container)
    }

    pub fn name(self) -> &'static str {
        self.row().map_or("video", |row| row.name)
    }

    pub fn demuxer(self) -> &'static str {
        self.row().map_or("", |row| row.demuxer)
    }

    fn row(self) -> Option<&'static Row> {
        CONTAINERS.iter().find(|row| row.container == self)
    }
}

/// Whether `format`, as in `Origin.format`, is a video's.
pub fn is_video(format: &str) -> bool {
    CONTAINERS.iter().any(|row| row.name == format)
}

/// ISO/IEC 14496-12: a box of type `ftyp` first, with a brand that is neither sound alone (`M4A `) nor a picture
/// (asked before); QuickTime files from before `ftyp` begin with one of their other boxes.
fn mp4(head: &[u8]) -> bool {
    let Some(kind) = head.get(4..8) else { return false };
    match kind {
        b"ftyp" => {
            !matches!(head.get(8..12), Some(b"M4A " | b"M4B " | b"M4P " | b"crx " | b"jxl " | b"jp2 ") | None)
        }
        b"moov" | b"mdat" | b"wide" | b"pnot" => true,
        // `free` and `skip` alone would be words of other files, too.
        b"free" | b"skip" => head.starts_with(&[0, 0]) && head.len() > 16,
        _ => false,
    }
}

/// The EBML header (RFC 8794).
fn matroska(head: &[u8]) -> bool {
    head.starts_with(&[0x1A, 0x45, 0xDF, 0xA3])
}

fn avi(head: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..11) == Some(b"AVI")
}

/// Sync bytes (ISO/IEC 13818-1) of five packets of 188 bytes, or of 192 with a time before each (Blu-ray).
fn mpeg_ts(head: &[u8]) -> bool {
    [(0, 188), (4, 192)].iter().any(|(first, size)| {
        let mut syncs = (0..5).map(|n| head.get(first + n * size));
        syncs.all(|sync| sync == Some(&0x47))
    })
}

/// A pack header, or the sequence header of a bare MPEG-1 or 2 video.
fn mpeg_ps(head: &[u8]) -> bool {
    head.starts_with(&[0, 0, 1, 0xBA])
}

/// The GUID of ASF's header object.
fn asf(head: &[u8]) -> bool {
    head.starts_with(&[0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11])
}

/// An Ogg page whose first packet is Theora's; other Ogg files hold sound.
fn theora(head: &[u8]) -> bool {
    head.starts_with(b"OggS") && head.get(28..35) == Some(b"\x80theora")
}

fn y4m(head: &[u8]) -> bool {
    head.starts_with(b"YUV4MPEG2 ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_are_known_by_their_bytes() {
        let ftyp = |brand: &[u8]| [b"\0\0\0\x18ftyp", brand, b"\0\0\0\0isommp42"].concat();
        assert_eq!(Container::of(&ftyp(b"isom")), Some(Container::Mp4));
        assert_eq!(Container::of(&ftyp(b"qt  ")), Some(Container::Mp4));
        assert_eq!(Container::of(&ftyp(b"M4A ")), None);
        assert_eq!(Container::of(b"\x1A\x45\xDF\xA3rest"), Some(Container::Matroska));
        assert_eq!(Container::of(b"RIFF\0\0\0\0AVI LIST"), Some(Container::Avi));
        assert_eq!(Container::of(b"RIFF\0\0\0\0WAVEfmt "), None);
        assert_eq!(Container::of(b"\0\0\x01\xBA!"), Some(Container::MpegPs));
        let mut ts = vec![0; 1000];
        (0..5).for_each(|n| ts[n * 188] = 0x47);
        assert_eq!(Container::of(&ts), Some(Container::MpegTs));
        assert_eq!(Container::of(&ts[..700]), None);
        let mut blu_ray = vec![0; 1000];
        (0..5).for_each(|n| blu_ray[4 + n * 192] = 0x47);
        assert_eq!(Container::of(&blu_ray), Some(Container::MpegTs));
        assert_eq!(Container::of(b"GIF89a"), None);
        assert_eq!(Container::of(b""), None);
    }

    #[test]
    fn every_container_has_a_row() {
        for row in CONTAINERS {
            assert_eq!((row.container.name(), row.container.demuxer()), (row.name, row.demuxer));
            assert!(is_video(row.name));
        }
        assert!(!is_video("gif"));
    }
}
