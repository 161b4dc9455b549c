select
    cow_code,
    year
from {{ ref('infant_mortality') }}
group by cow_code, year
having
    count(*) filter (where is_preferred) > 1
    or (
        count(*) filter (where source = 'abouharb_kimball') = 1
        and count(*) filter (where source = 'abouharb_kimball' and is_preferred) = 0
    )
