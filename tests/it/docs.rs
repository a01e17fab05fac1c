//! `docs`: the data dictionary of a project.

use std::fs;
use std::process::Command;

use crate::project::{Project, Ran, binary};

/// The table and column names of every contract in `folder`.
fn contracts(folder: &std::path::Path) -> Vec<(String, Vec<String>)> {
    let mut contracts = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "yaml") {
            let text = fs::read_to_string(&path).unwrap();
            let contract: serde_json::Value = serde_yaml::from_str(&text).unwrap();
            let columns = contract["columns"].as_array().unwrap().iter();
            let columns = columns.map(|column| column["name"].as_str().unwrap().to_owned());
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            contracts.push((name, columns.collect()));
        }
    }
    contracts
}

/// Asserts that every element of `html` is closed where it should be, and that what stands between
/// them is escaped.
fn assert_well_formed(html: &str) {
    let entities = ["&amp;", "&lt;", "&gt;", "&quot;", "&#39;"];
    let mut open: Vec<&str> = Vec::new();
    let mut rest = html.strip_prefix("<!doctype html>").unwrap();
    while let Some((text, tag)) = rest.split_once('<') {
        if open.last() != Some(&"style") {
            assert!(!text.contains(['>', '"', '\'']), "unescaped: {text}");
            for (position, _) in text.match_indices('&') {
                let known = entities.iter().any(|entity| text[position..].starts_with(entity));
                assert!(known, "unescaped: {text}");
            }
        }
        let (tag, after) = tag.split_once('>').unwrap();
        rest = after;
        match (tag.strip_prefix('/'), tag.split_whitespace().next().unwrap()) {
            (Some(name), _) => assert_eq!(open.pop(), Some(name), "before:{after:.100}"),
            (None, "meta") => {}
            (None, name) => open.push(name),
        }
    }
    assert!(open.is_empty(), "never closed: {open:?}");
}

#[test]
fn the_dictionary_tells_every_table_column_and_setting_and_the_last_run() {
    let folder = tempfile::tempdir().unwrap();
    let (demo, out) = (folder.path().join("demo"), folder.path().join("made/docs"));
    let mut command = Command::new(binary());
    command.args(["demo", "--documents", "2000", "--out"]).arg(&demo);
    Ran::from(command.output().unwrap()).ends_with(0);
    let run = |arguments: &[&str]| -> Ran {
        let mut command = Command::new(binary());
        command.arg("--project").arg(&demo).args(arguments);
        Ran::from(command.output().unwrap()).ends_with(0)
    };
    let docs = || run(&["docs", "--out", out.to_str().unwrap()]).stdout;
    let files = ["dictionary.md", "dictionary.html"].map(|name| out.join(name));
    let told: Vec<String> = files.iter().map(|file| format!("{}\n", file.display())).collect();
    assert_eq!(docs(), told.concat());
    let [markdown, html] = files.each_ref().map(|file| fs::read_to_string(file).unwrap());

    let contracts = contracts(&demo.join("sql/marts"));
    assert!(!contracts.is_empty());
    for (table, columns) in contracts {
        let part = |text: &str, from: &str, to: &str| {
            let start = text.find(from).unwrap_or_else(|| panic!("{table} is not in the page"));
            let length = text[start + from.len()..].find(to).unwrap();
            text[start..start + from.len() + length].to_owned()
        };
        let in_markdown = part(&markdown, &format!("<a id=\"table-{table}\">"), "<a id=");
        let in_html = part(&html, &format!("<section id=\"table-{table}\">"), "</section>");
        assert!(markdown.contains(&format!("](#table-{table})")), "{table} is not in the contents");
        assert!(html.contains(&format!("<a href=\"#table-{table}\">{table}</a>")), "{table}");
        for column in columns {
            let row = format!("\n| `{column}` | ");
            assert!(in_markdown.contains(&row), "{table}.{column} in\n{in_markdown}");
            let row = format!("\n<tr><td><code>{column}</code></td>");
            assert!(in_html.contains(&row), "{table}.{column} in\n{in_html}");
        }
    }

    let sleepers = markdown.split("<a id=\"table-sleeping_clients\"></a>").nth(1).unwrap();
    let fact = |name: &str| {
        let start = format!("- **{name}:** ");
        sleepers.lines().find_map(|line| line.strip_prefix(start.as_str())).unwrap().to_owned()
    };
    assert_eq!(fact("Grain"), "one row per `client_key`");
    let published = "by pipeline `sleeping_weekly` to `bi` in `published`, as Parquet, CSV";
    assert_eq!(fact("Published"), published);
    assert!(fact("Reads").contains("[`dim_clients`](#table-dim_clients)"), "{}", fact("Reads"));
    assert!(fact("Canonical tables").contains("`documents`"), "{}", fact("Canonical tables"));
    assert!(fact("Sources").contains("`sales_1c`"), "{}", fact("Sources"));

    let settings = markdown.split("<a id=\"settings\"></a>").nth(1).unwrap();
    for setting in ["cycle.min_purchases", "sleep.min_days", "value.tiers.gold", "sales_type"] {
        let row = format!("| `{setting}` | ");
        let row = settings.lines().find(|line| line.starts_with(&row));
        let row = row.unwrap_or_else(|| panic!("{setting} is not in the page"));
        assert!(row.ends_with(" by default. |"), "{row}");
        assert!(html.contains(&format!("<td><code>{setting}</code></td>")), "{setting}");
    }
    let runs = run(&["--json", "runs"]).stdout;
    let last: serde_json::Value = serde_json::from_str(runs.lines().next().unwrap()).unwrap();
    let (id, as_of) = (last["id"].as_str().unwrap(), last["as_of"].as_str().unwrap());
    assert!(markdown.contains(&format!("- **Run:** `{id}`\n- **As of:** {as_of}\n")), "{markdown}");
    assert!(html.contains(&format!("<dt>Run</dt><dd><code>{id}</code></dd>")), "{html}");
    assert!(markdown.contains("\n| [`sleeping_clients`](#table-sleeping_clients) | "));

    assert_well_formed(&html);
    for anchor in html.split("href=\"#").skip(1).map(|after| after.split('"').next().unwrap()) {
        assert_eq!(html.matches(&format!("id=\"{anchor}\"")).count(), 1, "{anchor}");
        assert_eq!(markdown.matches(&format!("<a id=\"{anchor}\"></a>")).count(), 1, "{anchor}");
    }
    for rows in markdown.split("\n\n").filter(|block| block.starts_with("| ")) {
        let cells = |row: &str| row.replace("\\\\", "").replace("\\|", "").matches('|').count();
        let head = cells(rows.lines().next().unwrap());
        rows.lines().for_each(|row| assert_eq!(cells(row), head, "{row}"));
    }
    docs();
    assert_eq!(fs::read_to_string(&files[0]).unwrap(), markdown);
    assert_eq!(fs::read_to_string(&files[1]).unwrap(), html);
}

