-- Lines of credit notes, each with the sale it most likely takes back.
--
-- A credit note does not name an invoice. It takes the latest earlier sale of
-- the same customer and article with enough units left; others keep no order.

with

lines as (
    select
        invoice,
        row_number() over (
            partition by invoice
            order by stock_code, quantity, price, description
        ) as line_no,
        customer_id,
        stock_code,
        quantity,
        cast(price as decimal(18, 3)) as price,
        invoice_date
    from source.lines
    where (starts_with(invoice, 'C') and quantity < 0)
        or (
            quantity > 0
            and price > 0
            and not starts_with(invoice, 'C')
            and not starts_with(invoice, 'A')
        )
),

-- One list of matches a customer and article.
matched as (
    select
        unnest(
            return_matches(
                concat(invoice, '/', cast(line_no as varchar)),
                invoice_date,
                quantity
            )
        ) as matches
    from lines
    where customer_id is not null
    group by customer_id, stock_code
),

matches as (
    select
        matches['return_line_id'] as return_id,
        matches['sale_line_id'] as sale_id
    from matched
)

select
    concat(lines.invoice, '/', cast(lines.line_no as varchar)) as return_id,
    split_part(matches.sale_id, '/', 1) as order_id,
    cast(split_part(matches.sale_id, '/', 2) as bigint) as line_no,
    lines.customer_id,
    lines.stock_code as sku,
    -lines.quantity as quantity,
    'return' as kind,
    -lines.quantity * lines.price as refund_amount,
    lines.invoice_date as requested_at,
    lines.invoice_date as refunded_at
from lines
left join matches
    on concat(lines.invoice, '/', cast(lines.line_no as varchar)) = matches.return_id
where lines.quantity < 0
