//! What else a file says: nothing of it goes on, as an independent reader (Pillow) and the bytes themselves show.

use std::process::Command;

use serde_json::Value;

use crate::common::{Scratch, python};
use crate::{faces, redact, walk};

/// Writes `p/told.jpg` and `p/told.png` with everything that tells something: EXIF with a place, an owner, an orientation
/// and a thumbnail, XMP, IPTC, a comment, text chunks; and a colour profile. Prints the profile's digest.
const WRITE: &str = r#"
import hashlib, io, struct, sys
from PIL import Image, ImageCms, PngImagePlugin
im = Image.new("RGB", (64, 48), (200, 120, 90))
icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
exif = Image.Exif()
exif[0x0112] = 6
exif[0x010F] = "SECRETMAKE"
gps = exif.get_ifd(0x8825)
gps[1], gps[2] = "N", (48.0, 8.0, 12.0)
gps[29] = "SECRETDATE"
exif.get_ifd(0x8769)[0xA430] = "SECRETOWNER"
thumb = io.BytesIO()
Image.new("RGB", (16, 12), (1, 2, 3)).save(thumb, "JPEG", comment=b"SECRETTHUMB")
exif.get_ifd(0x8769)[0x927C] = thumb.getvalue()
xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf>SECRETXMP</rdf></x:xmpmeta>"
out = io.BytesIO()
im.save(out, "JPEG", exif=exif, icc_profile=icc, comment=b"SECRETCOMMENT", xmp=xmp, quality=92)
data = out.getvalue()
iptc = b"\x1c\x02\x50\x00\x0aSECRETIPTC"
block = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + struct.pack(">I", len(iptc)) + iptc + b"\x00" * (len(iptc) % 2)
data = data[:2] + b"\xff\xed" + struct.pack(">H", len(block) + 2) + block + data[2:] + b"SECRETTRAILER"
open(sys.argv[1] + "/told.jpg", "wb").write(data)
text = PngImagePlugin.PngInfo()
text.add_text("Author", "SECRETAUTHOR"); text.add_itxt("XML:com.adobe.xmp", "SECRETPNGXMP")
im.save(sys.argv[1] + "/told.png", exif=exif, icc_profile=icc, pnginfo=text)
print(hashlib.sha256(icc).hexdigest())
"#;

/// What Pillow finds in a file.
const READ: &str = r#"
import hashlib, json, sys
from PIL import Image
im = Image.open(sys.argv[1]); im.load()
icc = im.info.get("icc_profile")
print(json.dumps({"exif": len(im.getexif()), "gps": len(im.getexif().get_ifd(0x8825)), "size": im.size,
  "info": sorted(set(im.info) - {"icc_profile", "jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi"}),
  "app": sorted({name for name, _ in getattr(im, "applist", [])}), "icc": icc and hashlib.sha256(icc).hexdigest()}))
"#;

fn ask(script: &str, argument: &std::path::Path) -> Option<String> {
    let ran = Command::new(python()?).args(["-c", script]).arg(argument).output().expect("Python starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    Some(String::from_utf8_lossy(&ran.stdout).trim().to_owned())
}

#[test]
fn nothing_but_the_colour_profile_goes_on() {
    let s = Scratch::new();
    std::fs::create_dir_all(s.path("p")).expect("a folder");
    let Some(profile) = ask(WRITE, &s.path("p")) else { return };
    for name in ["told.jpg", "told.png"] {
        let before = std::fs::read(s.path(format!("p/{name}"))).expect("written");
        assert!(has_secret(&before), "{name}: the test writes what is to vanish");
    }
    redact(&s, &faces(), &["p", "--report", "--embed", "--no-audit"]).expect(0);
    for name in ["told.jpg", "told.png"] {
        let found = ask(READ, &s.path(format!("run/images/{name}"))).expect("read");
        let found: Value = serde_json::from_str(&found).expect("JSON");
        assert_eq!((&found["exif"], &found["gps"]), (&0.into(), &0.into()), "{name}: {found}");
        assert_eq!(found["info"], serde_json::json!([]), "{name}: {found}");
        assert_eq!(found["icc"], Value::from(profile.clone()), "{name}");
        // Upright.
        assert_eq!(found["size"], serde_json::json!([48, 64]), "{name}");
        let apps: Vec<&str> =
            found["app"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        assert!(apps.iter().all(|app| ["APP0", "APP2"].contains(app)), "{name}: {apps:?}");
    }
    for file in walk(&s.path("run")) {
        assert!(!has_secret(&std::fs::read(&file).expect("readable")), "{}", file.display());
    }
}

fn has_secret(bytes: &[u8]) -> bool {
    bytes.windows(6).any(|window| window == b"SECRET")
}
