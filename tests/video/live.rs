//! Streams: an RTSP server on loopback that goes away and comes back, Motion JPEG over HTTP, what is dropped and what is kept
//! secret.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::common::{Ran, Scratch, records, sample, vision};
use crate::make::ffmpeg;
use crate::tools::{closing, items, means};

/// Debian's own Python, which has GStreamer's bindings.
const PYTHON: &str = "/usr/bin/python3";

/// A port that nobody listens at.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Pictures `pics/000.jpg` and on: a window that moves over the astronaut, who is a person.
fn pictures(s: &Scratch, count: u32) {
    std::fs::create_dir_all(s.path("pics")).expect("a folder");
    std::fs::copy(sample("astronaut.jpg"), s.path("in.jpg")).expect("the sample");
    ffmpeg(
        s,
        &format!(
            "-loop 1 -framerate 10 -i in.jpg -vf crop=320:320:x=n*8:y=40,scale=320:240 -frames:v {count} -pix_fmt yuvj420p \
             -huffman default -start_number 0 pics/%03d.jpg"
        ),
    );
}

/// The RTSP server of tests/python. `None` where GStreamer is missing, unless in CI.
struct Server(Child);

impl Server {
    fn start(s: &Scratch, port: u16) -> Option<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/rtsp_server.py");
        let mut command = Command::new(PYTHON);
        command.arg(script).arg(port.to_string()).arg(s.path("pics"));
        let started = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut line = String::new();
        if let Ok(mut child) = started {
            let out = child.stdout.take().expect("a pipe");
            BufReader::new(out).read_line(&mut line).expect("a line");
            let server = Self(child);
            if line.trim() == "ready" {
                return Some(server);
            }
        }
        assert!(
            std::env::var_os("CI").is_none(),
            "no RTSP server (scripts/setup.sh gir1.2-gst-rtsp-server-1.0 …)"
        );
        eprintln!("skipped: no GStreamer RTSP server");
        None
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// `vision detect` in the background; what it says goes to a file.
fn begin(s: &Scratch, arguments: &[&str]) -> Child {
    let said = std::fs::File::create(s.path("said")).expect("a file");
    let mut command = vision();
    command.current_dir(s.path("")).args(["detect", "--out", "run"]).args(arguments);
    command.stdout(Stdio::piped()).stderr(said).spawn().expect("starts")
}

#[track_caller]
fn wait(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(90), "{what} does not happen");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn text(s: &Scratch, name: &str) -> String {
    std::fs::read_to_string(s.path(name)).unwrap_or_default()
}

fn lines(s: &Scratch, name: &str) -> usize {
    text(s, name).lines().count()
}

/// A request to the live view; the first `most` bytes of the answer.
fn get(port: u16, path: &str, host: &str, most: usize) -> String {
    let mut browser = TcpStream::connect(("127.0.0.1", port)).expect("listens");
    write!(browser, "GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").expect("asked");
    let mut answer = vec![0; most];
    let mut read = 0;
    while read < most {
        match browser.read(&mut answer[read..]) {
            Ok(0) | Err(_) => break,
            Ok(more) => read += more,
        }
    }
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

fn files_below(folder: &Path, found: &mut Vec<Vec<u8>>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        match entry.path() {
            path if path.is_dir() => files_below(&path, found),
            path => found.push(std::fs::read(path).expect("a file")),
        }
    }
}

#[test]
fn a_camera_that_goes_away_comes_back_and_its_password_stays_secret() {
    let s = Scratch::new();
    pictures(&s, 20);
    let (port_rtsp, port_view) = (port(), port());
    let Some(server) = Server::start(&s, port_rtsp) else { return };
    s.file("zones.toml", b"units = 'relative'\n[[zone]]\nname = 'room'\npolygon = [[0, 0], [1, 0], [1, 1], [0, 1]]\nclasses = ['person']\n");
    let url = format!("rtsp://ann:secret@127.0.0.1:{port_rtsp}/street?token=t0k3n");
    let view = format!("127.0.0.1:{port_view}");
    let mut run =
        begin(&s, &[&url, "--track", "--track-high", "0.3", "--zones", "zones.toml", "--live", &view]);
    wait("records", || lines(&s, "run/results.jsonl") > 5);
    // Events stand while the run goes on.
    wait("an event", || lines(&s, "run/events.jsonl") > 0);
    // A browser on this machine, and one that was led here by a name of somebody else.
    let page = get(port_view, "/", &view, 4000);
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("127.0.0.1") && !page.contains("secret"),
        "{page}"
    );
    let film = get(port_view, "/0.mjpeg", &format!("localhost:{port_view}"), 6000);
    assert!(film.contains("multipart/x-mixed-replace") && film.contains("image/jpeg"), "{film}");
    assert!(get(port_view, "/0.mjpeg", "evil.example", 100).starts_with("HTTP/1.1 403"));
    assert!(get(port_view, "/../x", &view, 100).starts_with("HTTP/1.1 404"));
    drop(server);
    wait("the loss", || text(&s, "said").contains("tried again in"));
    let before = lines(&s, "run/results.jsonl");
    let server = Server::start(&s, port_rtsp);
    wait("frames again", || lines(&s, "run/results.jsonl") > before + 3);
    assert!(Command::new("kill").arg("-INT").arg(run.id().to_string()).status().expect("kill").success());
    assert_eq!(run.wait().expect("ends").code(), Some(130));
    drop(server);

