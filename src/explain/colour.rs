//! A colour scale whose lightness rises evenly, so that more looks like more, also in grey and to the colour-blind.

/// The colour of `share` from 0 (dark violet) to 1 (light yellow): in OKLab (Björn Ottosson 2020, public domain)
/// lightness rises in a straight line while the hue turns by way of red, as in matplotlib's plasma.
pub fn colour(share: f32) -> [u8; 3] {
    let share = share.clamp(0.0, 1.0);
    let lightness = 0.30 + 0.62 * share;
    let hue = (285.0 + 175.0 * share).to_radians();
    // Less at the ends, where sRGB holds less.
    let chroma = 0.10 + 0.08 * (std::f32::consts::PI * share).sin();
    srgb([lightness, chroma * hue.cos(), chroma * hue.sin()])
}

/// From OKLab to 8 bits of sRGB; what lies outside is cut.
fn srgb([l, a, b]: [f32; 3]) -> [u8; 3] {
    // The matrices of Ottosson's article "A perceptual color space for image processing".
    let cube = |value: f32| value * value * value;
    let long = cube(l + 0.396_337_78 * a + 0.215_803_76 * b);
    let medium = cube(l - 0.105_561_346 * a - 0.063_854_17 * b);
    let short = cube(l - 0.089_484_18 * a - 1.291_485_5 * b);
    let linear = [
        4.076_741_7 * long - 3.307_711_6 * medium + 0.230_969_94 * short,
        -1.268_438 * long + 2.609_757_4 * medium - 0.341_319_38 * short,
        -0.004_196_086_3 * long - 0.703_418_6 * medium + 1.707_614_7 * short,
    ];
    linear.map(|value| {
        // IEC 61966-2-1.
        let value = value.clamp(0.0, 1.0);
        let encoded =
            if value <= 0.003_130_8 { 12.92 * value } else { 1.055 * value.powf(1.0 / 2.4) - 0.055 };
        (encoded * 255.0).round() as u8
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_space_is_oklab() {
        // White, and sRGB red as the article's table of conversions gives it: (0.62796, 0.22486, 0.12585).
        assert_eq!(srgb([1.0, 0.0, 0.0]), [255, 255, 255]);
        assert_eq!(srgb([0.627_96, 0.224_86, 0.125_85]), [255, 0, 0]);
    }

    #[test]
    fn more_is_lighter() {
        // Relative luminance (WCAG 2.2).
        let luminance = |share: f32| {
            let linear = |value: u8| {
                let value = f64::from(value) / 255.0;
                if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
            };
            let [r, g, b] = colour(share).map(linear);
            0.2126 * r + 0.7152 * g + 0.0722 * b
        };
        let steps: Vec<f64> = (0..=20).map(|n| luminance(n as f32 / 20.0)).collect();
        assert!(steps.windows(2).all(|pair| pair[0] < pair[1]), "{steps:?}");
        assert!(steps[0] < 0.08 && steps[20] > 0.6, "{steps:?}");
    }
}
