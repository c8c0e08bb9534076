//! Formats opened by the readers that they are for.

use super::*;

/// What a script of tests/python prints about a file.
fn said(script: &str, file: &Path) -> Option<String> {
    let Some(python) = std::env::var_os("VISION_PYTHON") else {
        println!("skipped: no Python");
        return None;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python").join(script);
    let output = std::process::Command::new(python).arg(script).arg(file).output().expect("Python starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    Some(said)
}

#[test]
fn voc_is_read_by_code_that_expects_whole_pixels_counted_from_one() {
    let run = coco_80();
    assert_eq!(run.write("voc", &inputs()), [Path::new("voc")]);
    let Some(said) = said("voc_load.py", &run.path("voc")) else { return };
    // The car's edges at 20, 10.5, 120.25 and 90: its first pixels are the 21st and, rounded, the 12th.
    let wanted = "photos/a/=empty.xml | photos/a | =empty.png | [200, 100, 3]\n\
        photos/a/street.xml | photos/a | street.jpg | [200, 100, 3] | dog [1, 51, 50, 100] | car [21, 12, 120, 90] | plate [51, 61, 70, 66]\n\
        photos/scan.p0001.xml | photos | scan.tif | [200, 100, 3] | person [1, 1, 100, 100]\n\
        photos/scan.p0002.xml | photos | scan.tif | [200, 100, 3] | person [1, 1, 100, 100]\n";
    assert_eq!(said, wanted);
    assert!(run.text("voc/photos/a/street.xml").contains("<score>0.75</score>"));
}

#[cfg(feature = "parquet")]
#[test]
fn parquet_is_read_by_pyarrow_and_pandas() {
    let run = coco_80();
    assert_eq!(run.write("parquet", &inputs()), [Path::new("results.parquet")]);
    let Some(said) = said("parquet_load.py", &run.path("results.parquet")) else { return };
    let id = |path: &str| format!("{:016x}", path.len());
    let (street, scan) = (id("a/street.jpg"), id("scan.tif"));
    let wanted = format!(
        "item:string root:string path:string width:uint32 height:uint32 class:uint32 label:string score:double x1:double y1:double x2:double y2:double text:string\n\
        {street} | photos | a/street.jpg | 200 | 100 | 16 | dog | 0.9 | 0.0 | 50.0 | 50.0 | 100.0 | None\n\
        {street} | photos | a/street.jpg | 200 | 100 | 2 | car | 0.75 | 20.0 | 10.5 | 120.25 | 90.0 | None\n\
        {street} | photos | a/street.jpg | 200 | 100 | 0 | plate | 0.5 | 50.0 | 60.0 | 70.0 | 66.0 | None\n\
        {scan}.p0001 | photos | scan.tif | 200 | 100 | 0 | person | 0.25 | -10.0 | 0.0 | 100.0 | 100.0 | None\n\
        {scan}.p0002 | photos | scan.tif | 200 | 100 | 0 | person | 0.25 | -10.0 | 0.0 | 100.0 | 100.0 | None\n\
        groups 1 sum 2.65\n"
    );
    assert_eq!(said, wanted);
    // More rows than are held in memory.
    let run = coco_80();
    let many = (0..120).map(|_| {
        let things =
            (0..1000).map(|n| found(0, "person", 0.5, [n as f32, 0.0, n as f32 + 1.0, 1.0])).collect();
        (vec![record("a.jpg", None, things)], closing("a.jpg", 1, None))
    });
    run.write("parquet", &many.collect::<Vec<_>>());
    let said = self::said("parquet_load.py", &run.path("results.parquet")).expect("Python");
    assert!(said.ends_with("groups 3 sum 60000.0\n"), "{}", &said[said.len() - 40..]);
}
