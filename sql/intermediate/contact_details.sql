-- How can a customer be reached?
--
-- grain: customer_id
--
-- customer_id  customer
-- email        address, masked unless $show_personal_data (personal data)
-- phone        number, masked unless $show_personal_data (personal data)
--
-- A masked address shows its first letter and its domain, a masked number its
-- last two digits; what is too short to mask is not shown at all.

select
    customer_id,
    case
        when $show_personal_data then email
        when strpos(email, '@') > 1
            then concat(left(email, 1), '***@', split_part(email, '@', 2))
    end as email,
    case
        when $show_personal_data then phone
        when length(phone) > 4 then concat('***', right(phone, 2))
    end as phone
from staging.customers
