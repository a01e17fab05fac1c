//! pobudka from outside: the binary, real files, real runs.

// Made-up numbers of tests are small.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap, clippy::cast_sign_loss)]

mod a_year;
mod available;
mod backfill;
mod bad_exports;
mod daemon;
mod declarations;
mod demo;
mod directions;
mod docs;
mod duplicates;
mod exports;
mod exports_archives;
mod exports_books;
mod exports_crm;
mod exports_deals;
mod exports_declarations;
mod exports_erp;
mod exports_pitfalls;
mod exports_presets;
mod exports_quiet;
mod exports_reports;
mod exports_services;
mod exports_table;
mod exports_totals;
mod exports_workbook;
mod exports_xls;
mod exports_xml;
mod follow;
mod formats;
mod inspect;
mod inspect_cases;
mod inspect_habits;
mod inspect_keys;
mod inspect_samples;
mod kill;
mod language;
mod lineage;
mod loads;
mod loads_keys;
mod made_up;
mod naive;
mod naive_calls;
mod naive_company;
mod naive_lists;
mod naive_quarters;
mod naive_reports;
mod naive_returns;
mod naive_signs;
mod naive_tables;
mod online_retail;
mod profile;
#[allow(dead_code)]
mod project;
mod properties;
mod readme;
mod reasons;
mod reliability;
mod repeat;
mod reports;
mod restatements;
mod sample;
mod settings;
mod sheet;
mod tidy;
mod unit_tests;
mod upkeep;
mod views;
mod worked;
#[path = "../../src/pull/read/workbook/xls_fixture.rs"]
mod xls_fixture;
