-- Which issues are known, how bad they are, and which of them a shop brings on
-- itself?
--
-- grain: issue_type
--
-- issue_type    what a ticket is about
-- label_en      what a page calls it in English
-- label_zh      what a page calls it in Chinese
-- severity      1 a question, 2 a nuisance, 3 the customer has lost money or
--               the use of the goods
-- is_avoidable  nobody would ask if it had gone as promised, or if the page had
--               said it
--
-- A workspace with issues of its own brings its own issue_types; every issue
-- that is not here has its code as its label, severity 2 and is not avoidable.

select
    issues.issue_type,
    issues.label_en,
    issues.label_zh,
    issues.severity,
    issues.is_avoidable
from (
    values
    ('delivery', 'Delivery', '物流配送', 2, true),
    ('refund', 'Refund', '退款', 3, true),
    ('return', 'Return', '退换货', 2, false),
    ('warranty', 'Warranty and repair', '保修维修', 3, false),
    ('quality', 'Quality', '质量问题', 3, false),
    ('damaged', 'Arrived damaged', '运输破损', 3, false),
    ('wrong_item', 'Wrong item', '发错货', 3, true),
    ('billing', 'Payment and invoice', '支付与发票', 3, true),
    ('order_status', 'Where is my order', '订单查询', 1, true),
    ('product_question', 'Question on a product', '商品咨询', 1, false),
    ('account', 'Account', '账户问题', 2, false)
) as issues (issue_type, label_en, label_zh, severity, is_avoidable)
