-- Strategic rivalries by Thompson, Sakuwa and Suhas, one row per rivalry, under the state codes of the file.
select
    {{ to_integer('tssr_id') }} as rivalry_number,
    rivalry as rivalry_name,
    {{ to_integer('ccode1') }} as published_code_1,
    {{ to_integer('ccode2') }} as published_code_2,
    {{ to_integer('start') }} as start_year,
    {{ to_integer('"end"') }} as end_year
from {{ source('raw', 'rivalries_tss') }}
