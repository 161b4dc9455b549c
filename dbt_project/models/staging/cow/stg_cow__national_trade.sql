-- Total imports and exports, one row per state code and year, under the codes of the file.
select
    {{ to_integer('ccode') }} as published_code,
    {{ to_integer('year') }} as year,
    {{ to_double('imports') }} as imports_millions_usd,
    {{ to_double('exports') }} as exports_millions_usd
from {{ source('raw', 'national_trade') }}