#[test]
fn before_the_first_run_the_dictionary_says_so_and_never_a_secret() {
    let project = Project::new().file(
        "pipelines/project.yaml",
        "version: 1\nname: test\ntimezone: UTC\ncurrency: RUB\nas_of: 2026-09-30\n\
         lake: lake\ndestinations:\n  bi: { url: \"${env:PLACE}\" }\n\
         domain:\n  tax_id_ignore: \"^(0+|9+)$\"\n  cycle: { min_purchases: 4 }\n",
    );
    let project = project.file(
        "pipelines/list.yaml",
        "version: 1\nname: list\ndescription: The list.\n\
         publish:\n  - { table: sleeping_clients, to: bi, as: [csv] }\n",
    );
    let project = project
        .file("sql/marts/odd.sql", "-- Odd.\n-- grain: one row per day\nselect $as_of as day\n")
        .file(
            "sql/marts/odd.yaml",
            "description: \"<b>Odd</b> | *odd*\"\ngrain: [day]\nneeds: [documents.payment]\n\
             columns:\n  - { name: day, type: date, needs: [contacts], \
             description: \"a | b & <i>\" }\nchecks:\n  - row_count: { max: 1 }\n",
        );
    let out = project.path("docs");
    let mut command = project.command(&["docs", "--out", out.to_str().unwrap()]);
    let ran = Ran::from(command.env("PLACE", "open-sesame").output().unwrap()).ends_with(0);
    assert_eq!(ran.stdout.lines().count(), 2, "{}", ran.stdout);
    let (markdown, html) =
        (project.read("docs/dictionary.md"), project.read("docs/dictionary.html"));
    for text in [&markdown, &html] {
        assert!(text.contains("no run yet") && !text.contains("open-sesame"), "{text}");
    }
    let published = "- **Published:** by pipeline `list` to `bi` in `***`, as CSV\n";
    assert!(markdown.contains(published), "{markdown}");
    assert!(markdown.contains("\n- **Published:** by no pipeline\n"), "{markdown}");
    assert!(markdown.contains("\n| `cycle.min_purchases` | `4` | `3` | "), "{markdown}");
    let ignore = "\n| `tax_id_ignore` | <code>^(0+\\|9+)\\$</code> | `^$` | ";
    assert!(markdown.contains(ignore), "{markdown}");
    assert!(html.contains("<td><code>^(0+|9+)$</code></td>"), "{html}");
    for part in [
        "\n\\<b\\>Odd\\</b\\> \\| \\*odd\\*\n",
        "\n- **Needs:** `documents.payment`\n",
        "\n| Column | Type | Meaning | Needs |\n| --- | --- | --- | --- |\n\
         | `day` | date | a \\| b \\& \\<i\\> | `contacts` |\n",
        "\n| `grain` | one row per `day` |\n| `row_count` | rows: at most 1 |\n",
    ] {
        assert!(markdown.contains(part), "{part} in\n{markdown}");
    }
    assert!(
        html.contains("<td>a | b &amp; &lt;i&gt;</td><td><code>contacts</code></td>"),
        "{html}"
    );
    assert_well_formed(&html);
}
