//! `mot/`: a text file a sequence in MOT Challenge format, `frame,id,left,top,width,height,score,-1,-1,-1`.

use std::io::{BufWriter, Write};
use std::path::{Component, Path, PathBuf};

use super::tree::Tree;
use super::{Sink, SinkContext, sequence};
use crate::error::{Error, Result};
use crate::record::{InputRecord, Record};

const NAME: &str = "mot";

/// Marks the folder as ours to replace.
const MARK: &str = ".vision-mot";

struct Mot {
    tree: Tree,
    tracked: bool,
    /// The file being written; others are opened again, so that few are open however many there are.
    current: Option<(String, BufWriter<std::fs::File>)>,
}

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    Ok(Box::new(Mot {
        tree: Tree::new(context, NAME, MARK, "txt")?,
        tracked: context.tracked,
        current: None,
    }))
}

/// `street/clip.gif.txt`: the sequence's name as a path that leads nowhere else.
fn file(sequence: &str) -> PathBuf {
    let ordinary = Path::new(sequence).components().filter(|part| matches!(part, Component::Normal(_)));
    let mut name = ordinary.collect::<PathBuf>().into_os_string();
    name.push(".txt");
    name.into()
}

impl Mot {
    fn close(&mut self) -> Result<()> {
        let Some((name, mut out)) = self.current.take() else { return Ok(()) };
        out.flush().map_err(|e| Error::write(name, e))
    }

    fn file(&mut self, sequence: String) -> Result<&mut BufWriter<std::fs::File>> {
        if self.current.as_ref().is_none_or(|(name, _)| *name != sequence) {
            self.close()?;
        }
        let current = match self.current.take() {
            Some(current) => current,
            None => {
                let out = BufWriter::new(self.tree.append(&file(&sequence))?);
                (sequence, out)
            }
        };
        Ok(&mut self.current.insert(current).1)
    }
}

impl Sink for Mot {
    /// Of a tracked run what has a number; else every detection, with -1 for it.
    fn item(&mut self, record: &Record) -> Result<()> {
        let Some(prediction) = &record.prediction else { return Ok(()) };
        let tracked = self.tracked;
        let (sequence, frame) = sequence(record);
        let out = self.file(sequence)?;
        for instance in prediction.instances().iter().filter(|i| !tracked || i.track.is_some()) {
            let r = &instance.rect;
            let id = instance.track.map_or(-1, i64::from);
            // Decimal subtraction of what has three decimals has three decimals.
            let side = |from: f32, to: f32| ((f64::from(to) - f64::from(from)) * 1e3).round() / 1e3;
            let (width, height) = (side(r.x1, r.x2), side(r.y1, r.y2));
            writeln!(
                out,
                "{},{id},{},{},{width},{height},{},-1,-1,-1",
                frame + 1,
                r.x1,
                r.y1,
                instance.score
            )
            .map_err(|e| Error::write(NAME, e))?;
        }
        Ok(())
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<PathBuf>> {
        self.close()?;
        Ok(vec![self.tree.finish()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sequences_stay_in_the_folder() {
        assert_eq!(file("street/clip.gif"), Path::new("street/clip.gif.txt"));
        assert_eq!(file("../../etc/../x"), Path::new("etc/x.txt"));
        assert_eq!(file("/"), Path::new(".txt"));
    }
}
