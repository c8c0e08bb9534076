//! Reading lines that were found: cut out, turned upright, recognised in batches of similar width.

use image::RgbImage;

use super::ctc::{Character, best_path, mean_score};
use super::{ORIENTER, RECOGNISER, Reader, crop, pieces};
use crate::engine::Infer;
use crate::error::Result;
use crate::family::not_finite;
use crate::family::pp_ocr::{Lattices, Strip};
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

/// A line to read: its place among the lines, where its pixels are, and how wide its strip will be.
struct Job {
    line: usize,
    corners: Quad,
    width: u32,
}

impl Reader {
    /// `found` with what they say, in the same order.
    pub(super) fn read(
        &self,
        frame: &Frame,
        mut found: Vec<TextLine>,
        infer: &dyn Infer,
    ) -> Result<(Vec<TextLine>, Vec<Warning>)> {
        let mut jobs: Vec<Job> = found.iter().enumerate().map(|(n, line)| self.job(frame, n, line)).collect();
        jobs.sort_by_key(|job| job.width);
        let mut odd = 0;
        for batch in batches(&jobs) {
            let mut cuts: Vec<RgbImage> =
                batch.iter().map(|job| crop::straight(&frame.pixels, &job.corners)).collect();
            let mut turned = self.upright(&mut cuts, infer)?;
            let mut read = self.recognised(&cuts, &mut odd, infer)?;
            self.read_again(&cuts, &mut turned, &mut read, &mut odd, infer)?;
            for ((job, characters), turned) in batch.iter().zip(read).zip(turned) {
                let line = &mut found[job.line];
                let standing = crop::is_standing(crop::size(&job.corners));
                line.corners = crop::reading(line.corners, standing, turned);
                line.characters = characters;
            }
        }
        Ok((found, not_finite(odd).into_iter().collect()))
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
        Job { line, corners, width: Strip::width_of(lying, self.recogniser.height()) }
    }

    /// Turns those of `cuts` that stand upside down, and says which.
    fn upright(&self, cuts: &mut [RgbImage], infer: &dyn Infer) -> Result<Vec<bool>> {
        let Some(orienter) = &self.orienter else { return Ok(vec![false; cuts.len()]) };
        let [height, most] = orienter.strip();
        let strips: Vec<Strip> = cuts.iter().map(|cut| Strip::new(cut, height, most)).collect();
        let scores = orienter.turned(&strips, ORIENTER, infer)?;
        let turned: Vec<bool> = scores.into_iter().map(|score| score > orienter.conf()).collect();
        for (cut, _) in cuts.iter_mut().zip(&turned).filter(|(_, turned)| **turned) {
            *cut = crop::upside_down(cut);
        }
        Ok(turned)
    }

    /// Lines that were turned and then made little sense are read as they stood; the better reading counts.
    /// The classifier is sure of some lines without letters that have an up and a down, and of garbled ones.
    fn read_again(
        &self,
        cuts: &[RgbImage],
        turned: &mut [bool],
        read: &mut [Vec<Character>],
        odd: &mut usize,
        infer: &dyn Infer,
    ) -> Result<()> {
        for (n, cut) in cuts.iter().enumerate() {
            if turned[n] && mean_score(&read[n]) < SENSE {
                let back = self.recognised(&[crop::upside_down(cut)], odd, infer)?;
                let back = back.into_iter().next().unwrap_or_default();
                if mean_score(&back) > mean_score(&read[n]) {
                    (turned[n], read[n]) = (false, back);
                }
            }
        }
        Ok(())
    }

    fn recognised(
        &self,
        cuts: &[RgbImage],
        odd: &mut usize,
        infer: &dyn Infer,
    ) -> Result<Vec<Vec<Character>>> {
        let strips: Vec<Strip> =
            cuts.iter().map(|cut| Strip::new(cut, self.recogniser.height(), u32::MAX)).collect();
        if let [strip] = strips.as_slice()
            && strip.width > pieces::LONGEST
        {
            return Ok(vec![self.long(strip, odd, infer)?]);
        }
        let lattices = self.recogniser.run(&strips, RECOGNISER, infer)?;
        Ok((0..strips.len()).map(|n| self.decoded(&lattices, n, odd)).collect())
    }

    /// A line longer than the recogniser takes at once, in pieces.
    fn long(&self, strip: &Strip, odd: &mut usize, infer: &dyn Infer) -> Result<Vec<Character>> {
        let mut all = Vec::new();
        for piece in pieces::of(strip) {
            let part = [strip.part(piece.from, piece.to)];
            let read = self.decoded(&self.recogniser.run(&part, RECOGNISER, infer)?, 0, odd);
            pieces::append(&mut all, read, &piece, strip.width);
        }
        Ok(all)
    }

    fn decoded(&self, lattices: &Lattices, line: usize, odd: &mut usize) -> Vec<Character> {
        let (steps, filled) = lattices.of(line);
        let (characters, dropped) = best_path(steps, self.recogniser.characters(), filled);
        *odd += dropped;
        characters
    }
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
