//! Rehearsing a sheet: pages filled with known answers and spoilt as scans are, each the same for the same seed.

pub mod compare;
pub mod degrade;
pub mod fill;
pub mod hand;
pub mod ink;
pub mod measure;
pub mod random;
pub mod write;

use image::RgbImage;

use crate::error::Result;
use crate::sheet::print::{self, Copy};
use crate::sheet::spec::Sheet;
use crate::source::pdf;
use degrade::{Harm, Way};
use fill::{Truth, Writer};
use ink::Pen;
use random::Random;

/// Pages are drawn at this resolution before anything happens to them, as fine as the finest scan.
const PRINTED_DPI: u32 = 300;

/// A sheet, printed: pages by version.
pub struct Press<'a> {
    sheet: &'a Sheet,
    printed: Vec<Vec<RgbImage>>,
}

/// What is rehearsed.
#[derive(Debug, Clone)]
pub struct Rehearsal<'a> {
    pub seed: u64,
    pub harm: Harm,
    pub pens: &'a [Pen],
}

/// A page that came back.
pub struct Scan {
    pub page: usize,
    pub version: Option<String>,
    pub picture: RgbImage,
    pub jpeg_quality: u8,
    pub truths: Vec<Truth>,
    /// What happened to it, for people.
    pub story: String,
}

impl<'a> Press<'a> {
    /// Prints every version through its PDF, so that what is rehearsed is what is printed.
    ///
    /// # Errors
    /// Those of printing.
    pub fn new(sheet: &'a Sheet) -> Result<Self> {
        let names: Vec<Option<&str>> = match sheet.versions.as_slice() {
            [] => vec![None],
            versions => versions.iter().map(|v| Some(v.as_str())).collect(),
        };
        let printed = names.into_iter().map(|version| {
            let bytes = print::pdf(sheet, &[Copy { version, student: None }])?;
            pdf::draw("the printed sheet", bytes, PRINTED_DPI)
        });
        Ok(Self { sheet, printed: printed.collect::<Result<_>>()? })
    }

    /// All pages of the sheet that writer number `index` gives back. `answers` says what some fields are to hold;
    /// the others are answered at random.
    pub fn scans(&self, rehearsal: &Rehearsal, index: u64, answers: &[(String, Vec<String>)]) -> Vec<Scan> {
        let mut random = Random::new(rehearsal.seed, &[index]);
        let writer = Writer::new(rehearsal.pens, &mut random);
        let version = (index % self.printed.len().max(1) as u64) as usize;
        let pages = self.printed.get(version).map(Vec::as_slice).unwrap_or_default();
        let way = Way::new(rehearsal.harm, &mut random);
        let one = |(page, printed): (usize, &RgbImage)| {
            let mut random = Random::new(rehearsal.seed, &[index, page as u64 + 1]);
            let (paper, truths) = self.filled(page, printed, &writer, answers, &mut random);
            let picture = way.picture(&paper, per_mm(), &mut random);
            Scan {
                page,
                version: self.sheet.versions.get(version).cloned(),
                picture,
                jpeg_quality: way.jpeg_quality,
                truths,
                story: way.describe(),
            }
        };
        pages.iter().enumerate().map(one).collect()
    }

    fn filled(
        &self,
        page: usize,
        printed: &RgbImage,
        writer: &Writer,
        answers: &[(String, Vec<String>)],
        random: &mut Random,
    ) -> (RgbImage, Vec<Truth>) {
        let mut paper = printed.clone();
        let mut truths = Vec::new();
        for field in &self.sheet.layout.pages[page].fields {
            let answer = answers.iter().find(|(name, _)| *name == field.name).map(|(_, v)| v.as_slice());
            let (truth, inked) = writer.answer(field, answer, random);
            for marks in inked {
                ink::draw(&mut paper, per_mm(), &marks.strokes, writer.pen, marks.strength, random);
            }
            truths.push(truth);
        }
        (paper, truths)
    }
}

fn per_mm() -> f32 {
    PRINTED_DPI as f32 / 25.4
}
