//! What an evaluation says on a terminal.

use super::coco::{Coco, CocoClass};
use super::text::Text;
use super::{Report, Side};
use crate::cmd::say::columns;

/// Most classes in the tables without `--per-class`.
const CLASSES: usize = 10;

/// Most confusions listed.
const MISTAKES: usize = 5;

impl Report {
    /// Tables for people; with `per_class` every class.
    pub fn text(&self, per_class: bool) -> String {
        let kinds = match (&self.classification, &self.text) {
            (Some(_), _) => ["labels", "answers"],
            (_, Some(_)) => ["lines", "lines"],
            _ => ["objects", "results"],
        };
        let [truth, results] = kinds;
        let mut text = columns(&[side("truth", &self.truth, truth), side("results", &self.results, results)]);
        self.notes.iter().for_each(|note| text += &format!("note: {note}\n"));
        if let Some(coco) = &self.coco {
            text += &coco_text(coco, per_class);
        }
        if self.voc.is_some() {
            text += &self.voc_text(per_class);
        }
        if self.classification.is_some() {
            text += &self.classification_text(per_class);
        }
        if let Some(found) = &self.text {
            text += &reading_text(found);
        }
        text + &self.calibration_text() + &self.confusion_text()
    }

    fn voc_text(&self, per_class: bool) -> String {
        let Some(voc) = &self.voc else { return String::new() };
        let mut rows =
            vec![row(["Pascal VOC, IoU 0.5", "objects", "found", "AP 2007 (11 points)", "AP 2010 (area)"])];
        let objects: usize = voc.classes.iter().map(|class| class.objects).sum();
        let found: usize = voc.classes.iter().map(|class| class.found).sum();
        rows.push(vec![
            "mean".into(),
            objects.to_string(),
            found.to_string(),
            number(voc.map_2007),
            number(voc.map_2010),
        ]);
        let mut classes: Vec<_> = voc.classes.iter().collect();
        classes.sort_by_key(|class| std::cmp::Reverse(class.objects));
        let shown = if per_class { classes.len() } else { 0 };
        rows.extend(classes.iter().take(shown).map(|class| {
            let (objects, found) = (class.objects.to_string(), class.found.to_string());
            vec![class.name.clone(), objects, found, number(class.ap_2007), number(class.ap_2010)]
        }));
        format!("\n{}", columns(&rows))
    }

    fn classification_text(&self, per_class: bool) -> String {
        let Some(found) = &self.classification else { return String::new() };
        let rows = [
            row(["top-1", "top-5", "precision (mean)", "recall (mean)", "F1 (mean)"]),
            [Some(found.top1), found.top5, found.macro_precision, found.macro_recall, found.macro_f1]
                .map(number)
                .to_vec(),
        ];
        let mut classes = vec![row(["class", "pictures", "answers", "right", "precision", "recall", "F1"])];
        let mut sorted: Vec<_> = found.classes.iter().collect();
        sorted.sort_by_key(|class| std::cmp::Reverse(class.pictures));
        let shown = if per_class { sorted.len() } else { CLASSES };
        classes.extend(sorted.iter().take(shown).map(|class| {
            let counts = [class.pictures, class.answers, class.right].map(|n| n.to_string());
            let shares = [class.precision, class.recall, Some(class.f1)].map(number);
            [class.name.clone()].into_iter().chain(counts).chain(shares).collect()
        }));
        format!("\n{}\n{}{}", columns(&rows), columns(&classes), rest(sorted.len(), shown))
    }

    fn calibration_text(&self) -> String {
        let Some(found) = &self.calibration else { return String::new() };
        let of = match (&self.classification, &self.text) {
            (Some(_), _) => "best answers",
            (_, Some(_)) => "lines, right without a mistake",
            _ => "results, right at IoU 0.5",
        };
        format!("\ncalibration: ECE {:.4}, largest gap {:.4} ({} {of})\n", found.ece, found.mce, found.count)
    }

    fn confusion_text(&self) -> String {
        let Some(confusion) = &self.confusion else { return String::new() };
        let mistakes = confusion.mistakes(MISTAKES);
        if mistakes.is_empty() {
            return String::new();
        }
        let at = confusion.conf.map(|conf| format!(" at score {conf} and more")).unwrap_or_default();
        let shown =
            mistakes.iter().map(|(truth, answer, count)| format!("{truth} taken for {answer} {count}"));
        format!("most confused{at}: {}\n", shown.collect::<Vec<_>>().join(", "))
    }
}

