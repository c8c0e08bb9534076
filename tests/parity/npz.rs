//! NumPy's `.npz`: a zip archive of `.npy` arrays (numpy/lib/format.py).

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;

use half::f16;
use ndarray::{ArrayD, IxDyn};
use vision::engine::Tensor;

/// Arrays by name.
pub fn read(path: &Path) -> BTreeMap<String, Tensor> {
    let file = std::fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut archive = zip::ZipArchive::new(file).expect("an npz file");
    let mut arrays = BTreeMap::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).expect("an entry");
        let name = entry.name().expect("a name").strip_suffix(".npy").expect("an npy file").to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).expect("whole");
        arrays.insert(name, array(&bytes));
    }
    arrays
}

/// Version 1.0: magic, two version bytes, u16 length, a Python dictionary, little-endian values.
fn array(bytes: &[u8]) -> Tensor {
    assert_eq!(&bytes[..8], b"\x93NUMPY\x01\x00");
    let start = 10 + usize::from(u16::from_le_bytes([bytes[8], bytes[9]]));
    let header = std::str::from_utf8(&bytes[10..start]).expect("text");
    assert!(header.contains("'fortran_order': False"), "{header}");
    let between = |from: &str, to: &str| {
        let rest = header.split_once(from).expect("the key").1;
        rest.split_once(to).expect("its end").0.to_owned()
    };
    let axes = between("'shape': (", ")");
    let shape: Vec<usize> = axes
        .split(',')
        .map(str::trim)
        .filter(|s| !s.is_empty())
        .map(|s| s.parse().expect("a size"))
        .collect();
    fn values<T, const N: usize>(bytes: &[u8], shape: &[usize], read: fn([u8; N]) -> T) -> ArrayD<T> {
        let values = bytes.chunks_exact(N).map(|chunk| read(chunk.try_into().expect("N bytes"))).collect();
        ArrayD::from_shape_vec(IxDyn(shape), values).expect("as many values as the shape says")
    }
    let data = &bytes[start..];
    match between("'descr': '", "'").as_str() {
        "<f4" => Tensor::F32(values(data, &shape, f32::from_le_bytes)),
        "<f2" => Tensor::F16(values(data, &shape, f16::from_le_bytes)),
        "<i8" => Tensor::I64(values(data, &shape, i64::from_le_bytes)),
        "<i4" => Tensor::I32(values(data, &shape, i32::from_le_bytes)),
        "|u1" => Tensor::U8(values(data, &shape, |[byte]| byte)),
        other => panic!("numbers of type {other}"),
    }
}
