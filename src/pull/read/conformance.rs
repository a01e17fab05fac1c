//! What every reader keeps true, whatever its format: one suite over files of the same sales.
//!
//! A format that is added to [`Read`] or [`Named`] does not compile before it stands here.

use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Arc;

use arrow::array::{Decimal128Array, RecordBatch, StringArray};
use chrono_tz::Tz;
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;

use super::ahead::Ahead;
use super::workbook::fixture::{Book, bytes_of, ods};
use super::workbook::xls_fixture::xls;
use super::{BadBytes, Content, Reader};
use crate::config::pipeline::{Csv, Frame, Locale, Named, Read, Workbook};
use crate::pull::damage::{cases, damage};

/// A sale: its number from 0, and its amount in cents.
type Sale = (usize, i64);

/// One format.
struct Format {
    read: Read,
    /// A file of these sales.
    write: fn(&[Sale]) -> Vec<u8>,
    /// The columns of a sale's number and amount.
    columns: [&'static str; 2],
    /// The kind of record that a sale is, where there are several.
    record: Option<&'static str>,
    /// The row of a sale.
    row: fn(usize) -> usize,
    /// Whether a file that ends too early is known by that alone, but for so many bytes.
    ends: Option<usize>,
    /// Bytes that a sale takes for as long as the file is read, at most: shared strings, and all of
    /// an XLS.
    held: usize,
}

fn locale() -> Locale {
    Locale { decimal: '.', thousands: None, sign: None, date: "%F".to_owned(), zone: Tz::UTC }
}

/// The format that follows `before`, the first after none. By this no variant is left out.
fn next(before: Option<&Read>) -> Option<Read> {
    let named = |named| Some(Read::Named(named, locale()));
    let Some(before) = before else {
        let (frame, encoding) = (Frame::default(), None);
        return Some(Read::Csv(Csv {
            encoding,
            delimiter: ';',
            locale: locale(),
            frame,
            report: None,
        }));
    };
    match before {
        Read::Csv(_) => Some(Read::Ndjson(locale())),
        Read::Ndjson(_) => Some(Read::Parquet(Tz::UTC, locale())),
        Read::Parquet(..) => Some(Read::Workbook(Workbook {
            sheet: None,
            encoding: None,
            locale: locale(),
            frame: Frame::default(),
            report: None,
        })),
        Read::Workbook(_) => named(Named::ClientBankExchange),
        Read::Named(format, _) => match format {
            Named::ClientBankExchange => named(Named::CommerceMl),
            Named::CommerceMl => named(Named::Ubl),
            Named::Ubl => named(Named::Cii),
            Named::Cii => named(Named::Saft),
            Named::Saft => named(Named::Datev(None)),
            Named::Datev(_) => named(Named::Sie(None)),
            Named::Sie(_) => named(Named::Tally),
            Named::Tally => named(Named::Dbf(None)),
            Named::Dbf(_) => None,
        },
    }
}

fn formats() -> Vec<(String, Format)> {
    let mut formats = Vec::new();
    let mut read = next(None);
    while let Some(now) = read {
        read = next(Some(&now));
        let name = format!("{now:?}");
        let name = name.split(['{', ',']).next().unwrap_or_default().trim().to_owned();
        let several: Vec<(&str, Format)> = match &now {
            // One reader, three containers.
            Read::Workbook(_) => vec![
                (" xlsx", format(&now, as_xlsx, 160)),
                (" ods", format(&now, as_ods, 0)),
                (" xls", Format { ends: Some(512), ..format(&now, as_xls, 400) }),
            ],
            // A mark of its end follows the records.
            Read::Named(Named::Dbf(_), _) => {
                vec![("", Format { ends: Some(1), ..format(&now, as_dbf, 0) })]
            }
            _ => vec![("", format(&now, writer(&now), 0))],
        };
        formats.extend(several.into_iter().map(|(more, format)| (format!("{name}{more}"), format)));
    }
    formats
}

fn writer(read: &Read) -> fn(&[Sale]) -> Vec<u8> {
    match read {
        Read::Csv(_) => as_csv,
        Read::Ndjson(_) => as_ndjson,
        Read::Parquet(..) => as_parquet,
        Read::Workbook(_) => as_xlsx,
        Read::Named(named, _) => match named {
            Named::ClientBankExchange => as_client_bank_exchange,
            Named::CommerceMl => as_commerce_ml,
            Named::Ubl => as_ubl,
            Named::Cii => as_cii,
            Named::Saft => as_saft,
            Named::Datev(_) => as_datev,
            Named::Sie(_) => as_sie,
            Named::Tally => as_tally,
            Named::Dbf(_) => as_dbf,
        },
    }
}

fn format(read: &Read, write: fn(&[Sale]) -> Vec<u8>, held: usize) -> Format {
    let xml = Some("document");
    let plain: fn(usize) -> usize = |sale| sale + 1;
    let titled: fn(usize) -> usize = |sale| sale + 4;
    let (columns, record, row, ends) = match read {
        Read::Csv(_) => (["Number", "Amount"], None, titled, None),
        Read::Workbook(_) => (["Number", "Amount"], None, titled, Some(0)),
        Read::Ndjson(_) => (["Number", "Amount"], None, plain, None),
        Read::Parquet(..) => (["Number", "Amount"], None, plain, Some(0)),
        Read::Named(named, _) => match named {
            Named::ClientBankExchange => {
                let row: fn(usize) -> usize = |sale| 4 + 6 * sale;
                (["number", "amount"], None, row, None)
            }
            Named::CommerceMl | Named::Tally => (["number", "amount"], xml, plain, Some(0)),
            Named::Ubl | Named::Cii | Named::Saft => {
                (["number", "gross_amount"], xml, plain, Some(0))
            }
            Named::Datev(_) => {
                let row: fn(usize) -> usize = |sale| sale + 3;
                (["document_number", "amount"], None, row, None)
            }
            Named::Sie(_) => {
                let row: fn(usize) -> usize = |sale| 6 + 4 * sale;
                (["voucher", "amount"], None, row, None)
            }
            Named::Dbf(_) => (["NUMBER", "AMOUNT"], None, plain, Some(0)),
        },
    };
    Format { read: read.clone(), write, columns, record, row, ends, held }
}

fn sales(count: usize) -> Vec<Sale> {
    (0..count).map(|sale| (sale, i64::try_from(sale * 7_919 % 99_991).unwrap() + 1)).collect()
}

fn money(cents: i64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

/// A title, a blank row, the header and a row for each sale.
fn grid(sales: &[Sale]) -> Vec<Vec<String>> {
    let row = |cells: &[&str]| cells.iter().map(|cell| (*cell).to_owned()).collect();
    let mut rows =
        vec![row(&["Sales of the year"]), row(&[]), row(&["Number", "Client", "Amount"])];
    rows.extend(sales.iter().map(|(sale, cents)| {
        row(&[&format!("S-{sale}"), &format!("Клиент {} & Co", sale % 97), &money(*cents)])
    }));
    rows
}

fn as_csv(sales: &[Sale]) -> Vec<u8> {
    grid(sales).iter().map(|row| row.join(";") + "\r\n").collect::<String>().into_bytes()
}

fn as_ndjson(sales: &[Sale]) -> Vec<u8> {
    let line = |(sale, cents): &Sale| {
        format!("{{\"Number\": \"S-{sale}\", \"Amount\": {}, \"more\": [1]}}\n", money(*cents))
    };
    sales.iter().map(line).collect::<String>().into_bytes()
}

fn as_parquet(sales: &[Sale]) -> Vec<u8> {
    let numbers: StringArray = sales.iter().map(|(sale, _)| Some(format!("S-{sale}"))).collect();
    let amounts = sales.iter().map(|(_, cents)| Some(i128::from(*cents)));
    let amounts = amounts.collect::<Decimal128Array>().with_precision_and_scale(18, 2).unwrap();
    let columns = [("Number", Arc::new(numbers) as _), ("Amount", Arc::new(amounts) as _)];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_max_row_group_row_count(Some(1_024))
        .build();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

fn as_xlsx(sales: &[Sale]) -> Vec<u8> {
    let book = grid(sales).iter().fold(Book::default().merge("A1:B1"), |book, row| {
        book.row(0, &row.iter().map(String::as_str).collect::<Vec<_>>())
    });
    bytes_of(book.file())
}

fn as_ods(sales: &[Sale]) -> Vec<u8> {
    let mut rows = String::new();
    for row in grid(sales) {
        rows.push_str("<table:table-row>");
        for cell in &row {
            let cell = quick_xml::escape::escape(cell);
            let cell = format!("<table:table-cell office:value-type=\"string\"><text:p>{cell}");
            write!(rows, "{cell}</text:p></table:table-cell>").unwrap();
        }
        rows.push_str(if row.is_empty() {
            "<table:table-cell/></table:table-row>"
        } else {
            "</table:table-row>"
        });
    }
    let table = format!("<table:table table:name=\"Sales\">{rows}</table:table>");
    bytes_of(ods("", &table))
}

fn as_xls(sales: &[Sale]) -> Vec<u8> {
    let rows: Vec<(usize, Vec<String>)> = grid(sales).into_iter().map(|row| (0, row)).collect();
    xls(&rows, &[], false)
}

fn as_client_bank_exchange(sales: &[Sale]) -> Vec<u8> {
    let mut text = "1CClientBankExchange\nКодировка=Windows\nРасчСчет=1\n".to_owned();
    for (sale, cents) in sales {
        let amount = money(*cents);
        write!(
            text,
            "СекцияДокумент=Платежное поручение\nНомер=S-{sale}\nСумма={amount}\nПлательщикСчет=2\n\
             ПолучательСчет=1\nКонецДокумента\n"
        )
        .unwrap();
    }
    text.push_str("КонецФайла\n");
    encoding_rs::WINDOWS_1251.encode(&text).0.into_owned()
}

/// A file of a `beginning`, an element for each sale and an `end`.
fn as_xml(
    sales: &[Sale],
    beginning: &str,
    end: &str,
    element: impl Fn(&str, &str) -> String,
) -> Vec<u8> {
    let elements = sales.iter().map(|(sale, cents)| element(&format!("S-{sale}"), &money(*cents)));
    [beginning, &elements.collect::<String>(), end].concat().into_bytes()
}

fn as_commerce_ml(sales: &[Sale]) -> Vec<u8> {
    let beginning = "<КоммерческаяИнформация ВерсияСхемы=\"2.05\">";
    as_xml(sales, beginning, "</КоммерческаяИнформация>", |number, amount| {
        format!(
            "<Документ><Номер>{number}</Номер><Дата>2026-09-30</Дата><ХозОперация>Отпуск товара\
             </ХозОперация><Сумма>{amount}</Сумма></Документ>"
        )
    })
}

fn as_ubl(sales: &[Sale]) -> Vec<u8> {
    as_xml(sales, "<All>", "</All>", |number, amount| {
        format!(
            "<Invoice xmlns=\"urn:oasis:names:specification:ubl:schema:xsd:Invoice-2\"><ID>{number}\
             </ID><LegalMonetaryTotal><TaxInclusiveAmount>{amount}</TaxInclusiveAmount>\
             </LegalMonetaryTotal></Invoice>"
        )
    })
}

fn as_cii(sales: &[Sale]) -> Vec<u8> {
    as_xml(sales, "<All>", "</All>", |number, amount| {
        format!(
            "<r:CrossIndustryInvoice xmlns:r=\"urn:un:unece:uncefact:data:standard:\
             CrossIndustryInvoice:100\"><r:ExchangedDocument><r:ID>{number}</r:ID>\
             </r:ExchangedDocument><r:SupplyChainTradeTransaction><r:ApplicableHeaderTradeSettlement>\
             <r:SpecifiedTradeSettlementHeaderMonetarySummation><r:GrandTotalAmount>{amount}\
             </r:GrandTotalAmount></r:SpecifiedTradeSettlementHeaderMonetarySummation>\
             </r:ApplicableHeaderTradeSettlement></r:SupplyChainTradeTransaction>\
             </r:CrossIndustryInvoice>"
        )
    })
}

fn as_saft(sales: &[Sale]) -> Vec<u8> {
    let beginning = "<AuditFile xmlns=\"urn:OECD:StandardAuditFile-Tax:PT_1.04_01\"><Header>\
                     <CurrencyCode>EUR</CurrencyCode></Header><SourceDocuments><SalesInvoices>";
    let end = "</SalesInvoices></SourceDocuments></AuditFile>";
    as_xml(sales, beginning, end, |number, amount| {
        format!(
            "<Invoice><InvoiceNo>{number}</InvoiceNo><InvoiceType>FT</InvoiceType><DocumentTotals>\
             <NetTotal>{amount}</NetTotal><TaxPayable>0</TaxPayable><GrossTotal>{amount}</GrossTotal>\
             </DocumentTotals></Invoice>"
        )
    })
}

fn as_tally(sales: &[Sale]) -> Vec<u8> {
    let (beginning, end) = ("<ENVELOPE><BODY><DATA>", "</DATA></BODY></ENVELOPE>");
    as_xml(sales, beginning, end, |number, amount| {
        format!(
            "<TALLYMESSAGE><VOUCHER VCHTYPE='Sales'><DATE>20250308</DATE><VOUCHERNUMBER>{number}\
             </VOUCHERNUMBER><PARTYLEDGERNAME>A</PARTYLEDGERNAME><LEDGERENTRIES.LIST><LEDGERNAME>A\
             </LEDGERNAME><AMOUNT>-{amount}</AMOUNT></LEDGERENTRIES.LIST></VOUCHER></TALLYMESSAGE>"
        )
    })
}

fn as_datev(sales: &[Sale]) -> Vec<u8> {
    let mut text = "\"EXTF\";700;21;\"\";9;2024;;\"XY\";\"\";\"\";1001;456;20230701;4;20240101;\
                    20240229;\"\";\"\";1;;0;\"EUR\";\"\";\"\";\"\";\"\";\"03\";;;\"\";\"\"\r\n\
                    Umsatz (ohne Soll/Haben-Kz);Soll/Haben-Kennzeichen;Konto;\
                    Gegenkonto (ohne BU-Schlüssel);Belegdatum;Belegfeld 1;Buchungstext\r\n"
        .to_owned();
    for (sale, cents) in sales {
        let amount = money(*cents).replace('.', ",");
        write!(text, "{amount};S;10000;8400;0102;S-{sale};{:<500}\r\n", "Paid").unwrap();
    }
    encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
}

fn as_sie(sales: &[Sale]) -> Vec<u8> {
    let mut text = "#FLAGGA 0\n#SIETYP 4\n#RAR 0 20240101 20241231\n".to_owned();
    for (sale, cents) in sales {
        let amount = money(*cents);
        write!(text, "#VER A S-{sale} 20240304\n{{\n#TRANS 1510 {{}} {amount}\n}}\n").unwrap();
    }
    text.into_bytes()
}

fn as_dbf(sales: &[Sale]) -> Vec<u8> {
    let records: Vec<Vec<u8>> = sales
        .iter()
        .map(|(sale, cents)| {
            format!(" {:<8}{:>9}{:<254}{:<254}", format!("S-{sale}"), money(*cents), "Paid", "")
                .into_bytes()
        })
        .collect();
    let records: Vec<&[u8]> = records.iter().map(Vec::as_slice).collect();
    let fields: &[(&[u8], u8, u8)] =
        &[(b"NUMBER", b'C', 8), (b"AMOUNT", b'N', 9), (b"NOTE", b'C', 254), (b"MORE", b'C', 254)];
    super::dbf::tests::table(0x65, fields, &records)
}

/// A sale as it is read: its row, number and amount in cents.
type Sold = (u64, String, i64);

/// The cents of an amount, whatever its separator; less than nothing where it is none.
fn cents(amount: &str) -> i64 {
    let (whole, fraction) = amount.split_once(['.', ',']).unwrap_or((amount, ""));
    format!("{whole}{fraction:0<2}").parse().unwrap_or(-1)
}

/// Calls `each` with the sales that `bytes` hold by the format, the same on this thread and ahead;
/// gives the number of all rows.
fn read(format: &Format, bytes: &[u8], each: &mut dyn FnMut(Sold)) -> Result<usize, String> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let content = Content::open(file.path(), 1 << 30).unwrap();
    let open = || content.reader_here(&format.read, &format.columns).map_err(told);
    let (mut here, mut sold) = (open()?, Vec::new());
    let rows = read_all(format, here.as_mut(), &mut |sale| sold.push(sale));
    let (mut ahead, mut again) = (Ahead::new(open()?).unwrap(), Vec::new());
    let rows_ahead = read_all(format, &mut ahead, &mut |sale| again.push(sale));
    assert!(rows == rows_ahead && sold == again, "read ahead: {rows:?}, {rows_ahead:?}");
    if rows.is_ok() {
        let notes = (ahead.notes(), ahead.charset(), ahead.unseen(), ahead.summary_below());
        assert_eq!(notes, (here.notes(), here.charset(), here.unseen(), here.summary_below()));
        assert_eq!(ahead.merges(), here.merges());
    }
    sold.into_iter().for_each(each);
    rows
}

/// What is said of bytes that cannot be used.
fn told(bad: BadBytes) -> String {
    assert!(!bad.message.is_empty() && !bad.hint.is_empty(), "{bad:?}");
    bad.message
}

fn read_all(
    format: &Format,
    reader: &mut dyn Reader,
    each: &mut dyn FnMut(Sold),
) -> Result<usize, String> {
    let place = |columns: &[String]| {
        let [number, amount] = format.columns;
        let at = |name: &str| columns.iter().position(|column| column == name);
        Some((at(number)?, at(amount)?, at("record")))
    };
    let mut places = reader.columns().and_then(place);
    let (mut rows, mut last) = (0, 0);
    while let Some(batch) = reader.next_rows().map_err(told)? {
        for row in batch.iter() {
            assert!(row.number > last, "row {} comes after row {last}", row.number);
            (last, rows) = (row.number, rows + 1);
            let Some((number, amount, record)) = places else {
                let header: Vec<String> =
                    (0..row.len()).map(|field| row.field(field).to_owned()).collect();
                places = place(&header);
                continue;
            };
            let wanted = format
                .record
                .is_none_or(|name| record.is_none_or(|record| row.field(record) == name));
            if wanted && !row.is_blank() {
                each((row.number, row.field(number).to_owned(), cents(row.field(amount))));
            }
        }
    }
    Ok(rows)
}

#[test]
fn every_sale_is_a_row_of_its_number_under_its_header() {
    for (name, format) in formats() {
        let sales = sales(3_000);
        let mut found = Vec::new();
        read(&format, &(format.write)(&sales), &mut |sale| found.push(sale)).unwrap();
        let expected = sales
            .iter()
            .map(|(sale, cents)| ((format.row)(*sale) as u64, format!("S-{sale}"), *cents));
        let expected: Vec<Sold> = expected.collect();
        let first = found.iter().zip(&expected).find(|(found, expected)| found != expected);
        assert_eq!((first, found.len()), (None, expected.len()), "{name}: found, expected");
    }
}

#[test]
fn a_file_that_is_cut_off_is_refused_where_its_format_can_tell() {
    for (name, format) in formats() {
        let Some(spare) = format.ends else { continue };
        let bytes = (format.write)(&sales(40));
        for cut in (spare + 1..bytes.len()).step_by(bytes.len() / 23) {
            let read = read(&format, &bytes[..bytes.len() - cut], &mut |_| {});
            assert!(read.is_err(), "{name}, cut by {cut} of {} bytes: {read:?}", bytes.len());
        }
    }
}

/// Sales of a small file and of a large one: DBF and DATEV hold the first 4 MiB to find charset and
/// chart of accounts, and have more in both.
const FEW: usize = 8_000;
const MANY: usize = 40_000;

#[test]
fn memory_does_not_grow_with_the_file() {
    for (name, format) in formats() {
        let peak = |count: usize| {
            let mut file = tempfile::NamedTempFile::new().unwrap();
            file.write_all(&(format.write)(&sales(count))).unwrap();
            let mut seen = 0;
            let info = allocation_counter::measure(|| {
                let content = Content::open(file.path(), 1 << 30).unwrap();
                let mut reader = content.reader_here(&format.read, &format.columns).unwrap();
                read_all(&format, reader.as_mut(), &mut |_| seen += 1).unwrap();
            });
            assert_eq!(seen, count, "{name}");
            usize::try_from(info.bytes_max).unwrap()
        };
        let (few, many) = (peak(FEW), peak(MANY));
        let allowed = few + format.held * (MANY - FEW) + (32 << 10);
        assert!(many <= allowed, "{name}: {few} bytes for {FEW} sales, {many} for {MANY}");
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn any_bytes_in_a_file_are_rows_or_an_error(damage in damage(), count in 1_usize..6) {
        for (_, format) in formats() {
            let _ = read(&format, &damage.of(&(format.write)(&sales(count))), &mut |_| {});
        }
    }

    #[test]
    fn any_bytes_at_all_are_rows_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        for (_, format) in formats() {
            let most = bytes.len();
            if let Ok(rows) = read(&format, &bytes, &mut |_| {}) {
                prop_assert!(rows <= most);
            }
        }
    }
}