fn side(name: &str, side: &Side, kind: &str) -> Vec<String> {
    let Side { format, pictures, things, classes } = side;
    // Text has no classes.
    let classes = if kind == "lines" { String::new() } else { format!(", {classes} classes") };
    vec![name.to_owned(), format!("{format}:"), format!("{pictures} pictures, {things} {kind}{classes}")]
}

fn reading_text(found: &Text) -> String {
    let rows = [
        row(["CER", "WER", "characters", "words"]),
        vec![number(found.cer), number(found.wer), found.characters.to_string(), found.words.to_string()],
    ];
    let Some(lines) = &found.lines else { return format!("\n{}", columns(&rows)) };
    let shares = [lines.precision, lines.recall, Some(lines.f1), lines.cer, lines.right].map(number);
    let heading = row(["lines", "found", "results", "precision", "recall", "F1", "CER of found", "right"]);
    let counts = [lines.truth, lines.found, lines.results].map(|n| n.to_string());
    let values = counts.into_iter().chain(shares).collect();
    format!("\n{}\n{}", columns(&rows), columns(&[heading, values]))
}

fn coco_text(coco: &Coco, per_class: bool) -> String {
    let metric = |name: &str| number(coco.metrics.get(name));
    let small = coco.metrics.0.iter().any(|(name, _)| name == "APs");
    let sizes: &[&str] = if small { &["s", "m", "l"] } else { &["m", "l"] };
    let title = format!("COCO {}", coco.iou_type);
    let headings = sizes.iter().map(|size| match *size {
        "s" => "small",
        "m" => "medium",
        _ => "large",
    });
    let mut rows = vec![[title.as_str(), "all"].into_iter().chain(headings).map(str::to_owned).collect()];
    let limit = coco.max_dets.last().copied().unwrap_or_default();
    for (name, _) in coco.metrics.0.iter().filter(|(name, _)| !name.ends_with(|c: char| "sml".contains(c))) {
        // pycocotools gives sizes for AP over all IoU and for AR with all results.
        let sized = name == "AP" || name == "AR" || *name == format!("AR{limit}");
        let by_size = sizes.iter().map(|size| metric(&format!("{}{size}", &name[..2])));
        let by_size: Vec<String> = if sized { by_size.collect() } else { Vec::new() };
        let row = [explained(name, coco.iou_type == "keypoints"), metric(name)].into_iter().chain(by_size);
        rows.push(row.collect());
    }
    format!("\n{}\n{}", columns(&rows), class_text(coco, per_class))
}

/// The name, and what it stands for where that is not plain.
fn explained(name: &str, keypoints: bool) -> String {
    match name {
        "AP" => "AP    IoU 0.50:0.95".to_owned(),
        "AP50" | "AP75" | "AR50" | "AR75" => format!("{name}  IoU 0.{}", &name[2..]),
        "AR" => "AR    IoU 0.50:0.95".to_owned(),
        _ if keypoints => name.to_owned(),
        _ => format!("{name:5} {} results a picture", &name[2..]),
    }
}

fn class_text(coco: &Coco, per_class: bool) -> String {
    let mut classes: Vec<&CocoClass> = coco.classes.iter().filter(|c| c.objects > 0 || c.found > 0).collect();
    classes.sort_by_key(|class| std::cmp::Reverse(class.objects));
    let shown = if per_class { classes.len() } else { CLASSES };
    let names: Vec<&str> = coco.metrics.0.iter().map(|(name, _)| name.as_str()).collect();
    let last = coco.max_dets.last().map(|limit| format!("AR{limit}")).unwrap_or_default();
    let wanted: Vec<&str> = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR", last.as_str()]
        .into_iter()
        .filter(|name| names.contains(name))
        .collect();
    let heading = ["class", "objects", "results"].into_iter().chain(wanted.iter().copied());
    let mut rows = vec![heading.map(str::to_owned).collect::<Vec<_>>()];
    rows.extend(classes.iter().take(shown).map(|class| {
        let numbers = wanted.iter().map(|name| number(class.metrics.get(name)));
        [class.name.clone(), class.objects.to_string(), class.found.to_string()]
            .into_iter()
            .chain(numbers)
            .collect()
    }));
    columns(&rows) + &rest(classes.len(), shown)
}

fn rest(all: usize, shown: usize) -> String {
    match all.saturating_sub(shown) {
        0 => String::new(),
        more => format!("and {more} classes more (--per-class)\n"),
    }
}

fn row<const N: usize>(cells: [&str; N]) -> Vec<String> {
    cells.map(str::to_owned).to_vec()
}

/// Four decimals; a dash for what is not defined.
pub(super) fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}
