-- Militarized interstate disputes, one row per dispute.
select
    {{ to_integer('dispnum') }} as dispute_number,
    {{ to_integer('styear') }} as start_year,
    {{ to_integer('endyear') }} as end_year,
    {{ to_integer('numa') }} as states_on_side_a,
    {{ to_integer('numb') }} as states_on_side_b,
    {{ to_integer('hostlev', [-9]) }} as hostility_level,
    {{ to_integer('fatality', [-9]) }} as fatality_level
from {{ source('raw', 'mid_disputes') }}
