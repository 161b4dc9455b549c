-- ATOP 5.1 treaties, one row each.
select
    {{ to_integer('atopid') }} as atop_id,
    {{ to_integer('begyr') }} as start_year,
    {{ to_integer('endyr', missing_codes('atop_alliances', 'endyr')) }} as end_year,
    {{ to_boolean('bilat') }} as is_bilateral,
    {{ to_boolean('wartime') }} as is_wartime
from {{ source('raw', 'atop_alliances') }}
