//! A proxy before an HTTP server on loopback that counts requests and disturbs one of them.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, mpsc};

/// What happens to the request of a certain number, once the server has answered it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disturb {
    /// Nothing.
    Nothing,
    /// Its reply is held back, and who asked for it is told.
    Hold(u64),
    /// Its reply is lost: the connection ends.
    Lose(u64),
    /// Its reply never comes, though the connection stays.
    Hang(u64),
    /// So many requests from the first on are answered by 503, and never reach the server.
    Away(u64),
}

/// A proxy; it ends with this.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    pub(crate) requests: Arc<AtomicU64>,
    /// Tells when a reply is held back.
    pub(crate) held: mpsc::Receiver<()>,
    ended: Arc<AtomicBool>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Proxy {
    pub(crate) fn start(upstream: u16, disturb: Disturb) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (requests, ended) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
        let (tell, held) = mpsc::channel();
        let (counter, over) = (Arc::clone(&requests), Arc::clone(&ended));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let (counter, tell) = (Arc::clone(&counter), tell.clone());
                if let Ok(stream) = stream {
                    std::thread::spawn(move || pass(stream, upstream, disturb, &counter, &tell));
                }
            }
        });
        Self { port, requests, held, ended }
    }
}

/// Passes one request and its reply, then ends the connection.
fn pass(
    mut client: TcpStream,
    upstream: u16,
    disturb: Disturb,
    counter: &AtomicU64,
    tell: &mpsc::Sender<()>,
) -> Option<()> {
    let request = read_request(&mut client)?;
    if let Disturb::Away(first) = disturb
        && counter.fetch_add(1, Ordering::SeqCst) < first
    {
        let away = b"HTTP/1.1 503 Slow Down\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        return client.write_all(away).ok();
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream)).ok()?;
    server.write_all(&request).ok()?;
    let mut reply = Vec::new();
    server.read_to_end(&mut reply).ok()?;
    // Counted when the server has done its work: whoever is killed here has had its effect.
    let number = counter.fetch_add(1, Ordering::SeqCst) + 1;
    match disturb {
        Disturb::Hold(which) if which == number => {
            let _ = tell.send(());
            // The client is killed meanwhile; its end of the connection goes with it.
            let _ = client.read(&mut [0]);
            return None;
        }
        Disturb::Lose(which) if which == number => return None,
        Disturb::Hang(which) if which == number => {
            // Until the client gives up.
            let _ = client.read(&mut [0]);
            return None;
        }
        _ => {}
    }
    client.write_all(&reply).ok()
}

/// One request, its connection to end with the reply.
fn read_request(client: &mut TcpStream) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut chunk = vec![0; 1 << 16];
    loop {
        let read = client.read(&mut chunk).ok()?;
        if read == 0 {
            return None;
        }
        bytes.extend_from_slice(&chunk[..read]);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        let httparse::Status::Complete(head) = request.parse(&bytes).ok()? else { continue };
        let length = request
            .headers
            .iter()
            .find(|header| header.name.eq_ignore_ascii_case("content-length"))
            .and_then(|header| std::str::from_utf8(header.value).ok()?.parse::<usize>().ok())
            .unwrap_or(0);
        while bytes.len() < head + length {
            let read = client.read(&mut chunk).ok()?;
            if read == 0 {
                return None;
            }
            bytes.extend_from_slice(&chunk[..read]);
        }
        bytes.splice(head - 2..head - 2, *b"Connection: close\r\n");
        return Some(bytes);
    }
}
