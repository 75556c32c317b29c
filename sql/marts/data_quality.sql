-- Which rules do the rows of each table break, and how many?
--
-- grain: table_name, rule
--
-- table_name    canonical table
-- rule          what is checked, see below
-- kind          excluded, corrected, missing, orphan, range, time_order,
--               quantity, consistency, outlier or duplicate
-- rows_checked  rows of the table before the report day
-- failed        of those, break the rule
-- failed_share  failed / rows_checked
-- sample_keys   the first and the last key that does, in the order of the keys
--
-- Every rule has a row for every table that has rows, also when all is well;
-- orphan rules only where there are rows to look up.
-- excluded rows are in no measure, and corrected ones are counted after a
-- correction (marts.excluded_rows); all others are counted as they are. Not
-- everything that is counted here is wrong: guests have no customer, and
-- unpaid orders are no sales. no_lines and lines_differ_from_order hold orders
-- against their lines; refunded_above_paid all refunds of an order but goodwill
-- against goods and shipping; amount_far_from_others is a modified z-score
-- above 10, since amounts are skewed. duplicate_key counts keys that occur more
-- than once, after what the mapping dropped. delivered_differs_from_shipments
-- holds orders against the last of their parcels, a day apart or more, once all
-- have arrived; refunds_differ_from_return the amount a return carries against
-- its refunds of goods; line_returned_above_sold all requests of a line
-- together against its units. Lines of orders carry no time, so that a line
-- without an order is not told from one of a later order here:
-- staging.unusable_rows counts lines of no order at all.

with

lines as (
    select
        order_id,
        sum(net_amount) as net_amount
    from staging.order_items
    where problem is null
    group by order_id
),

-- Orders of which every parcel has arrived.
parcels as (
    select
        order_id,
        max(delivered_at) as delivered_at
    from staging.shipments
    group by order_id
    having count(*) = count(delivered_at) and count(problem) = 0
),

-- Units of a line over all requests that took or exchange it.
returned_lines as (
    select
        order_id,
        line_no,
        sum(units) > max(line_quantity) as is_above_sold
    from intermediate.returns_with_lines
    where
        problem is null
        and kind in ('return', 'exchange')
        and line_quantity is not null
    group by order_id, line_no
),

outliers as (
    select
        order_id,
        modified_zscore(cast(net_amount as double)) over () as score
    from staging.orders
    where is_purchase
),

-- The key where a rule is broken, NULL where it is kept: counted, and its ends
-- shown, in one pass over each table.
orders_checked as (
    select
        case when orders.problem = 'unpaid' then orders.order_id end
            as is_unpaid,
        case when orders.problem = 'cancelled' then orders.order_id end
            as is_cancelled,
        case when orders.problem = 'replacement' then orders.order_id end
            as is_replacement,
        case when orders.problem = 'other_currency' then orders.order_id end
            as is_other_currency,
        case when orders.problem = 'no_rate' then orders.order_id end
            as no_rate,
        case when orders.customer_id is null then orders.order_id end
            as no_customer,
        case when orders.shop_id is null then orders.order_id end as no_shop,
        case when orders.channel is null then orders.order_id end as no_channel,
        case when orders.gross_amount is null then orders.order_id end
            as no_amount,
        case when lines.order_id is null then orders.order_id end as no_lines,
        case
            when
                orders.customer_id is not null
                and customers.customer_id is null
                then orders.order_id
        end as unknown_customer,
        case
            when
                orders.shop_id is not null
                and shops.shop_id is null
                then orders.order_id
        end as unknown_shop,
        case
            when
                orders.gross_amount < 0
                or orders.discount_amount < 0
                then orders.order_id
        end as negative_amount,
        case
            when orders.discount_amount > orders.gross_amount
                then orders.order_id
        end as discount_above_amount,
        case when orders.paid_at < orders.ordered_at then orders.order_id end
            as paid_before_ordered,
        case
            when orders.shipped_at < orders.ordered_at
                then orders.order_id
        end as shipped_before_ordered,
        case
            when orders.delivered_at < orders.shipped_at
                then orders.order_id
        end as delivered_before_shipped,
        case
            when
                refunds.refund_amount
                > orders.net_amount
                + coalesce(orders.shipping_fee, 0)
                + refunds.goodwill_amount
                then orders.order_id
        end as refunded_above_paid,
        case
            when
                abs(lines.net_amount - orders.net_amount) > 0.01
                and orders.is_purchase
                then orders.order_id
        end as lines_differ_from_order,
        case
            when
                abs(
                    date_part('epoch', orders.delivered_at)
                    - date_part('epoch', parcels.delivered_at)
                ) > 86400
                then orders.order_id
        end as delivered_differs_from_shipments,
        case when abs(outliers.score) > 10 then orders.order_id end
            as amount_far_from_others
    from staging.orders
    left join outliers
        on orders.order_id = outliers.order_id
    left join staging.customers
        on orders.customer_id = customers.customer_id
    left join staging.shops
        on orders.shop_id = shops.shop_id
    left join lines
        on orders.order_id = lines.order_id
    left join parcels
        on orders.order_id = parcels.order_id
    left join intermediate.refunds_by_order as refunds
        on orders.order_id = refunds.order_id
),

