-- Lines of sales. The file numbers none, so they are numbered by what they hold.

select
    invoice as order_id,
    row_number() over (
        partition by invoice
        order by stock_code, quantity, price, description
    ) as line_no,
    stock_code as sku,
    quantity,
    cast(price as decimal(18, 3)) as unit_price
from source.lines
where quantity > 0
    and price > 0
    and not starts_with(invoice, 'C')
    and not starts_with(invoice, 'A')
