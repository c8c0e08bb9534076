//! A description to start from, for models that come without one.

use std::fmt::Write;

use crate::onnx::{Dim, Header, Value};

/// What pictures are scaled to where the model leaves it open; most detectors' training size.
const USUAL_SIDE: i64 = 640;

/// A description filled in as far as the header says; people complete and check the rest.
pub fn template(name: &str, header: &Header) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(text, "name = {name:?}");
    text.push_str("task = \"detect\"              # or \"classify\"\n");
    text.push_str("family = \"nanodet\"           # how its outputs are read: `vision models families`, docs/families.md\n");
    text.push_str("labels = [\"first\", \"second\"] # or \"coco-80\"\n\n[input]\n");
    let Some(input) = header.inputs.iter().find(|i| i.shape.as_ref().is_some_and(|s| s.len() == 4)) else {
        text.push_str("size = [640, 640]            # width and height\n");
        return text;
    };
    let _ = writeln!(text, "name = {:?}", input.name);
    text.push_str(&geometry(input));
    if let Some(element) = input.element.filter(|e| e.supported().is_some()) {
        let _ = writeln!(text, "element = \"{element}\"");
    }
    text.push_str("colour = \"rgb\"               # or \"bgr\"\n");
    text.push_str("resize = \"letterbox\"         # or \"letterbox-top-left\", \"stretch\"\n");
    text.push_str("mean = [0, 0, 0]             # tensor = (pixel - mean) / std, pixels 0 to 255\n");
    text.push_str("std = [255, 255, 255]\n");
    text
}

/// Size and layout; three or one channels in last place mean NHWC.
fn geometry(input: &Value) -> String {
    let Some([_, second, third, fourth]) = input.shape.as_deref() else { return String::new() };
    let few = |dim: &Dim| matches!(dim.fixed(), Some(1 | 3));
    let nhwc = few(fourth) && !few(second);
    let (height, width) = if nhwc { (second, third) } else { (third, fourth) };
    let open = if width.fixed().is_none() && height.fixed().is_none() { "dynamic-size = true\n" } else { "" };
    format!(
        "size = [{}, {}]\n{open}layout = \"{}\"\n",
        width.fixed().unwrap_or(USUAL_SIDE),
        height.fixed().unwrap_or(USUAL_SIDE),
        if nhwc { "nhwc" } else { "nchw" }
    )
}