order_items_checked as (
    select
        case
            when order_items.problem = 'quantity_not_positive'
                then concat(order_items.order_id, '/', order_items.line_no)
        end as quantity_not_positive,
        case
            when order_items.sku is null
                then concat(order_items.order_id, '/', order_items.line_no)
        end as no_sku,
        case
            when order_items.unit_price is null
                then concat(order_items.order_id, '/', order_items.line_no)
        end as no_price,
        case
            when coalesce(order_items.unit_cost, products.unit_cost) is null
                then concat(order_items.order_id, '/', order_items.line_no)
        end as no_cost,
        case
            when
                order_items.sku is not null
                and products.sku is null
                then concat(order_items.order_id, '/', order_items.line_no)
        end as unknown_sku,
        case
            when order_items.unit_price < 0
                then concat(order_items.order_id, '/', order_items.line_no)
        end as negative_price
    from staging.order_items
    left join staging.products
        on order_items.sku = products.sku
),

shipments_checked as (
    select
        case
            when shipments.problem = 'delivered_before_shipped'
                then shipments.shipment_id
        end as delivered_before_shipped,
        case when shipments.carrier is null then shipments.shipment_id end
            as no_carrier,
        case when shipments.promised_at is null then shipments.shipment_id end
            as no_promise,
        case when orders.order_id is null then shipments.shipment_id end
            as unknown_order,
        case
            when shipments.shipped_at < orders.ordered_at
                then shipments.shipment_id
        end as shipped_before_ordered
    from staging.shipments
    left join staging.orders
        on shipments.order_id = orders.order_id
),

returns_checked as (
    select
        case
            when checked.problem = 'quantity_not_positive'
                then returns.return_id
        end as quantity_not_positive,
        case when checked.problem = 'not_a_purchase' then returns.return_id end
            as not_a_purchase,
        case when checked.problem = 'rejected' then returns.return_id end
            as is_rejected,
        case when checked.problem = 'withdrawn' then returns.return_id end
            as is_withdrawn,
        case when returns.reason_code is null then returns.return_id end
            as no_reason,
        case when returns.line_no is null then returns.return_id end as no_line,
        case when orders.order_id is null then returns.return_id end
            as unknown_order,
        case
            when
                returns.reason_code is not null
                and checked.is_reason_unknown
                then returns.return_id
        end as unknown_reason,
        case when checked.is_over_quantity then returns.return_id end
            as returned_above_sold,
        case
            when
                returned_lines.is_above_sold
                and checked.problem is null
                and checked.kind in ('return', 'exchange')
                then returns.return_id
        end as line_returned_above_sold,
        case
            when
                abs(
                    returns.refund_amount
                    - coalesce(goods_refunds.refund_amount, 0)
                ) > 0.01
                and (select count(*) from staging.refunds) > 0
                then returns.return_id
        end as refunds_differ_from_return,
        case
            when returns.requested_at < orders.ordered_at
                then returns.return_id
        end as requested_before_ordered,
        case
            when returns.requested_at < orders.delivered_at
                then returns.return_id
        end as requested_before_delivered,
        case
            when returns.received_at < returns.requested_at
                then returns.return_id
        end as received_before_requested,
        case
            when returns.refunded_at < returns.requested_at
                then returns.return_id
        end as refunded_before_requested
    from staging.returns
    left join intermediate.returns_with_lines as checked
        on returns.return_id = checked.return_id
    left join returned_lines
        on
            returns.order_id = returned_lines.order_id
            and returns.line_no = returned_lines.line_no
    left join intermediate.goods_refunds
        on returns.return_id = goods_refunds.return_id
    left join staging.orders
        on returns.order_id = orders.order_id
),

refunds_checked as (
    select
        case
            when refunds.problem = 'negative_amount'
                then refunds.refund_id
        end as negative_amount,
        case when refunds.problem = 'other_currency' then refunds.refund_id end
            as is_other_currency,
        case when refunds.problem = 'no_rate' then refunds.refund_id end
            as no_rate,
        case
            when
                refunds.order_id is null
                and refunds.return_id is null
                then refunds.refund_id
        end as no_order_nor_return,
        case
            when
                refunds.order_id is not null
                and orders.order_id is null
                then refunds.refund_id
        end as unknown_order,
        case
            when
                refunds.return_id is not null
                and returns.return_id is null
                then refunds.refund_id
        end as unknown_return,
        case
            when
                refunds.kind not in (
                    'goods', 'shipping', 'goodwill', 'price_adjustment',
                    'pre_shipment', 'rejected_delivery', 'chargeback'
                )
                then refunds.refund_id
        end as unknown_kind,
        case
            when refunds.refunded_at < orders.ordered_at
                then refunds.refund_id
        end as refunded_before_ordered,
        case
            when refunds.currency <> orders.currency
                then refunds.refund_id
        end as other_currency
    from staging.refunds
    left join staging.orders
        on refunds.order_id = orders.order_id
    left join staging.returns
        on refunds.return_id = returns.return_id
),

