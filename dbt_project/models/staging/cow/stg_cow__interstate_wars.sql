-- Inter-state wars, one row per war, state and side, with up to two stretches of fighting.
select
    {{ to_integer('"WarNum"') }} as war_number,
    "WarName" as war_name,
    {{ to_integer('ccode') }} as cow_code,
    {{ to_integer('"Side"') }} as side,
    {{ to_integer('"StartYear1"') }} as first_start_year,
    {{ to_integer('"EndYear1"') }} as first_end_year,
    {{ to_integer('"StartYear2"', missing_codes('interstate_wars', 'StartYear2')) }} as second_start_year,
    {{ to_integer('"EndYear2"', missing_codes('interstate_wars', 'EndYear2')) }} as second_end_year
from {{ source('raw', 'interstate_wars') }}
