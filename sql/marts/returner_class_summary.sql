-- How large is each class of returners, and what does it cost?
--
-- grain: returner_class
-- rows: marts.returner_classes on rows.returner_class = cell.returner_class
--
-- returner_class        none, earlier, first_time, occasional or frequent
-- customers             customers in it
-- customer_share        of all customers with a purchase
-- orders                their purchases in the window
-- returned_orders       of those, with something sent back for money
-- order_return_rate     returned_orders / orders
-- sales_amount          net sales in the window
-- return_refund_amount  refunded for goods sent back
-- refund_share          of all such refunds
-- value_return_rate     return_refund_amount / sales_amount
-- nps                   net promoter score of $nps_scope, one answer per
--                       customer, the last, with its weight, in points
-- nps_lower             lower end of its 95 % interval (adjusted Wald)
-- nps_upper             upper end
-- nps_answers           customers who answered
-- needs_recovery        customers who are frequent returners and unhappy
--
-- The window and the classes are those of returner_classes.

with

by_class as (
    select
        classes.returner_class,
        count(*) as customers,
        sum(classes.orders) as orders,
        sum(classes.returned_orders) as returned_orders,
        return_rate(classes.returned_orders, classes.orders)
            as order_return_rate,
        sum(classes.sales_amount) as sales_amount,
        sum(classes.return_refund_amount) as return_refund_amount,
        nps(answers.nps_score, answers.nps_weight) as nps,
        nps_ci(answers.nps_score, 'adjusted_wald', 0.95, answers.nps_weight)
            as nps_interval,
        count(answers.nps_score) as nps_answers,
        count(*) filter (where classes.needs_recovery) as needs_recovery
    from marts.returner_classes as classes
    left join intermediate.last_answers_by_customer as answers
        on classes.customer_id = answers.customer_id
    group by classes.returner_class
)

select
    returner_class,
    customers,
    customers / cast(sum(customers) over () as double) as customer_share,
    orders,
    returned_orders,
    order_return_rate,
    sales_amount,
    return_refund_amount,
    cast(return_refund_amount as double)
    / nullif(cast(sum(return_refund_amount) over () as double), 0)
        as refund_share,
    cast(return_refund_amount as double)
    / nullif(cast(sales_amount as double), 0) as value_return_rate,
    nps,
    nps_interval['lower'] as nps_lower,
    nps_interval['upper'] as nps_upper,
    nps_answers,
    needs_recovery
from by_class
