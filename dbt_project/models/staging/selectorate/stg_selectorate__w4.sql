-- W4, the size of the winning coalition (Bueno de Mesquita and Smith 2022), one row per country and year; a blank is a
-- missing value.
select
    ccode as label,
    country_name,
    {{ to_integer('year') }} as year,
    {{ to_double('"W4"') }} as coalition_size_w4
from {{ source('raw', 'selectorate_w4') }}
