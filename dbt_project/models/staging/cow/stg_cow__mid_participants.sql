-- Participation in militarized interstate disputes, one row per dispute, state and unbroken stretch of participation.
-- A state that leaves a dispute and returns, or changes sides, has several rows.
select
    {{ to_integer('dispnum') }} as dispute_number,
    {{ to_integer('ccode') }} as cow_code,
    {{ to_integer('styear') }} as start_year,
    {{ to_integer('stmon') }} as start_month,
    {{ to_integer('endyear') }} as end_year,
    {{ to_boolean('sidea') }} as is_side_a
from {{ source('raw', 'mid_participants') }}
