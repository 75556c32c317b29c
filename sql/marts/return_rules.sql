-- Which articles, categories and reasons come back together?
--
-- grain: basket, item, antecedent, consequent
--
-- basket           what they are together in: order or customer
-- item             what they are: sku, category, or reason
-- antecedent       article, category or reason of a return
-- consequent       article, category or reason of another return of the basket
-- baskets          orders or customers with a return
-- antecedent_baskets  of those, with the antecedent
-- baskets_with_both  of those, with both
-- support          baskets_with_both / baskets
-- confidence       baskets_with_both / antecedent_baskets
-- confidence_lower  lower end of its 95 % interval
-- confidence_upper  upper end
-- consequent_share  share of all baskets with the consequent
-- lift             confidence / consequent_share: above 1 they come back
--                  together
-- is_attracted     confidence_lower is above consequent_share, with at least
--                  $min_n baskets of the antecedent
--
-- Goods sent back for money or exchanged, of sales of the last
-- $sales_window_days; rules in less than $basket_min_support of the baskets are
-- left out. Articles that are sold together come back together: hold a rule
-- against the same one in marts.basket_rules.

with

lines as (
    select
        returns.order_id,
        returns.customer_id,
        cast(returns.sku as varchar) as sku,
        products.category,
        cast(returns.reason as varchar) as reason
    from intermediate.returns_with_lines as returns
    left join staging.products
        on returns.sku = products.sku
    where
        returns.problem is null
        and returns.kind in ('return', 'exchange')
        and returns.ordered_at >= $sales_window_start_at
),

mined as (
    select
        basket_rules(order_id, sku, $basket_min_support) as order_sku,
        basket_rules(order_id, category, $basket_min_support) as order_category,
        basket_rules(order_id, reason, $basket_min_support) as order_reason,
        basket_rules(customer_id, sku, $basket_min_support) as customer_sku,
        basket_rules(customer_id, category, $basket_min_support)
            as customer_category,
        basket_rules(customer_id, reason, $basket_min_support)
            as customer_reason
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
                'basket', 'order', 'item', 'reason', 'rules', order_reason
            ),
            named_struct(
                'basket', 'customer', 'item', 'sku', 'rules', customer_sku
            ),
            named_struct(
                'basket', 'customer',
                'item', 'category',
                'rules', customer_category
            ),
            named_struct(
                'basket', 'customer',
                'item', 'reason',
                'rules', customer_reason
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
        rule['lift'] as lift
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
    antecedent_baskets >= $min_n
    and proportion_ci(baskets_with_both, antecedent_baskets)['lower']
    > consequent_share as is_attracted
from counted
