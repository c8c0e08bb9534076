//! Downloads over HTTPS from a server of the test's own, whose certificate curl is told to trust.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::{Ran, Scratch, python};
use crate::tools::{User, entry, model, pin};

/// Ended with the test.
struct Server {
    child: Child,
    port: u16,
    certificate: PathBuf,
    _scratch: Scratch,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `None` without Python, curl or openssl, unless in CI.
fn server() -> Option<Server> {
    let python = python()?;
    for tool in ["curl", "openssl"] {
        if Command::new(tool).arg("--version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "{tool} is missing in CI");
            eprintln!("skipped: no {tool}");
            return None;
        }
    }
    let scratch = Scratch::new();
    let (certificate, key) = (scratch.path("certificate.pem"), scratch.path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"])
        .args(["-addext", "subjectAltName=DNS:localhost"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output()
        .expect("openssl starts");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let file = scratch.file("means.onnx", &model("means.onnx"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/https_server.py");
    let mut child = Command::new(python)
        .arg(script)
        .args([&certificate, &key, &file])
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a port");
    let port = line.trim().parse().expect("a port");
    Some(Server { child, port, certificate, _scratch: scratch })
}

impl Server {
    /// A user who knows the model `small` from this path, which should be `means.onnx`.
    fn user(&self, path: &str) -> User {
        let url = format!("https://localhost:{}/{path}", self.port);
        let source = format!("from = \"https\"\nurl = {url:?}\nfile = {}", pin(&model("means.onnx")));
        User::with(&[entry("small", &source)])
    }

    /// `vision models pull small`, not started.
    fn command(&self, user: &User) -> Command {
        let mut command = user.command(["models", "pull", "small"]);
        command.env("CURL_CA_BUNDLE", &self.certificate).env("no_proxy", "localhost");
        command
    }

    fn pull(&self, path: &str) -> (User, Ran) {
        let user = self.user(path);
        let ran = Ran::of(&mut self.command(&user));
        (user, ran)
    }

    #[track_caller]
    fn refuses(&self, path: &str, code: i32, why: &str) {
        let (user, ran) = self.pull(path);
        let ran = ran.expect(code).says(why).says("localhost");
        assert_eq!(ran.err.lines().count(), 1, "one line: {}", ran.err);
        assert_eq!(user.kept(), [""; 0], "{path} left something behind");
    }
}

#[test]
fn a_file_is_pulled_from_where_it_moved_to_as_well() {
    let Some(server) = server() else { return };
    for path in ["good", "moved"] {
        let (user, ran) = server.pull(path);
        ran.expect(0).says("https://localhost").says("CC0-1.0").says("small is there");
        assert_eq!(user.kept(), ["small.onnx", "small.toml"]);
        assert_eq!(std::fs::read(user.folder().join("small.onnx")).expect("there"), model("means.onnx"));
    }
}

#[test]
fn what_is_cut_off_other_too_large_or_elsewhere_is_refused() {
    let Some(server) = server() else { return };
    server.refuses("cut", 4, "could not be downloaded");
    server.refuses("missing", 4, "404");
    server.refuses("other", 1, "SHA-256");
    server.refuses("larger", 1, "more than the");
    server.refuses("endless", 1, "more than the");
    server.refuses("to-http", 4, "could not be downloaded");
    server.refuses("to-file", 4, "could not be downloaded");
}

#[test]
fn a_server_that_nobody_vouches_for_is_refused() {
    let Some(mut server) = server() else { return };
    // Another's certificate: curl knows no reason to trust the server's.
    let other = self::server().expect("as before");
    server.certificate = other.certificate.clone();
    server.refuses("good", 4, "could not be downloaded");
}

#[test]
fn what_a_killed_download_left_is_no_model_and_goes_with_the_next() {
    let Some(server) = server() else { return };
    let user = server.user("slow");
    let mut child = server.command(&user).stdout(Stdio::null()).spawn().expect("starts");
    let begun = std::time::Instant::now();
    while !user.kept().iter().any(|name| name.ends_with("small.onnx")) {
        assert!(begun.elapsed() < std::time::Duration::from_secs(30), "nothing begun");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().expect("killed");
    child.wait().expect("ended");
    assert!(user.kept().iter().all(|name| name.starts_with(".incoming-")), "{:?}", user.kept());
    assert!(!user.models(["list"]).expect(0).out.contains("small.onnx"));
    let catalogue = std::fs::read_to_string(user.0.path("catalogue.toml")).expect("written");
    user.0.file("catalogue.toml", catalogue.replace("/slow", "/good").as_bytes());
    Ran::of(&mut server.command(&user)).expect(0);
    assert_eq!(user.kept(), ["small.onnx", "small.toml"]);
}

#[test]
fn without_a_connection_it_says_so() {
    let source = format!("from = \"https\"\nurl = \"https://localhost:1/m.onnx\"\nfile = {}", pin(b"x"));
    let user = User::with(&[entry("small", &source)]);
    user.refused("small", 4, "localhost:1/m.onnx");
    let mut command = user.command(["models", "pull", "small"]);
    Ran::of(command.env("PATH", "/nonexistent")).expect(4).says("apt install curl");
    // The built-in ones are no different.
    let mut command = user.command(["models", "pull", "yolox-nano"]);
    command.env("https_proxy", "http://127.0.0.1:1").env("HTTPS_PROXY", "http://127.0.0.1:1");
    Ran::of(&mut command).expect(4).says("yolox_nano.onnx").says("vision models add");
    assert_eq!(user.kept(), [""; 0]);
}
