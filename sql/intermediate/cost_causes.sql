-- What is behind a return reason or the subject of a ticket?
--
-- grain: kind, code
--
-- kind   reason (of a return) or issue (of a ticket)
-- code   level 1 of the reason code, or the issue type
-- cause  quality, logistics, description, fit, use, service, price, abuse or
--        customer
--
-- A workspace with codes of its own brings its own cost_causes; what is not
-- here counts as unknown. Tickets about a return take the cause of the return.

select
    causes.kind,
    causes.code,
    causes.cause
from (
    values
    ('reason', 'defective', 'quality'),
    ('reason', 'damaged_in_transit', 'logistics'),
    ('reason', 'late_delivery', 'logistics'),
    ('reason', 'wrong_item', 'logistics'),
    ('reason', 'not_as_described', 'description'),
    ('reason', 'size_fit', 'fit'),
    ('reason', 'misuse', 'use'),
    ('reason', 'changed_mind', 'customer'),
    ('reason', 'better_price', 'price'),
    ('reason', 'fraud', 'abuse'),
    ('issue', 'warranty', 'quality'),
    ('issue', 'defect', 'quality'),
    ('issue', 'delivery', 'logistics'),
    ('issue', 'product_question', 'description'),
    ('issue', 'refund', 'service'),
    ('issue', 'return', 'service'),
    ('issue', 'exchange', 'service'),
    ('issue', 'price', 'price')
) as causes (kind, code, cause)
