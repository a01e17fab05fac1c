-- Documents in another currency without a rate, or with one that is too old: they count nowhere.
select raw.source, raw.kind, raw.document_id, raw.date, raw.currency
from stg_documents_foreign as raw
left anti join stg_documents as usable
    on raw.source = usable.source
    and raw.kind = usable.kind
    and raw.document_id = usable.document_id
    and raw.date = usable.date