tickets_checked as (
    select
        case when tickets.customer_id is null then tickets.ticket_id end
            as no_customer,
        case when tickets.issue_type is null then tickets.ticket_id end
            as no_issue,
        case
            when
                not tickets.is_open
                and tickets.solved_at is null
                then tickets.ticket_id
        end as solved_without_time,
        case
            when
                tickets.order_id is not null
                and orders.order_id is null
                then tickets.ticket_id
        end as unknown_order,
        case
            when
                tickets.customer_id is not null
                and customers.customer_id is null
                then tickets.ticket_id
        end as unknown_customer,
        case when tickets.handle_minutes < 0 then tickets.ticket_id end
            as negative_minutes,
        case
            when tickets.first_public_reply_at < tickets.created_at
                then tickets.ticket_id
        end as replied_before_created,
        case
            when tickets.solved_at < tickets.created_at
                then tickets.ticket_id
        end as solved_before_created,
        case
            when tickets.solved_at < tickets.first_solved_at
                then tickets.ticket_id
        end as solved_before_first_solved
    from staging.tickets
    left join staging.orders
        on tickets.order_id = orders.order_id
    left join staging.customers
        on tickets.customer_id = customers.customer_id
),

surveys_checked as (
    select
        case
            when surveys.problem = 'score_out_of_range'
                then concat(surveys.response_id, '/', surveys.kind)
        end as score_out_of_range,
        case
            when surveys.problem = 'fractional_score'
                then concat(surveys.response_id, '/', surveys.kind)
        end as fractional_score,
        case
            when surveys.problem = 'negative_weight'
                then concat(surveys.response_id, '/', surveys.kind)
        end as negative_weight,
        case
            when surveys.customer_id is null
                then concat(surveys.response_id, '/', surveys.kind)
        end as no_customer,
        case
            when
                surveys.kind = 'ces'
                and surveys.direction is null
                then concat(surveys.response_id, '/', surveys.kind)
        end as no_direction,
        case
            when
                surveys.customer_id is not null
                and customers.customer_id is null
                then concat(surveys.response_id, '/', surveys.kind)
        end as unknown_customer,
        case
            when
                surveys.order_id is not null
                and orders.order_id is null
                then concat(surveys.response_id, '/', surveys.kind)
        end as unknown_order,
        case
            when surveys.responded_at < surveys.sent_at
                then concat(surveys.response_id, '/', surveys.kind)
        end as answered_before_sent
    from staging.surveys
    left join staging.customers
        on surveys.customer_id = customers.customer_id
    left join staging.orders
        on surveys.order_id = orders.order_id
),

campaigns_checked as (
    select
        case
            when campaigns.problem = 'ends_before_it_starts'
                then campaigns.campaign_id
        end as ends_before_it_starts,
        case when campaigns.starts_at is null then campaigns.campaign_id end
            as no_start
    from staging.campaigns
),

assignments_checked as (
    select
        case
            when assignments.problem = 'unknown_arm'
                then concat(
                    assignments.campaign_id, '/', assignments.customer_id
                )
        end as unknown_arm,
        case
            when
                assignments.cost is null
                and assignments.is_treatment
                then concat(
                    assignments.campaign_id, '/', assignments.customer_id
                )
        end as no_cost,
        case
            when campaigns.campaign_id is null
                then concat(
                    assignments.campaign_id, '/', assignments.customer_id
                )
        end as unknown_campaign,
        case
            when customers.customer_id is null
                then concat(
                    assignments.campaign_id, '/', assignments.customer_id
                )
        end as unknown_customer,
        case
            when
                assignments.arm = 'control'
                and assignments.sent_at is not null
                then concat(
                    assignments.campaign_id, '/', assignments.customer_id
                )
        end as control_was_sent,
        case
            when assignments.delivered_at < assignments.sent_at
                then concat(
                    assignments.campaign_id, '/', assignments.customer_id
                )
        end as delivered_before_sent,
        case
            when assignments.opened_at < assignments.sent_at
                then concat(
                    assignments.campaign_id, '/', assignments.customer_id
                )
        end as opened_before_sent
    from staging.assignments
    left join staging.campaigns
        on assignments.campaign_id = campaigns.campaign_id
    left join staging.customers
        on assignments.customer_id = customers.customer_id
),

