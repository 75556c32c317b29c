-- Reviews as texts about an article.
--
-- The mood is the writer's own verdict: recommended or not, nothing between.
-- The aspect is a rule of this workspace, not of the file: the first of these
-- words that the text has, looked for in this order. A text that praises the
-- colour and blames the fit is about the fit.

with

lowered as (
    select
        *,
        lower(concat_ws(' ', title, review_text)) as words
    from source.reviews
)

select
    review_id as interaction_id,
    product_id as sku,
    'review' as source,
    case
        when regexp_like(words, '\b(return|refund|sent back|send back)')
            then 'return'
        when
            regexp_like(
                words,
                '\b(fit|fits|fitting|size|sized|sizing|small|large|tight|petite)\b'
            )
            then 'fit'
        when
            regexp_like(
                words, '\b(quality|fabric|material|thin|cheap|stitch|seam)'
            )
            then 'quality'
        when regexp_like(words, '\b(color|colour|pattern|print)') then 'colour'
        when regexp_like(words, '\b(price|pricey|expensive|sale|worth)\b')
            then 'price'
        when words <> '' then 'other'
    end as aspect,
    case recommended when 1 then 'positive' when 0 then 'negative' end
        as sentiment,
    rating,
    review_text as text,
    timestamp '2000-01-01 00:00:00' as occurred_at
from lowered
