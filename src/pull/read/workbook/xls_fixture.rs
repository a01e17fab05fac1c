//! Small XLS workbooks for tests, record by record, with the same sheets and styles as those in
//! XLSX have.

/// A record.
pub(crate) fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let bytes = u16::try_from(data.len()).unwrap();
    [&kind.to_le_bytes(), &bytes.to_le_bytes(), data].concat()
}

fn shorts(values: &[usize]) -> Vec<u8> {
    values.iter().flat_map(|value| u16::try_from(*value).unwrap().to_le_bytes()).collect()
}

/// Flags and characters of a text: a byte for each where that is enough, else two.
pub(crate) fn chars(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    match units.iter().map(|unit| u8::try_from(*unit)).collect::<Result<Vec<u8>, _>>() {
        Ok(narrow) => [vec![0], narrow].concat(),
        Err(_) => [vec![1], units.iter().flat_map(|unit| unit.to_le_bytes()).collect()].concat(),
    }
}

/// A text with its length before it.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [shorts(&[text.encode_utf16().count()]), chars(text)].concat()
}

/// The shared strings, with a count that lies.
pub(crate) fn shared(strings: &[String]) -> Vec<u8> {
    let (mut records, mut kind) = (Vec::new(), 0x00fc);
    let mut data = vec![u8::MAX; 8];
    for string in strings.iter().map(|string| text(string)) {
        if data.len() + string.len() > 8224 {
            records.extend(record(std::mem::replace(&mut kind, 0x003c), &data));
            data.clear();
        }
        data.extend(string);
    }
    records.extend(record(kind, &data));
    records
}

/// The stream of a workbook: a chart, a hidden, an empty sheet, and `TDSheet` of the records
/// `sheet`; `globals` are records among those before the sheets.
pub(crate) fn stream(globals: &[u8], sheet: &[u8]) -> Vec<u8> {
    let begin = |kind: usize| record(0x0809, &shorts(&[0x0600, kind, 0, 0, 0, 0, 0, 0]));
    let end = record(0x000a, &[]);
    let hidden =
        record(0x027e, &[shorts(&[0, 0, 0]), (7_u32 << 2 | 2).to_le_bytes().to_vec()].concat());
    let sheets = [
        ("График", 0, 2, begin(0x20)),
        ("Скрытый", 1, 0, [begin(0x10), hidden].concat()),
        ("Пустой", 0, 0, begin(0x10)),
        ("TDSheet", 0, 0, [begin(0x10), sheet.to_vec()].concat()),
    ];
    let font = |flags: usize| record(0x0031, &shorts(&[200, flags, 0, 0, 0, 0, 0]));
    let format = |id: usize, code: &str| record(0x041e, &[shorts(&[id]), text(code)].concat());
    // The fonts have the numbers 0 to 3 and 5.
    let style = |font: usize, format: usize, indent: usize| {
        record(0x00e0, &shorts(&[font, format, 1, 0, indent, 0, 0, 0, 0, 0]))
    };
    let mut stream = [
        begin(0x05),
        record(0x0042, &shorts(&[1200])),
        [font(0), font(0), font(0), font(0), font(2)].concat(),
        [format(164, "00"), format(165, "0\".Н\"")].concat(),
        [style(0, 0, 0), style(0, 14, 0), style(0, 164, 0), style(0, 165, 0)].concat(),
        [style(0, 0, 1), style(0, 0, 2), style(5, 0, 0), style(5, 0, 1)].concat(),
        globals.to_vec(),
    ]
    .concat();
    let listed = |at: usize, (name, state, kind, _): &(&str, u8, u8, Vec<u8>)| {
        let head = [u32::try_from(at).unwrap().to_le_bytes().as_slice(), &[*state, *kind]].concat();
        let count = u8::try_from(name.encode_utf16().count()).unwrap();
        record(0x0085, &[head, vec![count], chars(name)].concat())
    };
    let list: usize = sheets.iter().map(|sheet| listed(0, sheet).len()).sum();
    let mut at = stream.len() + list + end.len();
    for sheet in &sheets {
        stream.extend(listed(at, sheet));
        at += sheet.3.len() + end.len();
    }
    stream.extend(&end);
    for (.., records) in sheets {
        stream.extend(records);
        stream.extend(&end);
    }
    stream
}

