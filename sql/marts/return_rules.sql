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
-- p_value          probability of so many baskets with both or more, if the
--                  consequent were as likely there as anywhere (one-sided)
-- p_value_adjusted  the same times the rules there can be between so many
--                  items, at most 1 (Bonferroni)
-- is_attracted     p_value_adjusted is below 0.05, with at least $min_n baskets
--                  of the antecedent
--
-- Goods sent back for money or exchanged, of sales of the last
-- $sales_window_days; rules in less than $basket_min_support of the baskets are
-- left out. confidence_lower is of one rule alone: of many some are above the
-- share by chance. Articles sold together come back together: hold a rule
-- against the same one in marts.basket_rules.

with

lines as (
    select
        returns.order_id,
        returns.customer_id,
        cast(returns.sku as varchar) as sku,
        coalesce(products.category, order_items.category) as category,
        cast(returns.reason as varchar) as reason
    from intermediate.returns_with_lines as returns
    left join staging.products
        on returns.sku = products.sku
    left join staging.order_items
        on
            returns.order_id = order_items.order_id
            and returns.line_no = order_items.line_no
            and order_items.problem is null
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
),

-- From each item to each other one, also where the two never met.
items as (
    select
        unnest([
            named_struct(
                'item', 'sku', 'n', count(distinct sku)
            ),
            named_struct(
                'item', 'category', 'n', count(distinct category)
            ),
            named_struct(
                'item', 'reason', 'n', count(distinct reason)
            )
        ]) as item
    from lines
),

looked_at as (
    select
        item['item'] as item,
        greatest(item['n'] * (item['n'] - 1), 1) as rules
    from items
),

-- The signed root of the binomial deviance, with half a basket less, is normal
-- even where few baskets are expected; Pearson's z is far too large there.
scored as (
    select
        *,
        case
            when confidence > consequent_share and consequent_share < 1
                then
                    2 * (
                        (baskets_with_both - 0.5) * ln(
                            (baskets_with_both - 0.5)
                            / (antecedent_baskets * consequent_share)
                        )
                        + (antecedent_baskets - baskets_with_both + 0.5) * ln(
                            (antecedent_baskets - baskets_with_both + 0.5)
                            / (antecedent_baskets * (1 - consequent_share))
                        )
                    )
        end as z_squared
    from counted
),

-- The normal distribution function as in marts.product_problems. With half a
-- basket less than expected nothing is learnt.
tested as (
    select
        scored.*,
        case
            when
                scored.baskets_with_both - 0.5
                <= scored.antecedent_baskets * scored.consequent_share
                then 0.5
            else 1 - prop_power(0.25, 0.75, 1.5 * z_squared, 0.5, 1, true)
        end as p_value,
        looked_at.rules
    from scored
    inner join looked_at
        on scored.item = looked_at.item
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
    p_value,
    least(p_value * rules, 1) as p_value_adjusted,
    coalesce(
        p_value * rules < 0.05 and antecedent_baskets >= $min_n, false
    ) as is_attracted
from tested
