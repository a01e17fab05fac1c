//! Who is one client: proposals, a person's decision, one client afterwards.

use crate::project::Project;

const SALES: &str = r#"
version: 1
name: sales
sources:
  - name: books
    fetch: { files: { url: exports, pattern: "sales*.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      documents:
        columns: { document_id: number, kind: { value: shipment }, date: date, client_id: code, amount: amount, currency: { value: RUB } }
      clients:
        columns: { client_id: code, name: name, tax_id: tax, phone: phone }
    load: upsert
  - name: crm
    fetch: { files: { url: exports, pattern: "crm*.csv" } }
    read: { csv: { encoding: utf-8, delimiter: ",", decimal: ".", date: "%Y-%m-%d" } }
    into:
      clients:
        columns: { client_id: code, name: name, tax_id: tax, phone: phone, do_not_contact: { from: stop, map: [{ "yes": "true" }, { "*": "false" }] } }
    load: upsert
publish:
  - { table: dim_clients, to: bi, as: [parquet] }
"#;

const ALIASES: &str = "sql/reference/client_aliases.csv";

fn project() -> Project {
    Project::new()
        .file("pipelines/sales.yaml", SALES)
        .file(
            "exports/sales.csv",
            "number,date,code,name,tax,phone,amount\n\
             1,2026-08-01,1,ООО «Ромашка»,7707083893/770701001,8 495 123-45-67,10\n\
             2,2026-09-01,2,Ромашка филиал,7707083893/770702002,,20\n\
             3,2026-09-02,3,\"АО \"\"Вектор\"\"\",274051582,,30\n\
             4,2026-09-03,4,Лютик,7736050004,,40\n",
        )
        .file(
            "exports/crm.csv",
            "code,name,tax,phone,stop\nA,Ромашка,,+7 (495) 1234567,yes\nB,ВЕКТОР,0274051582,,no\n\
             C,Одуванчик,,,no\n",
        )
}

fn clients(project: &Project) -> Vec<String> {
    let rows = project.query(
        "select client_key || ' ' || cast(purchases as varchar) || ' ' || \
         cast(do_not_contact as varchar) as row from dim_clients order by client_key",
    );
    rows.iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn what_is_proposed_and_accepted_is_one_client_from_the_next_run_on() {
    let project = project();
    let ran = project.run(&["run"]).ends_with(0);
    // The ИНН decides, not the КПП behind it; an id that no document knows is joined by its phone.
    let before = ["274051582 1 false", "7707083893 2 true", "7736050004 1 false"];
    assert_eq!(clients(&project), before);
    ran.says("tax_ids_in_doubt").says("state=lost_zero").says("state=wrong_check_digit");

    let proposed = project.run(&["--json", "clients", "duplicates"]).ends_with(0);
    let rows: Vec<serde_json::Value> =
        proposed.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told: Vec<String> = rows
        .iter()
        .map(|row| format!("{} {} {} {}", row["left"], row["right"], row["reasons"], row["score"]))
        .map(|line| line.replace('"', ""))
        .collect();
    assert_eq!(told, ["books:3 crm:B tax id, name 99"]);
    let table = project.run(&["clients", "duplicates", "--source", "crm", "--limit", "1"]);
    let table = table.ends_with(0).says("1 pairs");
    assert!(
        table.stdout.contains("| books:3 | АО \"Вектор\" | crm:B | ВЕКТОР     | tax id, name | 99")
    );

    let file = project.path("proposed.csv");
    let file = file.to_str().unwrap();
    project.run(&["clients", "duplicates", "--write", file]).ends_with(0);
    assert_eq!(
        project.read("proposed.csv"),
        "source,client_id,client_key,role,note\n\
         crm,B,books:3,same,\"ВЕКТОР = АО \"\"Вектор\"\": tax id, name (99)\"\n"
    );
    project.run(&["clients", "duplicates", "--write", file]).ends_with(64);
    project.run(&["clients", "duplicates", "--accept", file]).ends_with(0);
    assert_eq!(project.read(ALIASES), project.read("proposed.csv"));
    project
        .run(&["clients", "duplicates", "--accept", file])
        .ends_with(64)
        .says("row 2: client \"crm:B\" already leads to \"books:3\"");

    project.run(&["run"]).ends_with(0);
    let after = ["274051582 1 false", "7707083893 2 true", "7736050004 1 false"];
    assert_eq!(clients(&project), after);
    project.run(&["clients", "duplicates"]).ends_with(0).says("no two clients");
}

#[test]
fn what_a_person_accepts_is_held_against_the_lake() {
    let project = project();
    project.run(&["clients", "duplicates"]).ends_with(3).says("the lake has no clients");
    project.run(&["run"]).ends_with(0);
    project.run(&["clients", "duplicates", "--source", "cmr"]).ends_with(3).says("\"crm\"");
    let before = project.read(ALIASES);
    for (rows, said) in [
        ("crm,Z,books:1,same,\n", "client \"crm:Z\" is not known"),
        ("crm,A,books:9,same,\n", "client \"books:9\" is not known"),
        ("crm,A,books:1,twin,\n", "role \"twin\""),
        (
            "crm,A,books:1,same,\nbooks,1,crm:A,same,\n",
            "row 3: \"books:1\" to \"crm:A\" closes a circle",
        ),
    ] {
        project.write("wrong.csv", format!("source,client_id,client_key,role,note\n{rows}"));
        let wrong = project.path("wrong.csv");
        project
            .run(&["clients", "duplicates", "--accept", wrong.to_str().unwrap()])
            .ends_with(64)
            .says(said);
    }
    assert_eq!(project.read(ALIASES), before);
}

#[test]
fn the_aliases_file_may_be_absent_or_empty_and_is_held_to_its_columns() {
    let project = project();
    std::fs::remove_file(project.path(ALIASES)).unwrap();
    project.run(&["run"]).ends_with(0);
    project.write(ALIASES, "");
    project.run(&["run"]).ends_with(0);
    // Columns go by name; what is missing is empty.
    project.write(ALIASES, "client_key,role,source,client_id\nholding,same,books,3\n");
    project.run(&["run"]).ends_with(0);
    assert!(clients(&project).contains(&"holding 1 false".to_owned()));
    for (text, said) in [
        ("source,client_id,key,role\n", "has no column \"key\""),
        ("source,client_id,client_key,role\nbooks,3,,same\n", "row 2 has no client_key"),
        ("source,client_id,client_key,role\nbooks,3,x,twin\n", "row 2 has role \"twin\""),
        (
            "source,client_id,client_key,role\nbooks,3,x,same\nbooks,3,y,same\n",
            "row 3 gives books, 3 again",
        ),
    ] {
        project.write(ALIASES, text);
        project.run(&["run"]).ends_with(78).says(said);
    }
}
