-- What may each customer want next, going by what others bought?
--
-- grain: customer_id, sku
--
-- customer_id   customer
-- sku           article the customer has not bought
-- name          name of the article
-- category      its category
-- rank          1 for the best of the customer
-- because_sku   article the customer bought that speaks most for it
-- customers_with_both  customers who bought both
-- confidence    share of the buyers of because_sku who bought sku
-- confidence_lower  lower end of its 95 % interval
-- lift          confidence over the share of all customers who bought sku
-- has_marketing_consent  the customer may be contacted; NULL when unknown
--
-- At most $recommendations_per_customer for each, from rules over customers
-- that hold beyond chance (is_attracted, marts.basket_rules), the surest
-- first. Customers who bought nothing in the last $sales_window_days, or only
-- what leads nowhere, have none. It is no forecast of a purchase, and no test
-- that recommending helps: give a control group nothing.

with

-- The ten surest rules of an article, so that no best-seller multiplies its
-- buyers by the assortment.
rules as (
    select
        antecedent,
        consequent,
        baskets_with_both,
        confidence,
        confidence_lower,
        lift,
        row_number() over (
            partition by antecedent
            order by confidence_lower desc, consequent
        ) as place
    from marts.basket_rules
    where
        basket = 'customer'
        and item = 'sku'
        and is_attracted
),

bought as (
    select distinct
        purchases.customer_id,
        cast(order_items.sku as varchar) as sku
    from intermediate.purchases
    inner join staging.order_items
        on purchases.order_id = order_items.order_id
    where
        purchases.customer_id is not null
        and order_items.problem is null
        and order_items.sku is not null
),

recent as (
    select distinct
        purchases.customer_id,
        cast(order_items.sku as varchar) as sku
    from intermediate.purchases
    inner join staging.order_items
        on purchases.order_id = order_items.order_id
    where
        purchases.customer_id is not null
        and purchases.ordered_at >= $sales_window_start_at
        and order_items.problem is null
        and order_items.sku is not null
),

candidates as (
    select
        recent.customer_id,
        rules.consequent,
        rules.antecedent,
        rules.baskets_with_both,
        rules.confidence,
        rules.confidence_lower,
        rules.lift,
        row_number() over (
            partition by recent.customer_id, rules.consequent
            order by rules.confidence_lower desc, rules.antecedent
        ) as place
    from recent
    inner join rules
        on recent.sku = rules.antecedent
    left join bought
        on
            recent.customer_id = bought.customer_id
            and rules.consequent = bought.sku
    where
        rules.place <= 10
        and bought.sku is null
),

ranked as (
    select
        *,
        row_number() over (
            partition by customer_id
            order by confidence_lower desc, consequent
        ) as rank
    from candidates
    where place = 1
)

select
    ranked.customer_id,
    products.sku,
    products.name,
    products.category,
    ranked.rank,
    ranked.antecedent as because_sku,
    ranked.baskets_with_both as customers_with_both,
    ranked.confidence,
    ranked.confidence_lower,
    ranked.lift,
    customers.has_marketing_consent
from ranked
inner join staging.products
    on ranked.consequent = cast(products.sku as varchar)
left join staging.customers
    on ranked.customer_id = customers.customer_id
where ranked.rank <= $recommendations_per_customer
