//! `results.parquet`: a row a thing found, a line or a class, in columns for pandas, DuckDB, Polars and the like.

use std::path::PathBuf;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, Int32Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::parser::parse_message_type;

use super::{Sink, SinkContext, flattened};
use crate::atomic::AtomicFile;
use crate::error::{Error, Kind, Result};
use crate::frame::Part;
use crate::geometry::Rect;
use crate::record::{InputRecord, Record};

const NAME: &str = "results.parquet";

/// Rows held in memory, and then written as a row group.
const ROWS: usize = 50_000;

/// `item` is the input's id and the part's suffix; `class` and `score` as in results.jsonl; classes of a whole picture have
/// no box, only lines have a text.
const SCHEMA: &str = "message results {
    required binary item (utf8);
    required binary root (utf8);
    required binary path (utf8);
    required int32 width (integer(32, false));
    required int32 height (integer(32, false));
    required int32 class (integer(32, false));
    required binary label (utf8);
    required double score;
    optional double x1;
    optional double y1;
    optional double x2;
    optional double y2;
    optional binary text (utf8);
}";

struct Parquet {
    writer: SerializedFileWriter<AtomicFile>,
    rows: Rows,
}

#[derive(Default)]
struct Rows {
    texts: [Vec<ByteArray>; 4],
    whole: [Vec<i32>; 3],
    score: Vec<f64>,
    corners: [Vec<Option<f64>>; 4],
    text: Vec<Option<ByteArray>>,
}

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    let out = AtomicFile::create(context.temporary, &context.folder.join(NAME))?;
    let schema = Arc::new(parse_message_type(SCHEMA).map_err(failed)?);
    let properties = WriterProperties::builder()
        .set_created_by(context.generator.clone())
        .set_compression(Compression::UNCOMPRESSED)
        .build();
    let writer = SerializedFileWriter::new(out, schema, Arc::new(properties)).map_err(failed)?;
    Ok(Box::new(Parquet { writer, rows: Rows::default() }))
}

/// What a row says beside its item.
struct Row<'a> {
    class: u32,
    label: &'a str,
    score: f32,
    rect: Option<&'a Rect>,
    text: Option<&'a str>,
}

impl Sink for Parquet {
    /// Children stand in rows after their parent's.
    fn item(&mut self, record: &Record) -> Result<()> {
        let Some(prediction) = &record.prediction else { return Ok(()) };
        for class in prediction.classes() {
            let (number, label, score) = (class.class, class.label.as_str(), class.score);
            self.rows.push(record, &Row { class: number, label, score, rect: None, text: None });
        }
        for line in prediction.lines() {
            let (rect, text) = (Some(&line.rect), Some(line.text.as_str()));
            self.rows.push(record, &Row { class: 0, label: "text", score: line.score, rect, text });
        }
        for thing in flattened(prediction.instances()) {
            let (class, label, rect) = (thing.class, thing.label.as_str(), Some(&thing.rect));
            self.rows.push(record, &Row { class, label, score: thing.score, rect, text: None });
        }
        if self.rows.score.len() >= ROWS { self.flush() } else { Ok(()) }
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<PathBuf>> {
        if !self.rows.score.is_empty() {
            self.flush()?;
        }
        self.writer.into_inner().map_err(failed)?.commit()?;
        Ok(vec![NAME.into()])
    }
}

impl Parquet {
    fn flush(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.rows);
        rows.write(self.writer.next_row_group().map_err(failed)?).map_err(failed)
    }
}

impl Rows {
    fn push(&mut self, record: &Record, row: &Row) {
        let input = &record.item.input;
        let item = format!("{}{}", input.id, Part::suffix(record.item.part.as_ref()));
        let texts = [item.as_str(), &input.root, &input.path, row.label];
        for (column, text) in self.texts.iter_mut().zip(texts) {
            column.push(text.as_bytes().to_vec().into());
        }
        // Unsigned in the schema: the bits are the same.
        let whole = [record.size[0], record.size[1], row.class].map(u32::cast_signed);
        self.whole.iter_mut().zip(whole).for_each(|(column, value)| column.push(value));
        self.score.push(exact(row.score));
        let corners = row.rect.map(|r| [r.x1, r.y1, r.x2, r.y2].map(exact));
        for (at, column) in self.corners.iter_mut().enumerate() {
            column.push(corners.map(|corners| corners[at]));
        }
        self.text.push(row.text.map(|text| text.as_bytes().to_vec().into()));
    }

    fn write(self, mut group: SerializedRowGroupWriter<'_, AtomicFile>) -> Result<(), ParquetError> {
        let [item, root, path, label] = &self.texts;
        let [width, height, class] = &self.whole;
        for column in [item, root, path] {
            required::<ByteArrayType>(&mut group, column)?;
        }
        for column in [width, height, class] {
            required::<Int32Type>(&mut group, column)?;
        }
        required::<ByteArrayType>(&mut group, label)?;
        required::<DoubleType>(&mut group, &self.score)?;
        for column in &self.corners {
            optional::<DoubleType>(&mut group, column)?;
        }
        optional::<ByteArrayType>(&mut group, &self.text)?;
        group.close().map(drop)
    }
}

fn required<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, AtomicFile>,
    values: &[T::T],
) -> Result<(), ParquetError> {
    put::<T>(group, values, None)
}

/// A definition level of 1 where there is a value, 0 where there is none.
fn optional<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, AtomicFile>,
    values: &[Option<T::T>],
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = values.iter().map(|value| i16::from(value.is_some())).collect();
    let values: Vec<T::T> = values.iter().flatten().cloned().collect();
    put::<T>(group, &values, Some(&levels))
}

fn put<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, AtomicFile>,
    values: &[T::T],
    levels: Option<&[i16]>,
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("more columns than in the schema".to_owned());
    let mut column = group.next_column()?.ok_or_else(missing)?;
    column.typed::<T>().write_batch(values, levels, None)?;
    column.close()
}

/// A number as results.jsonl has it, not the nearest double of its float.
fn exact(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

fn failed(error: ParquetError) -> Error {
    match error {
        ParquetError::External(cause) => match cause.downcast::<std::io::Error>() {
            Ok(io) => Error::write(NAME, *io),
            Err(other) => internal(&other.to_string()),
        },
        other => internal(&other.to_string()),
    }
}

fn internal(why: &str) -> Error {
    Error::new(Kind::Internal, format!("{NAME}: cannot be written: {why}"))
}
