-- Direct contiguity, one row per ordered pair of states, year and class; a pair that changes class within a year has
-- two rows.
select
    {{ to_integer('state1no') }} as cow_code,
    {{ to_integer('state2no') }} as partner_code,
    {{ to_integer('year') }} as year,
    {{ to_integer('conttype') }} as contiguity_class
from {{ source('raw', 'direct_contiguity') }}