results as (
    select
        'orders' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'is_unpaid',
                'kind', 'excluded',
                'failed', count(is_unpaid),
                'first_key', cast(min(is_unpaid) as varchar),
                'last_key', cast(max(is_unpaid) as varchar)
            ),
            named_struct(
                'rule', 'is_cancelled',
                'kind', 'excluded',
                'failed', count(is_cancelled),
                'first_key', cast(min(is_cancelled) as varchar),
                'last_key', cast(max(is_cancelled) as varchar)
            ),
            named_struct(
                'rule', 'is_replacement',
                'kind', 'excluded',
                'failed', count(is_replacement),
                'first_key', cast(min(is_replacement) as varchar),
                'last_key', cast(max(is_replacement) as varchar)
            ),
            named_struct(
                'rule', 'is_other_currency',
                'kind', 'excluded',
                'failed', count(is_other_currency),
                'first_key', cast(min(is_other_currency) as varchar),
                'last_key', cast(max(is_other_currency) as varchar)
            ),
            named_struct(
                'rule', 'no_rate',
                'kind', 'excluded',
                'failed', count(no_rate),
                'first_key', cast(min(no_rate) as varchar),
                'last_key', cast(max(no_rate) as varchar)
            ),
            named_struct(
                'rule', 'no_customer',
                'kind', 'missing',
                'failed', count(no_customer),
                'first_key', cast(min(no_customer) as varchar),
                'last_key', cast(max(no_customer) as varchar)
            ),
            named_struct(
                'rule', 'no_shop',
                'kind', 'missing',
                'failed', count(no_shop),
                'first_key', cast(min(no_shop) as varchar),
                'last_key', cast(max(no_shop) as varchar)
            ),
            named_struct(
                'rule', 'no_channel',
                'kind', 'missing',
                'failed', count(no_channel),
                'first_key', cast(min(no_channel) as varchar),
                'last_key', cast(max(no_channel) as varchar)
            ),
            named_struct(
                'rule', 'no_amount',
                'kind', 'missing',
                'failed', count(no_amount),
                'first_key', cast(min(no_amount) as varchar),
                'last_key', cast(max(no_amount) as varchar)
            ),
            named_struct(
                'rule', 'no_lines',
                'kind', 'missing',
                'failed', count(no_lines),
                'first_key', cast(min(no_lines) as varchar),
                'last_key', cast(max(no_lines) as varchar)
            ),
            named_struct(
                'rule', 'unknown_customer',
                'kind', 'orphan',
                'failed', count(unknown_customer),
                'first_key', cast(min(unknown_customer) as varchar),
                'last_key', cast(max(unknown_customer) as varchar)
            ),
            named_struct(
                'rule', 'unknown_shop',
                'kind', 'orphan',
                'failed', count(unknown_shop),
                'first_key', cast(min(unknown_shop) as varchar),
                'last_key', cast(max(unknown_shop) as varchar)
            ),
            named_struct(
                'rule', 'negative_amount',
                'kind', 'range',
                'failed', count(negative_amount),
                'first_key', cast(min(negative_amount) as varchar),
                'last_key', cast(max(negative_amount) as varchar)
            ),
            named_struct(
                'rule', 'discount_above_amount',
                'kind', 'range',
                'failed', count(discount_above_amount),
                'first_key', cast(min(discount_above_amount) as varchar),
                'last_key', cast(max(discount_above_amount) as varchar)
            ),
            named_struct(
                'rule', 'paid_before_ordered',
                'kind', 'time_order',
                'failed', count(paid_before_ordered),
                'first_key', cast(min(paid_before_ordered) as varchar),
                'last_key', cast(max(paid_before_ordered) as varchar)
            ),
            named_struct(
                'rule', 'shipped_before_ordered',
                'kind', 'time_order',
                'failed', count(shipped_before_ordered),
                'first_key', cast(min(shipped_before_ordered) as varchar),
                'last_key', cast(max(shipped_before_ordered) as varchar)
            ),
            named_struct(
                'rule', 'delivered_before_shipped',
                'kind', 'time_order',
                'failed', count(delivered_before_shipped),
                'first_key', cast(min(delivered_before_shipped) as varchar),
                'last_key', cast(max(delivered_before_shipped) as varchar)
            ),
            named_struct(
                'rule', 'refunded_above_paid',
                'kind', 'quantity',
                'failed', count(refunded_above_paid),
                'first_key', cast(min(refunded_above_paid) as varchar),
                'last_key', cast(max(refunded_above_paid) as varchar)
            ),
            named_struct(
                'rule', 'lines_differ_from_order',
                'kind', 'consistency',
                'failed', count(lines_differ_from_order),
                'first_key', cast(min(lines_differ_from_order) as varchar),
                'last_key', cast(max(lines_differ_from_order) as varchar)
            ),
            named_struct(
                'rule', 'delivered_differs_from_shipments',
                'kind', 'consistency',
                'failed', count(delivered_differs_from_shipments),
                'first_key', cast(
                    min(delivered_differs_from_shipments) as varchar
                ),
                'last_key', cast(
                    max(delivered_differs_from_shipments) as varchar
                )
            ),
            named_struct(
                'rule', 'amount_far_from_others',
                'kind', 'outlier',
                'failed', count(amount_far_from_others),
                'first_key', cast(min(amount_far_from_others) as varchar),
                'last_key', cast(max(amount_far_from_others) as varchar)
            )
        ]) as result
    from orders_checked
    union all
    select
        'order_items' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'quantity_not_positive',
                'kind', 'excluded',
                'failed', count(quantity_not_positive),
                'first_key', cast(min(quantity_not_positive) as varchar),
                'last_key', cast(max(quantity_not_positive) as varchar)
            ),
            named_struct(
                'rule', 'no_sku',
                'kind', 'missing',
                'failed', count(no_sku),
                'first_key', cast(min(no_sku) as varchar),
                'last_key', cast(max(no_sku) as varchar)
            ),
            named_struct(
                'rule', 'no_price',
                'kind', 'missing',
                'failed', count(no_price),
                'first_key', cast(min(no_price) as varchar),
                'last_key', cast(max(no_price) as varchar)
            ),
            named_struct(
                'rule', 'no_cost',
                'kind', 'missing',
                'failed', count(no_cost),
                'first_key', cast(min(no_cost) as varchar),
                'last_key', cast(max(no_cost) as varchar)
            ),
            named_struct(
                'rule', 'unknown_sku',
                'kind', 'orphan',
                'failed', count(unknown_sku),
                'first_key', cast(min(unknown_sku) as varchar),
                'last_key', cast(max(unknown_sku) as varchar)
            ),
            named_struct(
                'rule', 'negative_price',
                'kind', 'range',
                'failed', count(negative_price),
                'first_key', cast(min(negative_price) as varchar),
                'last_key', cast(max(negative_price) as varchar)
            )
        ]) as result
    from order_items_checked
    union all
    select
        'shipments' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'delivered_before_shipped',
                'kind', 'excluded',
                'failed', count(delivered_before_shipped),
                'first_key', cast(min(delivered_before_shipped) as varchar),
                'last_key', cast(max(delivered_before_shipped) as varchar)
            ),
            named_struct(
                'rule', 'no_carrier',
                'kind', 'missing',
                'failed', count(no_carrier),
                'first_key', cast(min(no_carrier) as varchar),
                'last_key', cast(max(no_carrier) as varchar)
            ),
            named_struct(
                'rule', 'no_promise',
                'kind', 'missing',
                'failed', count(no_promise),
                'first_key', cast(min(no_promise) as varchar),
                'last_key', cast(max(no_promise) as varchar)
            ),
            named_struct(
                'rule', 'unknown_order',
                'kind', 'orphan',
                'failed', count(unknown_order),
                'first_key', cast(min(unknown_order) as varchar),
                'last_key', cast(max(unknown_order) as varchar)
            ),
            named_struct(
                'rule', 'shipped_before_ordered',
                'kind', 'time_order',
                'failed', count(shipped_before_ordered),
                'first_key', cast(min(shipped_before_ordered) as varchar),
                'last_key', cast(max(shipped_before_ordered) as varchar)
            )
        ]) as result
    from shipments_checked
    union all
    select
        'returns' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'quantity_not_positive',
                'kind', 'excluded',
                'failed', count(quantity_not_positive),
                'first_key', cast(min(quantity_not_positive) as varchar),
                'last_key', cast(max(quantity_not_positive) as varchar)
            ),
            named_struct(
                'rule', 'not_a_purchase',
                'kind', 'excluded',
                'failed', count(not_a_purchase),
                'first_key', cast(min(not_a_purchase) as varchar),
                'last_key', cast(max(not_a_purchase) as varchar)
            ),
            named_struct(
                'rule', 'is_rejected',
                'kind', 'excluded',
                'failed', count(is_rejected),
                'first_key', cast(min(is_rejected) as varchar),
                'last_key', cast(max(is_rejected) as varchar)
            ),
            named_struct(
                'rule', 'is_withdrawn',
                'kind', 'excluded',
                'failed', count(is_withdrawn),
                'first_key', cast(min(is_withdrawn) as varchar),
                'last_key', cast(max(is_withdrawn) as varchar)
            ),
            named_struct(
                'rule', 'no_reason',
                'kind', 'missing',
                'failed', count(no_reason),
                'first_key', cast(min(no_reason) as varchar),
                'last_key', cast(max(no_reason) as varchar)
            ),
            named_struct(
                'rule', 'no_line',
                'kind', 'missing',
                'failed', count(no_line),
                'first_key', cast(min(no_line) as varchar),
                'last_key', cast(max(no_line) as varchar)
            ),
            named_struct(
                'rule', 'unknown_order',
                'kind', 'orphan',
                'failed', count(unknown_order),
                'first_key', cast(min(unknown_order) as varchar),
                'last_key', cast(max(unknown_order) as varchar)
            ),
            named_struct(
                'rule', 'unknown_reason',
                'kind', 'corrected',
                'failed', count(unknown_reason),
                'first_key', cast(min(unknown_reason) as varchar),
                'last_key', cast(max(unknown_reason) as varchar)
            ),
            named_struct(
                'rule', 'returned_above_sold',
                'kind', 'corrected',
                'failed', count(returned_above_sold),
                'first_key', cast(min(returned_above_sold) as varchar),
                'last_key', cast(max(returned_above_sold) as varchar)
            ),
            named_struct(
                'rule', 'line_returned_above_sold',
                'kind', 'quantity',
                'failed', count(line_returned_above_sold),
                'first_key', cast(min(line_returned_above_sold) as varchar),
                'last_key', cast(max(line_returned_above_sold) as varchar)
            ),
            named_struct(
                'rule', 'refunds_differ_from_return',
                'kind', 'consistency',
                'failed', count(refunds_differ_from_return),
                'first_key', cast(min(refunds_differ_from_return) as varchar),
                'last_key', cast(max(refunds_differ_from_return) as varchar)
            ),
            named_struct(
                'rule', 'requested_before_ordered',
                'kind', 'time_order',
                'failed', count(requested_before_ordered),
                'first_key', cast(min(requested_before_ordered) as varchar),
                'last_key', cast(max(requested_before_ordered) as varchar)
            ),
            named_struct(
                'rule', 'requested_before_delivered',
                'kind', 'time_order',
                'failed', count(requested_before_delivered),
                'first_key', cast(min(requested_before_delivered) as varchar),
                'last_key', cast(max(requested_before_delivered) as varchar)
            ),
            named_struct(
                'rule', 'received_before_requested',
                'kind', 'time_order',
                'failed', count(received_before_requested),
                'first_key', cast(min(received_before_requested) as varchar),
                'last_key', cast(max(received_before_requested) as varchar)
            ),
            named_struct(
                'rule', 'refunded_before_requested',
                'kind', 'time_order',
                'failed', count(refunded_before_requested),
                'first_key', cast(min(refunded_before_requested) as varchar),
                'last_key', cast(max(refunded_before_requested) as varchar)
            )
        ]) as result
    from returns_checked
    union all
    select
        'refunds' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'negative_amount',
                'kind', 'excluded',
                'failed', count(negative_amount),
                'first_key', cast(min(negative_amount) as varchar),
                'last_key', cast(max(negative_amount) as varchar)
            ),
            named_struct(
                'rule', 'is_other_currency',
                'kind', 'excluded',
                'failed', count(is_other_currency),
                'first_key', cast(min(is_other_currency) as varchar),
                'last_key', cast(max(is_other_currency) as varchar)
            ),
            named_struct(
                'rule', 'no_rate',
                'kind', 'excluded',
                'failed', count(no_rate),
                'first_key', cast(min(no_rate) as varchar),
                'last_key', cast(max(no_rate) as varchar)
            ),
            named_struct(
                'rule', 'no_order_nor_return',
                'kind', 'missing',
                'failed', count(no_order_nor_return),
                'first_key', cast(min(no_order_nor_return) as varchar),
                'last_key', cast(max(no_order_nor_return) as varchar)
            ),
            named_struct(
                'rule', 'unknown_order',
                'kind', 'orphan',
                'failed', count(unknown_order),
                'first_key', cast(min(unknown_order) as varchar),
                'last_key', cast(max(unknown_order) as varchar)
            ),
            named_struct(
                'rule', 'unknown_return',
                'kind', 'orphan',
                'failed', count(unknown_return),
                'first_key', cast(min(unknown_return) as varchar),
                'last_key', cast(max(unknown_return) as varchar)
            ),
            named_struct(
                'rule', 'unknown_kind',
                'kind', 'range',
                'failed', count(unknown_kind),
                'first_key', cast(min(unknown_kind) as varchar),
                'last_key', cast(max(unknown_kind) as varchar)
            ),
            named_struct(
                'rule', 'refunded_before_ordered',
                'kind', 'time_order',
                'failed', count(refunded_before_ordered),
                'first_key', cast(min(refunded_before_ordered) as varchar),
                'last_key', cast(max(refunded_before_ordered) as varchar)
            ),
            named_struct(
                'rule', 'other_currency',
                'kind', 'consistency',
                'failed', count(other_currency),
                'first_key', cast(min(other_currency) as varchar),
                'last_key', cast(max(other_currency) as varchar)
            )
        ]) as result
    from refunds_checked
    union all
    select
        'tickets' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'no_customer',
                'kind', 'missing',
                'failed', count(no_customer),
                'first_key', cast(min(no_customer) as varchar),
                'last_key', cast(max(no_customer) as varchar)
            ),
            named_struct(
                'rule', 'no_issue',
                'kind', 'missing',
                'failed', count(no_issue),
                'first_key', cast(min(no_issue) as varchar),
                'last_key', cast(max(no_issue) as varchar)
            ),
            named_struct(
                'rule', 'solved_without_time',
                'kind', 'missing',
                'failed', count(solved_without_time),
                'first_key', cast(min(solved_without_time) as varchar),
                'last_key', cast(max(solved_without_time) as varchar)
            ),
            named_struct(
                'rule', 'unknown_order',
                'kind', 'orphan',
                'failed', count(unknown_order),
                'first_key', cast(min(unknown_order) as varchar),
                'last_key', cast(max(unknown_order) as varchar)
            ),
            named_struct(
                'rule', 'unknown_customer',
                'kind', 'orphan',
                'failed', count(unknown_customer),
                'first_key', cast(min(unknown_customer) as varchar),
                'last_key', cast(max(unknown_customer) as varchar)
            ),
            named_struct(
                'rule', 'negative_minutes',
                'kind', 'range',
                'failed', count(negative_minutes),
                'first_key', cast(min(negative_minutes) as varchar),
                'last_key', cast(max(negative_minutes) as varchar)
            ),
            named_struct(
                'rule', 'replied_before_created',
                'kind', 'time_order',
                'failed', count(replied_before_created),
                'first_key', cast(min(replied_before_created) as varchar),
                'last_key', cast(max(replied_before_created) as varchar)
            ),
            named_struct(
                'rule', 'solved_before_created',
                'kind', 'time_order',
                'failed', count(solved_before_created),
                'first_key', cast(min(solved_before_created) as varchar),
                'last_key', cast(max(solved_before_created) as varchar)
            ),
            named_struct(
                'rule', 'solved_before_first_solved',
                'kind', 'time_order',
                'failed', count(solved_before_first_solved),
                'first_key', cast(min(solved_before_first_solved) as varchar),
                'last_key', cast(max(solved_before_first_solved) as varchar)
            )
        ]) as result
    from tickets_checked
    union all
    select
        'surveys' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'score_out_of_range',
                'kind', 'excluded',
                'failed', count(score_out_of_range),
                'first_key', cast(min(score_out_of_range) as varchar),
                'last_key', cast(max(score_out_of_range) as varchar)
            ),
            named_struct(
                'rule', 'fractional_score',
                'kind', 'excluded',
                'failed', count(fractional_score),
                'first_key', cast(min(fractional_score) as varchar),
                'last_key', cast(max(fractional_score) as varchar)
            ),
            named_struct(
                'rule', 'negative_weight',
                'kind', 'excluded',
                'failed', count(negative_weight),
                'first_key', cast(min(negative_weight) as varchar),
                'last_key', cast(max(negative_weight) as varchar)
            ),
            named_struct(
                'rule', 'no_customer',
                'kind', 'missing',
                'failed', count(no_customer),
                'first_key', cast(min(no_customer) as varchar),
                'last_key', cast(max(no_customer) as varchar)
            ),
            named_struct(
                'rule', 'no_direction',
                'kind', 'missing',
                'failed', count(no_direction),
                'first_key', cast(min(no_direction) as varchar),
                'last_key', cast(max(no_direction) as varchar)
            ),
            named_struct(
                'rule', 'unknown_customer',
                'kind', 'orphan',
                'failed', count(unknown_customer),
                'first_key', cast(min(unknown_customer) as varchar),
                'last_key', cast(max(unknown_customer) as varchar)
            ),
            named_struct(
                'rule', 'unknown_order',
                'kind', 'orphan',
                'failed', count(unknown_order),
                'first_key', cast(min(unknown_order) as varchar),
                'last_key', cast(max(unknown_order) as varchar)
            ),
            named_struct(
                'rule', 'answered_before_sent',
                'kind', 'time_order',
                'failed', count(answered_before_sent),
                'first_key', cast(min(answered_before_sent) as varchar),
                'last_key', cast(max(answered_before_sent) as varchar)
            )
        ]) as result
    from surveys_checked
    union all
    select
        'campaigns' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'ends_before_it_starts',
                'kind', 'time_order',
                'failed', count(ends_before_it_starts),
                'first_key', cast(min(ends_before_it_starts) as varchar),
                'last_key', cast(max(ends_before_it_starts) as varchar)
            ),
            named_struct(
                'rule', 'no_start',
                'kind', 'missing',
                'failed', count(no_start),
                'first_key', cast(min(no_start) as varchar),
                'last_key', cast(max(no_start) as varchar)
            )
        ]) as result
    from campaigns_checked
    union all
    select
        'assignments' as table_name,
        count(*) as rows_checked,
        unnest([
            named_struct(
                'rule', 'unknown_arm',
                'kind', 'excluded',
                'failed', count(unknown_arm),
                'first_key', cast(min(unknown_arm) as varchar),
                'last_key', cast(max(unknown_arm) as varchar)
            ),
            named_struct(
                'rule', 'no_cost',
                'kind', 'missing',
                'failed', count(no_cost),
                'first_key', cast(min(no_cost) as varchar),
                'last_key', cast(max(no_cost) as varchar)
            ),
            named_struct(
                'rule', 'unknown_campaign',
                'kind', 'orphan',
                'failed', count(unknown_campaign),
                'first_key', cast(min(unknown_campaign) as varchar),
                'last_key', cast(max(unknown_campaign) as varchar)
            ),
            named_struct(
                'rule', 'unknown_customer',
                'kind', 'orphan',
                'failed', count(unknown_customer),
                'first_key', cast(min(unknown_customer) as varchar),
                'last_key', cast(max(unknown_customer) as varchar)
            ),
            named_struct(
                'rule', 'control_was_sent',
                'kind', 'consistency',
                'failed', count(control_was_sent),
                'first_key', cast(min(control_was_sent) as varchar),
                'last_key', cast(max(control_was_sent) as varchar)
            ),
            named_struct(
                'rule', 'delivered_before_sent',
                'kind', 'time_order',
                'failed', count(delivered_before_sent),
                'first_key', cast(min(delivered_before_sent) as varchar),
                'last_key', cast(max(delivered_before_sent) as varchar)
            ),
            named_struct(
                'rule', 'opened_before_sent',
                'kind', 'time_order',
                'failed', count(opened_before_sent),
                'first_key', cast(min(opened_before_sent) as varchar),
                'last_key', cast(max(opened_before_sent) as varchar)
            )
        ]) as result
    from assignments_checked
),

