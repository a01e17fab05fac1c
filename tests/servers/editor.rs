//! The shipped YAML in an editor: yaml-language-server, spoken to as editors do.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::project::{Project, repository};

/// A language server that is spoken to over its standard input and output.
struct Editor {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    next: u64,
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Editor {
    fn start(binary: &std::path::Path, root: &str) -> Self {
        let mut command = Command::new(binary);
        command.arg("--stdio").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        let mut editor = Self { child, input, output: BufReader::new(output), next: 0 };
        let capabilities = json!({ "textDocument": { "completion": {} } });
        let root = json!({ "processId": null, "rootUri": root, "capabilities": capabilities });
        editor.ask("initialize", &root);
        editor.send(&json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} }));
        editor
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        self.input.flush().unwrap();
    }

    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            assert!(self.output.read_line(&mut line).unwrap() > 0, "the editor has ended");
            match line.trim_end().split_once(": ") {
                Some(("Content-Length", number)) => length = number.parse().unwrap(),
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).unwrap();
        serde_json::from_slice(&body).unwrap()
    }

    /// Asks, answers what the server asks meanwhile, and gives the result.
    fn ask(&mut self, method: &str, params: &Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        loop {
            let message = self.receive();
            if message["method"].is_string() && !message["id"].is_null() {
                let asked = message["params"]["items"].as_array().map_or(0, Vec::len);
                let result = vec![Value::Null; asked];
                self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": result }));
            } else if message["id"] == id && message["method"].is_null() {
                return message["result"].clone();
            }
        }
    }

    /// What the editor offers at the end of `text`, as the file at `uri`.
    fn completes(&mut self, uri: &str, text: &str) -> Vec<String> {
        let document = json!({ "uri": uri, "languageId": "yaml", "version": 1, "text": text });
        let opened = json!({ "textDocument": document });
        self.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": opened }));
        let line = text.matches('\n').count();
        let character = text.rsplit('\n').next().unwrap().chars().count();
        let position = json!({ "line": line, "character": character });
        let at = json!({ "textDocument": { "uri": uri }, "position": position });
        let offered = self.ask("textDocument/completion", &at);
        let items = offered["items"].as_array().or(offered.as_array()).cloned().unwrap_or_default();
        items.iter().map(|item| item["label"].as_str().unwrap().to_owned()).collect()
    }
}

pub(crate) fn completes(binary: &std::path::Path) {
    let project = Project::empty();
    let folder = project.path("shop");
    project.run(&["init", folder.to_str().unwrap()]).ends_with(0);
    for path in ["pipelines/schema/project.json", "sql/schema/contract.json"] {
        let shipped = std::fs::read_to_string(repository().join(path)).unwrap();
        assert_eq!(project.read(&format!("shop/{path}")), shipped);
    }
    let root = format!("file://{}", folder.display());
    let mut editor = Editor::start(binary, &root);
    let daily = project.read("shop/pipelines/sales_daily.yaml");
    let settings = project.read("shop/pipelines/project.yaml");
    for (number, (file, text, expected)) in [
        ("pipelines/sales_daily.yaml", format!("{daily}\nmade"), "made_for"),
        ("pipelines/sales_daily.yaml", format!("{daily}\nschedule:\n  catch"), "catch_up"),
        ("pipelines/sales_daily.yaml", format!("{daily}\nschedule:\n  catch_up: "), "last"),
        ("pipelines/project.yaml", format!("{settings}\nlimits:\n  le"), "lease"),
        (
            "sql/marts/fct_refusals.yaml",
            project.read("shop/sql/marts/fct_refusals.yaml") + "\nte",
            "tests",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let text = text.replacen("\nschedule: {", "\n# schedule: {", 1);
        let uri = format!("{root}/{file}").replace(".yaml", &format!("_{number}.yaml"));
        let offered = editor.completes(&uri, &text);
        assert!(
            offered.iter().any(|label| label == expected),
            "{file}: {expected} not in {offered:?}"
        );
    }
}
