-- Strategic rivalries by Thompson and Dreyer, one row per rivalry: the earlier list, used only in tests of the
-- later one.
select
    {{ to_integer('rivalryno') }} as rivalry_number,
    rivalryname as rivalry_name,
    {{ to_integer('ccode1') }} as published_code_1,
    {{ to_integer('ccode2') }} as published_code_2,
    {{ to_integer('styear') }} as start_year,
    {{ to_integer('endyear') }} as end_year
from {{ source('raw', 'rivalries_td') }}
