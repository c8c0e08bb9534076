//! Pages drawn by hand: letters stand for lines, in the order in which people read them.

use super::*;

fn upright(x: f32, y: f32, width: f32) -> Quad {
    Quad([[x, y], [x + width, y], [x + width, y + 20.0], [x, y + 20.0]])
}

/// Two columns of five lines between a title and a foot line, in an order that is not theirs.
fn page() -> (Vec<Quad>, Vec<usize>) {
    let mut lines = vec![upright(100.0, 900.0, 800.0)];
    for row in 0..5 {
        let y = 200.0 + 25.0 * row as f32;
        lines.push(upright(560.0, y + 2.0, 380.0));
        lines.push(upright(60.0, y, 400.0 - 50.0 * row as f32));
    }
    lines.push(upright(200.0, 50.0, 600.0));
    (lines, vec![11, 2, 4, 6, 8, 10, 1, 3, 5, 7, 9, 0])
}

fn numbers(lines: &[Quad]) -> Vec<usize> {
    order(lines).into_iter().map(|(line, _)| line).collect()
}

#[test]
fn columns_are_read_one_after_the_other() {
    let (lines, expected) = page();
    assert_eq!(numbers(&lines), expected);
    let blocks: Vec<usize> = order(&lines).into_iter().map(|(_, block)| block).collect();
    assert_eq!(blocks, [0, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 3]);
}

#[test]
fn pages_that_are_turned_are_read_the_same_way() {
    let (lines, expected) = page();
    for degrees in [-4.0f32, 3.0, 44.8, 45.3, 90.0, 135.0, 180.0, 225.2, 270.0, 93.0] {
        let (sin, cos) = degrees.to_radians().sin_cos();
        let turned: Vec<Quad> =
            lines.iter().map(|quad| quad.map(|[x, y]| [x * cos - y * sin, x * sin + y * cos])).collect();
        assert_eq!(numbers(&turned), expected, "{degrees} degrees");
    }
}

#[test]
fn tables_are_read_by_rows() {
    let mut lines = Vec::new();
    for row in 0..6 {
        let y = 100.0 + 30.0 * row as f32;
        lines.push(upright(500.0, y + 3.0, 60.0));
        lines.push(upright(50.0, y, 110.0));
    }
    assert_eq!(numbers(&lines), [1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]);
}

#[test]
fn a_digit_that_was_taken_for_a_standing_one_stays_in_its_row() {
    let mut lines = Vec::new();
    for row in 0..4 {
        let y = 100.0 + 30.0 * row as f32;
        lines.push(upright(50.0, y, 110.0));
        let digit = upright(300.0, y, 14.0);
        lines.push(match row {
            1 => Quad([digit.0[1], digit.0[2], digit.0[3], digit.0[0]]),
            2 => Quad([digit.0[2], digit.0[3], digit.0[0], digit.0[1]]),
            3 => Quad([digit.0[3], digit.0[0], digit.0[1], digit.0[2]]),
            _ => digit,
        });
    }
    assert_eq!(numbers(&lines), (0..8).collect::<Vec<_>>());
    assert!(order(&lines).iter().all(|(_, block)| *block == 0));
}

#[test]
fn chinese_columns_run_from_right_to_left() {
    // Each begins at the top right of its box and runs down.
    let column = |x: f32| Quad([[x + 20.0, 0.0], [x + 20.0, 300.0], [x, 300.0], [x, 0.0]]);
    assert_eq!(numbers(&[column(0.0), column(60.0), column(30.0)]), [1, 2, 0]);
}

#[test]
fn a_column_may_be_longer_than_its_neighbour() {
    let mut lines: Vec<Quad> = (0..8).map(|row| upright(50.0, 100.0 + 25.0 * row as f32, 300.0)).collect();
    lines.extend((0..4).map(|row| upright(450.0, 110.0 + 25.0 * row as f32, 300.0)));
    assert_eq!(numbers(&lines), (0..12).collect::<Vec<_>>());
}

#[test]
fn nothing_and_odd_things_do_no_harm() {
    assert!(order(&[]).is_empty());
    let odd =
        [Quad([[5.0, 5.0]; 4]), Quad([[f32::NAN; 2]; 4]), upright(0.0, 0.0, 50.0), upright(0.0, 0.0, 50.0)];
    let mut found = numbers(&odd);
    found.sort_unstable();
    assert_eq!(found, [0, 1, 2, 3]);
}
