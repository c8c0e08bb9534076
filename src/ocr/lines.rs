//! Reading lines that were found: cut out, turned upright, recognised in batches of similar width.

use image::RgbImage;

use super::ctc::{Character, best_path, mean_score};
use super::{ORIENTER, RECOGNISER, Reader, Wanted, crop, pieces};
use crate::engine::Infer;
use crate::error::Result;
use crate::family::not_finite;
use crate::family::pp_ocr::{LEAST_WIDTH, Lattices, Strip};
use crate::frame::{Frame, Warning};
use crate::geometry::Quad;
use crate::observation::TextLine;

/// Columns of a batch at most: the lattice of a column has some 9 kB, with its copy 50 MB a batch.
const MOST_COLUMNS: u32 = 2560;

/// Columns of a batch that may be padding, of ten.
const PADDING: u32 = 1;

/// A text whose characters have this score on average makes sense: what stands upside down and is read as it
/// stands comes to 0.5 to 0.8.
const SENSE: f32 = 0.9;

/// Texts of no more characters than this make as much sense upside down.
const SHORT: usize = 2;

/// The classifier is sure that a line stands upright up to this score of the opposite.
const DOUBT: f32 = 0.05;

/// A line to read: its place among the lines, where its pixels are, and how wide its strip will be.
struct Job {
    line: usize,
    corners: Quad,
    width: u32,
}

/// What a line says; of a reading within bounds, its share of them and its likelihood without.
type Words = (Vec<Character>, Option<[f32; 2]>);

/// What reading a frame needs and notes.
struct Means<'a> {
    wanted: Option<&'a Wanted>,
    infer: &'a dyn Infer,
    /// Steps that held no numbers.
    odd: usize,
}

/// Which way up a line stood.
#[derive(Debug, Clone, Copy, Default)]
struct Way {
    /// Upside down, and hence turned.
    turned: bool,
    /// It may be the other way.
    doubtful: bool,
}

impl Reader {
    /// `found` with what they say, in the same order.
    pub(super) fn read(
        &self,
        frame: &Frame,
        mut found: Vec<TextLine>,
        wanted: Option<&Wanted>,
        infer: &dyn Infer,
    ) -> Result<(Vec<TextLine>, Vec<Warning>)> {
        let mut jobs: Vec<Job> = found.iter().enumerate().map(|(n, line)| self.job(frame, n, line)).collect();
        jobs.sort_by_key(|job| job.width);
        let mut means = Means { wanted, infer, odd: 0 };
        for batch in batches(&jobs) {
            let mut cuts: Vec<RgbImage> =
                batch.iter().map(|job| crop::straight(&frame.pixels, &job.corners)).collect();
            let mut ways = self.upright(&mut cuts, infer)?;
            let mut read = self.recognised(&cuts, &mut means)?;
            self.read_again(&cuts, &mut ways, &mut read, &mut means)?;
            for ((job, characters), way) in batch.iter().zip(read).zip(ways) {
                let line = &mut found[job.line];
                let standing = crop::is_standing(crop::size(&job.corners));
                line.corners = crop::reading(line.corners, standing, way.turned);
                (line.characters, line.bounded) = characters;
            }
        }
        Ok((found, not_finite(means.odd).into_iter().collect()))
    }

    fn job(&self, frame: &Frame, line: usize, found: &TextLine) -> Job {
        // The pixels may be fewer than the frame's size where the decoder scaled down.
        let stored = [frame.pixels.width(), frame.pixels.height()];
        let scale: [f32; 2] = std::array::from_fn(|n| stored[n] as f32 / frame.size[n].max(1) as f32);
        let corners = if stored == frame.size {
            found.corners
        } else {
            found.corners.map(|[x, y]| [x * scale[0], y * scale[1]])
        };
        let [width, height] = crop::size(&corners);
        let lying = if crop::is_standing([width, height]) { [height, width] } else { [width, height] };
        Job { line, corners, width: Strip::width_of(lying, self.recogniser.height()).max(LEAST_WIDTH) }
    }

    /// Turns those of `cuts` that stand upside down; which they are.
    fn upright(&self, cuts: &mut [RgbImage], infer: &dyn Infer) -> Result<Vec<Way>> {
        let Some(orienter) = &self.orienter else { return Ok(vec![Way::default(); cuts.len()]) };
        let [height, most] = orienter.strip();
        let strips: Vec<Strip> = cuts.iter().map(|cut| Strip::new(cut, height, most)).collect();
        let scores = orienter.turned(&strips, ORIENTER, infer)?;
        let way = |score: f32| Way { turned: score > orienter.conf(), doubtful: score > DOUBT };
        let ways: Vec<Way> = scores.into_iter().map(way).collect();
        for (cut, _) in cuts.iter_mut().zip(&ways).filter(|(_, way)| way.turned) {
            *cut = crop::upside_down(cut);
        }
        Ok(ways)
    }

