-- Which return reasons are known, and whose fault they are.
--
-- grain: reason
--
-- reason           level 1 of a reason code
-- label_en         what a page calls it in English
-- label_zh         what a page calls it in Chinese
-- is_seller_fault  the seller sent something else than was promised
--
-- A workspace with reasons of its own brings its own reason_codes; every code
-- that is not here is counted as unknown. Late delivery is the carrier's fault,
-- not the seller's.

select
    codes.reason,
    codes.label_en,
    codes.label_zh,
    codes.is_seller_fault
from (
    values
    ('size_fit', 'Size or fit', '尺码不合适', false),
    ('changed_mind', 'Changed mind', '七天无理由', false),
    ('not_as_described', 'Not as described', '与描述不符', true),
    ('defective', 'Defective', '质量问题', true),
    ('damaged_in_transit', 'Damaged in transit', '运输损坏', true),
    ('wrong_item', 'Wrong item', '发错货', true),
    ('late_delivery', 'Late delivery', '配送延误', false),
    ('misuse', 'Misuse or misunderstanding', '误解或使用不当', false),
    ('better_price', 'Better price elsewhere', '其他渠道更便宜', false),
    ('fraud', 'Fraud or abuse', '欺诈或滥用', false),
    ('other', 'Other', '其他', false),
    ('unknown', 'Unknown', '未知', false)
) as codes (reason, label_en, label_zh, is_seller_fault)
