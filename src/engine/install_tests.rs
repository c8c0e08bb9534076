//! Installation of hand-made wheels: good ones arrive whole, bad ones leave nothing behind.

use std::io::Write;
use std::time::Duration;

use zip::write::SimpleFileOptions;

use super::*;
use crate::digest::hex;

const GOOD: [(&str, &[u8]); 6] = [
    ("onnxruntime/__init__.py", b"print('never unpacked')"),
    ("onnxruntime/LICENSE", b"MIT"),
    ("onnxruntime/ThirdPartyNotices.txt", b"others"),
    ("onnxruntime/capi/libonnxruntime.so.9.9.9", b"the library"),
    ("onnxruntime/capi/libonnxruntime_providers_shared.so", b"a provider"),
    ("onnxruntime/capi/onnxruntime_pybind11_state.so", b"Python's own"),
];

fn wheel(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("begun");
        zip.write_all(content).expect("written");
    }
    zip.finish().expect("finished").into_inner()
}

/// A package that pins exactly `wheel`.
fn pinned(wheel: &[u8]) -> Package {
    Package { wheel: pinned_wheel(wheel), unpacked_limit: 1000, folder: "9.9.9".to_owned() }
}

fn pinned_wheel(wheel: &[u8]) -> Wheel {
    let digest = format!("sha256:{}", hex(&crate::digest::sha256(wheel)));
    Wheel {
        name: "hand-made".to_owned(),
        version: "9.9.9".to_owned(),
        pin: Pin { digest, bytes: wheel.len() as u64 },
        platforms: &[],
    }
}

fn brings(wheel: &[u8]) -> impl FnOnce(&Package, &Path) -> Result<PathBuf> {
    move |_, folder| {
        let path = folder.join("x.whl");
        std::fs::write(&path, wheel).map_err(|e| Error::write(path.display(), e))?;
        Ok(path)
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .expect("readable")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}

/// Installs `wheel` as `package`, expects a refusal and an empty folder.
fn refusal(package: &Package, wheel: &[u8]) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let runtimes = folder.path().join("data/runtime");
    let error = install(package, &runtimes, brings(wheel)).expect_err("accepted");
    assert_eq!((error.kind, error.exit_code()), (Kind::Runtime, 4));
    assert_eq!(names(&runtimes), [".lock"], "left behind");
    assert_eq!(names(folder.path()), ["data"], "written outside");
    assert_eq!(names(&folder.path().join("data")), ["runtime"], "written outside");
    error.chain()
}

#[test]
fn a_good_wheel_arrives_whole_and_only_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtimes = folder.path().join("runtime");
    let wheel = wheel(&GOOD);
    let package = pinned(&wheel);
    let target = runtimes.join("9.9.9");
    assert_eq!(installed(&package, &runtimes), None);
    let first = install(&package, &runtimes, brings(&wheel)).expect("installed");
    assert_eq!(first, Installed::New(target.clone()));
    let all =
        ["LICENSE", "ThirdPartyNotices.txt", "libonnxruntime.so.9.9.9", "libonnxruntime_providers_shared.so"];
    assert_eq!(names(&target), all);
    assert_eq!(std::fs::read(target.join(all[2])).expect("readable"), b"the library");
    assert_eq!(names(&runtimes), [".lock", "9.9.9"]);
    let again = install(&package, &runtimes, |_, _| panic!("downloaded again")).expect("there");
    assert_eq!(again, Installed::Already(target));
}

#[test]
fn a_wheel_other_than_the_pinned_one_is_refused() {
    let good = wheel(&GOOD);
    let package = pinned(&good);
    let cut = &good[..good.len() - 1];
    assert!(refusal(&package, cut).contains("bytes"), "cut off");
    assert!(refusal(&package, &[&good[..], b"more"].concat()).contains("bytes"), "too large");
    let mut changed = good.clone();
    changed[60] ^= 1;
    assert!(refusal(&package, &changed).contains("SHA-256"));
    assert!(refusal(&package, b"").contains("0 bytes"));
}

#[test]
fn a_pinned_wheel_that_is_not_as_it_should_be_is_refused() {
    let large = vec![0; 1001];
    let bomb = wheel(&[GOOD[3], ("onnxruntime/capi/libonnxruntime_providers_cuda.so", &large)]);
    assert!(bomb.len() < 1000, "the archive itself is small");
    assert!(refusal(&pinned(&bomb), &bomb).contains("more than is allowed"));
    // The limit holds for all entries together.
    let half = vec![0; 600];
    let halves = wheel(&[("onnxruntime/LICENSE", &half), ("onnxruntime/capi/libonnxruntime.so.1", &half)]);
    assert!(refusal(&pinned(&halves), &halves).contains("more than is allowed"));
    for name in ["../x", "onnxruntime/capi/../../../x", "/etc/x", "..\\x"] {
        let escape = wheel(&[GOOD[3], (name, b"x")]);
        assert!(refusal(&pinned(&escape), &escape).contains("leads out"), "{name}");
    }
    let without = wheel(&GOOD[..3]);
    assert!(refusal(&pinned(&without), &without).contains("no libonnxruntime"));
    assert!(refusal(&pinned(b"not a zip file"), b"not a zip file").contains("damaged"));
}

#[test]
fn links_in_a_wheel_are_refused() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.add_symlink("onnxruntime/capi/libonnxruntime.so", "/etc/passwd", SimpleFileOptions::default())
        .expect("added");
    let link = zip.finish().expect("finished").into_inner();
    assert!(refusal(&pinned(&link), &link).contains("not a regular file"));
}

#[test]
fn a_failed_download_leaves_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let error = install(&pinned(b""), folder.path(), |_, into| {
        std::fs::write(into.join("half.whl"), b"half").expect("written");
        Err(Error::new(Kind::Offline, "no network"))
    });
    assert_eq!(error.expect_err("installed").kind, Kind::Offline);
    assert_eq!(names(folder.path()), [".lock"]);
}

#[test]
fn leftovers_of_a_killed_installation_go_and_a_broken_folder_is_replaced() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir_all(folder.path().join(".incoming-dead/unpacked")).expect("made");
    std::fs::create_dir_all(folder.path().join("9.9.9")).expect("made");
    std::fs::write(folder.path().join("9.9.9/README"), b"no library").expect("written");
    let wheel = wheel(&GOOD);
    install(&pinned(&wheel), folder.path(), brings(&wheel)).expect("installed");
    assert_eq!(names(folder.path()), [".lock", "9.9.9"]);
    assert!(!names(&folder.path().join("9.9.9")).contains(&"README".to_owned()));
}

#[test]
fn installations_at_once_download_once_and_all_succeed() {
    let folder = tempfile::tempdir().expect("a folder");
    let wheel = wheel(&GOOD);
    let package = pinned(&wheel);
    let downloads = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let slow = |package: &Package, into: &Path| {
                    downloads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                    std::thread::sleep(Duration::from_millis(200));
                    brings(&wheel)(package, into)
                };
                install(&package, folder.path(), slow).expect("installed")
            });
        }
    });
    assert_eq!(downloads.into_inner(), 1);
    assert_eq!(names(folder.path()), [".lock", "9.9.9"]);
}

#[test]
fn a_data_folder_that_cannot_be_made_names_the_way_out() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let error = install(&pinned(b""), &file.path().join("runtime"), brings(b"")).expect_err("made");
    assert_eq!(error.exit_code(), 4);
    assert!(error.message.contains("XDG_DATA_HOME"), "{}", error.message);
}
