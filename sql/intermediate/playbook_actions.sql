-- What should be done for a group of customers, or about a reason?
--
-- grain: segment_kind, segment, action
--
-- segment_kind   rfm_segment, returner_class, flag or reason
-- segment        group within it
-- action         code of the measure
-- action_en      what a page calls it in English
-- action_zh      what a page calls it in Chinese
-- owner          team that does it
-- offer          code of an offer that goes with it; NULL without one
-- service_level  priority, standard, basic or reviewed; NULL for reasons
--
-- The defaults of aftersight. A workspace replaces them with its own
-- playbook_actions of the same columns; nothing here says that a measure works.

select
    actions.segment_kind,
    actions.segment,
    actions.action,
    actions.action_en,
    actions.action_zh,
    actions.owner,
    actions.offer,
    actions.service_level
from (
    values
    (
        'rfm_segment', 'champions', 'reward',
        'Thank and reward; ask for reviews',
        '致谢并奖励,邀请评价',
        'loyalty', 'early_access', 'priority'
    ),
    (
        'rfm_segment', 'loyal_customers', 'upsell',
        'Recommend what goes with past purchases',
        '推荐搭配商品',
        'loyalty', 'bundle', 'priority'
    ),
    (
        'rfm_segment', 'potential_loyalists', 'second_order',
        'Invite to join the loyalty plan',
        '邀请加入会员计划',
        'marketing', 'points', 'standard'
    ),
    (
        'rfm_segment', 'new_customers', 'onboard',
        'Explain care, sizes and returns of what was bought',
        '讲解使用、尺码与退换规则',
        'service', 'welcome', 'standard'
    ),
    (
        'rfm_segment', 'promising', 'second_order',
        'Invite to a second order',
        '邀请第二次购买',
        'marketing', 'welcome', 'standard'
    ),
    (
        'rfm_segment', 'need_attention', 'remind',
        'Remind with a limited offer',
        '限时优惠提醒',
        'marketing', 'limited', 'standard'
    ),
    (
        'rfm_segment', 'about_to_sleep', 'remind',
        'Remind of what they liked',
        '推荐曾喜欢的商品',
        'marketing', 'limited', 'standard'
    ),
    (
        'rfm_segment', 'at_risk', 'call_back',
        'Call, ask what went wrong, win back',
        '电话回访,了解原因并挽留',
        'service', 'win_back', 'priority'
    ),
    (
        'rfm_segment', 'cant_lose_them', 'call_back',
        'Call in person, a named contact',
        '专人回访,专属客服',
        'service', 'win_back', 'priority'
    ),
    (
        'rfm_segment', 'hibernating', 'reactivate',
        'One low-cost message',
        '低成本唤醒',
        'marketing', 'reactivation', 'basic'
    ),
    (
        'rfm_segment', 'lost', 'let_go',
        'No paid contact; suppress',
        '停止付费触达',
        'marketing', null, 'basic'
    ),
    (
        'returner_class', 'frequent', 'advise',
        'Advise before the order: size, use, material',
        '下单前提供尺码与使用建议',
        'service', null, 'standard'
    ),
    (
        'returner_class', 'occasional', 'check_quality',
        'Look at defects of what came back',
        '检查退回商品的质量问题',
        'quality', null, 'standard'
    ),
    (
        'returner_class', 'first_time', 'smooth_return',
        'Make the first return easy, ask why',
        '让首次退货顺畅并了解原因',
        'service', null, 'standard'
    ),
    (
        'flag', 'needs_recovery', 'recover',
        'Call within a day, solve, make up for it',
        '一天内回访并补偿',
        'service', 'goodwill', 'priority'
    ),
    (
        'flag', 'risk', 'review',
        'A person looks at the evidence before money goes out',
        '人工核对证据后退款',
        'risk', null, 'reviewed'
    ),
    (
        'reason', 'size_fit', 'fix_size_chart',
        'Correct size chart and fit notes',
        '修正尺码表',
        'product', null, null
    ),
    (
        'reason', 'not_as_described', 'fix_description',
        'Correct text and pictures',
        '修正商品描述与图片',
        'product', null, null
    ),
    (
        'reason', 'defective', 'fix_quality',
        'Claim from supplier, inspect stock',
        '供应商索赔并抽检库存',
        'quality', null, null
    ),
    (
        'reason', 'damaged_in_transit', 'fix_packaging',
        'Stronger packaging, claim from carrier',
        '加固包装,向承运商索赔',
        'logistics', null, null
    ),
    (
        'reason', 'late_delivery', 'fix_delivery',
        'Talk to the carrier, correct the promise',
        '与承运商沟通,修正时效承诺',
        'logistics', null, null
    ),
    (
        'reason', 'wrong_item', 'fix_picking',
        'Check picking and labels',
        '检查拣货与标签',
        'logistics', null, null
    ),
    (
        'reason', 'misuse', 'teach',
        'Guide or film on how to use it',
        '提供使用教程',
        'service', null, null
    ),
    (
        'reason', 'changed_mind', 'check_promise',
        'Compare promise and page with what was kept',
        '核对页面承诺',
        'product', null, null
    ),
    (
        'reason', 'better_price', 'price_promise',
        'Offer the price difference before the return',
        '退货前补差价',
        'marketing', null, null
    ),
    (
        'reason', 'fraud', 'review',
        'A person looks at the evidence',
        '人工核对证据',
        'risk', null, null
    )
) as actions (
    segment_kind,
    segment,
    action,
    action_en,
    action_zh,
    owner,
    offer,
    service_level
)
