-- Sources that know neither shipments nor payments, so that issued invoices count as purchases:
-- settle it by domain.purchase_kind.
select source, kind, from_date, until_date
from int_purchase_kinds
where kind = 'invoice' and not given
