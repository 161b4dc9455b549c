-- A label stands in the same year for two states: one series would be read twice, for a successor and its predecessor.
with claimed as (
    select coding, label, cow_code, unnest(range(first_year, last_year + 1)) as year
    from {{ ref('country_mappings') }}
    where cow_code is not null
)

select coding, label, year
from claimed
group by coding, label, year
having count(distinct cow_code) > 1
