-- What is each line of the file taken for?
--
-- grain: rule
--
-- rule      sale, credit, adjustment, no_price, no_units, no_units_and_no_price
-- n_lines   lines
-- amount    quantity times price
--
-- The rules cover every line once, so n_lines adds up to the file.

select
    case
        when starts_with(invoice, 'A') then 'adjustment'
        when starts_with(invoice, 'C') then 'credit'
        when quantity <= 0 and price <= 0 then 'no_units_and_no_price'
        when quantity <= 0 then 'no_units'
        when price <= 0 then 'no_price'
        else 'sale'
    end as rule,
    count(*) as n_lines,
    sum(quantity * cast(price as decimal(18, 3))) as amount
from source.lines
group by rule
