//! The records of an XLS ([MS-XLS] 2.1.4): each a number, a length, and fields.
//!
//! Keeps true: a field or a text that a record has no room for goes on in the CONTINUE records
//! behind it; a record shorter than its fields is an error that says where; what is read counts
//! against the limit, so that no damaged book has a sheet read without end.

use std::io::{self, BufRead, BufReader, Read};

use super::bad;
use super::compound::Stream;
use crate::pull::read::BadBytes;
use crate::pull::read::charset::Charset;

/// The numbers of the records that are read ([MS-XLS] 2.3.2).
pub(super) mod record {
    pub(in super::super) const FORMULA: u16 = 0x0006;
    pub(in super::super) const EOF: u16 = 0x000a;
    pub(in super::super) const DATEMODE: u16 = 0x0022;
    pub(in super::super) const FILEPASS: u16 = 0x002f;
    pub(in super::super) const FONT: u16 = 0x0031;
    pub(in super::super) const CONTINUE: u16 = 0x003c;
    pub(in super::super) const CODEPAGE: u16 = 0x0042;
    pub(in super::super) const WSBOOL: u16 = 0x0081;
    pub(in super::super) const BOUNDSHEET: u16 = 0x0085;
    pub(in super::super) const MULRK: u16 = 0x00bd;
    pub(in super::super) const RSTRING: u16 = 0x00d6;
    pub(in super::super) const XF: u16 = 0x00e0;
    pub(in super::super) const MERGEDCELLS: u16 = 0x00e5;
    pub(in super::super) const SST: u16 = 0x00fc;
    pub(in super::super) const LABELSST: u16 = 0x00fd;
    pub(in super::super) const NUMBER: u16 = 0x0203;
    pub(in super::super) const LABEL: u16 = 0x0204;
    pub(in super::super) const BOOLERR: u16 = 0x0205;
    pub(in super::super) const STRING: u16 = 0x0207;
    pub(in super::super) const ROW: u16 = 0x0208;
    pub(in super::super) const RK: u16 = 0x027e;
    pub(in super::super) const FORMAT: u16 = 0x041e;
    pub(in super::super) const BOF: u16 = 0x0809;
}

/// Reads record by record, and the fields of each in their order.
pub(super) struct Records {
    stream: BufReader<Stream>,
    /// Where in the stream the record begins whose head was read last.
    head_at: u64,
    end_at: u64,
    /// The head that was read ahead: the number and length of the next record.
    ahead: Option<(u16, usize)>,
    kind: u16,
    data: Vec<u8>,
    at: usize,
    units: Vec<u16>,
    bytes: Vec<u8>,
    /// The charset of texts; without one they are UTF-16, as from Excel 97 on (BIFF8).
    pub(super) charset: Option<Charset>,
    /// Whether that charset is neither said by the workbook nor declared.
    pub(super) unsaid: bool,
    limit_bytes: u64,
    left_bytes: u64,
}

impl Records {
    /// The records of `stream`, of which `limit_bytes` may be read in all.
    pub(super) fn new(stream: Stream, limit_bytes: u64) -> Self {
        Self {
            stream: BufReader::with_capacity(1 << 16, stream),
            head_at: 0,
            end_at: 0,
            ahead: None,
            kind: 0,
            data: Vec::new(),
            at: 0,
            units: Vec::new(),
            bytes: Vec::new(),
            charset: None,
            unsaid: false,
            limit_bytes,
            left_bytes: limit_bytes,
        }
    }

    /// Goes to the record at `at`, counted from the beginning of the stream.
    pub(super) fn go_to(&mut self, at: u64) {
        let buffered = self.stream.buffer().len();
        self.stream.consume(buffered);
        self.stream.get_mut().go_to(at);
        self.ahead = None;
        self.end_at = at;
    }

    /// Goes on to the next record, and gives its number.
    pub(super) fn next(&mut self) -> Result<u16, BadBytes> {
        let Some((kind, bytes)) = self.peek()? else {
            let message = format!("the XLS is cut off at byte {} of its stream", self.end_at);
            return Err(bad(None, message));
        };
        self.kind = kind;
        self.load(bytes)?;
        Ok(kind)
    }

