-- Which components the cost of after-sales has, and what prices them.
--
-- grain: component
--
-- component    code of the component
-- cost_group   return_exchange, repair, customer_service or hidden
-- position     order on a page
-- activity     activity of cost_rates that prices it where the case itself does
--              not say; NULL when nothing does
-- unit         unit of that rate
-- label_en     what a page calls it in English
-- label_zh     what a page calls it in Chinese
-- is_hidden    an estimate by a model, never part of booked cost
-- is_optional  counted only where the workspace has a rate for it
--
-- A workspace with other activities brings its own cost_components.

select
    components.component,
    components.cost_group,
    components.position,
    components.activity,
    components.unit,
    components.label_en,
    components.label_zh,
    components.cost_group = 'hidden' as is_hidden,
    components.is_optional
from (
    values
    (
        'reverse_shipping', 'return_exchange', 1, 'reverse_shipping', 'case',
        'Reverse shipping', '退货运费', false
    ),
    (
        'handling', 'return_exchange', 2, 'inspection', 'case',
        'Receiving, inspection, restocking', '收货质检与上架', false
    ),
    (
        'depreciation', 'return_exchange', 3, null, null,
        'Depreciation of goods', '产品折旧', false
    ),
    (
        'replacement_shipping', 'return_exchange', 4, 'outbound_shipping',
        'case', 'Shipping of replacements', '换货发货运费', false
    ),
    (
        'shipping_refund', 'return_exchange', 5, null, null,
        'Shipping fee paid back', '退还运费', false
    ),
    (
        'payment_fee', 'return_exchange', 6, 'payment_fee', 'case',
        'Payment fee of refunds', '退款手续费', true
    ),
    ('labour', 'repair', 7, 'labour', 'hour', 'Labour', '维修人工', false),
    ('parts', 'repair', 8, null, null, 'Parts', '维修材料', false),
    (
        'repair_shipping', 'repair', 9, 'reverse_shipping', 'case',
        'Shipping of repairs', '维修运费', false
    ),
    (
        'repair_handling', 'repair', 10, 'inspection', 'case',
        'Handling of repairs', '维修收发', false
    ),
    (
        'agent_time', 'customer_service', 11, 'agent', 'minute',
        'Agent time', '客服工时', false
    ),
    (
        'bot', 'customer_service', 12, 'bot', 'case',
        'Bot', '机器人', false
    ),
    (
        'platform_fee', 'customer_service', 13, 'platform', 'case',
        'Platform fee', '平台费用', true
    ),
    (
        'training', 'customer_service', 14, 'training', 'minute',
        'Training', '培训', true
    ),
    (
        'goodwill', 'customer_service', 15, null, null,
        'Goodwill', '补偿', false
    ),
    ('churn', 'hidden', 16, null, null, 'Customers lost', '客户流失', false),
    ('reputation', 'hidden', 17, null, null, 'Reputation', '声誉受损', false)
) as components (
    component,
    cost_group,
    position,
    activity,
    unit,
    label_en,
    label_zh,
    is_optional
)