duplicates as (
    select
        'orders' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(min(case when copies > 1 then order_id end) as varchar)
            as first_key,
        cast(max(case when copies > 1 then order_id end) as varchar)
            as last_key
    from (
        select
            order_id,
            count(*) as copies
        from staging.orders
        group by order_id
    ) as counted
    union all
    select
        'order_items' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(
            min(
                case when copies > 1 then concat(order_id, '/', line_no) end
            ) as varchar
        )
            as first_key,
        cast(
            max(
                case when copies > 1 then concat(order_id, '/', line_no) end
            ) as varchar
        )
            as last_key
    from (
        select
            order_id,
            line_no,
            count(*) as copies
        from staging.order_items
        group by order_id, line_no
    ) as counted
    union all
    select
        'shipments' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(min(case when copies > 1 then shipment_id end) as varchar)
            as first_key,
        cast(max(case when copies > 1 then shipment_id end) as varchar)
            as last_key
    from (
        select
            shipment_id,
            count(*) as copies
        from staging.shipments
        group by shipment_id
    ) as counted
    union all
    select
        'returns' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(min(case when copies > 1 then return_id end) as varchar)
            as first_key,
        cast(max(case when copies > 1 then return_id end) as varchar)
            as last_key
    from (
        select
            return_id,
            count(*) as copies
        from staging.returns
        group by return_id
    ) as counted
    union all
    select
        'refunds' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(min(case when copies > 1 then refund_id end) as varchar)
            as first_key,
        cast(max(case when copies > 1 then refund_id end) as varchar)
            as last_key
    from (
        select
            refund_id,
            count(*) as copies
        from staging.refunds
        group by refund_id
    ) as counted
    union all
    select
        'tickets' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(min(case when copies > 1 then ticket_id end) as varchar)
            as first_key,
        cast(max(case when copies > 1 then ticket_id end) as varchar)
            as last_key
    from (
        select
            ticket_id,
            count(*) as copies
        from staging.tickets
        group by ticket_id
    ) as counted
    union all
    select
        'surveys' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(
            min(
                case when copies > 1 then concat(response_id, '/', kind) end
            ) as varchar
        )
            as first_key,
        cast(
            max(
                case when copies > 1 then concat(response_id, '/', kind) end
            ) as varchar
        )
            as last_key
    from (
        select
            response_id,
            kind,
            count(*) as copies
        from staging.surveys
        group by response_id, kind
    ) as counted
    union all
    select
        'customers' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(min(case when copies > 1 then customer_id end) as varchar)
            as first_key,
        cast(max(case when copies > 1 then customer_id end) as varchar)
            as last_key
    from (
        select
            customer_id,
            count(*) as copies
        from staging.customers
        group by customer_id
    ) as counted
    union all
    select
        'products' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(min(case when copies > 1 then sku end) as varchar)
            as first_key,
        cast(max(case when copies > 1 then sku end) as varchar)
            as last_key
    from (
        select
            sku,
            count(*) as copies
        from staging.products
        group by sku
    ) as counted
    union all
    select
        'campaigns' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(min(case when copies > 1 then campaign_id end) as varchar)
            as first_key,
        cast(max(case when copies > 1 then campaign_id end) as varchar)
            as last_key
    from (
        select
            campaign_id,
            count(*) as copies
        from staging.campaigns
        group by campaign_id
    ) as counted
    union all
    select
        'assignments' as table_name,
        sum(copies) as rows_checked,
        count(*) filter (where copies > 1) as failed,
        cast(
            min(
                case
                    when copies > 1
                        then concat(campaign_id, '/', customer_id)
                end
            ) as varchar
        )
            as first_key,
        cast(
            max(
                case
                    when copies > 1
                        then concat(campaign_id, '/', customer_id)
                end
            ) as varchar
        )
            as last_key
    from (
        select
            campaign_id,
            customer_id,
            count(*) as copies
        from staging.assignments
        group by campaign_id, customer_id
    ) as counted
),

