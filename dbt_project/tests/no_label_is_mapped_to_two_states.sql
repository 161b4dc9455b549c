with mapped_years as (
    select
        coding,
        label,
        cow_code,
        unnest(range(first_year, last_year + 1)) as year
    from {{ ref('country_mappings') }}
    where cow_code is not null
)

select
    coding,
    label,
    year
from mapped_years
group by coding, label, year
having count(distinct cow_code) > 1