    /// Lines that make little sense and of whose direction the classifier was not sure, or which it turned, are
    /// read the other way up too; the better reading counts. A letter or two may make as much sense upside down:
    /// they can be turned back, no more.
    fn read_again(
        &self,
        cuts: &[RgbImage],
        ways: &mut [Way],
        read: &mut [Words],
        means: &mut Means,
    ) -> Result<()> {
        for (n, cut) in cuts.iter().enumerate() {
            let can_turn = ways[n].turned || read[n].0.len() > SHORT;
            if ways[n].doubtful && can_turn && sense(&read[n]) < SENSE {
                let back = self.recognised(&[crop::upside_down(cut)], means)?;
                let back = back.into_iter().next().unwrap_or_default();
                if sense(&back) > sense(&read[n]) {
                    ways[n].turned = !ways[n].turned;
                    read[n] = back;
                }
            }
        }
        Ok(())
    }

    fn recognised(&self, cuts: &[RgbImage], means: &mut Means) -> Result<Vec<Words>> {
        let strips: Vec<Strip> =
            cuts.iter().map(|cut| Strip::new(cut, self.recogniser.height(), u32::MAX)).collect();
        if let [strip] = strips.as_slice()
            && strip.width > pieces::LONGEST
        {
            return Ok(vec![(self.long(strip, means)?, None)]);
        }
        let lattices = self.recogniser.run(&strips, RECOGNISER, means.infer)?;
        Ok((0..strips.len()).map(|n| self.decoded(&lattices, n, means)).collect())
    }

    /// A line longer than the recogniser takes at once, in pieces. A pattern is of a whole line, which no lattice
    /// holds: such lines do not fit any.
    fn long(&self, strip: &Strip, means: &mut Means) -> Result<Vec<Character>> {
        if means.wanted.is_some() {
            return Ok(Vec::new());
        }
        let mut all = Vec::new();
        for piece in pieces::of(strip) {
            let part = [strip.part(piece.from, piece.to)];
            let lattices = self.recogniser.run(&part, RECOGNISER, means.infer)?;
            let (read, _) = self.decoded(&lattices, 0, means);
            pieces::append(&mut all, read, &piece, strip.width);
        }
        Ok(all)
    }

    fn decoded(&self, lattices: &Lattices, line: usize, means: &mut Means) -> Words {
        let (steps, filled) = lattices.of(line);
        let characters = self.recogniser.characters();
        if let Some(wanted) = means.wanted {
            let (fitting, dropped) = wanted.best(steps, characters, filled);
            means.odd += dropped;
            return fitting.map_or_else(Words::default, |found| {
                (found.characters, Some([found.share, found.likelihood]))
            });
        }
        let (characters, dropped) = best_path(steps, characters, filled);
        means.odd += dropped;
        (characters, None)
    }
}

/// How much sense a reading makes, 0 to 1. Within bounds scores are shares of what is allowed, which any picture
/// fills: there the likelihood counts.
fn sense((characters, bounded): &Words) -> f32 {
    bounded.map_or_else(|| mean_score(characters), |[_, likelihood]| likelihood)
}

/// Jobs, sorted by width, in batches with little padding; a long one is alone.
fn batches(jobs: &[Job]) -> Vec<&[Job]> {
    let mut batches = Vec::new();
    let mut rest = jobs;
    while let [first, others @ ..] = rest {
        let mut sum = first.width;
        let mut count = 1;
        for job in others {
            let all = job.width.saturating_mul(count as u32 + 1);
            sum += job.width;
            if all > MOST_COLUMNS || (all - sum) * 10 > all * PADDING {
                break;
            }
            count += 1;
        }
        let (batch, left) = rest.split_at(count);
        batches.push(batch);
        rest = left;
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_hold_lines_of_similar_width() {
        let job = |width| Job { line: 0, corners: Quad([[0.0; 2]; 4]), width };
        let jobs: Vec<Job> = [90, 95, 100, 100, 300, 310, 2000, 9000, 90_000].map(job).into();
        let sizes: Vec<usize> = batches(&jobs).iter().map(|batch| batch.len()).collect();
        assert_eq!(sizes, [4, 2, 1, 1, 1]);
        let many: Vec<Job> = (0..100).map(|_| job(100)).collect();
        assert!(batches(&many).iter().all(|batch| batch.len() <= 25));
        assert_eq!(batches(&many).iter().map(|batch| batch.len()).sum::<usize>(), 100);
    }
}
