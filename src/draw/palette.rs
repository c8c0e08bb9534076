//! Colours of classes that people with colour-blindness can tell apart, and the text that shows on them.

/// Red, green, blue, 0 to 255, sRGB.
pub type Colour = [u8; 3];

pub const BLACK: Colour = [0, 0, 0];
pub const WHITE: Colour = [255, 255, 255];

/// The chromatic colours of Okabe and Ito, "Color Universal Design" (2008,
/// <https://jfly.uni-koeln.de/color/>), in the order of their hues, so that neighbours mix into
/// clean colours. Their black is left out: it says nothing on a dark photo.
const RING: [Colour; 7] = [
    [213, 94, 0],    // vermilion
    [230, 159, 0],   // orange
    [240, 228, 66],  // yellow
    [0, 158, 115],   // bluish green
    [86, 180, 233],  // sky blue
    [0, 114, 178],   // blue
    [204, 121, 167], // reddish purple
];

/// How the ring is varied, round after round: towards white (above 0) or black (below 0), by
/// this share. The steps keep seven hues times five shades apart.
const SHADES: [f32; 5] = [0.0, 0.45, -0.4, 0.22, -0.2];

/// The colour of class `class`: always the same, and neighbouring numbers far apart in hue.
/// Repeats after 70 classes.
pub fn class_colour(class: u32) -> Colour {
    let (round, position) = (class / 7, class % 7);
    // Three steps on a ring of seven reach every hue and never a neighbouring one; class 0 is
    // orange.
    let at = ((1 + 3 * position) % 7) as usize;
    let base = RING[at];
    // From the sixth round on, the hues half way to the next one.
    let hue = if (round / 5).is_multiple_of(2) { base } else { mix(base, RING[(at + 1) % 7], 0.5) };
    let shade = SHADES[(round % 5) as usize];
    mix(hue, if shade > 0.0 { WHITE } else { BLACK }, shade.abs())
}

/// `from` moved towards `to` by `share`, 0 to 1.
pub fn mix(from: Colour, to: Colour, share: f32) -> Colour {
    std::array::from_fn(|i| {
        let (a, b) = (f32::from(from[i]), f32::from(to[i]));
        (a + (b - a) * share).round() as u8
    })
}

/// Black or white, whichever has the higher contrast on `background`; at least 4.5 : 1, what
/// WCAG 2.2 asks of text at level AA (success criterion 1.4.3).
pub fn contrasting(background: Colour) -> Colour {
    let l = luminance(background);
    let (on_white, on_black) = (contrast(1.0, l), contrast(l, 0.0));
    if on_black >= on_white { BLACK } else { WHITE }
}

/// Relative luminance of WCAG 2.2, 0 (black) to 1 (white).
fn luminance(colour: Colour) -> f32 {
    let [r, g, b] = colour.map(|c| {
        let c = f32::from(c) / 255.0;
        if c <= 0.04045 { c / 12.92 } else { ((c + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// Contrast ratio of WCAG 2.2, 1 to 21, of two relative luminances, the lighter first.
fn contrast(lighter: f32, darker: f32) -> f32 {
    (lighter + 0.05) / (darker + 0.05)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_the_contrast_of_level_aa_on_every_colour() {
        for rgb in 0..4096u32 {
            let colour = [rgb & 15, (rgb >> 4) & 15, rgb >> 8].map(|c| (c * 17) as u8);
            let (a, b) = (luminance(colour), luminance(contrasting(colour)));
            assert!(contrast(a.max(b), a.min(b)) >= 4.5, "{colour:?}");
        }
    }

    #[test]
    fn text_on_known_colours() {
        // Luminances by WCAG's formula in Python: blue 0.1529, vermilion 0.2092, grey 119 0.1845.
        assert_eq!(contrasting([0, 114, 178]), WHITE);
        assert_eq!(contrasting([213, 94, 0]), BLACK);
        assert_eq!(contrasting([240, 228, 66]), BLACK);
        assert!((luminance([0, 114, 178]) - 0.1529).abs() < 1e-3);
        assert!((luminance([119, 119, 119]) - 0.1845).abs() < 1e-3);
    }

    #[test]
    fn seventy_classes_have_colours_of_their_own() {
        let colours: Vec<Colour> = (0..70).map(class_colour).collect();
        for (i, a) in colours.iter().enumerate() {
            for b in &colours[..i] {
                let distance: i32 = (0..3).map(|k| (i32::from(a[k]) - i32::from(b[k])).abs()).sum();
                assert!(distance >= 12, "{a:?} {b:?}");
            }
        }
        assert_eq!(class_colour(0), [230, 159, 0]);
        assert_eq!(class_colour(70), class_colour(0));
        class_colour(u32::MAX);
    }

    #[test]
    fn neighbouring_classes_differ_clearly() {
        for class in 0..69 {
            let (a, b) = (class_colour(class), class_colour(class + 1));
            let distance: i32 = (0..3).map(|k| (i32::from(a[k]) - i32::from(b[k])).abs()).sum();
            // Mixed hues, from class 35 on, are paler and closer.
            let least = if class < 34 { 100 } else { 60 };
            assert!(distance >= least, "{class}: {a:?} {b:?}");
        }
    }
}
