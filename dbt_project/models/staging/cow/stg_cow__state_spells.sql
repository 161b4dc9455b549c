-- Spells of membership in the interstate system, one row per state and spell.
select
    {{ to_integer('ccode') }} as cow_code,
    stateabb as state_abbreviation,
    statenme as state_name,
    make_date({{ to_integer('styear') }}, {{ to_integer('stmonth') }}, {{ to_integer('stday') }}) as start_date,
    make_date({{ to_integer('endyear') }}, {{ to_integer('endmonth') }}, {{ to_integer('endday') }}) as end_date
from {{ source('raw', 'state_system_spells') }}
