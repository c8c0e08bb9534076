//! Blocks to pages: side by side while they fit, then below, then on the next page.

use super::block::{self, Plan};
use super::file::File;
use super::{Align, Art, Sheet, head};
use crate::geometry::Rect;
use crate::sheet::layout::{Anchors, Field, Layout, Page};

/// Side of the square marks in the corners, and the space between them and anything else, in millimetres. 6 mm are
/// 24 pixels at 100 dpi, larger than any bubble.
pub const FIDUCIAL: f32 = 6.0;
pub const CLEAR: f32 = 4.0;
/// Between columns, and between blocks.
const GAP: f32 = 8.0;
const BELOW: f32 = 5.0;
const HEADING: f32 = 6.5;

/// The sheet that a file describes.
pub fn lay(file: &File) -> Result<Sheet, String> {
    let mut flow = Flow::new(file);
    for (index, block) in file.block.iter().enumerate() {
        flow.block(block).map_err(|what| format!("block {}: {what}", index + 1))?;
    }
    flow.finish()
}

struct Flow<'a> {
    file: &'a File,
    pages: Vec<(Vec<Field>, Vec<Art>)>,
    /// What may be printed on of the page being filled.
    body: Rect,
    /// Where the next block goes: beside the ones at `top`, right of `x`, or below `bottom`.
    x: f32,
    top: f32,
    bottom: f32,
}

impl<'a> Flow<'a> {
    fn new(file: &'a File) -> Self {
        let mut flow = Self { file, pages: Vec::new(), body: Rect::default(), x: 0.0, top: 0.0, bottom: 0.0 };
        flow.page();
        flow
    }

    /// Begins a page.
    fn page(&mut self) {
        let (body, art) = head::page(self.file, self.pages.len());
        self.pages.push((Vec::new(), art));
        self.body = body;
        (self.x, self.top, self.bottom) = (body.x1, body.y1, body.y1);
    }

    fn block(&mut self, block: &super::file::Block) -> Result<(), String> {
        let plan = Plan::new(block, self.body.width())?;
        if let Some(first) = block.first {
            let page = self.numbered(block.page)?;
            self.pages[page].0.extend(plan.given(first));
            return Ok(());
        }
        if let Some(at) = block.at {
            let page = self.numbered(block.page)?;
            self.fixed(&plan, at, page);
            return Ok(());
        }
        if block.new_page && !self.pages.last().is_some_and(|page| page.0.is_empty()) {
            self.page();
        }
        let mut done = 0;
        while done < plan.units.len() {
            let fresh = self.pages.last().is_some_and(|page| page.0.is_empty());
            let placed = self.part(&plan, done);
            if placed == 0 && fresh {
                let [width, height] = plan.size;
                return Err(format!(
                    "a field of {width:.0} x {height:.0} mm does not fit on a page, which has room for {:.0} x {:.0}",
                    self.body.width(),
                    self.body.height() - heading(block)
                ));
            }
            done += placed;
            if done < plan.units.len() {
                self.page();
            }
        }
        Ok(())
    }

    /// Places as many units from `first` as the page has room for, and says how many.
    fn part(&mut self, plan: &Plan, first: usize) -> usize {
        let left = plan.units.len() - first;
        let [width, height] = plan.size;
        let head = heading(plan.block);
        // Beside what is there, if that makes the shelf no taller.
        let beside = self.body.x2 - self.x;
        if width <= beside + 1e-3 && self.x > self.body.x1 {
            let columns = plan.columns(beside, GAP).min(left);
            let rows = left.div_ceil(columns);
            if self.top + head + rows as f32 * height <= self.bottom + 1e-3 && columns * (rows - 1) < left {
                self.put(plan, first..plan.units.len(), [self.x, self.top], columns);
                return left;
            }
        }
        let top = if self.bottom > self.body.y1 { self.bottom + BELOW } else { self.bottom };
        let fit = ((self.body.y2 - top - head + 1e-3) / height).floor();
        if fit < 1.0 || width > self.body.width() + 1e-3 {
            return 0;
        }
        let columns = plan.columns(self.body.width(), GAP);
        let rows = (fit as usize).min(left.div_ceil(columns));
        let count = left.min(rows * columns);
        (self.x, self.top, self.bottom) = (self.body.x1, top, top);
        self.put(plan, first..first + count, [self.body.x1, top], columns);
        count
    }

    /// The index of a page by its number from 1; the next one is begun.
    fn numbered(&mut self, number: Option<u32>) -> Result<usize, String> {
        let index = number.unwrap_or(1).saturating_sub(1) as usize;
        if index > self.pages.len() {
            return Err(format!("page = {}: the sheet has {} so far", index + 1, self.pages.len()));
        }
        if index == self.pages.len() {
            self.page();
        }
        Ok(index)
    }

    /// Where the file says, whatever else is there; `check::places` refuses what lies on something else.
    fn fixed(&mut self, plan: &Plan, at: [f32; 2], page: usize) {
        let columns = plan.columns(self.file.paper.size()[0] - at[0] - self.file.margin, GAP);
        self.draw(plan, 0..plan.units.len(), at, columns, page);
    }

    fn put(&mut self, plan: &Plan, units: std::ops::Range<usize>, at: [f32; 2], columns: usize) {
        let [right, bottom] = self.draw(plan, units, at, columns, self.pages.len() - 1);
        self.x = right + GAP;
        self.bottom = self.bottom.max(bottom);
    }

    /// Draws units in columns, each from top to bottom; returns their right bottom corner.
    fn draw(
        &mut self,
        plan: &Plan,
        units: std::ops::Range<usize>,
        [x, y]: [f32; 2],
        columns: usize,
        page: usize,
    ) -> [f32; 2] {
        let (fields, art) = &mut self.pages[page];
        let head = heading(plan.block);
        if let Some(label) = &plan.block.label {
            art.push(block::text(label, [x, y + 4.0], 4.0, Align::Left));
        }
        let [width, height] = plan.size;
        let rows = units.len().div_ceil(columns.max(1));
        for (i, unit) in units.clone().enumerate() {
            let (column, row) = (i / rows, i % rows);
            let at = [x + column as f32 * (width + GAP), y + head + row as f32 * height];
            let (field, more) = plan.draw(unit, at, fields.len());
            fields.push(field);
            art.extend(more);
        }
        let used = units.len().div_ceil(rows.max(1)) as f32;
        [x + used * (width + GAP) - GAP, y + head + rows as f32 * height]
    }

    fn finish(self) -> Result<Sheet, String> {
        let size = self.file.paper.size();
        let near = self.file.margin + FIDUCIAL / 2.0;
        let (far, low) = (size[0] - near, size[1] - near);
        let centres = vec![[near, near], [far, near], [far, low], [near, low]];
        let count = self.pages.len();
        let mut pages = Vec::with_capacity(count);
        let mut art = Vec::with_capacity(count);
        for (index, (fields, mut printed)) in self.pages.into_iter().enumerate() {
            let anchors = if self.file.existing {
                Anchors::Paper
            } else {
                printed.push(head::foot(self.file, index, count));
                Anchors::Fiducials { centres: centres.clone(), side: FIDUCIAL }
            };
            pages.push(Page { size, anchors, fields });
            art.push(printed);
        }
        let layout = Layout { title: self.file.title.clone(), pages };
        Sheet::new(layout, self.file.versions.clone(), art)
    }
}

fn heading(block: &super::file::Block) -> f32 {
    if block.label.is_some() { HEADING } else { 0.0 }
}
