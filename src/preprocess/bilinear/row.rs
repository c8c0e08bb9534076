//! One row of the source scaled along x, a plane a channel.

use super::Tap;

/// A row scaled along x, in units of 16 / 2048: at most 255 * 128, which fits.
pub struct Row {
    index: usize,
    planes: [Vec<i16>; 3],
}

impl Row {
    pub fn new(width: usize) -> Self {
        Self { index: usize::MAX, planes: std::array::from_fn(|_| vec![0; width]) }
    }

    /// Whether it holds row `index` of the source.
    pub fn is(&self, index: usize) -> bool {
        self.index == index
    }

    pub fn planes(&self) -> &[Vec<i16>; 3] {
        &self.planes
    }

    /// `columns` are [`folded`].
    pub fn fill(&mut self, pixels: &[u8], stride: usize, index: usize, columns: &[Tap]) {
        if self.index == index {
            return;
        }
        self.index = index;
        // To the end of the picture: eight bytes are read at once, beyond the row where another follows.
        let source = &pixels[index * stride..];
        let done = several(source, columns, &mut self.planes);
        let (row, _) = source[..stride].as_chunks::<3>();
        one_by_one(row, &columns[done..], self.planes.each_mut().map(|plane| &mut plane[done..]));
    }
}

/// At the edges both neighbours are one pixel; the first gets all of the weight, so that the second may be
/// anything.
pub fn folded(mut columns: Vec<Tap>) -> Vec<Tap> {
    for Tap { at, weights } in &mut columns {
        if at[0] == at[1] {
            *weights = [weights[0] + weights[1], 0];
        }
    }
    columns
}

fn one_by_one(row: &[[u8; 3]], columns: &[Tap], [red, green, blue]: [&mut [i16]; 3]) {
    let planes = red.iter_mut().zip(green).zip(blue);
    for (((red, green), blue), Tap { at, weights }) in planes.zip(columns) {
        let (a, b) = (row[at[0]], row[at[1]]);
        let [first, second] = weights.map(i32::from);
        let mixed = |c: usize| ((i32::from(a[c]) * first + i32::from(b[c]) * second) >> 4) as i16;
        (*red, *green, *blue) = (mixed(0), mixed(1), mixed(2));
    }
}

/// Scales the first columns with the processor's vectors; returns how many.
#[cfg(target_arch = "x86_64")]
fn several(source: &[u8], columns: &[Tap], planes: &mut [Vec<i16>; 3]) -> usize {
    if !is_x86_feature_detected!("ssse3") {
        return 0;
    }
    // Offsets rise, so those that end within the source come first.
    let within = columns.partition_point(|tap| tap.at[0] * 3 + 8 <= source.len());
    let columns = &columns[..within / 4 * 4];
    // SAFETY: the processor has SSSE3, which is all that the function asks for.
    unsafe { x86::fill(source, columns, planes.each_mut().map(Vec::as_mut_slice)) };
    columns.len()
}

#[cfg(not(target_arch = "x86_64"))]
fn several(_: &[u8], _: &[Tap], _: &mut [Vec<i16>; 3]) -> usize {
    0
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::*;

    use super::Tap;

    /// Four pixels a step: `pshufb` sets the channels of the two neighbours side by side, `pmaddwd` weighs and
    /// adds them. `columns` is a multiple of four, and eight bytes follow each place.
    #[target_feature(enable = "ssse3")]
    pub fn fill(source: &[u8], columns: &[Tap], [red, green, blue]: [&mut [i16]; 3]) {
        let (red, green, blue) =
            (red.as_chunks_mut::<4>().0, green.as_chunks_mut::<4>().0, blue.as_chunks_mut::<4>().0);
        let planes = red.iter_mut().zip(green).zip(blue);
        for (((red, green), blue), four) in planes.zip(columns.as_chunks::<4>().0) {
            let [a, b, c, d] = [0, 1, 2, 3].map(|n| pixel(source, &four[n]));
            // r0 g0 b0 - r1 g1 b1 -, and the same of the next two.
            let (front, back) = (_mm_packs_epi32(a, b), _mm_packs_epi32(c, d));
            // r0 r2 g0 g2 b0 b2, and r1 r3 g1 g3 b1 b3.
            let (even, odd) = (_mm_unpacklo_epi16(front, back), _mm_unpackhi_epi16(front, back));
            let red_green = _mm_unpacklo_epi16(even, odd);
            let blue_rest = _mm_unpackhi_epi16(even, odd);
            *red = words(_mm_cvtsi128_si64(red_green));
            *green = words(_mm_cvtsi128_si64(_mm_unpackhi_epi64(red_green, red_green)));
            *blue = words(_mm_cvtsi128_si64(blue_rest));
        }
    }

    /// Red, green and blue of one pixel, 32 bits each.
    #[target_feature(enable = "ssse3")]
    fn pixel(source: &[u8], Tap { at, weights }: &Tap) -> __m128i {
        let start = at[0] * 3;
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&source[start..start + 8]);
        let spread = _mm_set_epi8(-1, -1, -1, -1, -1, 5, -1, 2, -1, 4, -1, 1, -1, 3, -1, 0);
        let neighbours = _mm_shuffle_epi8(_mm_cvtsi64_si128(i64::from_le_bytes(bytes)), spread);
        let weights = i32::from(weights[0]) | i32::from(weights[1]) << 16;
        _mm_srai_epi32::<4>(_mm_madd_epi16(neighbours, _mm_set1_epi32(weights)))
    }

    fn words(four: i64) -> [i16; 4] {
        std::array::from_fn(|n| (four >> (16 * n)) as i16)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::taps;
    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]

        /// Vectors and single steps give the same, at any size and wherever the picture ends.
        #[test]
        fn vectors_change_nothing(width in 1_u32..70, to in 1_u32..90, below in 0_usize..2, seed in any::<u32>()) {
            let stride = width as usize * 3;
            let noise = |n: usize| ((n as u32).wrapping_add(seed).wrapping_mul(2_654_435_761) >> 24) as u8;
            let pixels: Vec<u8> = (0..stride * (1 + below)).map(noise).collect();
            let columns = folded(taps(width, to, 0, to));
            let mut row = Row::new(columns.len());
            row.fill(&pixels, stride, 0, &columns);
            let mut single = Row::new(columns.len());
            let planes = single.planes.each_mut().map(Vec::as_mut_slice);
            one_by_one(pixels[..stride].as_chunks::<3>().0, &columns, planes);
            prop_assert_eq!(row.planes, single.planes);
        }
    }
}
