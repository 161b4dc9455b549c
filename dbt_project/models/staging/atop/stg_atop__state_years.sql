-- ATOP's own state-years with an alliance, one row per state and year. In a year in which terms change, its obligations
-- are those of the later terms.
select
    {{ to_integer('state') }} as cow_code,
    {{ to_integer('year') }} as year,
    {{ to_integer('number') }} as alliances,
    {{ to_boolean('defense') }} as has_defense,
    {{ to_boolean('offense') }} as has_offense,
    {{ to_boolean('neutral') }} as has_neutrality,
    {{ to_boolean('nonagg') }} as has_nonaggression,
    {{ to_boolean('consul') }} as has_consultation
from {{ source('raw', 'atop_state_years') }}
