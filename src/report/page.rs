//! The page itself: one HTML file with its style and program inside, data inside or in files beside it.
//!
//! What comes from outside stands in JSON only, escaped so that neither HTML nor JavaScript reads anything
//! else in it; the page puts it on the screen as text. A Content-Security-Policy allows the page's own
//! program and style by their digests, data files and pictures, and nothing from a network.

use std::fmt::Write;

use serde_json::Value;

use crate::digest::sha256;

const TEMPLATE: &str = include_str!("page/index.html");
const STYLE: &str = include_str!("page/style.css");
/// In this order: later files use what earlier ones define.
const PROGRAM: &str = concat!(
    include_str!("page/data.js"),
    include_str!("page/overlays.js"),
    include_str!("page/gallery.js"),
    include_str!("page/decisions.js"),
    include_str!("page/review.js"),
    include_str!("page/zoom.js"),
    include_str!("page/controls.js"),
    include_str!("page/start.js"),
);

/// The page up to its data.
pub fn head(title: &str, header: &Value) -> String {
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}' 'self' file:; style-src 'sha256-{}'; img-src 'self' file: data:; \
         base-uri 'none'; form-action 'none'",
        base64(&sha256(PROGRAM.as_bytes())),
        base64(&sha256(STYLE.as_bytes())),
    );
    let header = script_safe(&header.to_string());
    let (mut page, mut rest) = (String::with_capacity(1 << 16), TEMPLATE);
    // One pass over the template: what is put in is never searched for marks.
    for (mark, text) in [
        ("{{policy}}", policy.as_str()),
        ("{{title}}", escaped(title).as_str()),
        ("{{style}}", STYLE),
        ("{{header}}", header.as_str()),
        ("{{program}}", PROGRAM),
    ] {
        let Some((before, after)) = rest.split_once(mark) else { continue };
        page.push_str(before);
        page.push_str(text);
        rest = after;
    }
    page.push_str(rest);
    page
}

/// Data within the page: an element whose content browsers do not run.
pub const DATA_BEGIN: &str = "<script type=\"application/json\" class=\"items\">[\n";
pub const DATA_END: &str = "\n]</script>\n";
/// Closes what [`head`] opens.
pub const TAIL: &str = "</body>\n</html>\n";

/// The element that loads a data file.
pub fn data_element(name: &str) -> String {
    format!("<script src=\"report/{}\"></script>\n", escaped(name))
}

/// A data file holds one call with JSON as text: quicker to read than a literal, and without the
/// special meaning that `__proto__` has in one.
pub const FILE_BEGIN: &str = "visionItems.push(\"[";
pub const FILE_END: &str = "]\");\n";

/// JSON as part of the text of a data file.
pub fn as_text(json: &str) -> String {
    let quoted = Value::from(script_safe(json)).to_string();
    // Without the quotes: it is a part of a longer text.
    quoted.get(1..quoted.len() - 1).unwrap_or_default().to_owned()
}

/// JSON in which no `<`, `>`, `&` or line separator is left, all of which occur within strings only, where
/// `\u` says the same. So no `</script>` or `<!--` can end or open anything.
pub fn script_safe(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{7f}' => {
                // Writing to a String does not fail.
                let _ = write!(safe, "\\u{:04x}", u32::from(character));
            }
            other => safe.push(other),
        }
    }
    safe
}

/// Text as HTML.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            other => safe.push(other),
        }
    }
    safe
}

/// RFC 4648, section 4, with padding.
pub fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const HOSTILE: &str = "</script><script>alert(1)</script><!--\u{2028}&\"'\\{{program}}";

    #[test]
    fn base64_is_that_of_the_standard() {
        // RFC 4648, section 10.
        let cases = ["", "f", "fo", "foo", "foob", "fooba", "foobar"].map(|text| base64(text.as_bytes()));
        assert_eq!(cases, ["", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"]);
    }

    #[test]
    fn json_says_the_same_and_opens_nothing() {
        let json = json!({ HOSTILE: [HOSTILE] });
        let safe = script_safe(&json.to_string());
        assert!(!safe.contains(['<', '>', '&', '\u{2028}']), "{safe}");
        assert_eq!(serde_json::from_str::<Value>(&safe).ok(), Some(json.clone()));
        // A data file's text is a string literal of the same JSON.
        let literal = format!("\"{}\"", as_text(&json.to_string()));
        let inner: String = serde_json::from_str(&literal).expect("one string");
        assert_eq!(serde_json::from_str::<Value>(&inner).ok(), Some(json));
    }

    #[test]
    fn what_is_put_in_is_not_searched_for_marks() {
        let page = head(HOSTILE, &json!({ "command": HOSTILE }));
        let programs = page.matches(PROGRAM).count();
        assert_eq!(programs, 1);
        assert_eq!(page.matches("<script").count(), 2, "the header and the program");
        assert!(page.contains("&lt;/script&gt;&lt;script&gt;alert(1)"));
        for mark in ["{{policy}}", "{{title}}", "{{style}}", "{{header}}"] {
            assert!(!page.contains(mark), "{mark}");
        }
    }

    #[test]
    fn the_page_names_no_other_place() {
        for text in [TEMPLATE, STYLE, PROGRAM] {
            let text = text.replace("http://www.w3.org/2000/svg", "");
            for word in
                ["http:", "https:", "//cdn", "@import", "fetch(", "XMLHttpRequest", "innerHTML", "eval("]
            {
                assert!(!text.contains(word), "{word}");
            }
        }
        assert!(!PROGRAM.contains("</script") && !STYLE.contains("</style"));
    }
}
