//! `voc/`: an XML file an item as Pascal VOC annotates pictures, in folders that mirror the inputs.

use std::fmt::Write;
use std::path::PathBuf;

use quick_xml::escape::escape;

use super::tree::Tree;
use super::{Sink, SinkContext, flattened};
use crate::error::Result;
use crate::geometry::Rect;
use crate::record::{InputRecord, Record};

const NAME: &str = "voc";

/// Marks the folder as ours to replace.
const MARK: &str = ".vision-voc";

struct Voc {
    tree: Tree,
    generator: String,
    scored: bool,
}

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    let tree = Tree::new(context, NAME, MARK, "xml")?;
    Ok(Box::new(Voc { tree, generator: context.generator.clone(), scored: context.scored }))
}

impl Sink for Voc {
    /// Every item with a prediction gets a file, one without objects where nothing was found.
    fn item(&mut self, record: &Record) -> Result<()> {
        match &record.prediction {
            Some(prediction) => {
                let objects = flattened(prediction.instances()).filter_map(|i| {
                    Some((i.label.as_str(), self.scored.then_some(i.score), pixels(&i.rect, record.size)?))
                });
                self.tree.write(record, document(record, &self.generator, objects).as_bytes())
            }
            None => Ok(()),
        }
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        Ok(vec![self.tree.finish()?])
    }
}

/// Elements and their order as in VOC2012's own files; `score` is ours, and readers pass over it.
fn document<'a>(
    record: &Record,
    generator: &str,
    objects: impl Iterator<Item = (&'a str, Option<f32>, [u32; 4])>,
) -> String {
    let input = &record.item.input;
    let path = format!("{}/{}", input.root, input.path);
    let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
    let [width, height] = record.size;
    let mut xml = format!(
        "<annotation>\n\t<folder>{}</folder>\n\t<filename>{}</filename>\n\t<source>\n\t\t<database>{}</database>\n\t</source>\n\t\
         <size>\n\t\t<width>{width}</width>\n\t\t<height>{height}</height>\n\t\t<depth>3</depth>\n\t</size>\n\t\
         <segmented>0</segmented>\n",
        text(folder),
        text(file),
        text(generator)
    );
    for (label, score, [xmin, ymin, xmax, ymax]) in objects {
        let score = score.map(|score| format!("\t\t<score>{score}</score>\n")).unwrap_or_default();
        // Writing to a String does not fail.
        let _ = write!(
            xml,
            "\t<object>\n\t\t<name>{}</name>\n\t\t<pose>Unspecified</pose>\n\t\t<truncated>0</truncated>\n\t\t\
             <difficult>0</difficult>\n{score}\t\t<bndbox>\n\t\t\t<xmin>{xmin}</xmin>\n\t\t\t\
             <ymin>{ymin}</ymin>\n\t\t\t<xmax>{xmax}</xmax>\n\t\t\t<ymax>{ymax}</ymax>\n\t\t</bndbox>\n\t</object>\n",
            text(label)
        );
    }
    xml.push_str("</annotation>\n");
    xml
}

/// First and last pixel of the box, counted from 1, as VOC's annotation guidelines and devkit have it: the left edge at
/// 0 is pixel 1, the right edge at 50 ends pixel 50. Whole numbers, because readers such as py-faster-rcnn's `voc_eval`
/// refuse others. `None` where nothing of the box is within the picture.
fn pixels(rect: &Rect, [width, height]: [u32; 2]) -> Option<[u32; 4]> {
    let axis = |low: f32, high: f32, side: u32| {
        let most = side as f32;
        if !(low < high && low < most && high > 0.0) {
            return None;
        }
        let first = (low.round().clamp(0.0, most - 1.0) as u32) + 1;
        let last = high.round().clamp(0.0, most) as u32;
        Some([first, last.max(first)])
    };
    let [xmin, xmax] = axis(rect.x1, rect.x2, width)?;
    let [ymin, ymax] = axis(rect.y1, rect.y2, height)?;
    Some([xmin, ymin, xmax, ymax])
}

/// As XML 1.0 allows it (2.2, Char): other characters become U+FFFD.
fn text(raw: &str) -> String {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    let clean: String = raw.chars().map(|c| if allowed(c) { c } else { '\u{fffd}' }).collect();
    escape(&clean).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pixels_count_from_one_and_the_last_belongs_to_the_box() {
        let of = |rect: [f32; 4]| pixels(&rect.into(), [200, 100]);
        assert_eq!(of([0.0, 50.0, 50.0, 100.0]), Some([1, 51, 50, 100]));
        assert_eq!(of([-10.0, 0.0, 300.0, 100.0]), Some([1, 1, 200, 100]));
        assert_eq!(of([199.8, 99.9, 200.0, 100.0]), Some([200, 100, 200, 100]));
        assert_eq!(of([200.0, 0.0, 210.0, 10.0]), None);
    }

    #[test]
    fn names_cannot_end_their_element() {
        assert_eq!(text("a<b>&\"c\u{1}"), "a&lt;b&gt;&amp;&quot;c\u{fffd}");
    }
}
