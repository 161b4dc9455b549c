-- Militarized interstate disputes, one row per dispute.
select
    {{ to_integer('dispnum') }} as dispute_number,
    {{ to_integer('styear') }} as start_year,
    {{ to_integer('endyear') }} as end_year
from {{ source('raw', 'mid_disputes') }}
