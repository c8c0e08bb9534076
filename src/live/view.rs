//! `--live`: what is seen, as Motion JPEG for browsers on this machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use image::RgbImage;

use crate::error::{Error, Kind, Result};
use crate::sink::picture::{PictureFormat, encode};

/// Browsers at a time.
const MOST: usize = 8;
/// Bytes of a request that are read.
const REQUEST: u64 = 8 << 10;
/// A browser that takes nothing for so long is let go.
const PATIENCE: Duration = Duration::from_secs(5);
const QUALITY: u8 = 80;
const BOUNDARY: &str = "vision-frame";

/// The newest picture of each stream, and who looks.
pub struct View {
    pub address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    port: u16,
    names: Vec<String>,
    /// Of each stream the newest picture as JPEG, and its number.
    newest: Mutex<Vec<(u64, Arc<[u8]>)>>,
    changed: Condvar,
    looking: AtomicUsize,
}

impl View {
    /// Listens; `names` are those of the streams.
    ///
    /// # Errors
    /// `Usage` where the address is taken.
    pub fn open(address: SocketAddr, names: Vec<String>) -> Result<Self> {
        let taken = |e| Error::usage(format!("--live {address}: cannot be listened at")).because(e);
        let listener = TcpListener::bind(address).map_err(taken)?;
        let address = listener.local_addr().map_err(taken)?;
        let newest = names.iter().map(|_| (0, Arc::from([]))).collect();
        let (changed, looking) = (Condvar::new(), AtomicUsize::new(0));
        let shared =
            Arc::new(Shared { port: address.port(), names, newest: Mutex::new(newest), changed, looking });
        let own = Arc::clone(&shared);
        let listen = move || {
            for browser in listener.incoming().flatten() {
                let own = Arc::clone(&own);
                if own.looking.fetch_add(1, Ordering::SeqCst) < MOST {
                    let serve = move || {
                        // A browser that goes away is no failure.
                        let _ = own.serve(&browser);
                        own.looking.fetch_sub(1, Ordering::SeqCst);
                    };
                    std::thread::spawn(serve);
                } else {
                    own.looking.fetch_sub(1, Ordering::SeqCst);
                }
            }
        };
        std::thread::Builder::new()
            .name("vision-view".into())
            .spawn(listen)
            .map_err(|e| Error::new(Kind::Internal, "no thread for --live could be started").because(e))?;
        Ok(Self { address, shared })
    }

    /// Whether anybody looks, so that nothing is drawn for nobody.
    pub fn is_watched(&self) -> bool {
        self.shared.looking.load(Ordering::SeqCst) > 0
    }

    /// Shows a picture of a stream.
    ///
    /// # Errors
    /// `Unsupported` for a picture that no JPEG holds.
    pub fn show(&self, stream: usize, picture: &RgbImage) -> Result<()> {
        let bytes = encode(picture, PictureFormat::Jpeg, QUALITY, None)?;
        let mut newest = self.shared.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((number, newest)) = newest.get_mut(stream) {
            (*number, *newest) = (*number + 1, bytes.into());
        }
        self.shared.changed.notify_all();
        Ok(())
    }
}

impl Shared {
    fn serve(&self, browser: &TcpStream) -> std::io::Result<()> {
        browser.set_read_timeout(Some(PATIENCE))?;
        browser.set_write_timeout(Some(PATIENCE))?;
        let mut lines = BufReader::new(browser.take(REQUEST)).lines();
        let request = lines.next().transpose()?.unwrap_or_default();
        let headers: Vec<String> =
            lines.map_while(std::result::Result::ok).take_while(|line| !line.is_empty()).collect();
        let mut words = request.split_whitespace();
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        if !self.is_meant(&headers) {
            return answer(browser, "403 Forbidden", "text/plain", "ask for 127.0.0.1 or localhost\n");
        }
        let stream = path.strip_prefix('/').and_then(|path| path.strip_suffix(".mjpeg")?.parse().ok());
        match (method, path, stream) {
            ("GET", "/", _) => answer(browser, "200 OK", "text/html; charset=utf-8", &self.page()),
            ("GET", _, Some(stream)) if stream < self.names.len() => self.film(browser, stream),
            _ => answer(browser, "404 Not Found", "text/plain", "nothing here\n"),
        }
    }

    /// Whether a browser meant this machine: a page elsewhere can give its own name our address, and would read what
    /// the camera sees.
    fn is_meant(&self, headers: &[String]) -> bool {
        let host = headers.iter().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("host").then(|| value.trim().to_owned())
        });
        let port = self.port;
        host.is_some_and(|host| {
            ["127.0.0.1", "localhost", "[::1]"].iter().any(|own| host == format!("{own}:{port}"))
        })
    }

    fn page(&self) -> String {
        let escaped = |name: &str| name.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
        let figure = |(n, name): (usize, &String)| {
            format!(
                "<figure><img src=\"/{n}.mjpeg\" alt=\"\"><figcaption>{}</figcaption></figure>",
                escaped(name)
            )
        };
        let figures: String = self.names.iter().enumerate().map(figure).collect();
        format!(
            "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>vision</title><style>body{{margin:0;\
             background:#111;color:#ddd;font:14px system-ui,sans-serif}}figure{{margin:1em}}img{{max-width:100%}}\
             </style>{figures}</html>\n"
        )
    }

    /// Each new picture of a stream, until the browser goes.
    fn film(&self, mut browser: &TcpStream, stream: usize) -> std::io::Result<()> {
        write!(
            browser,
            "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary={BOUNDARY}\r\n\
             Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        )?;
        let mut shown = 0;
        loop {
            let (number, picture) = self.after(stream, shown);
            shown = number;
            let length = picture.len();
            write!(browser, "--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {length}\r\n\r\n")?;
            browser.write_all(&picture)?;
            browser.write_all(b"\r\n")?;
        }
    }

    /// Waits for a picture newer than the one shown.
    fn after(&self, stream: usize, shown: u64) -> (u64, Arc<[u8]>) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        while newest[stream].0 <= shown {
            newest = self.changed.wait(newest).unwrap_or_else(PoisonError::into_inner);
        }
        newest[stream].clone()
    }
}

fn answer(mut browser: &TcpStream, status: &str, kind: &str, body: &str) -> std::io::Result<()> {
    write!(
        browser,
        "HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nX-Content-Type-Options: nosniff\r\n\
         Content-Security-Policy: default-src 'none'; img-src 'self'; style-src 'unsafe-inline'\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    )
}
