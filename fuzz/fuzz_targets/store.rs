//! The store: arbitrary files, arbitrary values under sound checksums, torn ends.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use serde::ser::{Serialize, SerializeTuple, Serializer};
use vision::observation::Observed;
use vision::pipeline::manifest::Manifest;
use vision::policy::{DetectPolicy, Policy};
use vision::run::store::Store;
use vision::spec::{LabelSet, Labels};

static FILE: LazyLock<PathBuf> = LazyLock::new(|| vision_fuzz_file("store"));

include!("../file.rs");

/// Bytes as the whole payload of an entry.
struct Raw<'a>(&'a [u8]);

impl Serialize for Raw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(self.0.len())?;
        self.0.iter().try_for_each(|byte| tuple.serialize_element(byte))?;
        tuple.end()
    }
}

#[derive(Debug, Arbitrary)]
struct Case<'a> {
    /// Replaces the file at first.
    file: Option<&'a [u8]>,
    payloads: Vec<(u8, &'a [u8])>,
    cut: u16,
}

fn policy() -> DetectPolicy {
    DetectPolicy {
        labels: LabelSet::new(&Labels::BuiltIn("coco-80".into())).expect("built in"),
        conf: 0.25,
        conf_by_class: Default::default(),
        iou: 0.5,
        only: None,
        except: Default::default(),
        max_det: 100,
    }
}

fuzz_target!(|case: Case| {
    std::fs::write(&*FILE, case.file.unwrap_or_default()).expect("written");
    let store = Store::open(&FILE).expect("any content can be opened");
    for (key, payload) in case.payloads.iter().take(8) {
        let key = [*key; 32];
        let is_new = !store.contains(&key);
        store.put(&key, &Raw(payload)).expect("stored");
        assert!(store.contains(&key));
        let number = store.get::<u8>(&key);
        assert!(!is_new || payload.first().copied() == number);
        if let Some(observed) = store.get::<Observed>(&key) {
            let found = policy().decide(&observed);
            assert!(found.instances().len() <= 100);
        }
        let _ = store.get::<Manifest>(&key).map(|manifest| manifest.is_lasting());
    }
    let entries = store.len();
    drop(store);
    assert_eq!(Store::open(&FILE).expect("opened again").len(), entries);
    let whole = std::fs::read(&*FILE).expect("readable");
    let cut = usize::from(case.cut).min(whole.len());
    std::fs::write(&*FILE, &whole[..whole.len() - cut]).expect("written");
    let store = Store::open(&FILE).expect("opened torn");
    assert!(store.len() <= entries);
    store.put(&[0xee; 32], &7u8).expect("stored");
    drop(store);
    assert!(Store::open(&FILE).expect("opened repaired").contains(&[0xee; 32]));
});
