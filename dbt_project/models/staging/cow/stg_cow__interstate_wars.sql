-- Inter-state wars, one row per war, state and side; -8 (no second stretch of fighting) and -9 (unknown) become NULL.
select
    {{ to_integer('"WarNum"') }} as war_number,
    "WarName" as war_name,
    {{ to_integer('ccode') }} as cow_code,
    {{ to_integer('"Side"') }} as side,
    {{ to_integer('"StartYear1"', [-8, -9]) }} as first_start_year,
    {{ to_integer('"EndYear1"', [-8, -9]) }} as first_end_year,
    {{ to_integer('"StartYear2"', [-8, -9]) }} as second_start_year,
    {{ to_integer('"EndYear2"', [-8, -9]) }} as second_end_year
from {{ source('raw', 'interstate_wars') }}
