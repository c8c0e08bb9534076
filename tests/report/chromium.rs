//! A browser without a window, told what to do over a pair of pipes (the DevTools protocol).

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

pub struct Browser {
    child: Child,
    to: File,
    from: BufReader<File>,
    session: Option<String>,
    last: u64,
    /// What the console, the log and dialogs said.
    pub noise: Vec<String>,
    _home: tempfile::TempDir,
}

/// Debian's Chromium; skipped where there is none, unless in CI.
fn program() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path).map(|folder| folder.join("chromium")).find(|file| file.exists());
    assert!(found.is_some() || std::env::var_os("CI").is_none(), "chromium is not installed in CI");
    if found.is_none() {
        eprintln!("skipped: no chromium");
    }
    found
}

impl Browser {
    pub fn start() -> Option<Self> {
        let program = program()?;
        let home = tempfile::tempdir().expect("a folder");
        let (to, from) = (home.path().join("to"), home.path().join("from"));
        assert!(Command::new("mkfifo").args([&to, &from]).status().expect("mkfifo").success());
        // The browser reads from descriptor 3 and writes to 4; the shell opens both.
        let child = Command::new("sh")
            .args(["-c", "exec \"$@\" 3<\"$TO\" 4>\"$FROM\"", "sh"])
            .arg(program)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
            .arg("--remote-debugging-pipe")
            .arg(format!("--user-data-dir={}", home.path().join("profile").display()))
            .env("TO", &to)
            .env("FROM", &from)
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("a shell");
        let to = File::options().write(true).open(to).expect("a pipe");
        let from = BufReader::new(File::open(from).expect("a pipe"));
        let mut browser = Self { child, to, from, session: None, last: 0, noise: Vec::new(), _home: home };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let attach = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Runtime", "Log", "Page"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    /// Calls a method and waits for its result; what is said meanwhile goes to `noise`.
    pub fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last += 1;
        let mut message = json!({ "id": self.last, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let mut bytes = message.to_string().into_bytes();
        bytes.push(0);
        self.to.write_all(&bytes).expect("the browser listens");
        loop {
            let mut answer = Vec::new();
            self.from.read_until(0, &mut answer).expect("the browser answers");
            answer.pop().expect("the browser lives");
            let answer: Value = serde_json::from_slice(&answer).expect("JSON");
            if answer["id"] == json!(self.last) {
                assert!(answer["error"].is_null(), "{method}: {answer}");
                return answer["result"].clone();
            }
            let event = answer["method"].as_str().unwrap_or_default();
            if [
                "Runtime.consoleAPICalled",
                "Runtime.exceptionThrown",
                "Log.entryAdded",
                "Page.javascriptDialogOpening",
            ]
            .contains(&event)
            {
                self.noise.push(answer.to_string());
            }
        }
    }

    /// The value of an expression in the page.
    pub fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.call("Runtime.evaluate", parameters);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result:#}");
        result["result"]["value"].clone()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn until(&mut self, expression: &str) {
        let begun = Instant::now();
        // Between two pages there is nothing yet that could be asked.
        let asked =
            format!("(() => {{ try {{ return Boolean({expression}) }} catch {{ return false }} }})()");
        while self.value(&asked) != json!(true) {
            assert!(begun.elapsed() < Duration::from_secs(60), "never: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Opens a run folder's report as a double click does, in a window of this size.
    #[track_caller]
    pub fn open(&mut self, run: &Path, [width, height]: [u32; 2]) {
        self.window([width, height]);
        let file = run.join("report.html").canonicalize().expect("a report");
        self.call("Page.navigate", json!({ "url": format!("file://{}", file.display()) }));
        self.until("document.documentElement.dataset.ready === 'yes'");
    }

    /// Waits for the pictures that can be seen.
    #[track_caller]
    pub fn pictures(&mut self) {
        let seen =
            "image.getBoundingClientRect().bottom < 0 || image.getBoundingClientRect().top > innerHeight";
        self.until(&format!(
            "[...document.images].every(image => {seen} || (image.complete && image.naturalWidth > 0))"
        ));
    }

    pub fn window(&mut self, [width, height]: [u32; 2]) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600 });
        self.call("Emulation.setDeviceMetricsOverride", size);
    }

    pub fn scheme(&mut self, scheme: &str) {
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.call("Emulation.setEmulatedMedia", json!({ "features": features }));
    }

    /// Presses and lets go of a key, as a person does.
    pub fn key(&mut self, key: &str) {
        let code = match key {
            "ArrowLeft" => 37,
            "ArrowUp" => 38,
            "ArrowRight" => 39,
            "ArrowDown" => 40,
            "Enter" => 13,
            "Escape" => 27,
            _ => 0,
        };
        let text = match key {
            "Enter" => "\r",
            one if one.chars().count() == 1 => one,
            _ => "",
        };
        let down = json!({
            "type": if text.is_empty() { "rawKeyDown" } else { "keyDown" },
            "key": key, "code": key, "text": text, "windowsVirtualKeyCode": code,
        });
        self.call("Input.dispatchKeyEvent", down);
        let up = json!({ "type": "keyUp", "key": key, "code": key, "windowsVirtualKeyCode": code });
        self.call("Input.dispatchKeyEvent", up);
    }

    /// Lets the page draw what has changed.
    pub fn settle(&mut self) {
        self.value(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))",
        );
    }

    /// A picture of the window as PNG, kept for people where `VISION_SCREENSHOTS` names a folder.
    pub fn screenshot(&mut self, name: &str) {
        let Some(folder) = std::env::var_os("VISION_SCREENSHOTS") else { return };
        self.settle();
        let taken = self.call("Page.captureScreenshot", json!({ "format": "png" }));
        let data = taken["data"].as_str().expect("a picture").to_owned();
        let file = File::create(Path::new(&folder).join(name)).expect("a file");
        let mut decode = Command::new("base64");
        let mut decoder = decode.arg("-d").stdin(Stdio::piped()).stdout(file).spawn().expect("base64");
        decoder.stdin.take().expect("a pipe").write_all(data.as_bytes()).expect("written");
        assert!(decoder.wait().expect("it ends").success());
    }

    #[track_caller]
    pub fn was_quiet(&self) {
        assert!(self.noise.is_empty(), "{:#?}", self.noise);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
