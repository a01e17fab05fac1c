//! The files of the CRM, by their names.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Result, in_file};

/// Open files by their name.
pub(super) struct Files {
    folder: PathBuf,
    open: BTreeMap<&'static str, BufWriter<File>>,
}

const HEADERS: [(&str, &str); 11] = [
    (
        "clients",
        "client_id,name,tax_id,region,industry,sales_type,manager,phone,email,do_not_contact,closed_on,\
         one_off,important,created_on,updated_on,brought_by,contact_person",
    ),
    ("aliases", "client_id,client_key,role,note"),
    ("managers", "manager,role,superior,email,from,to"),
    (
        "contacts",
        "contact_id,client_id,date,kind,outcome,channel,person,manager,note,complaint_kind,closed_on",
    ),
    (
        "refusals",
        "refusal_id,client_id,date,scope,stage,reason_client,reason_manager,competitor,manager,amount",
    ),
    ("scores", "client_id,date,person,score"),
    ("surveys", "answer_id,client_id,date,person,claim,answer"),
    (
        "reactivations",
        "reactivation_id,client_id,batch,started_on,surveyed_on,survey_result,letter_on,woken_on,offer,\
         channel,manager,cost,closed_on",
    ),
    ("offers", "offer_id,date,name,kind,valid_until"),
    ("improvements", "improvement_id,date,claim,reason,what,owner,done_on,cost"),
    ("events", "date,event,kind"),
];

impl Files {
    pub(super) fn create(folder: &Path) -> Result<Self> {
        let mut files = Self { folder: folder.to_owned(), open: BTreeMap::new() };
        for (name, header) in HEADERS {
            let path = files.folder.join(format!("{name}.csv"));
            let mut file = BufWriter::new(File::create(&path).map_err(in_file(&path))?);
            writeln!(file, "{header}")?;
            files.open.insert(name, file);
        }
        Ok(files)
    }

    /// One row of the file `name`; fields with commas are quoted.
    pub(super) fn row(&mut self, name: &str, fields: &[String]) -> Result<()> {
        let Some(file) = self.open.get_mut(name) else { return Ok(()) };
        let quoted = fields
            .iter()
            .map(|field| if field.contains(',') { format!("\"{field}\"") } else { field.clone() });
        writeln!(file, "{}", quoted.collect::<Vec<_>>().join(","))?;
        Ok(())
    }

    pub(super) fn finish(self) -> Result<usize> {
        let count = self.open.len();
        for mut file in self.open.into_values() {
            file.flush()?;
        }
        Ok(count)
    }
}