together as (
    select
        table_name,
        result['rule'] as rule,
        result['kind'] as kind,
        rows_checked,
        result['failed'] as failed,
        result['first_key'] as first_key,
        result['last_key'] as last_key
    from results
    union all
    select
        table_name,
        'duplicate_key' as rule,
        'duplicate' as kind,
        coalesce(rows_checked, 0) as rows_checked,
        failed,
        first_key,
        last_key
    from duplicates
),

-- Where a workspace maps no customers, every customer would be unknown.
unlooked as (
    select rule
    from (
        select
            'unknown_customer' as rule,
            count(*) as known_rows
        from staging.customers
        union all
        select
            'unknown_shop' as rule,
            count(*) as known_rows
        from staging.shops
        union all
        select
            'unknown_sku' as rule,
            count(*) as known_rows
        from staging.products
        union all
        select
            'unknown_order' as rule,
            count(*) as known_rows
        from staging.orders
        union all
        select
            'unknown_return' as rule,
            count(*) as known_rows
        from staging.returns
        union all
        select
            'unknown_campaign' as rule,
            count(*) as known_rows
        from staging.campaigns
    ) as looked_up
    where known_rows = 0
)

select
    together.table_name,
    together.rule,
    together.kind,
    together.rows_checked,
    together.failed,
    cast(together.failed as double) / together.rows_checked as failed_share,
    case
        when together.failed = 0 then null
        when together.first_key = together.last_key then together.first_key
        else concat(together.first_key, ', ', together.last_key)
    end as sample_keys
from together
left join unlooked
    on together.rule = unlooked.rule
where
    together.rows_checked > 0
    and unlooked.rule is null
