-- Which articles and categories are bought together?
--
-- grain: basket, item, antecedent, consequent
--
-- basket           what they are together in: order or customer
-- item             what they are: sku or category
-- antecedent       article or category that was bought
-- consequent       article or category that was bought with it
-- baskets          orders or customers in all
-- antecedent_baskets  of those, with the antecedent
-- baskets_with_both  of those, with both
-- support          baskets_with_both / baskets
-- confidence       baskets_with_both / antecedent_baskets
-- confidence_lower  lower end of its 95 % interval
-- confidence_upper  upper end
-- consequent_share  share of all baskets with the consequent
-- lift             confidence / consequent_share: above 1 they attract
-- leverage         support less what it would be if neither knew of the other
-- is_attracted     confidence_lower is above consequent_share, with at least
--                  $min_n baskets of the antecedent
--
-- Purchases of the last $sales_window_days; rules in less than
-- $basket_min_support of the baskets are left out. A rule goes both ways, with
-- one lift and two confidences. Of many rules some look attracted by chance:
-- read them by confidence_lower. Customers who buy much have much of
-- everything, so that lifts by customer are above 1 more easily than by order.

with

lines as (
    select
        purchases.order_id,
        purchases.customer_id,
        cast(order_items.sku as varchar) as sku,
        coalesce(products.category, order_items.category) as category
    from intermediate.purchases
    inner join staging.order_items
        on purchases.order_id = order_items.order_id
    left join staging.products
        on order_items.sku = products.sku
    where
        purchases.ordered_at >= $sales_window_start_at
        and order_items.problem is null
),

-- One pass for the four kinds of rules.
mined as (
    select
        basket_rules(order_id, sku, $basket_min_support) as order_sku,
        basket_rules(order_id, category, $basket_min_support) as order_category,
        basket_rules(customer_id, sku, $basket_min_support) as customer_sku,
        basket_rules(customer_id, category, $basket_min_support)
            as customer_category
    from lines
),

listed as (
    select
        unnest([
            named_struct(
                'basket', 'order', 'item', 'sku', 'rules', order_sku
            ),
            named_struct(
                'basket', 'order', 'item', 'category', 'rules', order_category
            ),
            named_struct(
                'basket', 'customer', 'item', 'sku', 'rules', customer_sku
            ),
            named_struct(
                'basket', 'customer',
                'item', 'category',
                'rules', customer_category
            )
        ]) as kind
    from mined
),

rules as (
    select
        kind['basket'] as basket,
        kind['item'] as item,
        unnest(kind['rules']) as rule
    from listed
),

counted as (
    select
        basket,
        item,
        rule['antecedent'] as antecedent,
        rule['consequent'] as consequent,
        cast(round(rule['n'] / rule['support']) as bigint) as baskets,
        cast(round(rule['n'] / rule['confidence']) as bigint)
            as antecedent_baskets,
        cast(rule['n'] as bigint) as baskets_with_both,
        rule['support'] as support,
        rule['confidence'] as confidence,
        rule['confidence'] / rule['lift'] as consequent_share,
        rule['lift'] as lift,
        rule['leverage'] as leverage
    from rules
)

select
    basket,
    item,
    antecedent,
    consequent,
    baskets,
    antecedent_baskets,
    baskets_with_both,
    support,
    confidence,
    proportion_ci(baskets_with_both, antecedent_baskets)['lower']
        as confidence_lower,
    proportion_ci(baskets_with_both, antecedent_baskets)['upper']
        as confidence_upper,
    consequent_share,
    lift,
    leverage,
    antecedent_baskets >= $min_n
    and proportion_ci(baskets_with_both, antecedent_baskets)['lower']
    > consequent_share as is_attracted
from counted
