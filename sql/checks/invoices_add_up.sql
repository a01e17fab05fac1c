-- Quarters whose invoices are not settled, not settled and pending together.
select quarter, issued, settled, not_settled, pending
from invoice_losses
where settled + not_settled + pending <> issued
