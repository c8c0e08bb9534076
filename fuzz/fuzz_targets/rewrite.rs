//! An ONNX file whose picture input is given another shape.
#![no_main]

use libfuzzer_sys::fuzz_target;
use vision::onnx::{self, Dim, rewrite};

fuzz_target!(|bytes: &[u8]| {
    let Ok(before) = onnx::read(bytes) else { return };
    for input in &before.inputs {
        let Some(shape) = &input.shape else { continue };
        // Left open but for the second axis, as descriptions ask for it.
        let axis = |(index, dim): (usize, &Dim)| if index == 1 { dim.clone() } else { Dim::Unknown };
        let shape: Vec<Dim> = shape.iter().enumerate().map(axis).collect();
        let Ok(changed) = rewrite::with_input_shape(bytes, &input.name, &shape) else { continue };
        assert!(changed.len() <= bytes.len());
        let after = onnx::read(&changed).expect("what was written is read");
        assert_eq!(after.inputs.len(), before.inputs.len());
        assert!(after.inputs.iter().any(|i| i.name == input.name && i.shape.as_ref() == Some(&shape)));
        assert_eq!(after.node_count, before.node_count);
        assert_eq!(after.initializer_bytes, before.initializer_bytes);
        assert_eq!(after.external_data, before.external_data);
        assert_eq!((after.domains, after.metadata), (before.domains.clone(), before.metadata.clone()));
        let again = rewrite::with_input_shape(&changed, &input.name, &shape).expect("again");
        assert_eq!(again, changed);
    }
});
