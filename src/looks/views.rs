//! Parts of a frame, and the mirrored frame, as frames of their own; and the way back.

use image::imageops::{crop_imm, flip_horizontal};

use crate::frame::{Attributes, Frame};
use crate::geometry::{Quad, Rect};
use crate::observation::Candidate;

/// A part of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct View {
    /// Left and top in pixels of the frame.
    pub at: [u32; 2],
    /// Width and height, at least 1.
    pub size: [u32; 2],
    /// Whether the left, top, right and bottom edges lie inside the frame, where things are cut.
    pub inner: [bool; 4],
}

impl View {
    pub fn whole(size: [u32; 2]) -> Self {
        Self { at: [0, 0], size, inner: [false; 4] }
    }

    pub fn is_whole(&self) -> bool {
        self.inner == [false; 4]
    }

    /// The part as a frame of its own.
    pub fn cut_out(&self, frame: &Frame) -> Frame {
        // The pixels may be fewer than the frame's size where the decoder scaled down.
        let stored = [frame.pixels.width(), frame.pixels.height()];
        let scaled = |value: u32, axis: usize| {
            let exact = u64::from(value) * u64::from(stored[axis]) / u64::from(frame.size[axis].max(1));
            u32::try_from(exact).unwrap_or(stored[axis])
        };
        let [x, y] = [scaled(self.at[0], 0), scaled(self.at[1], 1)];
        let [width, height] = [scaled(self.size[0], 0).max(1), scaled(self.size[1], 1).max(1)];
        part_of(frame, crop_imm(&frame.pixels, x, y, width, height).to_image(), self.size)
    }

    /// A box of the part, in pixels of the frame.
    pub fn to_frame(self, candidate: &Candidate) -> Candidate {
        let [x, y] = self.at.map(|v| v as f32);
        let r = candidate.rect;
        let rect = Rect::new(r.x1 + x, r.y1 + y, r.x2 + x, r.y2 + y);
        let corners = candidate.corners.map(|corners| corners.map(|[cx, cy]| [cx + x, cy + y]));
        let landmarks = candidate.landmarks.map(|points| points.map(|[px, py]| [px + x, py + y]));
        Candidate { rect, corners, landmarks, ..*candidate }
    }
}

/// The frame seen in a mirror.
pub fn mirrored(frame: &Frame) -> Frame {
    part_of(frame, flip_horizontal(&frame.pixels), frame.size)
}

/// A box found in the mirrored frame of `width` pixels.
pub fn unmirrored(candidate: &Candidate, width: f32) -> Candidate {
    let r = candidate.rect;
    let rect = Rect::new(width - r.x2, r.y1, width - r.x1, r.y2);
    // A mirror turns the order of corners round; swapped, they run clockwise again.
    let corners = candidate.corners.map(|Quad([a, b, c, d])| {
        let back = |[x, y]: [f32; 2]| [width - x, y];
        Quad([back(b), back(a), back(d), back(c)])
    });
    let landmarks = candidate.landmarks.map(|points| points.mirrored(width));
    Candidate { rect, corners, landmarks, ..*candidate }
}

fn part_of(frame: &Frame, pixels: image::RgbImage, size: [u32; 2]) -> Frame {
    Frame {
        pixels,
        size,
        full: None,
        part: None,
        origin: frame.origin.clone(),
        icc: None,
        warnings: Vec::new(),
        attributes: Attributes::default(),
        values: None,
    }
}