    assert!(text(&s, "said").contains("connected again"), "{}", text(&s, "said"));
    let name = format!("127.0.0.1:{port_rtsp}/street");
    let (found, closing) = (items(&s, &name), closing(&s, &name));
    assert_eq!((&closing["status"], &closing["input"]["digest"]), (&"done".into(), &Value::Null));
    assert_eq!(closing["items"], found.len());
    let numbers: Vec<u64> = found.iter().filter_map(|i| i["item"]["part"]["n"].as_u64()).collect();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "one numbering through both connections");
    assert!(found.iter().all(|i| i["ext"]["live"]["at"].as_str().is_some_and(|at| at.ends_with('Z'))));
    let stream = &s.run_json()["streams"][0];
    assert_eq!((&stream["connections"], &stream["looked_at"]), (&2.into(), &found.len().into()));
    let events = records(&s.path("run/events.jsonl"));
    assert!(events[0]["event"] == "enter" && events[0]["zone"] == "room", "{}", events[0]);
    let enters = events.iter().filter(|event| event["event"] == "enter").count();
    let leaves = events.iter().filter(|event| event["event"] == "leave").count();
    assert_eq!(enters, leaves, "whoever is inside at the end has left: {events:#?}");

    let mut written = vec![std::fs::read(s.path("said")).expect("words")];
    files_below(&s.path("run"), &mut written);
    for secret in ["secret", "t0k3n", "ann:"] {
        let leaks = |bytes: &Vec<u8>| bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!written.iter().any(leaks), "{secret} is written somewhere");
    }
    // What was recorded is not written over.
    s.detect([url.as_str(), "--for", "1s"]).expect(1).says("holds a recording").says("--force");
}

/// A camera that sends `count` pictures of `pics/` as Motion JPEG, once, and is gone.
fn once(s: &Scratch, count: u32, pause: Duration) -> (String, std::thread::JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let picture = |n: u32| std::fs::read(s.path(format!("pics/{n:03}.jpg"))).expect("a picture");
    let pictures: Vec<Vec<u8>> = (0..count).map(picture).collect();
    let serve = move || {
        let (mut browser, _) = listener.accept().expect("somebody");
        let mut request = [0; 2000];
        let asked = browser.read(&mut request).expect("a request");
        assert!(request[..asked].starts_with(b"GET "));
        let kind = "multipart/x-mixed-replace; boundary=next";
        // Whoever has seen enough closes the connection.
        let _ = write!(browser, "HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n\r\n");
        for picture in pictures {
            let length = picture.len();
            let _ = write!(browser, "--next\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n");
            let _ = browser.write_all(&picture).and_then(|()| browser.write_all(b"\r\n"));
            std::thread::sleep(pause);
        }
    };
    (format!("http://{address}/video.mjpg"), std::thread::spawn(serve))
}

#[test]
fn the_newest_frames_are_looked_at_and_the_others_counted() {
    let s = Scratch::new();
    pictures(&s, 30);
    let (url, camera) = once(&s, 30, Duration::from_millis(3));
    s.detect([url.as_str(), "--retries", "0", "--stdout"]).expect(2).says("given up");
    camera.join().expect("the camera");
    let name = url.trim_start_matches("http://");
    let (found, closing) = (items(&s, name), closing(&s, name));
    assert_eq!((&closing["status"], &closing["error"]["kind"]), (&"partial".into(), &"unreadable".into()));
    let dropped: u64 = found.iter().filter_map(|i| i["ext"]["live"]["dropped"].as_u64()).sum();
    let stream = &s.run_json()["streams"][0];
    let all = stream["frames"].as_u64().expect("a number");
    // ffmpeg may keep the last one, waiting for what follows it.
    assert!((29..=30).contains(&all), "{stream}");
    assert_eq!(found.len() as u64 + dropped, all, "the last ones were looked at");
    assert_eq!(found.last().expect("frames")["item"]["part"]["n"], all - 1);
    assert_eq!(stream["dropped"], dropped);
    assert!(dropped > 0, "no model looks at 300 frames a second here");
}

#[test]
fn fewer_frames_and_an_end_as_asked_for() {
    let s = Scratch::new();
    pictures(&s, 30);
    let (url, camera) = once(&s, 30, Duration::from_millis(100));
    let begun = Instant::now();
    means(&s, [url.as_str(), "--for", "4s", "--fps", "2", "--quiet"]).expect(0);
    assert!(begun.elapsed() > Duration::from_secs(4));
    drop(camera);
    let found = items(&s, url.trim_start_matches("http://"));
    assert!((4..=8).contains(&found.len()), "{}", found.len());
    let rest = found.iter().filter(|item| item["ext"]["live"]["dropped"] != 0).count();
    assert_eq!(rest, 0, "frames that nobody asked for are not dropped ones");
    assert_eq!(s.run_json()["status"], "finished");
}

#[test]
fn what_does_not_fit_streams_is_said() {
    let s = Scratch::new();
    s.file("a.jpg", &crate::common::photo());
    let url = format!("rtsp://ann:secret@127.0.0.1:{}/x", port());
    let run = |arguments: &[&str], code: i32| {
        let ran = Ran::of(vision().current_dir(s.path("")).args(["detect", "--out", "run"]).args(arguments));
        let ran = ran.expect(code);
        assert!(!ran.err.contains("secret") && !ran.out.contains("secret"), "{}", ran.err);
        ran
    };
    run(&[&url, "a.jpg"], 1).says("streams and files are different jobs");
    run(&[&url, "--offline"], 4).says("is on the network");
    run(&[&url, "--report"], 1).says("--report is not for streams");
    run(&["a.jpg", "--for", "1s"], 1).says("--for is for streams");
    run(&[&url, "--live", "0.0.0.0:8080"], 1).says("only this machine may look");
    run(&[&url, "--events", "-"], 1).says("--events needs --zones");
    run(&["camera:front"], 1).says("the number of a camera");
    // Nobody there, no such camera.
    run(&[&url, "--retries", "1"], 1).says("Connection refused").says("given up");
    run(&["camera:99", "--retries", "0", "--force"], 1).says("given up");
}
