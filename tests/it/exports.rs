//! Exports as their vendors write them: files in, the lake's rows out.
//!
//! The tests are in the modules named after this one. What a careless reader of exports trips
//! over, and the tests that hold it; those of `pull::` stand beside the readers:
//!
//! | pitfall | tests |
//! |---|---|
//! | 1, rows of a report repeat amounts | `exports_reports::a_report_of_1c_gives_each_document_once`, `pull::read::report::tests::pitfall_1_only_leaves_are_rows_and_they_sum_up_to_the_total` |
//! | 2, types take identity | `exports_pitfalls::pitfall_2_a_tax_id_and_a_number_keep_their_zeros`, `pull::read::workbook::tests::pitfall_2_codes_keep_their_zeros_and_letters`, `pull::read::datev_tests::a_day_gets_the_year_of_the_period` |
//! | 3, charsets | `exports_pitfalls::pitfall_3_another_charset_is_refused_and_never_no_rows`, `pull::read::sie_tests::letters_are_those_of_their_charset_line_by_line`, `pull::read::dbf_tests::the_charset_is_declared_or_named_or_read_off_the_texts` |
//! | 4, XML in windows-1251 | `exports_pitfalls::pitfall_4_a_short_declaration_of_windows_1251_is_enough`, `pull::read::xml::tests::charsets_are_known_before_the_first_letter` |
//! | 5, OData of 1C | `exports_pitfalls::pitfall_5_rows_of_odata_keep_their_digits_and_lose_drafts` |
//! | 6, signs | `exports_pitfalls::pitfall_6_a_return_is_positive_whatever_the_habit`, `pull::map::document::tests::signs_follow_the_kind`, `pull::read::datev_tests::the_sign_is_the_debtors` |
//! | 7, cancelled documents keep their amounts | `exports_presets::lines_of_xero_become_invoices_and_drafts_stay_out` |
//! | 8, noise above and below | `exports_presets::a_report_of_quickbooks_is_its_rows_and_their_clients`, `exports_crm::salesforce_ends_where_its_footer_begins`, `pull::read::report::tests::pitfall_8_title_and_signatures_are_counted_and_no_rows` |
//! | 9, one name on several levels | `exports_pitfalls::pitfall_9_a_sum_is_the_one_of_its_own_level`, `pull::read::xml::commerceml_tests::version_2_takes_the_buyer_by_role_and_the_documents_own_sum` |
//! | 10, sums within lines | `exports_reports::a_report_of_1c_gives_each_document_once`, `pull::read::report::tests::pitfall_10_lines_within_lines_are_no_leaves` |
//! | 11, malformed but normal | `exports_pitfalls::pitfall_11_a_bad_record_is_rejected_alone`, `exports_pitfalls::pitfall_11_control_characters_of_tally_are_passed_over`, `pull::read::workbook::tests::pitfall_11_a_workbook_of_1c_is_read_as_it_is` |
//! | 12, day, month and year | `exports_pitfalls::pitfall_12_day_and_month_are_as_declared`, `pull::read::report::period::tests::pitfall_12_periods_are_read_as_reports_write_them` |
//! | 13, full pages | `exports_pitfalls::pitfall_13_a_full_page_is_told`, `pull::pages::tests::pitfall_13_a_full_page_and_a_full_sheet_are_told` |
//! | 14, composite texts | `exports_reports::pitfall_14_a_name_with_commas_stays_whole`, `pull::read::report::tests::pitfall_14_months_across_become_rows_and_a_composite_label_stays_whole` |

use std::fmt::Write;

use crate::project::Project;

/// A project with one source `books` that reads every file in `exports`; `keys` are those of the
/// source beside its name and place.
pub(crate) fn source(keys: &str) -> Project {
    sources(&[("books", "*", keys)])
}

/// A project with sources of these names, patterns and keys.
pub(crate) fn sources(sources: &[(&str, &str, &str)]) -> Project {
    let mut text = "version: 1\nname: sales\nsources:\n".to_owned();
    for (name, pattern, keys) in sources {
        let _ = write!(text, "  - name: {name}\n    fetch: {{ files: {{ url: exports, ");
        let _ = writeln!(text, "pattern: \"{pattern}\" }} }}");
        for line in keys.trim_matches('\n').lines() {
            let _ = writeln!(text, "    {line}");
        }
    }
    Project::new().file("pipelines/sales.yaml", text)
}

/// The fields of the lake's rows, with `|` between them.
#[track_caller]
pub(crate) fn table(project: &Project, table: &str, columns: &[&str]) -> Vec<String> {
    let columns = columns.iter().map(|column| format!("coalesce(cast({column} as varchar), '')"));
    let columns: Vec<String> = columns.collect();
    let columns = columns.join(" || '|' || ");
    let rows = project.query(&format!("select {columns} as row from lake.{table} order by 1"));
    rows.iter().map(|row| row["row"].as_str().unwrap().to_owned()).collect()
}

/// The documents: `id|kind|date|client|amount`.
#[track_caller]
pub(crate) fn documents(project: &Project) -> Vec<String> {
    table(project, "documents", &["document_id", "kind", "date", "client_id", "amount"])
}

/// The refusals: `id|date|client|stage|reason|manager|amount`.
#[track_caller]
pub(crate) fn refusals(project: &Project) -> Vec<String> {
    let reason = "coalesce(reason_client, reason_manager)";
    let columns = ["refusal_id", "date", "client_id", "stage", reason, "manager", "amount"];
    table(project, "refusals", &columns)
}

/// `text` in windows-1251.
pub(crate) fn cp1251(text: &str) -> Vec<u8> {
    encoding_rs::WINDOWS_1251.encode(text).0.into_owned()
}