/// A compound file of one stream.
pub(crate) fn compound(name: &str, stream: &[u8]) -> Vec<u8> {
    const END: u32 = 0xffff_fffe;
    let number = |value: usize| u32::try_from(value).unwrap();
    let sector = |words: &[u32]| {
        let mut bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        bytes.resize(bytes.len().next_multiple_of(512), u8::MAX);
        bytes
    };
    let body = stream.len().div_ceil(512);
    let mini = stream.len() < 4096;
    // The sectors: directory, mini FAT, the stream, FAT, DIFAT.
    let (mut fat, mut more) = (1, 0);
    while 2 + body + fat + more > fat * 128 {
        fat += 1;
        more = fat.saturating_sub(109).div_ceil(127);
    }
    let chain = |first: usize, count: usize| {
        let next = (first + 1..first + count).map(number);
        next.chain((count > 0).then_some(END)).collect::<Vec<u32>>()
    };
    let tables: Vec<u32> = (2 + body..2 + body + fat).map(number).collect();
    let mut links = vec![END, END];
    links.extend(chain(2, body));
    links.extend(vec![0xffff_fffd; fat]);
    links.extend(vec![0xffff_fffc; more]);
    links.resize(fat * 128, u32::MAX);
    let mut header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    header.extend([0; 16]);
    header.extend(shorts(&[0x3e, 3, 0xfffe, 9, 6, 0, 0, 0]));
    let first_more = if more == 0 { END } else { number(2 + body + fat) };
    let head = [0, number(fat), 0, 0, 4096, 1, 1, first_more, number(more)];
    header.extend(head.iter().flat_map(|word| word.to_le_bytes()));
    header.extend(sector(&tables[..fat.min(109)]));
    header.truncate(512);
    header.resize(512, u8::MAX);
    let entry = |name: &str, kind: u8, child: u32, start: usize, bytes: usize| {
        let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        entry.resize(64, 0);
        entry.extend(shorts(&[2 * name.len() + 2]));
        entry.extend([kind, 1]);
        entry.extend([u32::MAX, u32::MAX, child].iter().flat_map(|word| word.to_le_bytes()));
        entry.resize(116, 0);
        entry.extend([number(start), number(bytes), 0].iter().flat_map(|word| word.to_le_bytes()));
        entry
    };
    let mut directory = entry("Root Entry", 5, 1, 2, if mini { stream.len() } else { 0 });
    directory.extend(entry(name, 2, u32::MAX, if mini { 0 } else { 2 }, stream.len()));
    directory.resize(512, 0);
    let mut stream = stream.to_vec();
    let minis = chain(0, stream.len().div_ceil(64).min(128));
    stream.resize(body * 512, 0);
    let mut bytes = [header, directory, sector(&minis), stream, sector(&links)].concat();
    for (index, part) in tables[fat.min(109)..].chunks(127).enumerate() {
        let mut part = part.to_vec();
        part.resize(127, u32::MAX);
        let next = 2 + body + fat + index + 1;
        part.push(if index + 1 == more { END } else { number(next) });
        bytes.extend(sector(&part));
    }
    bytes
}

fn place(name: &str) -> (usize, usize) {
    let column = usize::from(name.as_bytes()[0] - b'A');
    (name[1..].parse::<usize>().unwrap() - 1, column)
}

/// A workbook whose rows are given by outline level and cells: a cell as `text@style` has a style,
/// an empty one is blank, and what is a number is one. Merged are ranges as `A1:B1`.
pub(crate) fn xls(rows: &[(usize, Vec<String>)], merged: &[&str], below: bool) -> Vec<u8> {
    let mut strings: Vec<String> = Vec::new();
    // Dimensions that claim all cells there can be.
    let mut sheet = [
        record(0x0081, &shorts(&[if below { 0x40 } else { 0 }])),
        record(0x0200, &[0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 255, 255, 0, 0]),
    ]
    .concat();
    for (index, (level, _)) in rows.iter().enumerate() {
        sheet.extend(record(0x0208, &shorts(&[index, 0, 0, 255, 0, 0, *level, 0])));
    }
    for (index, (_, cells)) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate() {
            let (value, style) = cell.rsplit_once('@').unwrap_or((cell, "0"));
            let head = shorts(&[index, column, style.parse().unwrap()]);
            let number = value.parse::<f64>().ok();
            let whole = number.filter(|number| number.fract() == 0.0 && number.abs() < 5e8);
            let (kind, data) = if value.is_empty() {
                (0x0201, Vec::new())
            } else if let Some(whole) = whole {
                #[expect(clippy::cast_possible_truncation, reason = "checked above")]
                let whole = whole as i32;
                (0x027e, (whole << 2 | 2).to_le_bytes().to_vec())
            } else if let Some(number) = number {
                (0x0203, number.to_le_bytes().to_vec())
            } else {
                strings.push(value.to_owned());
                (0x00fd, u32::try_from(strings.len() - 1).unwrap().to_le_bytes().to_vec())
            };
            sheet.extend(record(kind, &[head, data].concat()));
        }
    }
    let mut merges = shorts(&[merged.len()]);
    for range in merged {
        let (first, last) = range.split_once(':').unwrap();
        let ((first_row, first_column), (last_row, last_column)) = (place(first), place(last));
        merges.extend(shorts(&[first_row, last_row, first_column, last_column]));
    }
    sheet.extend(record(0x00e5, &merges));
    compound("Workbook", &stream(&shared(&strings), &sheet))
}