    fn peek(&mut self) -> Result<Option<(u16, usize)>, BadBytes> {
        if self.ahead.is_none() {
            let mut head = [0; 4];
            match self.stream.read_exact(&mut head) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
                Err(error) => return Err(bad(None, format!("reading failed: {error}"))),
            }
            let [kind, kind_high, bytes, bytes_high] = head;
            let bytes = u16::from_le_bytes([bytes, bytes_high]);
            self.ahead = Some((u16::from_le_bytes([kind, kind_high]), usize::from(bytes)));
        }
        Ok(self.ahead)
    }

    fn load(&mut self, bytes: usize) -> Result<(), BadBytes> {
        self.ahead = None;
        self.head_at = self.end_at;
        self.end_at += 4 + bytes as u64;
        self.spend(4 + bytes)?;
        self.data.resize(bytes, 0);
        self.at = 0;
        self.stream.read_exact(&mut self.data).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.cut_off(),
            _ => bad(None, format!("reading failed: {error}")),
        })
    }

    /// Counts bytes that are read or held against the limit.
    pub(super) fn spend(&mut self, bytes: usize) -> Result<(), BadBytes> {
        self.left_bytes = self.left_bytes.checked_sub(bytes as u64).ok_or_else(|| BadBytes {
            row: None,
            message: format!("the XLS holds more than {} MiB", self.limit_bytes >> 20),
            hint: "raise limits: unpacked_mb in pipelines/project.yaml where the workbook is \
                   sound; else ask for it again"
                .to_owned(),
        })?;
        Ok(())
    }

    fn cut_off(&self) -> BadBytes {
        let (kind, at) = (self.kind, self.head_at);
        bad(None, format!("record 0x{kind:04x} at byte {at} of the XLS is cut off"))
    }

    /// Bytes of the record that were not read.
    pub(super) fn left(&self) -> usize {
        self.data.len() - self.at
    }

    /// Whether the record, or a CONTINUE behind it, has more.
    pub(super) fn has_more(&mut self) -> Result<bool, BadBytes> {
        let goes_on = matches!(self.peek()?, Some((record::CONTINUE, 1..)));
        Ok(self.left() > 0 || goes_on)
    }

    fn go_on(&mut self) -> Result<(), BadBytes> {
        match self.peek()? {
            Some((record::CONTINUE, bytes)) => self.load(bytes),
            _ => Err(self.cut_off()),
        }
    }

    /// The next field of `N` bytes.
    pub(super) fn field<const N: usize>(&mut self) -> Result<[u8; N], BadBytes> {
        let mut field = [0; N];
        let mut filled = 0;
        loop {
            let more = (N - filled).min(self.left());
            field[filled..filled + more].copy_from_slice(&self.data[self.at..self.at + more]);
            self.at += more;
            filled += more;
            if filled == N {
                return Ok(field);
            }
            self.go_on()?;
        }
    }

    pub(super) fn byte(&mut self) -> Result<u8, BadBytes> {
        self.field::<1>().map(|[byte]| byte)
    }

    pub(super) fn short(&mut self) -> Result<u16, BadBytes> {
        self.field().map(u16::from_le_bytes)
    }

    pub(super) fn long(&mut self) -> Result<u32, BadBytes> {
        self.field().map(u32::from_le_bytes)
    }

    /// Passes over `bytes` bytes.
    pub(super) fn skip(&mut self, mut bytes: usize) -> Result<(), BadBytes> {
        loop {
            let more = bytes.min(self.left());
            self.at += more;
            bytes -= more;
            if bytes == 0 {
                return Ok(());
            }
            self.go_on()?;
        }
    }

    /// Adds a text of `chars` characters to `text`.
    ///
    /// Before the characters stand flags ([MS-XLS] 2.5.293 `XLUnicodeRichExtendedString`), before
    /// those of each CONTINUE again; behind them formatting and phonetic parts, which are skipped.
    pub(super) fn text(&mut self, chars: usize, text: &mut String) -> Result<(), BadBytes> {
        let before = text.len();
        // Of no characters, some writers leave out the flags too.
        if chars == 0 && !self.has_more()? {
            return Ok(());
        }
        if let Some(charset) = self.charset {
            self.bytes.clear();
            for _ in 0..chars {
                let byte = self.byte()?;
                self.bytes.push(byte);
            }
            let decoded = charset.decode(&self.bytes).ok_or_else(|| {
                let at = format!("a text at byte {} of the XLS is not", self.head_at);
                if self.unsaid {
                    let message =
                        format!("{at} ASCII, and the workbook does not say its code page");
                    let hint =
                        "declare it, as read: { xls: { encoding: windows-1251 } }".to_owned();
                    return BadBytes { row: None, message, hint };
                }
                bad(None, format!("{at} in {}", charset.name()))
            })?;
            text.push_str(&decoded);
        } else {
            let mut flags = self.byte()?;
            let runs = if flags & 8 == 0 { 0 } else { usize::from(self.short()?) };
            let phonetic = if flags & 4 == 0 { 0 } else { self.long()? as usize };
            self.units.clear();
            loop {
                let wide = usize::from(flags & 1);
                let more = (chars - self.units.len()).min(self.left() >> wide);
                let bytes = &self.data[self.at..self.at + (more << wide)];
                if wide == 1 {
                    let units = bytes.chunks_exact(2).map(|unit| [unit[0], unit[1]]);
                    self.units.extend(units.map(u16::from_le_bytes));
                } else {
                    self.units.extend(bytes.iter().copied().map(u16::from));
                }
                self.at += bytes.len();
                if self.units.len() == chars {
                    break;
                }
                self.go_on()?;
                flags = self.byte()?;
            }
            let chars = char::decode_utf16(self.units.iter().copied());
            text.extend(chars.map(|char| char.unwrap_or(char::REPLACEMENT_CHARACTER)));
            self.skip(runs * 4)?;
            self.skip(phonetic)?;
        }
        self.spend(text.len() - before)
    }
}
