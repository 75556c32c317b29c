-- Who may get which offer, who may not and why, and who is held out?
--
-- grain: customer_id
-- rows: intermediate.purchases on rows.customer_id = cell.customer_id
--
-- customer_id            customer whose segment has an offer in the playbook
-- email                  address, masked unless $show_personal_data (personal
--                        data)
-- phone                  number, masked unless $show_personal_data (personal
--                        data)
-- preferred_channel      channel of the last purchase
-- segment                RFM segment
-- offer                  code of the offer, from the playbook
-- has_marketing_consent  may be contacted for marketing
-- is_eligible            consents, and nothing speaks against it
-- reason                 eligible; no_consent, risk, needs_recovery or
--                        open_ticket: the first that speaks against it
-- arm                    treatment or holdout; NULL when not eligible
-- monetary               value of the RFM window
-- signals                signs of misuse, see risk_customers
-- open_tickets           contact cases not solved
--
-- $offer_holdout_share of those eligible are held out, by a hash of customer,
-- offer and $holdout_salt: the same tomorrow and on every machine, and no offer
-- is judged without them. Write to the treatment only.

-- Four hexadecimal digits are one of 65,536 tickets of a lottery; text compares
-- as the numbers do, with a digit before for a share of 1.
select
    customer_id,
    email,
    phone,
    preferred_channel,
    segment,
    offer,
    has_marketing_consent,
    reason = 'eligible' as is_eligible,
    reason,
    case
        when reason <> 'eligible' then null
        when
            concat('0', draw)
            < lpad(
                to_hex(cast(floor($offer_holdout_share * 65536) as bigint)),
                5,
                '0'
            )
            then 'holdout'
        else 'treatment'
    end as arm,
    monetary,
    signals,
    open_tickets
from intermediate.offer_candidates
where offer is not null
