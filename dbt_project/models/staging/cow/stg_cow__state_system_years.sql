-- The 2016 edition of the state system list, one row per state-year; used only in tests of the spine.
select
    {{ to_integer('ccode') }} as cow_code,
    {{ to_integer('year') }} as year,
    stateabb as state_abbreviation
from {{ source('raw', 'state_system_years') }}
